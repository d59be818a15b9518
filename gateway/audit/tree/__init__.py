"""The Merkle tree over the audit record: it shows whether a row was changed later."""

from gateway.audit.tree.anchors import append_lines, read_heads
from gateway.audit.tree.heads import (
    Head,
    HeadRefused,
    public_head_keys,
    read_head,
    sign_head,
    sign_text,
)
from gateway.audit.tree.service import AuditTree, InclusionProof, TreeBrokenError
from gateway.audit.tree.store import TreeStore
from gateway.audit.tree.verification import Fault, Finding, Verdict, verify

__all__ = [
    "AuditTree",
    "Fault",
    "Finding",
    "Head",
    "HeadRefused",
    "InclusionProof",
    "TreeBrokenError",
    "TreeStore",
    "Verdict",
    "append_lines",
    "public_head_keys",
    "read_head",
    "read_heads",
    "sign_head",
    "sign_text",
    "verify",
]
