"""A scripted resident register: people, their households and states, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value
from tests.gateway.questions.scripted import TIME

PERSON = "001.juminkihonjoho"
LIST = "001.setaiinjoho"
HEAD = "001.shimeihokijoho"
FOREVER = dt.date(2020, 1, 1)
RESIDENT, MOVED_OUT, DEAD = "1", "2", "3"


@dataclass
class Resident:
    """One person: their entries by the day from which they hold (household, state)."""

    entries: dict[dt.date, tuple[str, str]]
    relationship: tuple[str, ...] = ("世帯主",)
    birth: str | None = "1990-04-01"
    block: str = "みどり一丁目"

    def on(self, day: dt.date) -> tuple[str, str] | None:
        """Return household and state on a day."""
        held = [entry for since, entry in sorted(self.entries.items()) if since <= day]
        return held[-1] if held else None


@dataclass
class Register:
    """Answers for its people as a system with history does."""

    people: dict[str, Resident]
    today: dt.date = dt.date(2026, 10, 1)
    foreign_rows: tuple[str, ...] = ()
    listed_instead: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0
    lists_removed: bool = False
    asked: list[FetchRequest] = field(default_factory=list)

    async def script(self, request: FetchRequest) -> FetchResult:
        """Return the records of a person on the day that is asked for."""
        self.asked.append(request)
        day = request.on or self.today
        return FetchResult(
            {
                ref: GroupRecords(
                    tuple(self._records(ref, request.number, fields, day)),
                    TIME,
                    TIME,
                    self.lost if ref == LIST else 0,
                )
                for ref, fields in request.groups.items()
            }
        )

    def _records(
        self, ref: str, number: str, fields: frozenset[str], day: dt.date
    ) -> list[StandardRecord]:
        if ref == PERSON:
            own = self._person(number, day)
            return [_record(ref, number, fields, own)] if own else []
        of = self.listed_instead.get(number, number)
        held = self.people[of].on(day) if of in self.people else None
        if held is None or held[1] != RESIDENT:
            return []
        if ref == HEAD:
            return [_record(ref, number, fields, self._head(held[0], day))]
        members = [
            n
            for n, p in self.people.items()
            if (now := p.on(day)) == held or (self.lists_removed and now and now[0] == held[0])
        ]
        return [
            _record(ref, number, fields, self._row(n, held[0]))
            for n in (*members, *self.foreign_rows)
        ]

    def _head(self, household: str, day: dt.date) -> dict[str, Answer]:
        """Return who heads a household: the first of it whose relationship says so."""
        head = next(
            n
            for n, p in self.people.items()
            if p.relationship == ("世帯主",) and (now := p.on(day)) and now[0] == household
        )
        return {
            "setainushi_atenabango": Value(head),
            "setainushi_shimei": Value(f"氏名　{head}"),
        }

    def _person(self, number: str, day: dt.date) -> dict[str, Answer]:
        resident = self.people.get(number)
        held = resident.on(day) if resident else None
        if resident is None or held is None:
            return {}
        said: dict[str, Answer] = {
            "atenabango": Value(number),
            "setaibango": Value(held[0]),
            "juminjotai": Value(held[1]),
            "shimei": Value(f"氏名　{number}"),
            "jusho_choaza": Value(resident.block),
        }
        return said | ({"seinengappi": Value(resident.birth)} if resident.birth else {})

    def _row(self, number: str, household: str) -> dict[str, Answer]:
        resident = self.people[number]
        said: dict[str, Answer] = {
            "setaibango": Value(household),
            "setaiin_atenabango": Value(number),
            "setaiin_shimei": Value(f"氏名　{number}"),
        }
        for place in range(1, 5):
            links = resident.relationship
            said[f"setaiin_tsuzukigara{place}"] = (
                Value("20", links[place - 1])
                if place <= len(links)
                else Absence(AbsenceReason.NOT_APPLICABLE)
            )
        return said | ({"setaiin_seinengappi": Value(resident.birth)} if resident.birth else {})


def _record(
    ref: str, number: str, fields: frozenset[str], said: Mapping[str, Answer]
) -> StandardRecord:
    nothing = Absence(AbsenceReason.NOT_RECORDED)
    return StandardRecord(ref, number, {name: said.get(name, nothing) for name in fields})
