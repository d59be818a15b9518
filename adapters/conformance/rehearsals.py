"""The record of a rehearsal: what an operator saw an adapter do with the town's own test system.

Together with a certificate of level 2 for the same files it is level 3, for one municipality. It
holds counts and names of rules, and nothing of any person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.conformance.certificates import VALID_FOR, package_digest
from adapters.conformance.model import KIT_VERSION
from adapters.conformance.rehearsing import Findings, Reconciled, Tried
from adapters.contract import CONTRACT_VERSION
from adapters.manifest import Capability, Manifest, describe

SUFFIX: Final = ".rehearsal.json"


class Rehearsal(BaseModel):
    """The whole record.

    ``by_hand`` names the document in which the operator wrote down what was tried on the screens
    of the product, for capabilities that the rehearsal cannot try alone. ``security_review`` and
    ``support`` name the documents of the review and of the vendor's promise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    adapter: str
    version: str
    package_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    contract: str
    kit: str
    editions: tuple[str, ...]
    municipality: str = Field(pattern=r"^\d{6}$")
    product_version: str | None
    people: int = Field(ge=0)
    tried: tuple[Tried, ...]
    totals: tuple[Reconciled, ...]
    differences: tuple[str, ...]
    by_hand: dict[Capability, str]
    security_review: str = Field(min_length=1)
    support: str = Field(min_length=1)
    run_by: str = Field(min_length=1)
    run_at: dt.datetime
    expires: dt.date

    def holds_for(
        self, manifest: Manifest, digest: str, municipality: str, today: dt.date
    ) -> str | None:
        """Return why the record does not count for a package in a town, None if it does."""
        done = {tried.capability for tried in self.tried} | set(self.by_hand)
        missing = ", ".join(sorted(manifest.capabilities - done))
        editions = {supply.edition for supply in manifest.supplies}
        rehearsed = (self.version, self.package_sha256)
        reasons = {
            f"{len(self.differences)} differences are open": bool(self.differences),
            "it is of another adapter or municipality": (
                (self.adapter, self.municipality) != (manifest.id, municipality)
            ),
            "the files of the package are not those that were rehearsed": (
                rehearsed != (manifest.version, digest)
            ),
            f"it expired on {self.expires}": self.expires < today,
            "it is for other editions": not set(self.editions) >= editions,
            f"not rehearsed: {missing}": bool(missing),
        }
        return next((reason for reason, holds in reasons.items() if holds), None)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the operator states beside what was counted; see ``Rehearsal``."""

    by_hand: Mapping[Capability, str]
    security_review: str
    support: str
    run_by: str


def record_of(
    findings: Findings,
    manifest: Manifest,
    folder: Path,
    stated: Statement,
    *,
    municipality: str,
    run_at: dt.datetime,
) -> Rehearsal:
    """Return the record of what a rehearsal found; with differences, too, it is worth keeping."""
    return Rehearsal(
        adapter=manifest.id,
        version=manifest.version,
        package_sha256=package_digest(folder),
        contract=CONTRACT_VERSION,
        kit=KIT_VERSION,
        editions=tuple(sorted({supply.edition for supply in manifest.supplies})),
        municipality=municipality,
        product_version=findings.product_version,
        people=findings.people,
        tried=findings.tried,
        totals=findings.totals,
        differences=findings.differences,
        by_hand=dict(stated.by_hand),
        security_review=stated.security_review,
        support=stated.support,
        run_by=stated.run_by,
        run_at=run_at,
        expires=run_at.date() + VALID_FOR,
    )


def read_rehearsals(folder: Path) -> tuple[dict[tuple[str, str], Rehearsal], list[str]]:
    """Return the records of a folder by adapter and municipality, and what is wrong with files."""
    found: dict[tuple[str, str], Rehearsal] = {}
    problems: list[str] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        try:
            rehearsal = Rehearsal.model_validate_json(path.read_bytes())
        except ValidationError as error:
            problems.append(f"{path.name}: {describe(error)}")
            continue
        key = (rehearsal.adapter, rehearsal.municipality)
        if key in found:
            problems.append(f"{path.name}: a second rehearsal of {key[0]} in {key[1]}")
        found[key] = rehearsal
    return found, problems


def file_name(rehearsal: Rehearsal) -> str:
    """Return the name of the file that a record is kept in."""
    return f"{rehearsal.adapter}.{rehearsal.municipality}{SUFFIX}"
