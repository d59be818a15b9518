"""Each rule of households taken out in turn: what it is for must then go wrong."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from adapters.contract import FetchRequest, FetchResult
from gateway.access import Access, Relation
from gateway.access.grants import Grant
from gateway.connections import Connection
from gateway.households import household_bases
from gateway.problems import Problem
from gateway.protection import Protection, ProtectionStatus, beside
from gateway.questions import (
    co_residents,
    household,
    household_door,
    household_list,
    members,
    service,
)
from gateway.questions.co_residents import CoResidents
from gateway.questions.members import MemberReader, Standing
from gateway.questions.parts import NotShown, PartStatus
from gateway.questions.service import QuestionService
from gateway.subjects import Subject
from tests.gateway.questions.conftest import BLOCK, NAME, TAX, World, world
from tests.gateway.questions.register import FOREVER, LIST, RESIDENT, Register, Resident
from tests.gateway.questions.test_household import (
    CHILD,
    DIED,
    EX,
    GRANDMOTHER,
    MANY,
    SPLIT,
    VICTIM,
    ask,
    database_url,
    grant,
    homes,
    logged_in_asks_for_the_household,
    names,
    register,
    revoke_households,
    secrets_in,
)

__all__ = ["database_url", "homes", "register", "world"]

Scenario = Callable[[World, Register], Awaitable[None]]


async def no_address_of_those_who_live_with_the_protected(homes: World, _: Register) -> None:
    """DV-9."""
    answer, _household = await ask(homes, VICTIM, NAME, BLOCK)
    assert not secrets_in(answer, "ひみつ町")


async def a_flag_of_somebody_unknown_counts(homes: World, _: Register) -> None:
    """DV-9: the elder child is on the list by a number nobody is known by, and it is flagged."""
    homes.systems["resident"].flagged = ("R13",)
    await homes.protection.pull()
    answer, _household = await ask(homes, "R1", NAME, BLOCK)
    assert not secrets_in(answer, "みどり一丁目")


async def the_protected_are_not_shown_to_others(homes: World, _: Register) -> None:
    """DV-8b."""
    answer, found = await ask(homes, GRANDMOTHER)
    assert (names(answer), found.not_shown) == ([GRANDMOTHER], {NotShown.ASK_OFFICE: 2})


async def the_protected_see_their_own(homes: World, _: Register) -> None:
    """The engine does not protect by saying nothing at all."""
    assert names((await ask(homes, VICTIM))[0]) == [VICTIM, CHILD]


async def the_protected_lead_to_nobody(homes: World, _: Register) -> None:
    """DV-1: whoever lives with them and is not protected has an address that leaves."""
    assert GRANDMOTHER not in names((await ask(homes, VICTIM))[0])


async def the_list_crosses_no_measure(homes: World, _: Register) -> None:
    """DV-9: its items are asked like any others."""
    await grant(homes)
    listed = f"{LIST}.setaiin_shimei"
    assert not secrets_in(await homes.ask(listed, who=GRANDMOTHER), f"氏名　{VICTIM}")
    assert not secrets_in(await homes.ask(listed, who=VICTIM), f"氏名　{GRANDMOTHER}")


async def a_neighbour_is_dropped(homes: World, register: Register) -> None:
    """WP-5."""
    register.foreign_rows = ("R3",)
    answer, _household = await ask(homes, "R1", NAME)
    assert "R3" not in names(answer)


async def another_household_is_nobodys(homes: World, register: Register) -> None:
    """WP-5."""
    register.listed_instead = {"R1": "R3"}
    answer, found = await ask(homes, "R1", NAME)
    assert (found.status, answer.members) == (PartStatus.UNAVAILABLE, ())


async def the_dead_are_no_members(homes: World, register: Register) -> None:
    """除票: also where the list of the source names them."""
    register.lists_removed = True
    answer, found = await ask(homes, "R1", NAME)
    assert ("R14" in names(answer), found.size) == (False, 5)


async def who_died_since_is_not_shown(homes: World, _: Register) -> None:
    """PL-11."""
    answer, _household = await ask(homes, "R1", NAME, as_of=DIED - dt.timedelta(days=1))
    assert "R14" not in names(answer)


async def too_many_are_refused(homes: World, register: Register) -> None:
    """PL-8."""
    more = {f"R7{n}": Resident({FOREVER: ("H5", RESIDENT)}, ("同居人",)) for n in range(21)}
    register.people |= more
    with pytest.raises(Problem):
        await ask(homes, MANY, NAME)


async def the_day_is_the_one_asked_for(homes: World, _: Register) -> None:
    """世帯分離: the man's household is another one the day before."""
    _answer, found = await ask(homes, EX, as_of=SPLIT - dt.timedelta(days=1))
    assert found.size == 3


async def a_right_to_the_person_is_none_to_the_household(homes: World, _: Register) -> None:
    """A grant counts for its own relation and bases alone."""
    with pytest.raises(Problem):
        await homes.ask(NAME, who="R1", relation={"kind": "household", "basis": "tax"})


class _OnlySubject:
    """Consents: of the person with the resident number R1 alone."""

    async def require(self, access: Access, subject: Subject, items: Sequence[str]) -> None:
        """Refuse for anybody else."""
        if items and "R1" not in subject.numbers.get("resident", ()):
            raise Problem("consent-needed")


async def each_member_agrees_for_themselves(homes: World, _: Register) -> None:
    """PL-7: the consent of the subject is not that of the family."""
    await revoke_households(homes)
    await grant(homes, relation=Relation.HOUSEHOLD, bases=("register",), consent=True)
    rooms = dataclasses.replace(homes.questions._rooms, consents=_OnlySubject())
    homes.questions = QuestionService(rooms, deadline_s=30.0)
    answer, found = await ask(homes, "R1", NAME)
    assert names(answer) == ["R1"]
    assert found.not_shown == {NotShown.ASK_OFFICE: 1, NotShown.CONSENT_NEEDED: 3}
    assert found.size == 5


async def each_person_has_a_record(homes: World, _: Register) -> None:
    """AU-10."""
    await ask(homes, MANY, NAME)
    assert len(await homes.audit()) == 30


async def a_login_is_for_one_person(homes: World, _: Register) -> None:
    """AT-6."""
    await logged_in_asks_for_the_household(homes)


async def a_removed_person_is_nobody(homes: World, _: Register) -> None:
    """PL-11: for the person alone, today and as of a day on which they were there."""
    for day in (None, DIED - dt.timedelta(days=1)):
        (part,) = (await homes.ask(NAME, who="R4", as_of=day)).parts
        assert (part.status, part.provenance) == (PartStatus.NOT_FOUND, None)


async def removed_entries_need_their_right(homes: World, _: Register) -> None:
    """PL-8."""
    with pytest.raises(Problem):
        await homes.ask(NAME, who="R4", include=["removed"])


async def yesterdays_data_is_not_of_today(homes: World, _: Register) -> None:
    """FO-7: a system that has no history, and whose own data is of 1 October."""
    homes.clock.advance(days=1)
    await homes.protection.pull()
    (part,) = (await homes.ask(TAX, who="ordinary", as_of=dt.date(2026, 10, 2))).parts
    assert part.status is PartStatus.NO_HISTORY


async def no_history_is_not_asked(homes: World, _: Register) -> None:
    """FO-7: the tax system declares none."""
    (part,) = (await homes.ask(TAX, who="ordinary", as_of=DIED)).parts
    assert part.status is PartStatus.NO_HISTORY


@dataclasses.dataclass(frozen=True)
class Mutant:
    """The engine without one rule; ``killer`` must fail of it."""

    name: str
    killer: Scenario
    patch: Callable[[pytest.MonkeyPatch], None]

    def __str__(self) -> str:
        return self.name


def _last_alone(self: household_door.Door) -> ProtectionStatus:
    return self.known[-1].status


def _everybody(*_: Protection) -> ProtectionStatus:
    return ProtectionStatus.CLEAR


def _the_clear(subject: Protection, other: Protection) -> ProtectionStatus:
    clear = other.status is ProtectionStatus.CLEAR
    return other.status if clear else beside(subject, other)


async def _all_named(*known: Any, **_: bool) -> Any:
    return dict(known[-1])


def _nobody(*_: Protection) -> ProtectionStatus:
    return ProtectionStatus.PROTECTED


def _without(standing: Standing) -> Callable[..., Standing]:
    def found(*known: Any) -> Standing:
        said = _STANDING(*known)
        return Standing.MEMBER if said is standing else said

    return found


_STANDING = members.standing_of
_FETCH = Connection.fetch


async def _today(self: Connection, request: FetchRequest) -> FetchResult:
    return await _FETCH(self, dataclasses.replace(request, on=None))


async def _never_removed(*_: Any) -> bool:
    return False


async def _one_record(_self: Any, call: Any, listed: Any, leaving: Any, *_: Any) -> list[str]:
    part = dataclasses.replace(listed.part, records=())
    audit_id = await call.record.answered("complete", [part], call.record.clock.now(), ())
    return [audit_id] * len(leaving)


MUTANTS = (
    Mutant(
        "the flag of the last member alone",
        no_address_of_those_who_live_with_the_protected,
        lambda p: p.setattr(household_door.Door, "status", property(_last_alone)),
    ),
    Mutant(
        "flags of known people alone",
        a_flag_of_somebody_unknown_counts,
        lambda p: p.setattr(
            household,
            "numbers_of",
            lambda member, _numbering: member.subject.numbers if member.subject else {},
        ),
    ),
    Mutant(
        "the protected are shown to anybody",
        the_protected_are_not_shown_to_others,
        lambda p: p.setattr(household_door, "beside", _everybody),
    ),
    Mutant(
        "whoever is not protected is shown to anybody",
        the_protected_lead_to_nobody,
        lambda p: p.setattr(household_door, "beside", _the_clear),
    ),
    Mutant(
        "records name people across a measure",
        the_list_crosses_no_measure,
        lambda p: p.setattr(co_residents, "beside", _everybody),
    ),
    Mutant(
        "records name whomever they name",
        the_list_crosses_no_measure,
        lambda p: p.setattr(CoResidents, "withheld", _all_named),
    ),
    Mutant(
        "nobody but the subject is ever shown",
        the_protected_see_their_own,
        lambda p: p.setattr(household_door, "beside", _nobody),
    ),
    Mutant(
        "the row is believed against the person's own record",
        a_neighbour_is_dropped,
        lambda p: p.setattr(members, "standing_of", _without(Standing.FOREIGN)),
    ),
    Mutant(
        "the list is believed without its subject",
        another_household_is_nobodys,
        lambda p: p.setattr(household_list, "names_subject", lambda *_: True),
    ),
    Mutant(
        "the list is believed about the dead",
        the_dead_are_no_members,
        lambda p: p.setattr(members, "standing_of", _without(Standing.NOT_ON_DAY)),
    ),
    Mutant(
        "who was removed since is not looked up",
        who_died_since_is_not_shown,
        lambda p: p.setattr(MemberReader, "_removed", _never_removed),
    ),
    Mutant(
        "no cap",
        too_many_are_refused,
        lambda p: p.setattr(
            household_list,
            "household_bases",
            lambda: dataclasses.replace(household_bases(), most_members=10_000),
        ),
    ),
    Mutant(
        "today in the place of the day",
        the_day_is_the_one_asked_for,
        lambda p: p.setattr(Connection, "fetch", _today),
    ),
    Mutant(
        "any grant for any relation",
        a_right_to_the_person_is_none_to_the_household,
        lambda p: p.setattr(Grant, "covers", lambda *_: True),
    ),
    Mutant(
        "one record for the whole household",
        each_person_has_a_record,
        lambda p: p.setattr(household.HouseholdAnswers, "_recorded", _one_record),
    ),
    Mutant(
        "a login opens the household",
        a_login_is_for_one_person,
        lambda p: p.setattr(
            service, "asked_relation", lambda asked, _: (Relation.HOUSEHOLD, asked.relation.basis)
        ),
    ),
    Mutant(
        "the removed are like anybody",
        a_removed_person_is_nobody,
        lambda p: p.setattr(service, "is_removed", lambda *_: False),
    ),
    Mutant(
        "removed entries for whoever asks",
        removed_entries_need_their_right,
        lambda p: p.setattr(service, "require_removed", lambda *_: None),
    ),
    Mutant(
        "what holds now is of any day",
        yesterdays_data_is_not_of_today,
        lambda p: p.setattr(service, "held_on", lambda parts, _: tuple(parts)),
    ),
    Mutant(
        "every system is asked for a day",
        no_history_is_not_asked,
        lambda p: p.setattr(Connection, "reaches", lambda *_: True),
    ),
    Mutant(
        "the subject's consent for everybody",
        each_member_agrees_for_themselves,
        lambda p: p.setattr(MemberReader, "_consented", _agreed),
    ),
)


async def _agreed(*_: Any) -> bool:
    return True


@pytest.mark.parametrize("scenario", [m.killer for m in MUTANTS], ids=lambda s: s.__name__)
async def test_every_scenario_holds(homes: World, register: Register, scenario: Scenario) -> None:
    """What a resident must be able to rely on."""
    await scenario(homes, register)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
async def test_without_a_rule_its_scenario_fails(
    homes: World, register: Register, mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule is what holds it, and nothing else by chance."""
    mutant.patch(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await mutant.killer(homes, register)
