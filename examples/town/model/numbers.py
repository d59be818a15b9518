"""The numbers that the town and its systems hand out."""

from __future__ import annotations

from collections.abc import Iterator

_WEIGHTS = (2, 3, 4, 5, 6, 7)


def check_digit(serial: str) -> str | None:
    """Return the check digit of a serial, or None where the number is not issued.

    Modulus 11, weights 2 to 7 from the right; remainder 0 gives 0, remainder 1 gives no number.

    Source: resident specification, 宛名番号; not issuing remainder 1 is this town's setting.
    """
    total = sum(int(digit) * _WEIGHTS[place % 6] for place, digit in enumerate(reversed(serial)))
    remainder = total % 11
    if remainder == 1:
        return None
    return str((11 - remainder) % 11)


def checked_numbers(first_serial: int) -> Iterator[str]:
    """Yield 12-digit numbers: an 11-digit serial and its check digit."""
    serial = first_serial
    while True:
        body = f"{serial:011d}"
        digit = check_digit(body)
        if digit is not None:
            yield body + digit
        serial += 1


class NumberOffice:
    """Hands out every number of the town in the order of asking."""

    def __init__(self) -> None:
        self._residents = checked_numbers(100_001)
        self._households = checked_numbers(700_000_001)
        self._outside = checked_numbers(90_000_000_001)
        self._tax = 20_000_016
        self._welfare = 0
        self._allowance = 4_700_000
        self._insured = 12_000
        self._measure = 2_026_000_000

    def resident(self) -> str:
        """Return the next 宛名番号 of the resident register (12 digits)."""
        return next(self._residents)

    def household(self) -> str:
        """Return the next 世帯番号 (12 digits)."""
        return next(self._households)

    def outside(self) -> str:
        """Return the next 住登外者宛名番号 (12 digits, begins with 9)."""
        return next(self._outside)

    def tax(self) -> str:
        """Return the next number of the tax system (8 digits)."""
        self._tax += 1
        return str(self._tax)

    def welfare(self) -> str:
        """Return the next number of the welfare system (F and 7 digits)."""
        self._welfare += 1
        return f"F{self._welfare:07d}"

    def allowance(self) -> str:
        """Return the next 認定番号 of the child allowance (10 digits)."""
        self._allowance += 1
        return f"{self._allowance:010d}"

    def insured(self) -> str:
        """Return the next 被保険者番号 of care insurance (10 digits)."""
        self._insured += 1
        return f"{self._insured:010d}"

    def measure(self) -> str:
        """Return the next number of an application for protection (10 digits)."""
        self._measure += 1
        return str(self._measure)
