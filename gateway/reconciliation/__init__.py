"""Is what we hold what the source holds: two extracts of a group, side by side (RE-1, RE-3)."""

from gateway.reconciliation.service import GroupReport, Reconciler, Report, Sides, Told
from gateway.reconciliation.sides import HeldSide, Side, SourceSide, held_side
from gateway.reconciliation.store import ReconciliationStore

__all__ = [
    "GroupReport",
    "HeldSide",
    "Reconciler",
    "ReconciliationStore",
    "Report",
    "Side",
    "Sides",
    "SourceSide",
    "Told",
    "held_side",
]
