"""The published JSON Schema of mapping documents: ``python -m adapters.mapping.json_schema``.

Editors use it to complete and check a document while it is written. The file beside this module is
what is published; a test keeps it equal to the model.
"""

from __future__ import annotations

import json
from pathlib import Path

from adapters.mapping.model import Mapping

PATH = Path(__file__).with_name("mapping.schema.json")


def render() -> str:
    """Return the schema as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Mapping.model_json_schema(by_alias=True),
        "title": "Hitotsu mapping document, language 1",
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), "utf-8")
