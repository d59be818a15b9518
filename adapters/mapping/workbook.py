"""A mapping as a workbook in the shape of the 項目マッピング表 that municipalities sign, and back.

One sheet for the items (group, item with its id, where it comes from, how it is converted, why),
others for groups, dates, code tables, local characters and reads. What the standard says beside an
item (id, name, type) is for people and is not read back. Going there and back loses nothing but
the comments of the YAML file: those belong into ``note``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from pydantic import ValidationError

from adapters.mapping.document import MappingLoader
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.writing import in_one_line, plain
from standard_models.dictionary import DataItem, Group
from standard_models.workbooks.sheets import Sheet, WorkbookError, read_sheets

if TYPE_CHECKING:
    from openpyxl import Workbook

ORIGINS: Final = {
    "field": "欄", "fields": "複数の欄", "constant": "定数", "date": "日付",
    "date_flag": "日付（不詳フラグ）", "date_text": "日付（不詳表記）", "absent": "提供なし",
}  # fmt: skip
_STEPS: Final = {
    "text": "文字の形", "amount": "金額", "codes": "コード表", "fiscal_year": "年度",
    "year_month": "年月", "slice": "切り出し", "split": "分割", "null": "空とみなす値",
    "blank": "空の意味", "applies_when": "条件", "default": "既定値",
    "join": "つなぎ方", "steps": "手順", "relationship": "続柄",
    "name": "氏名の部分", "number": "番号",
}  # fmt: skip
_TEXTS: Final = frozenset({"text", "codes", "blank", "note"})
_MARKS: Final = frozenset({"fiscal_year", "year_month"})
_PARSED_ORIGINS: Final = frozenset({"constant", "fields"})
_CIRCLE: Final = "○"
_ITEM_HEAD: Final = (
    "グループ", "ローマ字", "データ項目ID", "データ項目", "型", "桁数", "由来", "元",
    *_STEPS.values(), "備考",
)  # fmt: skip
_SHEETS: Final = {
    "cover": "表紙", "items": "項目マッピング", "groups": "グループ", "dates": "日付",
    "codes": "コード変換", "characters": "外字", "reads": "問い合わせ",
}  # fmt: skip
_PARSED: Final = ("faults", "protection_flags", "search", "changes", "extract", "submit")
_COVER: Final = {
    "language": "言語の版",
    "system": "システム",
    "version": "対応定義の版",
    "steps_module": "手順のモジュール",
    "notes": "備考",
}


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong in a workbook: sheet, cell and rule."""

    sheet: str
    cell: str
    rule: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}: {self.rule}"


class MappingWorkbookError(Exception):
    """The workbook is no mapping; ``problems`` has everything that is wrong."""

    def __init__(self, problems: tuple[CellProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def to_workbook(mapping: MappingDocument, groups: Mapping[str, Group]) -> Workbook:
    """Return the workbook of a mapping; ``groups`` are those of the standard, for the names."""
    from openpyxl import Workbook  # slow to load, and only workbooks need it

    content = plain(mapping)
    book = Workbook()
    book.remove(book.worksheets[0])
    rows: dict[str, list[tuple[Any, ...]]] = {
        "cover": [("項目", "内容"), *_cover_rows(content)],
        "items": [_ITEM_HEAD, *_item_rows(content, groups)],
        "groups": [("グループ", "問い合わせ", "名称", "その他"), *_group_rows(content, groups)],
        "dates": [("グループ", "日付", "読み方"), *_date_rows(content)],
        "codes": [("コード表", "元のコード", "標準のコード", "備考"), *_code_rows(content)],
        "characters": [("元の符号", "文字", "備考"), *_character_rows(content)],
        "reads": [("名前", "内容"), *_read_rows(content)],
    }
    for key, title in _SHEETS.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows[key], start=1):
            for column, text in enumerate(row, start=1):
                if text not in {None, ""}:
                    cell = sheet.cell(number, column, str(text))
                    cell.data_type = "s"
        sheet.freeze_panes = "A2"
        for column in sheet.columns:
            widest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(60, max(8, 2 * widest))
    return book


def _cover_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for key, title in _COVER.items():
        if key in content:
            yield title, content[key]
    for key in _PARSED:
        if key in content:
            yield key, in_one_line(content[key])


def _item_rows(content: dict[str, Any], groups: Mapping[str, Group]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        known: Mapping[str, DataItem] = groups[ref].by_field if ref in groups else {}
        for name, rule in group["items"].items():
            item = known.get(name)
            about = (
                (item.item_id, item.name, item.data_type.value, str(item.length))
                if item
                else ("",) * 4
            )
            origin = next(o for o in ORIGINS if o in rule)
            steps = (_written(key, rule.get(key)) for key in _STEPS)
            source = in_one_line(rule[origin]) if origin in _PARSED_ORIGINS else rule[origin]
            yield (ref, name, *about, ORIGINS[origin], source, *steps, rule.get("note", ""))


def _written(key: str, content: Any) -> str:
    if content is None:
        return ""
    if key in _MARKS:
        return _CIRCLE
    return content if key in _TEXTS else in_one_line(content)


def _group_rows(content: dict[str, Any], groups: Mapping[str, Group]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        rest = {k: v for k, v in group.items() if k not in {"read", "items", "dates"}}
        yield ref, group["read"], groups[ref].name if ref in groups else "", in_one_line(rest)


def _date_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        for name, rule in group.get("dates", {}).items():
            yield ref, name, in_one_line(rule)


def _code_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, table in content.get("code_tables", {}).items():
        for row in table["rows"]:
            to = row.get("to")
            yield (
                name,
                in_one_line(row["from"]),
                "" if to is None else in_one_line(to),
                row.get("note", ""),
            )


def _character_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for gaiji in content.get("characters", ()):
        yield gaiji["code"], gaiji.get("to") or "", gaiji.get("note", "")


def _read_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, read in content["reads"].items():
        yield name, in_one_line(read)


def from_workbook(path: Path) -> MappingDocument:
    """Return the mapping that a workbook holds.

    Raises:
        MappingWorkbookError: with every problem, by sheet and cell.
        WorkbookError: the file is no workbook.
    """
    reader = _Reader({sheet.name: sheet for sheet in read_sheets(path)})
    content = reader.content()
    if not reader.problems:
        try:
            return MappingDocument.model_validate(content)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                reader.problem_at(tuple(map(str, found["loc"])), found["msg"])
    raise MappingWorkbookError(tuple(reader.problems))


class _Reader:
    """Collects content, where each part of it stands, and what is wrong."""

    def __init__(self, sheets: Mapping[str, Sheet]) -> None:
        self._sheets = sheets
        self._places: dict[tuple[str, ...], tuple[str, str]] = {}
        self.problems: list[CellProblem] = []

    def content(self) -> dict[str, Any]:
        """Return the plain data of the mapping as far as it can be read."""
        content: dict[str, Any] = {}
        self._cover(content)
        self._reads(content)
        self._codes(content)
        self._characters(content)
        self._groups(content)
        self._dates(content)
        self._items(content)
        return content

    def problem_at(self, path: tuple[str, ...], rule: str) -> None:
        """Note what is wrong with a part of the content, at its cell or that of the part around."""
        around = path
        while around and around not in self._places:
            around = around[:-1]
        sheet, cell = self._places.get(around, (_SHEETS["cover"], "A1"))
        self.problems.append(CellProblem(sheet, cell, f"{'.'.join(path)}: {rule}"))

    def _rows(self, key: str, head: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the filled rows of a sheet as texts by heading."""
        title = _SHEETS[key]
        sheet = self._sheets.get(title)
        if sheet is None:
            self.problems.append(CellProblem(title, "A1", "the sheet is missing"))
            return
        found = [sheet.text(1, column) for column in range(1, len(head) + 1)]
        if tuple(found) != head:
            rule = f"the headings must be {', '.join(head)}"
            self.problems.append(CellProblem(title, "A1", rule))
            return
        for (row, column), rule in sorted(sheet.doubtful.items()):
            self.problems.append(CellProblem(title, sheet.cells[row, column].place, rule))
        for number, cells in sheet.rows(2):
            for cell in cells:
                if cell.column > len(head):
                    self.problems.append(CellProblem(title, cell.place, "stands outside the table"))
            yield number, {name: sheet.text(number, n) for n, name in enumerate(head, start=1)}

    def _parsed(self, key: str, cell: str, text: str) -> Any:
        try:
            return yaml.load(text, Loader=MappingLoader)  # noqa: S506 - a SafeLoader
        except yaml.YAMLError:
            self.problems.append(CellProblem(_SHEETS[key], cell, "cannot be read"))
            return None

    def _keep(self, path: tuple[str, ...], key: str, cell: str) -> None:
        if path in self._places:
            self.problems.append(CellProblem(_SHEETS[key], cell, "stands twice"))
        self._places[path] = (_SHEETS[key], cell)

    def _cover(self, content: dict[str, Any]) -> None:
        titles = {title: key for key, title in _COVER.items()}
        for row, cells in self._rows("cover", ("項目", "内容")):
            key = titles.get(cells["項目"], cells["項目"])
            self._keep((key,), "cover", f"B{row}")
            if key in {*_PARSED, "language"}:
                content[key] = self._parsed("cover", f"B{row}", cells["内容"])
            else:
                content[key] = cells["内容"]

    def _reads(self, content: dict[str, Any]) -> None:
        content["reads"] = {}
        for row, cells in self._rows("reads", ("名前", "内容")):
            self._keep(("reads", cells["名前"]), "reads", f"B{row}")
            content["reads"][cells["名前"]] = self._parsed("reads", f"B{row}", cells["内容"])

    def _codes(self, content: dict[str, Any]) -> None:
        head = ("コード表", "元のコード", "標準のコード", "備考")
        for row, cells in self._rows("codes", head):
            tables = content.setdefault("code_tables", {})
            rows = tables.setdefault(cells["コード表"], {"rows": []})["rows"]
            path = ("code_tables", cells["コード表"], "rows", str(len(rows)))
            self._keep(path, "codes", f"B{row}")
            to = cells["標準のコード"]
            line = {
                "from": self._parsed("codes", f"B{row}", cells["元のコード"]),
                "to": self._parsed("codes", f"C{row}", to) if to else None,
            }
            rows.append(line | ({"note": cells["備考"]} if cells["備考"] else {}))

    def _characters(self, content: dict[str, Any]) -> None:
        for row, cells in self._rows("characters", ("元の符号", "文字", "備考")):
            found = content.setdefault("characters", [])
            self._keep(("characters", str(len(found))), "characters", f"A{row}")
            line = {"code": cells["元の符号"], "to": cells["文字"] or None}
            found.append(line | ({"note": cells["備考"]} if cells["備考"] else {}))

    def _groups(self, content: dict[str, Any]) -> None:
        content["groups"] = {}
        for row, cells in self._rows("groups", ("グループ", "問い合わせ", "名称", "その他")):
            self._keep(("groups", cells["グループ"]), "groups", f"A{row}")
            rest = self._parsed("groups", f"D{row}", cells["その他"])
            rest = rest if isinstance(rest, dict) else {}
            group = {"read": cells["問い合わせ"], **rest, "items": {}}
            content["groups"][cells["グループ"]] = group

    def _dates(self, content: dict[str, Any]) -> None:
        for row, cells in self._rows("dates", ("グループ", "日付", "読み方")):
            group = self._group(content, "dates", row, cells)
            if group is None:
                continue
            name = cells["日付"]
            self._keep(("groups", cells["グループ"], "dates", name), "dates", f"C{row}")
            rule = self._parsed("dates", f"C{row}", cells["読み方"])
            group.setdefault("dates", {})[name] = rule

    def _group(
        self, content: dict[str, Any], key: str, row: int, cells: dict[str, str]
    ) -> dict[str, Any] | None:
        group: dict[str, Any] | None = content["groups"].get(cells["グループ"])
        if group is None:
            rule = f"the sheet {_SHEETS['groups']} has no such group"
            self.problems.append(CellProblem(_SHEETS[key], f"A{row}", rule))
        return group

    def _items(self, content: dict[str, Any]) -> None:
        origins = {title: key for key, title in ORIGINS.items()}
        for row, cells in self._rows("items", _ITEM_HEAD):
            group = self._group(content, "items", row, cells)
            origin = origins.get(cells["由来"])
            if origin is None:
                rule = f"must be one of {', '.join(origins)}"
                self.problems.append(CellProblem(_SHEETS["items"], f"G{row}", rule))
            if group is None or origin is None:
                continue
            self._keep(
                ("groups", cells["グループ"], "items", cells["ローマ字"]), "items", f"B{row}"
            )
            group["items"][cells["ローマ字"]] = self._rule(origin, row, cells)

    def _rule(self, origin: str, row: int, cells: dict[str, str]) -> dict[str, Any]:
        scalar: Callable[[str], Any] = (
            (lambda text: self._parsed("items", f"H{row}", text))
            if origin in _PARSED_ORIGINS
            else str
        )
        rule: dict[str, Any] = {origin: scalar(cells["元"])}
        for place, (key, title) in enumerate(_STEPS.items(), start=9):
            if text := cells[title]:
                rule[key] = self._step(key, text, f"{chr(64 + place)}{row}")
        if cells["備考"]:
            rule["note"] = cells["備考"]
        return rule

    def _step(self, key: str, text: str, cell: str) -> Any:
        if key in _MARKS:
            if text != _CIRCLE:
                self.problems.append(
                    CellProblem(_SHEETS["items"], cell, f"must be {_CIRCLE} or empty")
                )
            return True
        return text if key in _TEXTS else self._parsed("items", cell, text)


__all__ = ["CellProblem", "MappingWorkbookError", "WorkbookError", "from_workbook", "to_workbook"]
