"""K2: search, changes, bulk extract, submission and flags, over a recorded source."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from adapters.conformance.cases import contract_only
from adapters.conformance.cases.contract_only import FACTS, reconciled
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer, Run
from adapters.conformance.recorded import SourceCall
from adapters.contract import (
    Changes,
    Deadline,
    Extract,
    ExtractChunk,
    FourFacts,
    ProtectionFlags,
    Search,
    SearchRequest,
    Submit,
    SubmitRequest,
)
from adapters.errors import (
    AdapterError,
    BadAnswer,
    Conflict,
    MappingFailed,
    Rejected,
    Unavailable,
    Unsupported,
)
from adapters.manifest import Capability
from adapters.mapping.model import ChangesRule, Keyset
from adapters.mapping.rows import read_path, write_path

PIECE: Final = 2
"""Elements in a piece, so that a few people make several pieces."""


def _list(path: str | None, elements: list[Any]) -> Any:
    """Return an answer with ``elements`` where its list stands."""
    if not path:
        return elements
    answer: Any = {}
    for name in reversed(path.split(".")):
        answer = {name: answer}
    return write_path(answer, path, elements)


def _keyed(element: Any, pages: Keyset, key: str) -> Any:
    return write_path(element, pages.field, key)


async def _elements(kit: Kit, group: str, people: str | None) -> list[Any]:
    """Return what a list would hold about the kit's people, in the order of its key."""
    mapping = kit.document.mapping if kit.document else None
    if mapping is None:
        return []
    rule = mapping.groups[group]
    found = []
    for person in sorted(kit.people, key=lambda p: p.number):
        answer = (await kit.raw_answers(person)).get(rule.read)
        if answer is None:
            continue
        if people is not None:
            found.append(answer)
        elif isinstance(answer, list):
            found += answer[:1]
    if len(found) < 2:
        return []
    return [copy.deepcopy(element) for element in found]


def _pieces(
    elements: list[Any], people: str | None, pages: Keyset, name: str
) -> Callable[[SourceCall], Any]:
    """Return a source that gives ``elements`` piece by piece, for the read ``name``."""

    async def fault(call: SourceCall) -> Any:
        if call.name != name:
            return call.good
        after = str(call.slots.get("after") or "")
        rest = [e for e in elements if not after or str(read_path(e, pages.field)) > after]
        return _list(people, copy.deepcopy(rest[: int(call.slots["limit"] or 0)]))

    return fault


async def search(kit: Kit) -> list[str]:
    """Try search: the pages hold everybody once, facts reach the source, too few are refused."""
    rule = kit.document.mapping.search if kit.document else None
    if rule is None:
        return ["the mapping does not have it"]
    pages = rule.pages or Keyset(field=kit_subject(kit, rule.group), size=1000)
    elements = await _elements(kit, rule.group, rule.people)
    if not elements:
        return [f"nobody has a record of {rule.group}"]
    found: list[str] = []
    fields = frozenset(kit.dictionary.groups[rule.group].by_field)
    async with kit.recorded_session() as session:
        if not isinstance(session.adapter, Search):
            return ["no search"]
        session.recorded.fault = _pieces(elements, rule.people, pages, rule.read)
        numbers, page = [], None
        for _ in range(len(elements) + 2):
            request = SearchRequest(FACTS, rule.group, fields, Deadline.after(5), "kit", page)
            result = await session.adapter.search(request)
            numbers += [r.subject_number for r in result.candidates.records]
            page = result.next_page
            if page is None:
                break
        if len(numbers) != len(set(numbers)) or len(numbers) < len(elements):
            found.append("the pages of a search do not hold every candidate once")
        stated = {call.slots.get(name) for call in session.recorded.asked for name in rule.facts}
        if None in stated:
            found.append("a stated fact does not reach the source")
        asked = len(session.recorded.asked)
        found += await _too_few(session, rule.group, fields, asked)
    return found


async def _too_few(session: Session, group: str, fields: frozenset[str], asked: int) -> list[str]:
    request = SearchRequest(FourFacts(), group, fields, Deadline.after(5), "kit")
    try:
        if isinstance(session.adapter, Search):
            await session.adapter.search(request)
    except Rejected:
        found = []
    except AdapterError as error:
        found = [f"a search without facts: {type(error).__name__} in the place of Rejected"]
    else:
        found = ["a search without facts is answered"]
    if len(session.recorded.asked) != asked:
        found.append("a search without facts reaches the source")
    return found


def kit_subject(kit: Kit, group: str) -> str:
    """Return the field that names the person in records of ``group``."""
    return kit.document.mapping.groups[group].subject if kit.document else ""


async def changes(kit: Kit) -> list[str]:
    """Try changes: each at least once, cursors that go on, a replay that harms nothing."""
    rule = kit.document.mapping.changes if kit.document else None
    if rule is None:
        return ["the mapping does not have it"]
    elements = [_change(kit, rule, number) for number in range(rule.pages.size + 3)]
    async with kit.recorded_session() as session:
        adapter = session.adapter
        if not isinstance(adapter, Changes):
            return ["no changes"]
        where = (rule.records or None, rule.pages, rule.read)
        session.recorded.fault = _pieces(elements, *where)
        found = await _all_changes(adapter, len(elements))
        session.recorded.fault = _pieces([write_path(elements[0], rule.number, "")], *where)
        call = adapter.changes(None, Deadline.after(5))
        found += await _refusal(call, MappingFailed, "nameless")
    return found


def _change(kit: Kit, rule: ChangesRule, number: int) -> Any:
    element: Any = {}
    for path, text in (
        (rule.number, kit.people[number % len(kit.people)].number),
        (rule.pages.field, f"{number:08d}"),
        (rule.at.field if rule.at else "", "20261001091500"),
    ):
        if path:
            element = write_path({**_hollow(path), **element}, path, text)
    return element


async def _all_changes(adapter: Changes, expected: int) -> list[str]:
    found: list[str] = []
    cursor, seen = None, 0
    for _ in range(5):
        batch = await adapter.changes(cursor, Deadline.after(5))
        if await adapter.changes(cursor, Deadline.after(5)) != batch:
            found.append("the same cursor gives other changes the second time")
        seen += len(batch.changes)
        if batch.changes and batch.cursor == cursor:
            found.append("the cursor does not go on")
        cursor = batch.cursor
        if not batch.more:
            break
    return found + ([f"{seen} changes for {expected}"] if seen != expected else [])


def _hollow(path: str) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {head: _hollow(rest)} if rest else {}


async def _refusal(call: Any, kind: type[AdapterError], name: str) -> list[str]:
    try:
        await call
    except kind:
        return []
    except AdapterError as error:
        return [f"{name}: {type(error).__name__} in the place of {kind.__name__}"]
    return [f"{name}: taken, in the place of {kind.__name__}"]


async def extract(kit: Kit) -> list[str]:
    """Try extract: counts that add up, resumption from each checkpoint, gaps that end it."""
    mapping = kit.document.mapping if kit.document else None
    if mapping is None:
        return ["the mapping does not have it"]
    found: list[str] = []
    for ref, rule in mapping.extract.items():
        pages = rule.pages
        if pages is None:
            continue
        elements = await _elements(kit, ref, rule.people)
        if not elements:
            found.append(f"{ref}: fewer than two people have a record")
            continue
        whole = [
            _keyed(elements[n % len(elements)], pages, f"{n:012d}")
            for n in range(pages.size * 2 + 1)
        ]
        async with kit.recorded_session() as session:
            adapter = session.adapter
            if not isinstance(adapter, Extract):
                return ["no extract"]
            session.recorded.fault = _pieces(whole, rule.people, pages, rule.read)
            chunks = [chunk async for chunk in adapter.extract(ref)]
            found += [f"{ref}: {problem}" for problem in reconciled(chunks, len(whole))]
            for place, chunk in enumerate(chunks, 1):
                rest = [c async for c in adapter.extract(ref, chunk.checkpoint)]
                left = [r for c in chunks[place:] for r in c.records]
                if [r for c in rest for r in c.records] != left:
                    found.append(f"{ref}: what follows a checkpoint is not what was left")
                    break
            session.recorded.fault = _pieces(whole[:1] * 2, rule.people, pages, rule.read)
            found += await _refusal(_first(adapter, ref), BadAnswer, f"{ref}, a key twice")
            found += await _refusal(_first(adapter, "999.nai"), Unsupported, "an unknown group")
    return found


async def _first(adapter: Extract, ref: str) -> ExtractChunk | None:
    async for chunk in adapter.extract(ref):
        return chunk
    return None


async def submit(kit: Kit) -> list[str]:
    """Try submit: the same key says the same, another content is a conflict, nothing is half."""
    mapping = kit.document.mapping if kit.document else None
    if mapping is None:
        return ["the mapping does not have it"]
    found: list[str] = []
    for ref, rule in mapping.submit.items():
        items = {name: _sample(kit, ref, name) for name in rule.items}
        async with kit.recorded_session() as session:
            adapter = session.adapter
            if not isinstance(adapter, Submit):
                return ["no submit"]
            taken: dict[str, Any] = {}

            async def desk(
                call: SourceCall, rule: Any = rule, taken: dict[str, Any] = taken
            ) -> Any:
                key = str(call.slots["key"])
                if taken.setdefault(key, dict(call.slots)) != dict(call.slots):
                    raise Rejected("kit", vendor_code=(rule.conflict or ("?",))[0])
                return write_path(_hollow(rule.receipt), rule.receipt, f"R{len(taken)}")

            session.recorded.fault = desk
            number = kit.people[0].number

            def handed(key: str, **change: Any) -> SubmitRequest:
                content = {**items, **change}  # noqa: B023 - used before the next turn
                return SubmitRequest(number, ref, content, key, Deadline.after(5), "kit")  # noqa: B023

            first = await adapter.submit(handed("kit-1"))
            again = await adapter.submit(handed("kit-1"))
            if first.receipt != again.receipt:
                found.append(f"{ref}: the same key has two receipts")
            if any(slots["number"] != number for slots in taken.values()):
                found.append(f"{ref}: the number does not arrive as it is")
            if rule.conflict:
                name = next(iter(items))
                other = handed("kit-1", **{name: None})
                found += await _refusal(adapter.submit(other), Conflict, f"{ref}, another content")
            session.recorded.fault = _failing
            found += await _refusal(adapter.submit(handed("kit-2")), Unavailable, f"{ref}, down")
            wrong = handed("kit-3", nai="x")
            found += await _refusal(adapter.submit(wrong), Unsupported, f"{ref}, an unknown item")
    return found


async def _failing(_call: SourceCall) -> Any:
    raise Unavailable("kit")


def _sample(kit: Kit, ref: str, name: str) -> Any:
    item = kit.dictionary.groups[ref].by_field[name]
    if item.codes is not None:
        return next(iter(item.codes.labels))
    return item.sample if getattr(item, "sample", None) else "１"


async def flags(kit: Kit) -> list[str]:
    """Try flags: complete or not at all; a kind that nobody knows protects."""
    rule = kit.document.mapping.protection_flags if kit.document else None
    if rule is None:
        return ["the mapping does not have it"]
    row: dict[str, Any] = {}
    for path, text in (
        (rule.number, kit.people[0].number),
        (rule.kind, "~"),
        (rule.since.field, "00000000"),
        (rule.until.field, "00000000"),
        *([(rule.other_party, kit.people[1].number)] if rule.other_party else []),
    ):
        row = write_path({**_hollow(path), **row}, path, text)
    found = []
    async with kit.recorded_session() as session:
        adapter = session.adapter
        if not isinstance(adapter, ProtectionFlags):
            return ["no protection flags"]
        session.recorded.fault = _listed(rule.read, rule.records, [row])
        report = await adapter.protection_flags(Deadline.after(5))
        if [f.number for f in report.flags] != [kit.people[0].number]:
            found.append("a person with a measure of an unknown kind is not in the list")
        if rule.other_party is not None:
            unnamed = write_path(row, rule.other_party, " ")
            session.recorded.fault = _listed(rule.read, rule.records, [row, unnamed])
            (flag,) = (await adapter.protection_flags(Deadline.after(5))).flags
            if flag.other_parties is not None:
                found.append("a measure with an other party without a number names the others only")
        nameless = write_path(row, rule.number, " ")
        session.recorded.fault = _listed(rule.read, rule.records, [row, nameless])
        call = adapter.protection_flags(Deadline.after(5))
        found += await _refusal(call, AdapterError, "a list with a row without a number")
        session.recorded.fault = _failing
        call = adapter.protection_flags(Deadline.after(5))
        found += await _refusal(call, Unavailable, "a list that cannot be read")
    return found


def _listed(name: str, path: str, rows: list[Any]) -> Any:
    async def fault(call: SourceCall) -> Any:
        return _list(path or None, rows) if call.name == name else call.good

    return fault


def _either(mapped: Run, unmapped: Run) -> Run:
    """Return a case that tries a mapping by its own answers, and other code by its contract."""

    async def run(kit: Kit) -> list[str]:
        return await (unmapped if kit.document is None else mapped)(kit)

    return run


def _case(capability: Capability, mapped: Run, unmapped: Run) -> Case:
    run = _either(mapped, unmapped)
    return Case(
        capability.value, Layer.BEHAVIOUR, 1, run, lambda kit: kit.lacks(capability), capability
    )


def _no_pieces(kit: Kit) -> str | None:
    return kit.lacks(Capability.EXTRACT) or (
        "the records come in files" if kit.over_files else None
    )


CASES: Final = (
    _case(Capability.SEARCH, search, contract_only.search),
    _case(Capability.CHANGES, changes, contract_only.changes),
    Case(
        "extract", Layer.BEHAVIOUR, 1, _either(extract, contract_only.extract), _no_pieces,
        Capability.EXTRACT,
    ),
    _case(Capability.SUBMIT, submit, contract_only.submit),
    _case(Capability.PROTECTION_FLAGS, flags, contract_only.flags),
)  # fmt: skip
