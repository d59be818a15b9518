"""Signed statements of what registers hold: released after a preview, verifiable without us."""

from gateway.evidence.sd_jwt import Finding, Verified, verify
from gateway.evidence.service import EvidenceRooms, EvidenceService
from gateway.evidence.store import EvidenceStore

__all__ = [
    "EvidenceRooms",
    "EvidenceService",
    "EvidenceStore",
    "Finding",
    "Verified",
    "verify",
]
