"""What a mapping makes of real records: counted item by item, column by column, code by code.

Everything adds up: records read are those of answers, those damaged, headers and trailers; rows of
answers are those converted and those without a person; the outcomes of an item add up to the
records of its group. Only codes are shown, no other content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.errors import MappingFailed
from adapters.mapping.contents import ReadContent, content_reader
from adapters.mapping.conversions import plain_text
from adapters.mapping.model import GroupRule, ItemRule
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import NO_STEPS, OwnSteps
from adapters.mapping.row_plan import RowPlan, RowPlans
from adapters.mapping.rows import compile_rows, path_from_root
from standard_models.answers import Answer, Quality, Value
from standard_models.dictionary import DataItem, Group

MAX_CODE: Final = 8
"""Longer contents of a coded column are not shown: they are no codes."""
TOO_LONG: Final = "（長い値 / long value）"


@dataclass
class ItemCoverage:
    """One standard item: its origin (filled, derived, constant, …) and how its records came out."""

    item: DataItem
    origin: str
    outcomes: Counter[str] = field(default_factory=Counter)
    quality: Counter[str] = field(default_factory=Counter)


@dataclass
class GroupCoverage:
    """One group: its records, those that name nobody, its items and its coded columns."""

    group: Group
    records: int = 0
    nobody: int = 0
    items: dict[str, ItemCoverage] = field(default_factory=dict)
    codes: dict[str, Counter[tuple[str, bool]]] = field(default_factory=dict)
    """By code table: how often a value came, and whether the table has a standard code for it."""
    clauses: dict[str, dict[str, str]] = field(default_factory=dict)
    """By code table and value: the clause of the vendor's document behind its row."""


@dataclass
class Coverage:
    """The whole report. ``columns`` are the source's fields: filled, and the items made of them.

    ``read`` counts records as they lie in the file: those of the answers, the damaged ones and the
    ``control`` records (headers and trailers). ``answers`` are what records were joined to.
    """

    read: int = 0
    answers: int = 0
    control: int = 0
    control_findings: list[Quality] = field(default_factory=list)
    damaged: Counter[str] = field(default_factory=Counter)
    groups: dict[str, GroupCoverage] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "read": self.read,
            "answers": self.answers,
            "control": self.control,
            "control_findings": [quality.to_json() for quality in self.control_findings],
            "damaged": dict(self.damaged),
            "findings": dict(self.findings),
            "groups": {ref: _group_json(group) for ref, group in self.groups.items()},
            "columns": {
                path: {"filled": count, "items": list(self.used.get(path, ()))}
                for path, count in self.columns.items()
            },
        }


def _group_json(group: GroupCoverage) -> dict[str, Any]:
    return {
        "records": group.records,
        "nobody": group.nobody,
        "items": {
            name: {
                "origin": item.origin,
                "outcomes": dict(item.outcomes),
                "quality": dict(item.quality),
            }
            for name, item in group.items.items()
        },
        "codes": {
            table: [
                {
                    "value": value,
                    "mapped": mapped,
                    "count": count,
                    "clause": group.clauses.get(table, {}).get(value, ""),
                }
                for (value, mapped), count in counted.most_common()
            ]
            for table, counted in group.codes.items()
        },
    }


class CoverageCounter:
    """Counts record by record, in bounded memory."""

    def __init__(
        self,
        document: MappingDocument,
        groups: Mapping[str, Group],
        read: str,
        columns: list[str],
        own: OwnSteps = NO_STEPS,
    ) -> None:
        """Prepare the groups that ``read`` feeds; ``columns`` are the fields of its records.

        ``own`` are the vendor's steps that the mapping names.
        """
        rules = {ref: rule for ref, rule in document.groups.items() if rule.read == read}
        plans = RowPlans(document, groups, own)
        self._plans = {ref: plans.plan(ref) for ref in rules}
        self._codes = {ref: list(_code_readers(document, rule, own)) for ref, rule in rules.items()}
        self.report = Coverage(
            groups={
                ref: GroupCoverage(
                    groups[ref], items=_items(groups[ref], rule), clauses=_clauses(document, rule)
                )
                for ref, rule in rules.items()
            },
            columns=dict.fromkeys(columns, 0),
            used=_used(rules),
        )

    def count_control(self, findings: Iterable[Quality], records: int = 1) -> None:
        """Count a header or trailer, and what is wrong with the file as a whole."""
        self.report.read += records
        self.report.control += records
        self.report.control_findings += findings

    def count(
        self, record: Mapping[str, Any] | None, findings: list[str], records: int = 1
    ) -> None:
        """Count a record, or an answer of several ``records``.

        None for one that is damaged, with the codes of what was seen.

        Raises:
            ShapeError: the record lacks a field that the mapping reads.
        """
        self.report.read += records
        if record is None:
            self.report.damaged[findings[0] if findings else ""] += records
            return
        self.report.answers += 1
        self.report.findings.update(findings)
        for path in self.report.columns:
            self.report.columns[path] += _is_filled(record, path)
        for ref, plan in self._plans.items():
            self._count_group(self.report.groups[ref], plan, record)
            for table, mapped, rows, readers in self._codes[ref]:
                counter = self.report.groups[ref].codes.setdefault(table, Counter())
                for row in rows(record):
                    counter.update(_codes_of(row, readers, mapped))

    def _count_group(self, group: GroupCoverage, plan: RowPlan, record: Mapping[str, Any]) -> None:
        for row in plan.rows(record):
            try:
                standard = plan.to_standard(dict(row))
            except MappingFailed:
                group.nobody += 1
                continue
            group.records += 1
            for name, answer in standard.answers.items():
                item = group.items[name]
                item.outcomes[_outcome(answer, item.origin)] += 1
                item.quality.update(q.code for q in answer.quality)


def _outcome(answer: Answer, origin: str) -> str:
    if not isinstance(answer, Value):
        return answer.reason.value
    if any(q.code == "DEFAULTED" for q in answer.quality):
        return "defaulted"
    return "filled" if origin in {"field", "fields", "date"} else origin


def _items(group: Group, rule: GroupRule) -> dict[str, ItemCoverage]:
    return {
        name: ItemCoverage(item, _origin(rule.items.get(name)))
        for name, item in group.by_field.items()
    }


def _clauses(document: MappingDocument, rule: GroupRule) -> dict[str, dict[str, str]]:
    names = {item.codes for item in rule.items.values()} & document.code_tables.keys()
    tables = {name: document.code_tables[name] for name in names if name is not None}
    return {
        name: {row.code: clause for row in table.rows if (clause := table.clause_of(row))}
        for name, table in tables.items()
    }


def _origin(rule: ItemRule | None) -> str:
    if rule is None:
        return "never"
    for origin in ("field", "fields", "constant", "date", "date_flag", "date_text"):
        if getattr(rule, origin) is not None:
            return "derived" if origin in {"date_flag", "date_text"} else origin
    return "never"


def _used(rules: Mapping[str, GroupRule]) -> dict[str, tuple[str, ...]]:
    """Return, for each field of the source, the items that are made of it."""
    found: dict[str, list[str]] = {}
    for ref, rule in rules.items():
        for name, item in rule.items.items():
            for path in _fields_of(rule, item):
                deep = path_from_root(rule.records, path)
                found.setdefault(deep, []).append(f"{ref}.{name}")
    return {path: tuple(items) for path, items in found.items()}


def _fields_of(rule: GroupRule, item: ItemRule) -> Iterator[str]:
    yield from item.contents
    if item.applies_when:
        yield item.applies_when.field
    date = rule.dates.get(item.date or item.date_flag or item.date_text or "")
    if date is not None:
        yield date.field
        if date.text_field:
            yield date.text_field


_CodeReader = tuple[str, frozenset[str], Any, tuple[ReadContent, ...]]


def _code_readers(
    document: MappingDocument, rule: GroupRule, own: OwnSteps
) -> Iterator[_CodeReader]:
    """Yield, for each code table, its mapped codes and how the contents it translates are read."""
    for name in dict.fromkeys(item.codes for item in rule.items.values()):
        if name is None or name not in document.code_tables:
            continue
        coded = [item for item in rule.items.values() if item.codes == name and item.contents]
        once = {(item.contents, item.slice, item.join, item.steps): item for item in coded}
        yield (
            name,
            frozenset(row.code for row in document.code_tables[name].rows if row.to is not None),
            compile_rows(rule.records, [path for item in coded for path in item.contents]),
            tuple(content_reader(item, own) for item in once.values()),
        )


def _codes_of(
    row: dict[str, Any], readers: tuple[ReadContent, ...], mapped: frozenset[str]
) -> Iterator[tuple[str, bool]]:
    for read in readers:
        value = plain_text(read(row))
        if value:
            known = value in mapped
            yield (value if known or len(value) <= MAX_CODE else TOO_LONG), known


def _is_filled(record: Mapping[str, Any], path: str) -> bool:
    nodes: list[Any] = [record]
    for name in path.split("."):
        inner = [node[name] for node in nodes if isinstance(node, Mapping) and name in node]
        nodes = [e for node in inner for e in (node if isinstance(node, list) else [node])]
    return any(node is not None and plain_text(node) for node in nodes)
