"""Each rule of protection taken out in turn: what it is for must then go wrong.

A scenario is what a resident must be able to rely on. All of them hold of the engine as it is; a
mutant is the engine without one rule, and at least the scenario named beside it must fail of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from adapters.contract import FetchRequest, FetchResult, FlagReport, MeasureKind, ProtectionFlag
from adapters.errors import Unavailable
from gateway.connections import Connections
from gateway.protection import FlagStore, ProtectionService, ProtectionStatus
from gateway.protection.measures import MeasureKind as OfficersKind
from gateway.protection.measures import Measures
from gateway.protection.store import MeasureStore
from gateway.questions import door
from gateway.questions import service as questions_service
from gateway.questions.parts import Part
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from tests.gateway.protection.room import patch_status
from tests.gateway.questions.conftest import BLOCK, MAIL, NAME, TOWN, World, world
from tests.gateway.questions.scripted import TIME, knowing_nobody

__all__ = ["world"]

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
UNAVAILABLE = Absence(AbsenceReason.UNAVAILABLE)
HOUSE, LETTERS = Value("みどり一丁目"), Value("あおば二丁目")
PAST = dt.date(2020, 1, 1)


async def addresses(world: World, who: str = "protected") -> list[Answer]:
    """Return what the house and the mailing address of a person answer."""
    answer = await world.ask(BLOCK, MAIL, who=who)
    return [value for part in answer.parts for one in part.records for value in one.values()]


async def flag(world: World, *flags: ProtectionFlag) -> None:
    """Let the resident system report exactly these flags, and read them."""

    async def report(_: object) -> FlagReport:
        return FlagReport(flags, TIME, world.clock.now())

    world.systems["resident"].protection_flags = report  # type: ignore[method-assign]
    await world.protection.pull()


async def no_address_leaves(world: World) -> None:
    """DV-1, DV-2: of any system, though only the resident system has flagged."""
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def others_are_served(world: World) -> None:
    """The engine does not protect by saying nothing at all."""
    assert await addresses(world, "ordinary") == [HOUSE, LETTERS]


async def an_application_counts(world: World) -> None:
    """DV-4: a provisional measure protects like a decided one."""
    await flag(world, ProtectionFlag("R1", MeasureKind.PROVISIONAL, None, None))
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def nothing_lapses(world: World) -> None:
    """DV-5: a measure whose last day has passed protects."""
    await flag(world, ProtectionFlag("R1", MeasureKind.FULL, PAST, PAST))
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def any_number_counts(world: World) -> None:
    """DV-2: a measure by a number of another system."""
    measures = Measures(MeasureStore(world.store), clock=world.clock, actor="officer")
    await measures.set(TOWN, "tax", "T1", OfficersKind.FULL)
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def an_old_copy_protects_everybody(world: World) -> None:
    """DV-3: and all alike, flagged or not."""
    world.clock.advance(minutes=10, seconds=1)
    assert await addresses(world) == [UNAVAILABLE, UNAVAILABLE]
    assert await addresses(world, "ordinary") == [UNAVAILABLE, UNAVAILABLE]


async def a_source_that_fails_ages(world: World) -> None:
    """DV-3: reading in vain is not reading."""
    world.systems["resident"].flagged = Unavailable("down")
    world.clock.advance(minutes=10, seconds=1)
    await world.protection.pull()
    assert await addresses(world, "ordinary") == [UNAVAILABLE, UNAVAILABLE]


async def nothing_recorded_looks_the_same(world: World) -> None:
    """DV-8: an address that is not recorded is withheld like one that is."""
    world.systems["tax"].script = knowing_nobody()
    (part,) = (await world.ask(MAIL, who="protected")).parts
    assert list(part.absences.values()) == [ASK_OFFICE]


async def a_new_flag_counts_at_once(world: World) -> None:
    """DV-10: whatever was known of the person before."""
    assert await addresses(world, "ordinary") == [HOUSE, LETTERS]
    await flag(world, ProtectionFlag("R1", MeasureKind.FULL, None, None))
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def a_flag_that_comes_while_a_system_answers_counts(world: World) -> None:
    """DV-10: the status is looked up last."""
    script = world.systems["tax"].script

    async def slow(request: FetchRequest) -> FetchResult:
        await flag(world, ProtectionFlag("R1", MeasureKind.FULL, None, None))
        return await script(request)

    world.systems["tax"].script = slow
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def names_are_served(world: World) -> None:
    """Only the address class is withheld."""
    (part,) = (await world.ask(NAME, who="protected")).parts
    assert part.records == [{"shimei": Value("見本　花子")}]


SCENARIOS: Mapping[str, Callable[[World], Awaitable[None]]] = {
    scenario.__name__: scenario
    for scenario in (
        no_address_leaves,
        others_are_served,
        an_application_counts,
        nothing_lapses,
        any_number_counts,
        an_old_copy_protects_everybody,
        a_source_that_fails_ages,
        nothing_recorded_looks_the_same,
        a_new_flag_counts_at_once,
        a_flag_that_comes_while_a_system_answers_counts,
        names_are_served,
    )
}

Change = Callable[[pytest.MonkeyPatch, World], None]


def no_door(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(questions_service, "through_the_door", lambda part, *_: part)


def door_for_records_alone(patch: pytest.MonkeyPatch, _: World) -> None:
    whole = questions_service.through_the_door

    def changed(part: Part, status: ProtectionStatus, opened: frozenset[str]) -> Part:
        return dataclasses.replace(whole(part, status, opened), absences=part.absences)

    patch.setattr(questions_service, "through_the_door", changed)


def door_for_everything(patch: pytest.MonkeyPatch, _: World) -> None:
    def changed(answers: Mapping[str, Answer], _: Any, status: ProtectionStatus) -> dict[str, Any]:
        clear = status is ProtectionStatus.CLEAR
        return {name: value if clear else ASK_OFFICE for name, value in answers.items()}

    patch.setattr(door, "withhold", changed)


def every_copy_fresh(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(ProtectionService, "_fresh", lambda *_: True)


def a_failure_renews_the_copy(patch: pytest.MonkeyPatch, world: World) -> None:
    pull = ProtectionService.pull

    async def changed(self: ProtectionService) -> None:
        await pull(self)
        store = FlagStore(world.store)
        report = FlagReport((), TIME, world.clock.now())
        await store.replace(TOWN, "scripted-resident", "resident", report, world.clock.now())

    patch.setattr(ProtectionService, "pull", changed)


def only_own_numbering(patch: pytest.MonkeyPatch, _: World) -> None:
    status = ProtectionService.status

    async def changed(self: ProtectionService, town: str, numbers: Mapping[str, Any]) -> Any:
        return await status(self, town, {"resident": numbers.get("resident", ())})

    patch_status(patch, changed)


def without(patch: pytest.MonkeyPatch, dropped: Callable[[ProtectionFlag], bool]) -> None:
    replace = FlagStore.replace

    async def changed(self: FlagStore, *place: Any) -> Any:
        *before, report, read_at = place
        kept = tuple(one for one in report.flags if not dropped(one))
        return await replace(self, *before, dataclasses.replace(report, flags=kept), read_at)

    patch.setattr(FlagStore, "replace", changed)


def applications_do_not_count(patch: pytest.MonkeyPatch, _: World) -> None:
    without(patch, lambda one: one.kind is MeasureKind.PROVISIONAL)


def measures_lapse(patch: pytest.MonkeyPatch, _: World) -> None:
    without(patch, lambda one: one.until is not None and one.until < dt.date(2026, 10, 1))


def known_once_is_known_for_good(patch: pytest.MonkeyPatch, _: World) -> None:
    status, seen = ProtectionService.status, {}

    async def changed(self: ProtectionService, town: str, numbers: Mapping[str, Any]) -> Any:
        key = str(numbers)
        if key not in seen:
            seen[key] = await status(self, town, numbers)
        return seen[key]

    patch_status(patch, changed)


def status_is_looked_up_first(patch: pytest.MonkeyPatch, world: World) -> None:
    status, ask = ProtectionService.status, questions_service.ask_system
    early: list[Any] = []
    one_at_a_time = asyncio.Lock()

    async def changed_ask(call: Any, *others: Any) -> Any:
        async with one_at_a_time:
            if not early:
                early.append(await status(world.protection, TOWN, call.known))
        return await ask(call, *others)

    async def changed_status(*_: Any) -> Any:
        return early.pop()

    patch.setattr(questions_service, "ask_system", changed_ask)
    patch_status(patch, changed_status)


def nobody_is_protected(patch: pytest.MonkeyPatch, _: World) -> None:
    async def changed(*_: Any) -> Any:
        return ProtectionStatus.CLEAR

    patch_status(patch, changed)


def everybody_is_protected(patch: pytest.MonkeyPatch, _: World) -> None:
    async def changed(*_: Any) -> Any:
        return ProtectionStatus.PROTECTED

    patch_status(patch, changed)


def flagged_wins_over_unknown(patch: pytest.MonkeyPatch, _: World) -> None:
    status = ProtectionService.status

    async def changed(self: ProtectionService, town: str, numbers: Mapping[str, Any]) -> Any:
        flagged = (await self._store.look_up(town, numbers)).flagged
        return ProtectionStatus.PROTECTED if flagged else await status(self, town, numbers)

    patch_status(patch, changed)


MUTANTS: Mapping[str, tuple[Change, str]] = {
    change.__name__: (change, scenario)
    for change, scenario in (
        (no_door, "no_address_leaves"),
        (door_for_records_alone, "nothing_recorded_looks_the_same"),
        (door_for_everything, "names_are_served"),
        (every_copy_fresh, "an_old_copy_protects_everybody"),
        (a_failure_renews_the_copy, "a_source_that_fails_ages"),
        (only_own_numbering, "any_number_counts"),
        (applications_do_not_count, "an_application_counts"),
        (measures_lapse, "nothing_lapses"),
        (known_once_is_known_for_good, "a_new_flag_counts_at_once"),
        (status_is_looked_up_first, "a_flag_that_comes_while_a_system_answers_counts"),
        (nobody_is_protected, "no_address_leaves"),
        (everybody_is_protected, "others_are_served"),
        (flagged_wins_over_unknown, "an_old_copy_protects_everybody"),
    )
}


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_engine_as_it_is_keeps_every_promise(world: World, scenario: str) -> None:
    assert isinstance(world.connections, Connections)
    await SCENARIOS[scenario](world)


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_without_one_rule_a_promise_is_broken(
    world: World, monkeypatch: pytest.MonkeyPatch, mutant: str
) -> None:
    change, scenario = MUTANTS[mutant]
    change(monkeypatch, world)
    with pytest.raises(AssertionError):
        async with asyncio.timeout(10):
            await SCENARIOS[scenario](world)


def test_every_promise_is_broken_by_some_mutant() -> None:
    """A scenario that nothing breaks would prove nothing."""
    assert {scenario for _, scenario in MUTANTS.values()} == set(SCENARIOS)
