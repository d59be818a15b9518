"""What would become of a question, said before anything of a person is touched."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.access import Relation
from gateway.problems import FieldError, Problem
from gateway.questions.plan import Permitted
from gateway.questions.schemas import Asked, Explained, ExplanationDocument, GrantDocument


class Verdict(StrEnum):
    """What would happen."""

    ANSWERED = "answered"
    INTERSECTED = "intersected"
    REFUSED = "refused"


class Fault(StrEnum):
    """Who can change a refusal."""

    CALLER = "caller"
    MUNICIPALITY = "municipality"


_OF_MUNICIPALITY: Final = frozenset(
    {
        "unknown-purpose",
        "purpose-not-granted",
        "relation-not-granted",
        "right-not-granted",
        "item-not-granted",
        "mode-not-granted",
        "login-other-subject",
    }
)


_RULES: Final = {
    Verdict.ANSWERED: "every-item-granted",
    Verdict.INTERSECTED: "items-outside-the-grant-left-out",
}


_NOT_FOR_REPRESENTATIVES: Final = {
    "ja": "代理人としての照会は、この利用目的では許可されていません",
    "en": "Asking in another's place is not granted for this purpose",
    "remedy_ja": "代理人のための許可（--relation represented）を自治体の担当者に依頼してください。",
    "remedy_en": "Ask the municipality for a grant to representatives (--relation represented).",
}
"""A refusal tells nobody why they cannot act for somebody; here there is nobody yet."""


def _words(problem: Problem, *, represented: bool) -> dict[str, str]:
    if represented and problem.type.slug == "login-other-subject":
        return _NOT_FOR_REPRESENTATIVES
    return {
        "ja": problem.detail_ja or problem.type.title_ja,
        "en": problem.detail_en or problem.type.title_en,
        "remedy_ja": problem.type.remedy_ja,
        "remedy_en": problem.type.remedy_en,
    }


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict and its reasons. ``problem`` is the refusal that the question would meet."""

    verdict: Verdict
    permitted: Permitted | None = None
    problem: Problem | None = None
    not_granted: tuple[str, ...] = ()
    represented: bool = False

    @property
    def fault(self) -> Fault | None:
        """Return who can change a refusal."""
        if self.problem is None:
            return None
        slug = self.problem.type.slug
        return Fault.MUNICIPALITY if slug in _OF_MUNICIPALITY else Fault.CALLER

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Return the places to mend."""
        return self.problem.errors if self.problem else ()

    def document(self, purpose: dict[str, str] | None) -> ExplanationDocument:
        """Return the explanation on the wire, with what is registered of the purpose."""
        problem, granted = self.problem, self.permitted.granted if self.permitted else None
        return ExplanationDocument(
            verdict=self.verdict.value,
            rule=problem.type.slug if problem else _RULES[self.verdict],
            fault=self.fault.value if self.fault else None,
            detail=_words(problem, represented=self.represented) if problem else {},
            purpose=purpose,
            grants=[
                GrantDocument(
                    grant_id=grant_id,
                    relation=granted.relation.value,
                    intersect=granted.intersect,
                    bases=sorted(granted.bases),
                )
                for grant_id in granted.grant_ids
            ]
            if granted
            else [],
            field_sets=list(granted.field_sets) if granted else [],
            not_granted=list(self.not_granted),
            consent_needed=list(self.permitted.by_consent) if self.permitted else [],
            representation_needed=bool(granted and granted.relation is Relation.REPRESENTED),
            errors=[
                {"pointer": e.pointer, "detail_ja": e.detail_ja, "detail_en": e.detail_en}
                for e in self.errors
            ],
        )


async def explained(permission: Awaitable[Permitted], asked: Asked) -> Explanation:
    """Return what ``permission``, the decision of the question itself, means for ``asked``."""
    try:
        permitted = await permission
    except Problem as problem:
        represented = isinstance(asked, Explained) and asked.represented
        return Explanation(Verdict.REFUSED, None, problem, represented=represented)
    outside = tuple(item for item in asked.items if item not in permitted.granted.items)
    verdict = Verdict.INTERSECTED if outside else Verdict.ANSWERED
    return Explanation(verdict, permitted, None, outside)
