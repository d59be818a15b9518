"""Each rule of recalls taken out in turn: a test of the room must then fail (DV-16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from gateway.audit import AuditRecord
from gateway.recalls import Recalls, watch
from gateway.recalls.store import Marked, RecallWriting
from gateway.recalls.watch import RecallReason
from tests.gateway.questions.conftest import World
from tests.gateway.recalls import test_recalls as room_tests
from tests.gateway.recalls.conftest import Room, feed_of

Change = Callable[[pytest.MonkeyPatch], None]
Broken = Callable[[World, Room], Awaitable[None]]


def every_delivery_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recalls, "_holds_address", lambda *_: True)


def no_second_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(watch, "SETTLED", dt.timedelta(0))


def no_window(patch: pytest.MonkeyPatch) -> None:
    deliveries = RecallWriting.deliveries

    async def changed(self: RecallWriting, town: str, key: str, since: dt.datetime) -> object:
        return await deliveries(self, town, key, since - dt.timedelta(days=3_650))

    patch.setattr(RecallWriting, "deliveries", changed)


def marks_stay(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> None:
        return None

    patch.setattr(RecallWriting, "unmark", changed)


async def nothing_but_addresses(world: World, room: Room) -> None:
    async with feed_of(world, room, "online-service") as http:
        await room_tests.test_who_was_given_no_address_is_told_nothing(http, world, room)


async def again(world: World, room: Room) -> None:
    async with feed_of(world, room, "online-service") as http:
        await room_tests.test_a_measure_that_comes_again_recalls_again(http, world, room)


async def alike(world: World, room: Room) -> None:
    async with feed_of(world, room, "online-service") as http:
        await room_tests.test_no_answer_tells_one_kind_of_event_from_another(http, world, room)


def the_event_says_why(patch: pytest.MonkeyPatch) -> None:
    tell = Recalls.tell

    async def changed(
        self: Recalls, writing: RecallWriting, marked: Marked, reason: RecallReason, **by: str
    ) -> int:
        add = writing.add

        async def added(values: dict[str, object], audit: AuditRecord) -> None:
            event_id = f"{reason.value[:4]}{values['event_id']}"[:32]
            await add({**values, "event_id": event_id}, audit)

        writing.add = added  # type: ignore[method-assign, assignment]
        return await tell(self, writing, marked, reason, **by)

    patch.setattr(Recalls, "tell", changed)


MUTANTS: tuple[tuple[Change, Broken], ...] = (
    (every_delivery_counts, nothing_but_addresses),
    (no_second_look, room_tests.test_an_answer_that_was_under_way_is_recalled_too),
    (no_window, room_tests.test_only_the_last_days_are_recalled),
    (marks_stay, again),
    (the_event_says_why, alike),
)


@pytest.mark.parametrize(("mutant", "scenario"), MUTANTS, ids=lambda one: one.__name__)
async def test_without_a_rule_its_test_fails(
    world: World, room: Room, monkeypatch: pytest.MonkeyPatch, mutant: Change, scenario: Broken
) -> None:
    """The test would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(world, room)
