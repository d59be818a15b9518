"""Measures that officers set: at once, without an end by date, ended by two."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.clock import TOKYO
from gateway.protection.measures import MeasureKind, MeasureRefusedError, Measures
from gateway.protection.store import MeasureStore, Wanted
from gateway.protection.terms import MeasureState, last_reminded, reminder_of, term_of
from gateway.store.engine import Store
from gateway.store.tables import AuditRow, ProtectionMeasureRow
from standard_models.answers import Absence, AbsenceReason, Value
from tests.doubles import StoppedClock
from tests.gateway.questions.conftest import BLOCK, NAME, TOWN, World, world

__all__ = ["world"]

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
TODAY = dt.date(2026, 10, 1)


def officer(store: Store, clock: StoppedClock, name: str = "first") -> Measures:
    return Measures(MeasureStore(store), clock=clock, actor=name)


async def address(world: World) -> object:
    """Return what an ordinary person's address answers."""
    return (await world.ask(BLOCK)).parts[0].records[0]["jusho_choaza"]


@pytest.mark.parametrize("kind", MeasureKind)
@pytest.mark.parametrize(("numbering", "number"), [("resident", "R1"), ("tax", "T1")])
async def test_a_measure_protects_from_the_next_question_on(
    world: World, kind: MeasureKind, numbering: str, number: str
) -> None:
    """DV-2, DV-4 and DV-10: of every kind, by whichever number the officer has."""
    assert await address(world) == Value("みどり一丁目")
    await officer(world.store, world.clock).set(TOWN, numbering, number, kind)
    assert await address(world) == ASK_OFFICE
    answer = await world.ask(NAME, BLOCK)
    assert answer.parts[0].records[0]["shimei"] == Value("見本　花子")
    assert (await world.ask(BLOCK, who="newcomer")).parts[0].records[0] == {
        "jusho_choaza": Value("みどり一丁目")
    }


@pytest.mark.parametrize("days", [364, 365, 366, 765])
async def test_a_measure_lapses_by_no_date(world: World, days: int) -> None:
    """DV-5: the day before its end, its last day, the day after, 400 days later."""
    measures = officer(world.store, world.clock)
    await measures.set(TOWN, "resident", "R1", MeasureKind.FULL)
    world.clock.advance(days=days)
    await world.protection.pull()
    assert await address(world) == ASK_OFFICE


@pytest.mark.parametrize(
    ("since", "last"),
    [
        (dt.date(2026, 6, 10), dt.date(2027, 6, 9)),
        (dt.date(2028, 2, 29), dt.date(2029, 2, 27)),
        (dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        (dt.date(9999, 12, 31), dt.date(9999, 12, 31)),
    ],
)
def test_a_term_is_one_year(since: dt.date, last: dt.date) -> None:
    """DV-5: its last day is the day before the same day of the next year."""
    assert term_of(since) == last


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (dt.date(2027, 8, 29), MeasureState.IN_FORCE),
        (dt.date(2027, 8, 30), MeasureState.ENDS_SOON),
        (dt.date(2027, 9, 30), MeasureState.ENDS_SOON),
        (dt.date(2027, 10, 1), MeasureState.ENDED_REVIEW),
    ],
)
async def test_officers_are_reminded_a_month_before_the_end_of_a_term(
    store: Store, clock: StoppedClock, day: dt.date, state: MeasureState
) -> None:
    """DV-5: and afterwards that it is to be reviewed."""
    measures = officer(store, clock)
    row = await measures.set(TOWN, "resident", "R1", MeasureKind.FULL)
    assert row.until == dt.date(2027, 9, 30)
    clock.time = StoppedClock(f"{day.isoformat()}T10:00:00+09:00").time
    ((_, found),) = await measures.all(TOWN)
    assert found is state


async def test_one_officer_alone_ends_nothing(world: World) -> None:
    """DV-6: the first proposes, however often; the second ends."""
    first = officer(world.store, world.clock)
    row = await first.set(TOWN, "resident", "R1", MeasureKind.FULL)
    assert await first.end(TOWN, row.measure_id) is False
    assert await address(world) == ASK_OFFICE
    with pytest.raises(MeasureRefusedError):
        await first.end(TOWN, row.measure_id)
    assert await address(world) == ASK_OFFICE
    assert await officer(world.store, world.clock, "second").end(TOWN, row.measure_id)
    assert await address(world) == Value("みどり一丁目")
    assert await first.all(TOWN) == []


async def test_another_measure_of_the_same_person_goes_on(world: World) -> None:
    """Each is ended by itself."""
    first = officer(world.store, world.clock)
    row = await first.set(TOWN, "resident", "R1", MeasureKind.PROVISIONAL)
    await first.set(TOWN, "welfare", "W1", MeasureKind.FULL)
    await first.end(TOWN, row.measure_id)
    await officer(world.store, world.clock, "second").end(TOWN, row.measure_id)
    assert await address(world) == ASK_OFFICE


async def test_an_extension_takes_a_proposed_end_back(store: Store, clock: StoppedClock) -> None:
    """Whoever extends has another opinion than whoever proposed."""
    first, second = officer(store, clock), officer(store, clock, "second")
    row = await first.set(TOWN, "resident", "R1", MeasureKind.FULL)
    await first.end(TOWN, row.measure_id)
    await second.extend(TOWN, row.measure_id, dt.date(2028, 9, 30))
    assert await second.end(TOWN, row.measure_id) is False
    with pytest.raises(MeasureRefusedError):
        await first.extend(TOWN, row.measure_id, dt.date(2028, 9, 30))


async def test_a_change_that_somebody_else_was_faster_with_is_refused(
    store: Store, clock: StoppedClock
) -> None:
    """Two officers at one measure do not overwrite each other."""
    first = officer(store, clock)
    row = await first.set(TOWN, "resident", "R1", MeasureKind.FULL)
    stale = await MeasureStore(store).find(TOWN, row.measure_id)
    assert stale is not None
    await first.extend(TOWN, row.measure_id, dt.date(2028, 9, 30))
    with pytest.raises(MeasureRefusedError):
        await first._change(stale, "protection-end-propose", {"end_proposed_by": "first"})


async def test_measures_of_another_municipality_are_not_there(
    store: Store, clock: StoppedClock
) -> None:
    """Neither found nor ended."""
    row = await officer(store, clock).set(TOWN, "resident", "R1", MeasureKind.FULL)
    with pytest.raises(MeasureRefusedError):
        await officer(store, clock).end("131016", row.measure_id)
    assert await officer(store, clock).all("131016") == []


async def test_the_record_says_who_did_what_and_not_for_whom(
    store: Store, clock: StoppedClock
) -> None:
    """Before and after, without any number of the person."""
    first, second = officer(store, clock), officer(store, clock, "second")
    row = await first.set(
        TOWN, "resident", "canary-0017", MeasureKind.FULL, subject_key="pseudonym"
    )
    await first.end(TOWN, row.measure_id)
    await second.end(TOWN, row.measure_id)
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = [json.loads(found.entry) for found in rows]
    assert [(s["function"], s["terminal"]) for s in said] == [
        ("protection-set", "first"),
        ("protection-end-propose", "first"),
        ("protection-end", "second"),
    ]
    assert said[0]["subject_key"] == "pseudonym"
    assert said[2]["before"]["end_proposed_by"] == "first"
    assert "canary" not in json.dumps(said)


async def test_a_term_that_ends_before_it_begins_is_refused(
    store: Store, clock: StoppedClock
) -> None:
    """Nothing is written."""
    with pytest.raises(MeasureRefusedError):
        await officer(store, clock).set(
            TOWN, "resident", "R1", MeasureKind.FULL, until=TODAY - dt.timedelta(days=1)
        )
    assert await officer(store, clock).all(TOWN) == []


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(-40, 70))
def test_the_last_term_of_which_officers_are_reminded(day: dt.date, days: int) -> None:
    """DV-5: the list finds by one comparison what each reminder says."""
    until = day + dt.timedelta(days=days)
    assert (until <= last_reminded(day)) == (reminder_of(until) <= day)


async def test_the_list_finds_the_states_that_each_measure_has(
    store: Store, clock: StoppedClock
) -> None:
    """On both databases, for every end and everything that a source can have said."""
    today = clock.now().astimezone(TOKYO).date()
    said = (None, "gone", "moved-out", "ended")
    async with store.transaction() as session:
        for n, (days, word) in enumerate(itertools.product(range(-2, 40), said)):
            session.add(
                ProtectionMeasureRow(
                    measure_id=f"{n:04}",
                    municipality=TOWN,
                    numbering="resident",
                    number="R1",
                    kind="full",
                    since=dt.date(2020, 1, 1),
                    until=today + dt.timedelta(days=days),
                    set_by="source:x",
                    set_at=clock.now(),
                    source_said=word,
                )
            )
    measures = officer(store, clock)
    everything = await measures.all(TOWN)
    assert {state for _, state in everything} == set(MeasureState)
    for state in MeasureState:
        found, total = await measures.page(TOWN, Wanted(state=state), limit=1000, offset=0)
        expected = [row.measure_id for row, stands in everything if stands is state]
        assert [row.measure_id for row, _ in found] == expected
        assert total == len(expected)
    found, total = await measures.page(TOWN, Wanted(), limit=10, offset=20)
    assert [row.measure_id for row, _ in found] == [r.measure_id for r, _ in everything[20:30]]
    assert total == len(everything)


async def test_an_end_is_agreed_to_where_it_was_proposed(store: Store, clock: StoppedClock) -> None:
    """One person may have an account in each place."""
    row = await officer(store, clock, "cli:a").set(TOWN, "resident", "R1", MeasureKind.FULL)
    await officer(store, clock, "cli:a").end(TOWN, row.measure_id)
    with pytest.raises(MeasureRefusedError, match="where that was proposed"):
        await officer(store, clock, "staff:a").end(TOWN, row.measure_id)
    assert await officer(store, clock, "cli:b").end(TOWN, row.measure_id)
