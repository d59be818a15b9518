"""SQL of the gateway's copy of protective measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, insert, select, tuple_, update

from adapters.contract import FlagReport
from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import FlagCopyRow, ProtectionFlagRow, ProtectionMeasureRow


@dataclass(frozen=True, slots=True)
class FlagLookup:
    """What the copy says about one person: measures found, and the age of each source's copy."""

    flagged: bool
    copies: Mapping[str, dt.datetime]


class FlagStore:
    """Rows of the tables ``protection_flag`` and ``flag_copy``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def replace(
        self,
        municipality: str,
        adapter_id: str,
        numbering: str,
        report: FlagReport,
        read_at: dt.datetime,
    ) -> None:
        """Put the source's whole list in the place of the last one, in one transaction.

        ``read_at`` is when the reading began by our own clock.
        """
        rows = {
            (flag.number, flag.kind.value): {
                "municipality": municipality,
                "adapter_id": adapter_id,
                "numbering": numbering,
                "number": flag.number,
                "kind": flag.kind.value,
                "since": flag.since,
                "until": flag.until,
            }
            for flag in report.flags
        }
        async with self._store.transaction() as session:
            await session.execute(
                delete(ProtectionFlagRow).where(
                    ProtectionFlagRow.municipality == municipality,
                    ProtectionFlagRow.adapter_id == adapter_id,
                )
            )
            if rows:
                await session.execute(insert(ProtectionFlagRow), list(rows.values()))
            await session.merge(
                FlagCopyRow(
                    municipality=municipality,
                    adapter_id=adapter_id,
                    as_of=report.as_of,
                    retrieved_at=read_at,
                    flag_count=len(rows),
                )
            )

    async def look_up(self, municipality: str, numbers: Mapping[str, Iterable[str]]) -> FlagLookup:
        """Return whether any number of the person is flagged by any source or by an officer.

        ``numbers`` maps each numbering to the person's numbers in it.
        """
        pairs = [(numbering, n) for numbering, ns in numbers.items() for n in ns]
        flagged = select(ProtectionFlagRow.number).where(
            ProtectionFlagRow.municipality == municipality,
            tuple_(ProtectionFlagRow.numbering, ProtectionFlagRow.number).in_(pairs),
        )
        measured = select(ProtectionMeasureRow.number).where(
            ProtectionMeasureRow.municipality == municipality,
            ProtectionMeasureRow.ended_at.is_(None),
            tuple_(ProtectionMeasureRow.numbering, ProtectionMeasureRow.number).in_(pairs),
        )
        async with self._store.session() as session:
            either = flagged.union_all(measured).limit(1)
            found = (await session.execute(either)).first() is not None if pairs else False
            rows = await session.execute(_copies(municipality))
            return FlagLookup(found, {row.adapter_id: row.retrieved_at for row in rows})

    async def copies(self, municipality: str) -> Mapping[str, dt.datetime]:
        """Return when each source's list was last read, by adapter id."""
        async with self._store.session() as session:
            rows = await session.execute(_copies(municipality))
            return {row.adapter_id: row.retrieved_at for row in rows}


class MeasureStore:
    """Rows of the table ``protection_measure``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def add(self, row: ProtectionMeasureRow, audit: AuditRecord) -> None:
        """Insert a measure, together with its audit record."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, measure_id: str) -> ProtectionMeasureRow | None:
        """Return the measure if it belongs to the municipality."""
        query = select(ProtectionMeasureRow).where(
            ProtectionMeasureRow.municipality == municipality,
            ProtectionMeasureRow.measure_id == measure_id,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def change(
        self, row: ProtectionMeasureRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on a measure that is as ``row`` says; return whether it still was."""
        unchanged = update(ProtectionMeasureRow).where(
            ProtectionMeasureRow.measure_id == row.measure_id,
            ProtectionMeasureRow.ended_at.is_(None),
            ProtectionMeasureRow.until == row.until,
            ProtectionMeasureRow.end_proposed_by.is_not_distinct_from(row.end_proposed_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(ProtectionMeasureRow.measure_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def all(self, municipality: str) -> Sequence[ProtectionMeasureRow]:
        """Return the measures that have not been ended, by the end of their term."""
        query = (
            select(ProtectionMeasureRow)
            .where(
                ProtectionMeasureRow.municipality == municipality,
                ProtectionMeasureRow.ended_at.is_(None),
            )
            .order_by(ProtectionMeasureRow.until, ProtectionMeasureRow.measure_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()


def _copies(municipality: str) -> Select[str, dt.datetime]:
    return select(FlagCopyRow.adapter_id, FlagCopyRow.retrieved_at).where(
        FlagCopyRow.municipality == municipality
    )
