"""SQL of the gateway's copy of protective measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from adapters.contract import FlagReport, ProtectionFlag
from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import (
    ClientRow,
    FlagCopyRow,
    ProtectionFlagRow,
    ProtectionMeasureRow,
    ProtectionOpeningRow,
    PurposeRow,
)


@dataclass(frozen=True, slots=True)
class FlagLookup:
    """What the copy says about one person: measures found, and the age of each source's copy."""

    flagged: bool
    copies: Mapping[str, dt.datetime]


_FLAG: Final = ProtectionFlagRow.__table__.c
_MEASURE: Final = ProtectionMeasureRow.__table__.c
_COPY: Final = FlagCopyRow.__table__
_FLAGGED: Final = exists().where(
    _FLAG.municipality == bindparam("municipality"),
    tuple_(_FLAG.numbering, _FLAG.number).in_(bindparam("pairs", expanding=True)),
)
_MEASURED: Final = exists().where(
    _MEASURE.municipality == bindparam("municipality"),
    _MEASURE.ended_at.is_(None),
    tuple_(_MEASURE.numbering, _MEASURE.number).in_(bindparam("pairs", expanding=True)),
)
_EITHER: Final = select(or_(_FLAGGED, _MEASURED).label("flagged")).subquery()
_LOOK_UP: Final = select(_EITHER.c.flagged, _COPY.c.adapter_id, _COPY.c.retrieved_at).select_from(
    _EITHER.outerjoin(_COPY, _COPY.c.municipality == bindparam("municipality"))
)
"""One statement: the flags are of the very copies whose age is told with them."""
_OPENING: Final = ProtectionOpeningRow.__table__.c
_OPENED: Final = select(_OPENING["items"]).where(
    _OPENING.municipality == bindparam("municipality"),
    _OPENING.client_id == bindparam("client_id"),
    _OPENING.purpose_id == bindparam("purpose_id"),
    _OPENING.approved_by.is_not(None),
    _OPENING.ended_at.is_(None),
    _OPENING.opens_at <= bindparam("now"),
    _OPENING.closes_at > bindparam("now"),
    or_(
        and_(_OPENING.number.is_(None), bindparam("exemptions", type_=Boolean)),
        tuple_(_OPENING.numbering, _OPENING.number).in_(bindparam("pairs", expanding=True)),
    ),
)


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
                "other_parties": parties,
            }
            for flag, parties in _with_parties(report)
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
        asked = {"municipality": municipality, "pairs": pairs}
        rows = await self._store.look_up(_LOOK_UP, asked)
        copies = {r.adapter_id: r.retrieved_at for r in rows if r.adapter_id is not None}
        return FlagLookup(any(r.flagged for r in rows), copies)

    async def opened(
        self,
        municipality: str,
        asker: tuple[str, str],
        numbers: Mapping[str, Iterable[str]],
        now: dt.datetime,
        *,
        exemptions: bool = True,
    ) -> frozenset[str]:
        """Return the item references that are open to ``asker`` (client, purpose) at ``now``.

        Without ``exemptions`` only by a lift for the person.
        """
        pairs = [(numbering, n) for numbering, ns in numbers.items() for n in ns]
        client_id, purpose_id = asker
        values = {
            "municipality": municipality,
            "client_id": client_id,
            "purpose_id": purpose_id,
            "pairs": pairs,
            "now": now,
            "exemptions": exemptions,
        }
        rows = await self._store.look_up(_OPENED, values)
        return frozenset[str]().union(*(row.items for row in rows))

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


class OpeningStore:
    """Rows of the table ``protection_opening``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def is_registered(self, municipality: str, client_id: str, purpose_id: str) -> bool:
        """Return whether the client is registered and not revoked, and the purpose is too."""
        async with self._store.session() as session:
            client = await session.get(ClientRow, client_id)
            purpose = await session.get(PurposeRow, (municipality, purpose_id))
            return client is not None and client.revoked_at is None and purpose is not None

    async def add(self, row: ProtectionOpeningRow, audit: AuditRecord) -> None:
        """Insert an opening, together with its audit record."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, opening_id: str) -> ProtectionOpeningRow | None:
        """Return the opening if it belongs to the municipality."""
        query = select(ProtectionOpeningRow).where(
            ProtectionOpeningRow.municipality == municipality,
            ProtectionOpeningRow.opening_id == opening_id,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def change(
        self, row: ProtectionOpeningRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on an opening that is as ``row`` says; return whether it still was."""
        unchanged = update(ProtectionOpeningRow).where(
            ProtectionOpeningRow.opening_id == row.opening_id,
            ProtectionOpeningRow.ended_at.is_(None),
            ProtectionOpeningRow.approved_by.is_not_distinct_from(row.approved_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(ProtectionOpeningRow.opening_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def all(self, municipality: str, now: dt.datetime) -> Sequence[ProtectionOpeningRow]:
        """Return the openings that are neither taken back nor over at ``now``, oldest first."""
        query = (
            select(ProtectionOpeningRow)
            .where(
                ProtectionOpeningRow.municipality == municipality,
                ProtectionOpeningRow.ended_at.is_(None),
                or_(ProtectionOpeningRow.closes_at.is_(None), ProtectionOpeningRow.closes_at > now),
            )
            .order_by(ProtectionOpeningRow.proposed_at, ProtectionOpeningRow.opening_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()


def _with_parties(report: FlagReport) -> Iterator[tuple[ProtectionFlag, list[str] | None]]:
    """Yield each flag with whomever all flags of its person and kind name; None where one may not.

    A copy holds one row for each person and kind, and may not forget whom it protects from.
    """
    named: dict[tuple[str, str], set[str] | None] = {}
    for flag in report.flags:
        place = (flag.number, flag.kind.value)
        before = named.get(place, set())
        known = bool(flag.other_parties) and before is not None
        named[place] = {*(before or ()), *(flag.other_parties or ())} if known else None
    for flag in report.flags:
        parties = named[flag.number, flag.kind.value]
        yield flag, None if parties is None else sorted(parties)


def _copies(municipality: str) -> Select[str, dt.datetime]:
    return select(FlagCopyRow.adapter_id, FlagCopyRow.retrieved_at).where(
        FlagCopyRow.municipality == municipality
    )
