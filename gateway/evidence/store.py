"""SQL of statements that were issued: their places in the status list, no values."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from gateway.audit import AuditRecord, AuditStore
from gateway.notices.releases import Obtained, note_obtained
from gateway.notices.store import NoticeWriting
from gateway.store.engine import Store
from gateway.store.tables import EvidenceRow

LIST_SIZE: Final = 1 << 20
"""Places in the list of one year. They are drawn by lot, so that they tell nothing of an order."""
_DRAWS: Final = 40


class EvidenceStore:
    """Rows of the table ``evidence``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def reserve(self, year: int) -> int:
        """Return a place of the year's list that nobody has; ``add`` may still find it taken."""
        async with self._store.session() as session:
            for _ in range(_DRAWS):
                place = secrets.randbelow(LIST_SIZE)
                if await session.get(EvidenceRow, (year, place)) is None:
                    return place
        msg = "the status list of the year is full"
        raise RuntimeError(msg)

    async def add(self, row: EvidenceRow, audit: AuditRecord, told: Obtained | None) -> bool:
        """Write the row, its audit record and what the person is told of, or nothing.

        False if its place is taken.
        """
        try:
            async with self._store.transaction() as session:
                session.add(row)
                await session.flush()
                if told is not None:
                    await note_obtained(NoticeWriting(session, self._audit), told)
                await self._audit.append_in(session, audit)
        except IntegrityError:
            return False
        return True

    async def find(self, municipality: str, evidence_id: str) -> EvidenceRow | None:
        """Return the statement, revoked or not."""
        query = select(EvidenceRow).where(
            EvidenceRow.municipality == municipality, EvidenceRow.evidence_id == evidence_id
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def revoke(
        self, municipality: str, evidence_id: str, at: dt.datetime, audit: AuditRecord
    ) -> None:
        """Note that the statement was taken back; the first time counts."""
        async with self._store.transaction() as session:
            await session.execute(
                update(EvidenceRow)
                .where(
                    EvidenceRow.municipality == municipality,
                    EvidenceRow.evidence_id == evidence_id,
                    EvidenceRow.revoked_at.is_(None),
                )
                .values(revoked_at=at)
            )
            await self._audit.append_in(session, audit)

    async def revoked_places(self, year: int) -> Sequence[int]:
        """Return the places of the year's list whose statements were taken back."""
        query = select(EvidenceRow.place).where(
            EvidenceRow.year == year, EvidenceRow.revoked_at.is_not(None)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()
