"""AU-6: looks of curiosity call somebody within five minutes; ordinary work calls nobody."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.app import SNOOPING_INTERVAL_S
from gateway.audit import AuditEntry, AuditKind, AuditLog, AuditStore, to_record
from gateway.audit.alerts import AlertStore, Pattern, Snooping, Watches, WatchKind, WatchRefused
from gateway.audit.alerts import store as alerts_store
from gateway.audit.alerts.service import FIRST_WINDOW, FUNCTION, WINDOW, read_thresholds
from gateway.audit.alerts.watches import ANYBODY
from gateway.metrics import Metrics
from gateway.store.engine import Store
from gateway.store.tables import AuditRow, AuditWatchRow
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.audit.entries import entry

TOWN = "999997"
YAMADA, SATO = "cli:yamada", "cli:sato"
ROUND_S = 60


class Officer:
    """A security officer with everything that is looked at."""

    def __init__(
        self, store: Store, audit: AuditLog, clock: StoppedClock, log: RecordingLog
    ) -> None:
        self.store, self.audit, self.clock, self.log = store, audit, clock, log
        self.alerts = AlertStore(store)
        self.watches = Watches(self.alerts, clock, SATO)
        self.metrics = Metrics()
        self.snooping = self.started_anew()

    def started_anew(self, **changes: Any) -> Snooping:
        """Return what a gateway that is started now looks with."""
        return Snooping(self.alerts, self.audit, self.clock, self.log, self.metrics, **changes)

    async def look(self, person: int, terminal: str = YAMADA, **changes: Any) -> None:
        """Have somebody look at a person now."""
        values = {"client_id": None, "function": "audit-list", **changes}
        made = entry(at=self.clock.now(), subject_key=key(person), terminal=terminal, **values)
        await self.plant(made)

    async def plant(self, *entries: AuditEntry) -> None:
        """Write entries of other processes."""
        rows = AuditStore(self.store)
        async with self.store.transaction() as session:
            for made in entries:
                await rows.append_in(session, to_record(made))

    async def told(self) -> list[dict[str, Any]]:
        """Return what the audit record says of alerts."""
        async with self.store.session() as session:
            query = select(AuditRow.entry).where(AuditRow.function == FUNCTION)
            rows = await session.scalars(query.order_by(AuditRow.sequence))
            return [json.loads(row) for row in rows]

    async def patterns(self) -> list[str]:
        """Look once; return the kinds of the alerts so far."""
        await self.snooping.run_once()
        return sorted(row["outcome"] for row in await self.told())


def key(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def officer(
    store: Store, audit_log: AuditLog, clock: StoppedClock, event_log: RecordingLog
) -> Officer:
    return Officer(store, audit_log, clock, event_log)


async def test_a_look_at_ones_own_family_calls_somebody_within_five_minutes(
    officer: Officer,
) -> None:
    """AU-6: once, in log, figures and record; without a word of whom, but in the record."""
    await officer.watches.add(TOWN, WatchKind.FAMILY, YAMADA, [key(1), key(2)])
    await officer.look(1, terminal=SATO)
    await officer.look(3)
    assert await officer.patterns() == []
    await officer.look(2, outcome="refused")
    looked_at = officer.clock.now()
    officer.clock.advance(seconds=ROUND_S)
    assert await officer.patterns() == ["family"]
    assert officer.clock.now() - looked_at <= dt.timedelta(minutes=5)
    (said,) = await officer.told()
    assert (said["kind"], said["terminal"], said["subject_key"]) == ("event", YAMADA, key(2))
    line = {"kind": "family", "municipality": TOWN, "client_id": None, "count": 1}
    assert officer.log.lines == [("error", "snooping-suspected", line)]
    assert b'hitotsu_snooping_alerts_total{kind="family"} 1.0' in officer.metrics.render()
    officer.clock.advance(seconds=ROUND_S)
    await officer.look(2)
    assert await officer.patterns() == ["family"]


async def test_a_member_of_staff_is_the_same_wherever_they_sit(officer: Officer) -> None:
    """The console's record says who and where; the list says who."""
    await officer.watches.add(TOWN, WatchKind.FAMILY, "staff:yamada", [key(1)])
    await officer.look(1, terminal="staff:yamada2@192.0.2.7", client_id="desk")
    assert await officer.patterns() == []
    await officer.look(1, terminal="staff:yamada@192.0.2.7", client_id="desk")
    assert await officer.patterns() == ["family"]


async def test_known_names_are_nobodys_to_look_at(officer: Officer) -> None:
    """Whoever it is, also a consumer that is left out of the counts."""
    await officer.watches.add(TOWN, WatchKind.NOTABLE, ANYBODY, [key(1)])
    await officer.watches.add(TOWN, WatchKind.ACQUAINTANCE, YAMADA, [key(2)])
    officer.snooping = officer.started_anew(without=["online-service"])
    await officer.look(1, "192.0.2.7", client_id="online-service", function="question")
    await officer.look(2)
    assert await officer.patterns() == ["acquaintance", "notable"]


async def test_one_household_in_a_row(officer: Officer) -> None:
    """Three members within the hour; two are none."""
    await officer.watches.add(TOWN, WatchKind.HOUSEHOLD, ANYBODY, [key(n) for n in range(5)])
    await officer.look(0)
    await officer.look(1)
    await officer.look(2, SATO)
    assert await officer.patterns() == []
    await officer.look(4)
    assert await officer.patterns() == ["household"]


async def test_one_person_again_and_again(officer: Officer) -> None:
    """Ten times within the hour by the same one."""
    for _ in range(read_thresholds().repeated_at_least - 1):
        await officer.look(1)
    await officer.look(1, SATO)
    await officer.look(1, "192.0.2.7", client_id="online-service")
    assert await officer.patterns() == []
    await officer.look(1)
    assert await officer.patterns() == ["repeated"]


async def test_a_mass_of_people(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a hundred within the hour; not for services that work for many.

    Also where it is read in many pieces, so that questions get their turn.
    """
    monkeypatch.setattr(alerts_store, "PIECE", 7)
    looks = [
        entry(at=officer.clock.now(), subject_key=key(n), terminal="192.0.2.7", client_id=client)
        for client in ("counter", "online-service")
        for n in range(101)
    ]
    await officer.plant(*looks[:100], *looks[101:])
    officer.snooping = officer.started_anew(without=["online-service"])
    assert await officer.patterns() == []
    await officer.plant(looks[100])
    assert await officer.patterns() == ["mass"]
    assert (await officer.told())[0]["client_id"] == "counter"


@pytest.mark.parametrize(
    ("time", "patterns"),
    [
        ("2026-10-01T08:29:59", ["closed-hours"]),
        ("2026-10-01T08:30:00", []),
        ("2026-10-01T17:14:59", []),
        ("2026-10-01T17:15:00", ["closed-hours"]),
        ("2026-10-03T11:00:00", ["closed-hours"]),
        ("2026-10-12T11:00:00", ["closed-hours"]),
    ],
    ids=["before", "opens", "late", "closes", "saturday", "holiday"],
)
async def test_outside_of_office_hours(officer: Officer, time: str, patterns: list[str]) -> None:
    """By the national calendar, to the second."""
    officer.clock.time = dt.datetime.fromisoformat(f"{time}+09:00")
    await officer.look(1)
    assert await officer.patterns() == patterns


async def test_a_year_whose_holidays_are_unknown_is_told_once(officer: Officer) -> None:
    """The other patterns go on."""
    officer.clock.time = dt.datetime.fromisoformat("2031-01-05T03:00:00+09:00")
    await officer.watches.add(TOWN, WatchKind.NOTABLE, ANYBODY, [key(1)])
    await officer.look(1)
    assert await officer.patterns() == ["notable"]
    assert await officer.patterns() == ["notable"]
    assert officer.log.events.count("holidays-unknown") == 1


async def test_what_was_done_while_nobody_looked_is_found_at_the_start(officer: Officer) -> None:
    """Of the last day, on the lists; counts are those of the last hour alone."""
    await officer.watches.add(TOWN, WatchKind.FAMILY, YAMADA, [key(1)])
    for _ in range(20):
        await officer.look(1)
    officer.clock.advance(seconds=FIRST_WINDOW.total_seconds() - 1)
    assert await officer.patterns() == ["family"]
    assert await officer.started_anew().run_once() == 0


async def test_another_process_does_not_tell_it_again_and_the_next_day_does(
    officer: Officer,
) -> None:
    """Once a day in Tokyo, whoever looks."""
    await officer.watches.add(TOWN, WatchKind.FAMILY, YAMADA, [key(1)])
    await officer.look(1)
    assert await officer.snooping.run_once() == 1
    assert await officer.started_anew().run_once() == 0
    officer.clock.advance(days=1)
    await officer.look(1)
    assert await officer.snooping.run_once() == 1


async def test_lists_end_and_belong_to_one_town(officer: Officer) -> None:
    """Nobody is called for a list that is over, or of another town."""
    first = await officer.watches.add(TOWN, WatchKind.FAMILY, YAMADA, [key(1)])
    await officer.watches.add("999989", WatchKind.FAMILY, YAMADA, [key(1)])
    assert await officer.watches.end(TOWN, first)
    assert not await officer.watches.end(TOWN, first)
    await officer.look(1)
    assert await officer.patterns() == []


async def test_lists_are_recorded_with_before_and_after(officer: Officer) -> None:
    """AU-11; a row for each person, by the pseudonym."""
    watch_id = await officer.watches.add(TOWN, WatchKind.FAMILY, YAMADA, [key(1), key(2), key(1)])
    await officer.watches.end(TOWN, watch_id)
    async with officer.store.session() as session:
        rows = await session.scalars(select(AuditRow).order_by(AuditRow.sequence))
        records = [json.loads(row.entry) for row in rows]
        kept = (await session.scalars(select(AuditWatchRow))).all()
    after = {"watch_id": watch_id, "kind": "family", "operator": YAMADA}
    assert [(r["kind"], r["subject_key"], r["before"], r["after"]) for r in records] == [
        (AuditKind.SETTINGS, key(1), None, after),
        (AuditKind.SETTINGS, key(2), None, after),
        (AuditKind.SETTINGS, None, {"watch_id": watch_id}, None),
    ]
    assert {row.ended_at for row in kept} == {officer.clock.now()}


@pytest.mark.parametrize(
    ("kind", "operator"),
    [(WatchKind.FAMILY, ANYBODY), (WatchKind.ACQUAINTANCE, ANYBODY),
     (WatchKind.NOTABLE, YAMADA), (WatchKind.HOUSEHOLD, YAMADA)],
)  # fmt: skip
async def test_a_list_that_would_mean_nothing_is_refused(
    officer: Officer, kind: WatchKind, operator: str
) -> None:
    """Family is somebody's, known names are everybody's."""
    with pytest.raises(WatchRefused):
        await officer.watches.add(TOWN, kind, operator, [key(1)])


def test_looks_are_looked_for_often_enough() -> None:
    """AU-6: within five minutes."""
    assert SNOOPING_INTERVAL_S <= 300


def test_every_list_is_a_pattern() -> None:
    """And looks are looked for over an hour."""
    assert {kind.value for kind in WatchKind} <= {pattern.value for pattern in Pattern}
    assert dt.timedelta(hours=1) == WINDOW
