"""SQL of systems, tokens and used assertions of the linkage face."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import (
    ClientRow,
    LinkageAssertionRow,
    LinkageSystemRow,
    LinkageTokenRow,
    PurposeRow,
)


class LinkageStore:
    """Rows of the linkage face. A system that is revoked, here or as a client, is not found."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def add_system(
        self, client: ClientRow, system: LinkageSystemRow, audit: AuditRecord
    ) -> None:
        """Insert a system together with the client that its grants name."""
        async with self._store.transaction() as session:
            session.add(client)
            await session.flush()
            session.add(system)
            await self._audit.append_in(session, audit)

    async def has_purpose(self, municipality: str, purpose_id: str) -> bool:
        """Return whether the municipality has registered the purpose."""
        async with self._store.session() as session:
            return await session.get(PurposeRow, (municipality, purpose_id)) is not None

    async def systems(self, municipality: str) -> Sequence[tuple[LinkageSystemRow, str]]:
        """Return every system of the municipality with its name."""
        query = (
            select(LinkageSystemRow, ClientRow.name)
            .join(ClientRow, ClientRow.client_id == LinkageSystemRow.client_id)
            .where(LinkageSystemRow.municipality == municipality)
            .order_by(LinkageSystemRow.business, LinkageSystemRow.client_id)
        )
        async with self._store.session() as session:
            return [(system, name) for system, name in (await session.execute(query)).all()]

    async def find_system(self, client_id: str) -> LinkageSystemRow | None:
        """Return the system if it may call."""
        query = (
            select(LinkageSystemRow)
            .join(ClientRow, ClientRow.client_id == LinkageSystemRow.client_id)
            .where(LinkageSystemRow.client_id == client_id)
            .where(LinkageSystemRow.revoked_at.is_(None), ClientRow.revoked_at.is_(None))
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def revoke_system(self, client_id: str, at: dt.datetime, audit: AuditRecord) -> None:
        """Refuse the system and its tokens from now on."""
        async with self._store.transaction() as session:
            for table in (LinkageSystemRow, ClientRow):
                await session.execute(
                    update(table).where(table.client_id == client_id).values(revoked_at=at)
                )
            await session.execute(
                delete(LinkageTokenRow).where(LinkageTokenRow.client_id == client_id)
            )
            await self._audit.append_in(session, audit)

    async def use_assertion(
        self, client_id: str, jti: str, expires_at: dt.datetime, now: dt.datetime
    ) -> bool:
        """Note that an assertion was used; return False if it had been used before."""
        table = LinkageAssertionRow
        try:
            async with self._store.transaction() as session:
                await session.execute(delete(table).where(table.expires_at < now))
                await session.execute(
                    insert(table).values(client_id=client_id, jti=jti, expires_at=expires_at)
                )
        except IntegrityError:
            return False
        return True

    async def add_token(self, row: LinkageTokenRow, now: dt.datetime, audit: AuditRecord) -> None:
        """Keep a token; those that have run out are forgotten."""
        async with self._store.transaction() as session:
            await session.execute(delete(LinkageTokenRow).where(LinkageTokenRow.expires_at < now))
            session.add(row)
            await self._audit.append_in(session, audit)

    async def find_token(
        self, digest: bytes, now: dt.datetime
    ) -> tuple[LinkageTokenRow, LinkageSystemRow] | None:
        """Return a token that is good now, and the system that holds it."""
        query = (
            select(LinkageTokenRow, LinkageSystemRow)
            .join(LinkageSystemRow, LinkageSystemRow.client_id == LinkageTokenRow.client_id)
            .join(ClientRow, ClientRow.client_id == LinkageTokenRow.client_id)
            .where(LinkageTokenRow.digest == digest, LinkageTokenRow.expires_at > now)
            .where(LinkageSystemRow.revoked_at.is_(None), ClientRow.revoked_at.is_(None))
        )
        async with self._store.session() as session:
            row = (await session.execute(query)).one_or_none()
        return (row[0], row[1]) if row else None
