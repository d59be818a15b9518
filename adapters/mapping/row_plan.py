"""The row plan: a mapping compiled for one group. It is the law of what a record becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.errors import Foreign, MappingFailed, WrongSubject
from adapters.mapping import conversions, date_items
from adapters.mapping.contents import content_reader
from adapters.mapping.conversions import Convert, Row
from adapters.mapping.invariants import items_of, judge
from adapters.mapping.model import CodeTranslation, GroupRule, ItemRule
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import NO_STEPS, OwnSteps
from adapters.mapping.rows import compile_rows, compile_surroundings
from adapters.mapping.text_items import SystemCharacters, text_content
from standard_models.answers import AbsenceReason, StandardRecord
from standard_models.characters.gaiji import GaijiTable
from standard_models.dictionary import DataItem, Group


def codes_of_town(municipality: str) -> frozenset[str]:
    """Return how systems write a 団体コード: six digits, or five without the check digit."""
    return frozenset({municipality, municipality[:5]})


@dataclass(frozen=True, slots=True)
class Converted:
    """What an answer of the source became: records, and how many could not become one."""

    records: tuple[StandardRecord, ...]
    lost: int


class RowPlan:
    """Converts the records of one group, for one set of wanted fields.

    Compile once, use for every record; it holds no state between records.
    """

    def __init__(
        self,
        document: MappingDocument,
        rule: GroupRule,
        group: Group,
        wanted: Iterable[str],
        own: OwnSteps = NO_STEPS,
        municipality: str | None = None,
    ) -> None:
        self._group = group
        self._town = rule.municipality or ""
        self._towns = codes_of_town(municipality) if rule.municipality and municipality else None
        self._rule = rule
        compiler = _Compiler(document, rule, own)
        self._wanted = tuple(wanted)
        judged = [
            (judge(name, invariant), items_of(invariant))
            for name, invariant in rule.invariants.items()
            if set(items_of(invariant)) & set(self._wanted)
        ]
        self._judges = tuple(mark for mark, _ in judged)
        needed = dict.fromkeys([*self._wanted, *(name for _, items in judged for name in items)])
        self.conversions = {name: compiler.conversion(group.item(name)) for name in needed}
        """How each item is made, by romaji name; those that invariants need are among them."""
        self._conversions = tuple(self.conversions.items())
        self._keep = conversions.condition_of(rule.where) if rule.where else None
        self._rows = compile_rows(rule.records, compiler.fields(needed))
        self._ranked_by = _ranked_by(rule) or self._rows

    def convert(self, answer: Any) -> Converted:
        """Return the records in ``answer``, a read's answer as the source gave it.

        Raises:
            ShapeError: the answer has another shape than the mapping says.
            WrongSubject: a record is of another municipality.
        """
        records: list[StandardRecord] = []
        lost = 0
        for row in self.rows(answer):
            try:
                records.append(self.to_standard(row))
            except MappingFailed:
                lost += 1
        return Converted(tuple(records), lost)

    def to_standard(self, row: Row) -> StandardRecord:
        """Return the standard record of one flat record of the source.

        Raises:
            MappingFailed: the source does not say whose record it is.
            WrongSubject: the record is of another municipality.
        """
        if self._towns and conversions.plain_text(row[self._town]) not in self._towns:
            raise WrongSubject("a record of another town", kind=Foreign.OTHER_MUNICIPALITY)
        subject = conversions.plain_text(row[self._rule.subject])
        if not subject:
            raise MappingFailed(f"{self._group.ref}: the field that names the person is empty")
        answers = {name: convert(row) for name, convert in self._conversions}
        if self._judges:
            for mark in self._judges:
                mark(answers)
            answers = {name: answers[name] for name in self._wanted}
        return StandardRecord(self._group.ref, subject, answers)

    def rows(self, answer: Any) -> Iterator[Row]:
        """Yield the flat records of ``answer`` that count: kept by ``where``, of the highest rank.

        Raises:
            ShapeError: the answer has another shape than the mapping says.
        """
        rows = self._kept(self._rows(answer))
        if not self._rule.highest:
            return rows
        top = max(map(self._rank, self._kept(self._ranked_by(answer))), default=())
        return (row for row in rows if self._rank(row) == top)

    def _kept(self, rows: Iterator[Row]) -> Iterator[Row]:
        return rows if self._keep is None else filter(self._keep, rows)

    def _rank(self, row: Row) -> tuple[tuple[int, int, str], ...]:
        return tuple(_rank(row[path]) for path in self._rule.highest)


def _ranked_by(rule: GroupRule) -> Callable[[Any], Iterator[Row]] | None:
    """Return what to rank where that is the element around a record and not the record itself."""
    if not rule.highest or not rule.highest[0].startswith("^"):
        return None
    fields = [*rule.highest, *([rule.where.field] if rule.where else [])]
    return compile_surroundings(rule.records, fields)


def conversions_of(
    document: MappingDocument, rule: GroupRule, items: Iterable[DataItem], own: OwnSteps = NO_STEPS
) -> dict[str, Convert]:
    """Return how ``items`` are made by ``rule``, which need not be one of the document."""
    compiler = _Compiler(document, rule, own)
    return {item.field_name: compiler.conversion(item) for item in items}


def fields_of(rule: GroupRule, name: str) -> tuple[str, ...]:
    """Return the source fields that the item ``name`` depends on, each once."""
    found = rule.items.get(name)
    return tuple(dict.fromkeys(_fields_of(rule, found))) if found is not None else ()


class RowPlans:
    """The row plans of a mapping, compiled when a set of fields is first asked for."""

    MAX_CACHED = 512

    def __init__(
        self,
        document: MappingDocument,
        groups: Mapping[str, Group],
        own: OwnSteps = NO_STEPS,
        municipality: str | None = None,
    ) -> None:
        """Prepare plans; ``own`` are the vendor's steps that the mapping names.

        With a ``municipality`` (6-digit 団体コード), records that echo another one are refused.
        """
        self._municipality = municipality
        self._document = document
        self._groups = groups
        self._own = own
        self._plans: dict[tuple[str, frozenset[str]], RowPlan] = {}

    def plan(self, group: str, wanted: frozenset[str] | None = None) -> RowPlan:
        """Return the plan of ``group`` for the wanted romaji fields, all of them by default.

        Raises:
            KeyError: the mapping does not cover the group, or names a step that is not there.
        """
        rule = self._document.groups[group]
        if wanted is None:
            wanted = frozenset(self._groups[group].by_field)
        key = (group, wanted)
        if (plan := self._plans.get(key)) is None:
            if len(self._plans) >= self.MAX_CACHED:
                self._plans.clear()
            plan = RowPlan(
                self._document,
                rule,
                self._groups[group],
                sorted(wanted),
                self._own,
                self._municipality,
            )
            self._plans[key] = plan
        return plan


class _Compiler:
    def __init__(self, document: MappingDocument, rule: GroupRule, own: OwnSteps) -> None:
        self._rule = rule
        self._own = own
        self._codes = {name: _codes(table) for name, table in document.code_tables.items()}
        self._characters = SystemCharacters(
            document.system,
            GaijiTable.of_system(
                document.system, {g.code: g.to for g in document.characters if g.to is not None}
            ),
        )
        self._dates = {
            name: date_items.date_reader(name, date) for name, date in rule.dates.items()
        }

    def conversion(self, item: DataItem) -> Convert:
        """Return how ``item`` is made; an item that the mapping leaves out is not supplied."""
        rule = self._rule.items.get(item.field_name)
        if rule is None:
            return conversions.absent(AbsenceReason.NOT_SUPPLIED)
        convert = self._origin(item, rule)
        if rule.default is not None:
            convert = conversions.with_default(item, rule.default, convert)
        if rule.applies_when is not None:
            convert = conversions.applies_when(rule.applies_when, convert)
        return convert

    def fields(self, wanted: Iterable[str]) -> set[str]:
        """Return every source field that the conversions of ``wanted`` read."""
        needed = {self._rule.subject, *self._rule.highest}
        if self._rule.municipality:
            needed.add(self._rule.municipality)
        if self._rule.where:
            needed.add(self._rule.where.field)
        for name in wanted:
            if rule := self._rule.items.get(name):
                needed.update(_fields_of(self._rule, rule))
        return needed

    def _origin(self, item: DataItem, rule: ItemRule) -> Convert:
        if rule.constant is not None:
            return conversions.constant(item, rule.constant)
        if rule.date is not None:
            return date_items.date_item(item, self._dates[rule.date])
        if rule.date_flag is not None:
            return date_items.flag_item(item, self._dates[rule.date_flag])
        if rule.date_text is not None:
            return date_items.text_item(item, self._dates[rule.date_text])
        if rule.absent is not None:
            return conversions.absent(rule.absent)
        codes = self._codes[rule.codes] if rule.codes else None
        content = conversions.content_of(item, rule, codes)
        content = content or text_content(item, rule, self._characters)
        return conversions.field(item, rule, content_reader(rule, self._own), content)


def _fields_of(group: GroupRule, rule: ItemRule) -> Iterator[str]:
    yield from rule.contents
    if rule.applies_when:
        yield rule.applies_when.field
    if name := rule.date or rule.date_flag or rule.date_text:
        date = group.dates[name]
        yield date.field
        if date.text_field:
            yield date.text_field


def _codes(table: CodeTranslation) -> dict[str, str | None]:
    return {row.code: row.to for row in table.rows}


def _rank(content: Any) -> tuple[int, int, str]:
    """Return a sort key: numbers by size, texts by their characters, nothing below everything."""
    text = conversions.plain_text(content)
    if not text:
        return (0, 0, "")
    return (1, int(text), "") if text.isdecimal() else (1, -1, text)
