"""Sheets of an API specification: calls, request parameters, response trees, error codes.

A parameter becomes an item: 項目説明 is its definition, 備考 its description, ◎ makes it required,
``※※`` in the remark conditional.

Source: API specification of 住登外者宛名番号付番, version 2.0, its remarks on the columns.
"""

from __future__ import annotations

import re
from typing import Final

from standard_models.api_specifications import ApiCall, ApiError, ResponseNode
from standard_models.dictionary import Condition
from standard_models.workbooks.item_lists import native_type
from standard_models.workbooks.reading import Reading
from standard_models.workbooks.sheets import Cell, Sheet, heading_key
from standard_models.workbooks.tables import Row, Table, find_table

_REQUEST: Final = {
    "項番": "number", "パラメータ名": "field", "項目名": "name", "項目説明": "definition",
    "記述例": "example", "必須": "required", "データ型": "type", "データ長_桁数": "length",
    "検索方法": "search", "備考": "remark",
}  # fmt: skip
_RESPONSE: Final = {
    "項番": "number", "レベル": "level", "レスポンスオブジェクト名": "object",
    "レスポンスオブジェクト名_階層": "object", "項目名": "name", "項目説明": "definition",
    "記述例": "example", "必須": "required", "null設定有無": "null", "データ型": "type",
    "データ長_桁数": "length", "備考": "remark",
}  # fmt: skip
_ERRORS: Final = {
    "項番": "number", "エラーコード": "code", "エラー名": "name", "エラー内容": "message",
    "備考": "remark",
}  # fmt: skip
_CALLS: Final = {"No.": "number", "APIコール名": "name", "操作種類": "operation", "概要": "remark"}
_STATUS = re.compile(r"HTTPステータスコード[：:](\d{3})")
_FIXED = re.compile(r"[\"”“](.+)[\"”“]固定値")
_QUOTES: Final = "\"”“'"


def read_calls(sheet: Sheet, reading: Reading) -> Table | None:
    """Read the calls that the API offers; None if the sheet lists none."""
    table = find_table(sheet, ("APIコール名", "操作種類"), _CALLS)
    if table is None:
        return None
    for row in table.rows():
        if row["name"] and row["operation"]:
            table.take(row)
            reading.calls.append(ApiCall(row["name"], row["operation"]))
    return table


def read_request(sheet: Sheet, reading: Reading, business_id: str) -> Table | None:
    """Read the parameters of a request as items; None if the sheet has none.

    The specification gives parameters no id: they get ``031Q0001`` by position.
    """
    table = find_table(sheet, ("パラメータ名", "項目名", "データ型"), _REQUEST)
    if table is None:
        return None
    for position, row in enumerate((r for r in table.rows() if r["field"]), start=1):
        table.take(row)
        _take_parts_of_example(table, row)
        reading.add_item(sheet, row, _parameter(row, business_id, f"Q{position:04}"))
    return table


def _parameter(row: Row, business_id: str, own: str) -> dict[str, str]:
    condition = Condition.OPTIONAL
    if row["required"] == "◎":
        condition = Condition.REQUIRED
    elif "※※" in row["remark"]:
        condition = Condition.CONDITIONAL
    return {
        "データ項目ID": business_id + own,
        "業務コード": business_id,
        "項目コード": own,
        "データ項目": row["name"],
        "データ項目（ローマ字）": row["field"],
        "データ型": native_type(row["type"]),
        "桁数": row["length"],
        "データ出力条件": condition.value,
        "項目定義": row["definition"],
        "項目説明": row["remark"],
        "実装類型": "○" if condition is Condition.REQUIRED else "",
        "サンプル値": row["example"].partition("=")[2].strip(_QUOTES),
    }


def _take_parts_of_example(table: Table, row: Row) -> None:
    """Mark as read the cells beside the table from which the example is put together."""
    example = heading_key(row["example"])
    known = set(table.columns.values())
    for cell in _row(table.sheet, row.number):
        if cell.column not in known and cell.key in example:
            table.sheet.take(cell)


def _row(sheet: Sheet, number: int) -> list[Cell]:
    return next((cells for row, cells in sheet.rows(number) if row == number), [])


def read_responses(sheet: Sheet, reading: Reading) -> Table | None:
    """Read the response trees and the error codes; None if the sheet has none."""
    table = find_table(sheet, ("レスポンスオブジェクト名", "データ型"), _RESPONSE)
    if table is None:
        return None
    errors = find_table(sheet, ("エラーコード", "エラー内容"), _ERRORS)
    status = 0
    for row in table.rows(errors.head if errors else None):
        if found := _STATUS.search(row["number"]):
            status = int(found[1])
            table.take(row)
            continue
        _read_node(table, row, status, reading)
    if errors:
        for row in errors.rows():
            errors.take(row)
            reading.errors.append(ApiError(row["code"], row["name"], row["message"]))
    return table


def _read_node(table: Table, row: Row, status: int, reading: Reading) -> None:
    """Read one object. Its name stands in the column of its level; a row without one closes."""
    if not row["type"]:
        return
    first, last = table.columns["object"], table.columns["name"]
    names = [c for c in _row(table.sheet, row.number) if first <= c.column < last]
    table.take(row)
    _take_parts_of_example(table, row)
    if not names:
        return
    for cell in names:
        table.sheet.take(cell)
    if len(names) != 1 or not row["level"].isdecimal():
        reading.refuse(table.sheet, names[0].place, "an object has one name and a level")
        return
    fixed = _FIXED.search(row["remark"])
    reading.responses.append(
        ResponseNode(
            status=status,
            level=int(row["level"]),
            name=names[0].text,
            label=row["name"],
            required=row["required"] == "◎",
            nullable=row["null"] in {"〇", "○"},
            data_type=native_type("".join(row["type"].split())),
            length=int(row["length"]) if row["length"].isdecimal() else None,
            fixed=fixed[1] if fixed else None,
        )
    )
