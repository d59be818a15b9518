"""SQL of the gateway's copy of protective measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, delete, insert, select, tuple_

from adapters.contract import FlagReport
from gateway.store.engine import Store
from gateway.store.tables import FlagCopyRow, ProtectionFlagRow


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
        """Return whether any number of the person is flagged by any source.

        ``numbers`` maps each numbering to the person's numbers in it.
        """
        pairs = [(numbering, n) for numbering, ns in numbers.items() for n in ns]
        flagged = select(ProtectionFlagRow.number).where(
            ProtectionFlagRow.municipality == municipality,
            tuple_(ProtectionFlagRow.numbering, ProtectionFlagRow.number).in_(pairs),
        )
        async with self._store.session() as session:
            found = (
                (await session.execute(flagged.limit(1))).first() is not None if pairs else False
            )
            rows = await session.execute(_copies(municipality))
            return FlagLookup(found, {row.adapter_id: row.retrieved_at for row in rows})

    async def copies(self, municipality: str) -> Mapping[str, dt.datetime]:
        """Return when each source's list was last read, by adapter id."""
        async with self._store.session() as session:
            rows = await session.execute(_copies(municipality))
            return {row.adapter_id: row.retrieved_at for row in rows}


def _copies(municipality: str) -> Select[str, dt.datetime]:
    return select(FlagCopyRow.adapter_id, FlagCopyRow.retrieved_at).where(
        FlagCopyRow.municipality == municipality
    )
