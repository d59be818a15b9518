"""Writes the truth files: what the standard shape of everybody's records is.

Computed from the people themselves, never from what a legacy writer made of them; read by tests
only. One line for each subject that the system has a record of.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from examples.town.model.people import Group, Person
from examples.town.model.taxation import TaxRecord
from examples.town.writers import truth_resident, truth_tax, truth_welfare

GROUPS: Final = (
    "001.juminkihonjoho", "001.setaiinjoho", "001.gaikokujinjuminjoho", "010.kazeikihonjoho",
    "010.shotokujoho", "010.fuyoshinzokujoho", "010.sofusakijoho", "022.techojoho",
    "023.shikakujoho", "023.ninteijoho", "024.fukameisaijoho", "027.jukyushikakujoho",
    "027.jidojoho", "031.jutogaishaatenakihonjoho",
)  # fmt: skip


class TruthWriter:
    """Streams groups of people into one file for each standard group."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._files = {name: (directory / f"{name}.jsonl").open("wb") for name in GROUPS}
        self._protected: list[dict[str, Any]] = []

    def __enter__(self) -> TruthWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()
        if error is None:
            (self._directory / "protected.json").write_bytes(
                orjson.dumps({"protected": self._protected}, option=orjson.OPT_INDENT_2) + b"\n"
            )

    def write(self, group: Group) -> None:
        """Write the truth about a group."""
        households: dict[str, list[Person]] = defaultdict(list)
        for person in group.people:
            if person.is_resident:
                households[person.current.household].append(person)
        members = {
            number: [orjson.Fragment(orjson.dumps(truth_resident.member(p))) for p in people]
            for number, people in households.items()
        }
        for person in group.people:
            self._resident(person, members)
            for record in person.taxes:
                self._tax(subject(person, record), record)
            self._welfare(person)
        self._flags(group)

    def _line(self, name: str, who: dict[str, str | None], records: list[Any]) -> None:
        if records:
            self._files[name].write(orjson.dumps({"subject": who, "records": records}) + b"\n")

    def _resident(self, person: Person, members: dict[str, list[orjson.Fragment]]) -> None:
        if not person.entries:
            return
        who = subject(person)
        self._line("001.juminkihonjoho", who, [truth_resident.resident(person)])
        if person.is_resident:
            self._line("001.setaiinjoho", who, members[person.current.household])
        foreigner = truth_resident.foreigner(person)
        self._line("001.gaikokujinjuminjoho", who, [foreigner] if foreigner else [])

    def _tax(self, who: dict[str, str | None], record: TaxRecord) -> None:
        row = truth_tax.current_assessment(record)
        if row:
            self._line("010.kazeikihonjoho", who, [truth_tax.assessment(record, row)])
            self._line("010.shotokujoho", who, truth_tax.incomes(record, row))
        supported = [
            truth_tax.dependant(record, place, one)
            for place, one in enumerate(record.dependants, 1)
        ]
        self._line("010.fuyoshinzokujoho", who, supported)
        mailing = truth_tax.mailing(record)
        self._line("010.sofusakijoho", who, [mailing] if mailing else [])
        if record.outsider:
            self._line("031.jutogaishaatenakihonjoho", who, [truth_tax.outsider(record.outsider)])

    def _welfare(self, person: Person) -> None:
        record = person.welfare
        if record is None:
            return
        who = subject(person)
        self._line("022.techojoho", who, truth_welfare.certificates(record))
        if record.care:
            self._line("023.shikakujoho", who, [truth_welfare.insured(record, record.care)])
            need = record.care.need
            certified = truth_welfare.certified(record, record.care, need) if need else None
            self._line("023.ninteijoho", who, [certified] if certified else [])
        if record.health:
            self._line("024.fukameisaijoho", who, truth_welfare.levied(record.health))
        if record.allowance:
            self._line(
                "027.jukyushikakujoho", who, [truth_welfare.entitlement(record, record.allowance)]
            )
            children = [truth_welfare.child(record, of) for of in record.allowance.children]
            self._line("027.jidojoho", who, children)

    def _flags(self, group: Group) -> None:
        people = {person.number: person for person in group.people if person.number}
        self._protected += [
            {
                "subject": subject(people[measure.person]),
                "kind": measure.kind,
                "since": measure.since.isoformat(),
                "until": measure.until.isoformat() if measure.until else None,
            }
            for measure in group.measures
            if measure.role != "other-party" and measure.state != "ended"
        ]


def subject(person: Person, tax: TaxRecord | None = None) -> dict[str, str | None]:
    """Return the person's numbers; ``tax`` chooses among several tax numbers, else the newest."""
    chosen = tax or (person.taxes[-1] if person.taxes else None)
    return {
        "resident": person.number or None,
        "tax": chosen.number if chosen else None,
        "welfare": person.welfare.number if person.welfare else None,
    }
