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
from typing import Any

import yaml
from pydantic import ValidationError

from adapters.mapping.document import MappingLoader
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.workbook_shape import (
    CIRCLE,
    COVER,
    FIELD_KEYS,
    HEADS,
    MARKS,
    ORIGINS,
    PARSED_COVER,
    PARSED_ORIGINS,
    SHEETS,
    STEPS,
    TABLE_KEYS,
    TEXTS,
)
from adapters.mapping.workbook_writing import to_workbook
from standard_models.workbooks.sheets import Sheet, WorkbookError, read_sheets


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
        self._layout(content)
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
        sheet, cell = self._places.get(around, (SHEETS["cover"], "A1"))
        self.problems.append(CellProblem(sheet, cell, f"{'.'.join(path)}: {rule}"))

    def _rows(self, key: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the filled rows of a sheet as texts by heading."""
        title, head = SHEETS[key], HEADS[key]
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
            self.problems.append(CellProblem(SHEETS[key], cell, "cannot be read"))
            return None

    def _keep(self, path: tuple[str, ...], key: str, cell: str) -> None:
        if path in self._places:
            self.problems.append(CellProblem(SHEETS[key], cell, "stands twice"))
        self._places[path] = (SHEETS[key], cell)

    def _cover(self, content: dict[str, Any]) -> None:
        titles = {title: key for key, title in COVER.items()}
        for row, cells in self._rows("cover"):
            key = titles.get(cells["項目"], cells["項目"])
            self._keep((key,), "cover", f"B{row}")
            if key in {*PARSED_COVER, "language"}:
                content[key] = self._parsed("cover", f"B{row}", cells["内容"])
            else:
                content[key] = cells["内容"]

    def _reads(self, content: dict[str, Any]) -> None:
        content["reads"] = {}
        for row, cells in self._rows("reads"):
            self._keep(("reads", cells["名前"]), "reads", f"B{row}")
            content["reads"][cells["名前"]] = self._parsed("reads", f"B{row}", cells["内容"])

    def _codes(self, content: dict[str, Any]) -> None:
        tables: dict[str, Any] = {}
        for row, cells in self._rows("tables"):
            name = cells["コード表"]
            self._keep(("code_tables", name), "tables", f"A{row}")
            tables[name] = {"rows": [], **_filled(cells, TABLE_KEYS)}
        for row, cells in self._rows("codes"):
            table = self._of("tables", tables, cells["コード表"], "codes", row)
            if table is None:
                continue
            rows = table["rows"]
            path = ("code_tables", cells["コード表"], "rows", str(len(rows)))
            self._keep(path, "codes", f"B{row}")
            to = cells["標準のコード"]
            line = {
                "from": self._parsed("codes", f"B{row}", cells["元のコード"]),
                "to": self._parsed("codes", f"C{row}", to) if to else None,
            }
            rows.append(line | _filled(cells, {"note": "備考", "clause": "根拠"}))
        if tables:
            content["code_tables"] = tables

    def _layout(self, content: dict[str, Any]) -> None:
        for row, cells in self._rows("layout"):
            read = self._of("reads", content["reads"], cells["問い合わせ"], "layout", row)
            if not isinstance(read, dict):
                continue
            path = cells["欄"]
            self._keep(("reads", cells["問い合わせ"], "layout", path), "layout", f"B{row}")
            read.setdefault("layout", {})[path] = _filled(cells, FIELD_KEYS)

    def _characters(self, content: dict[str, Any]) -> None:
        for row, cells in self._rows("characters"):
            found = content.setdefault("characters", [])
            self._keep(("characters", str(len(found))), "characters", f"A{row}")
            line = {"code": cells["元の符号"], "to": cells["文字"] or None}
            found.append(line | _filled(cells, {"note": "備考"}))

    def _groups(self, content: dict[str, Any]) -> None:
        content["groups"] = {}
        for row, cells in self._rows("groups"):
            self._keep(("groups", cells["グループ"]), "groups", f"A{row}")
            rest = self._parsed("groups", f"D{row}", cells["その他"])
            rest = rest if isinstance(rest, dict) else {}
            group = {"read": cells["問い合わせ"], **rest, "items": {}}
            content["groups"][cells["グループ"]] = group

    def _dates(self, content: dict[str, Any]) -> None:
        for row, cells in self._rows("dates"):
            group = self._of("groups", content["groups"], cells["グループ"], "dates", row)
            if group is None:
                continue
            name = cells["日付"]
            self._keep(("groups", cells["グループ"], "dates", name), "dates", f"C{row}")
            rule = self._parsed("dates", f"C{row}", cells["読み方"])
            group.setdefault("dates", {})[name] = rule

    def _of(self, sheet: str, known: dict[str, Any], name: str, key: str, row: int) -> Any:
        """Return the part ``name`` of a sheet; None, and a problem, where it has no such part."""
        found = known.get(name)
        if found is None:
            rule = f"the sheet {SHEETS[sheet]} has no {name}"
            self.problems.append(CellProblem(SHEETS[key], f"A{row}", rule))
        return found

    def _items(self, content: dict[str, Any]) -> None:
        origins = {title: key for key, title in ORIGINS.items()}
        for row, cells in self._rows("items"):
            group = self._of("groups", content["groups"], cells["グループ"], "items", row)
            origin = origins.get(cells["由来"])
            if origin is None:
                rule = f"must be one of {', '.join(origins)}"
                self.problems.append(CellProblem(SHEETS["items"], f"G{row}", rule))
            if group is None or origin is None:
                continue
            self._keep(
                ("groups", cells["グループ"], "items", cells["ローマ字"]), "items", f"B{row}"
            )
            group["items"][cells["ローマ字"]] = self._rule(origin, row, cells)

    def _rule(self, origin: str, row: int, cells: dict[str, str]) -> dict[str, Any]:
        scalar: Callable[[str], Any] = (
            (lambda text: self._parsed("items", f"H{row}", text))
            if origin in PARSED_ORIGINS
            else str
        )
        rule: dict[str, Any] = {origin: scalar(cells["元"])}
        for place, (key, title) in enumerate(STEPS.items(), start=9):
            if text := cells[title]:
                rule[key] = self._step(key, text, f"{chr(64 + place)}{row}")
        if cells["備考"]:
            rule["note"] = cells["備考"]
        return rule

    def _step(self, key: str, text: str, cell: str) -> Any:
        if key in MARKS:
            if text != CIRCLE:
                self.problems.append(
                    CellProblem(SHEETS["items"], cell, f"must be {CIRCLE} or empty")
                )
            return True
        return text if key in TEXTS else self._parsed("items", cell, text)


def _filled(cells: dict[str, str], keys: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that have a content, by key."""
    return {key: cells[title] for key, title in keys.items() if cells[title]}


__all__ = ["CellProblem", "MappingWorkbookError", "WorkbookError", "from_workbook", "to_workbook"]
