"""A mapping to begin with, written out of suggestions: what is left for a person says FILL_IN."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.mapping.suggest import SourceColumn, Suggestion
from standard_models.dictionary import DataType

FILL_IN: Final = "FILL_IN"
_CODES_SHOWN: Final = 40

Suggested = Mapping[str, Mapping[str, tuple[Suggestion, ...]]]
"""Ranked suggestions by group and item."""


@dataclass(frozen=True, slots=True)
class DraftRead:
    """The read of a draft: its name and what stands below it, as lines of YAML."""

    name: str
    lines: tuple[str, ...]

    @classmethod
    def of_copybook(cls, name: str, copybook: str, encoding: str) -> DraftRead:
        """Return the read of a fixed-length file."""
        return cls(name, ("file:", f"  fixed: {{copybook: {copybook}, encoding: {encoding}}}"))

    @classmethod
    def of_csv(
        cls, name: str, heads: Sequence[str], columns: Sequence[SourceColumn], encoding: str
    ) -> DraftRead:
        """Return the read of a CSV file; ``columns`` are those of its ``heads``, in their order."""
        rows = (f"      {_quoted(h)}: {c.path}" for h, c in zip(heads, columns, strict=True))
        return cls(name, ("file:", "  csv:", f"    encoding: {encoding}", "    columns:", *rows))

    @classmethod
    def unknown(cls, name: str) -> DraftRead:
        """Return a read of which nothing is known: sql, rest, soap or file."""
        return cls(name, (f"{FILL_IN}: sql",))


def draft(system: str, read: DraftRead, columns: Sequence[SourceColumn], found: Suggested) -> str:
    """Return a mapping to begin with, as YAML: the best column of each item, the others beside it.

    Codes are those of the samples, with the codes of the standard beside them: which is which, a
    person says. `lint` names every place that is left.
    """
    lines = [
        "# 候補から作った下書きです。一行ずつ確かめてください。",
        "# A draft made of candidates: look at every line.",
        "language: 1", f"system: {system}", "version: 0.1.0", "",
        "reads:", f"  {read.name}:", *(f"    {line}" for line in read.lines),
    ]  # fmt: skip
    if any(column.name for column in columns):
        lines.append("    layout:")
        lines += [f"      {c.path}: {{name: {_quoted(c.name)}}}" for c in columns if c.name]
    coded = {
        name: ranked[0]
        for items in found.values()
        for name, ranked in items.items()
        if ranked[0].item.codes is not None
    }
    if coded:
        lines += ["", "code_tables:"]
        for name, best in coded.items():
            lines += _code_table(name, best)
    lines += ["", "groups:"]
    for ref, items in found.items():
        lines += _group(ref, read.name, items)
    if read.lines[0] == "file:":
        lines += ["", "extract:", *(f"  {ref}: {{read: {read.name}}}" for ref in found)]
    return "\n".join(lines) + "\n"


def _code_table(name: str, best: Suggestion) -> Iterator[str]:
    codes = best.item.codes
    labels = codes.labels.items() if codes is not None else ()
    seen = list(dict.fromkeys(best.column.samples))[:_CODES_SHOWN]
    yield f"  {name}: # {best.item.name}"
    yield f"    # 標準 / standard: {', '.join(f'{code} {label}' for code, label in labels)}"
    yield "    rows:"
    for code in map(_quoted, seen or [FILL_IN]):
        yield f"      - {{from: {code}, to: {FILL_IN}}}"


def _group(ref: str, read: str, items: Mapping[str, tuple[Suggestion, ...]]) -> Iterator[str]:
    yield from (f"  {ref}:", f"    read: {read}", f"    subject: {FILL_IN}")
    dates = {name: s[0] for name, s in items.items() if s[0].item.data_type is DataType.DATE}
    if dates:
        yield "    dates:"
        for name, best in dates.items():
            yield f"      {name}: {{field: {best.column.path}, {_keys(best)}}}"
    yield "    items:"
    for name, ranked in items.items():
        yield from _item(name, ranked)


def _item(name: str, ranked: tuple[Suggestion, ...]) -> Iterator[str]:
    best, *others = ranked
    beside = "; ".join(f"{s.column.path} {s.score:.2f}" for s in others)
    reasons = ", ".join(best.reasons)
    more = f" | {beside}" if beside else ""
    yield f"      # {best.item.name} {best.score:.2f}: {reasons}{more}"
    if best.item.data_type is DataType.DATE:
        yield f"      {name}: {{date: {name}}}"
        return
    keys = _keys(best)
    codes = f", codes: {name}" if best.item.codes is not None else ""
    yield f"      {name}: {{field: {best.column.path}{', ' + keys if keys else ''}{codes}}}"


def _keys(suggestion: Suggestion) -> str:
    return ", ".join(f"{key}: {value}" for key, value in suggestion.rule)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
