"""Each rule of protection, what it promises, and what breaks the promise when it is taken out.

The promises are tests: of this room, of matching, of recalls and of what residents see.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.protection import FlagStore, ProtectionService, ProtectionStatus, releases
from gateway.protection.counts import DayCounts
from gateway.protection.measures import HoldCause
from gateway.protection.store import FlagChange, PushWriting, flags
from gateway.questions import door
from tests.gateway.accesses import test_mutants as accesses
from tests.gateway.matching import test_mutants as matching
from tests.gateway.protection import (
    test_counts,
    test_gone,
    test_holds,
    test_mutants,
    test_openings,
    test_others,
    test_pushes,
    test_releases,
)
from tests.gateway.protection.room import officer, patch_status
from tests.gateway.questions.conftest import TOWN, World, world
from tests.gateway.recalls import test_mutants as recalls

__all__ = ["world"]

Change = Callable[[pytest.MonkeyPatch, World], None]
Promise = Callable[..., Any]


def whoever_is_listed_no_more_is_forgotten(patch: pytest.MonkeyPatch, _: World) -> None:
    async def changed(*_: object) -> None:
        return None

    patch.setattr(flags, "_keep_gone", changed)


def a_pushed_end_ends(patch: pytest.MonkeyPatch, _: World) -> None:
    change = PushWriting.change

    async def changed(self: PushWriting, row: Any, values: Any, audit: Any) -> None:
        over = {"ended_at": dt.datetime.now(dt.UTC)} if values["source_said"] == "ended" else {}
        await change(self, row, {**values, **over}, audit)

    patch.setattr(PushWriting, "change", changed)


def an_old_message_counts_like_a_new_one(patch: pytest.MonkeyPatch, _: World) -> None:
    find = PushWriting.find

    async def changed(self: PushWriting, *who: str) -> Any:
        row = await find(self, *who)
        if row is not None:
            row.source_version = 0
        return row

    patch.setattr(PushWriting, "find", changed)


def a_lift_has_no_end(patch: pytest.MonkeyPatch, _: World) -> None:
    look_up = FlagStore.look_up_with_openings

    async def changed(
        self: FlagStore, town: str, asker: Any, numbers: Any, now: Any, **options: bool
    ) -> Any:
        earlier = now - dt.timedelta(minutes=5)
        return await look_up(self, town, asker, numbers, earlier, **options)

    patch.setattr(FlagStore, "look_up_with_openings", changed)


def a_list_leaves_as_it_was_made(patch: pytest.MonkeyPatch, _: World) -> None:
    async def changed(*_: object) -> bool:
        return False

    patch.setattr(releases, "_is_protected", changed)


def a_hold_says_that_it_is_one(patch: pytest.MonkeyPatch, world: World) -> None:
    status = ProtectionService.status

    async def changed(self: ProtectionService, town: str, numbers: Any) -> ProtectionStatus:
        kinds = {row.kind for row, _ in await officer(world).all(TOWN)}
        held = kinds & {cause.value for cause in HoldCause}
        return ProtectionStatus.UNKNOWN if held else await status(self, town, numbers)

    patch_status(patch, changed)


def others_in_a_record_are_nobody(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(door, "_of_others", lambda _group: frozenset())


def nothing_is_counted(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(DayCounts, "withheld", lambda *_: None)


def no_reveal_is_the_first(patch: pytest.MonkeyPatch, _: World) -> None:
    patch.setattr(DayCounts, "revealed", lambda *_: False)


def an_altered_copy_is_believed(patch: pytest.MonkeyPatch, _: World) -> None:
    replace = FlagStore.replace

    async def changed(self: FlagStore, town: str, adapter_id: str, *rest: Any) -> FlagChange:
        change = await replace(self, town, adapter_id, *rest)
        await self.note_difference(town, adapter_id, None)
        return FlagChange(change.gone, differs=False)

    patch.setattr(FlagStore, "replace", changed)


async def whoever_moved_out_stays(world: World) -> None:
    until = dt.date(2026, 10, 1)
    await test_gone.test_who_is_listed_no_more_stays_protected_until_two_officers_end_it(
        world, until, test_gone.MeasureState.PROVISIONAL
    )


async def a_term_that_passed_stays(world: World) -> None:
    until = dt.date(2026, 9, 30)
    await test_gone.test_who_is_listed_no_more_stays_protected_until_two_officers_end_it(
        world, until, test_gone.MeasureState.ENDED_REVIEW
    )


async def an_altered_copy_stops(world: World) -> None:
    await test_gone.test_a_copy_that_somebody_altered_stops_disclosure(world, "lost")


async def where_somebody_else_lives(_: World) -> None:
    item = test_others.SOMEBODY_ELSE[0]
    test_others.test_where_somebody_else_lives_is_asked_at_the_office(item, recorded=True)


async def a_list_of_today(world: World) -> None:
    await test_releases.test_a_flag_that_came_since_the_list_was_made_wins(world)


def _of_the_engine(mutant: str) -> tuple[Change, Promise]:
    change, scenario = test_mutants.MUTANTS[mutant]
    return change, test_mutants.SCENARIOS[scenario]


RULES: Mapping[str, tuple[tuple[Change, Promise], ...]] = {
    "DV-1": (_of_the_engine("no_door"), _of_the_engine("nobody_is_protected")),
    "DV-2": (_of_the_engine("only_own_numbering"),),
    "DV-3": (_of_the_engine("every_copy_fresh"), _of_the_engine("a_failure_renews_the_copy")),
    "DV-4": (_of_the_engine("applications_do_not_count"),),
    "DV-5": (
        _of_the_engine("measures_lapse"),
        (whoever_is_listed_no_more_is_forgotten, a_term_that_passed_stays),
        (a_pushed_end_ends, test_pushes.test_an_end_that_is_pushed_ends_nothing),
        (
            an_old_message_counts_like_a_new_one,
            test_pushes.test_a_message_that_overtook_another_loses_no_protection,
        ),
    ),
    "DV-6": (
        (a_lift_has_no_end, test_openings.test_a_lift_opens_what_it_names_and_returns_by_itself),
    ),
    "DV-7": ((a_list_leaves_as_it_was_made, a_list_of_today),),
    "DV-8": (
        _of_the_engine("door_for_records_alone"),
        _of_the_engine("flagged_wins_over_unknown"),
    ),
    "DV-8b": (
        (a_hold_says_that_it_is_one, test_holds.test_four_causes_look_the_same_to_whoever_asks),
    ),
    "DV-9": ((others_in_a_record_are_nobody, where_somebody_else_lives),),
    "DV-10": (
        _of_the_engine("known_once_is_known_for_good"),
        _of_the_engine("status_is_looked_up_first"),
    ),
    "DV-11": ((others_in_a_record_are_nobody, where_somebody_else_lives),),
    "DV-15": ((whoever_is_listed_no_more_is_forgotten, whoever_moved_out_stays),),
    "DV-17": (
        (nothing_is_counted, test_counts.test_withheld_and_revealed_are_stored_by_day),
        (
            no_reveal_is_the_first,
            test_counts.test_the_first_reveal_of_a_day_wakes_the_officer_on_duty,
        ),
    ),
    "RE-2": ((an_altered_copy_is_believed, an_altered_copy_stops),),
}
"""Broken here, on both databases."""
IN_OTHER_ROOMS: Mapping[str, object] = {
    "DV-11": (matching.everybody_is_clear, matching.protected_people_are_found_by_nobody),
    "DV-13": (accesses.everybody_is_clear, accesses.the_account_shows_no_agency),
    "DV-16": (recalls.the_event_says_why, recalls.alike),
}
"""Broken by the mutants of the rooms that keep the rule."""
OF_OTHERS = {
    "DV-12": "a representative inherits no access: the room of representations",
    "DV-14": "the banner: the staff console",
    "DV-18": "self-service: the room of representations",
}
RUN_HERE = [
    (f"{rule}-{change.__name__}", change, promise)
    for rule, pairs in RULES.items()
    for change, promise in pairs
    if (change, promise) not in {_of_the_engine(name) for name in test_mutants.MUTANTS}
]


def test_every_rule_has_a_mutant_and_a_promise() -> None:
    """DV-1 to DV-18: none is left out but those that are named."""
    rules = {f"DV-{n}" for n in range(1, 19)} | {"DV-8b", "RE-2"}
    assert RULES.keys() | IN_OTHER_ROOMS.keys() | OF_OTHERS.keys() == rules
    assert all(RULES.values())
    assert not OF_OTHERS.keys() & (RULES.keys() | IN_OTHER_ROOMS.keys())
    known = {*matching.MUTANTS, *accesses.MUTANTS, *recalls.MUTANTS}
    assert set(IN_OTHER_ROOMS.values()) <= known


def test_every_promise_of_the_engine_is_kept_somewhere() -> None:
    """A promise that were no test would be kept by nobody."""
    for _, promise in (pair for pairs in RULES.values() for pair in pairs):
        assert inspect.iscoroutinefunction(promise)


@pytest.mark.parametrize(("name", "change", "promise"), RUN_HERE, ids=[n for n, _, _ in RUN_HERE])
async def test_without_the_rule_its_promise_is_broken(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, change: Change, promise: Promise
) -> None:
    """And nothing else goes wrong before: an assertion of the promise fails."""
    change(monkeypatch, world)
    with pytest.raises(AssertionError):
        async with asyncio.timeout(60):
            await promise(world)
