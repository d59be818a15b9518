"""Who is told of what, when certificates are handed out. Rules HN-1 to HN-3.

A notice holds date, kind, number of copies and class of requester; who it was is not told to the
gateway at all. What is reported of people who did not register is not kept.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from adapters.contract import Clock
from gateway.access import Access, AccessService, Caller
from gateway.access.entries import operation_entry
from gateway.access.registration import REPORT_DELIVERIES
from gateway.audit import AuditKind, AuditLog, AuditRecord, settings_entry, to_record
from gateway.clock import TOKYO
from gateway.errors import ExplainedError
from gateway.notices.schemas import NOTIFIED, DeliveryDocument, DeliveryReport, RequesterClass
from gateway.notices.store import NoticeStore, NoticeWriting
from gateway.problems import FieldError, Problem
from gateway.store.tables import NoticeDeliveryRow, NoticeRegistrationRow, NoticeRow
from gateway.subjects import Subject, SubjectService

FUNCTION: Final = "delivery-report"
_SAID: Final = ("kind", "delivered_on", "copies", "requester")


class RegistrationRefusedError(ExplainedError):
    """A registration cannot be made or ended; the texts say why."""


@dataclass(frozen=True, slots=True)
class NoticeRooms:
    """The rooms that a report passes through."""

    store: NoticeStore
    access: AccessService
    subjects: SubjectService
    audit: AuditLog
    clock: Clock


class Notices:
    """Takes in reports of counter systems and makes notices of them."""

    def __init__(self, rooms: NoticeRooms) -> None:
        self._rooms = rooms

    async def report(
        self, access: Access, told: DeliveryReport, caller: Caller
    ) -> DeliveryDocument:
        """Take in one report; the same again has no further effect, another one corrects it.

        The answer is the same whoever is registered, known, or told.

        Raises:
            Problem: a refusal, itself recorded: ``right-not-granted``, ``purpose-not-granted``,
                ``login-other-subject``, ``invalid-body``.
        """
        try:
            await self._permit(access)
            self._require_past(told.delivered_on)
        except Problem as problem:
            await self._refused(access, caller, problem)
            raise
        town = access.municipality
        subject = await self._rooms.subjects.find_by_number(town, told.numbering, told.number)
        record = self._record(access, caller, subject, told)
        async with self._rooms.store.writing() as writing:
            if subject is not None:
                await self._take(writing, access, subject, told)
            await writing.note(record)
        return DeliveryDocument(delivery_id=told.delivery_id)

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable``.
        """
        await self._refused(access, caller, problem)
        raise problem

    async def _permit(self, access: Access) -> None:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        if REPORT_DELIVERIES not in granted.items:
            granted.require_login([REPORT_DELIVERIES])
            raise Problem("right-not-granted")
        if access.login_handle is not None:
            raise Problem("login-other-subject")

    def _require_past(self, day: dt.date) -> None:
        """Refuse a day that has not come: somebody would be told of what did not happen yet."""
        if day > self._rooms.clock.now().astimezone(TOKYO).date():
            wrong = FieldError("/delivered_on", "未来の日です。", "Lies in the future.")
            raise Problem("invalid-body", errors=[wrong])

    async def _take(
        self, writing: NoticeWriting, access: Access, subject: Subject, told: DeliveryReport
    ) -> None:
        town = access.municipality
        place = (town, access.client_id, told.delivery_id)
        before = await writing.delivery(place)
        if before is not None and before.subject_id != subject.subject_id:
            # The report before was of somebody else, who was told of what did not happen.
            if before.copies:
                await self._correct(writing, place, before, {"copies": 0})
            before = None
        said = {**told.model_dump(include=set(_SAID)), "requester": told.requester.value}
        said["kind"] = told.kind.value
        if before is not None:
            if any(getattr(before, name) != value for name, value in said.items()):
                await self._correct(writing, place, before, said)
            return
        if not await writing.is_registered(town, subject.subject_id, told.delivered_on):
            return
        await writing.keep(delivery_row(place, subject.subject_id, said, 1))
        if told.requester in NOTIFIED:
            now = self._rooms.clock.now()
            await writing.add(notice_row(place, subject.subject_id, said, None, now))

    async def _correct(
        self,
        writing: NoticeWriting,
        place: tuple[str, str, str],
        before: NoticeDeliveryRow,
        changes: Mapping[str, Any],
    ) -> None:
        """Put a delivery right, and tell whoever was told of it before."""
        said = {name: getattr(before, name) for name in _SAID} | dict(changes)
        subject_id = before.subject_id
        first = await writing.first_notice(place, subject_id)
        await writing.keep(delivery_row(place, subject_id, said, before.version + 1))
        is_told = said["copies"] > 0 and RequesterClass(said["requester"]) in NOTIFIED
        if first is not None or is_told:
            told = first.notice_id if first is not None else None
            now = self._rooms.clock.now()
            await writing.add(notice_row(place, subject_id, said, told, now))

    def _record(
        self, access: Access, caller: Caller, subject: Subject | None, told: DeliveryReport
    ) -> AuditRecord:
        """Return the record of a report; no list of accesses shows it (HN-2)."""
        key = None
        if subject is not None:
            key = self._rooms.audit.pseudonym(access.municipality, subject.subject_id)
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=FUNCTION,
            outcome="received",
            subject_key=key,
        )
        after = {"kind": told.kind.value, "copies": told.copies, "requester": told.requester.value}
        return to_record(replace(entry, kind=AuditKind.PRINT, before=None, after=after))

    async def _refused(self, access: Access, caller: Caller, problem: Problem) -> None:
        now = self._rooms.clock.now()
        slug = problem.type.slug
        await self._rooms.audit.append(
            operation_entry(access, caller, now, function=FUNCTION, outcome="refused", problem=slug)
        )


class Registrations:
    """Who is told. ``actor`` is the officer, who stands in the audit record."""

    def __init__(self, store: NoticeStore, *, clock: Clock, actor: str) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def register(
        self, municipality: str, subject_id: str, subject_key: str, until: dt.date | None = None
    ) -> NoticeRegistrationRow:
        """Register a person from today on, until a last day if one is said.

        Raises:
            RegistrationRefusedError: the last day has passed.
        """
        now = self._clock.now()
        row = NoticeRegistrationRow(
            registration_id=secrets.token_hex(8),
            municipality=municipality,
            subject_id=subject_id,
            since=now.astimezone(TOKYO).date(),
            until=until,
            registered_by=self._actor,
            registered_at=now,
        )
        if until is not None and until < row.since:
            raise RegistrationRefusedError(
                "期限はきょうより後にしてください。", "The last day must not have passed."
            )
        audit = self._record(municipality, "notice-register", row.registration_id, subject_key)
        await self._store.register(row, audit)
        return row

    async def end(self, municipality: str, registration_id: str) -> None:
        """End a registration now; what was made of it before is still handed over.

        Raises:
            RegistrationRefusedError: there is none that has not ended.
        """
        values = {"ended_by": self._actor, "ended_at": self._clock.now()}
        audit = self._record(municipality, "notice-end", registration_id, None)
        if not await self._store.end(municipality, registration_id, values, audit):
            raise RegistrationRefusedError(
                "この登録は見つかりません。", "There is no such registration."
            )

    async def all(self, municipality: str) -> Sequence[NoticeRegistrationRow]:
        """Return the registrations that have not been ended, oldest first."""
        return await self._store.registrations(municipality)

    def _record(
        self, municipality: str, function: str, registration_id: str, key: str | None
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                municipality,
                self._clock.now(),
                self._actor,
                function,
                subject_key=key,
                before=None,
                after={"registration": registration_id},
            )
        )


def notice_row(
    place: tuple[str, str, str],
    subject_id: str,
    said: Mapping[str, Any],
    corrects: str | None,
    at: dt.datetime,
) -> NoticeRow:
    """Return a new notice of a delivery (municipality, client and its id) to a person."""
    municipality, client_id, delivery_id = place
    return NoticeRow(
        notice_id=secrets.token_hex(8),
        municipality=municipality,
        client_id=client_id,
        delivery_id=delivery_id,
        subject_id=subject_id,
        **said,
        corrects=corrects,
        created_at=at,
        handed_over_at=None,
    )


def delivery_row(
    place: tuple[str, str, str], subject_id: str, said: Mapping[str, Any], version: int
) -> NoticeDeliveryRow:
    """Return a delivery as it was last told of."""
    municipality, client_id, delivery_id = place
    return NoticeDeliveryRow(
        municipality=municipality,
        client_id=client_id,
        delivery_id=delivery_id,
        subject_id=subject_id,
        **said,
        version=version,
    )
