"""Each rule of recalls taken out in turn: a test of the room must then fail (DV-16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from gateway.recalls import Recalls, watch
from gateway.recalls.store import RecallWriting
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


@pytest.mark.parametrize(
    ("mutant", "scenario"),
    [
        (every_delivery_counts, nothing_but_addresses),
        (no_second_look, room_tests.test_an_answer_that_was_under_way_is_recalled_too),
        (no_window, room_tests.test_only_the_last_days_are_recalled),
        (marks_stay, again),
    ],
    ids=lambda one: one.__name__,
)
async def test_without_a_rule_its_test_fails(
    world: World, room: Room, monkeypatch: pytest.MonkeyPatch, mutant: Change, scenario: Broken
) -> None:
    """The test would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(world, room)
