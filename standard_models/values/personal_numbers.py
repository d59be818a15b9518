"""住民票コード and 基礎年金番号: numbers of a person that print masked and are never repaired.

Source: 住民基本台帳法施行規則, article 1 (eleven digits, ten at random and one check digit; its
weights are not published at hand, so they are a setting); national pension, ten digits written 4-6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from standard_models.answers import Quality, Severity
from standard_models.values.dates import half_width_key
from standard_models.values.identifiers import IdentifierReading

MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class CheckRule:
    """How a last digit follows from those before it: a dated, sourced setting.

    ``weights`` go with the digits from the left; the sum is taken ``modulus`` and subtracted from
    it; results of two digits are 0.
    """

    weights: tuple[int, ...]
    modulus: int
    source: str

    def holds(self, digits: str) -> bool:
        """Tell whether the last digit of ``digits`` is the check digit of the others.

        Raises:
            ValueError: there are not as many weights as digits before the last one.
        """
        total = sum(w * int(d) for w, d in zip(self.weights, digits[:-1], strict=True))
        rest = (self.modulus - total % self.modulus) % self.modulus
        return str(rest if rest < 10 else 0) == digits[-1]


@dataclass(frozen=True, slots=True, repr=False)
class _PersonalNumber:
    """Digits of a fixed length that print as ``***``."""

    _digits: str
    _FORM: ClassVar[re.Pattern[str]]
    _KIND: ClassVar[str]

    @classmethod
    def parse(cls, raw: str, check: CheckRule | None = None) -> IdentifierReading[Self]:
        """Read a number; a blank gives None without a finding.

        ``IDENTIFIER_MALFORMED`` (E) for another form, ``CHECK_DIGIT_WRONG`` (E) where ``check``
        is given and does not hold. Nothing is padded or repaired.
        """
        key = half_width_key(raw).strip()
        if not key:
            return IdentifierReading(None)
        if not cls._FORM.fullmatch(key):
            return _refused("IDENTIFIER_MALFORMED", cls._KIND)
        digits = key.replace("-", "")
        if check is not None and not check.holds(digits):
            return _refused("CHECK_DIGIT_WRONG", cls._KIND)
        return IdentifierReading(cls(digits))

    def reveal(self) -> str:
        """Return the digits, for the one place that needs them."""
        return self._digits

    def __repr__(self) -> str:
        return f"{type(self).__name__}({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _spec: str) -> str:
        return MASK


def _refused(code: str, kind: str) -> IdentifierReading[Any]:
    return IdentifierReading(None, (Quality(code, Severity.ERROR, {"rule": kind}),))


class ResidentRecordCode(_PersonalNumber):
    """住民票コード: eleven digits."""

    __slots__ = ()
    _FORM = re.compile(r"\d{11}", re.ASCII)
    _KIND = "resident record code"


class PensionNumber(_PersonalNumber):
    """基礎年金番号: ten digits, written with or without a hyphen after the fourth."""

    __slots__ = ()
    _FORM = re.compile(r"\d{4}-?\d{6}", re.ASCII)
    _KIND = "pension number"

    def written(self) -> str:
        """Return the number as on its notice: ``1234-567890``."""
        return f"{self.reveal()[:4]}-{self.reveal()[4:]}"
