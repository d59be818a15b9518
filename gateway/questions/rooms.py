"""The rooms that a question passes through, and what comes out of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.contract import Clock, Deadline
from gateway.access import Access, AccessService, Caller
from gateway.audit import AuditLog
from gateway.connections import Connections
from gateway.consents import Consents, NoConsents
from gateway.households import Basis, household_bases
from gateway.metrics import Metrics
from gateway.predicates import Predicates
from gateway.protection import ProtectionService
from gateway.questions.parts import Household, Member, Part, PartStatus
from gateway.questions.plan import Permitted
from gateway.questions.record import QuestionRecord
from gateway.questions.relation_schemas import RelationAsked
from gateway.questions.sameness import NobodyCompared, Sameness
from gateway.questions.schemas import Question
from gateway.questions.statements import NothingStated, StatedSource
from gateway.receipts import IssuedPart, ReceiptService
from gateway.routes import RouteService
from gateway.subjects import Subject, SubjectService
from standard_models.dictionary import Dictionary


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """An answer whose audit record is durable. With a relation, ``members`` in place of parts."""

    question_id: str
    outcome: str
    municipality: str
    purpose: str
    answered_at: dt.datetime
    parts: tuple[Part, ...]
    receipt: str | None = None
    household: Household | None = None
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionRooms:
    """The rooms that a question passes through."""

    access: AccessService
    subjects: SubjectService
    routes: RouteService
    connections: Connections
    protection: ProtectionService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock
    metrics: Metrics
    receipts: ReceiptService
    stated: StatedSource = field(default_factory=NothingStated)
    consents: Consents = field(default_factory=NoConsents)
    predicates: Predicates = field(default_factory=Predicates)
    sameness: Sameness = field(default_factory=NobodyCompared)


@dataclass(frozen=True, slots=True)
class Gathering:
    """One person of whom systems are asked, for whom, and by when."""

    access: Access
    subject: Subject
    question: Question
    caller: Caller
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class HouseholdCall:
    """One question of a household, which may be asked: by which basis, for which day, by when."""

    access: Access
    question: Question
    permitted: Permitted
    subject: Subject
    caller: Caller
    record: QuestionRecord
    day: dt.date
    deadline: Deadline

    @property
    def relation(self) -> RelationAsked:
        """Return the relation that is asked for.

        Raises:
            LookupError: none is.
        """
        if self.question.relation is None:
            raise LookupError("no relation")
        return self.question.relation

    @property
    def basis(self) -> Basis:
        """Return the basis of the household."""
        return household_bases().by_id[self.relation.basis]

    @property
    def asks_relationship(self) -> bool:
        """Tell whether every item of the relationship to the head is asked for and granted."""
        asked = {f"{p.group.ref}.{f}" for p in self.permitted.plan.parts for f in p.fields}
        wanted = {f"{self.basis.group}.{f}" for f in self.basis.relationship}
        return bool(wanted) and wanted <= asked


def issued(part: Part) -> IssuedPart:
    """Return what a receipt says of a part."""
    found = part.provenance
    return IssuedPart(
        group=part.planned.group,
        fields=part.planned.fields,
        records=part.records,
        absences=part.absences,
        source=found.adapter if found else None,
        as_of=found.as_of if found else None,
        reference_date=found.reference_date if found else None,
    )


def outcome_of(parts: Sequence[Part]) -> str:
    """Return ``complete`` when every part is known, ``none`` when no part is, else ``partial``.

    That a source knows no record is an answer; that it could not be asked is not.
    """
    known = [p.status in {PartStatus.OK, PartStatus.NOT_FOUND} for p in parts]
    return "complete" if all(known) else "partial" if any(known) else "none"
