"""The layout sheet of a system (Excel): its fields, and the copybook that says the same.

A sheet has a heading row with a field name (物理名) and a name (項目名); for a copybook also a kind
(型) and digits (桁). Where it states places (位置, from 1) and bytes (バイト) too, they are held
against what the kinds and digits come to, so that a slip of the sheet is found before any file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.files.copybook import CopybookError, read_copybook
from adapters.files.host_files import FileShapeError
from adapters.files.layout import Layout
from standard_models.workbooks.sheets import Sheet, WorkbookError, heading_key, read_sheets

_HEADS: Final = {
    "place": re.compile(r"位置|開始|offset|start"),
    "size": re.compile(r"バイト|byte"),
    "field": re.compile(r"物理名|フィールド|カラム|英字名|項目id|変数名|column|field"),
    "name": re.compile(r"項目名|論理名|日本語名|名称|データ項目|項目"),
    "kind": re.compile(r"型|属性|タイプ|picture|^pic|type"),
    "digits": re.compile(r"桁|けた|文字数|digits|length"),
}
_KINDS: Final = {
    "X": ("x", "c", "char", "文字", "英数", "英数字", "半角"),
    "9": ("9", "数字", "ゾーン", "符号なしゾーン"),
    "S9": ("s9", "符号付数字", "符号付きゾーン", "符号付ゾーン"),
    "N": ("n", "k", "漢字", "全角", "日本語"),
    "9 COMP-3": ("p", "パック", "符号なしパック", "9comp-3", "packed"),
    "S9 COMP-3": ("sp", "符号付パック", "符号付きパック", "s9comp-3"),
}
_KIND_OF: Final = {word: kind for kind, words in _KINDS.items() for word in words}
_PICTURE: Final = re.compile(r"S?(?:[9XN]+(?:\(\d+\))?)+(?:V9+(?:\(\d+\))?)?(?: COMP(?:-[345])?)?")
_NAME: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?")
_ASKED: Final = "X, 9, S9, N, 9 COMP-3, S9 COMP-3 or a picture such as X(10)"


@dataclass(frozen=True, slots=True)
class SheetField:
    """A row of the sheet: ``field`` is the physical name, ``name`` the Japanese one.

    ``kind``, ``digits``, ``place`` and ``size`` are texts as they stand there, empty without one.
    """

    at: str
    field: str
    name: str
    kind: str = ""
    digits: str = ""
    place: str = ""
    size: str = ""

    @property
    def path(self) -> str:
        """Return the field as a mapping names it."""
        return self.field.lower().replace("-", "_")


class LayoutSheetError(Exception):
    """No copybook can be made of the sheet; ``problems`` has everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def read_layout_sheet(path: Path) -> list[SheetField]:
    """Return the rows of the first sheet that has a heading row.

    Raises:
        FileShapeError: it is no workbook, or no sheet has the heading row.
    """
    try:
        sheets = read_sheets(path)
    except WorkbookError as error:
        raise FileShapeError(str(error)) from None
    for sheet in sheets:
        if fields := list(_fields_of(sheet)):
            return fields
    raise FileShapeError(
        f"{path.name}: no sheet has a heading row with a field name (物理名) and a name (項目名)"
    )


def _fields_of(sheet: Sheet) -> Iterator[SheetField]:
    heads: dict[str, int] = {}
    for row, cells in sheet.rows(1):
        if not heads:
            heads = _heads_of({cell.column: cell.key for cell in cells})
        elif sheet.text(row, heads["field"]):
            texts = {part: sheet.text(row, column) for part, column in heads.items()}
            yield SheetField(f"{sheet.name}!{row}", **texts)


def _heads_of(keys: dict[int, str]) -> dict[str, int]:
    """Return the column of each part; nothing where the row is no heading row."""
    found: dict[str, int] = {}
    for part, head in _HEADS.items():
        columns = (c for c, key in keys.items() if c not in found.values() and head.search(key))
        if column := next(columns, 0):
            found[part] = column
    return found if {"field", "name"} <= found.keys() else {}


def copybook_of_sheet(path: Path, record: str) -> str:
    """Return the copybook of a layout sheet; ``record`` is the name of its record.

    Raises:
        FileShapeError: the sheet cannot be read.
        LayoutSheetError: with every row that is wrong.
    """
    fields = read_layout_sheet(path)
    problems = [f"{f.at}: {problem}" for f in fields for problem in _problems(f)]
    if problems:
        raise LayoutSheetError(problems)
    lines = [f"      * {path.name}", f"       01  {record}."]
    for found in fields:
        lines.append(f"      * {found.name}")
        lines.append(f"           05  {_cobol(found.field):<16} PIC {_picture(found)}.")
    text = "\n".join(lines) + "\n"
    try:
        layout = read_copybook(text)
    except CopybookError as error:
        raise LayoutSheetError([str(error)]) from None
    if problems := list(_displaced(fields, layout)):
        raise LayoutSheetError(problems)
    return text


def _problems(found: SheetField) -> Iterator[str]:
    if not _NAME.fullmatch(_cobol(found.field)):
        yield f"the field name {found.field} has the letters A-Z, digits and -"
    if found.digits and not found.digits.isdecimal():
        yield "the digits are no whole number"
    if heading_key(found.kind) in _KIND_OF:
        if not found.digits:
            yield f"the kind {found.kind} needs its digits"
    elif not _PICTURE.fullmatch(found.kind.upper()) or (found.digits and "(" not in found.kind):
        yield f"the kind {found.kind or '(none)'} is not read; write {_ASKED}"


def _picture(found: SheetField) -> str:
    kind = _KIND_OF.get(heading_key(found.kind))
    if kind is None or not found.digits:
        return found.kind.upper()
    base, _, usage = kind.partition(" ")
    return f"{base}({int(found.digits)}) {usage}".strip()


def _cobol(field: str) -> str:
    return field.upper().replace("_", "-")


def _displaced(fields: Sequence[SheetField], layout: Layout) -> Iterator[str]:
    """Yield where the places and bytes that the sheet states are not those of the copybook."""
    spans = {path: (place + 1, member.length) for path, place, member in layout.fields()}
    for found in fields:
        place, size = spans.get(found.path, (None, None))
        for stated, own, word in ((found.place, place, "place"), (found.size, size, "bytes")):
            if stated and own is not None and stated != str(own):
                yield f"{found.at}: {word} {stated} of {found.field}; the rows come to {own}"


def names_of_sheet(path: Path) -> dict[str, str]:
    """Return the Japanese name of each field, by its name in a mapping.

    Raises:
        FileShapeError: the sheet cannot be read.
    """
    return {found.path: found.name for found in read_layout_sheet(path)}
