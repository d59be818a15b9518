"""SQL of what residents are shown, and of the holds on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, not_, or_, select, update

from gateway.audit import AuditKind, AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import AuditRow, ClientRow, DisclosureHoldRow, PurposeRow

_AS_RELATIVE: Final = '"part":"member"'
"""Stands in the canonical text of a record where the person was read for a relative's sake. No
text of a caller can look like it: quotes within texts are escaped."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list of newest first: what comes next is older."""

    at: dt.datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """Uses for a purpose from a moment on, which the list leaves out."""

    purpose_id: str
    since: dt.datetime


class AccessesStore:
    """Rows of ``audit`` about one person, and rows of ``disclosure_hold``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def page(
        self,
        municipality: str,
        subject_key: str,
        hidden: Iterable[Hidden],
        after: Position | None,
        limit: int,
    ) -> Sequence[AuditRow]:
        """Return what consumers did with the person's data, newest first.

        A question that was asked about somebody of the same household is that other person's
        dealing, and is left out: it would tell a former partner which office helps them (DV-13).

        Hidden uses are left out before rows are counted: a page is as full as any other.
        """
        query = select(AuditRow).where(
            AuditRow.municipality == municipality,
            AuditRow.subject_key == subject_key,
            AuditRow.kind == AuditKind.OPERATION.value,
            AuditRow.client_id.is_not(None),
            AuditRow.purpose_id.is_not(None),
            not_(AuditRow.entry.contains(_AS_RELATIVE, autoescape=True)),
        )
        for use in hidden:
            query = query.where(
                not_(and_(AuditRow.purpose_id == use.purpose_id, AuditRow.at >= use.since))
            )
        if after is not None:
            query = query.where(
                or_(
                    AuditRow.at < after.at,
                    and_(AuditRow.at == after.at, AuditRow.sequence < after.sequence),
                )
            )
        newest = query.order_by(AuditRow.at.desc(), AuditRow.sequence.desc()).limit(limit)
        async with self._store.session() as session:
            return (await session.scalars(newest)).all()

    async def purposes(self, municipality: str, ids: Iterable[str]) -> Mapping[str, PurposeRow]:
        """Return the purposes of these ids."""
        query = select(PurposeRow).where(
            PurposeRow.municipality == municipality, PurposeRow.purpose_id.in_(list(ids))
        )
        async with self._store.session() as session:
            return {row.purpose_id: row for row in await session.scalars(query)}

    async def client_names(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the names of these consumers."""
        query = select(ClientRow.client_id, ClientRow.name).where(
            ClientRow.client_id.in_(list(ids))
        )
        async with self._store.session() as session:
            return {row.client_id: row.name for row in await session.execute(query)}

    async def has_purpose(self, municipality: str, purpose_id: str) -> bool:
        """Return whether the municipality has registered the purpose."""
        async with self._store.session() as session:
            return await session.get(PurposeRow, (municipality, purpose_id)) is not None

    async def holds(self, municipality: str) -> Sequence[DisclosureHoldRow]:
        """Return every hold of the municipality, lifted or not, oldest first."""
        query = (
            select(DisclosureHoldRow)
            .where(DisclosureHoldRow.municipality == municipality)
            .order_by(DisclosureHoldRow.created_at, DisclosureHoldRow.hold_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def add_hold(self, row: DisclosureHoldRow, audit: AuditRecord) -> None:
        """Insert a hold together with the record of it."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def lift_hold(self, hold_id: str, at: dt.datetime, audit: AuditRecord) -> None:
        """Note that a hold ended at ``at``, together with the record of it."""
        async with self._store.transaction() as session:
            await session.execute(
                update(DisclosureHoldRow)
                .where(DisclosureHoldRow.hold_id == hold_id)
                .values(lifted_at=at)
            )
            await self._audit.append_in(session, audit)
