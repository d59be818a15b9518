"""The gateway with scripted systems, and the room that recalls what they gave."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from gateway.access import Access
from gateway.recalls import (
    EventFeed,
    FeedRooms,
    Recalls,
    RecallStore,
    RecallWatch,
    WatchRooms,
)
from gateway.recalls.routes import event_router
from gateway.store.engine import Store
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World, world
from tests.gateway.receipts.over_http import KnownCaller, served

__all__ = ["world"]


@dataclass
class Room:
    """The watch, and what an officer calls."""

    watch: RecallWatch
    recalls: Recalls
    store: RecallStore


@pytest.fixture
def room(world: World, store: Store) -> Room:
    """Ninety days back, a day to answer."""
    rooms = world.questions._rooms
    watching = WatchRooms(RecallStore(store), rooms.audit, rooms.dictionary, world.clock)
    recalls = Recalls(watching, window=dt.timedelta(days=90))
    watch = RecallWatch(
        watching,
        recalls,
        overdue=dt.timedelta(hours=24),
        log=world.log,
        metrics=world.metrics,
    )
    return Room(watch, recalls, watching.store)


@pytest.fixture
async def http(world: World, room: Room) -> AsyncIterator[httpx.AsyncClient]:
    """The feed as the consumer of the questions reads it."""
    async with feed_of(world, room, CLIENT) as client:
        yield client


def feed_of(world: World, room: Room, client_id: str, **token: object):
    """Return the feed as ``client_id`` reads it."""
    rooms = world.questions._rooms
    feed = EventFeed(FeedRooms(room.store, rooms.subjects, rooms.audit, world.clock))
    access = Access(client_id, TOWN, PURPOSE, "t", "k", **token)
    return served(world, [event_router(feed, KnownCaller(rooms.access, access))])
