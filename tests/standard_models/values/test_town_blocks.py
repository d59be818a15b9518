"""Town blocks of the registry: found by 町字ID, by name, on a day; tables that are not in order."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.reference.address_base import layouts, read_table
from standard_models.reference.town_blocks import Town, TownTable
from standard_models.values.address_reading import AddressTables, parse_address
from standard_models.values.block_numbers import kanji_number

CHIYODA = "131016"


def block(town_id: str, large: str, number: str = "", small: str = "") -> Town:
    chome = f"{number}丁目" if number else ""
    return Town(CHIYODA, town_id, large, chome, number, small, False, None, None)


def row(**cells: str) -> dict[str, str]:
    empty = dict.fromkeys((column.column for column in layouts()["mt_town_all"]), "")
    known = {"lg_code": CHIYODA, "machiaza_id": "0001000", "oaza_cho": "緑町"}
    return empty | known | {"rsdt_addr_flg": "0"} | cells


def written(tmp_path: Path, *rows: dict[str, str]) -> Path:
    path = tmp_path / "mt_town_all.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row()))
        writer.writeheader()
        writer.writerows(rows)
    return path


def split(text: str, *towns: Town) -> tuple[str | None, ...] | None:
    address = parse_address(f"東京都千代田区{text}", AddressTables(TownTable(towns))).address
    assert address is not None
    return (address.town, address.block_number, address.town_id) if address.is_split else None


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_district_is_one_however_its_number_is_written(number: int, lot: int) -> None:
    """The registry writes figures, registers write kanji: one block, one key, text verbatim."""
    town = block("0002001", "霞", str(number))
    kanji = next(name for name in town.spellings() if not any(map(str.isdecimal, name)))
    assert kanji_number(kanji.removeprefix("霞").removesuffix("丁目")) == number
    keys = set()
    for name in town.spellings():
        assert split(f"{name}{lot}-6", town) == (name, f"{lot}-6", "0002001")
        whole = f"東京都千代田区{name}{lot}-6"
        address = parse_address(whole, AddressTables(TownTable((town,)))).address
        assert address is not None
        assert address.whole == whole
        keys.add(address.key())
    assert len(keys) == 1


@pytest.mark.parametrize("text", ["霞2-1-6", "霞2", "霞8", "霞2-1"])
def test_a_bare_number_behind_a_name_with_districts_is_not_decided(text: str) -> None:
    """It may begin with the 丁目, or be the 丁目."""
    assert split(text, block("0002000", "霞"), block("0002002", "霞", "2")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("大字原10-2", None),
        ("大字原10", None),
        ("大字原7-2", ("大字原", "7-2", "0007000")),
        ("大字原10番地", None),
    ],
)
def test_a_small_name_in_figures_is_no_lot_number(
    text: str, expected: tuple[str, ...] | None
) -> None:
    """小字 of figures exist: 10 may be one, or the lot of the 大字."""
    assert (
        split(text, block("0007000", "大字原"), block("0007101", "大字原", small="10")) == expected
    )


def test_a_municipality_without_town_blocks_has_numbers_behind_its_name() -> None:
    """The registry lists it as the block 0000000, which has no name."""
    address = parse_address(
        "東京都千代田区88番地", AddressTables(TownTable((block("0000000", ""),)))
    )
    assert address.address is not None
    assert address.address.town is None
    assert (address.address.block_number, address.address.town_id) == ("88番地", "0000000")


def test_a_block_with_and_without_residence_numbers_is_one_block(tmp_path: Path) -> None:
    """The registry lists it twice under one 町字ID; neither row is lost, nor is it two blocks."""
    listed = row(), row(rsdt_addr_flg="1"), row(machiaza_id="0002000", oaza_cho="霞")
    reading = read_table(written(tmp_path, *listed))
    assert (reading.read, reading.rejected) == (3, 0)
    table = TownTable.of(reading.rows)
    both, one = table.find(CHIYODA, "0001000"), table.find(CHIYODA, "0002000")
    assert both is not None
    assert one is not None
    assert (both.residence_numbering, one.residence_numbering) == (None, False)
    assert split("緑町1-2", *table.towns) == ("緑町", "1-2", "0001000")


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """The first stays, the second is listed."""
    reading = read_table(written(tmp_path, row(), row()))
    assert [(p.row, p.rule) for p in reading.problems] == [(3, "the key stands twice")]
    assert (reading.read, len(reading.rows)) == (2, 1)


def test_blocks_are_found_by_name_on_a_day() -> None:
    """A name that two blocks bore one after the other needs a day for one answer."""
    end, begin = dt.date(2020, 3, 31), dt.date(2020, 4, 1)
    old = Town(CHIYODA, "0001000", "緑町", "", "", "", True, None, end)
    new = Town(CHIYODA, "0009000", "緑町", "", "", "", True, begin, None)
    table = TownTable((old, new, block("0002002", "霞", "2")))
    assert table.named(CHIYODA, "緑町") == (old, new)
    assert table.named(CHIYODA, "緑町", end) == (old,)
    assert table.named(CHIYODA, "緑町", begin) == (new,)
    assert [town.town_id for town in table.named(CHIYODA, "霞二丁目")] == ["0002002"]
    assert table.named(CHIYODA, "青町") == table.named("131024", "緑町") == ()
    assert split("緑町1-2", old, new) is None


def test_rows_of_a_table_cannot_be_changed(tmp_path: Path) -> None:
    """What was read stays what was read."""
    (first,) = read_table(written(tmp_path, row())).rows
    with pytest.raises(TypeError):
        first["oaza_cho"] = "霞"  # type: ignore[index]


@pytest.mark.parametrize("cell", ['"緑町', '"緑町"東', f'"{"緑" * 140_000}"'])
def test_broken_quotes_refuse_the_file_and_swallow_no_rows(tmp_path: Path, cell: str) -> None:
    """An open quote would take the rows behind it into one cell: the line is named."""
    path = written(tmp_path, row(), row(machiaza_id="0002000", oaza_cho="@"), row())
    path.write_text(path.read_text("utf-8").replace("@", cell), "utf-8")
    with pytest.raises(ValueError, match=r"mt_town_all\.csv: no CSV from line 3"):
        read_table(path)


def test_a_row_with_too_few_cells_and_a_cell_on_two_lines_are_listed(tmp_path: Path) -> None:
    """The rows around them are read; the counts reconcile."""
    path = written(tmp_path, row(remarks="一\n二"), row(machiaza_id="0002000"))
    path.write_text(path.read_text("utf-8") + "131016,0003000\n\n", "utf-8")
    reading = read_table(path)
    assert [(p.row, p.column, p.rule) for p in reading.problems] == [
        (3, "remarks", "must be one line of text"),
        (5, "", "has 2 cells, the header 38"),
    ]
    assert (reading.read, len(reading.rows), reading.rejected) == (3, 1, 2)
