"""Looks at people that look like curiosity, told within minutes. Rule AU-6."""

from gateway.audit.alerts.service import Pattern, Snooping, Suspicion
from gateway.audit.alerts.store import AlertStore
from gateway.audit.alerts.watches import Watches, WatchKind, WatchRefused, account_of

__all__ = [
    "AlertStore",
    "Pattern",
    "Snooping",
    "Suspicion",
    "WatchKind",
    "WatchRefused",
    "Watches",
    "account_of",
]
