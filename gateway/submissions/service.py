"""Keep what a citizen states, once, within their consent; erase it when they take that back.

The submission, its messages to systems, the reply to a repeated call and the audit record become
durable together, or none of them does. Rules WR-1, WR-2, PL-7.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from adapters.contract import Clock
from adapters.manifest import Capability
from gateway.access import Access, AccessService, Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog, to_record
from gateway.clock import TOKYO
from gateway.connections import Connections
from gateway.keys import KeyStore
from gateway.problems import FieldError, Problem
from gateway.routes import RouteService
from gateway.store.tables import IdempotencyRow, OutboxRow, SubmissionPartRow, SubmissionRow
from gateway.subjects import Subject, SubjectService
from gateway.subjects.acting import in_whose_place, resolve_to_end
from gateway.submissions.checks import at_item, by_group, known_items, misfits, numbers_in_texts
from gateway.submissions.idempotency import InFlight, fingerprint, key_digest
from gateway.submissions.schemas import Submission, Withdrawal
from gateway.submissions.sealing import seal
from gateway.submissions.store import RepeatedCall, SubmissionStore
from standard_models.dictionary import DataItem, Dictionary

OPERATION = "submit"


@dataclass(frozen=True, slots=True)
class SubmissionRooms:
    """The rooms that a submission passes through."""

    store: SubmissionStore
    access: AccessService
    subjects: SubjectService
    routes: RouteService
    connections: Connections
    audit: AuditLog
    keys: KeyStore
    dictionary: Dictionary
    clock: Clock


class SubmissionService:
    """Takes submissions and withdrawals.

    Args:
        keep_days: days that values are kept where the citizen names no last day, and at most.

    """

    def __init__(self, rooms: SubmissionRooms, *, keep_days: int) -> None:
        self._rooms = rooms
        self._keep_days = keep_days
        self._in_flight = InFlight()

    async def submit(
        self, access: Access, stated: Submission, key: str | None, caller: Caller
    ) -> dict[str, Any]:
        """Keep what was stated and return the reply; the same call again has the same reply.

        Raises:
            Problem: a refusal, itself recorded; ``idempotency-key-missing``,
                ``idempotency-in-flight``, ``idempotency-key-reused``.

        """
        try:
            digest = key_digest(key, access.municipality)
            with self._in_flight.hold(access.client_id, digest):
                return await self._once(access, stated, digest, caller)
        except Problem as problem:
            await self._refused(access, caller, problem)
            raise

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it."""
        await self._refused(access, caller, problem)
        raise problem

    async def _once(
        self, access: Access, stated: Submission, digest: bytes, caller: Caller
    ) -> dict[str, Any]:
        key = self._rooms.keys.keys().audit
        print_of = fingerprint(key, stated, access.municipality, access.purpose_id)
        earlier = await self._earlier(access, digest, print_of)
        if earlier is not None:
            return earlier
        items = await self._permit(access, stated)
        refs = [item.ref for item in items]
        subject = await self._rooms.subjects.resolve(access, stated.subject, refs)
        made = await self._make(access, stated, items, subject)
        record = to_record(
            self._entry(
                access,
                caller,
                "kept",
                subject,
                items=tuple(item.item_id for item in items),
            )
        )
        reply = IdempotencyRow(
            client_id=access.client_id,
            operation=OPERATION,
            key_digest=digest,
            fingerprint=print_of,
            reply=orjson.dumps(made.reply).decode(),
            created_at=made.submission.stated_at,
        )
        try:
            await self._rooms.store.add(made.submission, made.parts, made.messages, reply, record)
        except RepeatedCall:
            # Another process was quicker with the same call.
            earlier = await self._earlier(access, digest, print_of)
            if earlier is None:
                raise
            return earlier
        return made.reply

    async def _earlier(
        self, access: Access, digest: bytes, print_of: bytes
    ) -> dict[str, Any] | None:
        row = await self._rooms.store.find_reply(access.client_id, OPERATION, digest)
        if row is None:
            return None
        if row.fingerprint != print_of:
            raise Problem("idempotency-key-reused")
        reply: dict[str, Any] = orjson.loads(row.reply)
        return reply

    async def _permit(self, access: Access, stated: Submission) -> list[DataItem]:
        relation = self._rooms.subjects.relation_to(access, stated.subject)
        granted = await self._rooms.access.grants_of(access, stated.purpose, relation)
        if stated.purpose != access.purpose_id:
            raise Problem("purpose-not-granted")
        items = known_items(stated, self._rooms.dictionary)
        granted.require_login(item.ref for item in items)
        outside = [
            at_item(place, "この利用目的には許可されていない項目です。", "Outside the grant.")
            for place, item in enumerate(items)
            if item.ref not in granted.items
        ]
        if outside:
            raise Problem("item-not-granted", errors=outside)
        typed = numbers_in_texts(stated, items)
        if wrong := [*misfits(stated, items), *typed, *self._undated(stated)]:
            raise Problem("invalid-body", errors=wrong)
        return items

    def _undated(self, stated: Submission) -> Sequence[FieldError]:
        now, today = self._rooms.clock.now(), self._today()
        last = today + dt.timedelta(days=self._keep_days)
        wrong = []
        if stated.keep_until is not None and not today <= stated.keep_until <= last:
            wrong.append(
                FieldError(
                    "/keep_until",
                    f"今日から {self._keep_days} 日以内の日にしてください。",
                    f"Must be a day within {self._keep_days} days from today.",
                )
            )
        if stated.consent.given_at > now + dt.timedelta(minutes=5):
            wrong.append(FieldError("/consent/given_at", "未来の日時です。", "Lies in the future."))
        return wrong

    def _today(self) -> dt.date:
        return self._rooms.clock.now().astimezone(TOKYO).date()

    async def _make(
        self, access: Access, stated: Submission, items: Sequence[DataItem], subject: Subject
    ) -> _Made:
        now = self._rooms.clock.now()
        submission_id = secrets.token_hex(16)
        last = stated.keep_until or self._today() + dt.timedelta(days=self._keep_days)
        midnight = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), TOKYO)
        submission = SubmissionRow(
            municipality=access.municipality,
            submission_id=submission_id,
            client_id=access.client_id,
            subject_id=subject.subject_id,
            purpose_id=access.purpose_id,
            items=[item.ref for item in items],
            purposes=sorted({access.purpose_id, *stated.consent.purposes}),
            consent_text=stated.consent.text,
            consent_given_at=stated.consent.given_at,
            strength=stated.strength.value,
            stated_at=now,
            expires_at=midnight,
            withdrawn_at=None,
        )
        values = by_group(stated, items)
        secret = self._rooms.keys.keys().sealing_secret
        parts = [
            SubmissionPartRow(
                municipality=access.municipality,
                submission_id=submission_id,
                group_ref=group,
                secret_version=secret.version,
                sealed=seal(secret, (access.municipality, submission_id, group), of_group),
            )
            for group, of_group in values.items()
        ]
        messages = await self._messages(submission, list(values))
        return _Made(submission, parts, messages)

    async def _messages(self, submission: SubmissionRow, groups: Sequence[str]) -> list[OutboxRow]:
        """Return a message for each group whose system takes submissions."""
        town = submission.municipality
        routes = await self._rooms.routes.for_groups(town, groups)
        messages = []
        for group in groups:
            route = routes.get(group)
            found = self._rooms.connections.find(town, route.adapter_id) if route else None
            if found is None or Capability.SUBMIT not in found.manifest.capabilities:
                continue
            messages.append(
                OutboxRow(
                    message_id=secrets.token_hex(16),
                    municipality=town,
                    submission_id=submission.submission_id,
                    group_ref=group,
                    subject_id=submission.subject_id,
                    adapter_id=found.adapter_id,
                    created_at=submission.stated_at,
                    due_at=submission.stated_at,
                    attempts=0,
                )
            )
        return messages

    async def withdraw(self, access: Access, asked: Withdrawal, caller: Caller) -> dict[str, Any]:
        """Erase the values of a submission; again and again with the same effect. Rule PL-7.

        Raises:
            Problem: ``unknown-subject``, ``unknown-submission``, themselves recorded.

        """
        try:
            subject, row = await self._own(access, asked)
        except Problem as problem:
            await self._refused(access, caller, problem, function="submission-withdraw")
            raise
        now = row.withdrawn_at or self._rooms.clock.now()
        entry = self._entry(access, caller, "withdrawn", subject, function="submission-withdraw")
        handed = await self._rooms.store.withdraw(
            access.municipality, asked.submission_id, now, to_record(entry)
        )
        return {
            "submission_id": asked.submission_id,
            "withdrawn_at": now.astimezone(TOKYO).isoformat(),
            "handed_over": list(handed),
        }

    async def _own(self, access: Access, asked: Withdrawal) -> tuple[Subject, SubmissionRow]:
        town = access.municipality
        row = await self._rooms.store.find(town, asked.submission_id)
        subject = await resolve_to_end(self._rooms.subjects, access, asked.subject, row)
        if row is None or subject is None:
            raise Problem("unknown-submission")
        return subject, row

    async def _refused(
        self, access: Access, caller: Caller, problem: Problem, function: str = "submission"
    ) -> None:
        entry = self._entry(access, caller, "refused", None, function=function, problem=problem)
        await self._rooms.audit.append(entry)

    def _entry(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        subject: Subject | None,
        *,
        items: tuple[str, ...] = (),
        function: str = "submission",
        problem: Problem | None = None,
    ) -> AuditEntry:
        town = access.municipality
        return AuditEntry(
            municipality=town,
            at=self._rooms.clock.now(),
            kind=AuditKind.OPERATION,
            client_id=access.client_id,
            subject_key=(
                self._rooms.audit.pseudonym(town, subject.subject_id) if subject else None
            ),
            purpose=access.purpose_id,
            items_asked=items,
            outcome=outcome,
            problem=problem.type.slug if problem else None,
            trace_id=caller.trace_id,
            terminal=caller.terminal,
            function=function,
            representation=in_whose_place(self._rooms.audit, town, subject),
        )


@dataclass(frozen=True, slots=True)
class _Made:
    submission: SubmissionRow
    parts: Sequence[SubmissionPartRow]
    messages: Sequence[OutboxRow]

    @property
    def reply(self) -> dict[str, Any]:
        return {
            "submission_id": self.submission.submission_id,
            "stated_at": self.submission.stated_at.isoformat(),
            "expires_at": self.submission.expires_at.isoformat(),
            "groups": [part.group_ref for part in self.parts],
            "handed_to": sorted({message.adapter_id for message in self.messages}),
        }
