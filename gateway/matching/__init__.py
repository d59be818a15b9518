"""Who is the person with these 基本4情報? A handle, or no match."""

from gateway.matching.misses import MissLimit
from gateway.matching.service import MatchingRooms, MatchingService
from gateway.matching.store import MissStore

__all__ = ["MatchingRooms", "MatchingService", "MissLimit", "MissStore"]
