"""Consents of citizens: given, taken back, and looked up before anything of theirs is read.

A consent is for one consumer, one purpose and the items that the citizen was told of. Rules PL-7
and TX-1: from the next call after a withdrawal on, nothing is answered by it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn, Protocol

from adapters.contract import Clock
from gateway.access import Access, AccessService, Caller, Relation
from gateway.access.entries import operation_entry
from gateway.access.limits import legal_limits
from gateway.audit import AuditEntry, AuditLog, to_record
from gateway.clock import TOKYO
from gateway.consents.schemas import ConsentDocument, GivenConsent, Withdrawn
from gateway.consents.store import ConsentStore
from gateway.problems import FieldError, Problem
from gateway.store.tables import ConsentRow
from gateway.subjects import Subject, SubjectService
from gateway.subjects.acting import in_whose_place, resolve_to_end
from standard_models.dictionary import Dictionary

FUNCTION: Final = "consent"
WITHDRAW: Final = "consent-withdraw"
_SKEW: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ConsentRooms:
    """The rooms that a consent passes through."""

    store: ConsentStore
    access: AccessService
    subjects: SubjectService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock


class Consents(Protocol):
    """Says which consents count."""

    async def require(self, access: Access, subject: Subject, items: Sequence[str]) -> None:
        """Do nothing if the person has agreed that the caller asks for all of ``items``.

        Raises:
            Problem: ``consent-needed``, with the items for which there is none.

        """


class NoConsents:
    """Nobody has agreed to anything."""

    async def require(
        self,
        access: Access,  # noqa: ARG002 - of the protocol
        subject: Subject,  # noqa: ARG002
        items: Sequence[str],
    ) -> None:
        """Refuse whatever needs a consent."""
        if items:
            raise Problem("consent-needed", extensions={"items": sorted(items)})


class ConsentService:
    """Keeps consents and says which of them count."""

    def __init__(self, rooms: ConsentRooms) -> None:
        self._rooms = rooms

    async def require(self, access: Access, subject: Subject, items: Sequence[str]) -> None:
        """Do nothing if the person has agreed that the caller asks for all of ``items``.

        Raises:
            Problem: ``consent-needed``, with the items for which there is none.

        """
        if not items:
            return
        consents = await self._rooms.store.live(
            access.municipality,
            subject.subject_id,
            access.client_id,
            access.purpose_id,
            self._rooms.clock.now(),
        )
        missing = sorted(set(items).difference(*consents))
        if missing:
            raise Problem("consent-needed", extensions={"items": missing})

    async def give(self, access: Access, given: GivenConsent, caller: Caller) -> ConsentDocument:
        """Keep a consent.

        Raises:
            Problem: a refusal, itself recorded: ``purpose-not-granted``, ``unknown-item``,
                ``item-not-granted``, ``unknown-subject``, ``invalid-body``.

        """
        try:
            ids = await self._permit(access, given)
            subject = await self._rooms.subjects.resolve(access, given.subject, given.items)
        except Problem as problem:
            await self._refused(access, caller, problem, FUNCTION)
            raise
        row = ConsentRow(
            consent_id=secrets.token_hex(16),
            municipality=access.municipality,
            subject_id=subject.subject_id,
            client_id=access.client_id,
            purpose_id=access.purpose_id,
            items=sorted(set(given.items)),
            text=given.text,
            given_at=min(given.given_at, self._rooms.clock.now()),
            expires_at=self._ends(given),
            withdrawn_at=None,
        )
        entry = self._entry(access, caller, "given", FUNCTION, subject, items=ids)
        await self._rooms.store.add(row, to_record(entry))
        return _document(row)

    async def withdraw(self, access: Access, asked: Withdrawn, caller: Caller) -> ConsentDocument:
        """Take a consent back; again and again with the same effect.

        Raises:
            Problem: ``unknown-subject``, ``unknown-consent``, themselves recorded.

        """
        try:
            subject, row = await self._own(access, asked)
        except Problem as problem:
            await self._refused(access, caller, problem, WITHDRAW)
            raise
        if row.withdrawn_at is None:
            row.withdrawn_at = self._rooms.clock.now()
        entry = self._entry(access, caller, "withdrawn", WITHDRAW, subject)
        await self._rooms.store.withdraw(row.consent_id, row.withdrawn_at, to_record(entry))
        return _document(row)

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it."""
        await self._refused(access, caller, problem, FUNCTION)
        raise problem

    async def _permit(self, access: Access, given: GivenConsent) -> tuple[str, ...]:
        """Return the official ids of the items, all of which the grant wants a consent for."""
        relation = self._rooms.subjects.relation_to(access, given.subject)
        acts = relation is Relation.REPRESENTED
        granted = await self._rooms.access.grants_of(
            access, given.purpose, relation if acts else None
        )
        if given.purpose != access.purpose_id:
            raise Problem("purpose-not-granted")
        found = [self._rooms.dictionary.find_item(reference) for reference in given.items]
        unknown = [_at(n, "存在しない項目です。", "No such item.") for n, i in _places(found, None)]
        if unknown:
            raise Problem("unknown-item", errors=unknown)
        outside = [
            _at(
                place,
                "この許可は、この項目に同意を求めていません。",
                "The grant does not want a consent for this item.",
            )
            for place, reference in enumerate(given.items)
            if reference not in granted.by_consent
        ]
        if outside:
            raise Problem("item-not-granted", errors=outside)
        if wrong := self._undated(given):
            raise Problem("invalid-body", errors=wrong)
        return tuple(item.item_id for item in found if item is not None)

    def _undated(self, given: GivenConsent) -> list[FieldError]:
        now = self._rooms.clock.now()
        longest = legal_limits().longest_consent
        wrong = []
        if not now - longest < given.given_at <= now + _SKEW:
            wrong.append(
                FieldError(
                    "/given_at",
                    f"いまから {longest.days} 日前までの日時にしてください。",
                    f"Must lie within the {longest.days} days before now.",
                )
            )
        elif not now < self._ends(given) <= given.given_at + longest + dt.timedelta(days=1):
            wrong.append(
                FieldError(
                    "/last_day",
                    f"今日から、同意の {longest.days} 日後までの日にしてください。",
                    f"Must be a day from today to {longest.days} days after the consent.",
                )
            )
        return wrong

    @staticmethod
    def _ends(given: GivenConsent) -> dt.datetime:
        """Return the midnight in Asia/Tokyo after the last day."""
        longest = legal_limits().longest_consent
        last = given.last_day or (given.given_at + longest).astimezone(TOKYO).date()
        midnight = dt.datetime.combine(last, dt.time(), TOKYO) + dt.timedelta(days=1)
        return midnight.astimezone(dt.UTC)

    async def _own(self, access: Access, asked: Withdrawn) -> tuple[Subject, ConsentRow]:
        row = await self._rooms.store.find(access.municipality, asked.consent_id)
        subject = await resolve_to_end(self._rooms.subjects, access, asked.subject, row)
        if row is None or subject is None:
            raise Problem("unknown-consent")
        return subject, row

    async def _refused(
        self, access: Access, caller: Caller, problem: Problem, function: str
    ) -> None:
        entry = self._entry(access, caller, "refused", function, None, problem=problem.type.slug)
        await self._rooms.audit.append(entry)

    def _entry(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        function: str,
        subject: Subject | None,
        *,
        items: tuple[str, ...] = (),
        problem: str | None = None,
    ) -> AuditEntry:
        town = access.municipality
        key = self._rooms.audit.pseudonym(town, subject.subject_id) if subject else None
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=function,
            outcome=outcome,
            subject_key=key,
            problem=problem,
            items_asked=items,
        )
        acting = in_whose_place(self._rooms.audit, town, subject)
        return replace(entry, representation=acting)


def _places(found: Sequence[object], wanted: object) -> list[tuple[int, object]]:
    return [(place, item) for place, item in enumerate(found) if item is wanted]


def _at(place: int, detail_ja: str, detail_en: str) -> FieldError:
    return FieldError(f"/items/{place}", detail_ja, detail_en)


def _document(row: ConsentRow) -> ConsentDocument:
    return ConsentDocument(
        consent_id=row.consent_id,
        purpose=row.purpose_id,
        items=list(row.items),
        expires_at=row.expires_at.astimezone(TOKYO).isoformat(),
        withdrawn_at=row.withdrawn_at.astimezone(TOKYO).isoformat() if row.withdrawn_at else None,
    )
