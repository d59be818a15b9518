"""Which snapshot is answered from, and the way back to the one before."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.contract import Clock
from gateway.snapshots.loading import LoadRefusedError, snapshot_record
from gateway.snapshots.store import SnapshotStore
from gateway.store.tables import SnapshotRow


class Snapshots:
    """What staff may see of snapshots and change about them."""

    def __init__(self, store: SnapshotStore, *, clock: Clock, actor: str) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def all(self, municipality: str) -> Sequence[SnapshotRow]:
        """Return every snapshot of the municipality, by adapter, newest first."""
        return await self._store.all(municipality)

    async def roll_back(self, municipality: str, adapter_id: str) -> SnapshotRow:
        """Answer from the snapshot that was loaded before the one in use; return it.

        Asked for again, it goes further back, as far as snapshots are kept.

        Raises:
            LoadRefusedError: there is none.

        """
        rows = [
            row
            for row in await self._store.all(municipality, adapter_id)
            if row.loaded_at is not None
        ]
        current = next((row for row in rows if row.current), None)
        earlier = [
            row
            for row in rows
            if current is not None and row.loaded_at < current.loaded_at  # type: ignore[operator]
        ]
        if not earlier:
            raise LoadRefusedError(
                "戻せる取り込みがありません。", "There is no earlier snapshot to go back to."
            )
        row = max(earlier, key=lambda r: r.loaded_at)  # type: ignore[arg-type, return-value]
        audit = snapshot_record(row, "snapshot-rollback", self._clock.now(), self._actor)
        await self._store.use(row, audit)
        return row
