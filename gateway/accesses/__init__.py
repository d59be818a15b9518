"""What a resident may see: who asked about them, when, why, for which items."""

from gateway.accesses.holds import DisclosureHolds, HoldKind, HoldRefused
from gateway.accesses.service import AccessesRooms, AccessesService
from gateway.accesses.store import AccessesStore

__all__ = [
    "AccessesRooms",
    "AccessesService",
    "AccessesStore",
    "DisclosureHolds",
    "HoldKind",
    "HoldRefused",
]
