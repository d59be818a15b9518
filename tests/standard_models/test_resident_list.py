"""The resident list: every item that the resident specification names has its place."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from standard_models.builtin import load_builtin

DICTIONARY = load_builtin()
ROWS = list(
    csv.DictReader((Path(__file__).parent / "resident_items.csv").read_text("utf-8").splitlines())
)
"""対象 (whom the specification names the item for), 項目 (its words), 参照 (our items).

Source: resident register specification 1.0, items of residents and of support measures.
"""
PROTECTION = {
    "yokushijoho",
    "bikojoho",
    "shiensochijoho",
    "awaseteshiensochiomotomerumonojoho",
    "kagaishajoho",
    "shientaishojimujoho",
    "shiensochitensojoho",
}


def test_the_specification_names_125_items_of_residents_and_44_of_measures() -> None:
    """Each for Japanese and for foreign residents; measures beside them."""
    residents = [row for row in ROWS if not row["対象"].startswith("支援措置")]
    assert len(residents) == 125
    assert len(ROWS) - len(residents) == 44


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{number}-{row['項目'][:12]}" for number, row in enumerate(ROWS, start=1)]
)
def test_each_item_of_the_specification_is_in_the_list(row: dict[str, str]) -> None:
    """By one item or more."""
    references = row["参照"].split()
    assert references
    for reference in references:
        assert DICTIONARY.find_item(f"001.{reference}") is not None, reference


def test_measures_blocks_and_remarks_are_registers_of_protection() -> None:
    """That such a record exists is itself secret."""
    edition = next(e for e in DICTIONARY.editions if e.business_id == "001")
    assert {g.key for g in edition.groups if g.protection_register} == PROTECTION


def test_every_reason_of_a_change_has_a_code_of_its_own() -> None:
    """37 reasons: entry, removal and correction of the same name stay apart."""
    item = DICTIONARY.find_item("001.idorirekijoho.idojiyu_shosai")
    assert item is not None
    assert item.codes is not None
    assert len(item.codes.labels) == 37
    assert len(set(item.codes.labels.values())) == 37
