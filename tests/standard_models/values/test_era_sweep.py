"""Every day from 1873 to 2100, against an oracle written here from the laws' first days."""

from __future__ import annotations

import datetime as dt

from standard_models.values.dates import EraProfile, parse_era_digits, parse_written
from standard_models.values.fiscal_years import fiscal_year
from standard_models.values.wareki import wareki

CODES = {"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"}


def oracle(ordinal: int, year: int) -> tuple[str, str, int]:
    """Return code, name and year of the era in force, by proleptic day numbers."""
    if ordinal >= 737180:
        return "5", "令和", year - 2018
    if ordinal >= 726110:
        return "4", "平成", year - 1988
    if ordinal >= 703450:
        return "3", "昭和", year - 1925
    if ordinal >= 698189:
        return "2", "大正", year - 1911
    return "1", "明治", year - 1867


def test_era_and_western_dates_agree_on_every_day_from_1873_to_2100() -> None:
    """Both directions, digits and words, the day of the calendar and the fiscal year."""
    profile = EraProfile(CODES)
    day = dt.date(1873, 1, 1)
    wrong = []
    while day <= dt.date(2100, 12, 31):
        code, name, year = oracle(day.toordinal(), day.year)
        shown = f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
        digits = f"{code}{year:02d}{day.month:02d}{day.day:02d}"
        expected_fiscal = day.year - (1 if (day.month, day.day) < (4, 1) else 0)
        if (
            wareki(day) != shown
            or parse_written(shown).day != day
            or parse_era_digits(digits, profile).day != day
            or parse_written(shown).quality
            or fiscal_year(day) != expected_fiscal
        ):
            wrong.append(day)
        day += dt.timedelta(days=1)
    assert wrong == []


def test_the_oracle_knows_the_first_days_of_the_eras() -> None:
    """The day numbers of the oracle are those of the laws."""
    numbers = [737180, 726110, 703450, 698189]
    assert [dt.date.fromordinal(n).isoformat() for n in numbers] == [
        "2019-05-01",
        "1989-01-08",
        "1926-12-25",
        "1912-07-30",
    ]
