"""The bases of households that come with the product (``bases.yaml``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from standard_models.safe_yaml import safe_load

REGISTER: Final = "register"
"""The basis that is meant where none is named: 住民基本台帳の世帯."""


@dataclass(frozen=True, slots=True)
class Basis:
    """One list by which people belong together.

    ``group`` (``001.setaiinjoho``) has a record for each member, read with the number of the
    person who is asked for; ``member`` is the field with a member's number. ``birth``,
    ``household`` and ``relationship`` are fields of the list where it has them.
    ``subject_listed``: the list names the person who is asked for too. ``residents_only``: whoever
    is no resident on the day is no member. The basis means this from ``valid_from`` on.
    """

    id: str
    name: str
    name_en: str
    source: str
    valid_from: dt.date
    group: str
    member: str
    birth: str | None
    household: str | None
    relationship: tuple[str, ...]
    subject_listed: bool
    residents_only: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of the list that are needed to know its members."""
        known = (self.member, self.birth, self.household, *self.relationship)
        return tuple(field for field in known if field is not None)


@dataclass(frozen=True, slots=True)
class PersonState:
    """Where a person's own record says whether they are a resident, and of which household."""

    group: str
    state: str
    current: frozenset[str]
    removed: frozenset[str]
    birth: str
    household: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that are needed."""
        return self.state, self.birth, self.household

    @property
    def business(self) -> str:
        """Return the business of the resident register."""
        return self.group.partition(".")[0]


@dataclass(frozen=True, slots=True)
class LivesWith:
    """A group whose records name whom the person lives with.

    ``member`` is the field with the other's number, ``fields`` those that tell who it is; None
    where the whole record does.
    """

    member: str
    fields: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Bases:
    """Every basis, by its id; ``most_members`` is the longest list that is answered.

    ``lives_with`` says by group which records name whom a person lives with.
    """

    person: PersonState
    most_members: int
    by_id: Mapping[str, Basis]
    lives_with: Mapping[str, LivesWith]


@cache
def household_bases() -> Bases:
    """Return the bases that come with the product."""
    text = files("gateway.households").joinpath("bases.yaml").read_text("utf-8")
    data = safe_load(text)
    person = data["person"]
    return Bases(
        PersonState(
            person["group"],
            person["state"],
            frozenset(person["current"]),
            frozenset(person["removed"]),
            person["birth"],
            person["household"],
        ),
        data["most_members"],
        {name: _basis(name, entry) for name, entry in data["bases"].items()},
        {
            group: LivesWith(
                entry["member"], frozenset(entry["items"]) if "items" in entry else None
            )
            for group, entry in data["lives_with"].items()
        },
    )


def _basis(name: str, entry: Mapping[str, Any]) -> Basis:
    return Basis(
        id=name,
        name=entry["name"],
        name_en=entry["name_en"],
        source=entry["source"],
        valid_from=entry["valid_from"],
        group=entry["group"],
        member=entry["member"],
        birth=entry.get("birth"),
        household=entry.get("household"),
        relationship=tuple(entry.get("relationship", ())),
        subject_listed=entry["subject"] == "listed",
        residents_only=entry["residents_only"],
    )
