"""Flags that a source tells of itself, without waiting to be asked. Rules R13, DV-4, DV-5.

A push can protect and prolong; it cannot end: who is said to be protected no more waits for two
officers. So messages that come late, twice or in the wrong order never leave anybody unprotected.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

import orjson

from adapters.contract import Clock, EventLog
from gateway.access import Access, AccessService, Caller
from gateway.access.entries import operation_entry
from gateway.access.registration import PUSH_FLAGS
from gateway.audit import AuditKind, AuditLog, AuditRecord, to_record
from gateway.clock import TOKYO
from gateway.connections import Connections
from gateway.problems import FieldError, Problem
from gateway.protection.schemas import FlagPush, FlagPushDocument, PushedFlag
from gateway.protection.store import PushStore, PushWriting
from gateway.protection.terms import ENDED, MOVED_OUT, term_of
from gateway.store.tables import ProtectionMeasureRow
from gateway.subjects import SubjectService

FUNCTION: Final = "protection-push"
_KINDS: Final[Mapping[str, str]] = {
    "in-force": "full",
    "provisional": "provisional",
    "accompanying": "accompanying",
    MOVED_OUT: "provisional",
}


@dataclass(frozen=True, slots=True)
class PushRooms:
    """The rooms that a push passes through."""

    store: PushStore
    access: AccessService
    subjects: SubjectService
    connections: Connections
    audit: AuditLog
    clock: Clock
    log: EventLog


class FlagPushes:
    """Takes in what sources push."""

    def __init__(self, rooms: PushRooms) -> None:
        self._rooms = rooms

    async def take(self, access: Access, push: FlagPush, caller: Caller) -> FlagPushDocument:
        """Let the flags count from the next question on, in every gateway, or none of them.

        The same message again has no further effect. One that comes after later ones counts as
        far as they said nothing of the same person.

        Raises:
            Problem: a refusal, itself recorded: ``right-not-granted``, ``purpose-not-granted``,
                ``login-other-subject``, ``invalid-body`` (a numbering that no system has),
                ``flag-push-out-of-order``.
        """
        keys: dict[str, str | None] = {}
        try:
            await self._permit(access, push)
            for flag in push.flags:
                keys[flag.number] = await self._pseudonym(access, push.numbering, flag.number)
            document = await self._written(access, push, caller, keys)
        except Problem as problem:
            await self._refused(access, caller, problem)
            raise
        if unknown := sum(key is None for key in keys.values()):
            self._rooms.log.warning(
                "flags-of-nobody",
                municipality=access.municipality,
                client_id=access.client_id,
                count=unknown,
            )
        if document.missing:
            first, last = document.missing
            self._rooms.log.warning(
                "flag-push-missing",
                municipality=access.municipality,
                client_id=access.client_id,
                count=last - first + 1,
            )
        return document

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable``.
        """
        await self._refused(access, caller, problem)
        raise problem

    async def _permit(self, access: Access, push: FlagPush) -> None:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        if PUSH_FLAGS not in granted.items:
            granted.require_login([PUSH_FLAGS])
            raise Problem("right-not-granted")
        if access.login_handle is not None:
            raise Problem("login-other-subject")
        known = {
            c.manifest.numbering.id
            for c in self._rooms.connections.all()
            if c.municipality == access.municipality
        }
        if push.numbering not in known:
            text = (
                "つながっているシステムの番号体系ではありません。",
                "No system has this numbering.",
            )
            raise Problem("invalid-body", errors=[FieldError("/numbering", *text)])

    async def _pseudonym(self, access: Access, numbering: str, number: str) -> str | None:
        found = await self._rooms.subjects.find_by_number(access.municipality, numbering, number)
        if found is None:
            return None
        return self._rooms.audit.pseudonym(access.municipality, found.subject_id)

    async def _written(
        self, access: Access, push: FlagPush, caller: Caller, keys: Mapping[str, str | None]
    ) -> FlagPushDocument:
        now = self._rooms.clock.now()
        digest = _digest(push)
        async with self._rooms.store.writing(access.municipality, access.client_id) as writing:
            last = writing.last.sequence if writing.last is not None else 0
            document = FlagPushDocument(
                sequence=push.sequence,
                accepted=len(push.flags),
                next_sequence=max(last, push.sequence) + 1,
                missing=[last + 1, push.sequence - 1] if push.sequence > last + 1 else [],
            )
            if writing.last is not None and push.sequence == last:
                if writing.last.digest != digest:
                    said = {"next_sequence": last + 1}
                    raise Problem("flag-push-out-of-order", extensions=said)
                return document
            for flag in push.flags:
                record = self._record(access, caller, push, flag, keys[flag.number])
                await self._one(writing, access, push, flag, record)
            if push.sequence > last:
                await writing.received(push.sequence, digest, now)
        return document

    async def _one(
        self,
        writing: PushWriting,
        access: Access,
        push: FlagPush,
        flag: PushedFlag,
        record: AuditRecord,
    ) -> None:
        source = f"push:{access.client_id}"
        row = await writing.find(push.numbering, flag.number, source)
        if row is None:
            if flag.state == ENDED:
                # Nothing of this source protects the person; what others say stays as it is.
                await writing.note(record)
            else:
                await writing.add(self._new(access, push, flag, source), record)
            return
        if push.sequence <= (row.source_version or 0):
            await writing.note(record)
            return
        await writing.change(row, self._changes(row, push, flag), record)

    def _new(
        self, access: Access, push: FlagPush, flag: PushedFlag, source: str
    ) -> ProtectionMeasureRow:
        now = self._rooms.clock.now()
        since = flag.since or now.astimezone(TOKYO).date()
        return ProtectionMeasureRow(
            measure_id=secrets.token_hex(8),
            municipality=access.municipality,
            numbering=push.numbering,
            number=flag.number,
            kind=_KINDS[flag.state],
            since=since,
            until=flag.until or term_of(since),
            set_by=source,
            set_at=now,
            source=source,
            source_said=MOVED_OUT if flag.state == MOVED_OUT else None,
            source_version=push.sequence,
        )

    def _changes(
        self, row: ProtectionMeasureRow, push: FlagPush, flag: PushedFlag
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {"source_version": push.sequence, "source_said": None}
        if flag.state in {ENDED, MOVED_OUT}:
            return changes | {"source_said": flag.state}
        since = flag.since or row.since
        until = flag.until or max(row.until, term_of(since))
        return changes | {
            "kind": _KINDS[flag.state],
            "since": since,
            "until": until,
            "set_at": self._rooms.clock.now(),
            # Who proposed to end it did not know of this.
            "end_proposed_by": None,
        }

    def _record(
        self,
        access: Access,
        caller: Caller,
        push: FlagPush,
        flag: PushedFlag,
        key: str | None,
    ) -> AuditRecord:
        """Return the record of one flag; a setting, so that no list of accesses shows it."""
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=FUNCTION,
            outcome="changed",
            subject_key=key,
        )
        after = {
            "sequence": push.sequence,
            "numbering": push.numbering,
            "state": flag.state,
            "since": _text(flag.since),
            "until": _text(flag.until),
        }
        return to_record(replace(entry, kind=AuditKind.SETTINGS, before=None, after=after))

    async def _refused(self, access: Access, caller: Caller, problem: Problem) -> None:
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=FUNCTION,
            outcome="refused",
            problem=problem.type.slug,
        )
        await self._rooms.audit.append(entry)


def _digest(push: FlagPush) -> bytes:
    text = orjson.dumps(push.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None
