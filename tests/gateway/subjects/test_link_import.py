import json
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from gateway.keys import FileKeyStore
from gateway.store.tables import AuditRow, SourceNumberRow, SubjectRow
from gateway.subjects import (
    ImportReport,
    LinkFileError,
    SubjectService,
    SubjectStore,
    read_link_file,
)
from tests.doubles import StoppedClock

TOWN = "999997"
HEADER = "宛名番号,税個人番号,福祉個人番号,照合根拠"


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *rows, "")).encode("cp932")


@pytest.fixture
def subjects(store, keys: FileKeyStore, clock: StoppedClock) -> SubjectService:
    return SubjectService(SubjectStore(store), keys, clock=clock)


async def load(subjects: SubjectService, *rows: str) -> ImportReport:
    return await subjects.import_links(
        TOWN, read_link_file(table(*rows)), anchor="resident", actor="test"
    )


async def same_person(subjects: SubjectService, numbers: Sequence[tuple[str, str]]) -> bool:
    found = [await subjects.find_by_number(TOWN, *number) for number in numbers]
    return None not in found and len({f.subject_id for f in found if f}) == 1


async def count(store, row: type) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(row)) or 0


async def test_one_row_makes_one_person_of_three_systems(subjects: SubjectService):
    """The ground of the link is kept with it."""
    report = await load(subjects, "000000000019,10000001,F0000001,個人番号一致")
    assert report == ImportReport(
        rows=1, new_subjects=1, new_numbers=3, strengthened=0, unchanged=0
    )
    subject = await subjects.find_by_number(TOWN, "welfare", "F0000001")
    assert subject is not None
    assert subject.numbers == {
        "resident": ("000000000019",),
        "tax": ("10000001",),
        "welfare": ("F0000001",),
    }


async def test_a_person_may_have_two_numbers_in_one_system(subjects: SubjectService):
    """Somebody who was taxed from outside and then moved in."""
    report = await load(
        subjects,
        "000000000019,10000001,,個人番号一致",
        "000000000019,19000001,,職員確認",
        ",19000001,F0000009,職員確認",
    )
    assert (report.new_subjects, report.new_numbers) == (1, 4)
    assert await same_person(
        subjects,
        [
            ("resident", "000000000019"),
            ("tax", "10000001"),
            ("tax", "19000001"),
            ("welfare", "F0000009"),
        ],
    )


async def test_somebody_known_to_one_system_needs_no_ground(subjects: SubjectService, store):
    """There is no link to have a ground for."""
    await load(subjects, ",10000005,,")
    async with store.session() as session:
        row = await session.get_one(SourceNumberRow, (TOWN, "tax", "10000005"))
    assert row.strength == "single-system"


async def test_importing_again_changes_nothing(subjects: SubjectService, store):
    """The same file, and the same persons under the same ids, so that handles stay."""
    rows = ("000000000019,10000001,F0000001,個人番号一致", ",10000005,,")
    await load(subjects, *rows)
    before = await subjects.find_by_number(TOWN, "tax", "10000001")
    report = await load(subjects, *rows)
    assert report == ImportReport(
        rows=2, new_subjects=0, new_numbers=0, strengthened=0, unchanged=4
    )
    after = await subjects.find_by_number(TOWN, "tax", "10000001")
    assert before is not None
    assert after is not None
    assert before.subject_id == after.subject_id
    assert await count(store, SubjectRow) == 2


async def test_a_later_file_may_add_a_number_and_strengthen_a_ground(
    subjects: SubjectService, store
):
    """A ground never becomes weaker."""
    await load(subjects, "000000000019,10000001,,職員確認")
    report = await load(subjects, "000000000019,10000001,F0000001,個人番号一致")
    assert report == ImportReport(
        rows=1, new_subjects=0, new_numbers=1, strengthened=2, unchanged=0
    )
    report = await load(subjects, "000000000019,10000001,,職員確認")
    assert report == ImportReport(
        rows=1, new_subjects=0, new_numbers=0, strengthened=0, unchanged=2
    )


async def refused(subjects: SubjectService, *rows: str) -> list[int]:
    with pytest.raises(LinkFileError) as refusal:
        await load(subjects, *rows)
    return [row.line for row in refusal.value.rows]


@pytest.mark.parametrize(
    "rows",
    [
        ("000000000019,10000001,,職員確認", "000000000027,10000001,,職員確認"),
        (
            "000000000019,10000001,,職員確認",
            ",10000001,F0000001,職員確認",
            "000000000027,,F0000001,職員確認",
        ),
    ],
    ids=["directly", "through a third number"],
)
async def test_a_number_of_two_persons_refuses_the_file_and_lists_every_row(
    subjects: SubjectService, store, rows: tuple[str, ...]
):
    """Nothing is written, also of the rows that were right; line 1 is the header."""
    lines = await refused(subjects, "000000000035,10000009,,個人番号一致", *rows)
    assert lines == list(range(3, 3 + len(rows)))
    assert await count(store, SubjectRow) == 0
    assert await count(store, AuditRow) == 0


@pytest.mark.parametrize(
    "rows",
    [
        (",10000001,F0000002,職員確認",),
        ("000000000027,10000001,,職員確認",),
        ("000000000043,10000003,,職員確認", "000000000051,,F0000003,職員確認"),
    ],
    ids=["joins two known persons", "gives a number to another", "two anchors for a known person"],
)
async def test_a_contradiction_to_what_is_linked_already_is_refused(
    subjects: SubjectService, store, rows: tuple[str, ...]
):
    """A wrong link would show one person's data to another."""
    await load(
        subjects,
        "000000000019,10000001,,個人番号一致",
        "000000000027,,F0000002,個人番号一致",
        ",10000003,F0000003,個人番号一致",
    )
    assert await refused(subjects, *rows) == list(range(2, 2 + len(rows)))
    assert await count(store, SourceNumberRow) == 6


async def test_rows_that_say_less_than_is_known_are_no_contradiction(subjects: SubjectService):
    """Single rows of two systems whose link is already known."""
    await load(subjects, "000000000019,10000001,,個人番号一致")
    report = await load(subjects, "000000000019,,,", ",10000001,,")
    assert (report.new_subjects, report.unchanged) == (0, 2)


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (("000000000019,10000001,,",), [(2, "照合根拠")]),
        (("000000000019,10000001,,氏名生年月日一致",), [(2, "照合根拠")]),
        (("000000000019,10000001,,不明",), [(2, "照合根拠")]),
        ((",,,職員確認",), [(2, "")]),
        (("000000000019,10000001",), [(2, "")]),
        (("０００,10000001,,職員確認",), [(2, "宛名番号")]),
        (("00 19,100/1,,職員確認",), [(2, "宛名番号"), (2, "税個人番号")]),
        (
            ("000000000019,10000001,,職員確認", f"{'1' * 41},,,", ",,,"),
            [(3, "宛名番号"), (4, "")],
        ),
        (('000000000019,"10000001,,職員確認',), [(2, "")]),
    ],
    ids=[
        "link without a ground",
        "name and birth date",
        "unknown ground",
        "no number",
        "cells missing",
        "full-width digits",
        "blanks and slashes",
        "two rows",
        "open quote",
    ],
)
def test_every_bad_row_is_listed_with_its_column(
    rows: tuple[str, ...], problems: list[tuple[int, str]]
):
    """All of them in one go."""
    with pytest.raises(LinkFileError) as refusal:
        read_link_file(table(*rows))
    assert [(row.line, row.column) for row in refusal.value.rows] == problems
    assert refusal.value.count == len(problems)


def test_blanks_behind_a_number_are_padding():
    """Legacy systems write CHAR columns to their full width."""
    (row,) = read_link_file(table("000000000019   ,10000001,,職員確認"))
    assert row.numbers == (("resident", "000000000019"), ("tax", "10000001"))


@pytest.mark.parametrize(
    "header",
    [
        "宛名番号,税個人番号,照合根拠",
        "宛名番号,税個人番号,福祉個人番号,照合根拠,氏名",
        "個人番号,宛名番号,税個人番号,福祉個人番号,照合根拠",
        "",
    ],
    ids=["column missing", "names", "My Number", "empty"],
)
def test_other_columns_are_refused(header: str):
    """Above all a column of My Numbers, which must never be here."""
    with pytest.raises(LinkFileError) as refusal:
        read_link_file(table(header=header))
    assert refusal.value.rows[0].line == 1


def test_a_file_in_another_code_page_names_the_line():
    """Offset and content stay out of it."""
    with pytest.raises(LinkFileError) as refusal:
        read_link_file(table("000000000019,,,", "000000000027,,,") + b"\x81\r\n")
    assert [row.line for row in refusal.value.rows] == [4]


def test_other_systems_have_columns_of_their_own():
    """A town may have other numberings; the first is the anchor."""
    rows = read_link_file(
        table("000000000019,K-1,職員確認", header="宛名番号,国保番号,照合根拠"),
        columns={"宛名番号": "resident", "国保番号": "health-insurance"},
    )
    assert rows[0].numbers == (("resident", "000000000019"), ("health-insurance", "K-1"))


def test_a_report_of_bad_rows_repeats_no_number():
    """It may be sent by mail."""
    with pytest.raises(LinkFileError) as refusal:
        read_link_file(table("canary/19,10000001,,不明"))
    assert "canary" not in repr(refusal.value.rows)
    assert "10000001" not in repr(refusal.value.rows)


async def test_an_import_is_recorded_in_counts(subjects: SubjectService, store):
    """Kind settings; no number is in the record."""
    await load(subjects, "000000000019,10000001,,職員確認")
    await load(subjects, "000000000019,10000001,F0000001,職員確認")
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = json.loads(rows[1].entry)
    assert (said["kind"], said["function"], said["municipality"]) == (
        "settings",
        "subject-import",
        "999997",
    )
    assert said["before"] == {"numbers": 2}
    assert said["after"] == {"rows": 1, "numbers": 3, "new_subjects": 0, "strengthened": 0}
    assert "10000001" not in rows[1].entry


async def test_progress_is_told_until_everything_is_written(subjects: SubjectService):
    """For a bar; in numbers written of all."""
    told: list[tuple[int, int]] = []
    rows = read_link_file(table(*(f"{n:012d},{n:08d},,職員確認" for n in range(1500))))
    await subjects.import_links(
        TOWN,
        rows,
        anchor="resident",
        actor="test",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2000, 3000), (3000, 3000)]
