"""What officers do with My Numbers: whole or not at all, by 宛名番号 alone, recorded."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from gateway.audit import AuditKind, AuditLog, AuditQuery, AuditStore
from gateway.keys import FileKeyStore, KeysError
from gateway.my_numbers import MyNumberOffice, MyNumbers, SealBroken, read_number_file
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.subjects import LinkFileError
from standard_models.values.identifiers import MyNumber
from tests.gateway.my_numbers.conftest import RESIDENTS, file_of, number
from tests.gateway.questions.conftest import TOWN, World

HEAD = "宛名番号,個人番号\r\n"


async def settings_entries(world: World) -> list[dict[str, object]]:
    """Return the records of My Numbers among the settings, oldest first."""
    query = AuditQuery(municipality=TOWN, kind=AuditKind.SETTINGS)
    rows = await AuditStore(world.store).list(query)
    found = [json.loads(row.entry) for row in reversed(rows)]
    return [entry for entry in found if entry["function"].startswith("my-number")]


async def test_the_counts_of_an_import_add_up(kept: MyNumberOffice, world: World) -> None:
    """New, changed (番号法 7条2項), same, said twice, without a number, of nobody."""
    content = HEAD + "\r\n".join(
        (
            f"R1,{number(1)}",
            f"R2,{number(20)}",
            f"R2,{number(20)}",
            "R3,",
            f"R99,{number(21)}",
        )
    )
    report = await kept.import_file(TOWN, "resident", read_number_file(content.encode("cp932")))
    assert report.read == 5
    assert (report.new, report.replaced, report.unchanged) == (0, 1, 1)
    assert (report.repeated, report.blank, report.unknown) == (1, 1, 1)
    entry = (await settings_entries(world))[-1]
    assert (entry["my_number"], entry["terminal"]) == (True, "cli:officer")
    assert entry["after"] == {
        "numbering": "resident", "numbers": 3, "read": 5, "new": 0, "replaced": 1,
        "unchanged": 1, "unknown": 1,
    }  # fmt: skip


async def test_importing_again_changes_nothing(
    kept: MyNumberOffice, my_number_store: Store
) -> None:
    """Not even a seal."""

    async def sealed() -> list[bytes]:
        async with my_number_store.session() as session:
            rows = await session.execute(text("SELECT sealed FROM my_number ORDER BY number"))
            return [bytes(row[0]) for row in rows]

    before = await sealed()
    report = await kept.import_file(TOWN, "resident", file_of(*RESIDENTS))
    assert (report.new, report.replaced, report.unchanged) == (0, 0, 3)
    assert await sealed() == before


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((f"R1,{number(1)[:11]}",), [(2, "個人番号")]),
        ((f"R1,{number(1)[:11]}{(int(number(1)[11]) + 1) % 10}",), [(2, "個人番号")]),
        ((f"R1,{number(1)}", f"R1,{number(2)}"), [(3, "")]),
        ((f"R 1,{number(1)}", f",{number(2)}"), [(2, "宛名番号"), (3, "宛名番号")]),
        ((f"R1,{number(1)},1",), [(2, "")]),
    ],
    ids=["short", "check-digit", "two-numbers", "no-atena", "cells"],
)
def test_a_file_with_a_bad_line_is_refused_as_a_whole(
    lines: tuple[str, ...], told: list[tuple[int, str]]
) -> None:
    """Every bad line is told, by its place and without any number of it."""
    with pytest.raises(LinkFileError) as refused:
        read_number_file((HEAD + "\r\n".join(lines)).encode("cp932"))
    assert [(row.line, row.column) for row in refused.value.rows] == told
    assert number(1)[:11] not in repr(refused.value.rows)


@pytest.mark.parametrize(
    "header",
    ["宛名番号", "宛名番号,個人番号,氏名", "氏名,個人番号", "生年月日,個人番号", ""],
)
def test_a_file_with_names_or_birth_dates_is_not_taken(header: str) -> None:
    """MN-6: a number is linked by 宛名番号 and by nothing else."""
    with pytest.raises(LinkFileError) as refused:
        read_number_file(f"{header}\r\nR1,x".encode("cp932"))
    assert [row.line for row in refused.value.rows] == [1]


def test_a_file_that_cannot_be_read_is_refused() -> None:
    """Neither another code page nor an open quotation mark."""
    for content in ("宛名番号,個人番号".encode("utf-16"), f'{HEAD}R1,"1'.encode("cp932")):
        with pytest.raises(LinkFileError):
            read_number_file(content)


async def test_without_a_durable_record_nothing_is_kept_or_erased(
    kept: MyNumberOffice, audit_log: AuditLog, numbers: MyNumbers
) -> None:
    """AU-2: the numbers are as they were."""
    await audit_log.aclose()
    with pytest.raises(Problem):
        await kept.import_file(TOWN, "resident", file_of(("R1", number(30))))
    with pytest.raises(Problem):
        await kept.erase(TOWN, "resident", None)
    assert await numbers.places_of(TOWN, MyNumber(number(30))) == []
    assert len(await numbers.places_of(TOWN, MyNumber(number(1)))) == 1


async def test_twins_in_the_data_are_candidates_and_no_link(
    kept: MyNumberOffice, world: World, numbers: MyNumbers
) -> None:
    """MN-6: one number with two persons; both stay who they are until staff decide."""
    people = await world.subjects.numbers_in(TOWN, "resident")
    await kept.import_file(TOWN, "resident", file_of(("R3", number(1))))
    (pair,) = await kept.candidates(TOWN)
    assert [place.number for place in pair] == ["R1", "R3"]
    assert await world.subjects.numbers_in(TOWN, "resident") == people
    assert len(await numbers.places_of(TOWN, MyNumber(number(1)))) == 2


async def test_candidates_are_told_only_when_all_numbers_can_be_compared(
    kept: MyNumberOffice, keys: FileKeyStore
) -> None:
    """Under two keys one number has two digests; some pair might be overlooked."""
    keys.rotate_my_numbers()
    with pytest.raises(KeysError, match="reseal"):
        await kept.candidates(TOWN)
    await kept.reseal()
    assert await kept.candidates(TOWN) == []


async def test_erased_is_gone(kept: MyNumberOffice, numbers: MyNumbers, world: World) -> None:
    """One person's, then everybody's; both recorded with the mark."""
    assert await kept.erase(TOWN, "resident", ["R1", "R77"]) == 1
    assert await numbers.places_of(TOWN, MyNumber(number(1))) == []
    assert await kept.erase(TOWN, "resident", None) == 2
    assert await kept.counts(TOWN) == []
    entries = (await settings_entries(world))[-2:]
    assert [entry["function"] for entry in entries] == ["my-number-erase"] * 2
    assert all(entry["my_number"] for entry in entries)


async def test_a_number_that_was_moved_to_another_person_does_not_open(
    kept: MyNumberOffice, keys: FileKeyStore, my_number_store: Store
) -> None:
    """A seal is bound to its 宛名番号; a row that was altered is left as it is."""
    async with my_number_store.transaction() as session:
        await session.execute(text("UPDATE my_number SET number = 'R8' WHERE number = 'R1'"))
    keys.rotate_my_numbers()
    with pytest.raises(SealBroken):
        await kept.reseal()


async def test_another_towns_number_is_another_one(
    kept: MyNumberOffice, numbers: MyNumbers
) -> None:
    """Digests do not tell that two towns know the same person."""
    assert await numbers.places_of("999989", MyNumber(number(1))) == []
