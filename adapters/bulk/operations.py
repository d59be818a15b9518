"""A mapping rule as operations of the kernel: which one an item needs, and what it must prove.

An operation is chosen only where the row plan, asked about examples, does just that. Everything
else becomes an operation that only repeats what the row plan has done with the same bytes before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters.bulk.inputs import Input, InputField, NotInBlocksError
from adapters.bulk.opcodes import Code, Kind, Role
from adapters.mapping.conversions import Convert, Row, condition_of, plain_text
from adapters.mapping.invariants import items_of
from adapters.mapping.model import (
    Amount,
    AmountUnit,
    Condition,
    DateFormat,
    DateRule,
    GroupRule,
    ItemRule,
    Text,
)
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import OwnSteps
from adapters.mapping.row_plan import conversions_of, fields_of
from adapters.mapping.value_rules import NumberKind
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.dictionary import DataItem, DataType, Group
from standard_models.values.identifiers import MAX_LOCAL

Probe = Callable[[str], str | None]
"""From the text of a field to the value that the row plan makes of it; None: it says more."""

HOLDS, FAILS = 1, 0
MOST_DIGITS: Final = 17
_ENDLESS: Final = 1_000_000
_TEXTS: Final = {DataType.HALF_WIDTH, DataType.FULL_WIDTH}
_WHOLE: Final = {DataType.INTEGER, DataType.SIGNED_INTEGER}
_UNITS: Final = {
    AmountUnit.YEN: 1,
    AmountUnit.THOUSAND_YEN: 1_000,
    AmountUnit.MILLION_YEN: 1_000_000,
}
_WIDTHS: Final = {
    DateFormat.ERA_DIGITS: 7,
    DateFormat.WESTERN_DIGITS: 8,
    DateFormat.SHORT_WESTERN_DIGITS: 6,
}


@dataclass(slots=True)
class Operation:
    """One operation: what the kernel does, and how the row plan does the same.

    ``convert`` is the row plan's own conversion, of a record with the ``fields``; ``holds`` that of
    a condition. ``probe`` is the conversion of one text, without conditions, defaults and nulls.
    ``main`` is the field whose bytes are read; the outcome depends on all ``fields``.
    """

    code: Code
    role: Role
    name: str
    fields: tuple[InputField, ...]
    convert: Convert
    main: InputField | None = None
    holds: Callable[[Row], bool] | None = None
    probe: Probe | None = None
    table: int = -1
    most: int = 0
    condition: int = -1
    slot: int = -1
    least_number: int = 0
    most_number: int = 0
    unit: int = 1
    nulls: tuple[bytes, ...] = ()
    blank: InputField | None = None
    beside: Answer | None = None
    joins_runs: bool = False

    @property
    def proves(self) -> tuple[InputField, ...]:
        """Return the fields that are proven readable when the operation succeeds."""
        always = self.condition < 0 and self.code is not Code.BESIDE_DATE
        return self.fields if always else ()


@dataclass(slots=True)
class Compiled:
    """The operations of a group in their order, and what they refer to."""

    operations: list[Operation] = field(default_factory=list)
    conditions: dict[Condition, int] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    texts: dict[object, int] = field(default_factory=dict)
    years: dict[str, int] = field(default_factory=dict)


def compile_operations(
    document: MappingDocument,
    rule: GroupRule,
    group: Group,
    source: Input,
    conversions: Mapping[str, Convert],
    own: OwnSteps,
) -> Compiled:
    """Return the operations for all items of ``group``, in the order of its list.

    Raises:
        NotInBlocksError: the group is made of something else than the plain fields of a record.
    """
    if rule.records:
        raise NotInBlocksError(f"{group.ref}: the records stand inside the records of the file")
    if rule.highest:
        raise NotInBlocksError(f"{group.ref}: records are compared with each other (highest)")
    return _Compiler(document, rule, group, source, conversions, own).compile()


class _Compiler:
    def __init__(
        self,
        document: MappingDocument,
        rule: GroupRule,
        group: Group,
        source: Input,
        conversions: Mapping[str, Convert],
        own: OwnSteps,
    ) -> None:
        self._rule = rule
        self._group = group
        self._source = source
        self._conversions = conversions
        self._done = Compiled()
        bare = rule.model_copy(update={"items": {n: _bare(r) for n, r in rule.items.items()}})
        self._bare = conversions_of(document, bare, group.items, own)
        endless = [replace(item, length=_ENDLESS) for item in group.items]
        self._endless = conversions_of(document, bare, endless, own)

    def compile(self) -> Compiled:
        done = self._done
        if self._rule.where is not None:
            done.operations.append(self._condition(self._rule.where, Role.WHERE))
        done.operations.append(self._subject())
        for item in self._group.items:
            rule = self._rule.items.get(item.field_name)
            self._date_of(rule)
            done.operations.append(self._item(item, rule))
        proven = {field.number for one in done.operations for field in one.proves}
        for found in self._source.all_fields:
            if found.is_text and found.number not in proven:
                done.operations.append(self._check(found))
        return done

    def _field(self, path: str) -> InputField:
        found = self._source.fields.get(path)
        if found is None:
            raise NotInBlocksError(f"{self._group.ref}: {path} is no plain field of a record")
        return found

    def _condition(self, rule: Condition, role: Role) -> Operation:
        found = self._field(rule.field)
        operation = Operation(Code.LEARNED, role, "", (found,), _nothing, found)
        operation.holds = condition_of(rule)
        return operation

    def _condition_slot(self, rule: Condition | None) -> int:
        if rule is None:
            return -1
        slot = self._done.conditions.get(rule)
        if slot is None:
            slot = self._done.conditions[rule] = len(self._done.conditions)
            operation = self._condition(rule, Role.CONDITION)
            operation.slot = slot
            self._done.operations.append(operation)
        return slot

    def _subject(self) -> Operation:
        path = self._rule.subject
        found = self._field(path)

        def convert(row: Row) -> Answer:
            text = plain_text(row[path])
            return Value(text) if text else Absence(AbsenceReason.NOT_RECORDED)

        operation = Operation(Code.LEARNED, Role.SUBJECT, "", (found,), convert, found)
        if found.is_text:
            return self._as_text(operation, "plain", lambda text: text)
        if not found.scale and not found.signed and found.digits <= MOST_DIGITS:
            operation.code, operation.most_number = Code.DIGITS, _ENDLESS
        return operation

    def _check(self, found: InputField) -> Operation:
        operation = Operation(Code.LEARNED, Role.CHECK, "", (found,), _nothing, found)
        return self._as_text(operation, "plain", lambda text: text)

    def _as_text(self, operation: Operation, key: object, probe: Probe) -> Operation:
        texts = self._done.texts
        operation.code, operation.probe = Code.TEXT, probe
        operation.table = texts.setdefault(key, len(texts))
        operation.most = operation.most or _ENDLESS
        return operation

    def _item(self, item: DataItem, rule: ItemRule | None) -> Operation:
        name = item.field_name
        fields = tuple(self._field(path) for path in fields_of(self._rule, name))
        operation = Operation(Code.LEARNED, Role.ITEM, name, fields, self._conversions[name])
        operation.main = fields[0] if fields else None
        if not fields:
            operation.code = Code.CONSTANT
        if rule is None:
            return operation
        operation.condition = self._condition_slot(rule.applies_when)
        if rule.date or rule.date_flag or rule.date_text:
            return self._of_date(operation, rule)
        if rule.field is None or rule.steps or rule.slice or item.codes is not None:
            return operation
        return self._of_field(operation, item, rule, self._field(rule.field))

    def _of_field(
        self, operation: Operation, item: DataItem, rule: ItemRule, found: InputField
    ) -> Operation:
        name, operation.main = item.field_name, found
        if rule.codes or rule.split or rule.name or rule.relationship:
            return operation
        operation.nulls = tuple(self._cells(name, found.path, rule.null))
        if item.data_type in _WHOLE and not rule.fiscal_year and not rule.year_month:
            return self._as_number(operation, item, rule.amount, found)
        if item.data_type not in _TEXTS or rule.fiscal_year or rule.year_month or rule.amount:
            return operation
        probe = _probe(self._endless[name], found.path)
        if rule.number is not None or not found.is_text:
            return self._as_digits(operation, item, rule, found)
        if rule.text is Text.BANK_KANA:
            return operation
        operation.most = item.length
        operation.joins_runs = rule.text is Text.FULL_WIDTH_NAME
        return self._as_text(operation, (rule.text, item.data_type), probe)

    def _as_number(
        self, operation: Operation, item: DataItem, amount: Amount | None, found: InputField
    ) -> Operation:
        unit = _UNITS[amount.unit] if amount is not None else 1
        most = min(10**item.length - 1, 10**MOST_DIGITS - 1) // unit
        least = -most if item.data_type is DataType.SIGNED_INTEGER else 0
        if amount is not None and found.is_text:
            least = 0
        examples = [0, 1, 7, most // 2, most, *([-1, least] if least else [])]
        if found.scale or not self._makes(item.field_name, found, examples, unit):
            return operation
        operation.code, operation.unit = Code.NUMBER, unit
        if self._is_plain(operation, found, most):
            operation.code = Code.FIGURES
        operation.least_number, operation.most_number = least, most
        return operation

    def _is_plain(self, operation: Operation, found: InputField, most: int) -> bool:
        """Tell whether every number of a field is one of the item, so that none is calculated."""
        related = {n for one in self._rule.invariants.values() for n in items_of(one)}
        zoned = found.kind is Kind.ZONED and not found.signed and not found.nulls
        alone = operation.unit == 1 and operation.condition < 0 and operation.name not in related
        return zoned and alone and found.sign_at == 0 and 10**found.digits - 1 <= most

    def _makes(self, name: str, found: InputField, examples: list[int], unit: int) -> bool:
        convert = self._bare[name]
        for number in examples:
            written: list[Any] = [number] if found.signed else [str(number)]
            if not found.signed and number >= 0:
                written.append(str(number).zfill(found.digits or MOST_DIGITS))
            for content in written:
                if convert({found.path: content}) != Value(number * unit):
                    return False
        return True

    def _as_digits(
        self, operation: Operation, item: DataItem, rule: ItemRule, found: InputField
    ) -> Operation:
        most = min(item.length, MOST_DIGITS)
        width = 0
        if rule.number is not None:
            if rule.number.kind not in {NumberKind.ADDRESSEE, NumberKind.HOUSEHOLD}:
                return operation
            width, most = rule.number.width or 0, min(most, MAX_LOCAL)
        if not found.is_text and (found.scale or found.signed):
            return operation
        examples = [digit * (width or most) for digit in "0123456789"]
        probe = _probe(self._bare[item.field_name], found.path)
        if any(probe(digits) != digits for digits in examples):
            return operation
        operation.code, operation.most, operation.most_number = Code.DIGITS, width, most
        return operation

    def _cells(self, name: str, path: str, nulls: Iterable[str]) -> Iterable[bytes]:
        for null in nulls:
            answer = self._bare[name]({path: null})
            if isinstance(answer, Value):
                yield str(answer.value).encode()

    def _date_of(self, rule: ItemRule | None) -> None:
        """Put the reading of a date before the first item that is made of it."""
        name = rule and (rule.date_flag or rule.date_text)
        if not name or name in self._done.dates:
            return
        main = next((n for n, other in self._rule.items.items() if other.date == name), None)
        if main is None or self._group.by_field.get(main) is None:
            return
        item = self._rule.items[main]
        fields = tuple(self._field(p) for p in fields_of(self._rule, main))
        operation = Operation(Code.LEARNED, Role.CHECK, main, fields, self._conversions[main])
        operation = self._of_date(operation, _bare(item))
        if operation.code is Code.DATE:
            self._done.operations.append(operation)

    def _of_date(self, operation: Operation, rule: ItemRule) -> Operation:
        name = rule.date or rule.date_flag or rule.date_text or ""
        date = self._rule.dates[name]
        if (width := self._width(date)) == 0:
            return operation
        found = operation.main = self._field(date.field)
        text = self._field(date.text_field) if date.text_field else None
        if rule.date is not None:
            operation.code, operation.most, operation.blank = Code.DATE, width, text
            same = date.model_copy(update={"field": "", "text_field": None})
            years = self._done.years
            operation.table = years.setdefault(repr(same), len(years))
            operation.slot = self._done.dates.setdefault(name, len(self._done.dates))
            operation.probe = _probe(self._bare[operation.name], found.path, date.text_field)
            return operation
        if name in self._done.dates and (beside := self._beside(operation.name, date)):
            operation.code, operation.beside = Code.BESIDE_DATE, beside
            operation.slot = self._done.dates[name]
        return operation

    def _width(self, date: DateRule) -> int:
        """Return the characters of a date that the kernel can read, 0 where it cannot."""
        found = self._field(date.field)
        width = _WIDTHS.get(date.format, 0)
        if date.text_field and not self._field(date.text_field).is_text:
            return 0
        if found.is_text:
            return 0 if any(len(code) != 1 for code in date.eras) else width
        plain = not found.signed and not found.scale and found.digits == width
        return width if plain else 0

    def _beside(self, name: str, date: DateRule) -> Answer | None:
        """Return what stands beside every date that is known; None if more is to be said."""
        main = next(n for n, rule in self._rule.items.items() if self._rule.dates.get(
            rule.date or ""
        ) is date)  # fmt: skip
        days = {DateFormat.WESTERN_DIGITS: "19800402", DateFormat.SHORT_WESTERN_DIGITS: "800402"}
        for digits in [f"{code}100402" for code in date.eras] or [days.get(date.format, "")]:
            row = {date.field: digits, date.text_field or "": None}
            if isinstance(self._bare[main](dict(row)), Value):
                answer = self._bare[name](row)
                return None if answer.quality else answer
        return None


def _nothing(_row: Row) -> Answer:
    return Value("")


def _bare(rule: ItemRule) -> ItemRule:
    """Return a rule without what decides whether it is used."""
    return rule.model_copy(update={"applies_when": None, "default": None, "null": ()})


def _probe(convert: Convert, path: str, blank: str | None = None) -> Probe:
    def probe(text: str) -> str | None:
        answer = convert({path: text, blank or "": None})
        if not isinstance(answer, Value) or answer.quality or not isinstance(answer.value, str):
            return None
        return answer.value

    return probe
