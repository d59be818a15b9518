"""Grants of households: registered with their bases, and good for nothing else."""

from __future__ import annotations

import json

import pytest

from gateway.access import AccessRegistry, AccessService, RegistrationError, Relation
from gateway.access.grants import GrantTerms
from gateway.audit import AuditQuery, AuditStore
from gateway.problems import Problem
from gateway.store.engine import Store
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import CLIENT, PURPOSE, TOWN, approve, register

KANA = "001.juminkihonjoho.shimei_furigana"


async def propose(registry: AccessRegistry, clock: StoppedClock, *bases: str) -> str:
    terms = GrantTerms(
        items=[KANA],
        valid_from=clock.now().date(),
        relation=Relation.HOUSEHOLD,
        bases=bases,
    )
    return (await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)).grant_id


async def test_a_grant_of_a_household_is_for_its_bases_after_four_eyes(
    registry: AccessRegistry, service: AccessService, store: Store, clock: StoppedClock
) -> None:
    """Proposed by one, approved by another; the record of it says of whom and by which lists."""
    await register(registry)
    grant_id = await propose(registry, clock, "tax", "register", "tax")

    async def household(basis: str) -> frozenset[str]:
        found = await service.grants_for(
            TOWN, CLIENT, PURPOSE, relation=Relation.HOUSEHOLD, basis=basis
        )
        assert found.bases == {"register", "tax"}
        assert found.relation is Relation.HOUSEHOLD
        return found.items

    with pytest.raises(Problem):
        await household("register")
    await approve(registry, grant_id)
    assert await household("register") == await household("tax") == {KANA}
    with pytest.raises(Problem) as caught:
        await household("nhi")
    assert caught.value.type.slug == "relation-not-granted"
    assert KANA not in (await service.grants_for(TOWN, CLIENT, PURPOSE)).items
    anybody = await service.grants_for(TOWN, CLIENT, PURPOSE, relation=None)
    assert KANA in anybody.items
    rows = await AuditStore(store).list(AuditQuery(municipality=TOWN))
    facts = [json.loads(row.entry).get("after", {}) for row in rows]
    assert {"relation": "household", "bases": ["register", "tax"]}.items() <= next(
        f for f in facts if f.get("grant_id") == grant_id
    ).items()


async def test_a_household_without_a_basis_and_a_basis_without_household_are_refused(
    registry: AccessRegistry, clock: StoppedClock
) -> None:
    """There is no *the* household; and a basis that nobody knows is none."""
    await register(registry)
    for bases in ((), ("neighbours",)):
        with pytest.raises(RegistrationError):
            await propose(registry, clock, *bases)
    alone = GrantTerms(items=[KANA], valid_from=clock.now().date(), bases=("register",))
    with pytest.raises(RegistrationError):
        await registry.propose_grant(TOWN, CLIENT, PURPOSE, alone)
