"""What is not right with an extract as a whole (RE-3). Pure.

Three yardsticks: the profile of the day before, the profile of the other side, and what the source
itself declares. The last one is exact and works on the first day; the others find what no sum is
declared of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

from gateway.comparison.limits import Limits
from gateway.comparison.profiles import ItemProfile, Profile


class Code(StrEnum):
    """What was found. A closed set."""

    COUNT_DIFFERS = "count-differs"
    TOTAL_DIFFERS = "total-differs"
    RECORDS_CHANGED = "records-changed"
    RECORDS_LOST = "records-lost"
    ABSENCES_CHANGED = "absences-changed"
    TOTAL_CHANGED = "total-changed"
    SHAPE_CHANGED = "shape-changed"
    ITEMS_SWAPPED = "items-swapped"
    ONE_SIDE_ONLY = "one-side-only"
    TOTALS_UNEQUAL = "totals-unequal"
    ABSENCES_UNEQUAL = "absences-unequal"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is not right. ``before`` and ``after`` are the figures, of everybody together."""

    code: Code
    items: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


def against_declared(
    profile: Profile, read: int, records: int | None, sums: Mapping[str, int]
) -> Iterator[Finding]:
    """Yield where the extract is not what its source declares of it.

    ``read`` counts what the source gave, of which it states ``records``. ``sums`` with the name of
    an item are of this item; others are of fields that only the source knows.
    """
    if records is not None and records != read:
        yield Finding(Code.COUNT_DIFFERS, (), str(records), str(read))
    for name, stated in sums.items():
        item = profile.items.get(name)
        if item is not None and item.total != stated:
            yield Finding(Code.TOTAL_DIFFERS, (name,), str(stated), _figure(item.total))


def against_earlier(before: Profile, after: Profile, limits: Limits) -> Iterator[Finding]:
    """Yield where an extract does not look like the one before."""
    if after.lost > before.lost:
        yield Finding(Code.RECORDS_LOST, (), str(before.lost), str(after.lost))
    if before.records < limits.judged_from:
        return
    if _percent(before.records, after.records) > limits.records_percent:
        yield Finding(Code.RECORDS_CHANGED, (), str(before.records), str(after.records))
    if not after.records:
        return
    for name in _common(before, after):
        for code in _changes(before, after, name, limits):
            yield Finding(code, (name,), *_figures(code, before, after, name))
    yield from misplaced(before, after, limits)


def between(left: Profile, right: Profile, names: Sequence[str]) -> Iterator[Finding]:
    """Yield the items whose sums or absences are not the same on both sides."""
    for name in names:
        ours, theirs = left.items[name], right.items[name]
        if ours.total != theirs.total:
            figures = _figure(ours.total), _figure(theirs.total)
            yield Finding(Code.TOTALS_UNEQUAL, (name,), *figures)
        if ours.absent != theirs.absent:
            figures = f"{ours.filled}/{left.records}", f"{theirs.filled}/{right.records}"
            yield Finding(Code.ABSENCES_UNEQUAL, (name,), *figures)


def misplaced(before: Profile, after: Profile, limits: Limits) -> Iterator[Finding]:
    """Yield pairs of items each of which looks like the other did before."""
    if min(before.records, after.records) < limits.judged_from:
        return
    changed = [n for n in _common(before, after) if any(_changes(before, after, n, limits))]
    part = limits.swapped_percent / 100
    for a, b in combinations(changed, 2):
        own = _distance(before, after, a, a), _distance(before, after, b, b)
        crossed = _distance(before, after, a, b), _distance(before, after, b, a)
        if crossed[0] <= part * own[0] and crossed[1] <= part * own[1]:
            yield Finding(Code.ITEMS_SWAPPED, (a, b))


def _common(before: Profile, after: Profile) -> list[str]:
    return [name for name in after.items if name in before.items]


def _changes(before: Profile, after: Profile, name: str, limits: Limits) -> Iterator[Code]:
    """Yield how an item does not look as before."""
    ours, theirs = before.items[name], after.items[name]
    few, many = sorted((ours.filled, theirs.filled))
    gone = few < limits.judged_from and many >= 2 * limits.judged_from
    if gone or _absent_points(before, after, ours, theirs) > limits.absent_points:
        yield Code.ABSENCES_CHANGED
    if few < limits.judged_from:
        return
    if _total_percent(ours, theirs) > limits.total_percent:
        yield Code.TOTAL_CHANGED
    if _shape_points(ours, theirs) > limits.shape_points:
        yield Code.SHAPE_CHANGED


def _distance(before: Profile, after: Profile, name: str, now: str) -> float:
    """Return how far an item is from what another was before, 0 to 300."""
    ours, theirs = before.items[name], after.items[now]
    if (ours.total is None) != (theirs.total is None):
        return 300.0
    return (
        _absent_points(before, after, ours, theirs)
        + min(100.0, _total_percent(ours, theirs))
        + _shape_points(ours, theirs)
    )


def _figures(code: Code, before: Profile, after: Profile, name: str) -> tuple[str, str]:
    ours, theirs = before.items[name], after.items[name]
    if code is Code.TOTAL_CHANGED:
        return _figure(ours.total), _figure(theirs.total)
    if code is Code.ABSENCES_CHANGED:
        return f"{ours.filled}/{before.records}", f"{theirs.filled}/{after.records}"
    return "", f"{_shape_points(ours, theirs):.1f} %"


def _figure(total: Decimal | None) -> str:
    return "" if total is None else f"{total:f}"


def _absent_points(
    before: Profile, after: Profile, ours: ItemProfile, theirs: ItemProfile
) -> float:
    """Return the greatest change of the share of one reason, in percentage points."""
    reasons = {*ours.absent, *theirs.absent}
    return max(
        (
            abs(
                ours.absent.get(reason, 0) / before.records
                - theirs.absent.get(reason, 0) / after.records
            )
            * 100
            for reason in reasons
        ),
        default=0.0,
    )


def _total_percent(ours: ItemProfile, theirs: ItemProfile) -> float:
    if ours.total is None or theirs.total is None:
        return 0.0 if ours.total == theirs.total else 100.0
    return _percent(ours.total, theirs.total)


def _shape_points(ours: ItemProfile, theirs: ItemProfile) -> float:
    """Return the share of values that would have to take another shape, in percent."""
    if not ours.filled or not theirs.filled:
        return 0.0 if ours.filled == theirs.filled else 100.0
    shapes = {*ours.shapes, *theirs.shapes}
    return 50 * sum(
        abs(ours.shapes.get(s, 0) / ours.filled - theirs.shapes.get(s, 0) / theirs.filled)
        for s in shapes
    )


def _percent(before: Decimal | int, after: Decimal | int) -> float:
    if before == after:
        return 0.0
    was = Decimal(before)
    return float(abs(after - was) * 100 / max(abs(was), Decimal(1)))
