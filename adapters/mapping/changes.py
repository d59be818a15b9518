"""What changed between two versions of a mapping, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.mapping.model import Mapping


class MappingChangeKind(StrEnum):
    """What happened to a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class MappingChange:
    """One change: where, and what stood there before and after."""

    kind: MappingChangeKind
    path: str
    before: str = ""
    after: str = ""


def mapping_changes(old: Mapping, new: Mapping) -> tuple[MappingChange, ...]:
    """Return every change, in the order of the new document, removed rules behind.

    Rules of items, dates, groups, reads and the rows of code tables are compared one by one; the
    order of rows and what a rule says by default make no change.
    """
    before, after = dict(_rules(old)), dict(_rules(new))
    found = [
        MappingChange(MappingChangeKind.ADDED, path, after=text)
        if path not in before
        else MappingChange(MappingChangeKind.CHANGED, path, before[path], text)
        for path, text in after.items()
        if before.get(path) != text
    ]
    found += [
        MappingChange(MappingChangeKind.REMOVED, path, before=text)
        for path, text in before.items()
        if path not in after
    ]
    return tuple(found)


def _rules(mapping: Mapping) -> Iterator[tuple[str, str]]:
    content = mapping.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    yield from _tables(content.pop("code_tables", {}))
    for gaiji in content.pop("characters", ()):
        yield f"characters.{gaiji['code']}", _text({"to": None, **gaiji}, "code")
    for ref, group in content.pop("groups", {}).items():
        for part in ("items", "dates"):
            for name, rule in group.pop(part, {}).items():
                yield f"groups.{ref}.{part}.{name}", _text(rule)
        yield f"groups.{ref}", _text(group)
    for name, read in content.pop("reads", {}).items():
        for path, field in read.pop("layout", {}).items():
            yield f"reads.{name}.layout.{path}", _text(field)
        yield f"reads.{name}", _text(read)
    for name, rest in content.items():
        yield name, _text(rest)


def _tables(tables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, table in tables.items():
        for row in table.pop("rows"):
            yield f"code_tables.{name}.{row['from']}", _text({"to": None, **row}, "from")
        if table:
            yield f"code_tables.{name}", _text(table)


def _text(rule: Any, without: str = "") -> str:
    if isinstance(rule, dict):
        parts = (f"{key}: {_text(value)}" for key, value in sorted(rule.items()) if key != without)
        return ", ".join(parts) or "{}"
    if isinstance(rule, list):
        return "; ".join(map(_text, rule))
    return str(rule)
