"""A town's own rules for documents: longer than the product's, never below its floors."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.retention import RetentionFileError, retention_rules, rules_of

TOWN = "999997"
SAID = "source: 文書管理規程, checked_on: 2026-11-30"


def written(folder: Path, text: str) -> Path:
    file = folder / "retention.yaml"
    file.write_text(text, "utf-8")
    return file


def test_a_town_keeps_notices_longer(tmp_path: Path) -> None:
    """By its own provision, on whose day somebody looked; other kinds and towns are as before."""
    years = "floor_years: 5, ceiling_years: 10"
    file = written(tmp_path, f'"{TOWN}":\n  notice: {{{years}, {SAID}}}\n')
    rules, product = rules_of(TOWN, file), retention_rules()
    notice = rules.erased["notice"]
    assert (notice.floor_years, notice.ceiling_years) == (5, 10)
    assert notice.source == "文書管理規程（2026-11-30）"
    assert list(rules.erased) == list(product.erased)
    assert {k: r for k, r in rules.erased.items() if k != "notice"} == {
        k: r for k, r in product.erased.items() if k != "notice"
    }
    assert rules_of("999989", file) == rules_of(TOWN, None) == product


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'"{TOWN}": {{consent: {{floor_years: 6, ceiling_years: 10, {SAID}}}}}', "7 年より短く"),
        (f'"{TOWN}": {{consent: {{floor_years: 9, ceiling_years: 8, {SAID}}}}}', "上限が下限"),
        (f'"{TOWN}": {{cake: {{floor_years: 9, ceiling_years: 9, {SAID}}}}}', "cake"),
        (f'"{TOWN}": {{consent: {{floor_years: 9, ceiling_years: 9}}}}', "source"),
        (f'"{TOWN}": {{exchange: {{floor_years: 9, ceiling_years: 9, {SAID}}}}}', "exchange"),
        ('"ひとつ市": {}', "誤りがあります"),
        ("- 1", "誤りがあります"),
        ("a: [", "読めません"),
    ],
)
def test_a_file_that_is_wrong_stops_every_purge(tmp_path: Path, text: str, said: str) -> None:
    """Nothing is erased by rules that nobody meant."""
    with pytest.raises(RetentionFileError) as refused:
        rules_of(TOWN, written(tmp_path, text))
    assert said in refused.value.detail_ja


def test_a_file_that_is_not_there_stops_every_purge(tmp_path: Path) -> None:
    """A town that keeps longer must not lose records by a wrong path."""
    with pytest.raises(RetentionFileError):
        rules_of(TOWN, tmp_path / "missing.yaml")
