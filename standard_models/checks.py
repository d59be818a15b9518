"""Whether a value fits the data type and length of its item. Pure; findings carry no value.

Every finding is an ``E``: what does not fit is not delivered as a value of the item.

Source: column legend and data types of the national item lists (凡例).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.dates import OPEN_END, OPEN_START, parse_iso
from standard_models.values.text import (
    BLANK_WIDE,
    character_length,
    is_full_width,
    is_half_width,
    private_use_characters,
    remove_controls,
)

_YEAR = re.compile(r"\d{4}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DECIMAL = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Findings = tuple[Quality, ...]


def _finding(code: str, **params: str | int) -> Findings:
    return (Quality(code, Severity.ERROR, params),)


def _text(value: object, length: int, width: str, fits: Callable[[str], bool]) -> Findings:
    if not isinstance(value, str):
        return _finding("WRONG_TYPE", type=width)
    if not value:
        return _finding("EMPTY_VALUE")
    if not fits(value):
        return _finding("WRONG_WIDTH", type=width)
    if len(value) > length and character_length(value) > length:
        return _finding("TOO_LONG", limit=length)
    return ()


def check_half_width(value: object, length: int, _fraction: int = 0) -> Findings:
    """Check type X: half-width characters only, at most ``length`` of them, not empty."""
    return _text(value, length, "X", is_half_width)


def check_full_width(value: object, length: int, _fraction: int = 0) -> Findings:
    """Check type N: no half-width, control or private-use character, at most ``length``.

    Private-use characters mean nothing outside their town: none may leave.
    """
    found = _text(value, length, "N", is_full_width)
    if found or not isinstance(value, str):
        return found
    if value.replace(BLANK_WIDE, "").isprintable():
        # Python counts every control, format and private-use character as not printable.
        return ()
    codes = [str(q.params["code_point"]) for q in remove_controls(value).quality]
    codes += [f"U+{ord(c):04X}" for c in private_use_characters(value)]
    return tuple(
        Quality("FORBIDDEN_CHARACTER", Severity.ERROR, {"code_point": code}) for code in codes
    )


def check_integer(value: object, length: int, _fraction: int = 0) -> Findings:
    """Check type 9: an integer of at most ``length`` digits, not negative."""
    if isinstance(value, bool) or not isinstance(value, int):
        return _finding("WRONG_TYPE", type="9")
    return () if 0 <= value < 10**length else _finding("NUMBER_OUT_OF_BOUNDS", digits=length)


def check_signed_integer(value: object, length: int, _fraction: int = 0) -> Findings:
    """Check type S9: an integer of at most ``length`` digits, the sign not counted."""
    if isinstance(value, bool) or not isinstance(value, int):
        return _finding("WRONG_TYPE", type="S9")
    return () if abs(value) < 10**length else _finding("NUMBER_OUT_OF_BOUNDS", digits=length)


def check_decimal(value: object, length: int, fraction: int = 0) -> Findings:
    """Check type 9V as text: at most ``length`` digits before and ``fraction`` after the point."""
    found = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return _finding("WRONG_TYPE", type="9V")
    if len(found[1]) > length or len(found[2] or "") > fraction:
        return _finding("NUMBER_OUT_OF_BOUNDS", digits=length, fraction=fraction)
    return ()


def check_year(value: object, _length: int = 4, _fraction: int = 0) -> Findings:
    """Check type YEAR: four digits. 0000 and 9999 are open ends, not years."""
    if not isinstance(value, str) or not _YEAR.fullmatch(value):
        return _finding("WRONG_TYPE", type="YEAR")
    return _finding("OPEN_END_IS_NO_DATE") if value in {"0000", "9999"} else ()


def check_date(value: object, _length: int = 10, _fraction: int = 0) -> Findings:
    """Check type DATE: a real day as ``YYYY-MM-DD``. Open ends are not days."""
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return _finding("WRONG_TYPE", type="DATE")
    if value in {OPEN_START, OPEN_END}:
        return _finding("OPEN_END_IS_NO_DATE")
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return parse_iso(value).quality
    return ()


def check_time(value: object, _length: int = 8, _fraction: int = 0) -> Findings:
    """Check type TIME: ``HH:MM`` or ``HH:MM:SS`` of a 24-hour day."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return _finding("WRONG_TYPE", type="TIME")
    return ()


def check_blob(value: object, _length: int = 0, _fraction: int = 0) -> Findings:
    """Check type BLOB: base64 text of an image, not empty."""
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    return () if content else _finding("WRONG_TYPE", type="BLOB")


def check_code(value: object, code_id: str, labels: Mapping[str, str]) -> Findings:
    """Check that ``value`` is a value of the code table; numbers compare as written."""
    if str(value) in labels and not isinstance(value, bool):
        return ()
    return _finding("CODE_NOT_IN_TABLE", code_id=code_id)


CHECKS: Final[Mapping[str, Callable[[object, int, int], Findings]]] = {
    "X": check_half_width,
    "Ｎ": check_full_width,
    "9": check_integer,
    "S9": check_signed_integer,
    "9V": check_decimal,
    "YEAR": check_year,
    "DATE": check_date,
    "TIME": check_time,
    "BLOB": check_blob,
}
"""The check of each data type, by the name that the lists give it."""
