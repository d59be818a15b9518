"""What was delivered, out of which systems and mappings, to whom: an audit record as Provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.audit.fhir.codes import OWN, coding, concept, known_as, patient, recipient

_ASSEMBLER: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "code": "assembler",
    "display": "Assembler",
}


def to_provenance(entry: Mapping[str, Any], issuer: str) -> dict[str, Any] | None:
    """Return the resource of the members of an audit record; None where nothing was delivered.

    The target is the answer (by the id of its record) or the signed statement, and the person by
    the pseudonym of the record. Items are official ids. ``issuer`` names the installation.
    """
    statement = entry.get("statement")
    if not entry["items_delivered"] and statement is None:
        return None
    made: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": entry["audit_id"],
        "extension": [_coded("item-delivered", "item", i) for i in entry["items_delivered"]],
        "target": list(_targets(entry)),
        "occurredDateTime": entry["at"],
        "recorded": entry["at"],
        "reason": [concept(coding("purpose", entry["purpose"]))] if entry["purpose"] else [],
        "activity": concept(coding("function", entry["function"] or entry["kind"])),
        "agent": [
            {"type": recipient(), "who": _who(entry)},
            {"type": concept(_ASSEMBLER), "who": known_as("issuer", issuer)},
        ],
        "entity": list(_entities(entry)),
    }
    # A list in FHIR is never empty.
    return {name: value for name, value in made.items() if value != []}


def _targets(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if (statement := entry.get("statement")) is not None:
        yield known_as("statement", statement["id"])
    else:
        yield known_as("answer", entry["audit_id"])
    if entry["subject_key"]:
        yield patient(entry["municipality"], entry["subject_key"])


def _who(entry: Mapping[str, Any]) -> dict[str, Any]:
    if entry["client_id"]:
        return known_as("client", entry["client_id"])
    return known_as("operator", entry["terminal"] or "-")


def _entities(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if (statement := entry.get("statement")) is not None:
        yield {"role": "derivation", "what": known_as("answer", statement["answer"])}
    for group, source in sorted(entry.get("sources", {}).items()):
        yield {
            "extension": [
                _coded("group", "group", group),
                *(_said(name, source[name]) for name in sorted(source) if name != "adapter"),
            ],
            "role": "source",
            "what": known_as(f"adapter:{entry['municipality']}", source["adapter"]),
        }


def _coded(name: str, system: str, code: str) -> dict[str, Any]:
    return {"url": f"{OWN}:{name}", "valueCoding": coding(system, code)}


def _said(name: str, text: str) -> dict[str, Any]:
    return {"url": f"{OWN}:{name}", "valueString": text}
