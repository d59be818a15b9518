"""A small town, made once, and its three systems, started once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.town.generate import generate
from examples.town.legacy.process import LegacyProcess


@dataclass(frozen=True)
class SmallTown:
    """The folder of a generated town and easy ways to look into it."""

    folder: Path

    def truth(self, group: str) -> list[dict[str, Any]]:
        """Return the lines of a truth file."""
        lines = (self.folder / "truth" / f"{group}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def people(self) -> dict[str, Any]:
        """Who tests look for."""
        return dict(json.loads((self.folder / "people.json").read_text("utf-8"))["people"])

    def records(self, group: str, who: str) -> list[dict[str, Any]]:
        """Return the true records of somebody named in people.json, [] without a line."""
        numbers = self.people[who]
        wanted = (numbers["resident"], numbers["tax"][0] if numbers["tax"] else None)
        for line in self.truth(group):
            subject = line["subject"]
            if (subject["resident"], subject["tax"]) == wanted:
                return list(line["records"])
        return []


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> SmallTown:
    """A town of 300 households."""
    folder = tmp_path_factory.mktemp("town")
    generate(folder, seed=1, households=300)
    return SmallTown(folder)


@pytest.fixture(scope="session")
def resident_system(town: SmallTown) -> Iterator[LegacyProcess]:
    """The resident product, running."""
    with LegacyProcess("resident", town.folder) as process:
        yield process


@pytest.fixture(scope="session")
def tax_system(town: SmallTown) -> Iterator[LegacyProcess]:
    """The tax product, running."""
    with LegacyProcess("tax", town.folder) as process:
        yield process


@pytest.fixture(scope="session")
def welfare_system(town: SmallTown) -> Iterator[LegacyProcess]:
    """The welfare product, running."""
    with LegacyProcess("welfare", town.folder) as process:
        yield process
