"""The certificate of an adapter: what exactly was tried, how far it came, and until when it counts.

A certificate names the package by a digest of its files, so that it says nothing of any other
build. It is a record of a run and no proof of origin: whoever runs the kit keeps it where the
gateway of that operator looks for it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.conformance.model import Outcome, Report
from adapters.contract import CONTRACT_VERSION
from adapters.errors import ConfigurationError
from adapters.manifest import Manifest, describe

VALID_FOR: Final = dt.timedelta(days=365)
"""How long a certificate counts, unless the next edition ends it earlier."""

SUFFIX: Final = ".certificate.json"


class CertifiedCase(BaseModel):
    """One case and how it ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str
    outcome: Outcome
    reason: str = ""


class Certificate(BaseModel):
    """The whole certificate. Level 3 is this and a ``Rehearsal`` by an operator."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    adapter: str
    version: str
    package_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    wheel_sha256: str | None = None
    contract: str
    kit: str
    editions: tuple[str, ...]
    level: Literal[0, 1, 2]
    capabilities: dict[str, Literal[0, 1, 2]]
    cases: tuple[CertifiedCase, ...]
    waivers: tuple[str, ...]
    run_by: str = Field(min_length=1)
    run_at: dt.datetime
    expires: dt.date

    def holds_for(self, manifest: Manifest, digest: str, today: dt.date) -> str | None:
        """Return why the certificate does not count for a package, None if it does."""
        if self.adapter != manifest.id:
            return "it is another adapter's"
        if self.version != manifest.version:
            return f"it is for version {self.version}"
        if self.package_sha256 != digest:
            return "the files of the package are not those that were tried"
        if self.expires < today:
            return f"it expired on {self.expires}"
        if not set(self.editions) >= {supply.edition for supply in manifest.supplies}:
            return "it is for other editions"
        return None


def certify(
    report: Report,
    manifest: Manifest,
    folder: Path,
    *,
    run_by: str,
    wheel: Path | None = None,
) -> Certificate:
    """Return the certificate of a run.

    Raises:
        ConfigurationError: the run reached no level; the report says what failed.
    """
    level = report.level()
    if level is None or not report.passed:
        raise ConfigurationError("the adapter passed no level, or a case failed")
    run_at = report.started_at
    return Certificate(
        adapter=manifest.id,
        version=manifest.version,
        package_sha256=package_digest(folder),
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest() if wheel else None,
        contract=CONTRACT_VERSION,
        kit=report.kit_version,
        editions=tuple(sorted({supply.edition for supply in manifest.supplies})),
        level=_level(level),
        capabilities={c.value: _level(level) for c in sorted(manifest.capabilities)},
        cases=tuple(
            CertifiedCase(case=r.case.id, outcome=r.outcome, reason=r.reason)
            for r in report.results
        ),
        waivers=tuple(r.case.id for r in report.results if r.outcome is Outcome.WAIVED),
        run_by=run_by,
        run_at=run_at,
        expires=run_at.date() + VALID_FOR,
    )


def _level(level: int) -> Literal[0, 1, 2]:
    return 2 if level >= 2 else 1 if level == 1 else 0


def package_digest(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of the files of a package, in their order.

    What Python writes beside them (``__pycache__``) does not count.
    """
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if "__pycache__" in name:
            continue
        content = path.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def read_certificates(folder: Path) -> tuple[dict[str, Certificate], list[str]]:
    """Return the certificates of a folder by adapter, and what is wrong with its files."""
    found: dict[str, Certificate] = {}
    problems: list[str] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        try:
            certificate = Certificate.model_validate_json(path.read_bytes())
        except ValidationError as error:
            problems.append(f"{path.name}: {describe(error)}")
            continue
        if certificate.adapter in found:
            problems.append(f"{path.name}: a second certificate of {certificate.adapter}")
        found[certificate.adapter] = certificate
    return found, problems


def to_text(certificate: Certificate) -> str:
    """Return the certificate as it is kept in a file."""
    content: Any = certificate.model_dump_json(indent=2)
    return f"{content}\n"
