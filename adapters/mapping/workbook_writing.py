"""A mapping written as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.rows import path_from_root
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
from adapters.mapping.writing import in_one_line, plain
from standard_models.dictionary import DataItem, Group

if TYPE_CHECKING:
    from openpyxl import Workbook


def to_workbook(mapping: MappingDocument, groups: Mapping[str, Group]) -> Workbook:
    """Return the workbook of a mapping; ``groups`` are those of the standard, for the names."""
    from openpyxl import Workbook  # slow to load, and only workbooks need it

    content = plain(mapping)
    book = Workbook()
    book.remove(book.worksheets[0])
    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "cover": _cover_rows(content),
        "items": _item_rows(content, groups),
        "groups": _group_rows(content, groups),
        "dates": _date_rows(content),
        "tables": _table_rows(content),
        "codes": _code_rows(content),
        "characters": _character_rows(content),
        "reads": _read_rows(content),
        "layout": _layout_rows(content),
    }
    for key, title in SHEETS.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate((HEADS[key], *rows[key]), start=1):
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
    for key, title in COVER.items():
        if key in content:
            yield title, content[key]
    for key in PARSED_COVER:
        if key in content:
            yield key, in_one_line(content[key])


def _item_rows(content: dict[str, Any], groups: Mapping[str, Group]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        known: Mapping[str, DataItem] = groups[ref].by_field if ref in groups else {}
        layout = content["reads"].get(group["read"], {}).get("layout", {})
        for name, rule in group["items"].items():
            item = known.get(name)
            about = (
                (item.item_id, item.name, item.data_type.value, str(item.length))
                if item
                else ("",) * 4
            )
            origin = next(o for o in ORIGINS if o in rule)
            steps = (_written(key, rule.get(key)) for key in STEPS)
            source = in_one_line(rule[origin]) if origin in PARSED_ORIGINS else rule[origin]
            field = layout.get(_from_root(group, rule.get("field", "")), {})
            yield (
                ref, name, *about, ORIGINS[origin], source, *steps, rule.get("note", ""),
                field.get("name", ""),
            )  # fmt: skip


def _from_root(group: dict[str, Any], field: str) -> str:
    return path_from_root(group.get("records", ""), field) if field else ""


def _written(key: str, content: Any) -> str:
    if content is None:
        return ""
    if key in MARKS:
        return CIRCLE
    return content if key in TEXTS else in_one_line(content)


def _group_rows(content: dict[str, Any], groups: Mapping[str, Group]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        rest = {k: v for k, v in group.items() if k not in {"read", "items", "dates"}}
        yield ref, group["read"], groups[ref].name if ref in groups else "", in_one_line(rest)


def _date_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for ref, group in content["groups"].items():
        for name, rule in group.get("dates", {}).items():
            yield ref, name, in_one_line(rule)


def _table_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, table in content.get("code_tables", {}).items():
        yield name, *(table.get(key, "") for key in TABLE_KEYS)


def _code_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, table in content.get("code_tables", {}).items():
        for row in table["rows"]:
            to = row.get("to")
            yield (
                name,
                in_one_line(row["from"]),
                "" if to is None else in_one_line(to),
                row.get("note", ""),
                row.get("clause", ""),
            )


def _character_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for gaiji in content.get("characters", ()):
        yield gaiji["code"], gaiji.get("to") or "", gaiji.get("note", "")


def _read_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, read in content["reads"].items():
        yield name, in_one_line({k: v for k, v in read.items() if k != "layout"})


def _layout_rows(content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, read in content["reads"].items():
        for path, field in read.get("layout", {}).items():
            yield name, path, *(field.get(key, "") for key in FIELD_KEYS)
