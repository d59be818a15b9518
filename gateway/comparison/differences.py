"""The rows that differ within one range of keys, and what of them differs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.comparison.rows import Columns, Membership, Row, is_absent

MOST_WAITING: Final = 10_000
"""Changed rows that are held until their counterpart is seen, should there be one."""


class Kind(StrEnum):
    """How a row differs. ``swapped``: two keys have each other's content, on one of the sides."""

    ONLY_LEFT = "only-left"
    ONLY_RIGHT = "only-right"
    CHANGED = "changed"
    SWAPPED = "swapped"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs.

    ``values`` are the items with two values, ``absences`` those of which one side at least says why
    there is none. ``households`` has what either side says of household and member, where that
    differs. ``other`` is the key that the content was swapped with. ``contents`` are those of both
    sides, of a changed row.
    """

    kind: Kind
    key: bytes = field(repr=False)
    values: tuple[str, ...] = ()
    absences: tuple[str, ...] = ()
    households: tuple[tuple[str, str] | None, tuple[str, str] | None] | None = field(
        default=None, repr=False
    )
    other: bytes | None = field(default=None, repr=False)
    contents: tuple[bytes, bytes] = field(default=(b"", b""), repr=False)


def differences(
    left: Iterable[Row],
    right: Iterable[Row],
    columns: Columns,
    membership: Membership | None = None,
    *,
    repeats: bool = True,
) -> Iterator[Difference]:
    """Yield what differs between the rows of one range, in the order of the keys.

    Of rows with the same key the last one counts, as where a delivery is loaded. With ``repeats``
    it is a difference how often a key is there.
    """
    ours, our_times = _by_key(left)
    theirs, their_times = _by_key(right)
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key), theirs.get(key)
        if mine is None or other is None:
            kind = Kind.ONLY_RIGHT if mine is None else Kind.ONLY_LEFT
            yield Difference(kind, key, households=_households(columns, membership, mine, other))
            continue
        if mine.content != other.content:
            yield _changed(columns, membership, mine, other)
        if repeats and our_times[key] != their_times[key]:
            yield Difference(Kind.REPEATED, key)


def paired(found: Iterable[Difference]) -> Iterator[Difference]:
    """Yield the differences; two rows that have each other's content, as swapped.

    One item alone is no content: two people may well have changed places in it.
    """
    waiting: dict[tuple[bytes, bytes], Difference] = {}
    for one in found:
        if one.kind is not Kind.CHANGED or len(one.values) + len(one.absences) < 2:
            yield one
            continue
        ours, theirs = one.contents
        other = waiting.pop((theirs, ours), None)
        if other is not None:
            yield _swapped(other, one.key)
            yield _swapped(one, other.key)
        elif one.contents in waiting or len(waiting) >= MOST_WAITING:
            yield one
        else:
            waiting[one.contents] = one
    yield from waiting.values()


def _by_key(rows: Iterable[Row]) -> tuple[dict[bytes, Row], Counter[bytes]]:
    found: dict[bytes, Row] = {}
    times: Counter[bytes] = Counter()
    for row in rows:
        found[row.key] = row
        times[row.key] += 1
    return found, times


def _changed(columns: Columns, membership: Membership | None, mine: Row, other: Row) -> Difference:
    values: list[str] = []
    absences: list[str] = []
    ours, theirs = columns.contents(mine.content), columns.contents(other.content)
    for name, a, b in zip(columns.others, ours, theirs, strict=True):
        if type(a) is not type(b) or a != b:
            (absences if is_absent(a) or is_absent(b) else values).append(name)
    return Difference(
        Kind.CHANGED,
        mine.key,
        tuple(values),
        tuple(absences),
        _households(columns, membership, mine, other),
        contents=(mine.content, other.content),
    )


def _households(
    columns: Columns, rule: Membership | None, mine: Row | None, other: Row | None
) -> tuple[tuple[str, str] | None, tuple[str, str] | None] | None:
    """Return which household and member each side names, None where that is the same."""
    if rule is None:
        return None
    ours, theirs = (None if row is None else columns.membership(row, rule) for row in (mine, other))
    return None if ours == theirs else (ours, theirs)


def _swapped(one: Difference, other: bytes) -> Difference:
    return Difference(Kind.SWAPPED, one.key, one.values, one.absences, one.households, other=other)
