"""Which grants hold on a day. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.access.logins import Login, LoginRule, login_needed
from gateway.access.refusals import CHALLENGE
from gateway.clock import TOKYO
from gateway.problems import Problem


class Relation(StrEnum):
    """Whose data a grant lets a consumer ask for, seen from the subject of the question.

    ``household``: everybody who belongs together with the subject by one of the grant's bases.
    """

    SELF = "self"
    REPRESENTED = "represented"
    """Of another than who has logged in, who may act for them as a parent, guardian or agent."""
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """What a grant shall allow. Both dates are inclusive days in Asia/Tokyo.

    ``items`` are references of items or groups; ``field_sets`` are ids of sets of them that the
    town has named. ``relation`` says of whom; with ``household``, ``bases`` are by which lists.
    ``consent``: each person must have agreed, and
    not have taken it back. ``login_level`` (1 to 3) asks that the citizen has
    logged in within ``login_max_age_s`` seconds, 300 where that is not said. ``relation`` is
    that of the subject to whom the question is for; a representative must have logged in.
    """

    items: Iterable[str]
    valid_from: dt.date
    valid_to: dt.date | None = None
    intersect: bool = False
    consent: bool = False
    login_level: int | None = None
    login_max_age_s: int | None = None
    field_sets: tuple[str, ...] = ()
    relation: Relation = Relation.SELF
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Items of one registration. Both dates are inclusive days in Asia/Tokyo.

    ``bases`` are those by which a household may be asked for (relation ``household`` alone).
    ``approved``: a second person has agreed. ``intersect``: more may be asked than is granted.
    ``login``: the items are for a citizen who has logged in, and how. ``consent``: they need the
    consent of the person.
    """

    grant_id: str
    relation: Relation
    items: frozenset[str]
    valid_from: dt.date
    valid_to: dt.date | None
    revoked: bool
    approved: bool
    intersect: bool
    login: LoginRule | None = None
    consent: bool = False
    field_sets: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()

    def covers(self, relation: Relation | None, basis: str | None) -> bool:
        """Return whether the grant is about ``relation``; None stands for any."""
        if relation is None:
            return True
        return self.relation is relation and (basis is None or basis in self.bases)

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
    """The item references (``001.juminkihonjoho.shimei``) that may be asked now.

    ``by_consent`` are those of them that need the live consent of the person.
    ``behind_login`` are further ones, which a login as ``login`` says would open. ``field_sets``
    are the town's names of sets that are among them.
    """

    items: frozenset[str]
    relation: Relation
    grant_ids: tuple[str, ...]
    intersect: bool
    bases: frozenset[str] = frozenset()
    by_consent: frozenset[str] = frozenset()
    behind_login: frozenset[str] = frozenset()
    login: LoginRule | None = None
    field_sets: tuple[str, ...] = ()

    def require_login(self, items: Iterable[str]) -> None:
        """Do nothing unless a better login is all that keeps ``items`` from being granted.

        Raises:
            Problem: ``login-needed``.

        """
        outside = set(items) - self.items
        if outside and self.login is not None and outside <= self.behind_login:
            raise login_needed(self.login, CHALLENGE)


def granted_on(
    now: dt.datetime,
    grants: Iterable[Grant],
    login: Login | None = None,
    relation: Relation | None = Relation.SELF,
    basis: str | None = None,
) -> GrantedItems:
    """Return what ``grants``, all of one consumer and purpose, allow at ``now``.

    Days begin and end in Asia/Tokyo. ``login`` is that of the citizen who asks about themselves
    or, with ``relation``, about another. A grant counts for its own relation alone, and of
    households for its own bases; with ``relation`` None every grant counts.

    Raises:
        Problem: ``purpose-not-granted``, naming the end or the start of the nearest grant;
            ``relation-not-granted`` where there are grants, but none of this relation or basis.

    """
    day = now.astimezone(TOKYO).date()
    everything = tuple(grants)
    known = tuple(g for g in everything if g.covers(relation, basis))
    if not known and any(g.holds_on(day) for g in everything):
        raise Problem("relation-not-granted")
    valid = [g for g in known if g.holds_on(day)]
    if not valid:
        raise _not_granted(day, [g for g in known if not g.revoked])
    open_now = [g for g in valid if g.login is None or g.login.is_met(login, now)]
    items = frozenset[str]().union(*(g.items for g in open_now))
    rules = [g.login for g in valid if g.login is not None and g not in open_now]
    return GrantedItems(
        items,
        relation or Relation.SELF,
        tuple(g.grant_id for g in open_now),
        any(g.intersect for g in open_now),
        frozenset(b for g in open_now for b in g.bases),
        items - frozenset[str]().union(*(g.items for g in open_now if not g.consent)),
        frozenset[str]().union(*(g.items for g in valid)) - items,
        LoginRule(max(r.level for r in rules), min(r.max_age for r in rules)) if rules else None,
        tuple(sorted({name for g in open_now for name in g.field_sets})),
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
