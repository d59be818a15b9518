"""One audit record as one AuditEvent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.audit.entries import AuditKind, canonical_json
from gateway.audit.fhir.codes import coding, concept, known_as

_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_OBJECTS: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLES: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCES: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"

_KINDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    AuditKind.OPERATION: (_DCM, "110112", "Query", "E"),
    AuditKind.AUTHENTICATION: (_DCM, "110114", "User Authentication", "E"),
    AuditKind.EVENT: (_DCM, "110113", "Security Alert", "E"),
    AuditKind.NETWORK: (_DCM, "110108", "Network Entry", "E"),
    AuditKind.PRINT: (_DCM, "110106", "Export", "R"),
    AuditKind.SETTINGS: (_DCM, "110129", "Security Configuration", "U"),
    AuditKind.ERROR: (_DCM, "110100", "Application Activity", "E"),
}
"""System, code, display and action of each kind of record."""

_FAILED: Final = frozenset({"refused", "failed", "error", "fault"})
_NONE: Final = "-"


def to_audit_event(entry: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return the resource of the members of an audit record.

    Nothing is left out: what FHIR has no place for stands under ``detail`` by its own name. Items
    are official ids; the person is the pseudonym of the record. ``issuer`` names the installation.
    """
    kind = AuditKind(entry["kind"])
    system, code, display, action = _KINDS[kind]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": entry["audit_id"],
        "type": {"system": system, "code": code, "display": display},
        "subtype": [coding("kind", kind.value)],
        "action": action,
        "recorded": entry["at"],
        "outcome": "8" if entry["outcome"] in _FAILED else "0",
        "outcomeDesc": entry["problem"] or entry["outcome"],
        "agent": [_agent(entry)],
        "source": {
            "site": entry["municipality"],
            "observer": known_as("issuer", issuer),
            "type": [{"system": _SOURCES, "code": "4", "display": "Application Server"}],
        },
        "entity": list(_entities(entry)),
    }
    if entry["function"]:
        event["subtype"].append(coding("function", entry["function"]))
    if entry["purpose"]:
        event["purposeOfEvent"] = [concept(coding("purpose", entry["purpose"]))]
    return event


def _agent(entry: Mapping[str, Any]) -> dict[str, Any]:
    client, terminal = entry["client_id"], entry["terminal"]
    system = "client" if client else "operator"
    agent: dict[str, Any] = {
        "who": known_as(system, client or terminal or _NONE),
        "requestor": True,
    }
    if terminal:
        # 2 is an address; what is none (an account of staff, an adapter) is called 5, a name.
        network = "2" if client else "5"
        agent["network"] = {"address": terminal, "type": network}
    return agent


def _entities(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if entry["subject_key"]:
        yield {
            "what": known_as(f"subject:{entry['municipality']}", entry["subject_key"]),
            "type": {"system": _OBJECTS, "code": "1", "display": "Person"},
            "role": {"system": _ROLES, "code": "1", "display": "Patient"},
        }
    yield {
        "what": known_as("record", entry["audit_id"]),
        "type": {"system": _OBJECTS, "code": "2", "display": "System Object"},
        "role": {"system": _ROLES, "code": "13", "display": "Security Resource"},
        "detail": [
            {"type": name, "valueString": _text(value)}
            for name, value in sorted(entry.items())
            if value not in (None, "", [], {})
        ],
    }


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return canonical_json(value) if isinstance(value, dict) else str(value)
