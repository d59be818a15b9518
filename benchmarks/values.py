"""Rows per second of the readers of values, as ratios to functions of the standard library.

Each reader is measured against the function that somebody would use without it:
``datetime.strptime`` for dates, ``str.translate`` for text, ``unicodedata.normalize`` for keys.
The functions by comparison know no era, no uncertainty, no finding; a ratio of 0.1 says that ten of
their calls take as long as one of ours. Ratios are within one run.
"""

from __future__ import annotations

import statistics
import time
import unicodedata
from collections.abc import Callable
from datetime import datetime

from standard_models.characters.degrade import degrade
from standard_models.characters.repertoire import jis_x_0208, mj
from standard_models.reference.town_blocks import Town, TownTable
from standard_models.values.address_reading import AddressTables, parse_address
from standard_models.values.addresses import foreign_address
from standard_models.values.bank_kana import to_bank_kana
from standard_models.values.block_numbers import parse_block_number
from standard_models.values.date_readings import CenturyWindow, DateRules, EraProfile
from standard_models.values.dates import (
    parse_era_digits,
    parse_iso,
    parse_short_western_digits,
    parse_written,
)
from standard_models.values.identifiers import AddresseeNumber, MyNumber
from standard_models.values.money import MoneyRules, MoneyUnit, parse_money
from standard_models.values.names import parse_name
from standard_models.values.relationships import parse_relationship
from standard_models.values.search_keys import name_key
from standard_models.values.text import to_full_width_name
from standard_models.values.unknown_dates import parse_sentence
from standard_models.values.year_months import parse_year_month

ROUNDS, REPEATS = 7, 2_000
ERAS = EraProfile({"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"})
CENTURY = DateRules(century=CenturyWindow(1950))
YEN = MoneyRules(MoneyUnit.YEN)
COUNTRIES = {"265": "アメリカ合衆国"}
TOWNS = AddressTables(
    TownTable(
        tuple(
            Town("131016", f"{n:04}001", f"見本{n}町", "１丁目", "1", "", None, None, None)
            for n in range(1, 1_000)
        )
    )
)
_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

Case = tuple[str, Callable[[], object], str]


def _strptime() -> object:
    return datetime.strptime("2000-06-15", "%Y-%m-%d").date()  # noqa: DTZ007 - a date only


def _translate() -> object:
    return "ABC-123 SAMPLE".translate(_WIDTH)


def _normalize() -> object:
    return unicodedata.normalize("NFKC", "ｶｸｳ ﾊﾅｺ")


YARDSTICKS: dict[str, Callable[[], object]] = {
    "strptime": _strptime,
    "translate": _translate,
    "normalize": _normalize,
}


def cases() -> list[Case]:
    """Return name, work and yardstick of every reader; data is loaded before."""
    weak, full = jis_x_0208(), mj()
    name_key("齊藤")
    return [
        ("date, ISO", lambda: parse_iso("2000-06-15"), "strptime"),
        ("date, era digits", lambda: parse_era_digits("4120615", ERAS), "strptime"),
        ("date, written", lambda: parse_written("平成１２年６月１５日"), "strptime"),
        ("date, sentence", lambda: parse_sentence("令和3年9月下旬"), "strptime"),
        ("amount", lambda: parse_money("▲3,450", YEN), "strptime"),
        ("addressee number", lambda: AddresseeNumber.parse("47112", 12), "strptime"),
        ("My Number", lambda: MyNumber.parse("345678901234"), "strptime"),
        ("date, two-digit year", lambda: parse_short_western_digits("990401", CENTURY), "strptime"),
        ("month", lambda: parse_year_month("令和８年４月"), "strptime"),
        ("number of a lot", lambda: parse_block_number("８８番地の２"), "translate"),
        ("address", lambda: parse_address("東京都千代田区霞が関二丁目１番６号"), "translate"),
        (
            "address, by 999 blocks",
            lambda: parse_address("東京都千代田区見本500町一丁目１－６", TOWNS),
            "translate",
        ),
        (
            "address, abroad",
            lambda: foreign_address("265", "アメリカ合衆国", "カリフォルニア州", COUNTRIES),
            "translate",
        ),
        ("name in parts", lambda: parse_name("架空　花子"), "translate"),
        ("relationship", lambda: parse_relationship("長男の妻"), "strptime"),
        ("name, full width", lambda: to_full_width_name("ｶｸｳ ﾊﾅｺ"), "translate"),
        ("bank kana", lambda: to_bank_kana("チョウ　フミヨ"), "translate"),
        ("check of a repertoire", lambda: full.check("髙島　花子"), "translate"),
        ("reduction", lambda: degrade("髙島　花子", weak), "translate"),
        ("search key", lambda: name_key("齊藤　ｶｽﾞﾖ"), "normalize"),
    ]


def _rate(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(REPEATS):
        work()
    return REPEATS / (time.perf_counter() - start)


def main() -> None:
    """Print rows per second and the ratio to the yardstick of each reader."""
    for name, work, yardstick in cases():
        pairs = [(_rate(work), _rate(YARDSTICKS[yardstick])) for _ in range(ROUNDS)]
        ratio = statistics.median(own / other for own, other in pairs)
        rows = statistics.median(own for own, _ in pairs)
        print(f"{name:24} {rows:>10,.0f} rows/s   {ratio:.3f} of {yardstick}")


if __name__ == "__main__":
    main()
