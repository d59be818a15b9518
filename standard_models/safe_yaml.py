"""YAML of plain values, read by the compiled parser where there is one: eight times as fast."""

from __future__ import annotations

from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The compiled loader, or the one in Python; both know no objects of Python."""


def safe_load(text: str | bytes) -> Any:
    """Return the content of the one document in ``text``.

    Raises:
        yaml.YAMLError: it is not YAML, or names an object of Python.
    """
    try:
        return yaml.load(text, SafeLoader)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError:
        # The loader in Python says more exactly where the mistake is.
        return yaml.load(text, yaml.SafeLoader)
