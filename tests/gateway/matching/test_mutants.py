"""Each rule of matching taken out in turn: what it is for must then go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import httpx
import pytest

from adapters.contract import FourFacts
from gateway.matching import service
from gateway.protection import ProtectionService, ProtectionStatus
from standard_models.answers import Answer
from tests.gateway.matching.conftest import HANAKO, Register
from tests.gateway.matching.test_matching import match, no_match
from tests.gateway.questions.conftest import World

Scenario = Callable[[httpx.AsyncClient, World, Register], Awaitable[None]]
Change = Callable[[pytest.MonkeyPatch], None]
_agrees = service.agrees


async def a_resident_is_found(http: httpx.AsyncClient, world: World, register: Register) -> None:
    """The room does not protect by finding nobody."""
    assert (await match(http))["subject"] == world.handles["ordinary"]


async def protected_people_are_found_by_nobody(
    http: httpx.AsyncClient, _: World, register: Register
) -> None:
    """DV-8: to agree would confirm an address."""
    register.people = [("R2", HANAKO)]
    assert await match(http) == no_match()


async def unknown_protection_is_an_outage(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """DV-3: also for people who are not protected."""
    world.clock.advance(hours=1)
    facts = {"shimei": "高橋 花子", "seinengappi": "1990-04-01", "jusho": "みどり1-2-3"}
    assert (await http.post("/v1/subjects/match", json=facts)).status_code == 503


async def another_address_is_another_person(
    http: httpx.AsyncClient, _: World, register: Register
) -> None:
    """MN-6: the stated address counts."""
    assert await match(http, jusho="港町1-1") == no_match()


async def whoever_has_left_is_not_found(
    http: httpx.AsyncClient, _: World, register: Register
) -> None:
    """除票 is another right."""
    register.people = [("R1", {**HANAKO, "juminjotai": "2"})]
    assert await match(http) == no_match()


async def without_an_address_nobody_is_found(
    http: httpx.AsyncClient, _: World, register: Register
) -> None:
    """MN-6: name and birth date alone."""
    assert await match(http, jusho=None) == no_match(1)


SCENARIOS: tuple[Scenario, ...] = (
    a_resident_is_found,
    protected_people_are_found_by_nobody,
    unknown_protection_is_an_outage,
    another_address_is_another_person,
    whoever_has_left_is_not_found,
    without_an_address_nobody_is_found,
)


def everybody_is_clear(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    patch.setattr(ProtectionService, "status", changed)


def the_address_does_not_count(patch: pytest.MonkeyPatch) -> None:
    def changed(record: Mapping[str, Answer], facts: FourFacts) -> bool:
        return _agrees(record, replace(facts, jusho=None))

    patch.setattr(service, "agrees", changed)


def the_state_does_not_count(patch: pytest.MonkeyPatch) -> None:
    from gateway.matching import comparison

    patch.setattr(comparison, "RESIDENT", "2")


MUTANTS: tuple[tuple[Change, Scenario], ...] = (
    (everybody_is_clear, protected_people_are_found_by_nobody),
    (everybody_is_clear, unknown_protection_is_an_outage),
    (the_address_does_not_count, another_address_is_another_person),
    (the_state_does_not_count, whoever_has_left_is_not_found),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_the_room_keeps_every_rule(
    http: httpx.AsyncClient, world: World, register: Register, scenario: Scenario
) -> None:
    """As it is."""
    await scenario(http, world, register)


@pytest.mark.parametrize(
    ("mutant", "scenario"), MUTANTS, ids=lambda one: getattr(one, "__name__", "")
)
async def test_without_a_rule_its_scenario_fails(
    http: httpx.AsyncClient,
    world: World,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Change,
    scenario: Scenario,
) -> None:
    """The scenario would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(http, world, register)
