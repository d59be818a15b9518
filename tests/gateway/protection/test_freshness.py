"""Whose status is known: only with a young copy of every source that may flag anybody."""

import datetime as dt

import pytest

from adapters.contract import Deadline, FlagReport
from adapters.errors import Unavailable
from gateway.connections import Connection, Connections, RefusedAdapter
from gateway.metrics import Metrics
from gateway.protection import FlagStore, ProtectionService, ProtectionStatus
from gateway.store.engine import Store
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.questions.scripted import ScriptedAdapter, holding, manifest_of

TOWN = "999997"
PERSON = {"resident": ("R1",)}


def service(
    store: Store,
    clock: StoppedClock,
    log: RecordingLog,
    *,
    authorities: int = 1,
    refused: tuple[RefusedAdapter, ...] = (),
    max_age: dt.timedelta = dt.timedelta(minutes=10),
) -> ProtectionService:
    opened = [
        Connection(
            TOWN,
            manifest_of(f"resident{number or ''}", ["001.juminkihonjoho"], flags=True),
            ScriptedAdapter(holding()),
            clock=clock,
            log=log,
            metrics=Metrics(),
        )
        for number in range(authorities)
    ]
    connections = Connections(opened, refused)
    return ProtectionService(
        FlagStore(store), connections, clock=clock, log=log, flag_max_age=max_age
    )


async def test_before_the_first_pull_nobodys_status_is_known(
    store: Store, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """A gateway that has just been set up protects everybody."""
    protection = service(store, clock, event_log)
    assert await protection.status(TOWN, PERSON) is ProtectionStatus.UNKNOWN
    await protection.pull()
    assert await protection.status(TOWN, PERSON) is ProtectionStatus.CLEAR


@pytest.mark.parametrize(("minutes", "told"), [(0.5, True), (1, True), (2, False)])
async def test_a_source_that_may_not_be_read_before_its_copy_is_too_old_is_told_of(
    store: Store, clock: StoppedClock, event_log: RecordingLog, minutes: float, told: bool
) -> None:
    """Its ``poll_s`` (a minute) is not shorter than the town's limit: addresses stop each time."""
    protection = service(store, clock, event_log, max_age=dt.timedelta(minutes=minutes))
    await protection.pull()
    line = ("error", "flags-read-too-seldom", {"adapter": "scripted-resident"})
    assert (line in event_log.lines) is told


async def test_a_source_is_read_no_more_often_than_it_can_bear(
    store: Store, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """``poll_s`` of its manifest. One that failed is read at the next time; a pull reads now."""
    protection = service(store, clock, event_log)
    (source,) = protection._connections.all()
    reads = []

    async def list_of(deadline: Deadline) -> FlagReport:
        reads.append(deadline)
        if len(reads) == 3:
            raise Unavailable("down")
        return FlagReport((), clock.now(), clock.now())

    source.protection_flags = list_of  # type: ignore[method-assign]

    async def reads_after(seconds: float) -> int:
        clock.advance(seconds=seconds)
        await protection.poll()
        return len(reads)

    waits = (0, 1, 58, 1, 59, 1, 1, 59, 60)
    assert [await reads_after(s) for s in waits] == [1, 1, 1, 2, 2, 3, 4, 4, 5]
    await protection.pull()
    assert len(reads) == 6


async def test_without_any_authority_nobodys_status_is_known(
    store: Store, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """A town that has connected no source of flags gets no address."""
    protection = service(store, clock, event_log, authorities=0)
    await protection.pull()
    assert await protection.status(TOWN, PERSON) is ProtectionStatus.UNKNOWN


@pytest.mark.parametrize(
    ("may_hold_flags", "status"),
    [(True, ProtectionStatus.UNKNOWN), (False, ProtectionStatus.CLEAR)],
)
async def test_an_adapter_that_cannot_be_used_may_hide_flags(
    store: Store,
    clock: StoppedClock,
    event_log: RecordingLog,
    may_hold_flags: bool,
    status: ProtectionStatus,
) -> None:
    """A quarantined authority does not silently drop out of the union."""
    refused = RefusedAdapter(TOWN, "broken", "code", "理由", may_hold_flags)
    protection = service(store, clock, event_log, refused=(refused,))
    await protection.pull()
    assert await protection.status(TOWN, PERSON) is status


@pytest.mark.parametrize(
    ("max_age", "age", "status"),
    [
        (dt.timedelta(minutes=5), dt.timedelta(minutes=5), ProtectionStatus.CLEAR),
        (dt.timedelta(minutes=5), dt.timedelta(minutes=5, seconds=1), ProtectionStatus.UNKNOWN),
        (dt.timedelta(hours=1), dt.timedelta(minutes=10), ProtectionStatus.CLEAR),
        (dt.timedelta(hours=1), dt.timedelta(minutes=10, seconds=1), ProtectionStatus.UNKNOWN),
    ],
)
async def test_the_lower_of_the_towns_and_the_sources_limit_counts(
    store: Store,
    clock: StoppedClock,
    event_log: RecordingLog,
    max_age: dt.timedelta,
    age: dt.timedelta,
    status: ProtectionStatus,
) -> None:
    """The source of this test allows ten minutes."""
    protection = service(store, clock, event_log, max_age=max_age)
    await protection.pull()
    clock.time += age
    assert await protection.status(TOWN, PERSON) is status


async def test_two_authorities_must_both_be_fresh(
    store: Store, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """The union over systems needs every one of them."""
    both = service(store, clock, event_log, authorities=2)
    only_one = service(store, clock, event_log, authorities=1)
    await only_one.pull()
    assert await both.status(TOWN, PERSON) is ProtectionStatus.UNKNOWN
    await both.pull()
    assert await both.status(TOWN, PERSON) is ProtectionStatus.CLEAR
