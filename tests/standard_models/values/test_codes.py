"""Ids of code tables: equal as numbers, printed as written."""

from __future__ import annotations

import pytest

from standard_models.values.codes import CodeId


def test_code_ids_compare_as_numbers_and_print_as_written() -> None:
    """The list writes 002, its code sheet 2."""
    listed, sheet = CodeId.parse("002"), CodeId.parse("2")
    assert listed == sheet
    assert hash(listed) == hash(sheet)
    assert (str(listed), str(sheet)) == ("002", "2")
    assert listed != CodeId.parse("20")
    assert listed != "002"


def test_a_shared_table_is_named_by_its_business() -> None:
    """The same number of another business is another table."""
    shared = CodeId.parse("住民基本台帳_12")
    assert (shared.business, shared.number) == ("住民基本台帳", 12)
    assert shared != CodeId.parse("12")


def test_999_leaves_the_values_to_the_municipality() -> None:
    """自治体固有コード."""
    assert CodeId.parse("999").municipality_decides
    assert not CodeId.parse("002").municipality_decides


@pytest.mark.parametrize("cell", ["", "性別", "2a"])
def test_an_id_without_a_number_is_refused(cell: str) -> None:
    """Nothing is made up."""
    with pytest.raises(ValueError, match="ends in a number"):
        CodeId.parse(cell)
