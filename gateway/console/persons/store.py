"""SQL of what sessions look at."""

from __future__ import annotations

from sqlalchemy import select

from gateway.store.engine import Store
from gateway.store.tables import StaffViewRow


class ViewStore:
    """Rows of ``staff_view``. They go with their session."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, row: StaffViewRow) -> None:
        """Insert a view."""
        async with self._store.transaction() as session:
            session.add(row)

    async def find(self, session_digest: bytes, reference: str) -> StaffViewRow | None:
        """Return the view if it is of this session."""
        query = select(StaffViewRow).where(
            StaffViewRow.reference == reference, StaffViewRow.session == session_digest
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()
