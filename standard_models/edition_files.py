"""Reads an edition from its folder: `edition.yaml`, `items.csv`, `codes.csv`, `labels_en.csv`.

``items.csv`` and ``codes.csv`` have the columns of the official workbooks; ``edition.yaml`` adds
what the official format has no column for (romaji keys of groups, cardinality, address class).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standard_models.api_specifications import ApiSpecification
from standard_models.dictionary import (
    Cardinality,
    CodeTable,
    Condition,
    DataItem,
    DataType,
    Edition,
    Group,
)
from standard_models.edition_rows import EditionError, Row, read_rows, read_yaml
from standard_models.values.codes import CodeId

__all__ = ["ITEM_COLUMNS", "EditionError", "load_edition"]

UNKNOWN_DATE_ALLOWED = "不詳日を許容"

ITEM_COLUMNS = (
    "データ項目ID", "業務コード", "項目コード", "データ項目", "データ項目（ローマ字）",
    "グループ_名称", "グループ_主キー", "グループ_外部キー", "クラス分類Lv1", "クラス分類Lv2",
    "クラス分類Lv3", "データ型", "桁数", "コードID", "繰り返し", "データ出力条件", "項目定義",
    "項目説明", "標準仕様書関連箇所", "実装類型", "サンプル値", "備考",
)  # fmt: skip
"""The columns of ``items.csv``: those of the official lists, the two-row headings joined by _."""

_OFFICIAL_ID = re.compile(r"\d{8}", re.ASCII)
_PROVISIONAL_ID = re.compile(r"\d{3}P\d{4}", re.ASCII)
_PARAMETER_ID = re.compile(r"\d{3}Q\d{4}", re.ASCII)
"""Parameters of an API have no official id: this one is ours, by position."""
_FIELD_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_LENGTH = re.compile(r"([1-9]\d*)(?:,(\d+))?", re.ASCII)
_FIXED_LENGTHS = {DataType.YEAR: 4, DataType.DATE: 10, DataType.TIME: 8}
_CODES_COLUMNS = ("コードID", "コード名", "コード値", "コード値の内容")


@dataclass(frozen=True, slots=True)
class _GroupHead:
    key: str
    name: str
    label_en: str
    cardinality: Cardinality
    address_class: frozenset[str]
    protection_register: bool


@dataclass(frozen=True, slots=True)
class _Head:
    """What ``edition.yaml`` says."""

    path: Path
    content: Mapping[str, Any]
    groups: Mapping[str, _GroupHead]
    api: ApiSpecification | None

    def __getitem__(self, key: str) -> Any:
        if key not in self.content:
            raise EditionError(self.path, None, key, "the entry is missing")
        return self.content[key]


def load_edition(folder: Path) -> Edition:
    """Return the edition in ``folder``.

    Raises:
        EditionError: naming file, row, column and the rule that is broken.
    """
    head = _read_head(folder / "edition.yaml")
    tables = _read_codes(folder / "codes.csv")
    labels = _read_labels(folder / "labels_en.csv")
    items = [_item(row, head, tables, labels) for row in read_rows(folder / "items.csv")]
    _refuse_repeats(folder / "items.csv", items)
    _refuse_strays(folder, head, items, labels)
    edition_id = str(head["edition"])
    groups = tuple(
        Group(
            business_id=head["business"],
            key=group.key,
            name=group.name,
            label_en=group.label_en,
            cardinality=group.cardinality,
            edition_id=edition_id,
            provisional=head["provisional"],
            items=tuple(i for i in items if i.group_key == group.key),
            protection_register=group.protection_register,
        )
        for group in head.groups.values()
    )
    for group in groups:
        if not group.items or not (group.primary_key or head.api):
            raise EditionError(head.path, None, group.key, "the group has no item or no key")
    return Edition(
        business_id=head["business"],
        edition_id=edition_id,
        name=head["name"],
        label_en=head["label_en"],
        provisional=head["provisional"],
        published=str(head["published"]) if head["published"] else None,
        source=head["source"],
        licence=head["licence"],
        groups=groups,
        code_tables=tables,
        api=head.api,
    )


def _read_head(path: Path) -> _Head:
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
        raise EditionError(path, None, "groups", "must be a list of groups")
    groups = {g.name: g for g in _group_heads(path, content["groups"])}
    head = _Head(path, content, groups, _read_api(path.with_name("api.yaml")))
    if not isinstance(head["provisional"], bool):
        raise EditionError(path, None, "provisional", "must be true or false")
    if not re.fullmatch(r"\d{3}", str(head["business"]), re.ASCII):
        raise EditionError(path, None, "business", "must be the 業務ID: three digits in quotes")
    if len(head.groups) != len(content["groups"]):
        raise EditionError(path, None, "groups", "a group stands twice")
    return head


def _read_api(path: Path) -> ApiSpecification | None:
    if not path.exists():
        return None
    try:
        return ApiSpecification.from_plain(read_yaml(path))
    except (KeyError, TypeError) as error:
        rule = f"is no API specification ({type(error).__name__})"
        raise EditionError(path, None, None, rule) from None


def _group_heads(path: Path, entries: list[Any]) -> Iterator[_GroupHead]:
    keys: set[str] = set()
    for entry in entries:
        try:
            head = _GroupHead(
                entry["key"],
                entry["name"],
                entry["label_en"],
                Cardinality(entry["cardinality"]),
                frozenset(entry["address_class"]),
                entry.get("protection_register", False),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise EditionError(path, None, "groups", f"{error} is missing or wrong") from None
        if not isinstance(head.protection_register, bool):
            raise EditionError(path, None, "protection_register", "must be true or false")
        if not _FIELD_NAME.fullmatch(str(head.key)) or head.key in keys:
            raise EditionError(path, None, "groups", "a key must be romaji, and stand once")
        keys.add(head.key)
        yield head


def _read_labels(path: Path) -> dict[str, str]:
    labels: dict[str, str] = {}
    for row in read_rows(path):
        if row["item_id"] in labels:
            row.refuse("item_id", "the id stands twice")
        labels[row["item_id"]] = row["label_en"] or row.refuse("label_en", "must not be empty")
    return labels


def _read_codes(path: Path) -> dict[CodeId, CodeTable]:
    found: dict[CodeId, tuple[str, str, dict[str, str]]] = {}
    for row in read_rows(path):
        for column in _CODES_COLUMNS:
            if not row[column]:
                row.refuse(column, "must not be empty")
        code_id = _code_id(row)
        _, name, values = found.setdefault(code_id, (row["コードID"], row["コード名"], {}))
        if row["コード名"] != name:
            row.refuse("コード名", "the table has another name above")
        if code_id.municipality_decides:
            continue
        if row["コード値"] in values:
            row.refuse("コード値", "the value stands twice in its table")
        values[row["コード値"]] = row["コード値の内容"]
    return {code_id: CodeTable(*table) for code_id, table in found.items()}


def _code_id(row: Row) -> CodeId:
    try:
        return CodeId.parse(row["コードID"])
    except ValueError as error:
        row.refuse("コードID", str(error))


def _item(
    row: Row, head: _Head, tables: Mapping[CodeId, CodeTable], labels: Mapping[str, str]
) -> DataItem:
    group = head.groups.get(row["グループ_名称"])
    if group is None:
        row.refuse("グループ_名称", "edition.yaml does not list this group")
    if not _FIELD_NAME.fullmatch(field_name := row["データ項目（ローマ字）"]):
        row.refuse("データ項目（ローマ字）", "must be lower-case romaji joined by _")
    item_id = _item_id(row, head)
    data_type = row.choice("データ型", DataType)
    length, fraction = _length(row, data_type)
    return DataItem(
        item_id=item_id,
        business_id=head["business"],
        group_key=group.key,
        field_name=field_name,
        name=row["データ項目"] or row.refuse("データ項目", "must not be empty"),
        label_en=labels.get(item_id) or row.refuse("データ項目ID", "labels_en.csv has no label"),
        data_type=data_type,
        length=length,
        fraction=fraction,
        code_id=row["コードID"] or None,
        codes=_codes(row, tables),
        repeat=row.number_in("繰り返し"),
        condition=row.choice("データ出力条件", Condition),
        primary_key=row.circle("グループ_主キー"),
        foreign_key=row.circle("グループ_外部キー"),
        allows_unknown_date=UNKNOWN_DATE_ALLOWED in row["項目説明"],
        address_class=field_name in group.address_class,
        definition=row["項目定義"],
        sample=row["サンプル値"],
        provisional=head["provisional"],
    )


def _item_id(row: Row, head: _Head) -> str:
    column = "データ項目ID"
    item_id = row[column]
    pattern, kind = _id_rule(head)
    if not pattern.fullmatch(item_id):
        row.refuse(column, kind)
    if row["業務コード"] != head["business"] or not item_id.startswith(head["business"]):
        row.refuse(column, "must begin with the 業務ID of the edition")
    own = row["項目コード"]
    if item_id[3:] != (own.zfill(5) if own.isdecimal() else own):
        row.refuse(column, "must end with the 項目コード")
    return item_id


def _id_rule(head: _Head) -> tuple[re.Pattern[str], str]:
    if head["provisional"]:
        return _PROVISIONAL_ID, "a provisional id is 001P0001"
    if head.api is not None:
        return _PARAMETER_ID, "the id of a parameter is 031Q0001"
    return _OFFICIAL_ID, "an id is eight digits"


def _length(row: Row, data_type: DataType) -> tuple[int, int]:
    if data_type is DataType.BLOB and not row["桁数"]:
        return 0, 0
    found = _LENGTH.fullmatch(row["桁数"])
    decimal = data_type is DataType.DECIMAL
    if found is None or decimal != (found[2] is not None):
        row.refuse("桁数", "must be a number; for 9V two numbers joined by a comma")
    length = int(found[1])
    if length != _FIXED_LENGTHS.get(data_type, length):
        row.refuse("桁数", f"is {_FIXED_LENGTHS[data_type]} for {data_type}")
    return length, int(found[2] or 0)


def _codes(row: Row, tables: Mapping[CodeId, CodeTable]) -> CodeTable | None:
    if not row["コードID"] or (code_id := _code_id(row)).municipality_decides:
        return None
    if code_id not in tables:
        row.refuse("コードID", "codes.csv has no such table")
    return tables[code_id]


def _refuse_repeats(path: Path, items: list[DataItem]) -> None:
    ids: set[str] = set()
    refs: set[str] = set()
    for number, item in enumerate(items, start=2):
        if item.item_id in ids:
            raise EditionError(path, number, "データ項目ID", "the id stands twice")
        if item.ref in refs:
            raise EditionError(path, number, "データ項目（ローマ字）", "stands twice in its group")
        ids.add(item.item_id)
        refs.add(item.ref)


def _refuse_strays(
    folder: Path, head: _Head, items: list[DataItem], labels: Mapping[str, str]
) -> None:
    """Refuse labels and address-class fields that name no item: a slip there hides an item."""
    if unknown := labels.keys() - {item.item_id for item in items}:
        path = folder / "labels_en.csv"
        raise EditionError(path, None, "item_id", f"{min(unknown)} is no item of the list")
    for group in head.groups.values():
        fields = {item.field_name for item in items if item.group_key == group.key}
        if stray := group.address_class - fields:
            rule = f"{min(stray)} is no item of the group {group.key}"
            raise EditionError(head.path, None, "address_class", rule)
