"""Showing what protection withholds to one officer, for a reason, by two people.

Either two officers have made an exemption for the desk and the purpose, or a second officer agrees
to this one case: then it is a lift for one person and minutes, good for whoever proposed it alone.
Source: rules DV-6, DV-14, DV-17.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.contract import Clock
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.console.persons.service import Looking, Persons
from gateway.console.staff import Member
from gateway.protection import ProtectionStatus
from gateway.protection.openings import LONGEST_WAIT, Openings, OpeningTerms
from gateway.protection.store import OpeningStore
from gateway.questions.parts import Part
from gateway.store.tables import ProtectionOpeningRow
from standard_models.dictionary import Dictionary

LASTS: Final = dt.timedelta(minutes=10)
"""How long an agreed reveal can be used."""
SHOWN_S: Final = 60
"""How long it stands on the screen before the page hides it again."""
_REFERENCE: Final = re.compile(r"(?![0-9]{12}$)[0-9A-Za-z-]{1,30}")
"""A number of a case: no words, and nothing of the shape of an individual number."""
_SPOKEN: Final = str.maketrans("0123456789abcdef", "CDEFGHJKMNPRTVWX")

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "identified-at-desk": (
        "窓口で本人確認を済ませた本人の手続き", "The person, identified at the desk"
    ),
    "notice-to-person": ("本人への通知の送り先の確認", "Where to send a notice to the person"),
    "statutory-duty": ("法令に基づく事務の処理", "A duty by statute"),
    "emergency": ("人命にかかわる緊急の対応", "Danger to life"),
}  # fmt: skip
"""What a reveal may be for, in words to choose from: nothing about a person can be written."""


class RevealRefused(Exception):
    """Nothing is shown or proposed. ``key`` names the text for the page."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class RevealState(StrEnum):
    """How it stands with showing what is withheld of a person."""

    CLEAR = "clear"
    UNKNOWN = "unknown"
    NOTHING = "nothing"
    NEEDS_SECOND = "needs-second"
    WAITING = "waiting"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state, the items it is about, and the code by which two officers speak of it."""

    state: RevealState
    items: tuple[str, ...] = ()
    code: str = ""


class Reveals:
    """Proposes, agrees to and shows."""

    def __init__(
        self,
        store: OpeningStore,
        persons: Persons,
        audit: AuditLog,
        dictionary: Dictionary,
        clock: Clock,
    ) -> None:
        self._store = store
        self._persons = persons
        self._audit = audit
        self._dictionary = dictionary
        self._clock = clock

    async def standing(self, looking: Looking) -> Standing:
        """Return how it stands for this member and this person now.

        Raises:
            Problem: nothing is granted to the desk today.
        """
        status = await self._persons.status(looking)
        if status is not ProtectionStatus.PROTECTED:
            clear = status is ProtectionStatus.CLEAR
            return Standing(RevealState.CLEAR if clear else RevealState.UNKNOWN)
        withheld = [r for r in await self._persons.granted(looking) if self._is_address(r)]
        if not withheld:
            return Standing(RevealState.NOTHING)
        now = self._clock.now()
        own = await self._own(looking)
        opened = frozenset[str]().union(*(row.items for row in own if _is_open(row, now)))
        if items := tuple(ref for ref in withheld if ref in opened):
            return Standing(RevealState.OPEN, items)
        waiting = [row for row in own if row.number is not None and _waits(row, now)]
        if waiting:
            return Standing(RevealState.WAITING, tuple(withheld), spoken(waiting[-1].opening_id))
        return Standing(RevealState.NEEDS_SECOND, tuple(withheld))

    async def propose(self, looking: Looking, reason: str, reference: str) -> None:
        """Ask a second officer to agree.

        Raises:
            RevealRefused: no reason from the list, no reference, or nothing to ask for.
            OpeningRefusedError: the desk has gone.
        """
        check_reason(reason, reference)
        standing = await self.standing(looking)
        if standing.state is not RevealState.NEEDS_SECOND:
            raise RevealRefused("reveal.nothing")
        member = looking.member
        terms = OpeningTerms(
            client_id=looking.duty.client_id,
            purpose_id=looking.duty.purpose_id,
            items=standing.items,
            legal_basis=f"{REASONS[reason][0]}（{reference}）",
        )
        numbering, numbers = min(looking.subject.numbers.items())
        await self._openings(member).propose_lift(
            member.municipality,
            terms,
            (numbering, numbers[0]),
            LASTS,
            subject_key=self._key(looking),
        )

    async def show(self, looking: Looking, reason: str, reference: str) -> tuple[Part, ...]:
        """Return what is open to this member, after the reason has been recorded.

        Raises:
            RevealRefused: no reason, or nothing is open to this member.
            Problem: as ``QuestionService.ask``.
        """
        check_reason(reason, reference)
        standing = await self.standing(looking)
        if standing.state is not RevealState.OPEN:
            raise RevealRefused("reveal.nothing")
        await self._audit.append(
            AuditEntry(
                municipality=looking.member.municipality,
                at=self._clock.now(),
                kind=AuditKind.EVENT,
                outcome="reason-given",
                trace_id=looking.caller.trace_id,
                terminal=looking.member.at(looking.caller.terminal),
                client_id=looking.duty.client_id,
                purpose=looking.duty.purpose_id,
                subject_key=self._key(looking),
                function="console-reveal",
                after={"reason": reason, "reference": reference},
            )
        )
        return await self._persons.shown(looking, standing.items)

    async def proposals(self, member: Member) -> Sequence[ProtectionOpeningRow]:
        """Return what other members have proposed and nobody has agreed to, oldest first."""
        now = self._clock.now()
        rows = await self._store.all(member.municipality, now)
        return [row for row in rows if _waits(row, now) and _of_staff(row)]

    async def in_force(self, member: Member) -> Sequence[ProtectionOpeningRow]:
        """Return the exemptions and lifts that are open now."""
        now = self._clock.now()
        rows = await self._store.all(member.municipality, now)
        return [row for row in rows if _is_open(row, now)]

    async def agree(self, member: Member, opening_id: str) -> ProtectionOpeningRow:
        """Agree to a proposal of another member.

        Raises:
            OpeningRefusedError: no such proposal, one's own, or one from too long ago.
        """
        return await self._openings(member).approve(member.municipality, opening_id)

    async def take_back(self, member: Member, opening_id: str) -> None:
        """Close what is open or proposed, at once.

        Raises:
            OpeningRefusedError: there is no such opening.
        """
        await self._openings(member).end(member.municipality, opening_id)

    def _openings(self, member: Member) -> Openings:
        return Openings(self._store, self._dictionary, clock=self._clock, actor=member.actor)

    async def _own(self, looking: Looking) -> list[ProtectionOpeningRow]:
        """Return exemptions of the desk, and lifts that this very member has proposed."""
        numbers = {(n, number) for n, found in looking.subject.numbers.items() for number in found}
        rows = await self._store.all(looking.member.municipality, self._clock.now())
        return [
            row
            for row in rows
            if (row.client_id, row.purpose_id) == looking.duty.asker
            and (
                row.number is None
                or (
                    (row.numbering, row.number) in numbers
                    and row.proposed_by == looking.member.actor
                )
            )
        ]

    def _is_address(self, ref: str) -> bool:
        item = self._dictionary.find_item(ref)
        return item is not None and item.address_class

    def _key(self, looking: Looking) -> str:
        return self._audit.pseudonym(looking.member.municipality, looking.subject.subject_id)


def check_reason(reason: str, reference: str) -> None:
    """Do nothing if the reason is one of the list and the reference looks like one.

    Raises:
        RevealRefused: it is not.
    """
    if reason not in REASONS:
        raise RevealRefused("reveal.choose-reason")
    if not _REFERENCE.fullmatch(reference):
        raise RevealRefused("reveal.give-reference")


def spoken(opening_id: str) -> str:
    """Return the code by which two officers speak of a proposal: no look-alikes (AC-7)."""
    return opening_id[:6].translate(_SPOKEN)


def _is_open(row: ProtectionOpeningRow, now: dt.datetime) -> bool:
    return (
        row.approved_by is not None
        and row.opens_at is not None
        and row.closes_at is not None
        and row.opens_at <= now < row.closes_at
    )


def _waits(row: ProtectionOpeningRow, now: dt.datetime) -> bool:
    return row.approved_by is None and now - row.proposed_at <= LONGEST_WAIT


def _of_staff(row: ProtectionOpeningRow) -> bool:
    return row.number is not None and row.proposed_by.startswith("staff:")
