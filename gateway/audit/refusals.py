"""Refusals that anybody can bring about: the first of a window stand alone, the others are counted.

A row for each of them would let whoever has nothing but an address fill the disk. Memory and rows
are bounded, whatever is sent: so many rows of their own, so many kinds, and what is of further
kinds in one count for each problem. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from gateway.audit.entries import NO_MUNICIPALITY, AuditEntry, Occurrences

WINDOW_S: Final = 60.0
"""After so many seconds what was counted is recorded, and the next ones stand alone again."""
ROWS: Final = 100
"""Refusals of a window that are recorded one by one."""
KINDS: Final = 100
"""Kinds of a window that are counted apart."""
SEVERAL: Final = "*"
"""Stands for the terminal where those of several were counted together."""

_Kind: TypeAlias = tuple[str | None, ...]


class CountedRefusals:
    """What was refused in this window.

    Args:
        rows: refusals that are recorded one by one.
        kinds: kinds that are counted apart; the others are of nobody and from ``SEVERAL``.
    """

    def __init__(self, *, rows: int = ROWS, kinds: int = KINDS) -> None:
        self._rows = rows
        self._kinds = kinds
        self._left = rows
        self._counted: dict[_Kind, AuditEntry] = {}

    @property
    def total(self) -> int:
        """Return how many refusals are counted and not yet recorded."""
        return sum(_occurrences(entry).count for entry in self._counted.values())

    def stands_alone(self) -> bool:
        """Tell whether the next refusal is recorded by itself, and count that one."""
        self._left -= 1
        return self._left >= 0

    def count(self, entry: AuditEntry) -> None:
        """Count a refusal, or those that ``entry`` stands for already."""
        kind = _kind(entry)
        if kind not in self._counted and len(self._counted) >= self._kinds:
            entry = replace(
                entry,
                municipality=NO_MUNICIPALITY,
                client_id=None,
                purpose=None,
                terminal=SEVERAL,
            )
            kind = _kind(entry)
        known = self._counted.get(kind)
        self._counted[kind] = entry if known is None else _together(known, entry)

    def take(self) -> Sequence[AuditEntry]:
        """Return what was counted, one entry for each kind, and begin a new window."""
        counted = [*self._counted.values()]
        self._counted.clear()
        self._left = self._rows
        return counted


def _kind(entry: AuditEntry) -> _Kind:
    """Return what refusals have in common that are counted together."""
    return (
        entry.municipality,
        entry.kind.value,
        entry.client_id,
        entry.purpose,
        entry.terminal,
        entry.function,
        entry.problem,
    )


def _together(known: AuditEntry, entry: AuditEntry) -> AuditEntry:
    """Return both as one; of several the traces are not kept."""
    one, other = _occurrences(known), _occurrences(entry)
    both = Occurrences(
        one.count + other.count, min(one.first, other.first), max(one.last, other.last)
    )
    return replace(known, at=both.last, trace_id="", occurrences=both)


def _occurrences(entry: AuditEntry) -> Occurrences:
    return entry.occurrences or Occurrences(1, entry.at, entry.at)
