"""The JSON Schema that vendors' editors use."""

from __future__ import annotations

import json

from adapters.mapping.json_schema import PATH, render


def test_the_published_schema_is_that_of_the_mapping_language() -> None:
    """A change of the language without ``python -m adapters.mapping.json_schema`` fails here."""
    assert PATH.read_text("utf-8") == render()


def test_the_schema_refuses_keys_that_the_language_does_not_have() -> None:
    """Every object of the schema is closed."""
    schema = json.loads(PATH.read_text("utf-8"))
    objects = [schema, *schema["$defs"].values()]
    closed = [o["additionalProperties"] for o in objects if o.get("type") == "object"]
    assert len(closed) > 15
    assert set(closed) == {False}
