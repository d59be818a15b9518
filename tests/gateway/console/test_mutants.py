"""Each rule of the console taken out in turn: the test that is about it must fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest

from gateway.console.persons import Persons, Reveals
from gateway.console.persons import service as persons_service
from gateway.console.staff import Right, StaffService
from gateway.console.staff import service as staff_service
from gateway.console.staff.store import StaffStore
from gateway.console.web.shell import Shell
from gateway.protection import officers
from tests.gateway.console import test_login as logins
from tests.gateway.console import test_person_pages as people
from tests.gateway.console import test_reveal as reveals
from tests.gateway.console import test_rights_matrix as rights
from tests.gateway.console.office import ONE_DATABASE, Office

pytestmark = ONE_DATABASE
Change = Callable[[pytest.MonkeyPatch], None]
Scenario = Callable[[Office, pytest.MonkeyPatch], Awaitable[None]]


def the_page_does_not_look_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(persons_service, "through_the_door", lambda part, *_: part)


def no_banner(patch: pytest.MonkeyPatch) -> None:
    sheets = Persons.sheets

    async def changed(self: Persons, *args: Any) -> Any:
        found = await sheets(self, *args)
        return persons_service.Sheets(found.parts, guarded=False)

    patch.setattr(Persons, "sheets", changed)


def the_page_uses_what_is_open(patch: pytest.MonkeyPatch) -> None:
    ask = Persons._ask

    async def changed(self: Persons, looking: Any, items: Any, *, use_openings: bool) -> Any:
        return await ask(self, looking, items, use_openings=True)

    patch.setattr(Persons, "_ask", changed)
    the_page_does_not_look_again(patch)


def a_colleagues_proposal_serves_too(patch: pytest.MonkeyPatch) -> None:
    async def changed(self: Reveals, looking: Any) -> Any:
        return await self._store.all(looking.member.municipality, self._clock.now())

    patch.setattr(Reveals, "_own", changed)


def acting_takes_no_factors(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: Any) -> None:
        return None

    patch.setattr(StaffService, "confirm", changed)


def attempts_are_not_limited(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(staff_service, "MAX_FAILURES", 1_000)


def a_code_works_again(patch: pytest.MonkeyPatch) -> None:
    succeed = StaffStore.succeed

    async def changed(self: StaffStore, staff_id: str, _: int, values: Mapping[str, Any]) -> bool:
        return await succeed(self, staff_id, 1, values) or True

    patch.setattr(StaffStore, "succeed", changed)


def rights_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: Any) -> None:
        return None

    patch.setattr(Shell, "_require", changed)


def two_names_agree(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(officers, "in_one_place", lambda *_: True)


def what_is_open_is_not_used(patch: pytest.MonkeyPatch) -> None:
    async def changed(self: Persons, looking: Any, items: Iterable[str]) -> Any:
        return await self._ask(looking, tuple(items), use_openings=False)

    patch.setattr(Persons, "shown", changed)


async def staffed(office: Office) -> Office:
    """Return the office with two who ask and one who agrees."""
    await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL)
    await office.hire("tanaka", Right.VIEW_PERSON, Right.REVEAL)
    await office.hire("honda", Right.PROTECTION)
    return office


async def a_late_flag(office: Office, patch: pytest.MonkeyPatch) -> None:
    await office.hire("sato", Right.VIEW_PERSON)
    browser = await office.at_work("sato")
    await people.test_a_flag_that_comes_after_the_answer_hides_it_still(office, browser, patch)


def of_office(test: Callable[[Office], Awaitable[None]]) -> Scenario:
    async def scenario(office: Office, _: pytest.MonkeyPatch) -> None:
        await test(office)

    scenario.__name__ = test.__name__
    return scenario


def of_staffed(test: Callable[[Office], Awaitable[None]]) -> Scenario:
    async def scenario(office: Office, _: pytest.MonkeyPatch) -> None:
        await test(await staffed(office))

    scenario.__name__ = test.__name__
    return scenario


async def matrix(office: Office, _: pytest.MonkeyPatch) -> None:
    await rights.test_every_page_opens_with_its_own_right_alone(office, None)


BANNER = people.test_the_banner_stands_on_every_page_with_a_protected_person
CLOSED = reveals.test_the_ordinary_page_stays_closed_while_something_is_open
OWN = reveals.test_what_is_agreed_is_for_whoever_proposed_it_and_this_person_alone
FACTORS = reveals.test_acting_takes_both_factors_once_more
EXEMPT = reveals.test_with_an_exemption_of_the_desk_a_reason_and_a_second_look_suffice
TWO = reveals.test_nobody_agrees_to_their_own_proposal
LOCK = logins.test_five_failures_lock_an_account_for_half_an_hour
ONCE = logins.test_every_failure_looks_the_same


@pytest.mark.parametrize(
    ("mutant", "scenario"),
    [
        (the_page_does_not_look_again, a_late_flag),
        (no_banner, of_office(BANNER)),
        (the_page_uses_what_is_open, of_staffed(CLOSED)),
        (a_colleagues_proposal_serves_too, of_staffed(OWN)),
        (acting_takes_no_factors, of_staffed(FACTORS)),
        (what_is_open_is_not_used, of_staffed(EXEMPT)),
        (two_names_agree, of_office(TWO)),
        (attempts_are_not_limited, of_office(LOCK)),
        (a_code_works_again, of_office(ONCE)),
        (rights_are_not_asked, matrix),
    ],
    ids=lambda one: one.__name__,
)
async def test_without_a_rule_its_test_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch, mutant: Change, scenario: Scenario
) -> None:
    """The test would notice."""
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await scenario(office, monkeypatch)
