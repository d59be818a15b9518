"""Addresses read with the tables of a town: blocks of the registry, countries, former names."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.reference.address_base import layouts, read_table
from standard_models.reference.check_digits import municipality_check
from standard_models.reference.former_municipalities import (
    FormerMunicipalities,
    MunicipalityState,
    former_municipalities,
)
from standard_models.reference.municipalities import find_municipality
from standard_models.reference.town_blocks import TownTable
from standard_models.values.address_reading import AddressTables, parse_address
from standard_models.values.addresses import AddressKind, foreign_address

CHIYODA = "131016"
BLOCKS = [
    ("0001000", "緑町", "", "", "", "0", "", ""),
    ("0002001", "霞", "一丁目", "1", "", "1", "", ""),
    ("0002002", "霞", "二丁目", "2", "", "1", "", ""),
    ("0002000", "霞", "", "", "", "0", "", ""),
    ("0003000", "大町", "", "", "", "0", "", ""),
    ("0004000", "大町東", "", "", "", "0", "", ""),
    ("0005000", "古町", "", "", "", "0", "1990-01-01", "2020-04-01"),
    ("0006101", "大字山", "", "", "字川上", "0", "", ""),
]


def rows(*blocks: tuple[str, ...]) -> list[dict[str, str]]:
    columns = [column.column for column in layouts()["mt_town_all"]]
    found = []
    for block in blocks or BLOCKS:
        row = dict.fromkeys(columns, "")
        keys = ("machiaza_id", "oaza_cho", "chome", "chome_number", "koaza", "rsdt_addr_flg",
                "efct_date", "ablt_date")  # fmt: skip
        row.update(zip(keys, block, strict=True))
        row |= {"lg_code": CHIYODA, "oaza_cho_aka_flg": "0", "koaza_aka_code": "0"}
        found.append(row)
    return found


TOWNS = TownTable.of(rows())
TABLES = AddressTables(TOWNS)


def written(tmp_path: Path, table: list[dict[str, str]], name: str = "mt_town_all.csv") -> Path:
    path = tmp_path / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def split(text: str, tables: AddressTables = TABLES) -> tuple[str | None, ...] | None:
    address = parse_address(f"東京都千代田区{text}", tables).address
    assert address is not None
    if not address.is_split:
        return None
    return address.town, address.block_number, address.building, address.town_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("緑町1-2", ("緑町", "1-2", None, "0001000")),
        ("緑町１－２　みどり荘", ("緑町", "１－２", "みどり荘", "0001000")),
        ("霞二丁目1番6号", ("霞二丁目", "1番6号", None, "0002002")),
        ("霞２丁目１－６", ("霞２丁目", "１－６", None, "0002002")),
        ("大町東5番地", ("大町東", "5番地", None, "0004000")),
        ("大字山字川上88番地の2", ("大字山字川上", "88番地の2", None, "0006101")),
    ],
)
def test_a_block_of_the_table_shows_where_the_number_begins(
    text: str, expected: tuple[str | None, ...]
) -> None:
    """Bare numbers too, verbatim, with the 町字ID."""
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "霞2-1-6",
        "霞1-6",
        "緑町",
        "緑町88番",
        "青町1-2",
    ],
)
def test_what_the_table_does_not_decide_stays_whole(text: str) -> None:
    """2 behind 霞 may be its 丁目 or the number of a lot."""
    reading = parse_address(f"東京都千代田区{text}", TABLES)
    assert reading.address is not None
    assert not reading.address.is_split
    assert [q.code for q in reading.quality] == ["ADDRESS_NOT_SPLIT"]


def test_without_the_table_a_bare_number_is_not_split() -> None:
    """And a table of another municipality does not help."""
    assert split("緑町1-2", AddressTables()) is None
    assert parse_address("東京都港区緑町1-2", TABLES).address.is_split is False  # type: ignore[union-attr]


def test_a_block_counts_on_the_days_on_which_it_was_in_force() -> None:
    """Abolished on 1 April 2020: the day before it was still there."""
    last, after = dt.date(2020, 3, 31), dt.date(2020, 4, 1)
    assert split("古町3-1", AddressTables(TOWNS, day=last)) == ("古町", "3-1", None, "0005000")
    assert split("古町3-1", AddressTables(TOWNS, day=after)) is None
    assert TOWNS.find(CHIYODA, "0005000", last) is not None
    assert TOWNS.find(CHIYODA, "0005000", after) is None


@given(st.text("霞緑町大東一二12１２番地号-－ 　の丁目", max_size=12))
def test_no_part_of_a_text_is_lost_and_the_table_never_contradicts_itself(text: str) -> None:
    """Town, number and building are slices that make up the text again."""
    reading = parse_address(f"東京都千代田区{text}", TABLES)
    address = reading.address
    assert address is not None
    assert address.whole == f"東京都千代田区{text}".rstrip(" 　")
    if address.is_split:
        parts = (address.prefecture, address.municipality, address.town, address.block_number)
        joined = "".join(part or "" for part in parts)
        assert address.whole.startswith(joined)
        assert address.whole.removeprefix(joined).strip(" 　") == (address.building or "").strip()


def test_the_prefecture_is_a_part_only_where_it_is_written() -> None:
    """What the text does not say stands in no part."""
    address = parse_address("千代田区緑町1-2", TABLES).address
    assert address is not None
    assert (address.prefecture, address.municipality) == (None, "千代田区")


def test_a_table_is_read_as_published(tmp_path: Path) -> None:
    """With byte order mark; the rows are those of the file."""
    reading = read_table(written(tmp_path, rows()))
    assert (reading.read, reading.rejected, reading.problems) == (len(BLOCKS), 0, ())
    assert TownTable.of(reading.rows) == TOWNS


def test_every_wrong_cell_is_listed_and_its_row_left_out_whole(tmp_path: Path) -> None:
    """With line, column and rule; the counts reconcile."""
    table = rows()
    table[0]["lg_code"] = "13101"
    table[1]["efct_date"] = "2026-02-30"
    table[2]["pref"] = "長" * 11
    table[2]["machiaza_type"] = "Ａ"
    table[4] = dict(table[3])
    reading = read_table(written(tmp_path, table))
    assert [(p.row, p.column) for p in reading.problems] == [
        (2, "lg_code"),
        (3, "efct_date"),
        (4, "machiaza_type"),
        (4, "pref"),
        (6, "machiaza_id"),
    ]
    assert (reading.read, len(reading.rows), reading.rejected) == (8, 4, 4)


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    """A column that is missing, unknown or there twice; another encoding; no such table."""
    table = rows()
    for row in table:
        row.pop("koaza")
    with pytest.raises(ValueError, match="koaza is missing"):
        read_table(written(tmp_path, table))
    with pytest.raises(ValueError, match="neu is unknown"):
        read_table(written(tmp_path, [row | {"neu": ""} for row in rows()]))
    with pytest.raises(ValueError, match="no table"):
        read_table(written(tmp_path, rows(), "mt_city_all.csv"))
    (tmp_path / "mt_town_all.csv").write_bytes("霞".encode("cp932"))
    with pytest.raises(ValueError, match="byte 0 is not UTF-8"):
        read_table(tmp_path / "mt_town_all.csv")


@pytest.mark.parametrize("table", layouts())
def test_each_of_the_six_tables_is_read_by_its_name(table: str, tmp_path: Path) -> None:
    """Files of one prefecture carry its number."""
    name = f"{table}13" if table.endswith("_pref") else table
    row = {column.column: "" for column in layouts()[table]}
    row |= {"lg_code": CHIYODA, "machiaza_id": "0001000"}
    reading = read_table(written(tmp_path, [row], f"{name}.csv"))
    assert (reading.table, len(reading.rows)) == (table, 1)


def test_the_six_layouts_have_the_columns_of_the_registry() -> None:
    """As many as published."""
    assert {table: len(columns) for table, columns in layouts().items()} == {
        "mt_town_all": 38,
        "mt_town_fullset_all": 52,
        "mt_town_pos_pref": 18,
        "mt_rsdtdsp_blk_pos_pref": 24,
        "mt_rsdtdsp_rsdt_pref": 21,
        "mt_rsdtdsp_rsdt_pos_pref": 15,
    }


def test_an_abolished_municipality_is_told_and_not_replaced() -> None:
    """Its address stays as recorded."""
    reading = parse_address("埼玉県浦和市みどり１番地")
    assert reading.address is not None
    assert reading.address.whole == "埼玉県浦和市みどり１番地"
    assert [q.code for q in reading.quality] == ["ADDRESS_NOT_SPLIT", "MUNICIPALITY_ABOLISHED"]
    assert reading.quality[1].params == {"abolished_on": "2001-05-01"}


def test_a_code_means_something_on_a_day() -> None:
    """In force until the day before the merger, then abolished; unknown if no table has it."""
    table = former_municipalities()
    assert table.find("112046", dt.date(2001, 4, 30)).state is MunicipalityState.IN_FORCE
    ended = table.find("112046", dt.date(2001, 5, 1))
    assert ended.state is MunicipalityState.ABOLISHED
    assert ended.former is not None
    assert ended.former.successors == ("111007",)
    assert table.find(CHIYODA, dt.date(2026, 4, 1)).state is MunicipalityState.IN_FORCE
    assert table.find("999997", dt.date(2026, 4, 1)).state is MunicipalityState.UNKNOWN
    assert [r.code for r in table.named("埼玉県", "浦和市")] == ["112046"]


def test_the_table_of_the_package_holds_only_codes_that_compute() -> None:
    """Each with its check digit, a source, and successors of the present list."""
    for row in former_municipalities().rows:
        assert row.source
        assert municipality_check(row.code[:5]) == row.code[5]
        assert row.successors
        assert all(find_municipality(code) for code in row.successors)


HEAD = "code,prefecture,name,abolished_on,successors,source,mark\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code,name\n", "columns must be"),
        (HEAD + "112045,埼玉県,浦和市,2001-05-01,111007,総務省,K\n", "row 2, column code"),
        (HEAD + "131016,東京都,千代田区,2001-05-01,111007,総務省,K\n", "present list"),
        (HEAD + "112046,埼玉県,浦和市,2001-05-01,,総務省,K\n", "row 2, column successors"),
        (HEAD + "112046,埼玉県,浦和市,平成13年,111007,総務省,K\n", "row 2, column abolished_on"),
        (HEAD + "112046,埼玉県,,2001-05-01,111007,総務省,K\n", "row 2, column name"),
        (HEAD + "112046,埼玉県,浦和市,2001-05-01,111007,総務省,K\n" * 2, "twice"),
    ],
)
def test_a_wrong_table_of_former_municipalities_is_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    """Naming row and column."""
    path = tmp_path / "former.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=said):
        FormerMunicipalities.read(path)


COUNTRIES = {"265": "アメリカ合衆国", "901": "見本国", "902": "見本国北部"}


def test_an_address_abroad_keeps_code_name_and_text_as_recorded() -> None:
    """The code is of the national table; ISO 3166 is not assumed."""
    reading = foreign_address("265", "アメリカ合衆国", "カリフォルニア州　みどり市", COUNTRIES)
    assert reading.quality == ()
    assert reading.address is not None
    assert reading.address.to_json() == {
        "kind": "abroad",
        "whole": "カリフォルニア州　みどり市",
        "country_code": "265",
        "country": "アメリカ合衆国",
    }


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        ("840", "アメリカ合衆国", ["COUNTRY_CODE_UNKNOWN"]),
        ("901", "アメリカ合衆国", ["COUNTRY_CONFLICT"]),
        (None, "架空国", []),
        ("901", None, []),
    ],
)
def test_a_contradiction_of_code_and_country_is_told(
    code: str | None, country: str | None, expected: list[str]
) -> None:
    """Both stay; neither is made up from the other."""
    reading = foreign_address(code, country, "みどり市", COUNTRIES)
    assert [q.code for q in reading.quality] == expected
    assert reading.address is not None
    assert (reading.address.country_code, reading.address.country) == (code, country)


def test_a_text_that_begins_with_a_country_is_abroad_and_stays_whole() -> None:
    """The longest name counts; without a table no country is known."""
    tables = AddressTables(countries=COUNTRIES)
    address = parse_address("見本国北部　みどり市", tables).address
    assert address is not None
    assert (address.kind, address.country_code, address.country) == (
        AddressKind.ABROAD,
        "902",
        "見本国北部",
    )
    assert parse_address("見本国北部　みどり市").address.kind is AddressKind.DOMESTIC  # type: ignore[union-attr]


def test_nothing_recorded_is_missing() -> None:
    """No address, no country."""
    assert [q.code for q in foreign_address(None, " ", "", {}).quality] == ["MISSING"]
