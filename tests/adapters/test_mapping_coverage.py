"""What a vendor sees of a mapping over a file: every record, column and code accounted for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from adapters.files.csv_files import CsvProfile, CsvRow, CsvShapeError, read_csv
from adapters.files.records import open_records
from adapters.mapping.changes import mapping_changes
from adapters.mapping.coverage import Coverage, CoverageCounter
from adapters.mapping.document import Document, read_document
from adapters.mapping.lint import lint
from standard_models.builtin import load_builtin
from tests.adapters.host.writer import record

HOST = Path(__file__).parent / "host"
DICTIONARY = load_builtin()
MAPPING = (HOST / "mapping.yaml").read_text("utf-8")


def document(text: str = MAPPING) -> Document:
    """Return a mapping in which nothing is wrong."""
    found = read_document(text)
    assert [str(f) for f in lint(found, DICTIONARY)] == []
    return found


def counted(data: bytes, text: str = MAPPING) -> Coverage:
    mapping = read_document(text).mapping
    columns = ["atena_no", "shubetsu", "yobi", "menjo.menjo_kbn"]
    counter = CoverageCounter(mapping, DICTIONARY.groups, "shikaku", columns)
    read = mapping.reads["shikaku"].file
    assert read is not None
    for found in open_records(read, HOST, io.BytesIO(data)):
        counter.count(found.record, [f.quality.code for f in found.findings])
    return counter.report


FILE = b"".join(
    (
        record(),
        record("000000047120", kind="3", exempt="A"),
        record("000000047139", kind="7", until=5010501),
        record("000000047147", since=4130231, extra="1"),
        record()[:50],
    )
)


def test_the_report_adds_up_to_the_records_read() -> None:
    """Read = converted + without a person + damaged; outcomes of an item = records of its group."""
    report = counted(FILE)
    group = report.groups["026.shikakujoho"]
    assert (report.read, sum(report.damaged.values()), group.records, group.nobody) == (5, 1, 4, 0)
    assert dict(report.damaged) == {"RECORD_LENGTH": 1}
    for own in report.groups.values():
        for item in own.items.values():
            assert sum(item.outcomes.values()) == own.records


def test_each_item_tells_how_its_records_came_out() -> None:
    """Filled, derived, defaulted, lost with its cause, never."""
    items = counted(FILE).groups["026.shikakujoho"].items
    assert dict(items["atenabango"].outcomes) == {"filled": 4}
    assert dict(items["hihokenshashubetsu"].outcomes) == {"filled": 3, "lost-in-mapping": 1}
    assert dict(items["hihokenshashubetsu"].quality) == {"UNMAPPED_CODE": 1}
    assert dict(items["shikakushutokunengappi"].quality) == {"NOT_CALENDAR_DAY": 1}
    assert dict(items["fukahokenryonofukubun"].outcomes) == {"defaulted": 3, "filled": 1}
    assert dict(items["sosashaid"].outcomes) == {"constant": 4}
    assert (items["sosajikoku"].origin, dict(items["sosajikoku"].outcomes)) == (
        "never",
        {"not-supplied": 4},
    )


def test_a_field_with_damage_is_lost_and_not_taken_for_an_empty_one() -> None:
    """A bad nibble in a date, an undefined code in a text: lost with the cause."""
    damaged_date, damaged_text = bytearray(record()), bytearray(record())
    damaged_date[26] = 0xAF
    damaged_text[15] = 0x57
    report = counted(bytes(damaged_date + damaged_text))
    items = report.groups["026.shikakujoho"].items
    assert dict(items["shikakushutokunengappi"].outcomes) == {"lost-in-mapping": 1, "filled": 1}
    assert dict(items["shikakushutokunengappi"].quality) == {"BAD_NIBBLE": 1}
    assert dict(items["kisonenkinbango"].quality) == {"UNDEFINED_CODE": 1}
    assert dict(items["kisonenkinbango"].outcomes) == {"lost-in-mapping": 1, "filled": 1}
    assert dict(report.findings) == {"BAD_NIBBLE": 1, "UNDEFINED_CODE": 1}


def test_a_record_whose_number_is_damaged_names_nobody() -> None:
    """It is counted apart and becomes nobody's record."""
    raw = bytearray(record())
    raw[3] = 0xC1
    group = counted(bytes(raw)).groups["026.shikakujoho"]
    assert (group.records, group.nobody) == (0, 1)


def test_each_column_tells_how_often_it_is_filled_and_what_uses_it() -> None:
    """A column that nobody reads may be one that was forgotten."""
    report = counted(FILE)
    assert report.columns == {"atena_no": 4, "shubetsu": 4, "yobi": 0, "menjo.menjo_kbn": 1}
    assert "yobi" not in report.used
    assert report.used["menjo.menjo_kbn"] == ("026.menjojoho.menjokubun",)


def test_each_code_tells_how_often_it_came_and_whether_it_is_mapped() -> None:
    """An unknown one by its value; nothing longer than a code is shown."""
    codes = counted(FILE).groups["026.shikakujoho"].codes["shubetsu"]
    assert dict(codes) == {("1", True): 2, ("3", True): 1, ("7", False): 1}
    report = counted(FILE).to_json()
    assert report["groups"]["026.menjojoho"]["records"] == 1
    assert "架空" not in str(report)


@pytest.mark.parametrize(
    "line",
    [
        "      hihokenshashubetsu: {field: shubetsu, codes: shubetsu}\n",
        "      shikakushutokujiyu: {field: shutoku_jiyu}\n",
        "      sosashaid: {constant: HOST}\n",
        '      - {from: "3", to: "3"}\n',
    ],
)
def test_without_any_one_rule_the_report_is_another(line: str) -> None:
    """Nothing that a mapping does goes uncounted."""
    assert line in MAPPING
    assert counted(FILE, MAPPING.replace(line, "")).to_json() != counted(FILE).to_json()


def test_changes_of_a_mapping_are_told_rule_by_rule() -> None:
    """Added, removed, changed, with what stood there; order and defaults make no change."""
    new = MAPPING.replace("1.0.0", "1.1.0").replace(
        '      - {from: "5", to: "9", note: 任意加入}\n', ""
    )
    new = new.replace("sosashaid: {constant: HOST}", "sosashaid: {field: yobi}")
    new = new.replace('{code: E000, to: "髙"}', "{code: E000, to: 高}")
    found = mapping_changes(document().mapping, document(new).mapping)
    assert [(c.kind.value, c.path, c.before, c.after) for c in found] == [
        ("changed", "characters.E000", "to: 髙", "to: 高"),
        ("changed", "groups.026.shikakujoho.items.sosashaid", "constant: HOST", "field: yobi"),
        ("changed", "version", "1.0.0", "1.1.0"),
        ("removed", "code_tables.shubetsu.5", "note: 任意加入, to: 9", ""),
    ]
    same = document(
        MAPPING.replace("shubetsu: {field: shubetsu, codes", "shubetsu: {codes").replace(
            "{codes: shubetsu}", "{codes: shubetsu, field: shubetsu, fiscal_year: false}"
        )
    )
    assert mapping_changes(document().mapping, same.mapping) == ()


CSV = CsvProfile({"宛名番号": "atena_no", "氏名": "shimei"}, "cp932")


def rows(data: bytes, profile: CsvProfile = CSV) -> list[CsvRow]:
    return list(read_csv(io.BytesIO(data), profile))


def cp932(text: str) -> bytes:
    return text.encode("cp932")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1,架空\r\n2,見本", [("1", "架空"), ("2", "見本")]),
        ('"1","架空"\n', [("1", "架空")]),
        ('1,"架""空"\n', [("1", '架"空')]),
        ('1,"架\r\n空"\r\n2,b\r\n', [("1", "架\r\n空"), ("2", "b")]),
        ('1,"a,b"\n', [("1", "a,b")]),
        ("1,\n", [("1", None)]),
        ('1,""\n\n\r\n2,x\n', [("1", None), ("2", "x")]),
        ("1,表示ソ\n", [("1", "表示ソ")]),
    ],
)
def test_csv_of_every_habit_is_read(body: str, expected: list[tuple[str, str | None]]) -> None:
    """Quotes, doubled quotes, line ends inside them, no line end at the end, blank lines, 5C."""
    found = [row.reading.record for row in rows(cp932("宛名番号,氏名\r\n" + body))]
    assert [(r["atena_no"], r["shimei"]) for r in found if r] == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (cp932("1\n"), "CELL_COUNT"),
        (cp932("1,2,3\n"), "CELL_COUNT"),
        (b"1,\x81\x20\n", "UNDECODABLE"),
        (cp932('1,"a"b\n'), "QUOTE_UNBALANCED"),
        (cp932('1,"a\n'), "QUOTE_UNBALANCED"),
    ],
)
def test_a_damaged_row_goes_to_quarantine_and_the_others_are_read(body: bytes, code: str) -> None:
    """With its line; nothing of it is guessed."""
    found = rows(cp932("宛名番号,氏名\n0,good\n") + body)
    assert found[0].reading.record == {"atena_no": "0", "shimei": "good"}
    assert found[1].line == 3
    assert found[1].reading.record is None
    assert [f.quality.code for f in found[1].reading.findings] == [code]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("宛名番号\n", "氏名 is missing"),
        ("宛名番号,氏名,住所\n", "住所 is not declared"),
        ("宛名番号,氏名,氏名\n", "氏名 stands twice"),
        ("", "no header"),
    ],
)
def test_a_header_of_another_layout_refuses_the_file(head: str, said: str) -> None:
    """A shifted column would be plausible row by row."""
    with pytest.raises(CsvShapeError, match=said):
        rows(cp932(head))


def test_columns_are_found_by_their_header_in_any_order_and_behind_a_byte_order_mark() -> None:
    """UTF-8 with a mark, as spreadsheets write it."""
    profile = CsvProfile(CSV.columns)
    found = rows("\ufeff氏名,宛名番号\n架空,1\n".encode(), profile)
    assert found[0].reading.record == {"shimei": "架空", "atena_no": "1"}
