"""Recalls: consumers that were given an address are told to erase it, and never why."""

from gateway.recalls.feed import EventFeed, FeedRooms
from gateway.recalls.store import RecallStore
from gateway.recalls.watch import Recalls, RecallWatch, WatchRooms

__all__ = ["EventFeed", "FeedRooms", "RecallStore", "RecallWatch", "Recalls", "WatchRooms"]
