"""The few operations from which every household of the town is made."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

from examples.town.model import names, places
from examples.town.model.names import Name
from examples.town.model.numbers import NumberOffice
from examples.town.model.people import (
    REFERENCE_DAY,
    Entry,
    ForeignStatus,
    Group,
    Household,
    Measure,
    Person,
)
from examples.town.model.places import Address
from examples.town.model.recorded_dates import RecordedDate, on

COMPUTERISED = dt.date(2012, 7, 9)
"""The day on which the town's register was carried over into today's product."""


class Maker:
    """Makes the people of one group with one stream of chance and the town's numbers."""

    def __init__(self, rng: random.Random, office: NumberOffice) -> None:
        self.rng = rng
        self.office = office
        self.group = Group()

    def birth(self, age: int) -> dt.date:
        """Return a day on which somebody of this age may have been born."""
        latest = REFERENCE_DAY.replace(year=REFERENCE_DAY.year - age)
        return latest - dt.timedelta(days=2 + self.rng.randrange(363))

    def day_between(self, first: dt.date, last: dt.date) -> dt.date:
        """Return a day from ``first`` to ``last``, both possible."""
        return first + dt.timedelta(days=self.rng.randrange(max(1, (last - first).days + 1)))

    def person(
        self,
        sex: str,
        birth: dt.date | RecordedDate,
        *,
        name: Name | None = None,
        family: tuple[str, str] | None = None,
        resident: bool = True,
    ) -> Person:
        """Make a person of the group; a name is put together where none is given."""
        made = Person(
            number=self.office.resident() if resident else "",
            name=name or names.japanese(self.rng, sex, family),
            sex=sex,
            birth=on(birth) if isinstance(birth, dt.date) else birth,
        )
        self.group.people.append(made)
        return made

    def found(self, head: Person, founded: dt.date, split_from: str = "") -> str:
        """Found a household and return its number."""
        number = self.office.household()
        self.group.households.append(Household(number, head.number, founded, split_from))
        return number

    def enter(
        self,
        person: Person,
        household: str,
        relation: tuple[str, ...],
        address: Address,
        since: dt.date,
        *,
        reason: str | None = None,
        resident_since: RecordedDate | None = None,
    ) -> None:
        """Put a person on the register; who was born later than ``since`` is entered at birth."""
        born = person.birth.day
        if born is not None and born >= since:
            reason, since = reason or "born", born
        elif since < COMPUTERISED:
            reason = reason or "migrated"
        notified = since + dt.timedelta(days=self.rng.randrange(12))
        notified = min(notified, REFERENCE_DAY - dt.timedelta(days=1))
        migrated = reason == "migrated"
        if person.foreign:
            first = max(born if born and born >= since else since, COMPUTERISED)
            person.foreign = dataclasses.replace(person.foreign, since=first)
        person.entries.append(
            Entry(
                reason=reason or "moved-in",
                on=on(COMPUTERISED if migrated else since),
                notified=None if migrated else notified,
                processed=COMPUTERISED if migrated else notified,
                state="resident",
                name=person.name,
                household=household,
                relation=relation,
                address=address,
                address_since=since,
                resident_since=resident_since or on(since),
            )
        )

    def change(  # noqa: PLR0913 - one keyword for each thing that can change
        self,
        person: Person,
        reason: str,
        day: dt.date | RecordedDate,
        *,
        notified: bool = True,
        household: str | None = None,
        relation: tuple[str, ...] | None = None,
        address: Address | None = None,
        state: str | None = None,
        name: Name | None = None,
    ) -> None:
        """Append an entry that repeats the last one but for what changed."""
        event = on(day) if isinstance(day, dt.date) else day
        ground = event.day or event.latest or REFERENCE_DAY
        processed = min(
            max(ground, person.current.processed) + dt.timedelta(days=self.rng.randrange(10)),
            REFERENCE_DAY - dt.timedelta(days=1),
        )
        last = person.current
        person.entries.append(
            dataclasses.replace(
                last,
                reason=reason,
                on=event,
                notified=processed if notified else None,
                processed=processed,
                household=household or last.household,
                relation=relation or last.relation,
                address=address or last.address,
                address_since=ground if address else last.address_since,
                state=state or last.state,
                name=name or last.name,
            )
        )
        if name:
            person.name = name

    def foreigner(self, age: int) -> Person:
        """Make a foreign resident; entering the register is the caller's."""
        name, sex = names.foreign(self.rng)
        person = self.person(sex, self.birth(age), name=name)
        person.foreign = self.foreign_status()
        return person

    def foreign_status(self, status: str | None = None) -> ForeignStatus:
        """Return a status of residence; permanent residents have no end of stay."""
        chosen = status or self.rng.choice(
            ("permanent", "spouse", "settled", "special-permanent", "engineer", "student",
             "trainee", "family-stay", "skilled")
        )  # fmt: skip
        endless = chosen in {"permanent", "special-permanent"}
        until = None if endless else self.day_between(dt.date(2026, 11, 1), dt.date(2030, 6, 30))
        return ForeignStatus(
            self.rng.choice(("ko", "otsu", "hei")),
            chosen,
            until,
            COMPUTERISED,
        )

    def protect(
        self,
        since: dt.date,
        until: dt.date | None,
        *,
        applicant: Person,
        together: tuple[Person, ...] = (),
        other_party: Person | None = None,
        kind: str,
        state: str = "in-force",
        scope: str = "all",
    ) -> None:
        """Record a protective measure; an other party outside the town has no number."""
        number = self.office.measure()
        parts = [("applicant", applicant.number)]
        parts += [("together", person.number) for person in together]
        parts.append(("other-party", other_party.number if other_party else ""))
        self.group.measures += [
            Measure(number, branch, role, person, kind, state, since, until, scope)
            for branch, (role, person) in enumerate(parts, start=1)
        ]

    def home(self, *, flat: bool | None = None) -> Address:
        """Return an address in the town."""
        return places.in_town(self.rng, flat=flat)
