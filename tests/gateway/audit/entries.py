"""An entry for tests, and what it says."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.audit import AuditEntry, AuditKind

AT = dt.datetime(2026, 10, 1, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=9)))


def entry(**changes: Any) -> AuditEntry:
    """Return an entry of an answered question, with ``changes``."""
    members: dict[str, Any] = {
        "municipality": "999997",
        "at": AT,
        "kind": AuditKind.OPERATION,
        "outcome": "complete",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "client_id": "online-service",
        "purpose": "jidoteate-ninteiseikyu",
    }
    return AuditEntry(**(members | changes))
