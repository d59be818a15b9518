"""Each rule of acting for others taken out in turn: what it is for must then go wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.contract import FlagReport, MeasureKind, ProtectionFlag
from gateway.access import Relation
from gateway.access import service as access_service
from gateway.protection import ProtectionStatus
from gateway.protection.parties import service as parties
from gateway.protection.parties import store as parties_store
from gateway.protection.store import flags
from gateway.representations import registry
from gateway.representations.service import RepresentationService
from gateway.representations.store import RepresentationStore
from gateway.subjects import SubjectService
from tests.gateway.protection.room import patch_status
from tests.gateway.questions.conftest import NAME, PURPOSE, TAX, TOWN
from tests.gateway.representations.conftest import PEOPLE, Family

TODAY = dt.date(2026, 10, 1)
TOMORROW = TODAY + dt.timedelta(days=1)
Scenario = Callable[[Family], Awaitable[None]]
Change = Callable[[pytest.MonkeyPatch], None]


async def mandate(family: Family, **terms: Any) -> None:
    """Let AGENT act for PRINCIPAL, for one purpose until tomorrow."""
    usual = {"purposes": [PURPOSE], "valid_to": TOMORROW}
    await family.register("principal", "agent", "mandate", **usual | terms)


async def a_parent_acts(family: Family) -> None:
    """The room does not protect by letting nobody act."""
    await family.register("child", "victim")
    await family.protect("child")
    assert await family.may("victim", "child")


async def whoever_the_measure_names_is_refused(family: Family) -> None:
    """DV-12."""
    await family.register("child", "ex")
    await family.protect("child")
    assert not await family.may("ex", "child")


async def whoever_the_measure_names_is_told_of_nobody(family: Family) -> None:
    """DV-12: the list is no way round."""
    await family.register("child", "ex")
    await family.protect("child")
    assert await family.listed("ex") == []


async def nobody_is_found_through_a_child_who_is_not_flagged(family: Family) -> None:
    """DV-12: the child lives with the parent whom the measure protects."""
    await family.register("child", "ex")
    await family.protect("victim")
    assert not await family.may("ex", "child")
    assert await family.listed("ex") == []


async def a_measure_that_names_nobody_closes(family: Family) -> None:
    """DV-12, fail closed."""
    await family.register("child", "victim")
    await family.protect("child", against=None)
    assert not await family.may("victim", "child")


async def one_measure_without_a_name_among_several_closes(family: Family) -> None:
    """DV-12: rows of one kind."""
    await family.register("child", "victim")
    number = PEOPLE["child"]
    await family.flags(
        ProtectionFlag(number, MeasureKind.FULL, None, None),
        ProtectionFlag(number, MeasureKind.FULL, None, None, (PEOPLE["ex"],)),
    )
    assert not await family.may("victim", "child")


async def what_stays_of_a_flag_names_whom_the_flag_named(family: Family) -> None:
    """DV-12: the other parent goes on to act."""
    await family.register("child", "victim")
    await family.protect("child")
    await family.flags()
    assert await family.may("victim", "child")


async def what_stays_of_a_flag_closes_to_whom_it_named(family: Family) -> None:
    """DV-12, DV-5."""
    await family.register("child", "ex")
    await family.protect("child")
    await family.flags()
    assert not await family.may("ex", "child")


async def one_flag_without_a_name_among_those_that_went_closes(family: Family) -> None:
    """DV-12: fail closed."""
    await family.register("child", "victim")
    number = PEOPLE["child"]
    await family.flags(
        ProtectionFlag(number, MeasureKind.FULL, None, None),
        ProtectionFlag(number, MeasureKind.PROVISIONAL, None, None, (PEOPLE["ex"],)),
    )
    await family.flags()
    assert not await family.may("victim", "child")


async def unknown_status_closes(family: Family) -> None:
    """DV-12, DV-3."""
    await family.register("ward", "guardian", "guardian-of-adult")
    family.world.clock.advance(minutes=11)
    assert not await family.may("guardian", "ward")


async def a_measure_meanwhile_counts(family: Family) -> None:
    """DV-12, DV-10."""
    await family.register("child", "ex")
    script = family.world.systems["tax"].script

    async def slow(request: Any) -> Any:
        await family.protect("child")
        return await script(request)

    family.world.systems["tax"].script = slow
    assert not await family.may("ex", "child", TAX)


async def majority_ends_it(family: Family) -> None:
    """未成年の代理."""
    await family.register("child", "victim")
    family.world.clock.time = dt.datetime.fromisoformat("2036-02-17T00:00:00+09:00")
    await family.world.protection.pull()
    assert not await family.may("victim", "child")


async def it_ends_on_its_last_day(family: Family) -> None:
    """Dates."""
    await mandate(family)
    family.world.clock.advance(days=2)
    await family.world.protection.pull()
    assert not await family.may("agent", "principal")


async def it_begins_on_its_first_day(family: Family) -> None:
    """Dates."""
    await mandate(family, valid_from=TOMORROW)
    assert not await family.may("agent", "principal")


async def another_purpose_is_another_mandate(family: Family) -> None:
    """Scope."""
    await family.grant(NAME, purpose="other")
    await mandate(family)
    assert not await family.may("agent", "principal", purpose="other")


async def other_items_are_another_mandate(family: Family) -> None:
    """Scope."""
    await mandate(family, items=[NAME])
    assert not await family.may("agent", "principal", NAME, TAX)


async def one_officer_is_not_enough(family: Family) -> None:
    """Two persons."""
    await family.propose("child", "victim")
    assert not await family.may("victim", "child")


async def nobody_approves_their_own(family: Family) -> None:
    """Two persons."""
    made = await family.propose("child", "victim")
    refused = False
    try:
        await family.officer().approve(TOWN, made)
    except registry.RepresentationRefusedError:
        refused = True
    assert refused


async def an_end_counts_at_once(family: Family) -> None:
    """One officer takes it back."""
    made = await family.register("child", "victim")
    await family.officer().end(TOWN, made)
    assert not await family.may("victim", "child")


async def it_is_for_one_person(family: Family) -> None:
    """A representative of one is none of another."""
    await family.register("child", "victim")
    assert not await family.may("victim", "ward")


async def the_grant_must_be_for_representatives(family: Family) -> None:
    """Relation."""
    await family.grant(NAME, purpose="other", relation=Relation.SELF)
    await family.register("child", "victim")
    assert not await family.may("victim", "child", purpose="other")


async def operations_without_items_need_the_grant_too(family: Family) -> None:
    """Relation: what is taken back, or verified, as well."""
    await family.register("child", "victim")
    access = family.access("victim", "other")
    acted = True
    try:
        await family.world.subjects.resolve(access, family.handle("child"))
    except Exception:  # noqa: BLE001 - any refusal will do
        acted = False
    assert not acted


SCENARIOS: tuple[Scenario, ...] = (
    a_parent_acts,
    whoever_the_measure_names_is_refused,
    whoever_the_measure_names_is_told_of_nobody,
    nobody_is_found_through_a_child_who_is_not_flagged,
    a_measure_that_names_nobody_closes,
    one_measure_without_a_name_among_several_closes,
    what_stays_of_a_flag_names_whom_the_flag_named,
    what_stays_of_a_flag_closes_to_whom_it_named,
    one_flag_without_a_name_among_those_that_went_closes,
    unknown_status_closes,
    a_measure_meanwhile_counts,
    majority_ends_it,
    it_ends_on_its_last_day,
    it_begins_on_its_first_day,
    another_purpose_is_another_mandate,
    other_items_are_another_mandate,
    one_officer_is_not_enough,
    nobody_approves_their_own,
    an_end_counts_at_once,
    it_is_for_one_person,
    the_grant_must_be_for_representatives,
    operations_without_items_need_the_grant_too,
)


def measures_bar_nobody(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> frozenset[str]:
        return frozenset()

    patch.setattr(parties.OtherParties, "barred", changed)
    nobody_is_named(patch)


def nobody_is_named(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> bool:
        return False

    patch.setattr(parties.OtherParties, "is_named", changed)


def measures_bar_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parties, "names", lambda *_: True)


def a_measure_without_a_name_names_nobody(patch: pytest.MonkeyPatch) -> None:
    names = parties.names
    patch.setattr(parties, "names", lambda m, p: bool(m.other_parties) and names(m, p))


def the_last_row_names(patch: pytest.MonkeyPatch) -> None:
    def changed(report: FlagReport) -> Any:
        return [(flag, tuple(flag.other_parties or ()) or None) for flag in report.flags]

    patch.setattr(flags, "_with_parties", changed)


def what_stays_names_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flags, "_both", lambda *_: None)


def what_stays_names_by_person(patch: pytest.MonkeyPatch) -> None:
    named = parties_store._named
    patch.setattr(
        parties_store,
        "_named",
        lambda row, *, by_officer: named(row, by_officer="source" in row._fields),
    )


def the_last_flag_that_went_names(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flags, "_both", lambda _, parties: parties)


def unknown_is_clear(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    patch_status(patch, changed)


def looked_up_once(patch: pytest.MonkeyPatch) -> None:
    resolve, known = SubjectService.resolve, {}

    async def changed(self: SubjectService, asker: Any, handle: str, items: Any = ()) -> Any:
        if handle not in known:
            known[handle] = await resolve(self, asker, handle, items)
        return known[handle]

    patch.setattr(SubjectService, "resolve", changed)


def majority_never_comes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registry, "last_day_of_minority", lambda *_: dt.date(2100, 1, 1))


def found_without(patch: pytest.MonkeyPatch, where: str) -> None:
    """Let the store look for what is in force without one of its conditions."""
    all_ = RepresentationStore.all

    async def changed(
        self: RepresentationStore, town: str, representative: str, day: dt.date
    ) -> Any:
        def counts(row: Any) -> bool:
            begun = where == "begin" or row.valid_from <= day
            lasts = where == "end" or row.valid_to is None or day <= row.valid_to
            agreed = where == "approval" or row.approved_at is not None
            return row.representative_id == representative and begun and lasts and agreed

        return [row for row in await all_(self, town) if counts(row)]

    patch.setattr(RepresentationStore, "in_force", changed)


def it_never_ends(patch: pytest.MonkeyPatch) -> None:
    found_without(patch, "end")


def it_begins_at_once(patch: pytest.MonkeyPatch) -> None:
    found_without(patch, "begin")


def approval_does_not_count(patch: pytest.MonkeyPatch) -> None:
    found_without(patch, "approval")


def every_purpose_is_meant(patch: pytest.MonkeyPatch) -> None:
    async def changed(self: RepresentationService, asker: Any, who: Any) -> Any:
        return await self._store.in_force(asker.municipality, who.subject_id, TODAY)

    patch.setattr(RepresentationService, "in_force", changed)


def every_item_is_meant(patch: pytest.MonkeyPatch) -> None:
    acting = RepresentationService.acting

    async def changed(self: Any, asker: Any, who: Any, of: Any, _: Any) -> Any:
        return await acting(self, asker, who, of, ())

    patch.setattr(RepresentationService, "acting", changed)


def the_first_officer_approves(patch: pytest.MonkeyPatch) -> None:
    class Anybody(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return False

        __hash__ = str.__hash__

    made = registry.RepresentationRegistry.__init__

    def changed(self: Any, *args: Any, actor: str, **others: Any) -> None:
        made(self, *args, actor=Anybody(actor), **others)

    patch.setattr(registry.RepresentationRegistry, "__init__", changed)


def an_end_is_only_noted(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> None:
        return None

    patch.setattr(registry.RepresentationRegistry, "end", changed)


def whoever_represents_somebody_represents_all(patch: pytest.MonkeyPatch) -> None:
    from gateway.representations import service

    async def changed(self: Any, asker: Any, who: Any, *_: Any) -> Any:
        rows = await self.in_force(asker, who)
        return service.acting_by(rows[0]) if rows else None

    patch.setattr(RepresentationService, "acting", changed)


def any_grant_will_do(patch: pytest.MonkeyPatch) -> None:
    granted = access_service.granted_on
    patch.setattr(
        access_service,
        "granted_on",
        lambda now, grants, login, *_: granted(now, grants, login, relation=None),
    )


def grants_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> bool:
        return True

    patch.setattr(RepresentationService, "_granted", changed)


MUTANTS: tuple[tuple[Change, Scenario], ...] = (
    (measures_bar_everybody, a_parent_acts),
    (measures_bar_nobody, whoever_the_measure_names_is_refused),
    (measures_bar_nobody, whoever_the_measure_names_is_told_of_nobody),
    (nobody_is_named, nobody_is_found_through_a_child_who_is_not_flagged),
    (a_measure_without_a_name_names_nobody, a_measure_that_names_nobody_closes),
    (the_last_row_names, one_measure_without_a_name_among_several_closes),
    (what_stays_names_nobody, what_stays_of_a_flag_names_whom_the_flag_named),
    (what_stays_names_by_person, what_stays_of_a_flag_closes_to_whom_it_named),
    (the_last_flag_that_went_names, one_flag_without_a_name_among_those_that_went_closes),
    (unknown_is_clear, unknown_status_closes),
    (looked_up_once, a_measure_meanwhile_counts),
    (majority_never_comes, majority_ends_it),
    (it_never_ends, majority_ends_it),
    (it_never_ends, it_ends_on_its_last_day),
    (it_begins_at_once, it_begins_on_its_first_day),
    (every_purpose_is_meant, another_purpose_is_another_mandate),
    (every_item_is_meant, other_items_are_another_mandate),
    (approval_does_not_count, one_officer_is_not_enough),
    (the_first_officer_approves, nobody_approves_their_own),
    (an_end_is_only_noted, an_end_counts_at_once),
    (whoever_represents_somebody_represents_all, it_is_for_one_person),
    (any_grant_will_do, the_grant_must_be_for_representatives),
    (grants_are_not_looked_at, operations_without_items_need_the_grant_too),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_the_room_keeps_every_rule(family: Family, scenario: Scenario) -> None:
    """As it is."""
    await scenario(family)


@pytest.mark.parametrize(
    ("mutant", "scenario"), MUTANTS, ids=lambda one: getattr(one, "__name__", "")
)
async def test_without_a_rule_its_scenario_fails(
    family: Family, monkeypatch: pytest.MonkeyPatch, mutant: Change, scenario: Scenario
) -> None:
    """The scenario would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(family)


def test_every_scenario_has_its_mutant() -> None:
    """A promise that no change can break promises nothing."""
    assert {scenario for _, scenario in MUTANTS} == set(SCENARIOS)
