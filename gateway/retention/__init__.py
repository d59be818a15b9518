"""How long what the gateway keeps is kept, what holds it longer, and the purge of what must go."""

from gateway.retention.holds import Hold, HoldRefusedError, LegalHolds
from gateway.retention.rules import RetentionRules, Rule, retention_rules
from gateway.retention.service import Expired, Retention
from gateway.retention.store import Counts, RetentionStore

__all__ = [
    "Counts",
    "Expired",
    "Hold",
    "HoldRefusedError",
    "LegalHolds",
    "Retention",
    "RetentionRules",
    "RetentionStore",
    "Rule",
    "retention_rules",
]
