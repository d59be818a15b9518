"""Audit records as FHIR R4 AuditEvent resources, for programs that read those. Rule AU-8.

A copy for reading: what proves that nothing was changed is the export with its Merkle tree. Pure.

Source: HL7 FHIR R4 (4.0.1), AuditEvent; DICOM PS3.15 A.5 (codes of events); value sets
audit-event-type, audit-event-action, audit-event-outcome, security-source-type, object-type,
object-role (general knowledge, checked 2026-11-30 against the published structure).
"""

from gateway.audit.fhir.events import to_audit_event

__all__ = ["to_audit_event"]
