"""My Numbers out of what an adapter extracts: piece by piece, each whole or not at all.

A piece, how far the load is and what became of every record of it are written in one transaction:
a load that was stopped goes on behind its last piece, and one that is done again changes nothing.
A record that is not right is taken whole or not at all: nothing of it is stored, what was stored of
the person stays, and it stands in the quarantine with its reasons, without the number. Where the
extract says two numbers of one person, neither is used: a match by the wrong one would be somebody
else (MN-6).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from adapters.contract import Adapter, Clock, ControlTotals, Extract, ExtractChunk
from adapters.manifest import Manifest
from gateway.api.limits import text_holds_number
from gateway.audit import AuditLog, settings_entry
from gateway.connections.extraction import chunks, control_totals
from gateway.errors import ExplainedError
from gateway.keys import KeyStore
from gateway.my_numbers.reading import (
    PERSON_UNKNOWN,
    TWO_NUMBERS,
    NumberReading,
    my_number_items,
    read_lost,
    read_record,
)
from gateway.my_numbers.sealing import NumberSeal, Place
from gateway.my_numbers.service import sealed_row
from gateway.my_numbers.store import Changes, Known, MyNumberStore, NumbersUnavailable
from gateway.problems import Problem
from gateway.store.my_number_tables import NumberLoadRow
from gateway.subjects import SubjectService
from standard_models.dictionary import Dictionary

ABANDONED: Final = dt.timedelta(minutes=5)
"""A load that has written nothing for so long was killed, and another may go on with it."""
RESUMED: Final = dt.timedelta(days=1)
"""What was read of a live system earlier is read again."""
Progress = Callable[[str, int, int | None], None]


class NumberLoadError(ExplainedError):
    """A load did not come to its end; the texts say why and what to do."""


@dataclass(slots=True)
class LoadCounts:
    """What became of the records of one group; ``read`` is the sum of the five behind it.

    ``stored`` are new or changed numbers, ``blank`` records without a My Number, ``skipped`` those
    that the mapping leaves out. ``elements`` counts what the source's own total counts.
    """

    elements: int = 0
    read: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: int = 0
    blank: int = 0
    skipped: int = 0

    @property
    def settled(self) -> int:
        """Return of how many records it is known what became of them."""
        return self.stored + self.unchanged + self.quarantined + self.blank + self.skipped


@dataclass(frozen=True, slots=True)
class GroupLoad:
    """A load of one group that came to its end. ``resumed`` went on with one that was stopped."""

    group: str
    counts: LoadCounts
    resumed: bool


class NumberLoader:
    """Loads what adapters extract, for an officer. Begin and end are recorded, with the mark."""

    def __init__(
        self,
        store: MyNumberStore,
        keys: KeyStore,
        subjects: SubjectService,
        dictionary: Dictionary,
        audit: AuditLog,
        *,
        clock: Clock,
        actor: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._subjects = subjects
        self._dictionary = dictionary
        self._audit = audit
        self._clock = clock
        self._actor = actor

    async def load(
        self,
        municipality: str,
        manifest: Manifest,
        adapter: Adapter,
        told: Progress = lambda _group, _done, _total: None,
    ) -> Sequence[GroupLoad]:
        """Take the numbers of everybody whom the gateway knows in the adapter's numbering.

        Args:
            municipality: 6-digit 団体コード.
            manifest: of the adapter.
            adapter: open; it must extract.
            told: hears a group, how many elements were read, and of how many if that is known.

        Raises:
            NumberLoadError: the adapter has no My Numbers, another load runs, or the source states
                another count than was read. Pieces that were stored are good.
            AdapterError: the extract cannot go on; the next load goes on behind the last piece.
            Problem: ``audit-unavailable``.
            KeysError: there is no key for My Numbers yet.

        """
        if not isinstance(adapter, Extract):
            raise NumberLoadError(
                "このアダプターは一括の抽出（extract）を持ちません。",
                "This adapter does not hand over everything (capability extract).",
            )
        fields = self._fields(manifest)
        made_by = f"{manifest.version} {adapter.mapping_version}"
        numbers = await self._subjects.numbers_in(municipality, manifest.numbering.id)
        people = {number for _, number in numbers}
        done = []
        for group, field_name in fields.items():
            totals = await control_totals(adapter, group)
            row, resumed = await self._begin(municipality, manifest, group, made_by, totals)
            work = _Load(
                row,
                LoadCounts(**row.counts),
                field_name,
                people,
                [NumberSeal(secret) for secret in self._keys.keys().my_numbers],
                NumberSeal(self._keys.keys().my_number_secret),
            )
            try:
                await self._read(work, adapter, totals, told)
                await self._finish(work)
            except BaseException as error:
                await self._stop(work, keep=not isinstance(error, NumberLoadError))
                raise
            done.append(GroupLoad(group, work.counts, resumed))
        return done

    def _fields(self, manifest: Manifest) -> Mapping[str, str]:
        fields = my_number_items(manifest, self._dictionary)
        if not fields:
            raise NumberLoadError(
                "このアダプターは標準項目「個人番号」を供給しません。マッピングに加えてください"
                "（例：001.bangojoho.kojinbango）。",
                "This adapter does not supply the item 個人番号; add it to the mapping "
                "(for example 001.bangojoho.kojinbango).",
            )
        if manifest.personal_data.my_number != "holds":
            raise NumberLoadError(
                "マニフェストは個人番号を扱わないとしています（personal_data.my_number: never）。"
                "提供者に確かめてください。",
                "The manifest says that the adapter never sees My Numbers "
                "(personal_data.my_number: never); ask its vendor.",
            )
        return fields

    async def _begin(
        self,
        municipality: str,
        manifest: Manifest,
        group: str,
        made_by: str,
        totals: ControlTotals,
    ) -> tuple[NumberLoadRow, bool]:
        """Return the load to go on with, or a new one; its begin is recorded first."""
        now = self._clock.now()
        of_group = (manifest.id, group)
        loads = await self._store.loads(municipality)
        before = [r for r in loads if (r.adapter_id, r.group_ref) == of_group]
        for row in before:
            if row.finished_at is None and row.touched_at and now - row.touched_at < ABANDONED:
                raise NumberLoadError(
                    "ほかの取り込みが動いています。終わるのを待ってください"
                    "（強制終了した場合は 5 分後にやり直せます）。",
                    "Another load is under way; if it was killed, try again in five minutes.",
                )
        stopped = [r for r in before if r.finished_at is None]
        again = next(
            (r for r in reversed(stopped) if _goes_on(r, manifest, made_by, totals.as_of, now)),
            None,
        )
        row = again or NumberLoadRow(
            load_id=secrets.token_hex(16),
            municipality=municipality,
            adapter_id=manifest.id,
            group_ref=group,
            numbering=manifest.numbering.id,
            made_by=made_by,
            checkpoint=None,
            as_of=totals.as_of,
            counts=asdict(LoadCounts()),
            started_at=now,
            touched_at=now,
            finished_at=None,
        )
        await self._record(row, "my-number-load-begin", {"resumed": again is not None})
        async with self._store.changing() as changes:
            await changes.forget_loads(r.load_id for r in stopped if r is not again)
            if again is None:
                await changes.begin(row)
            else:
                await changes.note(row.load_id, touched_at=now)
        return row, again is not None

    async def _read(
        self, work: _Load, adapter: Extract, totals: ControlTotals, told: Progress
    ) -> None:
        """Take every piece; what was read is what the source says that it has.

        In a system that goes on working meanwhile, it has as many as before, as after, or between.
        """
        group = work.row.group_ref
        told(group, work.counts.elements, totals.records)
        async for chunk in chunks(adapter, group, work.row.checkpoint):
            await self._take(work, chunk)
            told(group, work.counts.elements, totals.records)
        counts = work.counts
        if counts.read != counts.settled:
            msg = "records were lost on the way"
            raise AssertionError(msg)
        if totals.records is None or totals.records == counts.elements:
            return
        after = (await control_totals(adapter, group)).records
        stated = sorted((totals.records, totals.records if after is None else after))
        if not stated[0] <= counts.elements <= stated[1]:
            raise NumberLoadError(
                f"{group}：件数が合いません（接続先 {stated[1]}、読んだ {counts.elements}）。"
                "取り込んだ番号はそのままです。初めからやり直してください。",
                f"{group}: the source states {stated[1]} records, {counts.elements} were "
                "read. What was stored stays; load again.",
            )

    async def _take(self, work: _Load, chunk: ExtractChunk) -> None:
        """Write what a piece says, what of it is quarantined, and how far the load is."""
        readings = work.readings(chunk)
        numbers = [reading.number for reading in readings if reading.number]
        row = work.row
        async with self._store.changing() as changes:
            piece = _Piece(
                work,
                replace(work.counts),
                dict(await changes.known(row.municipality, row.numbering, numbers)),
                await changes.quarantined_as(row.load_id, TWO_NUMBERS, numbers),
                self._clock.now(),
            )
            for reading in readings:
                piece.settle(reading)
            await piece.write(changes)
            piece.counts.elements += chunk.read
            piece.counts.read += len(readings) + chunk.skipped
            piece.counts.skipped += chunk.skipped
            # A checkpoint is the adapter's own text, and goes nowhere if it might hold a number.
            where = None if text_holds_number(chunk.checkpoint) else chunk.checkpoint
            await changes.note(
                row.load_id,
                checkpoint=where,
                counts=asdict(piece.counts),
                touched_at=self._clock.now(),
            )
        work.counts = piece.counts

    async def _finish(self, work: _Load) -> None:
        row = work.row
        await self._record(row, "my-number-load", asdict(work.counts))
        loads = await self._store.loads(row.municipality)
        before = [
            other.load_id
            for other in loads
            if (other.adapter_id, other.group_ref) == (row.adapter_id, row.group_ref)
            and other.load_id != row.load_id
        ]
        async with self._store.changing() as changes:
            await changes.forget_loads(before)
            await changes.note(row.load_id, finished_at=self._clock.now())

    async def _stop(self, work: _Load, *, keep: bool) -> None:
        """Leave a load so that the next one goes on with it, or begins anew if it is not kept."""
        values: dict[str, Any] = {} if keep else {"checkpoint": None}
        with suppress(NumbersUnavailable):
            await self._store.note(work.row.load_id, touched_at=None, **values)
        with suppress(Problem):
            await self._record(work.row, "my-number-load-stopped", asdict(work.counts))

    async def _record(
        self, row: NumberLoadRow, function: str, figures: Mapping[str, int | bool]
    ) -> None:
        await self._audit.append(
            settings_entry(
                row.municipality,
                self._clock.now(),
                self._actor,
                function,
                my_number=True,
                after={
                    "adapter": row.adapter_id,
                    "group": row.group_ref,
                    "numbering": row.numbering,
                    "load": row.load_id,
                    **figures,
                },
            )
        )


@dataclass(slots=True)
class _Load:
    """One load under way."""

    row: NumberLoadRow
    counts: LoadCounts
    field_name: str
    people: Collection[str]
    seals: Sequence[NumberSeal]
    newest: NumberSeal

    def readings(self, chunk: ExtractChunk) -> list[NumberReading]:
        """Return what the records of a piece say.

        Raises:
            NumberLoadError: the mapping does not supply the item.

        """
        first = self.counts.read + 1
        try:
            made = [
                read_record(record, self.field_name, f"record {place}")
                for place, record in enumerate(chunk.records, first)
            ]
        except LookupError:
            raise NumberLoadError(
                f"マッピングの {self.row.group_ref}.{self.field_name} は何も供給しません。",
                f"The mapping supplies nothing for {self.row.group_ref}.{self.field_name}.",
            ) from None
        return [*made, *map(read_lost, chunk.lost)]


@dataclass(slots=True)
class _Piece:
    """What becomes of the records of one piece, before it is written."""

    load: _Load
    counts: LoadCounts
    known: dict[str, Known]
    contradicted: set[str]
    now: dt.datetime
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    quarantined: list[dict[str, Any]] = field(default_factory=list)

    def settle(self, reading: NumberReading) -> None:
        """Decide what becomes of one record."""
        counts, number, my_number = self.counts, reading.number, reading.my_number
        if reading.codes or number is None:
            self._quarantine(reading, *reading.codes)
        elif my_number is None:
            counts.blank += 1
        elif number not in self.load.people:
            self._quarantine(reading, PERSON_UNKNOWN)
        elif number in self.contradicted:
            self._quarantine(reading, TWO_NUMBERS)
        else:
            before = self.known.get(number)
            seal = self._seal(before)
            town = self.load.row.municipality
            if seal is not None and before and seal.digest(town, my_number) == before.digest:
                counts.unchanged += 1
                self._said(number, before)
            elif before is not None and before.said_by == self.load.row.load_id:
                self._contradict(reading, number, before)
            else:
                counts.stored += 1
                place = Place(town, self.load.row.numbering, number)
                newest, load_id = self.load.newest, self.load.row.load_id
                row = sealed_row(newest, place, my_number, self.now, load_id)
                self.rows[number] = row
                self.known[number] = Known(newest.version, row["digest"], load_id, load_id)

    async def write(self, changes: Changes) -> None:
        """Write what was decided."""
        row = self.load.row
        await changes.erase(row.municipality, row.numbering, self.erased)
        await changes.put(list(self.rows.values()))
        await changes.said(row.municipality, row.numbering, self.said, row.load_id)
        await changes.quarantine(self.quarantined)

    def _seal(self, before: Known | None) -> NumberSeal | None:
        if before is None:
            return None
        return next(s for s in self.load.seals if s.version == before.version)

    def _said(self, number: str, before: Known) -> None:
        if before.said_by != self.load.row.load_id:
            self.said.add(number)
            self.known[number] = Known(
                before.version, before.digest, before.stored_by, self.load.row.load_id
            )

    def _contradict(self, reading: NumberReading, number: str, before: Known) -> None:
        """Take back what an earlier record of this load said, and set both aside."""
        if before.stored_by == self.load.row.load_id:
            self.counts.stored -= 1
        else:
            self.counts.unchanged -= 1
        self.rows.pop(number, None)
        self.said.discard(number)
        self.erased.add(number)
        self.contradicted.add(number)
        self._quarantine(NumberReading("", number), TWO_NUMBERS)
        self._quarantine(reading, TWO_NUMBERS)

    def _quarantine(self, reading: NumberReading, *codes: str) -> None:
        self.counts.quarantined += 1
        self.quarantined.append(
            {
                "load_id": self.load.row.load_id,
                "serial": self.counts.quarantined,
                "place": reading.place,
                "number": reading.number,
                "codes": list(codes),
            }
        )


def _goes_on(
    row: NumberLoadRow,
    manifest: Manifest,
    made_by: str,
    as_of: dt.datetime | None,
    now: dt.datetime,
) -> bool:
    """Tell whether a load can go on with this one: what lies behind its checkpoint is the same.

    A delivery is another one unless the source says that its data are of the same time.
    """
    if row.checkpoint is None or row.made_by != made_by:
        return False
    if manifest.freshness.every_s is not None:
        return as_of is not None and as_of == row.as_of
    return now - row.started_at < RESUMED
