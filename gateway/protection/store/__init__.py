"""SQL of protection: the copy of the flags, measures, exemptions and lifts, counts of a day."""

from gateway.protection.store.counts import CountStore
from gateway.protection.store.flags import FlagChange, FlagLookup, FlagStore, digest_of, flags_of
from gateway.protection.store.measures import MeasureStore, Wanted
from gateway.protection.store.openings import OpeningStore
from gateway.protection.store.pushes import PushStore, PushWriting

__all__ = [
    "CountStore",
    "FlagChange",
    "FlagLookup",
    "FlagStore",
    "MeasureStore",
    "OpeningStore",
    "PushStore",
    "PushWriting",
    "Wanted",
    "digest_of",
    "flags_of",
]
