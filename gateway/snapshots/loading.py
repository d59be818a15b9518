"""A delivery becomes a snapshot: complete or not at all.

Nothing of it is seen before all of it is written, counted and, where the source states totals,
compared with them. Then one statement lets questions see it. A record that could not be made is
counted and told by its place; of a group with such records nobody is said to have none.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from adapters.contract import Adapter, Clock, Extract, LostRecord
from adapters.manifest import Manifest
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.connections.extraction import chunks, control_totals
from gateway.errors import ExplainedError
from gateway.keys import KeyStore
from gateway.snapshots.my_numbers import my_number_fields, without
from gateway.snapshots.sealing import RecordSeal, record_key
from gateway.snapshots.store import PIECE, SnapshotStore
from gateway.store.tables import SnapshotRow
from standard_models.answers import StandardRecord
from standard_models.dictionary import Dictionary

ABANDONED: Final = dt.timedelta(minutes=5)
"""A load that has written nothing for so long was killed; its records are erased."""
KEPT: Final = 2
"""Snapshots that stay: the one in use and the one before."""


class LoadRefusedError(ExplainedError):
    """Nothing was loaded; the texts say why and what to do."""


class CountsDifferError(LoadRefusedError):
    """Nothing was loaded: the source states another number of records than it handed over."""


class OlderDeliveryError(LoadRefusedError):
    """Nothing was loaded: what is answered from was signed later."""


@dataclass(slots=True)
class GroupCounts:
    """What became of one group: read = taken + lost + skipped.

    ``taken`` elements of the source made ``records``, of which ``replaced`` took the place of an
    earlier one with the same key.
    """

    read: int = 0
    taken: int = 0
    lost: int = 0
    skipped: int = 0
    records: int = 0
    replaced: int = 0


@dataclass(slots=True)
class LoadReport:
    """What a load did, by group."""

    snapshot_id: str
    as_of: dt.datetime | None = None
    counts: dict[str, GroupCounts] = field(default_factory=dict)


Progress = Callable[[str, int, int | None], None]
Findings = Callable[[str, LostRecord], None]


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of a load.

    ``progress`` gets a group, how many elements were read, and of how many if that is known;
    ``findings`` a group and a record that could not be made.
    """

    progress: Progress = lambda _group, _done, _total: None
    findings: Findings = lambda _group, _lost: None


class Loader:
    """Loads deliveries of one adapter."""

    def __init__(
        self,
        store: SnapshotStore,
        keys: KeyStore,
        dictionary: Dictionary,
        *,
        clock: Clock,
        actor: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def load(
        self,
        municipality: str,
        manifest: Manifest,
        adapter: Adapter,
        *,
        max_lost: int = 0,
        as_of: dt.datetime | None = None,
        signed_at: dt.datetime | None = None,
        told: Told | None = None,
    ) -> LoadReport:
        """Load everything that ``adapter`` extracts and answer from it.

        Args:
            municipality: 6-digit 団体コード.
            manifest: of the adapter.
            adapter: open; it must extract.
            max_lost: how many records may be lost.
            as_of: the time of the data where the source states none.
            signed_at: when the delivery was signed, if that was required.
            told: hears how far it is, and of each record that was lost.

        Raises:
            LoadRefusedError: the adapter hands over no files, another load runs, too much was
                lost, the counts differ from those of the source (``CountsDifferError``), or what is
                in use was signed later (``OlderDeliveryError``); what was in use stays.
            AdapterError: the delivery is not whole or cannot be read; what was in use stays.

        """
        if not isinstance(adapter, Extract) or manifest.freshness.every_s is None:
            raise LoadRefusedError(
                "このアダプターのシステムはファイルを渡しません（freshness: live）。",
                "The adapter's system gives no files (its freshness is not deliveries).",
            )
        told = told or Told()
        await self._clear(municipality, manifest.id)
        await refuse_older(self._store, municipality, manifest.id, signed_at)
        secret = self._keys.keys().sealing_secret
        row = SnapshotRow(
            snapshot_id=secrets.token_hex(16),
            municipality=municipality,
            adapter_id=manifest.id,
            adapter_version=manifest.version,
            mapping_version=adapter.mapping_version,
            sealed_by=secret.version,
            as_of=None,
            signed_at=signed_at,
            touched_at=self._clock.now(),
            loaded_at=None,
            loaded_by=self._actor,
            counts={},
            current=False,
        )
        report = LoadReport(row.snapshot_id)
        await self._store.begin(row)
        try:
            seal = RecordSeal(secret, row.snapshot_id)
            stated = [
                await self._load_group(adapter, ref, report, seal, told) for ref in manifest.groups
            ]
            known = [time for time in stated if time is not None]
            report.as_of = min(known) if known and len(known) == len(stated) else as_of
            _require_few_lost(report, max_lost)
            await self._store.finish(
                row,
                {ref: asdict(counts) for ref, counts in report.counts.items()},
                report.as_of,
                self._clock.now(),
                self._record(row, report),
            )
        except BaseException:
            await self._store.erase(row.snapshot_id)
            raise
        await self._forget(municipality, manifest.id)
        return report

    async def _load_group(
        self,
        adapter: Extract,
        ref: str,
        report: LoadReport,
        seal: RecordSeal,
        told: Told,
    ) -> dt.datetime | None:
        """Write the records of a group; return the time of the data where the source states it."""
        totals = await control_totals(adapter, ref)
        counts = report.counts[ref] = GroupCounts()
        keys = sorted(self._dictionary.groups[ref].key_fields)
        numbers = my_number_fields(self._dictionary.groups[ref])
        seen: set[tuple[str, bytes]] = set()
        async for chunk in chunks(adapter, ref):
            made = len(chunk.records)
            counts.read += chunk.read
            counts.lost += len(chunk.lost)
            counts.skipped += chunk.skipped
            counts.taken += chunk.read - len(chunk.lost) - chunk.skipped
            for lost in chunk.lost:
                told.findings(ref, lost)
            for start in range(0, made, PIECE):
                piece = without(numbers, chunk.records[start : start + PIECE])
                rows = self._rows(report.snapshot_id, piece, keys, counts, seal)
                new = {(row["number"], row["record_key"]) for row in rows}
                counts.replaced += len(piece) - len(rows) + len(new & seen)
                seen |= new
                await self._store.write(report.snapshot_id, rows, self._clock.now())
            told.progress(ref, counts.read, totals.records)
        if totals.records is not None and totals.records != counts.read:
            raise CountsDifferError(
                f"{ref}：件数が合いません（接続先 {totals.records}、読んだ {counts.read}）。",
                f"{ref}: the source states {totals.records} records, {counts.read} were read.",
            )
        return totals.as_of

    def _rows(
        self,
        snapshot_id: str,
        records: Sequence[StandardRecord],
        keys: Sequence[str],
        counts: GroupCounts,
        seal: RecordSeal,
    ) -> list[dict[str, Any]]:
        """Return rows by key; a later record takes the place of an earlier one."""
        by_key: dict[tuple[str, bytes], dict[str, Any]] = {}
        for record in records:
            counts.records += 1
            key = record_key(record, keys)
            by_key[record.subject_number, key] = {
                "snapshot_id": snapshot_id,
                "number": record.subject_number,
                "group_ref": record.group,
                "record_key": key,
                "place": counts.records,
                "sealed": seal.seal(record),
            }
        return list(by_key.values())

    async def _clear(self, municipality: str, adapter_id: str) -> None:
        """Erase what killed loads have left.

        Raises:
            LoadRefusedError: another load is under way.

        """
        now = self._clock.now()
        for row in await self._store.all(municipality, adapter_id):
            if row.loaded_at is not None:
                continue
            if now - row.touched_at < ABANDONED:
                raise LoadRefusedError(
                    "ほかの取り込みが動いています。終わるのを待ってください"
                    "（強制終了した場合は 5 分後にやり直せます）。",
                    "Another load is under way; if it was killed, try again in five minutes.",
                )
            await self._store.erase(row.snapshot_id)

    async def _forget(self, municipality: str, adapter_id: str) -> None:
        """Erase all but the snapshot in use and the one before."""
        rows = await self._store.all(municipality, adapter_id)
        loaded = sorted(
            (row for row in rows if row.loaded_at is not None),
            key=lambda row: (row.current, row.loaded_at),
            reverse=True,
        )
        for row in loaded[KEPT:]:
            await self._store.erase(row.snapshot_id)

    def _record(self, row: SnapshotRow, report: LoadReport) -> AuditRecord:
        return snapshot_record(
            row,
            "snapshot-load",
            self._clock.now(),
            self._actor,
            {ref: asdict(counts) for ref, counts in report.counts.items()},
        )


async def refuse_older(
    store: SnapshotStore, municipality: str, adapter_id: str, signed_at: dt.datetime | None
) -> None:
    """Do nothing unless a delivery comes back that was signed before the one in use.

    Raises:
        OlderDeliveryError: it does.

    """
    rows = await store.all(municipality, adapter_id)
    used = next((row.signed_at for row in rows if row.current), None)
    if used is not None and signed_at is not None and signed_at < used:
        raise OlderDeliveryError(
            "使用中の取り込みより前に署名されたものです。前のものに戻すなら、"
            "snapshot rollback を使ってください。",
            "It was signed before what is in use; to go back, use `hitotsu snapshot rollback`.",
        )


def snapshot_record(
    row: SnapshotRow,
    function: str,
    now: dt.datetime,
    actor: str,
    counts: dict[str, Any] | None = None,
) -> AuditRecord:
    """Return the audit record of a change of what is answered from."""
    return to_record(
        settings_entry(
            row.municipality,
            now,
            actor,
            function,
            after={
                "adapter": row.adapter_id,
                "snapshot": row.snapshot_id,
                **({"counts": counts} if counts else {}),
            },
        )
    )


def _require_few_lost(report: LoadReport, max_lost: int) -> None:
    lost = sum(counts.lost for counts in report.counts.values())
    if lost > max_lost:
        raise LoadRefusedError(
            f"変換できない記録が {lost} 件あり、上限 {max_lost} 件を超えました。"
            "--findings で場所と理由を確かめ、直してから取り込むか --max-lost を上げてください。",
            f"{lost} records could not be made, more than {max_lost}; see --findings.",
        )
