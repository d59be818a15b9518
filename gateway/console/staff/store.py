"""SQL of members of staff, their rights and their sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, delete, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.audit import AuditRecord, AuditStore
from gateway.console.staff.rights import OF_A_DUTY
from gateway.store.engine import Store
from gateway.store.tables import (
    ClientRow,
    PurposeRow,
    StaffDeskRow,
    StaffRightRow,
    StaffRow,
    StaffSessionRow,
    StaffViewRow,
)
from gateway.store.types import UtcDateTime


class AlreadyThereError(Exception):
    """A row of this key is there already."""


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right in force; the names are of its desk and its purpose, where it has them."""

    name: str
    client_id: str | None
    purpose_id: str | None
    client_name: str | None
    purpose_name: str | None


_IN_FORCE: Final = and_(StaffRightRow.approved_by.is_not(None), StaffRightRow.revoked_at.is_(None))


class StaffStore:
    """Rows of ``staff``, ``staff_right``, ``staff_desk`` and ``staff_session``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def add(
        self,
        rows: Sequence[StaffRow | StaffRightRow | ClientRow | StaffDeskRow],
        audit: AuditRecord,
    ) -> None:
        """Insert rows in their order, together with the audit record.

        Raises:
            AlreadyThereError: one of them is there already, or belongs to nobody.
        """
        try:
            async with self._store.transaction() as session:
                for row in rows:
                    session.add(row)
                    await session.flush()
                await self._audit.append_in(session, audit)
        except IntegrityError:
            raise AlreadyThereError from None

    async def find(self, staff_id: str) -> StaffRow | None:
        """Return the member of staff."""
        async with self._store.session() as session:
            return await session.get(StaffRow, staff_id)

    async def all(self, municipality: str) -> Sequence[StaffRow]:
        """Return every member of staff of the municipality, by id."""
        query = select(StaffRow).where(StaffRow.municipality == municipality)
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(StaffRow.staff_id))).all()

    async def desk(self, municipality: str, client_id: str) -> StaffDeskRow | None:
        """Return the desk if it is one of the municipality's and in use."""
        query = (
            select(StaffDeskRow)
            .join(ClientRow, ClientRow.client_id == StaffDeskRow.client_id)
            .where(
                StaffDeskRow.municipality == municipality,
                StaffDeskRow.client_id == client_id,
                ClientRow.revoked_at.is_(None),
            )
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def has_purpose(self, municipality: str, purpose_id: str) -> bool:
        """Return whether the purpose is registered."""
        async with self._store.session() as session:
            return await session.get(PurposeRow, (municipality, purpose_id)) is not None

    async def find_right(self, right_id: str) -> StaffRightRow | None:
        """Return a right, also one that is not in force."""
        async with self._store.session() as session:
            return await session.get(StaffRightRow, right_id)

    async def rights(self, staff_id: str) -> Sequence[StaffRightRow]:
        """Return the rights that were not taken back, those that wait for approval too."""
        query = select(StaffRightRow).where(
            StaffRightRow.staff_id == staff_id, StaffRightRow.revoked_at.is_(None)
        )
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(StaffRightRow.name))).all()

    async def held(self, staff_id: str) -> list[HeldRight]:
        """Return the rights in force; one for a desk or purpose that has gone is not."""
        query = (
            select(
                StaffRightRow.name,
                StaffRightRow.client_id,
                StaffRightRow.purpose_id,
                ClientRow.name,
                PurposeRow.name_ja,
            )
            .join(StaffRow, StaffRow.staff_id == StaffRightRow.staff_id)
            .outerjoin(
                ClientRow,
                and_(
                    ClientRow.client_id == StaffRightRow.client_id,
                    ClientRow.revoked_at.is_(None),
                ),
            )
            .outerjoin(
                PurposeRow,
                and_(
                    PurposeRow.municipality == StaffRow.municipality,
                    PurposeRow.purpose_id == StaffRightRow.purpose_id,
                ),
            )
            .where(StaffRightRow.staff_id == staff_id, _IN_FORCE)
        )
        async with self._store.session() as session:
            found = [HeldRight(*row) for row in await session.execute(query)]
        of_a_duty = {right.value for right in OF_A_DUTY}
        return [r for r in found if r.name not in of_a_duty or (r.client_name and r.purpose_name)]

    async def change(
        self,
        staff_id: str,
        values: Mapping[str, Any],
        audit: AuditRecord,
        *,
        propose_rights_anew: str | None = None,
        end_sessions: bool = False,
    ) -> None:
        """Set ``values`` of a member of staff.

        With ``propose_rights_anew`` every right waits for a second person again, proposed by
        whoever that names; with ``end_sessions`` every login is over.
        """
        async with self._store.transaction() as session:
            await session.execute(
                update(StaffRow).where(StaffRow.staff_id == staff_id).values(**values)
            )
            if propose_rights_anew is not None:
                await session.execute(
                    update(StaffRightRow)
                    .where(StaffRightRow.staff_id == staff_id, StaffRightRow.revoked_at.is_(None))
                    .values(proposed_by=propose_rights_anew, approved_by=None, approved_at=None)
                )
            if end_sessions:
                own = select(StaffSessionRow.digest).where(StaffSessionRow.staff_id == staff_id)
                await session.execute(delete(StaffViewRow).where(StaffViewRow.session.in_(own)))
                await session.execute(
                    delete(StaffSessionRow).where(StaffSessionRow.staff_id == staff_id)
                )
            await self._audit.append_in(session, audit)

    async def change_right(
        self, row: StaffRightRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on a right that is as ``row`` says; return whether it still was."""
        unchanged = update(StaffRightRow).where(
            StaffRightRow.right_id == row.right_id,
            StaffRightRow.revoked_at.is_(None),
            StaffRightRow.approved_by.is_not_distinct_from(row.approved_by),
            StaffRightRow.proposed_by == row.proposed_by,
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(StaffRightRow.right_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def begin_attempt(
        self, staff_id: str, now: dt.datetime, limit: int, lock: dt.timedelta
    ) -> StaffRow | None:
        """Count an attempt to log in before it is looked at; None if there may be none now.

        The last one that is allowed locks beforehand, so that attempts side by side gain nothing.
        """
        over = StaffRow.locked_until <= now
        failures = case((over, 1), else_=StaffRow.failures + 1)
        locks = and_(or_(over, StaffRow.locked_until.is_(None)), failures >= limit)
        until = literal(now + lock, UtcDateTime())
        statement = (
            update(StaffRow)
            .where(StaffRow.staff_id == staff_id, StaffRow.disabled_at.is_(None), _open(now))
            .values(failures=failures, locked_until=case((locks, until), else_=None))
            .returning(StaffRow.staff_id)
        )
        async with self._store.transaction() as session:
            if (await session.execute(statement)).first() is None:
                return None
            return await session.get(StaffRow, staff_id)

    async def succeed(self, staff_id: str, step: int, values: Mapping[str, Any]) -> bool:
        """Forget the failures and use up the code of ``step``; False if it was used before."""
        statement = (
            update(StaffRow)
            .where(
                StaffRow.staff_id == staff_id,
                StaffRow.disabled_at.is_(None),
                StaffRow.code_step < step,
            )
            .values(failures=0, locked_until=None, code_step=step, **values)
            .returning(StaffRow.staff_id)
        )
        async with self._store.transaction() as session:
            return (await session.execute(statement)).first() is not None

    async def forgive(self, staff_id: str, values: Mapping[str, Any]) -> None:
        """Forget the failures of somebody who is enrolling, and set ``values``."""
        statement = (
            update(StaffRow)
            .where(StaffRow.staff_id == staff_id, StaffRow.enrolment.is_not(None))
            .values(failures=0, locked_until=None, **values)
        )
        async with self._store.transaction() as session:
            await session.execute(statement)

    async def open_session(self, row: StaffSessionRow, before: dt.datetime) -> None:
        """Insert a session, and erase those that began ``before``, with what they looked at."""
        old = select(StaffSessionRow.digest).where(StaffSessionRow.began_at < before)
        async with self._store.transaction() as session:
            await session.execute(delete(StaffViewRow).where(StaffViewRow.session.in_(old)))
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.began_at < before))
            session.add(row)

    async def find_session(self, digest: bytes) -> tuple[StaffSessionRow, StaffRow] | None:
        """Return a session and whose it is."""
        query = (
            select(StaffSessionRow, StaffRow)
            .join(StaffRow, StaffRow.staff_id == StaffSessionRow.staff_id)
            .where(StaffSessionRow.digest == digest)
        )
        async with self._store.session() as session:
            found = (await session.execute(query)).one_or_none()
            return (found[0], found[1]) if found else None

    async def seen(self, digest: bytes, at: dt.datetime) -> None:
        """Note that a session is in use."""
        async with self._store.transaction() as session:
            await session.execute(
                update(StaffSessionRow).where(StaffSessionRow.digest == digest).values(seen_at=at)
            )

    async def end_session(self, digest: bytes) -> None:
        """Erase a session and what it looked at."""
        async with self._store.transaction() as session:
            await session.execute(delete(StaffViewRow).where(StaffViewRow.session == digest))
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.digest == digest))


def _open(now: dt.datetime) -> ColumnElement[bool]:
    return or_(StaffRow.locked_until.is_(None), StaffRow.locked_until <= now)
