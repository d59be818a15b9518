"""Representations: parents, guardians and agents, and for whom they may act now."""

from gateway.representations.registry import (
    RepresentationRefusedError,
    RepresentationRegistry,
    RepresentationTerms,
)
from gateway.representations.service import ListRooms, RepresentationList, RepresentationService
from gateway.representations.store import RepresentationStore

__all__ = [
    "ListRooms",
    "RepresentationList",
    "RepresentationRefusedError",
    "RepresentationRegistry",
    "RepresentationService",
    "RepresentationStore",
    "RepresentationTerms",
]
