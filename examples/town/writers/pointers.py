"""Writes who is who: the residents of the online service, and people that tests look for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

from examples.town.model.people import Group, Person

READY_FILE: Final = "residents.json"
PEOPLE_FILE: Final = "people.json"


class PointerWriter:
    """Collects the pointers of all groups; ``finish`` writes both files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ready: list[dict[str, Any]] = []
        self._people: dict[str, dict[str, Any]] = {}

    def write(self, group: Group) -> None:
        """Collect the pointers of a group."""
        for key, (label, person) in group.ready.items():
            self._ready.append({"key": key, "label": label} | numbers(person))
        for key, person in group.pointers.items():
            self._people[key] = numbers(person)

    def finish(self) -> None:
        """Write the two files."""
        for name, content in (
            (READY_FILE, {"municipality": "999997", "residents": self._ready}),
            (PEOPLE_FILE, {"municipality": "999997", "people": self._people}),
        ):
            data = orjson.dumps(content, option=orjson.OPT_INDENT_2)
            (self._directory / name).write_bytes(data + b"\n")


def numbers(person: Person) -> dict[str, Any]:
    """Return all numbers of a person, the newest tax number first."""
    return {
        "resident": person.number or None,
        "tax": [record.number for record in reversed(person.taxes)],
        "welfare": person.welfare.number if person.welfare else None,
    }
