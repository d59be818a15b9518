"""A mapping written as YAML: what a program made, in the form in which people go on with it."""

from __future__ import annotations

from typing import Any

import yaml

from adapters.mapping.model import Mapping


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        """Write everything where it stands: a mapping has no anchors."""
        return True


def plain(mapping: Mapping) -> dict[str, Any]:
    """Return a mapping as plain data, without what it says by default."""
    found: dict[str, Any] = mapping.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"language": mapping.language, **found}


def to_yaml(mapping: Mapping) -> str:
    """Return the mapping as a document that reads back as the same mapping."""
    return yaml.dump(plain(mapping), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def in_one_line(content: Any) -> str:
    """Return plain data as one line of YAML, scalars included: ``{at: " ", part: 1}``, ``"01"``."""
    text = yaml.dump(
        content, Dumper=_Dumper, allow_unicode=True, default_flow_style=True, width=10**9,
        sort_keys=False,
    )  # fmt: skip
    return text.removesuffix("\n").removesuffix("...").strip()
