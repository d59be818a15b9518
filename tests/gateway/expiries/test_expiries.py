"""AT-8: whoever must renew something is told 60, 30 and 7 days ahead, each time once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.expiries import Expiries, ExpiryStore
from gateway.metrics import Metrics
from gateway.store.engine import Store
from gateway.store.tables import ClientCertificateRow
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.access.consumers import approve, public_jwks

TOWN = "999997"
LAST_DAY = dt.date(2027, 3, 31)


@pytest.fixture
async def registry(store: Store, clock: StoppedClock) -> AccessRegistry:
    """A consumer whose certificate ends on the day of its grant."""
    registry = AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")
    await registry.add_client("online", name="申請", contact="課", jwks=public_jwks())
    await registry.add_purpose(
        TOWN, "kosodate", name_ja="子育て", name_en="x", legal_basis="法", organ="市長"
    )
    await granted(registry, clock)
    async with store.transaction() as session:
        session.add(
            ClientCertificateRow(
                client_id="online",
                thumbprint="t" * 43,
                subject="CN=online",
                not_after=dt.datetime(2027, 3, 31, 14, 59, tzinfo=dt.UTC),
                added_at=clock.now(),
                retired_at=None,
            )
        )
    return registry


async def granted(registry: AccessRegistry, clock: StoppedClock) -> str:
    terms = GrantTerms(
        items=["001.juminkihonjoho.shimei"], valid_from=clock.now().date(), valid_to=LAST_DAY
    )
    row = await registry.propose_grant(TOWN, "online", "kosodate", terms)
    await approve(registry, row.grant_id)
    return str(row.grant_id)


@pytest.fixture
def expiries(
    store: Store, clock: StoppedClock, event_log: RecordingLog, registry: AccessRegistry
) -> Expiries:
    return Expiries(ExpiryStore(store), clock=clock, log=event_log, metrics=Metrics())


def told(log: RecordingLog) -> list[tuple[str, Any, Any]]:
    return [(level, f["kind"], f["days"]) for level, e, f in log.lines if e == "expires-soon"]


async def test_each_step_is_told_once(
    expiries: Expiries, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """61 days before the end nothing; the last step is an error; after it, that it is over."""
    start = clock.now().date()
    for days in (61, 60, 59, 31, 30, 8, 7, 1, 0, -1):
        clock.advance(days=(LAST_DAY - dt.timedelta(days=days) - start).days)
        start = clock.now().date()
        for _ in range(2):
            await expiries.run_once()
    assert told(event_log) == [
        (level, kind, days)
        for level, days in (("warning", 60), ("warning", 30), ("error", 7))
        for kind in ("certificate", "grant")
    ]


async def test_the_soonest_end_is_a_figure(
    store: Store, clock: StoppedClock, event_log: RecordingLog, registry: AccessRegistry
) -> None:
    """+Inf where nothing ends, so that an alarm on small numbers stays silent."""
    metrics = Metrics()
    expiries = Expiries(ExpiryStore(store), clock=clock, log=event_log, metrics=metrics)
    await expiries.run_once()
    assert b'hitotsu_soonest_end_days{kind="grant"} +Inf' in metrics.render()
    clock.advance(days=(LAST_DAY - clock.now().date()).days - 20)
    await expiries.run_once()
    assert b'hitotsu_soonest_end_days{kind="grant"} 20.0' in metrics.render()


async def test_what_was_taken_back_need_not_be_renewed(
    expiries: Expiries, registry: AccessRegistry, clock: StoppedClock
) -> None:
    """A revoked grant, a proposal, a retired certificate, a consumer that is refused."""
    clock.advance(days=(LAST_DAY - clock.now().date()).days - 20)
    near = await expiries.within(60)
    assert [(e.kind, e.last_day, e.days_left) for e in near] == [
        ("certificate", LAST_DAY, 20),
        ("grant", LAST_DAY, 20),
    ]
    terms = GrantTerms(
        items=["001.juminkihonjoho.shimei"], valid_from=clock.now().date(), valid_to=LAST_DAY
    )
    await registry.propose_grant(TOWN, "online", "kosodate", terms)
    assert len(await expiries.within(60)) == 2
    assert await expiries.within(19) == []
    await registry.retire_certificate("online", "t" * 43)
    assert [e.kind for e in await expiries.within(60)] == ["grant"]
    await registry.revoke_grant(TOWN, near[1].name)
    assert await expiries.within(60) == []
    await granted(registry, clock)
    await registry.revoke_client("online")
    assert await expiries.within(60) == []
