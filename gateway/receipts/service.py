"""Issue receipts, and say later what became of the values. Verifications are recorded."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from adapters.contract import Clock
from gateway.access import Access, Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.clock import TOKYO
from gateway.keys import Keys, KeyStore
from gateway.problems import Problem
from gateway.receipts.canonical import canonical_absence, canonical_item
from gateway.receipts.digests import (
    MAX_DIGESTS,
    Digester,
    IssuedPart,
    count_digests,
    iter_digests,
    part_members,
)
from gateway.receipts.schemas import StatedItem, Verification
from gateway.receipts.tokens import Receipt, read_receipt, sign_receipt
from gateway.subjects import Subject, SubjectService
from gateway.subjects.acting import in_whose_place
from standard_models.dictionary import DataItem, Dictionary


class Standing(StrEnum):
    """Whether a receipt says anything about the values at hand."""

    GENUINE = "genuine"
    NOT_GENUINE = "not-genuine"
    OTHER_CONSUMER = "other-consumer"
    OTHER_PURPOSE = "other-purpose"
    OTHER_SUBJECT = "other-subject"


class Verdict(StrEnum):
    """What became of one item."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    STALE = "stale"
    NEVER_ISSUED = "never-issued"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """The verdict over one item, and where the delivered value had come from."""

    item: str
    record: int
    verdict: Verdict
    source: str | None = None
    as_of: dt.datetime | None = None
    edition: str | None = None
    reference_date: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Every verdict of one verification, whose audit record is durable."""

    verification_id: str
    standing: Standing
    items: tuple[ItemVerdict, ...]
    receipt: Receipt | None = None

    @property
    def unchanged(self) -> bool:
        """Return whether everything came back as it was delivered, and nothing else."""
        return all(found.verdict is Verdict.UNCHANGED for found in self.items)


@dataclass(frozen=True, slots=True)
class _Issued:
    digest: bytes
    source: str | None
    as_of: dt.datetime | None
    edition: str
    reference_date: str | None


_Place = tuple[str, int]


class ReceiptService:
    """Receipts of this gateway.

    Args:
        issuer: the gateway's public URL.
        lifetime_s: seconds after which what a receipt speaks for counts as stale.

    """

    def __init__(
        self,
        subjects: SubjectService,
        audit: AuditLog,
        keys: KeyStore,
        dictionary: Dictionary,
        *,
        clock: Clock,
        issuer: str,
        lifetime_s: int,
    ) -> None:
        self._subjects = subjects
        self._audit = audit
        self._keys = keys
        self._dictionary = dictionary
        self._clock = clock
        self._issuer = issuer
        self._lifetime = dt.timedelta(seconds=lifetime_s)

    def issue(
        self,
        access: Access,
        handle: str,
        question_id: str,
        at: dt.datetime,
        parts: Sequence[IssuedPart],
    ) -> str | None:
        """Return the receipt over ``parts``; None for an answer of too many values.

        Raises:
            KeysError: the keys of receipts are missing.

        """
        if count_digests(parts) > MAX_DIGESTS:
            return None
        keys = self._keys.keys()
        secret = keys.sealing_secret
        receipt = Receipt(
            receipt_id=question_id,
            issuer=self._issuer,
            client_id=access.client_id,
            municipality=access.municipality,
            purpose=access.purpose_id,
            handle=handle,
            issued_at=at,
            good_until=at + self._lifetime,
            secret_version=secret.version,
            parts=part_members(parts, Digester(secret.secret, question_id)),
        )
        return sign_receipt(receipt, keys)

    async def verify(self, access: Access, asked: Verification, caller: Caller) -> Verified:
        """Say of every item whether it is as it was delivered, and which items are missing.

        Raises:
            Problem: ``unknown-subject``, itself recorded; ``audit-unavailable``.

        """
        try:
            stated = [one.item for one in asked.items]
            subject = await self._subjects.resolve(access, asked.subject, stated)
        except Problem as problem:
            await self._record(access, caller, asked, None, "refused", problem)
            raise
        keys = self._keys.keys()
        receipt = read_receipt(asked.receipt, keys, self._issuer)
        standing = await self._standing(access, subject, receipt)
        if receipt is None or standing is not Standing.GENUINE:
            receipt = None
            items = tuple(ItemVerdict(s.item, s.record, Verdict.NEVER_ISSUED) for s in asked.items)
        else:
            items = tuple(self._verdicts(receipt, asked, keys))
        verified = Verified("", standing, items, receipt)
        outcome = "unchanged" if verified.unchanged else "changed"
        verification_id = await self._record(
            access, caller, asked, subject, outcome if receipt else standing.value
        )
        return Verified(verification_id, standing, items, receipt)

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that is no verification, and refuse it."""
        await self._record(access, caller, None, None, "refused", problem)
        raise problem

    async def _standing(
        self, access: Access, subject: Subject, receipt: Receipt | None
    ) -> Standing:
        if receipt is None:
            return Standing.NOT_GENUINE
        same_town = receipt.municipality == access.municipality
        if receipt.client_id != access.client_id or not same_town:
            return Standing.OTHER_CONSUMER
        if receipt.purpose != access.purpose_id:
            return Standing.OTHER_PURPOSE
        # Handles are renewed from time to time: the person counts, not the spelling.
        try:
            of = await self._subjects.resolve(access, receipt.handle)
        except Problem:
            return Standing.OTHER_SUBJECT
        same = of.subject_id == subject.subject_id
        return Standing.GENUINE if same else Standing.OTHER_SUBJECT

    def _verdicts(self, receipt: Receipt, asked: Verification, keys: Keys) -> Iterator[ItemVerdict]:
        issued = _issued(receipt)
        secret = keys.find_sealing_secret(receipt.secret_version)
        digester = Digester(secret.secret if secret else b"", receipt.receipt_id)
        oldest = self._oldest(receipt, asked.max_age)
        seen: set[_Place] = set()
        for stated in asked.items:
            place = (stated.item, stated.record)
            was, item = issued.get(place), self._dictionary.find_item(stated.item)
            if was is None or item is None or place in seen:
                yield ItemVerdict(stated.item, stated.record, Verdict.NEVER_ISSUED)
                continue
            seen.add(place)
            same = hmac.compare_digest(
                was.digest, digester.digest(stated.item, stated.record, _canonical(item, stated))
            )
            current = self._dictionary.group_of(item).edition_id == was.edition
            fresh = current and (was.as_of or receipt.issued_at) >= oldest
            yield _verdict(place, _judge(same=same, fresh=fresh), was)
        for place, was in issued.items():
            if place not in seen:
                yield _verdict(place, Verdict.MISSING, was)

    def _oldest(self, receipt: Receipt, max_age_s: int | None) -> dt.datetime:
        """Return the time from which on values are fresh; the future once the receipt ran out."""
        now = self._clock.now()
        if now >= receipt.good_until:
            return dt.datetime.max.replace(tzinfo=dt.UTC)
        if max_age_s is None:
            return dt.datetime.min.replace(tzinfo=dt.UTC)
        return now - dt.timedelta(seconds=max_age_s)

    async def _record(
        self,
        access: Access,
        caller: Caller,
        asked: Verification | None,
        subject: Subject | None,
        outcome: str,
        problem: Problem | None = None,
    ) -> str:
        found = [self._dictionary.find_item(s.item) for s in asked.items] if asked else []
        return await self._audit.append(
            AuditEntry(
                municipality=access.municipality,
                at=self._clock.now(),
                kind=AuditKind.OPERATION,
                client_id=access.client_id,
                subject_key=(
                    self._audit.pseudonym(access.municipality, subject.subject_id)
                    if subject
                    else None
                ),
                purpose=access.purpose_id,
                items_asked=tuple({item.item_id for item in found if item}),
                outcome=outcome,
                problem=problem.type.slug if problem else None,
                trace_id=caller.trace_id,
                terminal=caller.terminal,
                function="receipt-verify",
                representation=in_whose_place(self._audit, access.municipality, subject),
            )
        )


def _judge(*, same: bool, fresh: bool) -> Verdict:
    if not same:
        return Verdict.EDITED
    return Verdict.UNCHANGED if fresh else Verdict.STALE


def _verdict(place: _Place, verdict: Verdict, was: _Issued) -> ItemVerdict:
    return ItemVerdict(*place, verdict, was.source, was.as_of, was.edition, was.reference_date)


def _canonical(item: DataItem, stated: StatedItem) -> str:
    if stated.absent is not None:
        uncertain = stated.uncertain.to_uncertain() if stated.uncertain else None
        return canonical_absence(stated.absent.value, uncertain)
    return canonical_item(item, stated.value if stated.value is not None else "")


def _issued(receipt: Receipt) -> Mapping[_Place, _Issued]:
    """Return every digest of a genuine receipt by item and record."""
    return {
        (reference, record): _Issued(
            digest,
            part["source"],
            _time(part["as_of"]),
            part["edition"],
            part.get("reference_date"),
        )
        for part in receipt.parts
        for reference, record, digest in iter_digests(part)
    }


def _time(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, TOKYO)


def render_verified(verified: Verified) -> dict[str, Any]:
    """Return the verdicts in the shape that ``docs/api.md`` describes."""
    receipt = verified.receipt
    return {
        "verification_id": verified.verification_id,
        "receipt": verified.standing.value,
        "outcome": "unchanged" if verified.unchanged else "changed",
        "question_id": receipt.receipt_id if receipt else None,
        "issued_at": receipt.issued_at.astimezone(TOKYO).isoformat() if receipt else None,
        "items": [
            {
                "item": found.item,
                "record": found.record,
                "verdict": found.verdict.value,
                "source": found.source,
                "as_of": found.as_of.isoformat() if found.as_of else None,
                "edition": found.edition,
                **({"reference_date": found.reference_date} if found.reference_date else {}),
            }
            for found in verified.items
        ],
    }
