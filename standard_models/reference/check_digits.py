"""Check digits of the numbers that municipalities and the nation hand out. Pure arithmetic.

Source: 平成26年総務省令第85号第5条 (個人番号); 法人番号の指定等に関する省令第2条 (法人番号);
総務省「全国地方公共団体コード」 (団体コード);
resident specification 1.0, 1.1.13 (宛名番号, 世帯番号).
"""

from __future__ import annotations

from enum import StrEnum


class RemainderOne(StrEnum):
    """What a remainder of 1 means under modulus 11, which the specification leaves open.

    ``zero``: the check digit is 0. ``not-issued``: such a number is never handed out.
    """

    ZERO = "zero"
    NOT_ISSUED = "not-issued"


def _weighted(digits: str, first: int, last: int) -> int:
    """Return the sum of the digits, weighted ``first`` … ``last`` in turn from the right."""
    cycle = last - first + 1
    return sum(int(d) * (first + place % cycle) for place, d in enumerate(reversed(digits)))


def local_number_check(serial: str, remainder_one: RemainderOne) -> str | None:
    """Return the check digit of a 宛名番号 or 世帯番号, None if the number is not issued.

    Modulus 11, weights 2 to 7 from the right; remainder 0 gives 0.
    """
    remainder = _weighted(serial, 2, 7) % 11
    if remainder == 1:
        return "0" if remainder_one is RemainderOne.ZERO else None
    return str((11 - remainder) % 11)


def my_number_check(first_eleven: str) -> str:
    """Return the check digit of a 個人番号 from its first eleven digits."""
    remainder = _weighted(first_eleven, 2, 7) % 11
    return "0" if remainder <= 1 else str(11 - remainder)


def corporate_number_check(last_twelve: str) -> str:
    """Return the check digit of a 法人番号, which stands before the other twelve."""
    return str(9 - _weighted(last_twelve, 1, 2) % 9)


def municipality_check(first_five: str) -> str:
    """Return the check digit of a 団体コード from its first five digits."""
    return str((11 - _weighted(first_five, 2, 6) % 11) % 10)
