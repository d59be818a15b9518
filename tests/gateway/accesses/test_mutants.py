"""DV-13, or what holds the report to the view, taken out: a test of the room must then fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.accesses import store as accesses_store
from gateway.accesses.holds import DisclosureHolds
from gateway.accesses.reports import DisclosureReport, DisclosureReports
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.subjects import Subject
from tests.doubles import StoppedClock
from tests.gateway.accesses import test_inference as inference
from tests.gateway.accesses import test_own_accesses as room_tests
from tests.gateway.accesses.conftest import Residents, world

__all__ = ["world"]

Change = Callable[[pytest.MonkeyPatch], None]
Scenario = Callable[[Residents, StoppedClock], Awaitable[None]]


def everybody_is_clear(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    patch.setattr(ProtectionService, "status", changed)


def relatives_dealings_are_shown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(accesses_store, "_AS_RELATIVE", "no text of any record")


def nothing_is_held(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> list[accesses_store.Hidden]:
        return []

    patch.setattr(DisclosureHolds, "in_force", changed)


def every_report_is_made_at_the_counter(patch: pytest.MonkeyPatch) -> None:
    true = DisclosureReports.make

    async def changed(
        self: DisclosureReports, town: str, subject: Subject, *, at_counter: bool, actor: str
    ) -> DisclosureReport:
        assert at_counter in {True, False}
        return await true(self, town, subject, at_counter=True, actor=actor)

    patch.setattr(DisclosureReports, "make", changed)


async def the_account_shows_no_agency(residents: Residents, _: StoppedClock) -> None:
    await room_tests.test_the_list_of_a_protected_person_is_had_at_the_office(residents)


def a_story_of(kinship: str) -> Scenario:
    async def story(residents: Residents, _: StoppedClock) -> None:
        await inference.test_dealings_of_the_other_change_nothing(residents, kinship)

    return story


MUTANTS: tuple[tuple[Change, Scenario], ...] = (
    (everybody_is_clear, the_account_shows_no_agency),
    (
        everybody_is_clear,
        room_tests.test_while_nobodys_protection_is_known_everybody_is_sent_to_the_office,
    ),
    *((relatives_dealings_are_shown, a_story_of(kinship)) for kinship in inference.OTHERS),
    (nothing_is_held, room_tests.test_a_sealed_use_is_never_shown),
    (nothing_is_held, room_tests.test_an_investigation_hides_uses_through_its_last_day),
    (every_report_is_made_at_the_counter, the_account_shows_no_agency),
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
