"""Which adapters are certified, and whether that is enough here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.conformance.certificates import Certificate, package_digest, read_certificates
from adapters.conformance.rehearsals import Rehearsal, read_rehearsals
from adapters.errors import ConfigurationError
from adapters.registry import InstalledAdapter

REHEARSABLE: Final = 2
"""Level of the certificate that a rehearsal can raise."""

REHEARSED: Final = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven of one adapter: its level, or why there is none (for staff).

    ``refusal_ja`` is set where that is not enough to use it.
    """

    level: int | None
    expires: dt.date | None
    reason_ja: str
    refusal_ja: str | None


@dataclass(frozen=True, slots=True)
class Proofs:
    """Certificates and rehearsals at hand, and the level that an adapter needs to be used.

    A certificate of level 2 and a rehearsal of the same files in the same town are level 3 there.
    """

    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    required_level: int | None = None
    problems: tuple[str, ...] = ()
    rehearsals: Mapping[tuple[str, str], Rehearsal] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, required_level: int | None) -> Proofs:
        """Return the proofs of a folder; one that cannot be read is a problem and no more."""
        certificates, problems = read_certificates(folder)
        rehearsals, more = read_rehearsals(folder)
        return cls(certificates, required_level, (*problems, *more), rehearsals)

    def of(
        self, package: InstalledAdapter, today: dt.date, municipality: str | None = None
    ) -> Proof:
        """Return what is proven of a package as it is installed now, in a town if one is named."""
        certificate = self.certificates.get(package.id)
        if certificate is None:
            return self._judged(None, None, "証明書がありません。")
        try:
            digest = package_digest(package.folder())
        except ConfigurationError:
            return self._judged(None, None, "パッケージのファイルを確かめられません。")
        wrong = certificate.holds_for(package.manifest, digest, today)
        if wrong is not None:
            return self._judged(None, None, f"証明書が合いません（{wrong}）。")
        rehearsal = self.rehearsals.get((package.id, municipality or ""))
        if rehearsal is None or municipality is None or certificate.level < REHEARSABLE:
            return self._judged(certificate.level, certificate.expires, "")
        wrong = rehearsal.holds_for(package.manifest, digest, municipality, today)
        if wrong is not None:
            reason = f"今の水準は {certificate.level} です。リハーサルが合いません（{wrong}）。"
            return self._judged(certificate.level, certificate.expires, reason)
        return self._judged(REHEARSED, min(certificate.expires, rehearsal.expires), "")

    def _judged(self, level: int | None, expires: dt.date | None, reason: str) -> Proof:
        needed = self.required_level
        if needed is None or (level is not None and level >= needed):
            return Proof(level, expires, reason, None)
        refusal = f"証明書の水準 {needed} が必要です。{reason or f'今の水準は {level} です。'}"
        return Proof(level, expires, reason, refusal)


NO_PROOFS = Proofs()
