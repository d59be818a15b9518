"""DV-13 taken out: a test of the room must then fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.protection import ProtectionService, ProtectionStatus
from tests.doubles import StoppedClock
from tests.gateway.accesses import test_own_accesses as room_tests
from tests.gateway.accesses.conftest import Residents, world

__all__ = ["world"]

Change = Callable[[pytest.MonkeyPatch], None]
Scenario = Callable[[Residents, StoppedClock], Awaitable[None]]


def everybody_is_clear(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    patch.setattr(ProtectionService, "status", changed)


async def the_account_shows_no_agency(residents: Residents, _: StoppedClock) -> None:
    await room_tests.test_the_list_of_a_protected_person_is_had_at_the_office(residents)


MUTANTS: tuple[tuple[Change, Scenario], ...] = (
    (everybody_is_clear, the_account_shows_no_agency),
    (
        everybody_is_clear,
        room_tests.test_while_nobodys_protection_is_known_everybody_is_sent_to_the_office,
    ),
)


@pytest.mark.parametrize(("mutant", "scenario"), MUTANTS, ids=lambda one: one.__name__)
async def test_without_the_rule_its_test_fails(
    residents: Residents,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Change,
    scenario: Scenario,
) -> None:
    """The test would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(residents, clock)
