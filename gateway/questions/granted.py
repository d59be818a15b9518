"""What a question may not hold beside its grant."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.access import Access, Relation
from gateway.problems import FieldError, Problem
from gateway.questions.plan import Plan
from gateway.questions.schemas import Asked, Explained, Question
from gateway.subjects import SubjectService


def relation_asked(subjects: SubjectService, access: Access, asked: Asked) -> Relation:
    """Return in what relation to the caller's citizen the data stands that is asked for."""
    if isinstance(asked, Question):
        return subjects.relation_to(access, asked.subject)
    represented = isinstance(asked, Explained) and asked.represented
    return Relation.REPRESENTED if represented else Relation.SELF


def require_granted(items: Sequence[str], granted: frozenset[str]) -> None:
    """Refuse the whole question when one item is outside the grant.

    Raises:
        Problem: ``item-not-granted``, pointing at every such item.
    """
    outside = [
        FieldError(
            f"/items/{position}",
            "この利用目的には許可されていない項目です。",
            "The grant of this purpose does not hold this item.",
        )
        for position, reference in enumerate(items)
        if reference not in granted
    ]
    if outside:
        raise Problem("item-not-granted", errors=outside)


def require_groups(required: Sequence[str], plan: Plan) -> None:
    """Refuse a question that cannot do without a group of which nothing is granted.

    Raises:
        Problem: ``item-not-granted``, pointing at every such group.
    """
    left = {part.group.ref for part in plan.parts}
    outside = [
        FieldError(
            f"/require/{position}",
            "このグループの項目は一つも許可されていません。",
            "The grant holds no item of this group.",
        )
        for position, ref in enumerate(required)
        if ref not in left
    ]
    if outside:
        raise Problem("item-not-granted", errors=outside)
