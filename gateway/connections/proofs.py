"""Which adapters are certified, and whether that is enough here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.conformance.certificates import Certificate, package_digest, read_certificates
from adapters.errors import ConfigurationError
from adapters.registry import InstalledAdapter


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
    """The certificates at hand, and the level that an adapter needs to be used."""

    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    required_level: int | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path, required_level: int | None) -> Proofs:
        """Return the certificates of a folder; one that cannot be read is a problem and no more."""
        certificates, problems = read_certificates(folder)
        return cls(certificates, required_level, tuple(problems))

    def of(self, package: InstalledAdapter, today: dt.date) -> Proof:
        """Return what is proven of a package as it is installed now."""
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
        return self._judged(certificate.level, certificate.expires, "")

    def _judged(self, level: int | None, expires: dt.date | None, reason: str) -> Proof:
        needed = self.required_level
        if needed is None or (level is not None and level >= needed):
            return Proof(level, expires, reason, None)
        refusal = f"証明書の水準 {needed} が必要です。{reason or f'今の水準は {level} です。'}"
        return Proof(level, expires, reason, refusal)


NO_PROOFS = Proofs()
