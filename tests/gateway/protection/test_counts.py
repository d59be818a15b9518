"""DV-17: what was withheld and revealed, by day, and who is called for it."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.protection.counts import WithheldOfDay
from gateway.protection.measures import MeasureKind
from gateway.protection.reminders import Reminders
from gateway.protection.store import CountStore, MeasureStore
from gateway.store.engine import Store
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.protection.room import officer
from tests.gateway.protection.test_openings import lift, terms
from tests.gateway.questions.conftest import BLOCK, MAIL, TOWN, World, world

__all__ = ["world"]

TODAY = dt.date(2026, 10, 1)
TOMORROW = dt.date(2026, 10, 2)


async def test_withheld_and_revealed_are_stored_by_day(world: World) -> None:
    """DV-17: days end at midnight in Tokyo; a second process adds to the same figures."""
    store = CountStore(world.store)
    await world.ask(BLOCK, MAIL, who="protected")
    await world.ask(BLOCK, MAIL, who="ordinary")
    await world.protection.counts.store(store)
    await world.protection.counts.store(store)
    assert await store.of_day(TOWN, TODAY) == (2, 0)
    await store.add([(TOWN, TODAY, 1, 0)])
    world.clock.advance(hours=14)
    await world.protection.pull()
    await lift(world, terms())
    await world.ask(BLOCK, MAIL, who="protected")
    await world.protection.counts.store(store)
    assert await store.of_day(TOWN, TODAY) == (3, 0)
    assert await store.of_day(TOWN, TOMORROW) == (1, 1)
    assert await store.of_day("999998", TODAY) == (0, 0)


def figure(world: World) -> str:
    """Return the line of the metrics that tells what was withheld."""
    lines = world.metrics.render().decode().splitlines()
    (line,) = [one for one in lines if one.startswith("hitotsu_withheld_items_of_day")]
    return line


async def test_no_figure_moves_because_a_protected_person_was_asked_for(world: World) -> None:
    """DV-8, DV-9: neither with the first question of a day nor with any other; the clock alone."""
    store = CountStore(world.store)
    daily = WithheldOfDay(store, world.clock, world.metrics)
    told = []
    for time, items in (
        ("01T10:00", (BLOCK, MAIL)),
        ("02T00:30", (BLOCK,)),
        ("02T01:10", (BLOCK,)),
        ("02T12:00", (BLOCK, MAIL)),
        ("03T00:59", ()),
        ("03T01:00", ()),
        ("04T02:00", (BLOCK,)),
    ):
        world.clock.time = dt.datetime.fromisoformat(f"2026-10-{time}+09:00")
        await world.protection.pull()
        await daily.run_once()
        before = figure(world)
        if items:
            await world.ask(*items, who="protected")
        await world.protection.counts.store(store)
        await daily.run_once()
        assert figure(world) == before, time
        told.append(float(before.split()[1]))
    assert told == [0, 0, 2, 2, 2, 4, 0]


async def test_what_could_not_be_stored_is_stored_later(world: World) -> None:
    """A database that is away for a while costs no figure."""

    class Broken(CountStore):
        async def add(self, counted: object) -> None:
            raise OSError("away")

    await world.ask(BLOCK, who="protected")
    with pytest.raises(OSError, match="away"):
        await world.protection.counts.store(Broken(world.store))
    await world.protection.counts.store(CountStore(world.store))
    assert await CountStore(world.store).of_day(TOWN, TODAY) == (1, 0)


async def test_the_first_reveal_of_a_day_wakes_the_officer_on_duty(world: World) -> None:
    """DV-17: an error in the log once a day, a warning for each other one."""
    await lift(world, terms())
    for _ in range(2):
        await world.ask(BLOCK, who="protected")
    world.clock.advance(hours=24)
    await world.protection.pull()
    await lift(world, terms())
    await world.ask(BLOCK, who="protected")
    levels = [level for level, event, _ in world.log.lines if event == "protected-items-revealed"]
    assert levels == ["error", "warning", "error"]


async def test_officers_are_reminded_once_of_each_term(
    store: Store, clock: StoppedClock, event_log: RecordingLog, world: World
) -> None:
    """DV-5: a month before the end and after it; never whose it is."""
    reminders = Reminders(MeasureStore(store), clock=clock, log=event_log)
    await officer(world).set(
        TOWN, "resident", "canary-0017", MeasureKind.FULL, since=dt.date(2026, 6, 10)
    )
    for _ in range(2):
        await reminders.run_once()
    assert "protection-to-be-reviewed" not in event_log.events
    clock.time = dt.datetime(2027, 5, 9, 9, tzinfo=clock.time.tzinfo)
    for _ in range(2):
        await reminders.run_once()
    clock.time = dt.datetime(2027, 6, 10, 9, tzinfo=clock.time.tzinfo)
    for _ in range(2):
        await reminders.run_once()
    said = [f for _, event, f in event_log.lines if event == "protection-to-be-reviewed"]
    assert said == [
        {"municipality": TOWN, "state": "ends-soon", "count": 1},
        {"municipality": TOWN, "state": "ended-review", "count": 1},
    ]
    assert "canary" not in event_log.text
