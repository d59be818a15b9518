"""SQL of snapshots. Writing goes in pieces, so that questions are answered meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, false, select, true, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import SnapshotRecordRow, SnapshotRow

PIECE: Final = 1_000
"""Records that are written or erased in one transaction."""
_SNAPSHOT: Final = SnapshotRow.__table__.c
_RECORD: Final = SnapshotRecordRow.__table__.c
_OF_PERSON: Final = (
    select(
        _SNAPSHOT.snapshot_id,
        _SNAPSHOT.sealed_by,
        _SNAPSHOT.as_of,
        _SNAPSHOT.loaded_at,
        _SNAPSHOT.mapping_version,
        _SNAPSHOT.counts,
        _RECORD.group_ref,
        _RECORD.sealed,
    )
    .select_from(
        SnapshotRow.__table__.outerjoin(
            SnapshotRecordRow.__table__,
            and_(
                _RECORD.snapshot_id == _SNAPSHOT.snapshot_id,
                _RECORD.number == bindparam("number"),
                _RECORD.group_ref.in_(bindparam("groups", expanding=True)),
            ),
        )
    )
    .where(
        _SNAPSHOT.municipality == bindparam("municipality"),
        _SNAPSHOT.adapter_id == bindparam("adapter_id"),
        _SNAPSHOT.current == true(),
    )
    .order_by(_RECORD.place)
)
"""One statement: the records are of the very snapshot whose age is told with them."""


class SnapshotStore:
    """Rows of ``snapshot`` and ``snapshot_record``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def of_person(
        self, municipality: str, adapter_id: str, number: str, groups: Sequence[str]
    ) -> Sequence[Any]:
        """Return the current snapshot with each record of a person, or once without any."""
        return await self._store.look_up(
            _OF_PERSON,
            {
                "municipality": municipality,
                "adapter_id": adapter_id,
                "number": number,
                "groups": list(groups),
            },
        )

    async def iter_group(self, snapshot_id: str, group_ref: str) -> AsyncIterator[Sequence[Any]]:
        """Yield every record of a group, number and seal, a piece at a time by number."""
        place = tuple_(_RECORD.number, _RECORD.group_ref, _RECORD.record_key)
        query = (
            select(_RECORD.number, _RECORD.record_key, _RECORD.sealed)
            .where(_RECORD.snapshot_id == snapshot_id, _RECORD.group_ref == group_ref)
            .order_by(_RECORD.number, _RECORD.group_ref, _RECORD.record_key)
            .limit(PIECE)
        )
        piece = query
        while True:
            async with self._store.session() as session:
                rows = (await session.execute(piece)).all()
            if not rows:
                return
            yield rows
            last = rows[-1]
            piece = query.where(place > tuple_(last.number, group_ref, last.record_key))

    async def begin(self, row: SnapshotRow) -> None:
        """Insert a snapshot that nobody sees yet."""
        async with self._store.transaction() as session:
            session.add(row)

    async def write(
        self, snapshot_id: str, rows: Sequence[Mapping[str, Any]], now: dt.datetime
    ) -> None:
        """Write records; one with the key of an earlier one takes its place."""
        dialect = postgresql if self._store.dialect == "postgresql" else sqlite
        upsert = dialect.insert(SnapshotRecordRow)
        upsert = upsert.on_conflict_do_update(
            index_elements=["snapshot_id", "number", "group_ref", "record_key"],
            set_={"place": upsert.excluded.place, "sealed": upsert.excluded.sealed},
        )
        async with self._store.transaction() as session:
            if rows:
                await session.execute(upsert, list(rows))
            await session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.snapshot_id == snapshot_id)
                .values(touched_at=now)
            )

    async def finish(
        self,
        row: SnapshotRow,
        counts: Mapping[str, Any],
        as_of: dt.datetime | None,
        now: dt.datetime,
        audit: AuditRecord,
    ) -> None:
        """Answer from this snapshot from now on."""
        async with self._store.transaction() as session:
            await self._switch(session, row)
            await session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.snapshot_id == row.snapshot_id)
                .values(counts=dict(counts), as_of=as_of, loaded_at=now)
            )
            await self._audit.append_in(session, audit)

    async def use(self, row: SnapshotRow, audit: AuditRecord) -> None:
        """Answer from a snapshot that was loaded before."""
        async with self._store.transaction() as session:
            await self._switch(session, row)
            await self._audit.append_in(session, audit)

    async def all(self, municipality: str, adapter_id: str | None = None) -> Sequence[SnapshotRow]:
        """Return the snapshots, also one under way, newest first."""
        query = (
            select(SnapshotRow)
            .where(SnapshotRow.municipality == municipality)
            .order_by(SnapshotRow.adapter_id, SnapshotRow.touched_at.desc())
        )
        if adapter_id is not None:
            query = query.where(SnapshotRow.adapter_id == adapter_id)
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def erase(self, snapshot_id: str) -> None:
        """Erase a snapshot that is not in use, piece by piece, itself last."""
        records = SnapshotRecordRow
        while True:
            async with self._store.transaction() as session:
                piece = (
                    select(records.number)
                    .where(records.snapshot_id == snapshot_id)
                    .order_by(records.number)
                    .limit(PIECE)
                )
                numbers = (await session.scalars(piece)).all()
                if numbers:
                    await session.execute(
                        delete(records).where(
                            records.snapshot_id == snapshot_id, records.number <= numbers[-1]
                        )
                    )
                    continue
                await session.execute(
                    delete(SnapshotRow).where(
                        SnapshotRow.snapshot_id == snapshot_id, SnapshotRow.current == false()
                    )
                )
                return

    async def _switch(self, session: AsyncSession, row: SnapshotRow) -> None:
        of_adapter = (
            SnapshotRow.municipality == row.municipality,
            SnapshotRow.adapter_id == row.adapter_id,
        )
        await session.execute(update(SnapshotRow).where(*of_adapter).values(current=False))
        await session.execute(
            update(SnapshotRow)
            .where(*of_adapter, SnapshotRow.snapshot_id == row.snapshot_id)
            .values(current=True)
        )
