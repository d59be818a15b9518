"""Numbers of people, households, municipalities and companies.

A number whose form is impossible is never repaired by arithmetic. Readings name the rule that was
broken, never the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, NoReturn, Self, TypeVar

from standard_models.answers import Quality, Severity
from standard_models.reference.check_digits import (
    RemainderOne,
    corporate_number_check,
    local_number_check,
    municipality_check,
    my_number_check,
)
from standard_models.values.dates import half_width_key

Number_co = TypeVar("Number_co", covariant=True)
_DIGITS = re.compile(r"\d+", re.ASCII)
_LOCAL = re.compile(r"[0-9A-Za-z]{1,15}")
MAX_LOCAL: Final = 15
"""Characters of a 宛名番号 or 世帯番号 in the national lists (X15)."""


@dataclass(frozen=True, slots=True)
class IdentifierReading(Generic[Number_co]):
    """A number that was read, or None with the broken rule in ``quality`` (E)."""

    number: Number_co | None
    quality: tuple[Quality, ...] = ()


def _refused(code: str, rule: str) -> IdentifierReading[NoReturn]:
    return IdentifierReading(None, (Quality(code, Severity.ERROR, {"rule": rule}),))


@dataclass(frozen=True, slots=True, order=True, repr=False)
class LocalNumber:
    """A number that one system gives to a person (宛名番号) or a household (世帯番号).

    The canonical form is the number without padding, leading zeros kept. Numbers order as text,
    so only numbers of one width order by age.
    """

    value: str

    @classmethod
    def parse(cls, raw: str, width: int | None = None) -> IdentifierReading[Self]:
        """Read a number: padding removed, digits in half-width, at most 15 characters.

        With ``width``, a shorter number of digits alone is one whose leading zeros were lost: it is
        padded and says ``ZERO_PADDED`` (W). A longer one is ``IDENTIFIER_MALFORMED`` (E). Blanks
        give None without a finding. The check digit is not looked at: old numbers need not have
        one, see ``has_check_digit``.
        """
        key = half_width_key(raw).strip()
        if not key:
            return IdentifierReading(None)
        if not _LOCAL.fullmatch(key) or len(key) > (width or MAX_LOCAL):
            return _refused("IDENTIFIER_MALFORMED", "local number")
        if width is None or len(key) == width:
            return IdentifierReading(cls(key))
        if not _DIGITS.fullmatch(key):
            return _refused("IDENTIFIER_MALFORMED", "width of a local number")
        quality = (Quality("ZERO_PADDED", Severity.WARNING, {"width": width}),)
        return IdentifierReading(cls(key.zfill(width)), quality)

    def has_check_digit(self, remainder_one: RemainderOne) -> bool:
        """Tell whether the last digit is the check digit; newly issued numbers must have one."""
        if not _DIGITS.fullmatch(self.value) or len(self.value) < 2:
            return False
        return local_number_check(self.value[:-1], remainder_one) == self.value[-1]

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        """Hide the number: a representation ends up in tracebacks and logs."""
        return f"{type(self).__name__}(***)"


class AddresseeNumber(LocalNumber):
    """A 宛名番号: the number of a person in one system."""

    __slots__ = ()


class HouseholdNumber(LocalNumber):
    """A 世帯番号: the number of a household in the resident register."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class MunicipalityCode:
    """A 団体コード: five digits and a check digit. The first two are the prefecture."""

    value: str

    def __post_init__(self) -> None:
        """Refuse what is no code.

        Raises:
            ValueError: not six digits, or the check digit is wrong.

        """
        if not re.fullmatch(r"\d{6}", self.value, re.ASCII):
            raise ValueError("a municipality code has six digits")
        if municipality_check(self.value[:5]) != self.value[5]:
            raise ValueError("the check digit of the municipality code is wrong")

    @classmethod
    def from_five(cls, digits: str) -> MunicipalityCode:
        """Return the code of five digits, its check digit added.

        Raises:
            ValueError: not five digits.

        """
        if not re.fullmatch(r"\d{5}", digits, re.ASCII):
            raise ValueError("five digits are needed")
        return cls(digits + municipality_check(digits))

    @classmethod
    def parse(cls, raw: str) -> IdentifierReading[MunicipalityCode]:
        """Read six digits; half- or full-width, padding removed."""
        key = half_width_key(raw)
        if not key:
            return IdentifierReading(None)
        if not re.fullmatch(r"\d{6}", key, re.ASCII):
            return _refused("IDENTIFIER_MALFORMED", "municipality code")
        if municipality_check(key[:5]) != key[5]:
            return _refused("CHECK_DIGIT_WRONG", "municipality code")
        return IdentifierReading(cls(key))

    @property
    def prefecture(self) -> str:
        """Return the two digits of the prefecture."""
        return self.value[:2]

    def __str__(self) -> str:
        return self.value


class MyNumber:
    """A 個人番号. Prints as ``***`` everywhere and refuses to be pickled.

    The digits come out of ``reveal`` alone, so that every place that uses them can be found. It is
    no dataclass: those are taken apart by ``asdict`` and by what writes documents.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        """Refuse what is no number.

        Raises:
            ValueError: not twelve digits, or the check digit is wrong. The text names no digit.

        """
        if not re.fullmatch(r"\d{12}", digits, re.ASCII):
            raise ValueError("twelve digits are needed")
        if my_number_check(digits[:11]) != digits[11]:
            raise ValueError("the check digit is wrong")
        self._digits = digits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MyNumber) and self._digits == other._digits

    def __hash__(self) -> int:
        return hash(self._digits)

    @classmethod
    def parse(cls, raw: str) -> IdentifierReading[MyNumber]:
        """Read twelve digits; half- or full-width, padding removed."""
        key = half_width_key(raw)
        if not key:
            return IdentifierReading(None)
        if not re.fullmatch(r"\d{12}", key, re.ASCII):
            return _refused("IDENTIFIER_MALFORMED", "individual number")
        if my_number_check(key[:11]) != key[11]:
            return _refused("CHECK_DIGIT_WRONG", "individual number")
        return IdentifierReading(cls(key))

    def reveal(self) -> str:
        """Return the twelve digits. For the one place that must send them, never for a log."""
        return self._digits

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling: the number goes into no cache, queue or event.

        Raises:
            TypeError: always.

        """
        raise TypeError("an individual number is not pickled")


@dataclass(frozen=True, slots=True, order=True)
class CorporateNumber:
    """A 法人番号: thirteen digits, the first of which is the check digit."""

    value: str

    def __post_init__(self) -> None:
        """Refuse what is no number.

        Raises:
            ValueError: not thirteen digits, or the check digit is wrong.

        """
        if not re.fullmatch(r"\d{13}", self.value, re.ASCII):
            raise ValueError("a corporate number has thirteen digits")
        if corporate_number_check(self.value[1:]) != self.value[0]:
            raise ValueError("the check digit of the corporate number is wrong")

    def __str__(self) -> str:
        return self.value
