"""Compares the sides of each group, judges what its source hands over, and records the outcome.

Both sides are read once, a piece of each in turn, and in bounded memory: the rows go to disk by
range of their keys, and only the ranges whose digests differ are read back.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Clock
from gateway.access.registration import is_my_number
from gateway.audit import AuditEntry, AuditKind, AuditRecord, to_record
from gateway.comparison import (
    Code,
    Columns,
    Difference,
    Finding,
    Kind,
    Limits,
    Membership,
    Profile,
    Ranges,
    against_declared,
    against_earlier,
    between,
    differences,
    differing,
    misplaced,
    paired,
    shipped_limits,
)
from gateway.households import household_bases
from gateway.reconciliation.lanes import Lane, Progress, columns_of, read_all
from gateway.reconciliation.sides import Side
from gateway.reconciliation.spill import Spill
from gateway.reconciliation.store import ReconciliationStore
from standard_models.dictionary import Dictionary


@dataclass(slots=True)
class GroupReport:
    """What was found of one group; nothing of anybody in it but numbers of rows.

    ``records`` and ``lost`` are those of both sides; of one side alone the first figure is None.
    ``items`` counts by item the rows that differ in it, ``households`` those whose members differ.
    ``ranges`` is how many ranges of keys had to be looked into.
    """

    group: str
    records: tuple[int | None, int] = (None, 0)
    lost: tuple[int | None, int] = (None, 0)
    rows: Counter[Kind] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    households: int = 0
    ranges: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Tell whether nothing differs and nothing is wrong."""
        return not self.rows and not self.findings


@dataclass(slots=True)
class Report:
    """What was found of every group."""

    groups: list[GroupReport] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Tell whether nothing differs and nothing is wrong."""
        return all(group.equal for group in self.groups)


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of a reconciliation.

    ``progress`` gets a group, how many records were read, and of how many if that is known.
    ``rows`` gets each row that differs, which is personal, and how its key is read.
    """

    progress: Progress = lambda _group, _done, _total: None
    rows: Callable[[str, Columns, Difference], None] | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides of a group. Without ``left`` the right one is judged alone.

    ``repeats``: both sides would show a key that is there twice.
    """

    left: Side | None
    right: Side
    repeats: bool = False


class Reconciler:
    """Reconciles groups of one municipality."""

    def __init__(
        self,
        store: ReconciliationStore,
        dictionary: Dictionary,
        *,
        clock: Clock,
        actor: str,
        limits: Limits | None = None,
    ) -> None:
        self._store = store
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor
        self._limits = limits or shipped_limits()

    async def reconcile(
        self,
        municipality: str,
        adapters: Sequence[str],
        groups: Sequence[Sides],
        *,
        accept: bool = False,
        told: Told | None = None,
    ) -> Report:
        """Compare every group, then record what was found before anything of it is shown.

        A side whose own figures are right becomes the day before of the next run; one that is not
        does not, unless it is accepted: what is wrong stays wrong the next day.

        Args:
            municipality: 6-digit 団体コード.
            adapters: ids of those that are compared, for the record.
            groups: the sides of each group.
            accept: the figures of today are right, however they differ from the day before.
            told: hears how far it is, and of each row that differs.

        Raises:
            ReconcileRefusedError: what is held cannot be read.
            AdapterError: a source cannot be read, or not as a whole.

        """
        report, told = Report(), told or Told()
        kept: dict[tuple[str, str], Profile] = {}
        for sides in groups:
            found, profiles = await self._group(municipality, sides, told, accept=accept)
            report.groups.append(found)
            kept |= profiles
        now = self._clock.now()
        fewest = self._limits.judged_from
        plain = {key: profile.of_many(fewest).to_json() for key, profile in kept.items()}
        audit = self._record(
            municipality,
            report,
            now,
            {
                "adapters": list(adapters),
                "accepted": accept,
                "rows_named": told.rows is not None,
            },
        )
        await self._store.finish(municipality, plain, now, audit)
        return report

    async def _group(
        self, municipality: str, sides: Sides, told: Told, *, accept: bool
    ) -> tuple[GroupReport, dict[tuple[str, str], Profile]]:
        group = self._dictionary.groups[sides.right.group]
        report = GroupReport(group.ref)
        items = [item for item in group.items if not is_my_number(item)]
        with ExitStack() as files:
            secret = secrets.token_bytes(32)
            lanes = [
                Lane(side, items, Ranges(secret), files.enter_context(closing(Spill())))
                for side in (sides.left, sides.right)
                if side is not None
            ]
            for lane in lanes:
                await lane.begin()
            columns = columns_of(items, lanes)
            await read_all(lanes, columns, group.ref, told.progress)
            report.records = _pair([lane.profiler.records for lane in lanes])
            report.lost = _pair([lane.side.lost for lane in lanes])
            profiles = {lane: lane.profile() for lane in lanes}
            if len(lanes) == 2:
                _compare(lanes, columns, report, told, repeats=sides.repeats)
                report.findings += _of_both(
                    lanes, profiles, columns, self._limits, unequal=bool(report.rows)
                )
        kept = {}
        for lane, profile in profiles.items():
            wrong, right = await self._judged(municipality, lane, profile, accept=accept)
            report.findings += wrong
            if right and lane.side.adapter_id and profile.records >= self._limits.judged_from:
                kept[lane.side.adapter_id, group.ref] = profile
        return report, kept

    async def _judged(
        self, municipality: str, lane: Lane, profile: Profile, *, accept: bool
    ) -> tuple[list[Finding], bool]:
        """Return what is wrong with a side by itself, and whether its figures are to be kept."""
        stated = lane.totals
        wrong = list(against_declared(profile, lane.side.read, stated.records, stated.sums or {}))
        if lane.side.adapter_id is None or wrong:
            return wrong, False
        before = await self._store.find_profile(municipality, lane.side.adapter_id, lane.side.group)
        if before is None or accept:
            return [], True
        shifts = list(against_earlier(Profile.of_json(before), profile, self._limits))
        return shifts, not shifts

    def _record(
        self,
        municipality: str,
        report: Report,
        now: dt.datetime,
        how: Mapping[str, Any],
    ) -> AuditRecord:
        """Return the audit record: counts and items, nobody (AU-2)."""
        return to_record(
            AuditEntry(
                municipality=municipality,
                at=now,
                kind=AuditKind.EVENT,
                outcome="equal" if report.equal else "not-equal",
                trace_id="",
                terminal=self._actor,
                function="reconcile",
                after={**how, "groups": {one.group: _figures(one) for one in report.groups}},
            )
        )


def _compare(
    lanes: Sequence[Lane], columns: Columns, report: GroupReport, told: Told, *, repeats: bool
) -> None:
    """Descend into the ranges that differ, and tell of each row that does."""
    left, right = lanes
    rule = membership_of(report.group)
    households: set[str] = set()

    def found() -> Iterator[Difference]:
        for place in differing(left.ranges, right.ranges):
            report.ranges += 1
            ours, theirs = left.spill.rows(place), right.spill.rows(place)
            yield from differences(ours, theirs, columns, rule, repeats=repeats)

    for one in paired(found()):
        report.rows[one.kind] += 1
        report.items.update((*one.values, *one.absences))
        households.update(said[0] for said in one.households or () if said is not None and said[0])
        if told.rows is not None:
            told.rows(report.group, columns, one)
    report.households = len(households)


def membership_of(group_ref: str) -> Membership | None:
    """Return which items of a group say who belongs to which household, None where none does."""
    bases = household_bases()
    if group_ref == bases.person.group:
        return Membership(bases.person.household, None)
    basis = next((basis for basis in bases.by_id.values() if basis.group == group_ref), None)
    return None if basis is None else Membership(basis.household, basis.member)


def _of_both(
    lanes: Sequence[Lane],
    profiles: Mapping[Lane, Profile],
    columns: Columns,
    limits: Limits,
    *,
    unequal: bool,
) -> Iterator[Finding]:
    """Yield what differs between the sides as a whole.

    Sums are told where rows differ: a key that the source gives twice, and the copy holds once,
    makes sums unequal and no row.
    """
    left, right = (profiles[lane] for lane in lanes)
    if left.lost != right.lost:
        yield Finding(Code.RECORDS_LOST, (), str(left.lost), str(right.lost))
    compared = {*columns.key, *columns.others}
    alone = sorted(
        name
        for name in left.items
        if name not in compared and (left.items[name].filled or right.items[name].filled)
    )
    if alone:
        yield Finding(Code.ONE_SIDE_ONLY, tuple(alone))
    if unequal:
        yield from between(left, right, columns.others)
    yield from misplaced(left, right, limits)


def _pair(found: Sequence[int]) -> tuple[int | None, int]:
    return (found[0], found[1]) if len(found) == 2 else (None, found[0])


def _figures(one: GroupReport) -> dict[str, Any]:
    return {
        "records": list(one.records),
        "lost": list(one.lost),
        "rows": {kind.value: count for kind, count in sorted(one.rows.items())},
        "items": dict(sorted(one.items.items())),
        "households": one.households,
        "findings": [[found.code.value, *found.items] for found in one.findings],
    }
