"""Operations of adapters without a mapping: what the contract promises, over recorded answers.

The kit cannot make answers of a form that only the vendor knows. It replays what ``extras`` of
``kit.yaml`` hold, looks at what the contract says of any adapter, and then takes the source away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from adapters.conformance.kit import Kit, Session
from adapters.conformance.simulator import Exchange, Reply
from adapters.contract import (
    Changes,
    Deadline,
    Extract,
    ExtractChunk,
    FourFacts,
    ProtectionFlags,
    Search,
    SearchPage,
    SearchRequest,
    Submit,
    SubmitRequest,
)
from adapters.errors import AdapterError, Rejected, Unavailable, Unsupported

FACTS: Final = FourFacts("架空　花子", "カクウ　ハナコ", dt.date(1990, 4, 1), "2", "架空県")
MOST_PIECES: Final = 50
NO_GROUP: Final = "999.nai"

Call = Callable[[], Awaitable[Any]]


async def refused(call: Call, kind: type[AdapterError], name: str) -> list[str]:
    """Return what is wrong unless a call ends with this kind of error."""
    try:
        await call()
    except kind:
        return []
    except AdapterError as error:
        return [f"{name}: {type(error).__name__} in the place of {kind.__name__}"]
    return [f"{name}: taken, in the place of {kind.__name__}"]


async def _down(session: Session, call: Call) -> list[str]:
    """Take the source away: the call ends as Unavailable, and works when it is back."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(Reply(b"", 503, "text/plain"))

    session.simulator.fault = fault
    found = await refused(call, Unavailable, "a source that is down")
    session.simulator.fault = None
    try:
        await call()
    except AdapterError as error:
        found.append(f"still {type(error).__name__} when the source is well again")
    return found


async def search(kit: Kit) -> list[str]:
    """Search the first group that has candidates: each once, whole, the same the second time."""
    async with kit.session() as session:
        adapter = session.adapter
        if not isinstance(adapter, Search):
            return ["no search"]
        for ref in kit.manifest.groups:
            try:
                pages = await _pages(adapter, kit, ref)
                again = await _pages(adapter, kit, ref)
            except Unsupported:
                continue
            found = _judged(kit, ref, pages)
            if [p.candidates.records for p in pages] != [p.candidates.records for p in again]:
                found.append("the same search gives other candidates the second time")
            found += await _too_few(session, adapter, ref)
            return found + await _down(session, partial(adapter.search, _request(kit, ref, FACTS)))
    return ["no group can be searched"]


async def _too_few(session: Session, adapter: Search, ref: str) -> list[str]:
    asked = len(session.source.asked)
    nothing = partial(adapter.search, _request(session.kit, ref, FourFacts()))
    found = await refused(nothing, Rejected, "a search without facts")
    if len(session.source.asked) != asked:
        found.append("a search without facts reaches the source")
    return found


def _request(kit: Kit, ref: str, facts: FourFacts, page: str | None = None) -> SearchRequest:
    fields = frozenset(kit.dictionary.groups[ref].by_field)
    return SearchRequest(facts, ref, fields, Deadline.after(5), "kit", page)


async def _pages(adapter: Search, kit: Kit, ref: str) -> list[SearchPage]:
    pages = [await adapter.search(_request(kit, ref, FACTS))]
    while (page := pages[-1].next_page) is not None and len(pages) < MOST_PIECES:
        pages.append(await adapter.search(_request(kit, ref, FACTS, page)))
    return pages


def _judged(kit: Kit, ref: str, pages: list[SearchPage]) -> list[str]:
    found = []
    records = [record for page in pages for record in page.candidates.records]
    numbers = [record.subject_number for record in records]
    items = set(kit.dictionary.groups[ref].by_field)
    if not records:
        found.append(f"extras: the recorded answer holds no candidate of {ref}")
    if len(set(numbers)) != len(numbers) or "" in numbers:
        found.append("the pages of a search do not hold every candidate once")
    if any(record.group != ref or not items <= set(record.answers) for record in records):
        found.append("a candidate is of another group, or leaves out an item")
    if pages[-1].next_page is not None:
        found.append("the pages of a search do not come to an end")
    return found


async def changes(kit: Kit) -> list[str]:
    """Read the changes to their end, each batch twice."""
    async with kit.session() as session:
        adapter = session.adapter
        if not isinstance(adapter, Changes):
            return ["no changes"]
        found: list[str] = []
        cursor, seen, more = None, 0, True
        for _ in range(MOST_PIECES):
            batch = await adapter.changes(cursor, Deadline.after(5))
            if await adapter.changes(cursor, Deadline.after(5)) != batch:
                found.append("the same cursor gives other changes the second time")
            if batch.changes and batch.cursor == cursor:
                found.append("the cursor does not go on")
            found += [
                "a change names nobody, or a group that is not supplied"
                for change in batch.changes
                if not change.number or not set(change.groups) <= set(kit.manifest.groups)
            ]
            seen, cursor, more = seen + len(batch.changes), batch.cursor, batch.more
            if not more:
                break
        if not seen:
            found.append("extras: the recorded answer holds no change")
        if more:
            found.append("the changes do not come to an end")
        found += await _down(session, lambda: adapter.changes(None, Deadline.after(5)))
    return sorted(set(found))


async def extract(kit: Kit) -> list[str]:
    """Extract every group that can be: counts add up, and each checkpoint can be gone on from."""
    found: list[str] = []
    tried = 0
    async with kit.session() as session:
        adapter = session.adapter
        if not isinstance(adapter, Extract):
            return ["no extract"]
        for ref in kit.manifest.groups:
            try:
                totals = await adapter.control_totals(ref, Deadline.after(5))
                chunks = await _chunks(adapter, ref)
            except Unsupported:
                continue
            tried += 1
            wrong = reconciled(chunks, totals.records)
            for place, chunk in enumerate(chunks, 1):
                left = [record for c in chunks[place:] for record in c.records]
                if _records(await _chunks(adapter, ref, chunk.checkpoint)) != left:
                    wrong.append("what follows a checkpoint is not what was left")
                    break
            wrong += await _down(session, partial(_chunks, adapter, ref))
            found += [f"{ref}: {problem}" for problem in wrong]
        found += await refused(lambda: _chunks(adapter, NO_GROUP), Unsupported, "an unknown group")
    return found if tried else [*found, "no group can be extracted"]


async def _chunks(adapter: Extract, ref: str, after: str | None = None) -> list[ExtractChunk]:
    return [chunk async for chunk in adapter.extract(ref, after)]


def _records(chunks: list[ExtractChunk]) -> list[Any]:
    return [record for chunk in chunks for record in chunk.records]


def reconciled(chunks: list[ExtractChunk], expected: int | None) -> list[str]:
    """Return what does not add up; ``expected`` is what the source states, if it does."""
    found = []
    read = sum(chunk.read for chunk in chunks)
    if expected is not None and read != expected:
        found.append(f"{read} read of {expected}")
    if not read:
        found.append("nothing is extracted")
    accounted = sum(len(c.records) + len(c.lost) + c.skipped for c in chunks)
    if accounted < read:
        found.append(f"{read - accounted} are neither a record, nor lost, nor left out")
    if len({chunk.checkpoint for chunk in chunks}) != len(chunks):
        found.append("a checkpoint stands twice")
    return found


async def submit(kit: Kit) -> list[str]:
    """Hand over what ``submissions`` of ``kit.yaml`` hold: one receipt for one key."""
    if not kit.description.submissions:
        return ["submissions: kit.yaml names none to be handed over"]
    found: list[str] = []
    async with kit.session() as session:
        adapter = session.adapter
        if not isinstance(adapter, Submit):
            return ["no submit"]

        def handed(ref: str, key: str, **more: str) -> Call:
            content = {**kit.description.submissions[ref], **more}
            number = kit.people[0].number
            return lambda: adapter.submit(
                SubmitRequest(number, ref, content, key, Deadline.after(5), "kit")
            )

        for ref in kit.description.submissions:
            first, again = await handed(ref, "kit-1")(), await handed(ref, "kit-1")()
            if not first.receipt or first.receipt != again.receipt:
                found.append(f"{ref}: the same key has two receipts, or none")
            keys = [b"kit-1" in a.body + repr(a.headers).encode() for a in session.simulator.asked]
            if not any(keys):
                found.append(f"{ref}: the key does not reach the source")
            unknown = handed(ref, "kit-2", nai="x")
            found += await refused(unknown, Unsupported, f"{ref}, an unknown item")
            found += await _down(session, handed(ref, "kit-1"))
    return found


async def flags(kit: Kit) -> list[str]:
    """Read the list of flags twice, and with the source away."""
    async with kit.session() as session:
        adapter = session.adapter
        if not isinstance(adapter, ProtectionFlags):
            return ["no protection flags"]
        first = await adapter.protection_flags(Deadline.after(5))
        again = await adapter.protection_flags(Deadline.after(5))
        found = []
        if first.flags != again.flags:
            found.append("the list is another one the second time")
        if not first.flags or any(not flag.number for flag in first.flags):
            found.append("extras: the recorded list holds nobody, or somebody without a number")
        return found + await _down(session, lambda: adapter.protection_flags(Deadline.after(5)))
