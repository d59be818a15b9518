"""SQL of submissions, their outbox, and the replies to calls that have their effect once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import IdempotencyRow, OutboxRow, SubmissionPartRow, SubmissionRow


class RepeatedCall(Exception):
    """A call with this key has had its effect already."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The queue at one time: how many wait and since when, how many were parked."""

    waiting: int
    oldest: dt.datetime | None
    parked: int


class SubmissionStore:
    """Rows of ``submission``, ``submission_part``, ``outbox`` and ``idempotency``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def find_reply(
        self, client_id: str, operation: str, key_digest: bytes
    ) -> IdempotencyRow | None:
        """Return the reply to an earlier call with this key."""
        async with self._store.session() as session:
            return await session.get(IdempotencyRow, (client_id, operation, key_digest))

    async def add(
        self,
        submission: SubmissionRow,
        parts: Sequence[SubmissionPartRow],
        messages: Sequence[OutboxRow],
        reply: IdempotencyRow,
        audit: AuditRecord,
    ) -> None:
        """Write a submission, its messages, its reply and its audit record, or nothing.

        Raises:
            RepeatedCall: the key of ``reply`` is taken.

        """
        try:
            async with self._store.transaction() as session:
                # First, so that a second call with the same key waits here and then fails.
                for rows in ([reply], [submission], parts, messages):
                    session.add_all(rows)
                    await session.flush()
                await self._audit.append_in(session, audit)
        except IntegrityError:
            raise RepeatedCall from None

    async def find(self, municipality: str, submission_id: str) -> SubmissionRow | None:
        """Return the submission, withdrawn or not."""
        async with self._store.session() as session:
            return await session.get(SubmissionRow, (municipality, submission_id))

    async def current(
        self, municipality: str, subject_id: str, groups: Sequence[str], now: dt.datetime
    ) -> Sequence[tuple[SubmissionRow, SubmissionPartRow]]:
        """Return what a person states of ``groups`` now, the newest first."""
        query = (
            select(SubmissionRow, SubmissionPartRow)
            .join(
                SubmissionPartRow,
                (SubmissionPartRow.municipality == SubmissionRow.municipality)
                & (SubmissionPartRow.submission_id == SubmissionRow.submission_id),
            )
            .where(
                SubmissionRow.municipality == municipality,
                SubmissionRow.subject_id == subject_id,
                SubmissionRow.withdrawn_at.is_(None),
                SubmissionRow.expires_at > now,
                SubmissionPartRow.group_ref.in_(groups),
                SubmissionPartRow.sealed.is_not(None),
            )
            .order_by(SubmissionRow.stated_at.desc(), SubmissionRow.submission_id)
        )
        async with self._store.session() as session:
            return [(row[0], row[1]) for row in await session.execute(query)]

    async def withdraw(
        self, municipality: str, submission_id: str, now: dt.datetime, audit: AuditRecord
    ) -> Sequence[str]:
        """Erase the values and cancel what waits; return the adapters that have or may have them.

        A system that was tried in vain may have them all the same.
        """
        ours = (
            OutboxRow.municipality == municipality,
            OutboxRow.submission_id == submission_id,
        )
        async with self._store.transaction() as session:
            tried = await session.scalars(
                select(OutboxRow.adapter_id)
                .where(*ours, OutboxRow.attempts > 0)
                .distinct()
                .order_by(OutboxRow.adapter_id)
            )
            handed = tried.all()
            await session.execute(
                update(SubmissionRow)
                .where(
                    SubmissionRow.municipality == municipality,
                    SubmissionRow.submission_id == submission_id,
                    SubmissionRow.withdrawn_at.is_(None),
                )
                .values(withdrawn_at=now)
            )
            await session.execute(
                update(SubmissionPartRow)
                .where(
                    SubmissionPartRow.municipality == municipality,
                    SubmissionPartRow.submission_id == submission_id,
                )
                .values(sealed=None)
            )
            await session.execute(
                update(OutboxRow)
                .where(*ours, OutboxRow.due_at.is_not(None))
                .values(cancelled_at=now, due_at=None, reason="withdrawn")
            )
            await self._audit.append_in(session, audit)
            return handed

    async def take(
        self, now: dt.datetime, until: dt.datetime, limit: int
    ) -> Sequence[tuple[OutboxRow, SubmissionPartRow]]:
        """Return messages that are due, one for each person and system, and lend them ``until``.

        Nobody else is given one that is lent. A message waits while an earlier one of the same
        person for the same system waits.
        """
        earlier = aliased(OutboxRow)
        blocked = (
            select(earlier.sequence)
            .where(
                earlier.municipality == OutboxRow.municipality,
                earlier.subject_id == OutboxRow.subject_id,
                earlier.adapter_id == OutboxRow.adapter_id,
                earlier.due_at.is_not(None),
                earlier.sequence < OutboxRow.sequence,
            )
            .exists()
        )
        query = (
            select(OutboxRow, SubmissionPartRow)
            .join(
                SubmissionPartRow,
                (SubmissionPartRow.municipality == OutboxRow.municipality)
                & (SubmissionPartRow.submission_id == OutboxRow.submission_id)
                & (SubmissionPartRow.group_ref == OutboxRow.group_ref),
            )
            .where(OutboxRow.due_at <= now, ~blocked)
            .order_by(OutboxRow.sequence)
            .limit(limit)
            .with_for_update(of=OutboxRow, skip_locked=True)
        )
        async with self._store.transaction() as session:
            taken = [(row[0], row[1]) for row in await session.execute(query)]
            session.expunge_all()
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.sequence.in_([message.sequence for message, _ in taken]))
                .values(due_at=until, attempts=OutboxRow.attempts + 1)
            )
            return taken

    async def settle(
        self, sequence: int, values: dict[str, Any], audit: AuditRecord | None = None
    ) -> None:
        """Note what became of a message.

        One that was cancelled meanwhile is not sent again; that it had been delivered is noted.
        """
        still = [OutboxRow.delivered_at.is_(None)]
        if values.get("delivered_at") is None:
            still.append(OutboxRow.cancelled_at.is_(None))
        async with self._store.transaction() as session:
            await session.execute(
                update(OutboxRow).where(OutboxRow.sequence == sequence, *still).values(**values)
            )
            if audit is not None:
                await self._audit.append_in(session, audit)

    async def parked(self, municipality: str) -> Sequence[OutboxRow]:
        """Return the messages that were parked, oldest first."""
        query = (
            select(OutboxRow)
            .where(OutboxRow.municipality == municipality, OutboxRow.parked_at.is_not(None))
            .order_by(OutboxRow.sequence)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def requeue(
        self, municipality: str, message_id: str, now: dt.datetime, audit: AuditRecord
    ) -> bool:
        """Let a parked message wait again; False if there is none or a later one went before it."""
        later = aliased(OutboxRow)
        overtaken = (
            select(later.sequence)
            .where(
                later.municipality == OutboxRow.municipality,
                later.subject_id == OutboxRow.subject_id,
                later.adapter_id == OutboxRow.adapter_id,
                later.group_ref == OutboxRow.group_ref,
                later.sequence > OutboxRow.sequence,
                later.delivered_at.is_not(None),
            )
            .exists()
        )
        async with self._store.transaction() as session:
            found = await session.scalar(
                select(OutboxRow.sequence).where(
                    OutboxRow.municipality == municipality,
                    OutboxRow.message_id == message_id,
                    OutboxRow.parked_at.is_not(None),
                    ~overtaken,
                )
            )
            if found is None:
                return False
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.sequence == found)
                .values(parked_at=None, reason=None, due_at=now, attempts=0)
            )
            await self._audit.append_in(session, audit)
            return True

    async def backlog(self) -> Backlog:
        """Return how many messages wait, since when, and how many are parked."""
        waiting = select(func.count(), func.min(OutboxRow.created_at)).where(
            OutboxRow.due_at.is_not(None)
        )
        parked = select(func.count()).where(OutboxRow.parked_at.is_not(None))
        async with self._store.session() as session:
            count, oldest = (await session.execute(waiting)).one()
            return Backlog(count, oldest, await session.scalar(parked) or 0)

    async def purge(self, now: dt.datetime, replies_before: dt.datetime) -> None:
        """Erase the values of submissions that have expired and replies that are no longer kept."""
        expired = (
            select(SubmissionRow.submission_id)
            .where(
                SubmissionRow.municipality == SubmissionPartRow.municipality,
                SubmissionRow.submission_id == SubmissionPartRow.submission_id,
                SubmissionRow.expires_at <= now,
            )
            .exists()
        )
        over = (
            select(SubmissionRow.submission_id)
            .where(
                SubmissionRow.municipality == OutboxRow.municipality,
                SubmissionRow.submission_id == OutboxRow.submission_id,
                SubmissionRow.expires_at <= now,
            )
            .exists()
        )
        async with self._store.transaction() as session:
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.due_at.is_not(None), over)
                .values(cancelled_at=now, due_at=None, reason="expired")
            )
            await session.execute(
                update(SubmissionPartRow)
                .where(SubmissionPartRow.sealed.is_not(None), expired)
                .values(sealed=None)
            )
            await session.execute(
                delete(IdempotencyRow).where(IdempotencyRow.created_at < replies_before)
            )
