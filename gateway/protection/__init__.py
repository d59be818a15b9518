"""支援措置 on every way out: the copy of the flags, and the door that withholds addresses."""

from gateway.protection.door import beside, of_all, withhold
from gateway.protection.service import Protection, ProtectionService, ProtectionStatus
from gateway.protection.store import FlagStore

__all__ = [
    "FlagStore",
    "Protection",
    "ProtectionService",
    "ProtectionStatus",
    "beside",
    "of_all",
    "withhold",
]
