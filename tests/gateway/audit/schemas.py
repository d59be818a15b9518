"""The schema of audit records, and that of what is made of them."""

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


def faults(validator: Any, document: object) -> list[str]:
    """Return where a document breaks its schema, and how."""
    return [f"{list(e.instance_path)}: {e.message}" for e in validator.iter_errors(document)]
