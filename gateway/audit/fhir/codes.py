"""Code systems and shapes that the resources have in common."""

from __future__ import annotations

from typing import Any, Final

OWN: Final = "urn:hitotsu"
"""Begins the names of our own systems and extensions; no address, so that nobody looks there."""
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def coding(name: str, code: str) -> dict[str, str]:
    """Return a code of one of our own systems."""
    return {"system": f"{OWN}:{name}", "code": code}


def concept(*codings: dict[str, str]) -> dict[str, Any]:
    """Return a CodeableConcept."""
    return {"coding": list(codings)}


def known_as(name: str, value: str) -> dict[str, Any]:
    """Return a reference by an identifier: none of it stands on a FHIR server."""
    return {"identifier": {"system": f"{OWN}:{name}", "value": value}}


def patient(municipality: str, pseudonym: str) -> dict[str, Any]:
    """Return a reference to a person by the pseudonym of the audit record."""
    return {"type": "Patient", **known_as(f"subject:{municipality}", pseudonym)}


def recipient() -> dict[str, Any]:
    """Return the role of whoever is given something."""
    return concept({"system": PARTICIPATION, "code": "IRCP", "display": "information recipient"})
