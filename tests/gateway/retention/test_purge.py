"""PL-9: what is past its time goes, and nothing else does."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditStore
from gateway.retention import (
    Expired,
    Hold,
    HoldRefusedError,
    LegalHolds,
    Retention,
    RetentionStore,
    Rule,
    retention_rules,
)
from gateway.retention import service as retention_service
from gateway.store.engine import Store
from tests.doubles import StoppedClock
from tests.gateway.retention.rows import (
    NUMBERS,
    OTHER_TOWN,
    SOMEBODY,
    SOMEBODY_ELSE,
    TOWN,
    all_rows,
    ended,
    everybody,
    put,
)

RULES = retention_rules().erased
every_kind = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.kind)


@pytest.fixture
async def retention(store: Store, clock: StoppedClock) -> Retention:
    """The rules over a town with two people."""
    await everybody(store)
    return Retention(RetentionStore(store), clock=clock, actor="cli:first", rules=retention_rules())


def ends(rule: Rule, clock: StoppedClock) -> dict[str, dt.date | None]:
    """Return the days around the floor and the ceiling of a rule, by what is to become of them."""
    today = clock.now().date()
    ceiling, floor = rule.last_end_past_ceiling(today), rule.last_end_past_floor(today)
    day = dt.timedelta(days=1)
    return {
        "long ago": ceiling - 900 * day,
        "must": ceiling,
        "may": ceiling + day,
        "just may": floor,
        "stays": floor + day,
        "open": None,
    }


async def listed(
    retention: Retention, *, past_floor: bool = False, town: str = TOWN
) -> Sequence[Expired]:
    return [one async for one in retention.iter_expired(town, past_floor=past_floor)]


async def records(store: Store, function: str) -> list[dict[str, Any]]:
    rows = [json.loads(row.entry) async for row in AuditStore(store).iter_all()]
    return [row for row in rows if row["function"] == function]


@every_kind
async def test_the_dry_run_lists_exactly_the_expired_records(
    retention: Retention, store: Store, clock: StoppedClock, rule: Rule
) -> None:
    """PL-9: those past the ceiling, on demand also those past the floor; nobody else's."""
    named = {}
    for number, (what, day) in enumerate(ends(rule, clock).items()):
        named[await ended(store, rule, f"r{number}", day)] = what
        if day is not None:
            await ended(store, rule, f"r{number}-elsewhere", day, town=OTHER_TOWN)
    before = await all_rows(store)
    must, both = await listed(retention), await listed(retention, past_floor=True)
    assert [named[one.record] for one in must] == ["long ago", "must"]
    assert [named[one.record] for one in both] == ["long ago", "must", "may", "just may"]
    assert [one.must_go for one in both] == [True, True, False, False]
    assert {one.kind for one in both} == {rule.kind}
    assert {named[o.record]: o.ended for o in both} == {
        what: day for what, day in ends(rule, clock).items() if what not in {"stays", "open"}
    }
    assert await all_rows(store) == before


@every_kind
async def test_a_purge_erases_exactly_what_was_listed_and_records_it(
    retention: Retention, store: Store, clock: StoppedClock, rule: Rule
) -> None:
    """Every other row of the database is as it was; the record names what is gone, and by what."""
    days = ends(rule, clock)
    await ended(store, rule, "stays", days["stays"])
    await ended(store, rule, "may", days["may"])
    await ended(store, rule, "must-elsewhere", days["must"], town=OTHER_TOWN)
    before = await all_rows(store, "audit")
    names = [await ended(store, rule, f"gone-{number}", days["must"]) for number in (1, 2)]
    expired = [one.record for one in await listed(retention)]
    assert await retention.purge(TOWN) == len(expired)
    assert names == expired
    assert await all_rows(store, "audit") == before
    assert await listed(retention) == []
    assert len(await listed(retention, past_floor=True)) == 1
    (written,) = await records(store, "retention-purge")
    assert written["before"]["records"] == expired
    assert (written["after"]["kind"], written["terminal"]) == (rule.kind, "cli:first")
    assert await retention.purge(TOWN, past_floor=True) == 1
    assert await retention.purge(OTHER_TOWN) == 1


@every_kind
async def test_whichever_end_came_first_counts(
    retention: Retention, store: Store, clock: StoppedClock, rule: Rule
) -> None:
    """A consent that was withdrawn, a representation that lapsed: each of their ends is one."""
    day = ends(rule, clock)["must"]
    names = [
        await ended(store, rule, f"end-{column}", day, column=column)
        for column in range(len(rule.ends))
    ]
    assert [one.record for one in await listed(retention)] == names


@every_kind
async def test_nothing_under_a_legal_hold_goes(
    store: Store, clock: StoppedClock, rule: Rule
) -> None:
    """Over everything, a kind, a record, a person: until two officers have released it."""
    await everybody(store)
    other = next(kind for kind in RULES if kind != rule.kind)
    two = replace(retention_rules(), erased={kind: RULES[kind] for kind in (rule.kind, other)})
    retention = Retention(RetentionStore(store), clock=clock, actor="cli:first", rules=two)
    long_ago = ends(rule, clock)["long ago"]
    his = await ended(store, rule, "his", long_ago, who=SOMEBODY)
    hers = await ended(store, rule, "hers", long_ago, who=SOMEBODY_ELSE)
    first = LegalHolds(RetentionStore(store), clock=clock, actor="cli:first")
    second = LegalHolds(RetentionStore(store), clock=clock, actor="cli:second")
    person = (SOMEBODY, SOMEBODY * 2)
    holds = [
        (Hold(reason="令和8年（行ウ）第3号"), set()),
        (Hold(reason="開示請求", kind=rule.kind), set()),
        (Hold(reason="監査", kind=rule.kind, record=his), {hers}),
        (Hold(reason="別の種類", kind=other), {his, hers}),
    ]
    if rule.people.subjects or rule.people.numbers or rule.people.keys:
        holds.append((Hold(reason="訴え", person=person), {hers}))
        holds.append((Hold(reason="訴え", kind=rule.kind, person=person), {hers}))
    for hold, left in holds:
        row = await first.set(TOWN, hold)
        assert {one.record for one in await listed(retention)} == left
        (counts,) = [c for r, c in await retention.overview(TOWN) if r.kind == rule.kind]
        assert (counts.must_go, counts.held) == (len(left), 2 - len(left))
        assert not await first.release(TOWN, row.hold_id)
        assert {one.record for one in await listed(retention)} == left
        assert await second.release(TOWN, row.hold_id)
        assert {one.record for one in await listed(retention)} == {his, hers}
    await first.set(TOWN, Hold(reason="監査", kind=rule.kind, record=his))
    await first.set(OTHER_TOWN, Hold(reason="よその団体"))
    assert await retention.purge(TOWN, past_floor=True) == 1
    assert await RetentionStore(store).has(TOWN, rule, his)
    assert not await RetentionStore(store).has(TOWN, rule, hers)


async def test_a_reason_that_does_not_fit_sets_no_hold_and_says_so(
    retention: Retention, store: Store, clock: StoppedClock
) -> None:
    """On either database: nobody must take a refusal of the database for one that is away."""
    holds = LegalHolds(RetentionStore(store), clock=clock, actor="cli:first")
    with pytest.raises(HoldRefusedError, match="400"):
        await holds.set(TOWN, Hold(reason="あ" * 401))
    assert await holds.all(TOWN) == []
    await holds.set(TOWN, Hold(reason="あ" * 400))


async def test_a_hold_over_a_person_finds_the_measures_by_any_number_of_theirs(
    retention: Retention, store: Store, clock: StoppedClock
) -> None:
    """Also those from whom it protects: by person where an officer named them, or by number."""
    tax = {"numbering": "tax", "municipality": TOWN}
    await put(store, "source_number", **tax, number="T1", subject_id=SOMEBODY)
    parties = {
        "theirs": {"number": "T1"},
        "names the person": {"number": "T7", "other_parties": [SOMEBODY_ELSE, SOMEBODY]},
        "names the number": {"number": "T7", "other_parties": ["T9", "T1"]},
        "names another": {"number": "T7", "other_parties": ["T11", SOMEBODY_ELSE]},
        "of nobody": {"number": NUMBERS[SOMEBODY]},
    }
    for measure, values in parties.items():
        long_ago = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
        whose = {"measure_id": measure, "ended_at": long_ago, **values}
        await put(store, "protection_measure", **tax, **whose)
    holds = LegalHolds(RetentionStore(store), clock=clock, actor="cli:first")
    await holds.set(TOWN, Hold(reason="訴え", person=(SOMEBODY, SOMEBODY * 2)))
    assert [one.record for one in await listed(retention)] == ["names another", "of nobody"]


async def test_a_notice_that_was_not_handed_over_stays(
    retention: Retention, store: Store, clock: StoppedClock
) -> None:
    """Whoever must be told of a certificate is told, however late."""
    rule = RULES["notice"]
    must = ends(rule, clock)["must"]
    await ended(store, rule, "waiting", must, waiting=True)
    told = await ended(store, rule, "told", must)
    assert [one.record for one in await listed(retention, past_floor=True)] == [told]


async def test_the_last_recall_of_a_consumer_stays(retention: Retention, store: Store) -> None:
    """It goes on reading from there, also when nobody was recalled for many years."""
    for number in (1, 2):
        await put(
            store,
            "recall",
            municipality=TOWN,
            client_id="seldom",
            event_id=f"e{number}",
            acknowledged_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
        )
    assert [one.record for one in await listed(retention)] == ["e1"]


async def test_nobody_who_writes_waits_for_what_is_looked_for(
    retention: Retention, store: Store, clock: StoppedClock
) -> None:
    """A large table is read for a second or more: answers, which need their record, go on."""
    searches: list[tuple[str, bool]] = []

    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "LIMIT" in statement:
            writes = connection.get_execution_options().get("hitotsu_writes", False)
            searches.append((statement, writes))

    rule = RULES["consent"]
    await ended(store, rule, "gone", ends(rule, clock)["must"])
    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        assert await retention.purge(TOWN) == 1
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)
    assert [s for s, writes in searches if not writes and "consent" in s]
    assert [s for s, writes in searches if writes] == []


async def test_a_hold_that_is_set_while_a_purge_looks_holds(
    retention: Retention, store: Store, clock: StoppedClock
) -> None:
    """What was found is held against the holds once more where it is erased."""
    rule = RULES["consent"]
    for name, who in (("his", SOMEBODY), ("hers", SOMEBODY_ELSE)):
        await ended(store, rule, name, ends(rule, clock)["must"], who=who)

    class HeldMeanwhile(RetentionStore):
        @asynccontextmanager
        async def _alone(self) -> AsyncIterator[AsyncSession]:
            if not await self.holds(TOWN):
                hold = Hold(reason="訴え", person=(SOMEBODY, SOMEBODY * 2))
                other = LegalHolds(RetentionStore(store), clock=clock, actor="cli:other")
                await other.set(TOWN, hold)
            async with super()._alone() as session:
                yield session

    purging = Retention(HeldMeanwhile(store), clock=clock, actor="cli", rules=retention_rules())
    assert await purging.purge(TOWN) == 1
    (written,) = await records(store, "retention-purge")
    assert written["before"]["records"] == ["hers"]
    assert await RetentionStore(store).has(TOWN, rule, "his")


async def test_a_purge_goes_piece_by_piece_and_can_be_stopped(
    retention: Retention, store: Store, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece is erased and recorded, or not at all; the next purge goes on."""
    monkeypatch.setattr(retention_service, "PIECE", 2)
    rule = RULES["consent"]
    for number in range(5):
        await ended(store, rule, f"c{number}", ends(rule, clock)["must"])

    def break_off(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await retention.purge(TOWN, progress=break_off)
    assert [one.record for one in await listed(retention)] == ["c2", "c3", "c4"]
    told: list[int] = []
    assert await retention.purge(TOWN, progress=told.append) == 3
    assert told == [2, 3]
    written = await records(store, "retention-purge")
    assert [row["before"]["records"] for row in written] == [["c0", "c1"], ["c2", "c3"], ["c4"]]
