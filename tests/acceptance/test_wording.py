"""Every text of the online service exists in three languages and in the form that each needs."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from examples.online_service.display import show_date, show_month, show_year, show_yen
from examples.online_service.wording import Wording, text_keys, with_ruby

FOLDER = Path(__file__).resolve().parents[2] / "examples/online_service"
TEXTS = yaml.safe_load((FOLDER / "texts.yaml").read_text("utf-8"))


def test_every_text_has_three_languages() -> None:
    """Japanese, やさしい日本語 and English, none of them empty."""
    assert text_keys()
    for key, by_language in TEXTS.items():
        assert set(by_language) == {"ja", "easy", "en"}, key
        assert all(by_language.values()), key


def test_easy_japanese_gives_the_reading_of_every_kanji() -> None:
    """A kanji outside a reading, or a reading that is not in kana, is a mistake."""
    for key, by_language in TEXTS.items():
        without = re.sub(r"\{[^{}|]+\|([ぁ-んァ-ヶー]+)\}", "", by_language["easy"])
        assert re.findall(r"[一-龯々]", without) == [], key


def test_a_text_has_the_same_values_in_every_language() -> None:
    """What a page fills in is filled in everywhere."""
    for key, by_language in TEXTS.items():
        ja, easy, en = (set(re.findall(r"\{([a-z_]+)\}", by_language[x])) for x in by_language)
        assert ja == easy == en, key


def test_every_text_is_used() -> None:
    """A text that no page shows would only seem to be said."""
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
    code = "\n".join(file.read_text("utf-8") for file in files)
    stems = set(re.findall(r'"(\w+_)" ~|f"(\w+_)\{', code))
    prefixes = tuple(a or b for a, b in stems)
    unused = [
        key
        for key in sorted(text_keys())
        if f'"{key}"' not in code and not key.startswith(prefixes) and not key.endswith("_do")
    ]
    assert unused == []


def test_the_neutral_sentence_is_the_agreed_one() -> None:
    """Byte for byte, so that no cause differs from another."""
    assert Wording("ja").plain("ask_office") == ("この項目は表示できません。窓口でお聞きください。")


def test_values_are_escaped_and_readings_become_ruby() -> None:
    """A value can never become markup."""
    html = with_ruby("{名前|なまえ}：{name}", {"name": "<b>"})
    expected = "<ruby>名前<rp>(</rp><rt>なまえ</rt><rp>)</rp></ruby>：&lt;b&gt;"
    assert str(html) == expected


@pytest.mark.parametrize(
    ("iso", "ja", "en"),
    [
        ("2019-05-01", "令和元年5月1日", "1 May 2019 (Reiwa 1)"),
        ("2019-04-30", "平成31年4月30日", "30 April 2019 (Heisei 31)"),
        ("1989-01-07", "昭和64年1月7日", "7 January 1989 (Showa 64)"),
        ("1926-12-25", "昭和元年12月25日", "25 December 1926 (Showa 1)"),
        ("1912-07-29", "明治45年7月29日", "29 July 1912 (Meiji 45)"),
        ("1873-01-01", "明治6年1月1日", "1 January 1873 (Meiji 6)"),
    ],
)
def test_days_are_written_with_their_era(iso: str, ja: str, en: str) -> None:
    """The first and last days of the eras."""
    assert show_date(dt.date.fromisoformat(iso), "ja") == ja
    assert show_date(dt.date.fromisoformat(iso), "en") == en


def test_amounts_years_and_months_have_their_units() -> None:
    """Zero is an amount like any other."""
    assert show_yen(0, "ja") == "0円"
    assert show_yen(3120000, "en") == "3,120,000 yen"
    assert show_year(2026, "ja") == "令和8年度"
    assert show_month("2024-11", "ja") == "令和6年11月"
