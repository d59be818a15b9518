"""K2: what every adapter does, whatever its transport."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from adapters.conformance.judging import errors_of, fetched, records, recovers
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer, Run, always
from adapters.conformance.recorded import SourceCall
from adapters.conformance.simulator import Exchange, Reply, Simulator
from adapters.conformance.trees import JsonTree, Tree
from adapters.contract import Deadline, Fetch, FetchRequest, GroupRecords
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    PlannedUnavailable,
    RateLimited,
    SourceTimeout,
    Unavailable,
    Unsupported,
)
from adapters.manifest import Capability
from adapters.registry import contract_breaches

SHORT_S: Final = 0.4
"""Deadline of a call to a source that never answers."""


async def methods(kit: Kit) -> list[str]:
    """Look at the methods of the open adapter: those that were declared, in their form."""
    async with kit.session() as session:
        wrong = contract_breaches(session.adapter, kit.manifest.capabilities)
    return [f"{name}: not as the contract has it" for name in wrong]


async def check(kit: Kit) -> list[str]:
    """Check a source that is well, and one that is silent: a result, in time, without a number."""
    found = []
    async with kit.session() as session:
        good = await _checked(session, 5.0)
        if isinstance(good, str):
            found.append(good)
        elif not good:
            found.append("a source that is well is not well by check()")
        if isinstance(session.source, Simulator):
            texts = [a.target + a.body.decode("utf-8", "replace") for a in session.source.asked]
            if any(person.number in text for person in kit.people for text in texts):
                found.append("check() asks about a person")
            session.source.fault = _silence
            silent = await _checked(session, SHORT_S)
            if isinstance(silent, str):
                found.append(f"a silent source: {silent}")
            elif silent:
                found.append("a source that is silent is well by check()")
    return found


async def _checked(session: Session, deadline_s: float) -> bool | str:
    try:
        async with asyncio.timeout(deadline_s + 1.5):
            return (await session.adapter.check(Deadline.after(deadline_s))).ok
    except TimeoutError:
        return "check() goes on after its deadline"
    except Exception as error:  # noqa: BLE001 - vendor code may raise anything
        return f"check() raises {type(error).__name__}"


async def closing(kit: Kit) -> list[str]:
    """Close twice, and look whether the host's client is still open."""
    async with kit.session() as session:
        http = session.http
        for _ in range(2):
            try:
                await session.adapter.aclose()
            except Exception as error:  # noqa: BLE001 - vendor code may raise anything
                return [f"aclose() raises {type(error).__name__} when it is called again"]
        if http.is_closed:
            return ["aclose() closes the host's client"]
    return []


async def deadline(kit: Kit) -> list[str]:
    """Ask a source that never answers: the call ends at its deadline, with SourceTimeout."""
    found = []
    async with kit.session() as session:
        _hang(session)
        outcomes, wrong = await fetched(session, kit.people[0], deadline_s=SHORT_S)
        found += wrong + errors_of(outcomes, (SourceTimeout,))
        _heal(session)
        found += await recovers(session, kit.people[0])
    return found


async def late(kit: Kit) -> list[str]:
    """Ask with a deadline that has passed: nobody is asked."""
    async with kit.session() as session:
        outcomes, wrong = await fetched(session, kit.people[0], deadline_s=0.0)
        found = wrong + errors_of(outcomes, (SourceTimeout,))
        if session.source.asked:
            found.append("the source is asked after the deadline")
    return found


async def cancel(kit: Kit) -> list[str]:
    """Give a call up in its middle: it ends, no task is left, and the next one goes well."""
    found = []
    async with kit.session() as session:
        before = asyncio.all_tasks()
        _hang(session)
        call = asyncio.create_task(session.fetch(kit.people[0].number))
        await session.source.first_question.wait()
        call.cancel()
        try:
            async with asyncio.timeout(2):
                await call
            found.append("a cancelled call returns as if nothing had happened")
        except asyncio.CancelledError:
            pass
        except TimeoutError:
            found.append("a cancelled call goes on")
        except Exception as error:  # noqa: BLE001 - the finding of this case
            found.append(f"a cancelled call ends with {type(error).__name__}")
        _heal(session)
        left = await _left(before)
        if left and not isinstance(session.source, Simulator):
            found.append("a cancelled call leaves a task behind")
        found += await recovers(session, kit.people[0])
    return found


async def _left(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    for _ in range(20):
        await asyncio.sleep(0)
    return {task for task in asyncio.all_tasks() - before if not task.done()}


async def unknown(kit: Kit) -> list[str]:
    """Ask for a number that nobody has: no records, and no error."""
    nobody = replace_number(kit)
    async with kit.session() as session:
        outcomes, found = await fetched(session, nobody)
    for ref, outcome in outcomes.items():
        if not isinstance(outcome, GroupRecords):
            found.append(f"{ref}: {type(outcome).__name__} about a number that nobody has")
        elif outcome.records or outcome.lost:
            found.append(f"{ref}: records about a number that nobody has")
    return found


def replace_number(kit: Kit) -> Any:
    """Return a person with the number that nobody has.

    Raises:
        ConfigurationError: the description names none.
    """
    nobody = kit.description.unknown
    if nobody is None:
        raise ConfigurationError("kit.yaml: unknown is missing: what is said of nobody's number?")
    return kit.people[0].model_copy(update={"number": nobody.number})


async def undeclared(kit: Kit) -> list[str]:
    """Ask for a group that the manifest does not supply: Unsupported, and nobody is asked."""
    other = next(r for r in sorted(kit.dictionary.groups) if r not in kit.manifest.groups)
    async with kit.session() as session:
        if not isinstance(session.adapter, Fetch):
            return []
        groups = {other: frozenset(kit.dictionary.groups[other].by_field)}
        request = FetchRequest(kit.people[0].number, groups, Deadline.after(5), "kit")
        try:
            outcome: Any = (await session.adapter.fetch(request)).groups.get(other)
        except Unsupported:
            return []
        except Exception as error:  # noqa: BLE001 - the finding of this case
            return [f"{type(error).__name__} in the place of Unsupported"]
    return [] if isinstance(outcome, Unsupported) else ["a group that is not declared is answered"]


async def limit(kit: Kit) -> list[str]:
    """Ask for more at once than the source bears: it never sees more than the manifest says."""
    allowed = kit.manifest.limits.max_concurrency
    async with kit.session() as session:
        _slow(session)
        people = [kit.people[n % len(kit.people)] for n in range(allowed + 4)]
        async with asyncio.TaskGroup() as together:
            for person in people:
                together.create_task(fetched(session, person, deadline_s=20))
        most = session.source.most_at_once
    if most > allowed:
        return [f"{most} requests at once, where the manifest allows {allowed}"]
    return []


def _slow(session: Session) -> None:
    """Let every answer wait for a few turns of the loop, so that calls meet at the source."""
    if isinstance(session.source, Simulator):

        async def later(exchange: Exchange) -> None:
            await asyncio.sleep(0.01)
            await exchange.send(exchange.good)

        session.source.fault = later
        return

    async def later_call(call: SourceCall) -> Any:
        await asyncio.sleep(0.01)
        return call.good

    session.recorded.fault = later_call


async def duplicates(kit: Kit) -> list[str]:
    """Send every list with each element twice: the same records, or an error, none invented."""
    return await _changed(kit, lambda tree: tree.doubled())


async def order(kit: Kit) -> list[str]:
    """Send every list from its end: the same records."""
    return await _changed(kit, lambda tree: tree.reordered())


async def _changed(kit: Kit, change: Any) -> list[str]:
    found = []
    async with kit.session() as session:
        for person in kit.people:
            _heal(session)
            plain, _ = await fetched(session, person)
            if isinstance(session.source, Simulator):
                session.source.fault = _sending(change)
            else:
                session.recorded.fault = _giving(change)
            other, wrong = await fetched(session, person)
            found += wrong
            for ref, outcome in other.items():
                if not isinstance(outcome, GroupRecords):
                    continue
                before = plain.get(ref)
                good = before.records if isinstance(before, GroupRecords) else ()
                if {repr(r) for r in outcome.records} != {repr(r) for r in good}:
                    found.append(f"{ref}: other records when the source sends its lists so")
    return sorted(set(found))


def _sending(change: Any) -> Any:
    async def fault(exchange: Exchange) -> None:
        if exchange.tree is None:
            await exchange.send(exchange.good)
        else:
            await exchange.send_tree(change(exchange.tree))

    return fault


def _giving(change: Any) -> Any:
    async def fault(call: SourceCall) -> Any:
        return change(JsonTree(call.good)).content

    return fault


async def missing(kit: Kit) -> list[str]:
    """Leave out each part of the answer in turn: an error or an absence, never another value."""
    found = set()
    async with kit.session() as session:
        person = kit.people[0]
        plain, _ = await fetched(session, person)
        for read, file in kit.description.answers.items():
            for name, tree in kit.tree(file, person).without_each():
                _set_tree(session, read, tree)
                other, wrong = await fetched(session, person)
                found |= {f"{read} without {name}: {problem}" for problem in wrong}
                for ref in _invented(plain, other):
                    found.add(f"{read} without {name}: {ref} has a value that was not there")
    return sorted(found)


def _set_tree(session: Session, read: str, tree: Tree) -> None:
    if isinstance(session.source, Simulator):

        async def fault(exchange: Exchange) -> None:
            if exchange.read == read:
                await exchange.send_tree(tree)
            else:
                await exchange.send(exchange.good)

        session.source.fault = fault
        return

    async def given(call: SourceCall) -> Any:
        return tree.content if call.name == read and isinstance(tree, JsonTree) else call.good

    session.recorded.fault = given


def _invented(plain: Any, other: Any) -> list[str]:
    """Return the groups with a record whose values do not all stand in one of the plain ones."""
    found = []
    for ref, outcome in other.items():
        if not isinstance(outcome, GroupRecords):
            continue
        before = records({ref: plain[ref]})
        for record in outcome.records:
            mine = {n: a for n, a in record.answers.items() if hasattr(a, "value")}
            if not any(
                all(getattr(good.answers[n], "value", None) == a.value for n, a in mine.items())
                for good in before
            ):
                found.append(ref)
    return sorted(set(found))


async def closed(kit: Kit) -> list[str]:
    """Answer as the source does outside its hours: Unavailable, never an empty answer."""
    said = kit.description.closed
    if said is None:
        return ["kit.yaml: closed is missing: what does the source say outside its hours?"]
    tree = kit.tree(said.file, kit.people[0])
    reply = Reply(tree.body(), said.status, said.media_type or tree.media_type)
    async with kit.session() as session:

        async def fault(exchange: Exchange) -> None:
            await exchange.send(reply)

        session.simulator.fault = fault
        outcomes, found = await fetched(session, kit.people[0])
        found += errors_of(outcomes, (Unavailable,))
        checked = await _checked(session, 5.0)
        if checked is not False:
            found.append("check() does not say that the source is closed")
        session.simulator.fault = None
        found += await recovers(session, kit.people[0])
    return found


ERRORS: Final[tuple[AdapterError, ...]] = (
    AuthenticationFailed("kit"), BadAnswer("kit"), PlannedUnavailable("kit", until=None),
    RateLimited("kit", retry_after_s=7), SourceTimeout("kit"), Unavailable("kit"),
)  # fmt: skip


async def errors(kit: Kit) -> list[str]:
    """Let the source fail in each way of the tree: the error arrives as it is."""
    found = []
    async with kit.recorded_session() as session:
        for error in ERRORS:

            async def fault(_call: SourceCall, error: AdapterError = error) -> Any:
                raise error

            session.recorded.fault = fault
            outcomes, wrong = await fetched(session, kit.people[0])
            found += wrong + errors_of(outcomes, (type(error),))
            session.recorded.fault = None
            found += await recovers(session, kit.people[0])
    return sorted(set(found))


async def _silence(_exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def _nothing(_call: SourceCall) -> Any:
    await asyncio.Event().wait()


def _hang(session: Session) -> None:
    if isinstance(session.source, Simulator):
        session.source.fault = _silence
    else:
        session.recorded.fault = _nothing


def _heal(session: Session) -> None:
    session.source.fault = None


def _fetch(kit: Kit) -> str | None:
    return kit.lacks(Capability.FETCH)


def _window(kit: Kit) -> str | None:
    if not (kit.manifest.hours.closed or kit.manifest.hours.closures):
        return "the manifest declares no closed hours"
    return kit.not_http()


def _case(name: str, run: Run, level: int = 1) -> Case:
    return Case(name, Layer.BEHAVIOUR, level, run, _fetch, Capability.FETCH)


CASES: Final = (
    Case("methods", Layer.BEHAVIOUR, 0, methods, always),
    Case("check", Layer.BEHAVIOUR, 1, check, always),
    Case("closing", Layer.BEHAVIOUR, 1, closing, always),
    _case("deadline", deadline),
    _case("late", late),
    _case("cancel", cancel, 2),
    _case("unknown", unknown),
    _case("undeclared", undeclared),
    _case("limit", limit, 2),
    _case("duplicates", duplicates, 2),
    _case("order", order, 2),
    _case("missing", missing, 2),
    Case("closed", Layer.BEHAVIOUR, 1, closed, _window, Capability.FETCH),
    Case(
        "errors", Layer.BEHAVIOUR, 1, errors,
        lambda kit: _fetch(kit) or kit.not_mapped(), Capability.FETCH,
    ),
)  # fmt: skip
