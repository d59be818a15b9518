"""How long what the gateway keeps is kept, what holds it longer, and the purge of what must go."""

from gateway.retention.holds import Hold, HoldRefusedError, LegalHolds
from gateway.retention.rules import RetentionRules, Rule, retention_rules
from gateway.retention.service import Expired, Retention
from gateway.retention.store import Counts, RetentionStore
from gateway.retention.town_rules import RetentionFileError, rules_of

__all__ = [
    "Counts",
    "Expired",
    "Hold",
    "HoldRefusedError",
    "LegalHolds",
    "Retention",
    "RetentionFileError",
    "RetentionRules",
    "RetentionStore",
    "Rule",
    "retention_rules",
    "rules_of",
]
