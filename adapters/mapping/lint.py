"""What is wrong between a mapping and the standard: every finding in one run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from adapters.mapping.document import Document, Finding, Level, Path
from adapters.mapping.lint_invariants import invariant_findings
from adapters.mapping.lint_operations import operation_findings
from adapters.mapping.lint_steps import step_findings
from adapters.mapping.model import DateFormat, GroupRule, ItemRule
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import OwnSteps
from adapters.mapping.rows import path_from_root
from standard_models.dictionary import Condition, DataItem, DataType, Dictionary, Group
from standard_models.values.relationships import HEAD

_NUMBERS = {DataType.INTEGER, DataType.SIGNED_INTEGER}
_TEXTS = {DataType.HALF_WIDTH, DataType.FULL_WIDTH}


def lint(
    document: Document,
    dictionary: Dictionary,
    layouts: Mapping[str, Collection[str]] | None = None,
    own: OwnSteps | None = None,
) -> list[Finding]:
    """Return every finding, in the order of the text; an empty list means that it can be used.

    ``layouts`` names, for reads of files, the fields that their records have (``menjo.kbn``); those
    of CSV are known from the document. ``own`` are the steps of ``steps_module``, None where it is
    not at hand. Findings of level ``information`` do not keep a mapping from being used.
    """
    found = _Linter(document, dictionary, layouts or {}).findings()
    return sorted([*found, *step_findings(document, own)])


class _Linter:
    def __init__(
        self,
        document: Document,
        dictionary: Dictionary,
        layouts: Mapping[str, Collection[str]],
    ) -> None:
        self._document = document
        self._mapping = document.mapping
        self._dictionary = dictionary
        of_csv = {
            name: read.file.csv.columns.values()
            for name, read in document.mapping.reads.items()
            if read.file is not None and read.file.csv is not None
        }
        told = {
            name: read.layout.keys()
            for name, read in document.mapping.reads.items()
            if read.file is None and read.layout
        }
        self._layouts: dict[str, Collection[str]] = {**told, **of_csv, **layouts}

    def findings(self) -> Iterator[Finding]:
        find = self._document.finding
        used_tables: set[str] = set()
        for ref, rule in self._mapping.groups.items():
            path: Path = ("groups", ref)
            group = self._dictionary.find_group(ref)
            if group is None:
                yield find(path, "unknown-group", "no installed edition has this group")
                continue
            if rule.read not in self._mapping.reads:
                yield find((*path, "read"), "unknown-read", "reads does not define this read")
            yield from self._items(group, rule)
            used_tables.update(r.codes for r in rule.items.values() if r.codes)
        yield from self._described_fields()
        yield from self._clauses()
        flags = self._mapping.protection_flags
        if flags and flags.read not in self._mapping.reads:
            yield find(
                ("protection_flags", "read"), "unknown-read", "reads does not define this read"
            )
        yield from operation_findings(self._document)
        used_tables |= set(_tables_of_operations(self._mapping))
        for name in self._mapping.code_tables.keys() - used_tables:
            yield find(
                ("code_tables", name), "unused-code-table", "no item uses it", Level.INFORMATION
            )

    def _described_fields(self) -> Iterator[Finding]:
        """Yield descriptions of fields that the records of a file do not have."""
        for name, read in self._mapping.reads.items():
            known = set(self._layouts.get(name, read.layout))
            for path in read.layout.keys() - known:
                message = f"the records of {name} have no field {path}"
                place = ("reads", name, "layout", path)
                yield self._document.finding(place, "unknown-field", message)

    def _clauses(self) -> Iterator[Finding]:
        """Yield rows without a clause in tables that name the document they come from."""
        for name, table in self._mapping.code_tables.items():
            for number, row in enumerate(table.rows if table.source else ()):
                if not table.clause_of(row):
                    place = ("code_tables", name, "rows", number)
                    message = f"no clause of {table.source} stands behind {row.code}"
                    yield self._document.finding(place, "no-clause", message, Level.INFORMATION)

    def _items(self, group: Group, rule: GroupRule) -> Iterator[Finding]:
        find = self._document.finding
        for name, item_rule in rule.items.items():
            path = ("groups", group.ref, "items", name)
            item = group.by_field.get(name)
            if item is None:
                yield find(path, "unknown-item", f"{group.ref} has no such item")
                continue
            yield from (
                find(path, code, message) for code, message in self._item(item, item_rule, rule)
            )
        for item in group.items:
            if item.condition is Condition.REQUIRED and item.field_name not in rule.items:
                items = ("groups", group.ref, "items")
                message = f"{item.field_name} is required by the edition and not mapped"
                yield find(items, "unmapped-required-item", message)
        yield from invariant_findings(self._document, group, rule)
        yield from self._columns(group, rule)
        yield from self._layout(group, rule)
        for name, date in rule.dates.items():
            if date.format is DateFormat.ERA_DIGITS and not date.eras:
                place = ("groups", group.ref, "dates", name)
                yield find(place, "no-era-codes", "era-digits needs the meaning of each era code")
            if date.format is DateFormat.SHORT_WESTERN_DIGITS and date.century_from is None:
                place = ("groups", group.ref, "dates", name)
                message = "short-western-digits needs century_from, the first of its 100 years"
                yield find(place, "no-century", message)

    def _columns(self, group: Group, rule: GroupRule) -> Iterator[Finding]:
        """Yield fields that the vendor's document does not have, and columns nobody reads."""
        if not rule.columns:
            return
        find = self._document.finding
        place = ("groups", group.ref)
        used = dict(_record_fields(rule))
        for field, path in used.items():
            if field not in rule.columns:
                message = f"columns does not list {field}"
                yield find((*place, *path), "unknown-column", message)
        for column in rule.columns:
            if column not in used:
                message = f"no item is made of {column}"
                yield find((*place, "columns"), "unused-column", message, Level.INFORMATION)

    def _layout(self, group: Group, rule: GroupRule) -> Iterator[Finding]:
        """Yield fields that the records of a file do not have."""
        if rule.read not in self._layouts:
            return
        known = set(self._layouts[rule.read])
        for field, path in _all_fields(rule):
            if path_from_root(rule.records, field) not in known:
                place = ("groups", group.ref, *path)
                message = f"the records of {rule.read} have no field {field}"
                yield self._document.finding(place, "unknown-field", message)

    def _item(self, item: DataItem, rule: ItemRule, group: GroupRule) -> Iterator[tuple[str, str]]:
        for name in (rule.date, rule.date_flag, rule.date_text):
            if name is not None and name not in group.dates:
                yield "unknown-date", f"dates does not define {name}"
        if (rule.date is not None) != (item.data_type is DataType.DATE) and not rule.absent:
            yield "wrong-type", "an item of type DATE is made by date, and no other item is"
        if rule.constant is not None and item.check(rule.constant):
            yield "wrong-constant", "the constant does not fit the item"
        if rule.default is not None and item.check(rule.default.value):
            yield "wrong-default", "the default does not fit the item"
        if rule.contents:
            yield from self._field(item, rule)

    def _field(self, item: DataItem, rule: ItemRule) -> Iterator[tuple[str, str]]:
        if rule.codes is not None:
            yield from self._codes(item, rule.codes)
        elif rule.relationship is not None:
            if item.codes is not None and HEAD not in item.codes.labels.values():
                yield "wrong-type", "the codes of the item are no relationships"
        elif item.codes is not None:
            yield "no-code-table", "the item is coded; name a table that translates the codes"
        if rule.fiscal_year != (item.data_type is DataType.YEAR):
            yield "wrong-type", "an item of type YEAR is made with fiscal_year, no other item is"
        if rule.text is not None and item.data_type in _NUMBERS:
            yield "wrong-type", "a number has no text form"
        values = (rule.relationship, rule.name, rule.number)
        if any(value is not None for value in values) and item.data_type not in _TEXTS:
            yield "wrong-type", "relationship, name and number are for items of type X and N"

    def _codes(self, item: DataItem, name: str) -> Iterator[tuple[str, str]]:
        table = self._mapping.code_tables.get(name)
        if table is None:
            yield "unknown-code-table", f"code_tables does not define {name}"
            return
        number = item.data_type in _NUMBERS
        for row in table.rows:
            if row.to is None:
                continue
            if item.check(int(row.to) if number and row.to.isdecimal() else row.to):
                yield "wrong-code", f"{name}: {row.code} becomes {row.to}, no code of the item"


def _tables_of_operations(mapping: MappingDocument) -> Iterator[str]:
    facts = [*mapping.search.facts.values()] if mapping.search else []
    facts += [rule for submit in mapping.submit.values() for rule in submit.items.values()]
    return (rule.codes for rule in facts if rule.codes)


def _record_fields(rule: GroupRule) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every field of the record itself that the rule reads, with its place."""
    return ((field, place) for field, place in _all_fields(rule) if field[0] not in "/^")


def _all_fields(rule: GroupRule) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every field that the rule reads, with its place in the document."""
    found: list[tuple[str, tuple[str, ...]]] = [(rule.subject, ("subject",))]
    if rule.municipality:
        found.append((rule.municipality, ("municipality",)))
    found += [(path, ("highest",)) for path in rule.highest]
    if rule.where:
        found.append((rule.where.field, ("where",)))
    for name, item in rule.items.items():
        place = ("items", name)
        found += [(path, place) for path in item.contents]
        found += [(item.applies_when.field, place)] if item.applies_when else []
    for name, date in rule.dates.items():
        place = ("dates", name)
        found.append((date.field, place))
        found += [(date.text_field, place)] if date.text_field else []
    return iter(found)
