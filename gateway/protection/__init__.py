"""支援措置 on every way out: the copy of the flags, and the door that withholds addresses."""

from gateway.protection.door import beside, of_all, withhold
from gateway.protection.service import ProtectionService, ProtectionStatus
from gateway.protection.store import FlagStore

__all__ = [
    "FlagStore",
    "ProtectionService",
    "ProtectionStatus",
    "beside",
    "of_all",
    "withhold",
]
