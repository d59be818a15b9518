"""People whom a source lists no more, and copies that are not what the source says."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import delete, update

from adapters.contract import FlagReport, MeasureKind, ProtectionFlag
from adapters.errors import Unavailable
from gateway.protection import FlagStore, ProtectionStatus
from gateway.protection.terms import MeasureState
from gateway.store.tables import ProtectionFlagRow
from standard_models.answers import Absence, AbsenceReason, Value
from tests.gateway.protection.room import end_all, officer
from tests.gateway.questions.conftest import BLOCK, TOWN, World, world
from tests.gateway.questions.scripted import TIME

__all__ = ["world"]

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
UNAVAILABLE = Absence(AbsenceReason.UNAVAILABLE)


async def block(world: World, who: str = "protected") -> object:
    return (await world.ask(BLOCK, who=who)).parts[0].records[0]["jusho_choaza"]


async def lists(world: World, *flags: ProtectionFlag) -> None:
    """Let the resident system list exactly these flags, and read them."""

    async def report(_: object) -> FlagReport:
        return FlagReport(flags, TIME, world.clock.now())

    world.systems["resident"].protection_flags = report  # type: ignore[method-assign]
    world.clock.advance(seconds=1)
    await world.protection.pull()


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (None, MeasureState.PROVISIONAL),
        (dt.date(2026, 10, 1), MeasureState.PROVISIONAL),
        (dt.date(2026, 9, 30), MeasureState.ENDED_REVIEW),
    ],
    ids=["without an end", "before its end", "after its end"],
)
async def test_who_is_listed_no_more_stays_protected_until_two_officers_end_it(
    world: World, until: dt.date | None, state: MeasureState
) -> None:
    """DV-5, DV-15: who moved out, and whose term has passed; an officer is called."""
    await lists(world, ProtectionFlag("R2", MeasureKind.FULL, dt.date(2026, 1, 1), until))
    await lists(world)
    assert "flags-gone" in world.log.events
    assert await block(world) == ASK_OFFICE
    assert [found for _, found in await officer(world).all(TOWN)] == [state]
    world.clock.advance(days=400)
    await world.protection.pull()
    assert await block(world) == ASK_OFFICE
    await end_all(world)
    assert await block(world) == Value("みどり一丁目")


async def test_who_is_listed_again_is_left_to_the_list(world: World) -> None:
    """A source that forgets everybody for a minute makes no work, and nobody is shown."""
    await lists(world)
    await lists(world)
    assert len(await officer(world).all(TOWN)) == 1
    await lists(world, ProtectionFlag("R2", MeasureKind.FULL, None, None))
    assert await officer(world).all(TOWN) == []
    assert await block(world) == ASK_OFFICE


async def test_what_one_list_lost_is_not_ended_by_the_list_of_another_system(
    world: World,
) -> None:
    """DV-12: both list the person by one numbering, and each names somebody else."""
    against = ProtectionFlag("R2", MeasureKind.FULL, None, None, ("R1",))
    await lists(world, against)
    await lists(world)
    (before,) = await officer(world).all(TOWN)
    assert before[0].other_parties == ["R1"]
    world.clock.advance(seconds=1)
    other = ProtectionFlag("R2", MeasureKind.FULL, None, None, ("R3",))
    now = world.clock.now()
    report = FlagReport((other,), TIME, now)
    await FlagStore(world.store).replace(TOWN, "welfare-office", "resident", report, now)
    assert [row.measure_id for row, _ in await officer(world).all(TOWN)] == [before[0].measure_id]
    await lists(world, against)
    assert await officer(world).all(TOWN) == []


async def test_another_kind_of_measure_is_no_end(world: World) -> None:
    """DV-4: what was provisional was decided."""
    await lists(world, ProtectionFlag("R2", MeasureKind.PROVISIONAL, None, None))
    await lists(world, ProtectionFlag("R2", MeasureKind.FULL, None, None))
    assert await officer(world).all(TOWN) == []


@pytest.mark.parametrize("planted", ["lost", "altered"])
async def test_a_copy_that_somebody_altered_stops_disclosure(world: World, planted: str) -> None:
    """RE-2: one planted difference calls somebody, and no address leaves until it was looked at."""
    row = ProtectionFlagRow
    async with world.store.transaction() as session:
        if planted == "lost":
            await session.execute(delete(row).where(row.number == "R2"))
        else:
            await session.execute(update(row).where(row.number == "R2").values(number="R9"))
    await world.protection.pull()
    assert ("error", "flags-differ", {"adapter": "scripted-resident"}) in world.log.lines
    for _ in range(2):
        assert await block(world) == await block(world, "ordinary") == UNAVAILABLE
        await world.protection.pull()
    (found,) = await world.protection.compare(TOWN)
    assert (found.equal, found.flags) == (True, 1)
    assert await block(world) == ASK_OFFICE
    assert await block(world, "ordinary") == Value("みどり一丁目")


async def test_a_comparison_finds_what_was_planted_a_moment_ago(world: World) -> None:
    """RE-2: the comparison itself stops disclosure; the next one finds both sides equal."""
    async with world.store.transaction() as session:
        await session.execute(delete(ProtectionFlagRow))
    (found,) = await world.protection.compare(TOWN)
    assert (found.equal, found.altered) == (False, True)
    assert await block(world, "ordinary") == UNAVAILABLE
    (found,) = await world.protection.compare(TOWN)
    assert found.equal
    assert await block(world) == ASK_OFFICE


async def test_a_source_that_says_something_else_each_time_is_not_believed(world: World) -> None:
    """RE-2: two readings in a row that differ; one of them leaves somebody out."""
    readings = iter([("R2",), ("R1", "R2")])

    async def report(_: object) -> FlagReport:
        flags = [ProtectionFlag(n, MeasureKind.FULL, None, None) for n in next(readings)]
        return FlagReport(tuple(flags), TIME, world.clock.now())

    world.systems["resident"].protection_flags = report  # type: ignore[method-assign]
    (found,) = await world.protection.compare(TOWN)
    assert (found.only_source, found.only_copy, found.equal) == (1, 0, False)
    assert await world.protection.status(TOWN, {}) is ProtectionStatus.UNKNOWN


async def test_a_source_that_cannot_be_read_is_not_equal(world: World) -> None:
    """RE-2: a gate that nobody could look through stays shut; the copy ages as before."""
    world.systems["resident"].flagged = Unavailable("down")
    (found,) = await world.protection.compare(TOWN)
    assert (found.readable, found.equal) == (False, False)
    assert await block(world) == ASK_OFFICE


async def test_flags_by_numbers_that_nobody_is_known_by_call_somebody(world: World) -> None:
    """DV-4: a list that writes numbers otherwise than the links protects nobody; said once."""
    await lists(world, ProtectionFlag("R2", MeasureKind.FULL, None, None))
    assert "flags-of-nobody" not in world.log.events
    strange = [ProtectionFlag(f"0R{n}", MeasureKind.FULL, None, None) for n in (1, 2)]
    for _ in range(2):
        await lists(world, *strange)
    assert world.log.events.count("flags-of-nobody") == 1
    await lists(world, *strange, ProtectionFlag("0R3", MeasureKind.FULL, None, None))
    assert world.log.events.count("flags-of-nobody") == 2
