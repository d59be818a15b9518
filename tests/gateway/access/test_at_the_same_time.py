"""Two people, or two gateways, at the same time: nothing comes back, nothing is said twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json

import pytest
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService, AccessStore, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    CLIENT,
    FOREIGN,
    NAME,
    PURPOSE,
    TOWN,
    claims,
    public_jwks,
    register,
    request,
    sign,
)


async def recorded(store: Store, function: str) -> list[dict[str, object]]:
    """Return the entries of a function, oldest first."""
    async with store.session() as session:
        rows = await session.scalars(
            select(AuditRow).where(AuditRow.function == function).order_by(AuditRow.sequence)
        )
        return [json.loads(row.entry) for row in rows]


def colleague(registry: AccessRegistry, actor: str) -> AccessRegistry:
    """Return the registry as somebody else uses it."""
    return AccessRegistry(registry._store, registry._dictionary, clock=registry._clock, actor=actor)


async def test_a_stolen_key_that_is_taken_away_does_not_come_back_with_another_one(
    registry: AccessRegistry, store: Store
) -> None:
    """One takes it away while others add new ones; every record follows from the one before."""
    await register(registry)
    added = [f"new-{n}" for n in range(4)]
    new = [public_jwks(**{kid: FOREIGN}) for kid in added]
    await asyncio.gather(
        registry.rotate_keys(CLIENT, add=None, retire=["ec-1"]),
        *(colleague(registry, "other").rotate_keys(CLIENT, add=jwks) for jwks in new),
    )
    row, _ = await registry.show_client(CLIENT)
    left = {key["kid"] for key in row.jwks["keys"]}
    assert left == {"rsa-1", "ed-1", *added}
    entries = await recorded(store, "client-rotate-key")
    for before, after in itertools.pairwise(entries):
        assert before["after"] == after["before"]


async def test_a_client_is_revoked_once(registry: AccessRegistry, store: Store) -> None:
    """The second one is told; the first time stands."""
    await register(registry)
    told = await asyncio.gather(
        *(registry.revoke_client(CLIENT) for _ in range(3)), return_exceptions=True
    )
    assert sorted(map(str, told)) == ["It was revoked before.", "It was revoked before.", "None"]
    assert len(await recorded(store, "client-revoke")) == 1


async def test_a_grant_is_approved_once_and_not_after_it_was_turned_down(
    registry: AccessRegistry, store: Store
) -> None:
    """Whoever comes too late is told so, and nothing is recorded that did not happen."""
    await register(registry)
    terms = GrantTerms(items=[NAME], valid_from=dt.date(2026, 4, 1))
    for _ in range(4):
        row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
        before = len(await recorded(store, "grant-approve"))
        told = await asyncio.gather(
            colleague(registry, "second").approve_grant(TOWN, row.grant_id),
            colleague(registry, "third").approve_grant(TOWN, row.grant_id),
            registry.revoke_grant(TOWN, row.grant_id),
            registry.revoke_grant(TOWN, row.grant_id),
            return_exceptions=True,
        )
        found = await registry._store.find_grant(TOWN, row.grant_id)
        assert found is not None
        approved = len(await recorded(store, "grant-approve")) - before
        assert approved == (found.approved_at is not None)
        assert sum(isinstance(one, RegistrationError) for one in told) == 3 - approved
    assert len(await recorded(store, "grant-revoke")) == 4


async def test_an_assertion_works_once_also_where_clocks_differ(
    registry: AccessRegistry, service: AccessService, store: Store, clock: StoppedClock
) -> None:
    """A gateway whose clock is ahead forgets nothing that another one would still take."""
    await register(registry)
    stolen = sign(claims(clock))
    await service.issue(request(stolen))
    ahead = clock.now() + dt.timedelta(seconds=90)
    other = dt.timedelta(seconds=60)
    assert await AccessStore(store).use_assertion(CLIENT, "another", ahead + other, ahead)
    with pytest.raises(Problem) as caught:
        await service.issue(request(stolen))
    assert caught.value.type.slug == "client-authentication-failed"
