"""K1: what records become, by the vendor's own examples and by the mapping's own tables."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from adapters.conformance.golden import differences, golden_files
from adapters.conformance.kit import Kit
from adapters.conformance.model import Case, Layer, Run
from adapters.contract import GroupRecords
from adapters.errors import ConfigurationError, MappingFailed
from adapters.manifest import Capability
from adapters.mapping.model import ItemRule
from adapters.mapping.row_plan import RowPlan, RowPlans
from adapters.mapping.rows import ShapeError
from standard_models.answers import Absence, AbsenceReason, Value

UNKNOWN_CODE: Final = "~?"
"""No vendor uses this code."""


async def golden(kit: Kit) -> list[str]:
    """Compare every golden pair, and look for groups and items without any."""
    if kit.plans is None:
        return []
    found: list[str] = []
    filled: dict[str, set[str]] = {ref: set() for ref in kit.manifest.groups}
    try:
        for name, file in golden_files(kit.folder):
            if file.group not in filled:
                found.append(f"{name}: {file.group} is not supplied")
                continue
            group = kit.dictionary.groups[file.group]
            for case in file.cases:
                wrong = differences(kit.plans, group, file, case)
                found += [f"{name}: {case.name}: {problem}" for problem in wrong]
                filled[file.group] |= case.expect.keys()
    except ConfigurationError as error:
        found.append(error.detail)
    for ref, items in filled.items():
        made = _made(kit, ref)
        if not items:
            found.append(f"{ref}: no golden pair at all")
        elif missing := sorted(made - items):
            found.append(f"{ref}: no golden pair expects {', '.join(missing)}")
    return found


def _made(kit: Kit, ref: str) -> set[str]:
    rules = kit.document.mapping.groups[ref].items if kit.document else {}
    return {name for name, rule in rules.items() if rule.absent is None}


async def people(kit: Kit) -> list[str]:
    """Fetch everybody: every group has a record of somebody, none is lost, none is strange."""
    found = []
    seen: set[str] = set()
    async with kit.session() as session:
        for number, person in enumerate(kit.people, 1):
            for ref, outcome in (await session.fetch(person.number)).items():
                if not isinstance(outcome, GroupRecords):
                    found.append(f"person {number}, {ref}: {outcome.code} ({outcome.detail})")
                    continue
                if outcome.lost:
                    found.append(f"person {number}, {ref}: {outcome.lost} records lost")
                if any(r.subject_number != person.number for r in outcome.records):
                    found.append(f"person {number}, {ref}: a record of another number")
                if outcome.records:
                    seen.add(ref)
    found += [f"{ref}: nobody has a record" for ref in kit.manifest.groups if ref not in seen]
    return found


async def codes(kit: Kit) -> list[str]:
    """Send every code of every table through the plan, and one that no table has."""
    found: list[str] = []
    untried: list[str] = []
    async for ref, rule, plans, row in records_of(kit):
        for name, item in rule.items.items():
            if item.codes is None or item.field is None or kit.document is None:
                continue
            table = kit.document.mapping.code_tables[item.codes]
            plan = plans.plan(ref, frozenset({name}))
            if not _applies(plan, row, name):
                untried.append(f"{ref}.{name}")
                continue
            for line in table.rows:
                answer = _converted(plan, _with(row, item, line.code), name)
                right = answer.value == line.to if isinstance(answer, Value) else line.to is None
                if not (right or _is_number(answer, line.to) or line.code in item.null):
                    found.append(f"{ref}.{name}: the code {line.code} is not translated")
            answer = _converted(plan, _with(row, item, UNKNOWN_CODE), name)
            if not _lost(answer):
                found.append(f"{ref}.{name}: a code that no table has is not lost")
    return sorted(set(found))


def _is_number(answer: Any, to: str | None) -> bool:
    return isinstance(answer, Value) and str(answer.value) == to


def _applies(plan: RowPlan, row: dict[str, Any], name: str) -> bool:
    answer = _converted(plan, row, name)
    return not (
        isinstance(answer, Absence)
        and answer.reason is AbsenceReason.NOT_APPLICABLE
        and not answer.quality
    )


def _with(row: dict[str, Any], item: ItemRule, code: str) -> dict[str, Any]:
    path = item.field or ""
    if item.slice is None:
        return {**row, path: code}
    start, stop = item.slice
    whole = str(row[path]).ljust(stop)
    return {**row, path: whole[:start] + code.ljust(stop - start) + whole[stop:]}


def _converted(plan: RowPlan, row: dict[str, Any], name: str) -> Any:
    try:
        return plan.to_standard(dict(row)).answers[name]
    except MappingFailed:
        return None


def _lost(answer: Any) -> bool:
    return isinstance(answer, Absence) and answer.reason is AbsenceReason.LOST_IN_MAPPING


async def purity(kit: Kit) -> list[str]:
    """Convert twice, in another order and beside others: nothing may change."""
    found = []
    async for ref, _rule, plans, answer in _answers(kit):
        plan = plans.plan(ref)
        before = copy.deepcopy(answer)
        first, second = plan.convert(answer), plan.convert(answer)
        if first != second:
            found.append(f"{ref}: the same answer becomes another record the second time")
        if answer != before:
            found.append(f"{ref}: the answer of the source is changed")
    return sorted(set(found))


async def blanks(kit: Kit) -> list[str]:
    """Empty each field in turn: the items made of it are absent, or what the mapping declares."""
    found = []
    async for ref, rule, plans, row in records_of(kit):
        plan = plans.plan(ref)
        for path in row:
            if path == rule.subject:
                continue
            for blank in (None, "", " ", "　"):
                try:
                    answers = plan.to_standard({**row, path: blank}).answers
                except MappingFailed:
                    continue
                made = [n for n, item in rule.items.items() if item.field == path]
                found += [
                    f"{ref}.{name}: an empty {path} becomes a value"
                    for name in made
                    if isinstance(answers[name], Value) and rule.items[name].default is None
                ]
    return sorted(set(found))


async def subject(kit: Kit) -> list[str]:
    """Blank, shorten and widen the echoed number: it is kept as it came, or there is no record."""
    found = []
    async for ref, rule, plans, row in records_of(kit):
        plan = plans.plan(ref)
        number = str(row[rule.subject])
        for form in (number.lstrip("0"), "0" + number, f" {number}", number.translate(_WIDE)):
            if form == number:
                continue
            record = _record(plan, {**row, rule.subject: form})
            if record is not None and record.subject_number != form.rstrip(" 　"):
                found.append(f"{ref}: the number that the source echoed is not handed on as it is")
        found += [
            f"{ref}: a record without the number of its person"
            for empty in (None, "", "   ")
            if _record(plan, {**row, rule.subject: empty}) is not None
        ]
    return sorted(set(found))


_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")


def _record(plan: RowPlan, row: dict[str, Any]) -> Any:
    try:
        return plan.to_standard(dict(row))
    except MappingFailed:
        return None


async def invariants(kit: Kit) -> list[str]:
    """Look for a golden pair that breaks each declared invariant."""
    broken: dict[str, set[str]] = {}
    for _, file in golden_files(kit.folder):
        for case in file.cases:
            wholes = [e for e in case.expect.values() if isinstance(e, dict)]
            if any("INVARIANT_BROKEN" in e.get("quality", ()) for e in wholes):
                broken.setdefault(file.group, set()).add(case.name)
    mapping = kit.document.mapping if kit.document else None
    return [
        f"{ref}: {len(rule.invariants)} invariants, and {len(broken.get(ref, ()))} golden pairs"
        " that break one"
        for ref, rule in (mapping.groups.items() if mapping else ())
        if len(broken.get(ref, ())) < len(rule.invariants)
    ]


async def _answers(kit: Kit) -> Any:
    """Yield group, rule, plans and the raw answer about each person."""
    if kit.document is None or kit.plans is None:
        return
    if kit.over_files:
        delivered = await kit.delivered()
        for ref, rule in kit.document.mapping.groups.items():
            for record in delivered.get(rule.read, ()):
                yield ref, rule, kit.plans, record
        return
    for person in kit.people:
        raw = await kit.raw_answers(person)
        for ref, rule in kit.document.mapping.groups.items():
            if raw.get(rule.read) is not None:
                yield ref, rule, kit.plans, raw[rule.read]


async def records_of(kit: Kit) -> Any:
    """Yield group, rule, plans and a flat raw record, for each record of each person."""
    async for ref, rule, plans, answer in _answers(kit):
        for row in flat_rows(plans, ref, answer):
            yield ref, rule, plans, row


def flat_rows(plans: RowPlans, ref: str, answer: Any) -> Iterator[dict[str, Any]]:
    """Yield the flat records of an answer, none where its shape is wrong."""
    try:
        yield from plans.plan(ref).rows(answer)
    except ShapeError:
        return


def _case(name: str, run: Run) -> Case:
    return Case(name, Layer.MAPPING, 1, run, Kit.not_mapped)


def _no_invariants(kit: Kit) -> str | None:
    if kit.document and any(rule.invariants for rule in kit.document.mapping.groups.values()):
        return None
    return "the mapping declares no invariants"


def _no_codes(kit: Kit) -> str | None:
    return None if kit.document and kit.document.mapping.code_tables else "there are no code tables"


CASES: Final = (
    _case("golden", golden),
    Case("people", Layer.MAPPING, 1, people, lambda kit: kit.lacks(Capability.FETCH)),
    Case("codes", Layer.MAPPING, 1, codes, _no_codes),
    _case("purity", purity),
    _case("blanks", blanks),
    _case("subject", subject),
    Case("invariants", Layer.MAPPING, 1, invariants, _no_invariants),
)
