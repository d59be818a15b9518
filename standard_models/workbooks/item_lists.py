"""Sheets of an item list (項目定義書, 基本データリスト): items, code tables, legends.

Source: column legend of the national item lists (凡例).
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from standard_models.dictionary import DataType
from standard_models.workbooks.reading import Reading
from standard_models.workbooks.sheets import Sheet
from standard_models.workbooks.tables import Row, Table, find_table

ITEM_ID: Final = "データ項目ID"
_ITEM_NAMES: Final[Mapping[str, str]] = {
    **{
        name: name
        for name in (
            ITEM_ID, "データ項目", "データ項目（ローマ字）", "グループ_名称", "グループ_主キー",
            "グループ_外部キー", "データ型", "桁数", "コードID", "繰り返し", "データ出力条件",
            "項目定義", "項目説明", "標準仕様書関連箇所", "実装類型", "サンプル値", "備考",
        )
    },
    **{f"クラス分類_LV{level}": f"クラス分類Lv{level}" for level in (1, 2, 3)},
    **{f"クラス分類Lv{level}": f"クラス分類Lv{level}" for level in (1, 2, 3)},
    "コード": "コードID",
    "業務コード": "業務コード",
    "項目コード": "項目コード",
}  # fmt: skip
_CODE_COLUMNS: Final = ("コードID", "コード名", "コード値", "コード値の内容", "備考")
_CIRCLES: Final = {"〇": "○", "◯": "○", "◎": "○"}
_TYPES: Final = {unicodedata.normalize("NFKC", kind): kind.value for kind in DataType}


def read_items(sheet: Sheet, reading: Reading) -> bool:
    """Read the items of ``sheet`` into ``reading``; False if the sheet holds no item list."""
    table = find_table(sheet, (ITEM_ID, "データ項目", "データ型"), _ITEM_NAMES)
    if table is None:
        return False
    table = _with_split_id(table)
    for column in ("データ項目", "データ項目（ローマ字）", "グループ_名称", "データ型", "桁数"):
        if column not in table.columns:
            reading.refuse(sheet, f"row {table.head}", f"the heading {column} is missing")
    for row in table.rows():
        table.take(row)
        reading.add_item(sheet, row, _native(row))
    return True


def _with_split_id(table: Table) -> Table:
    """Return the table with 業務コード and 項目コード where the heading of the id spans both."""
    start = table.columns[ITEM_ID]
    if table.sheet.merged.get((table.head, start + 1)) != (table.head, start):
        return table
    columns = {name: column for name, column in table.columns.items() if name != ITEM_ID}
    return dataclasses.replace(
        table, columns={"業務コード": start, "項目コード": start + 1, **columns}
    )


def _native(row: Row) -> dict[str, str]:
    """Return the cells of a row in the spelling of the native format."""
    cells = dict(row.cells)
    if ITEM_ID in cells:
        cells["業務コード"], cells["項目コード"] = cells[ITEM_ID][:3], cells[ITEM_ID][3:]
    else:
        cells["業務コード"] = cells.get("業務コード", "").zfill(3)
        cells[ITEM_ID] = cells["業務コード"] + cells.get("項目コード", "").zfill(5)
    for column in ("グループ_主キー", "グループ_外部キー", "実装類型"):
        cells[column] = _CIRCLES.get(cells.get(column, ""), cells.get(column, ""))
    for column in ("桁数", "繰り返し"):
        cells[column] = unicodedata.normalize("NFKC", cells.get(column, ""))
    cells["データ型"] = native_type(cells.get("データ型", ""))
    return cells


def native_type(written: str) -> str:
    """Return a data type in the spelling of the lists (Ｎ is full-width), else as written."""
    return _TYPES.get(unicodedata.normalize("NFKC", written), written)


def read_codes(sheet: Sheet, reading: Reading) -> bool:
    """Read the code tables of ``sheet``; False if it holds none.

    Id and name of a table stand in its first row only.
    """
    names = {name: name for name in _CODE_COLUMNS}
    table = find_table(sheet, _CODE_COLUMNS[:4], names)
    if table is None:
        return False
    for row, cells in _filled_down(table):
        table.take(row)
        reading.add_code(sheet, row, cells)
    return True


def _filled_down(table: Table) -> Iterator[tuple[Row, dict[str, str]]]:
    code_id = name = ""
    for row in table.rows():
        if row["コードID"]:
            code_id, name = row["コードID"], row["コード名"]
        cells = {column: row[column] for column in _CODE_COLUMNS}
        yield row, {**cells, "コードID": code_id, "コード名": row["コード名"] or name}


def read_legend(sheet: Sheet, reading: Reading) -> bool:
    """Read a legend of columns or data types; a type that this package lacks is a problem."""
    columns = find_table(
        sheet,
        ("項目名", "記載内容"),
        {name: name for name in ("項番", "項目名", "記載内容", "備考")},
    )
    types = find_table(
        sheet,
        ("データ型", "データ型の内容"),
        {name: name for name in ("項番", "データ型", "データ型の内容", "備考")},
    )
    for table in filter(None, (columns, types)):
        for row in table.rows():
            table.take(row)
            kind = native_type(row["データ型"])
            if kind and kind not in set(DataType):
                reading.refuse(sheet, row.place("データ型"), f"{kind} is no known data type")
    return bool(columns or types)
