"""The resident product of the demo town, asked what held on a day (history of a mapping)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.contract import Adapter, Deadline, Fetch, FetchRequest, GroupRecords, Host
from adapters.errors import AdapterError, NoHistory
from examples.town.legacy.process import LegacyProcess
from standard_models.answers import Value
from tests.adapters.test_reference_town import installed
from tests.town.conftest import resident_system, town

__all__ = ["resident_system", "town"]

pytestmark = pytest.mark.town

PERSON = "001.juminkihonjoho"
HOUSEHOLD = "001.setaiinjoho"
STATE = {PERSON: frozenset({"juminjotai", "jusho_banchigohyoki", "setaibango"})}
MEMBERS = {HOUSEHOLD: frozenset({"setaiin_atenabango", "setaibango"})}


@pytest.fixture
async def resident(host: Host, resident_system: LegacyProcess) -> AsyncIterator[Adapter]:
    """The adapter of the resident system."""
    address = f"postgresql+asyncpg://machi_ro:machi-ro@127.0.0.1:{resident_system.port}/juki"
    adapter = installed("reference-resident").open(host, {"database_url": address})
    yield adapter
    await adapter.aclose()


async def outcome(
    adapter: Adapter, number: str, groups: dict[str, frozenset[str]], on: dt.date | None
) -> GroupRecords | AdapterError:
    assert isinstance(adapter, Fetch)
    request = FetchRequest(number, groups, Deadline.after(20), "trace", on)
    (found,) = (await adapter.fetch(request)).groups.values()
    return found


async def state(adapter: Adapter, number: str, on: dt.date | None) -> Any:
    """Return the state of the person on a day, None where the register has none."""
    found = await outcome(adapter, number, STATE, on)
    assert isinstance(found, GroupRecords), found
    assert all(r.subject_number == number for r in found.records)
    answers = [r.answers["juminjotai"] for r in found.records]
    return answers[0].value if answers and isinstance(answers[0], Value) else None


async def members(adapter: Adapter, number: str, on: dt.date | None) -> set[Any]:
    """Return the numbers of the members of the person's household on a day."""
    found = await outcome(adapter, number, MEMBERS, on)
    assert isinstance(found, GroupRecords), found
    assert all(r.subject_number == number for r in found.records)
    return {
        answer.value
        for record in found.records
        if isinstance(answer := record.answers["setaiin_atenabango"], Value)
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-14", "1"),
        ("2026-10-15", "2"),
        ("2026-10-16", "2"),
    ],
    ids=["day-before", "on-the-day", "day-after"],
)
async def test_who_plans_to_move_out_is_a_resident_until_the_day(
    resident: Adapter, town: Any, day: str, expected: str
) -> None:
    """転出予定: resident the day before, moved out on the planned day and after it."""
    number = town.people["leaving"]["resident"]
    assert await state(resident, number, dt.date.fromisoformat(day)) == expected


async def test_a_split_of_a_household_changes_the_days_from_then_on(
    resident: Adapter, town: Any
) -> None:
    """世帯分離 on 2026-06-10: together the day before, apart on the day."""
    victim, child, ex = (town.people[who]["resident"] for who in ("victim", "child", "ex"))
    before, split = dt.date(2026, 6, 9), dt.date(2026, 6, 10)
    for who in (victim, child, ex):
        assert await members(resident, who, before) == {victim, child, ex}
    assert await members(resident, victim, split) == {victim, child}
    assert await members(resident, ex, split) == {ex}
    assert await members(resident, ex, None) == {ex}


async def test_nobody_is_on_the_register_before_the_first_entry(
    resident: Adapter, town: Any
) -> None:
    """A day before the first entry has no record."""
    number = town.people["born_this_year"]["resident"]
    assert await state(resident, number, dt.date(2026, 9, 7)) is None
    assert await state(resident, number, dt.date(2026, 9, 8)) == "1"


async def test_a_change_on_an_unknown_day_leaves_its_days_open(
    resident: Adapter, town: Any
) -> None:
    """Died on some day of March: alive in February, dead in April, in between nobody knows."""
    number = town.people["dead"]["resident"]
    assert await state(resident, number, dt.date(2026, 2, 28)) == "1"
    assert await state(resident, number, dt.date(2026, 4, 1)) == "3"
    for day in (dt.date(2026, 3, 1), dt.date(2026, 3, 31)):
        assert isinstance(await outcome(resident, number, STATE, day), NoHistory)
        assert isinstance(await outcome(resident, number, MEMBERS, day), NoHistory)


async def test_an_entry_that_nobody_has_decided_on_is_not_there(
    resident: Adapter, town: Any
) -> None:
    """仮登録: neither the move nor the newborn shows, today or on a day."""
    mover = town.people["provisional_move"]["resident"]
    newborn = town.people["provisional_newborn"]["resident"]
    for day in (None, dt.date(2026, 10, 1)):
        found = await outcome(resident, mover, STATE, day)
        assert isinstance(found, GroupRecords)
        (record,) = found.records
        (true,) = town.records(PERSON, "provisional_move")
        block = record.answers["jusho_banchigohyoki"]
        assert isinstance(block, Value)
        assert block.value == true["jusho_banchigohyoki"]["value"]
        assert await state(resident, newborn, day) is None
        assert await members(resident, mover, day) == {mover}


async def test_what_has_no_history_is_never_answered_with_today(
    resident: Adapter, town: Any
) -> None:
    """The group of foreign residents has no history: the day is refused, not answered."""
    number = town.people["foreign_alias"]["resident"]
    groups = {"001.gaikokujinjuminjoho": frozenset({"zairyushikaku"})}
    assert isinstance(await outcome(resident, number, groups, None), GroupRecords)
    assert isinstance(await outcome(resident, number, groups, dt.date(2026, 9, 1)), NoHistory)
