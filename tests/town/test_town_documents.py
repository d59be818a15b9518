"""The vendors' documents say what the products do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.town.writers import extract, resident_codes
from examples.town.writers.resident_schema import JKATENA

LEGACY = Path(__file__).parents[2] / "examples" / "town" / "legacy"


def _document(system: str) -> str:
    return (LEGACY / system / "README.md").read_text(encoding="utf-8")


def test_the_document_lists_the_columns_of_jkatena_as_they_are() -> None:
    """Order, name and type of all 36 columns."""
    listed = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| ([^|]+) \|", _document("resident"), re.M)
    kinds = {"half": "CHAR({})", "full": "全角 {}", "text": "全角可変 {}", "number": "NUMERIC({})"}
    actual = [
        (str(place), column.name, kinds[column.kind].format(column.width))
        for place, column in enumerate(JKATENA, start=1)
    ]
    assert [(number, name, kind.strip()) for number, name, kind in listed] == actual


def test_the_document_gives_position_and_length_of_every_item_of_the_extract() -> None:
    """The layout table of the data record, byte for byte."""
    table = _document("resident").partition("### 6.2")[2].partition("### 6.3")[0]
    listed = re.findall(r"^\| (\d+) \| (\d+) \| ([A-Z_]+|予備)", table, re.M)
    position, actual = 1, []
    for name, length, _ in extract.LAYOUT:
        actual.append((str(position), str(length), "予備" if name == "YOBI" else name))
        position += length
    assert listed == actual
    assert position == 799


@pytest.mark.parametrize(
    "codes",
    [
        resident_codes.STATES, resident_codes.RELATIONS, resident_codes.REASONS,
        resident_codes.NATIONALITIES, resident_codes.STATUSES, resident_codes.ERA_DIGITS,
    ],
)  # fmt: skip
def test_every_code_the_resident_product_writes_is_in_its_document(codes: dict[str, str]) -> None:
    """No code value appears that the document does not explain."""
    tables = _document("resident").partition("## 4. コード")[2].partition("## 5.")[0]
    listed = set(re.findall(r"[`|] ?([0-9A-Z]{1,3})[` ]", tables))
    assert set(codes.values()) <= listed
