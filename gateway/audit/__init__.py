"""Log or fail: nothing leaves before the record of it is durable."""

from gateway.audit.entries import (
    NO_MUNICIPALITY,
    AuditEntry,
    AuditId,
    AuditKind,
    AuditRecord,
    Occurrences,
    leaf_hash,
    settings_entry,
    to_record,
)
from gateway.audit.service import AuditLog
from gateway.audit.store import AuditQuery, AuditStore

__all__ = [
    "NO_MUNICIPALITY",
    "AuditEntry",
    "AuditId",
    "AuditKind",
    "AuditLog",
    "AuditQuery",
    "AuditRecord",
    "AuditStore",
    "Occurrences",
    "leaf_hash",
    "settings_entry",
    "to_record",
]
