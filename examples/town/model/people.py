"""People, households and what the town knows about them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from examples.town.model.benefits import WelfareRecord
from examples.town.model.names import Name
from examples.town.model.places import Address
from examples.town.model.recorded_dates import RecordedDate
from examples.town.model.taxation import TaxRecord

REFERENCE_DAY = dt.date(2026, 10, 1)
"""The day for which the town is made: 令和8年10月1日."""

RESIDENT_STATES = frozenset({"resident", "leaving"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One state of a person in the resident register, with the event that led to it.

    ``reason`` is a word of the register (``moved-in``, ``born`` ...); ``on`` is the day of the
    event, ``notified`` that of the notification (None: by office), ``processed`` that of the
    entry. ``relation`` has one to four words, read as joined by の.
    """

    reason: str
    on: RecordedDate
    notified: dt.date | None
    processed: dt.date
    state: str
    name: Name
    household: str
    relation: tuple[str, ...]
    address: Address
    address_since: dt.date | None
    resident_since: RecordedDate


@dataclass(frozen=True, slots=True)
class ForeignStatus:
    """Nationality, status of residence, its end (None: has none) and since when a resident."""

    nationality: str
    status: str
    until: dt.date | None
    since: dt.date


@dataclass(slots=True)
class Person:
    """One person. ``number`` is the 宛名番号, empty for somebody who was never a resident.

    ``taxes`` holds one record for each number in the tax system; usually none or one.
    ``provisional`` is an entry that nobody has decided on yet (仮登録): to everybody outside the
    register it is not there.
    """

    number: str
    name: Name
    sex: str
    birth: RecordedDate
    foreign: ForeignStatus | None = None
    entries: list[Entry] = field(default_factory=list)
    provisional: Entry | None = None
    taxes: list[TaxRecord] = field(default_factory=list)
    welfare: WelfareRecord | None = None

    @property
    def current(self) -> Entry:
        """The newest entry."""
        return self.entries[-1]

    @property
    def is_resident(self) -> bool:
        """Whether the person is on the register as a resident on the reference day."""
        return bool(self.entries) and self.current.state in RESIDENT_STATES

    def age_on(self, day: dt.date) -> int:
        """Return the age on ``day``; an uncertain birth counts by its earliest day."""
        born = self.birth.day or self.birth.earliest or dt.date(1935, 1, 1)
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Household:
    """A household: its number, head, founding day, and the one it was split from, if any."""

    number: str
    head: str
    founded: dt.date
    split_from: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One person's part in a protective measure (支援措置).

    ``role`` is ``applicant``, ``together`` or ``other-party``; ``kind`` is ``provisional`` or
    ``full``; ``state`` is ``in-force``, ``ended-review`` or ``ended``.
    """

    number: str
    branch: int
    role: str
    person: str
    kind: str
    state: str
    since: dt.date
    until: dt.date | None
    scope: str = "all"


@dataclass(slots=True)
class Group:
    """People made together: usually the people of one household.

    ``pointers`` names people for tests, ``ready`` those who come to the online service.
    """

    people: list[Person] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    pointers: dict[str, Person] = field(default_factory=dict)
    ready: dict[str, tuple[str, Person]] = field(default_factory=dict)
