"""Which grants hold on a day. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.problems import Problem


class Relation(StrEnum):
    """Whose data a grant lets a consumer ask for, seen from the subject of the question."""

    SELF = "self"


@dataclass(frozen=True, slots=True)
class Grant:
    """Items of one registration. Both dates are inclusive days in Asia/Tokyo.

    ``approved``: a second person has agreed. ``intersect``: more may be asked than is granted.
    """

    grant_id: str
    relation: Relation
    items: frozenset[str]
    valid_from: dt.date
    valid_to: dt.date | None
    revoked: bool
    approved: bool
    intersect: bool

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the grant may be used on ``day``."""
        return (
            self.approved
            and not self.revoked
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class GrantedItems:
    """The item references (``001.juminkihonjoho.shimei``) that may be asked, never empty."""

    items: frozenset[str]
    relation: Relation
    grant_ids: tuple[str, ...]
    intersect: bool


def granted_on(day: dt.date, grants: Iterable[Grant]) -> GrantedItems:
    """Return what ``grants``, all of one consumer and purpose, allow on ``day``.

    Raises:
        Problem: ``purpose-not-granted``, naming the end or the start of the nearest grant.

    """
    known = tuple(grants)
    valid = [g for g in known if g.holds_on(day)]
    if not valid:
        raise _not_granted(day, [g for g in known if not g.revoked])
    return GrantedItems(
        frozenset().union(*(g.items for g in valid)),
        Relation.SELF,
        tuple(g.grant_id for g in valid),
        any(g.intersect for g in valid),
    )


def _not_granted(day: dt.date, grants: Iterable[Grant]) -> Problem:
    grants = tuple(grants)
    approved = [g for g in grants if g.approved]
    if grants and not approved:
        return Problem(
            "purpose-not-granted",
            "許可は、二人目の職員の承認を待っています。",
            "The grant waits for the approval of a second person.",
        )
    grants = approved
    ended = [g.valid_to for g in grants if g.valid_to is not None and g.valid_to < day]
    coming = [g.valid_from for g in grants if g.valid_from > day]
    if ended:
        last = max(ended)
        return Problem(
            "purpose-not-granted",
            f"許可は {last.isoformat()} で終わっています。",
            f"The grant ended on {last.isoformat()}.",
            extensions={"valid_to": last.isoformat()},
        )
    if coming:
        first = min(coming)
        return Problem(
            "purpose-not-granted",
            f"許可は {first.isoformat()} から始まります。",
            f"The grant starts on {first.isoformat()}.",
            extensions={"valid_from": first.isoformat()},
        )
    return Problem(
        "purpose-not-granted",
        "この連携先には、この利用目的の許可がありません。",
        "This client has no grant for this purpose.",
    )
