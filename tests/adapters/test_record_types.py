"""Files of several types of record: told by marks, joined by keys, checked by the trailer."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.files.records import FileRecord, FileShapeError, field_paths, open_records
from adapters.files.shape_findings import shape_findings
from adapters.mapping.conversions import Unreadable
from adapters.mapping.coverage import Coverage, CoverageCounter
from adapters.mapping.document import Document, MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.workbook import from_workbook, to_workbook
from standard_models.answers import Absence, Value
from standard_models.builtin import load_builtin
from tests.adapters.host_types.writer import blocks, head, menjo, rdw, shikaku, tail

DICTIONARY = load_builtin()
HOST = Path(__file__).parent / "host_types"
TEXT = (HOST / "mapping.yaml").read_text("utf-8")
RDW = TEXT.replace("encoding: jef", "encoding: jef\n        framing: rdw")
LOOSE = TEXT.replace(", head: shikaku}", "}")
ALONE = TEXT.replace(
    "          join: {key: {shikaku: atena_no, menjo: atena_no}, head: shikaku}\n", ""
)
BROKEN_SHIFT = shikaku(2)[:16] + b"\x28" + shikaku(2)[17:]


def opened(data: bytes, text: str = TEXT) -> list[FileRecord]:
    read = read_document(text).mapping.reads["nenkin"].file
    assert read is not None
    return list(open_records(read, HOST, io.BytesIO(data)))


def told(data: bytes, text: str = TEXT) -> list[tuple[int, int, str]]:
    """Return number, count and first finding (or ``good``, ``control``) of all that a file has."""
    return [
        (r.number, r.count, next((f.quality.code for f in r.findings), _kind(r)))
        for r in opened(data, text)
    ]


def _kind(found: FileRecord) -> str:
    return "control" if found.control else "good"


FILE = [head(), shikaku(1), menjo(1), menjo(1, kind="H", amount=-5), shikaku(2), tail(4, 2, 995)]


@pytest.mark.parametrize(("text", "write"), [(TEXT, blocks), (RDW, rdw)], ids=["blocks", "rdw"])
def test_records_of_one_key_become_one_answer(
    text: str, write: Callable[[list[bytes]], bytes]
) -> None:
    """With the head as a record of its own, the details as a list, and the header of the file."""
    assert told(write(FILE), text) == [
        (1, 1, "control"),
        (2, 3, "good"),
        (5, 1, "good"),
        (6, 1, "control"),
    ]
    answer = opened(write(FILE), text)[1].record
    assert answer is not None
    assert answer["head"] == {"kbn": "0", "kijun_ymd": "20261001"}
    assert answer["shikaku"]["atena_no"] == "000000000001"
    assert [(d["menjo_kbn"], d["gaku"]) for d in answer["menjo"]] == [("A", 1000), ("H", -5)]


def test_groups_are_made_of_the_type_that_they_name() -> None:
    """By ``records``; the head and the header by a path from the root."""
    document = read_document(TEXT)
    plans = RowPlans(document.mapping, DICTIONARY.groups)
    answer = opened(blocks(FILE))[1].record
    (person,) = plans.plan("026.shikakujoho").convert(answer).records
    exemptions = plans.plan("026.menjojoho").convert(answer).records
    assert person.subject_number == "000000000001"
    assert person.answers["sosanengappi"] == Value("2026-10-01", None, ())
    kinds = [record.answers["menjokubun"] for record in exemptions]
    assert [kind.value for kind in kinds if isinstance(kind, Value)] == ["1", "3"]
    assert {record.subject_number for record in exemptions} == {"000000000001"}


def test_without_a_join_every_record_is_an_answer() -> None:
    """The lists of the other types are empty."""
    text = ALONE.replace("/shikaku.atena_no", "atena_no")
    found = opened(blocks(FILE), text)
    assert [r.count for r in found] == [1] * 6
    detail = found[2].record
    assert detail is not None
    assert (detail["shikaku"], len(detail["menjo"])) == ([], 1)


def test_without_a_head_every_type_is_a_list() -> None:
    """Details without a head are an answer too."""
    file = [head(), menjo(1), shikaku(1), menjo(2), tail(3, 2, 2000)]
    found = opened(blocks(file), LOOSE)
    assert [(r.number, r.count) for r in found] == [(1, 1), (2, 2), (4, 1), (5, 1)]
    assert found[1].record is not None
    assert [len(found[1].record[name]) for name in ("shikaku", "menjo")] == [1, 1]


# --- what is damaged goes to quarantine whole


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(
            [shikaku(1), b"\xf7" + menjo(1)[1:], menjo(1), shikaku(2)],
            [(2, 3, "RECORD_TYPE_UNKNOWN"), (5, 1, "good")],
            id="an unknown type hits the answer that it stands in",
        ),
        pytest.param(
            [shikaku(1), b"\xf7" + shikaku(2)[1:], menjo(2), shikaku(3)],
            [(2, 2, "RECORD_TYPE_UNKNOWN"), (4, 1, "HEAD_RECORD_MISSING"), (5, 1, "good")],
            id="a head of unknown type hits both",
        ),
        pytest.param(
            [shikaku(1), BROKEN_SHIFT, menjo(2), shikaku(3)],
            [(2, 1, "good"), (3, 2, "CHARACTER_CUT"), (5, 1, "good")],
            id="a damaged head hits its own details",
        ),
        pytest.param(
            [shikaku(1), BROKEN_SHIFT, shikaku(3)],
            [(2, 1, "good"), (3, 1, "CHARACTER_CUT"), (4, 1, "good")],
            id="a damaged head without details hits nobody else",
        ),
        pytest.param(
            [menjo(1), shikaku(2)],
            [(2, 1, "HEAD_RECORD_MISSING"), (3, 1, "good")],
            id="details without a head",
        ),
        pytest.param(
            [shikaku(1), menjo(1), shikaku(1), shikaku(2)],
            [(2, 3, "RECORD_REPEATED"), (5, 1, "good")],
            id="two heads of one key",
        ),
        pytest.param(
            [shikaku(5), shikaku(2), shikaku(3)],
            [(2, 1, "good"), (3, 1, "RECORD_OUT_OF_ORDER"), (4, 1, "good")],
            id="a key below the one before",
        ),
        pytest.param(
            [shikaku(1), menjo(1)[:1] + b"\x40" * 12 + menjo(1)[13:], shikaku(2)],
            [(2, 2, "RECORD_KEY_MISSING"), (4, 1, "good")],
            id="a record without a key",
        ),
    ],
)  # fmt: skip
def test_an_answer_of_which_a_record_is_not_good_goes_to_quarantine_whole(
    records: list[bytes], expected: list[tuple[int, int, str]]
) -> None:
    """It would look like a person with fewer records; the neighbours stay."""
    found = told(blocks([head(), *records, tail(len(records), 0, 0)]))
    assert found[1:-1] == expected
    assert sum(count for _, count, _ in found) == len(records) + 2


def test_without_heads_a_record_of_nobody_hits_the_answers_on_both_sides() -> None:
    """It may belong to either; between two records of one key it belongs to that one."""
    unknown = b"\xf7" + menjo(1)[1:]
    between = [head(), menjo(1), unknown, menjo(2), menjo(3), tail(0, 0, 0)]
    assert told(blocks(between), LOOSE)[1:-1] == [
        (2, 2, "RECORD_TYPE_UNKNOWN"),
        (4, 1, "ANSWER_INCOMPLETE"),
        (5, 1, "good"),
    ]
    within = [head(), menjo(1), unknown, menjo(1), menjo(3), tail(0, 0, 0)]
    assert told(blocks(within), LOOSE)[1:-1] == [(2, 3, "RECORD_TYPE_UNKNOWN"), (5, 1, "good")]
    first = [head(), unknown, menjo(1), menjo(3), tail(0, 0, 0)]
    assert told(blocks(first), LOOSE)[1:-1] == [(2, 2, "RECORD_TYPE_UNKNOWN"), (4, 1, "good")]


def test_keys_may_stand_in_any_order_where_that_is_declared() -> None:
    """Only records that follow each other are joined all the same."""
    text = TEXT.replace("head: shikaku}", "head: shikaku, ascending: false}")
    file = [head(), shikaku(5), shikaku(2), tail(2, 0, 0)]
    assert [code for _, _, code in told(blocks(file), text)] == [
        "control", "good", "good", "control",
    ]  # fmt: skip


def test_an_unknown_type_stands_alone_where_nothing_is_joined() -> None:
    """The other records stay good."""
    text = ALONE.replace("/shikaku.atena_no", "atena_no")
    file = [head(), shikaku(1), b"\xf7" + menjo(1)[1:], menjo(1), tail(2, 1, 1000)]
    assert [code for _, _, code in told(blocks(file), text)] == [
        "control", "good", "RECORD_TYPE_UNKNOWN", "good", "control",
    ]  # fmt: skip


def test_a_long_answer_in_quarantine_comes_in_parts() -> None:
    """Memory stays bounded, whatever a file holds; nothing is lost from the counts."""
    damaged = opened(blocks([head(), *[b"\xf7" + menjo(1)[1:]] * 2500, tail(0, 0, 0)]), LOOSE)
    assert [r.count for r in damaged] == [1, 1000, 1000, 500, 1]
    assert {r.findings[0].quality.code for r in damaged[1:-1]} == {"RECORD_TYPE_UNKNOWN"}
    endless = opened(blocks([head(), shikaku(1), *[menjo(1)] * 10_500, shikaku(2)]))
    assert [(r.count, r.record is None) for r in endless[1:]] == [
        (10_001, True), (500, True), (1, False), (0, True),
    ]  # fmt: skip
    assert endless[1].findings[0].quality.code == "ANSWER_TOO_LONG"


# --- header, trailer, control totals


@pytest.mark.parametrize(
    ("trailer", "wrong"),
    [
        (tail(4, 2, 995), []),
        (tail(5, 2, 995), [{"field": "kensu", "stated": "5", "counted": "4"}]),
        (tail(4, 3, 995), [{"field": "menjo_kensu", "stated": "3", "counted": "2"}]),
        (tail(4, 2, -995), [{"field": "gokei", "stated": "-995", "counted": "995"}]),
        (
            tail(0, 0, 0),
            [
                {"field": "kensu", "stated": "0", "counted": "4"},
                {"field": "menjo_kensu", "stated": "0", "counted": "2"},
                {"field": "gokei", "stated": "0", "counted": "995"},
            ],
        ),
    ],
)
def test_the_trailer_is_held_against_what_the_file_holds(
    trailer: bytes, wrong: list[dict[str, Any]]
) -> None:
    """Counts of all records and of one type, and a sum of packed amounts; all that is wrong."""
    last = opened(blocks([*FILE[:-1], trailer]))[-1]
    assert last.control
    assert {f.quality.code for f in last.findings} <= {"CONTROL_TOTAL_WRONG"}
    assert [dict(f.quality.params) for f in last.findings] == wrong


def test_an_amount_that_cannot_be_read_never_agrees_with_a_total() -> None:
    """Even if the others happen to add up to what is stated."""
    damaged = menjo(1)[:-1] + b"\xa1"
    last = opened(blocks([head(), shikaku(1), damaged, tail(2, 1, 0)]))[-1]
    assert [dict(f.quality.params) for f in last.findings] == [
        {"field": "gokei", "stated": "0", "counted": "0", "unreadable": 1}
    ]


def test_the_count_may_be_of_chosen_types() -> None:
    """Some hosts count the header and the trailer too."""
    text = TEXT.replace(
        "records: kensu", "records: kensu\n            of: [head, shikaku, menjo, tail]"
    )
    assert opened(blocks([*FILE[:-1], tail(6, 2, 995)]), text)[-1].findings == ()


def test_a_file_without_its_end_says_so() -> None:
    """Whatever was read before stays as it is."""
    assert told(blocks(FILE[:-1]))[-2:] == [(5, 1, "good"), (5, 0, "TRAILER_MISSING")]


def test_records_behind_the_trailer_go_to_quarantine() -> None:
    """They were not counted by it."""
    assert told(blocks([*FILE, shikaku(9)]))[-1] == (7, 1, "RECORD_BEHIND_TRAILER")


@pytest.mark.parametrize("first", [[], [b"\xf7" + head()[1:]]], ids=["none", "damaged"])
def test_what_stands_in_a_missing_header_is_lost_and_not_taken_for_empty(
    first: list[bytes],
) -> None:
    """The day of the data is not known; the rest of the record is."""
    found = opened(blocks([*first, shikaku(1), tail(1, 0, 0)]))
    assert [f.quality.code for f in found[0].findings] == ["HEADER_MISSING"]
    (answer,) = (r.record for r in found if r.record is not None)
    assert isinstance(answer["head"]["kijun_ymd"], Unreadable)
    document = read_document(TEXT)
    plan = RowPlans(document.mapping, DICTIONARY.groups).plan("026.shikakujoho")
    (record,) = plan.convert(answer).records
    lost = record.answers["sosanengappi"]
    assert isinstance(lost, Absence)
    assert (lost.reason.value, lost.quality[0].code) == ("lost-in-mapping", "HEADER_MISSING")


# --- frames


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rdw(FILE)[:-3], [(5, 2, "RDW_DAMAGED"), (6, 0, "TRAILER_MISSING")]),
        (rdw(FILE[:2]) + b"\0\x03\0\0", [(2, 2, "RDW_DAMAGED"), (3, 0, "TRAILER_MISSING")]),
        (
            rdw(FILE[:2]) + b"\0\x20\0\x01" + b"\0" * 99,
            [(2, 2, "RDW_DAMAGED"), (3, 0, "TRAILER_MISSING")],
        ),
        (rdw(FILE[:2]) + b"\0", [(2, 2, "RDW_DAMAGED"), (3, 0, "TRAILER_MISSING")]),
    ],
    ids=["cut", "shorter than itself", "no zeros", "half a word"],
)
def test_a_damaged_descriptor_word_ends_the_reading(
    data: bytes, expected: list[tuple[int, int, str]]
) -> None:
    """Nobody can tell where the next record begins; how much is left is told."""
    assert told(data, RDW)[-2:] == expected
    damaged = next(r.findings[0].quality.params for r in opened(data, RDW)[-2:])
    assert int(damaged["byte"]) + int(damaged["bytes"]) == len(data)


def test_a_record_shorter_than_its_type_is_damaged_under_rdw() -> None:
    """A type has one length; a block may be longer, and what fills it is not looked at."""
    file = [head(), shikaku(1), menjo(1)[:-1], shikaku(2), tail(3, 1, 0)]
    assert told(rdw(file), RDW)[1:3] == [(2, 2, "RECORD_LENGTH"), (4, 1, "good")]
    codes = [f.quality.code for f in opened(rdw(file), RDW)[1].findings]
    assert codes == ["RECORD_LENGTH", "ANSWER_INCOMPLETE"]


def test_blocks_may_be_longer_than_every_type_where_that_is_declared() -> None:
    """Filled to the length of the file."""
    text = TEXT.replace("encoding: jef", "encoding: jef\n        length: 50")
    data = b"".join(record.ljust(50, b"\x40") for record in FILE)
    assert [code for _, _, code in told(data, text)] == ["control", "good", "good", "control"]
    assert told(data[:-1], text)[-2][2] == "RECORD_LENGTH"


def test_one_type_may_have_descriptor_words_and_longer_blocks_too() -> None:
    """Without any marks."""
    fixed = "file:\n      fixed: {copybook: menjo.cpy, encoding: jef"
    head_of = TEXT[: TEXT.index("file:")]
    rest = (
        "}\ngroups:\n  026.menjojoho: {read: nenkin, subject: a, items: {atenabango: {field: a}}}\n"
    )
    framed = opened(rdw([menjo(1), menjo(2)]), f"{head_of}{fixed}, framing: rdw{rest}")
    longer = opened(
        b"".join(menjo(n).ljust(30, b"\x40") for n in (1, 2)), f"{head_of}{fixed}, length: 30{rest}"
    )
    for found in (framed, longer):
        assert [r.record["atena_no"] for r in found if r.record] == [
            "000000000001",
            "000000000002",
        ]
    (cut,) = opened(rdw([menjo(1)])[:-1], f"{head_of}{fixed}, framing: rdw{rest}")
    assert (cut.record, [f.quality.code for f in cut.findings]) == (None, ["RDW_DAMAGED"])


@given(st.binary(max_size=300), st.sampled_from([TEXT, RDW, LOOSE]))
def test_any_bytes_become_answers_and_quarantine_that_add_up(data: bytes, text: str) -> None:
    """Every record stands in exactly one of them; nothing raises."""
    found = opened(data, text)
    numbers = [piece.number for record in found for piece in record.pieces]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert sum(record.count for record in found) == len(numbers)
    if text is not RDW:
        assert len(numbers) == -(-len(data) // 43)
        assert sum(len(record.raw) for record in found) == len(data)


kinds = st.sampled_from("12789")
people = st.integers(1, 3)


@given(st.lists(st.tuples(kinds, people), max_size=12))
def test_no_good_answer_ever_lacks_a_record_that_the_file_has(
    records: list[tuple[str, int]],
) -> None:
    """Whatever the order: a good answer has every record of its key in a row, and one head."""
    write = {"1": shikaku, "2": menjo}
    raw = [
        write[kind](n) if kind in write else b"\xf7" + menjo(n)[1:]
        for kind, n in records
        if kind != "9"
    ]
    for found in opened(blocks([head(), *raw, tail(0, 0, 0)])):
        if found.record is None:
            continue
        own = found.record["shikaku"]["atena_no"]
        assert [d["atena_no"] for d in found.record["menjo"]] == [own] * (found.count - 1)
        assert [p.type for p in found.pieces] == ["shikaku"] + ["menjo"] * (found.count - 1)
        behind = raw[found.number - 1 + found.count - 1 :][:1]
        assert not behind or behind[0][:1] != b"\xf7"
        assert not behind or behind[0][1:13] != found.pieces[0].raw[1:13]


# --- reports


def counted(data: bytes) -> Coverage:
    mapping = read_document(TEXT).mapping
    read = mapping.reads["nenkin"].file
    assert read is not None
    counter = CoverageCounter(mapping, DICTIONARY.groups, "nenkin", field_paths(read, HOST))
    for found in open_records(read, HOST, io.BytesIO(data)):
        if found.control:
            counter.count_control([f.quality for f in found.findings], found.count)
        else:
            counter.count(found.record, [f.quality.code for f in found.findings], found.count)
    return counter.report


def test_the_report_adds_up_to_the_records_of_the_file() -> None:
    """Records of answers, damaged ones, header and trailer."""
    data = blocks([*FILE[:-1], menjo(3), shikaku(4), tail(9, 2, 995)])
    report = counted(data)
    assert (report.read, report.control, report.answers) == (8, 2, 3)
    assert dict(report.damaged) == {"HEAD_RECORD_MISSING": 1}
    assert report.groups["026.menjojoho"].records == 2
    assert report.columns["menjo.gaku"] == 1
    assert report.columns["head.kijun_ymd"] == 3
    assert report.used["head.kijun_ymd"] == ("026.shikakujoho.sosanengappi",)
    assert not any(path.startswith("tail") for path in report.columns)
    assert [finding["code"] for finding in report.to_json()["control_findings"]] == [
        "CONTROL_TOTAL_WRONG"
    ] * 3


# --- the declaration


def document(text: str) -> Document:
    return read_document(text)


def test_the_mapping_of_the_tests_has_nothing_wrong() -> None:
    """Neither with the standard nor with its copybooks."""
    found = document(TEXT)
    read = found.mapping.reads["nenkin"].file
    assert read is not None
    layouts = {"nenkin": field_paths(read, HOST)}
    assert [str(f) for f in shape_findings(found, HOST)] == []
    assert [str(f) for f in lint(found, DICTIONARY, layouts)] == []
    wrong = document(TEXT.replace("{field: menjo_kbn,", "{field: menjo_kbm,"))
    assert [f.code for f in lint(wrong, DICTIONARY, layouts)] == ["unknown-field"]


def test_types_survive_the_workbook(tmp_path: Path) -> None:
    """There and back without loss."""
    mapping = document(TEXT).mapping
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping, DICTIONARY.groups).save(path)
    assert from_workbook(path) == mapping


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("head.cpy, when: {field: kbn", "head.cpy, when: {field: kubun", 11, "unknown-field"),
        ("menjo.cpy, when: {field: kbn", "menjo.cpy, when: {field: menjo_kbn", 13, "mark-moves"),
        ("tail.cpy", "owari.cpy", 7, "bad-copybook"),
        ("records: kensu", "records: kensuu", 16, "unknown-field"),
        ("records: kensu", "records: kbn", 16, "wrong-type"),
        ("gokei: menjo.gaku", "gokei: menjo.gakku", 20, "unknown-field"),
        ("gokei: menjo.gaku", "gokei: menjo.menjo_kbn", 20, "wrong-type"),
        ("shikaku: atena_no,", "shikaku: atena,", 21, "unknown-field"),
        ("encoding: jef", "encoding: jeff", 8, "unknown-encoding"),
        ("encoding: jef", "encoding: jef\n        length: 20", 9, "too-short"),
        ('among: ["2", "3"]}}', 'among: ["2"]}, nulls: {gakku: ["00"]}}', 13, "unknown-field"),
        ('among: ["2", "3"]}}', 'among: ["2"]}, alternatives: {gaku: {field: kbn, among: [a]}}}',
         13, "unknown-field"),
    ],
)  # fmt: skip
def test_what_is_wrong_between_a_declaration_and_its_copybooks_is_told_with_its_place(
    old: str, new: str, line: int, code: str
) -> None:
    """By the commands with its line; a file is not opened."""
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new)
    found = [(f.line, f.code) for f in shape_findings(document(text), HOST)]
    assert found == [(line, code)]
    with pytest.raises(FileShapeError):
        opened(blocks(FILE), text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('among: ["1"]', 'among: ["1", "2"]'),
        ("header: head", "header: heads"),
        ("head: shikaku}", "head: shikakku}"),
        ("key: {shikaku: atena_no, ", "key: {"),
        ("counts: {menjo_kensu: menjo}", "counts: {menjo_kensu: menjoo}"),
        ("gokei: menjo.gaku", "gokei: menjoo.gaku"),
        ("encoding: jef", "encoding: jef\n        copybook: menjo.cpy"),
        ("encoding: jef", "encoding: jef\n        nulls: {gaku: ['00']}"),
        ("encoding: jef", "encoding: jef\n        framing: rdw\n        length: 50"),
        ("encoding: jef", "encoding: jef\n        framing: vbs"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(old: str, new: str) -> None:
    """Before any file is looked at."""
    assert TEXT.count(old) == 1
    with pytest.raises(MappingError):
        document(TEXT.replace(old, new))


def test_a_redefinition_without_a_condition_is_told(tmp_path: Path) -> None:
    """With the line of the copybook; with one, or without any redefinition, nothing is."""
    for path in HOST.glob("*.cpy"):
        shutil.copy(path, tmp_path)
    copybook = (HOST / "menjo.cpy").read_text("utf-8")
    copybook += "000800     05  GAKU-MOJI REDEFINES GAKU PIC X(4).\n"
    (tmp_path / "menjo.cpy").write_text(copybook, "utf-8")
    (told,) = shape_findings(document(TEXT), tmp_path)
    assert (told.line, told.column, told.code, told.level) == (
        13, 21, "redefines-without-condition", "information",
    )  # fmt: skip
    assert "line 8 of the copybook: gaku_moji redefines gaku" in told.message
    mark = "alternatives: {gaku_moji: {field: menjo_kbn, among: [Z]}}"
    text = TEXT.replace('among: ["2", "3"]}}', f'among: ["2", "3"]}}, {mark}}}')
    assert list(shape_findings(document(text), tmp_path)) == []
    later = text.replace("field: menjo_kbn, among: [Z]", "field: gaku_moji, among: [Z]")
    assert [f.code for f in shape_findings(document(later), tmp_path)] == ["unknown-field"]
