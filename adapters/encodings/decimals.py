"""Numbers of host records: packed (COMP-3), zoned (DISPLAY) and binary (COMP).

Source: COBOL usage clauses as host compilers lay them out; sign nibbles C + , D −, F unsigned. What
else stands as a sign is read only where a profile lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from standard_models.answers import Quality, Severity

SIGNS: Final[Mapping[int, int]] = {0xC: 1, 0xD: -1, 0xF: 1}
"""Sign nibbles that every host writes."""
_ASCII_ZONES: Final[Mapping[int, int]] = {0x3: 1, 0x7: -1}


class SignPlace(StrEnum):
    """Where a zoned number has its sign: over a digit, or in a byte of its own."""

    TRAILING = "trailing"
    LEADING = "leading"
    TRAILING_SEPARATE = "trailing-separate"
    LEADING_SEPARATE = "leading-separate"


@dataclass(frozen=True, slots=True)
class NumberRules:
    """What a profile says of a field of numbers.

    ``scale`` is the number of digits behind the implied point (PIC 9(5)V99: 2). ``signed`` tells
    whether a sign may be there. ``nulls`` are contents that mean that nothing was entered.
    ``signs`` are the sign nibbles and what they mean.
    """

    scale: int = 0
    signed: bool = True
    nulls: frozenset[bytes] = frozenset()
    signs: Mapping[int, int] = field(default_factory=lambda: SIGNS)


@dataclass(frozen=True, slots=True)
class NumberReading:
    """A number, or None, and what was seen."""

    value: Decimal | None
    quality: tuple[Quality, ...] = ()


PLAIN: Final = NumberRules()


def read_packed(raw: bytes, rules: NumberRules = PLAIN) -> NumberReading:
    """Read two digits a byte and the sign in the last nibble: ``02 46 8C`` is 2468.

    ``BAD_NIBBLE`` (E) with the byte offset for a nibble that is no digit or sign, ``SIGN_REFUSED``
    (E) for a minus where none may be. A declared null is ``MISSING`` (I). Never raises.
    """
    if nothing := _null(raw, rules):
        return nothing
    nibbles = [nibble for byte in raw for nibble in (byte >> 4, byte & 0xF)]
    for place, nibble in enumerate(nibbles[:-1]):
        if nibble > 9:
            return _bad_nibble(place // 2)
    sign = rules.signs.get(nibbles[-1]) if nibbles else None
    if sign is None:
        return _bad_nibble(max(len(raw) - 1, 0))
    return _number("".join(map(str, nibbles[:-1])), sign, rules)


def read_zoned(
    raw: bytes,
    rules: NumberRules = PLAIN,
    *,
    place: SignPlace = SignPlace.TRAILING,
    ascii_digits: bool = False,
) -> NumberReading:
    """Read a digit a byte: ``F5 F6 D7`` is −567; ``ascii_digits`` for 30–39 with 7x below zero.

    Findings are those of ``read_packed``. Never raises.
    """
    if nothing := _null(raw, rules):
        return nothing
    digits, sign = raw, 1
    if place in {SignPlace.LEADING_SEPARATE, SignPlace.TRAILING_SEPARATE}:
        first = place is SignPlace.LEADING_SEPARATE
        mark, digits = (raw[:1], raw[1:]) if first else (raw[-1:], raw[:-1])
        marks = {b"+": 1, b"-": -1} if ascii_digits else {b"\x4e": 1, b"\x60": -1}
        if mark not in marks:
            return _bad_nibble(0 if first else len(raw) - 1)
        sign, signed_at = marks[mark], -1
    else:
        signed_at = 0 if place is SignPlace.LEADING else len(digits) - 1
    zones = _ASCII_ZONES if ascii_digits else rules.signs
    plain = 0x3 if ascii_digits else 0xF
    text = ""
    for at, byte in enumerate(digits):
        zone, digit = byte >> 4, byte & 0xF
        if digit > 9 or (zone != plain and (at != signed_at or zone not in zones)):
            return _bad_nibble(at)
        if at == signed_at:
            sign = zones.get(zone, 1)
        text += str(digit)
    return _number(text, sign, rules) if text else _bad_nibble(0)


def read_binary(
    raw: bytes, rules: NumberRules = PLAIN, *, little_endian: bool = False
) -> NumberReading:
    """Read a whole number in two's complement, or without sign where none may be."""
    if nothing := _null(raw, rules):
        return nothing
    order = "little" if little_endian else "big"
    number = int.from_bytes(raw, order, signed=rules.signed)  # type: ignore[arg-type]
    return NumberReading(Decimal(number).scaleb(-rules.scale))


def _null(raw: bytes, rules: NumberRules) -> NumberReading | None:
    if raw and raw not in rules.nulls:
        return None
    return NumberReading(None, (Quality("MISSING", Severity.INFORMATION),))


def _bad_nibble(place: int) -> NumberReading:
    return NumberReading(None, (Quality("BAD_NIBBLE", Severity.ERROR, {"byte": place}),))


def _number(digits: str, sign: int, rules: NumberRules) -> NumberReading:
    if sign < 0 and not rules.signed:
        return NumberReading(None, (Quality("SIGN_REFUSED", Severity.ERROR),))
    return NumberReading(Decimal(sign * int(digits or "0")).scaleb(-rules.scale))


def packed(value: Decimal, length: int, rules: NumberRules = PLAIN) -> bytes:
    """Return ``value`` in ``length`` bytes, the inverse of ``read_packed``.

    Raises:
        ValueError: it does not fit, has more digits behind the point, or a sign where none may be.
    """
    scaled = value.scaleb(rules.scale)
    if scaled != int(scaled) or (scaled < 0 and not rules.signed):
        raise ValueError("the number has no such form")
    digits = str(abs(int(scaled)))
    if len(digits) > 2 * length - 1:
        raise ValueError("the number does not fit")
    sign = "D" if scaled < 0 else "C" if rules.signed else "F"
    return bytes.fromhex(digits.zfill(2 * length - 1) + sign)
