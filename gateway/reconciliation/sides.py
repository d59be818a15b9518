"""What is compared: the snapshot that is held, and what a system hands over now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from adapters.contract import ControlTotals, Extract
from gateway.connections.extraction import chunks, control_totals
from gateway.errors import ExplainedError
from gateway.keys import KeyStore
from gateway.snapshots import SnapshotStore
from gateway.snapshots.sealing import RecordSeal, SealBroken
from gateway.store.tables import SnapshotRow
from standard_models.answers import StandardRecord


class ReconcileRefusedError(ExplainedError):
    """Nothing was compared; the texts say why and what to do."""


class Side(Protocol):
    """One of two sides of a group. ``lost`` and ``read`` are known when all of it was read."""

    group: str
    lost: int
    read: int

    @property
    def adapter_id(self) -> str | None:
        """Return whose delivery is profiled; None for a copy, whose source was already judged."""
        ...

    async def totals(self) -> ControlTotals:
        """Return what the source declares of all of it."""
        ...

    def pieces(self) -> AsyncIterator[Sequence[StandardRecord]]:
        """Yield all records, in any order."""
        ...


class SourceSide:
    """What a system hands over now.

    Reading raises ``AdapterError``: what is not whole is not compared.
    """

    def __init__(self, adapter_id: str, adapter: Extract, group: str) -> None:
        self.adapter_id: str | None = adapter_id
        self.group = group
        self.lost = 0
        self.read = 0
        self._adapter = adapter

    async def totals(self) -> ControlTotals:
        """Return what the source declares."""
        return await control_totals(self._adapter, self.group)

    async def pieces(self) -> AsyncIterator[Sequence[StandardRecord]]:
        """Yield the records as they come."""
        async for chunk in chunks(self._adapter, self.group):
            self.lost += len(chunk.lost)
            self.read += chunk.read
            yield chunk.records


class HeldSide:
    """The snapshot that questions are answered from."""

    def __init__(self, store: SnapshotStore, snapshot: SnapshotRow, seal: RecordSeal, group: str):
        counts = snapshot.counts.get(group, {})
        self.adapter_id: str | None = None
        self.group = group
        self.lost = counts.get("lost", 0)
        self.read = 0
        self._records = counts.get("records", 0) - counts.get("replaced", 0)
        self._store = store
        self._snapshot = snapshot.snapshot_id
        self._seal = seal

    async def totals(self) -> ControlTotals:
        """Return how many records were loaded."""
        return ControlTotals(records=self._records)

    async def pieces(self) -> AsyncIterator[Sequence[StandardRecord]]:
        """Yield the records of the group.

        Raises:
            ReconcileRefusedError: a seal is broken.
        """
        async for rows in self._store.iter_group(self._snapshot, self.group):
            try:
                piece = [self._seal.unseal(r.number, self.group, r.sealed) for r in rows]
            except SealBroken:
                raise ReconcileRefusedError(
                    "取り込んだ記録の封が壊れています。取り込み直してください（snapshot load）。",
                    "the seal of a record that is held is broken: load the delivery again",
                ) from None
            self.read += len(piece)
            yield piece


async def held_side(
    store: SnapshotStore, keys: KeyStore, municipality: str, adapter_id: str, group: str
) -> HeldSide:
    """Return what is held of a group.

    Raises:
        ReconcileRefusedError: nothing of it was loaded, or the key is not there.
    """
    rows = await store.all(municipality, adapter_id)
    current = next((row for row in rows if row.current), None)
    if current is None or group not in current.counts:
        raise ReconcileRefusedError(
            f"{group} はまだ取り込まれていません。hitotsu snapshot load で取り込んでください。",
            f"{group} was not loaded yet: run `hitotsu snapshot load`",
        )
    secret = keys.keys().find_sealing_secret(current.sealed_by)
    if secret is None:
        raise ReconcileRefusedError(
            "取り込んだ記録の鍵がありません。取り込み直してください（snapshot load）。",
            "the key of what is held is not there: load the delivery again",
        )
    return HeldSide(store, current, RecordSeal(secret, current.snapshot_id), group)
