"""K5: what an adapter does with the test system of a town, in counts.

Everything is asked twice; two answers about one person that are not the same are a difference.
Nothing is written into the system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict

from adapters.contract import (
    Adapter,
    Changes,
    Deadline,
    Extract,
    ExtractChunk,
    Fetch,
    FetchRequest,
    GroupRecords,
    ProtectionFlags,
)
from adapters.errors import AdapterError
from adapters.manifest import Capability, Manifest
from standard_models.dictionary import Dictionary

LEAST_PEOPLE: Final = 10
"""People of the test system that a rehearsal needs."""

BY_HAND: Final = frozenset({Capability.SEARCH, Capability.SUBMIT})
"""Capabilities that need a person at the screens of the product: facts of people, effects."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tried(_Record):
    """What was tried of one capability for one group (empty: of none), in counts.

    ``empty`` answers say that there is no record. ``errors`` are counted by code.
    """

    capability: Capability
    group: str
    calls: int
    records: int = 0
    lost: int = 0
    empty: int = 0
    errors: dict[str, int] = {}


class Reconciled(_Record):
    """The control totals of an extract beside what came; ``stated`` None: the source says none."""

    group: str
    stated: int | None
    read: int
    records: int
    lost: int
    skipped: int


@dataclass(slots=True)
class _Book:
    """What is written down while a rehearsal goes on."""

    tried: list[Tried] = field(default_factory=list)
    totals: list[Reconciled] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a rehearsal found. ``differences`` name what has to be looked at."""

    product_version: str | None
    people: int
    tried: tuple[Tried, ...]
    totals: tuple[Reconciled, ...]
    differences: tuple[str, ...]


async def rehearse(
    adapter: Adapter, manifest: Manifest, dictionary: Dictionary, numbers: Sequence[str]
) -> Findings:
    """Return what the adapter did with the people of these numbers and with its lists."""
    book = _Book()
    people = list(dict.fromkeys(numbers))
    if Capability.FETCH in manifest.capabilities and len(people) < LEAST_PEOPLE:
        book.differences.append(f"{len(people)} people, where {LEAST_PEOPLE} are needed")
    checked = await adapter.check(_deadline(manifest))
    if not checked.ok:
        book.differences.append("check: the system is not well")
    if Capability.FETCH in manifest.capabilities and isinstance(adapter, Fetch):
        await _people(adapter, manifest, dictionary, people, book)
    if Capability.PROTECTION_FLAGS in manifest.capabilities and isinstance(
        adapter, ProtectionFlags
    ):
        await _flags(adapter, manifest, book)
    if Capability.CHANGES in manifest.capabilities and isinstance(adapter, Changes):
        await _changes(adapter, manifest, book)
    if Capability.EXTRACT in manifest.capabilities and isinstance(adapter, Extract):
        for ref in manifest.groups:
            await _extract(adapter, manifest, ref, book)
        if not any(t.capability is Capability.EXTRACT for t in book.tried):
            book.differences.append("extract: no group could be extracted")
    return Findings(
        checked.product_version,
        len(people),
        tuple(book.tried),
        tuple(book.totals),
        tuple(book.differences),
    )


def _deadline(manifest: Manifest) -> Deadline:
    return Deadline.after(manifest.limits.timeout_s)


async def _people(
    adapter: Fetch, manifest: Manifest, dictionary: Dictionary, people: list[str], book: _Book
) -> None:
    counts = {ref: Counter[str]() for ref in manifest.groups}
    errors = {ref: Counter[str]() for ref in manifest.groups}
    changed = foreign = 0
    for number in people:
        first = await _fetched(adapter, manifest, dictionary, number)
        again = await _fetched(adapter, manifest, dictionary, number)
        for ref in manifest.groups:
            outcome, second = first.get(ref), again.get(ref)
            if not isinstance(outcome, GroupRecords):
                code = outcome.code if outcome is not None else "left-out"
                errors[ref][code] += 1
                continue
            foreign += any(r.subject_number != number for r in outcome.records)
            changed += not isinstance(second, GroupRecords) or second.records != outcome.records
            counts[ref]["records"] += len(outcome.records)
            counts[ref]["lost"] += outcome.lost
            counts[ref]["empty"] += not outcome.records and not outcome.lost
    for ref, count in counts.items():
        book.tried.append(
            Tried(
                capability=Capability.FETCH, group=ref, calls=2 * len(people),
                records=count["records"], lost=count["lost"], empty=count["empty"],
                errors=dict(errors[ref]),
            )
        )  # fmt: skip
        book.differences += [f"fetch {ref}: {code} {n} times" for code, n in errors[ref].items()]
        if not count["records"]:
            book.differences.append(f"fetch {ref}: nobody has a record")
    if foreign:
        book.differences.append(f"fetch: {foreign} answers hold a record of somebody else")
    if changed:
        book.differences.append(f"fetch: {changed} answers were another one the second time")


async def _fetched(
    adapter: Fetch, manifest: Manifest, dictionary: Dictionary, number: str
) -> dict[str, GroupRecords | AdapterError]:
    groups = {ref: frozenset(dictionary.groups[ref].by_field) for ref in manifest.groups}
    try:
        request = FetchRequest(number, groups, _deadline(manifest), "rehearsal")
        return dict((await adapter.fetch(request)).groups)
    except AdapterError as error:
        return dict.fromkeys(manifest.groups, error)


async def _flags(adapter: ProtectionFlags, manifest: Manifest, book: _Book) -> None:
    try:
        first = await adapter.protection_flags(_deadline(manifest))
        again = await adapter.protection_flags(_deadline(manifest))
    except AdapterError as error:
        book.differences.append(f"protection-flags: {error.code}")
        return
    if set(first.flags) != set(again.flags):
        book.differences.append("protection-flags: another list the second time")
    book.tried.append(
        Tried(capability=Capability.PROTECTION_FLAGS, group="", calls=2, records=len(first.flags))
    )


async def _changes(adapter: Changes, manifest: Manifest, book: _Book) -> None:
    try:
        first = await adapter.changes(None, _deadline(manifest))
        again = await adapter.changes(None, _deadline(manifest))
    except AdapterError as error:
        book.differences.append(f"changes: {error.code}")
        return
    if again.changes[: len(first.changes)] != first.changes:
        book.differences.append("changes: the same cursor gives other changes the second time")
    book.tried.append(
        Tried(capability=Capability.CHANGES, group="", calls=2, records=len(first.changes))
    )


async def _extract(adapter: Extract, manifest: Manifest, ref: str, book: _Book) -> None:
    try:
        stated = (await adapter.control_totals(ref, _deadline(manifest))).records
        first = await _counted(adapter.extract(ref), ref)
        again = await _counted(adapter.extract(ref), ref)
    except AdapterError as error:
        if error.code != "unsupported":
            book.differences.append(f"extract {ref}: {error.code}")
        return
    totals = first.model_copy(update={"stated": stated})
    book.totals.append(totals)
    book.tried.append(
        Tried(
            capability=Capability.EXTRACT, group=ref, calls=2,
            records=totals.records, lost=totals.lost,
        )
    )  # fmt: skip
    if first != again:
        book.differences.append(f"extract {ref}: other counts the second time")
    if stated is not None and stated != totals.read:
        book.differences.append(f"extract {ref}: {totals.read} read, {stated} stated")
    if totals.records + totals.lost + totals.skipped < totals.read:
        book.differences.append(f"extract {ref}: not everything that was read is accounted for")


async def _counted(chunks: AsyncIterator[ExtractChunk], ref: str) -> Reconciled:
    read = records = lost = skipped = 0
    async for chunk in chunks:
        read += chunk.read
        records += len(chunk.records)
        lost += len(chunk.lost)
        skipped += chunk.skipped
    return Reconciled(
        group=ref, stated=None, read=read, records=records, lost=lost, skipped=skipped
    )
