"""SQL of clients, purposes, grants and used assertions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import ClientRow, GrantRow, PurposeRow, UsedAssertionRow


class AlreadyThereError(Exception):
    """A row of this key exists."""


class AccessStore:
    """Rows of ``client``, ``purpose``, ``grant`` and ``used_assertion``.

    Every change is written in one transaction with the audit record of it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def find_client(self, client_id: str) -> ClientRow | None:
        """Return the client, revoked or not."""
        async with self._store.session() as session:
            return await session.get(ClientRow, client_id)

    async def list_clients(self) -> Sequence[ClientRow]:
        """Return every client by id."""
        async with self._store.session() as session:
            return (await session.scalars(select(ClientRow).order_by(ClientRow.client_id))).all()

    async def find_purpose(self, municipality: str, purpose_id: str) -> PurposeRow | None:
        """Return the purpose of the municipality."""
        async with self._store.session() as session:
            return await session.get(PurposeRow, (municipality, purpose_id))

    async def list_purposes(self, municipality: str) -> Sequence[PurposeRow]:
        """Return every purpose of the municipality by id."""
        query = (
            select(PurposeRow)
            .where(PurposeRow.municipality == municipality)
            .order_by(PurposeRow.purpose_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def grants(
        self, municipality: str, client_id: str, purpose_id: str
    ) -> tuple[bool, Sequence[GrantRow]]:
        """Return whether the purpose is registered, and its grants to the client."""
        query = select(GrantRow).where(
            GrantRow.municipality == municipality,
            GrantRow.client_id == client_id,
            GrantRow.purpose_id == purpose_id,
        )
        async with self._store.session() as session:
            rows = (await session.scalars(query)).all()
            if rows:
                return True, rows
            purpose = await session.get(PurposeRow, (municipality, purpose_id))
            return purpose is not None, ()

    async def grants_of_client(self, client_id: str) -> Sequence[GrantRow]:
        """Return every grant of the client, in all municipalities it works for."""
        query = (
            select(GrantRow)
            .where(GrantRow.client_id == client_id)
            .order_by(GrantRow.municipality, GrantRow.purpose_id, GrantRow.valid_from)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def find_grant(self, municipality: str, grant_id: str) -> GrantRow | None:
        """Return the grant if it belongs to the municipality."""
        query = select(GrantRow).where(
            GrantRow.municipality == municipality, GrantRow.grant_id == grant_id
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def add(self, row: ClientRow | PurposeRow | GrantRow, audit: AuditRecord) -> None:
        """Insert ``row``.

        Raises:
            AlreadyThereError: there is one of this key.

        """
        try:
            async with self._store.transaction() as session:
                session.add(row)
                await session.flush()
                await self._audit.append_in(session, audit)
        except IntegrityError:
            raise AlreadyThereError from None

    async def change_client(
        self, client_id: str, values: dict[str, Any], audit: AuditRecord
    ) -> None:
        """Set ``values`` on the client."""
        async with self._store.transaction() as session:
            await session.execute(
                update(ClientRow).where(ClientRow.client_id == client_id).values(**values)
            )
            await self._audit.append_in(session, audit)

    async def approve_grant(
        self, municipality: str, grant_id: str, actor: str, at: dt.datetime, audit: AuditRecord
    ) -> None:
        """Note who approved the grant, and when."""
        async with self._store.transaction() as session:
            await session.execute(
                update(GrantRow)
                .where(GrantRow.municipality == municipality, GrantRow.grant_id == grant_id)
                .where(GrantRow.approved_at.is_(None), GrantRow.proposed_by != actor)
                .values(approved_by=actor, approved_at=at)
            )
            await self._audit.append_in(session, audit)

    async def revoke_grant(
        self, municipality: str, grant_id: str, at: dt.datetime, audit: AuditRecord
    ) -> None:
        """Note that the grant ended at ``at``."""
        async with self._store.transaction() as session:
            await session.execute(
                update(GrantRow)
                .where(GrantRow.municipality == municipality, GrantRow.grant_id == grant_id)
                .values(revoked_at=at)
            )
            await self._audit.append_in(session, audit)

    async def use_assertion(
        self, client_id: str, jti: str, expires_at: dt.datetime, now: dt.datetime
    ) -> bool:
        """Note that an assertion was used; return False if it had been used before.

        Assertions that have run out are forgotten: nobody accepts them any more.
        """
        try:
            async with self._store.transaction() as session:
                await session.execute(
                    delete(UsedAssertionRow).where(UsedAssertionRow.expires_at < now)
                )
                await session.execute(
                    insert(UsedAssertionRow).values(
                        client_id=client_id, jti=jti, expires_at=expires_at
                    )
                )
        except IntegrityError:
            return False
        return True
