"""The schema of audit records, and those of what is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

_HERE = Path(__file__).parent
RECORD = jsonschema_rs.validator_for(json.loads((_HERE / "audit_record.schema.json").read_text()))
AUDIT_EVENT = jsonschema_rs.validator_for(
    json.loads((_HERE / "audit_event.schema.json").read_text())
)


_R4 = json.loads((_HERE / "fhir_r4" / "fhir.schema.json").read_text())


def of_fhir(resource: str) -> Any:
    """Return the validator of a resource by the schema that HL7 publishes with FHIR R4."""
    return jsonschema_rs.validator_for(_R4 | {"$ref": f"#/definitions/{resource}"})


def faults(validator: Any, document: object) -> list[str]:
    """Return where a document breaks its schema, and how."""
    return [f"{list(e.instance_path)}: {e.message}" for e in validator.iter_errors(document)]
