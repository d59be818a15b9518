"""Audit records as FHIR R4 resources, for programs that read those. Rule AU-8.

AuditEvent is the record itself, Provenance where what was delivered came from, Consent what
citizens agreed to. Copies for reading: what proves that nothing was changed is the export with its
Merkle tree. No value of a person, and nobody but by the pseudonym of the audit record. Pure.

Source: HL7 FHIR R4 (4.0.1), AuditEvent, Provenance, Consent with its invariants ppc-1 and ppc-2;
DICOM PS3.15 A.5 (codes of events); value sets audit-event-type, audit-event-action,
audit-event-outcome, security-source-type, object-type, object-role, provenance-agent-type,
provenance-entity-role, consent-scope, consent-category (general knowledge, checked 2026-11-30
against the published JSON schema; codes of value sets by their names).
"""

from gateway.audit.fhir.consents import to_consent
from gateway.audit.fhir.events import to_audit_event
from gateway.audit.fhir.provenance import to_provenance

__all__ = ["to_audit_event", "to_consent", "to_provenance"]
