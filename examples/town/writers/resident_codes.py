"""The code values and writing rules of the resident product."""

from __future__ import annotations

import datetime as dt

from examples.town.model.recorded_dates import RecordedDate, era_of

ERA_DIGITS = {"M": "1", "T": "2", "S": "3", "H": "4", "R": "5"}
STATES = {"resident": "00", "leaving": "01", "moved-out": "10", "dead": "20", "removed": "30"}
PROVISIONAL = "90"
SEXES = {"M": "1", "F": "2", "U": "9"}
RELATIONS = {
    "head": "01", "husband": "02", "wife": "03", "husband-unregistered": "04",
    "wife-unregistered": "05", "eldest-son": "11", "eldest-daughter": "12", "second-son": "13",
    "second-daughter": "14", "child": "15", "adopted-child": "16", "father": "21", "mother": "22",
    "grandmother": "52", "housemate": "99",
}  # fmt: skip
REASONS = {
    "moved-in": "A1", "born": "A2", "from-abroad": "A4", "moved-within": "B1",
    "household-split": "C2", "head-changed": "C4", "corrected": "D2", "alias-recorded": "D3",
    "moved-out": "E1", "died": "E2", "removed-by-office": "E3", "moved-abroad": "E4",
    "migrated": "Z1", "other": "X9",
}  # fmt: skip
NATIONALITIES = {"ko": "AAA", "otsu": "BBB", "hei": "CCC"}
STATUSES = {
    "permanent": "EI", "spouse": "NH", "settled": "TJ", "special-permanent": "TE",
    "engineer": "GI", "student": "RY", "trainee": "JI", "family-stay": "KZ", "skilled": "TG",
}  # fmt: skip
ROLES = {"applicant": "S", "together": "D", "other-party": "K"}
MEASURE_KINDS = {"provisional": "1", "full": "2"}
MEASURE_STATES = {"in-force": "1", "ended-review": "2", "ended": "9"}
SCOPES = {"all": "01", "certificates": "02"}

_HALF: dict[str, str] = {}
_WIDE_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ァィゥェォャュョッー・"
)
_HALF_KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ･"
_HALF.update(zip(_WIDE_KANA, _HALF_KANA, strict=True))
_VOICED = ("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ")
_HALF |= {wide: half + "ﾞ" for wide, half in zip(*_VOICED, strict=True)}
_HALF |= dict(zip("パピプペポ", [h + "ﾟ" for h in "ﾊﾋﾌﾍﾎ"], strict=True))
_HALF["　"] = " "
_TO_HALF = str.maketrans(_HALF)


def half_kana(text: str) -> str:
    """Return full-width katakana as half-width, marks as characters of their own."""
    return text.translate(_TO_HALF)


def seven(date: RecordedDate | None) -> str:
    """Return GYYMMDD; unknown parts are 00, a wholly unknown or missing date is 0000000."""
    if date is None or not date.era:
        return "0000000"
    return f"{ERA_DIGITS[date.era]}{date.year:02d}{date.month:02d}{date.day_of_month:02d}"


def seven_of(day: dt.date | None) -> str:
    """Return GYYMMDD of a day, 0000000 for none."""
    if day is None:
        return "0000000"
    era, year = era_of(day)
    return f"{ERA_DIGITS[era]}{year:02d}{day.month:02d}{day.day:02d}"


def sentence(date: RecordedDate) -> str:
    """Return the sentence that the product stores beside a date, usually empty."""
    return date.text if date.stated else ""


def stamp(day: dt.date, number: str) -> str:
    """Return a 14-digit time stamp on a day; the time of day follows from the number."""
    seconds = 9 * 3600 + int(number[-5:]) % (8 * 3600)
    return f"{day:%Y%m%d}{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def relation(words: tuple[str, ...]) -> str:
    """Return the eight characters of ZOKU."""
    return "".join(RELATIONS[word] for word in words).ljust(8, "0")
