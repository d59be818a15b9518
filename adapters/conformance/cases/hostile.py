"""K3: a source that answers with somebody else. No resident may ever pay for that."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable
from typing import Any, Final

from adapters.conformance.description import Person
from adapters.conformance.judging import fetched, foreign, records, values
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer, Run
from adapters.conformance.recorded import SourceCall
from adapters.conformance.simulator import Exchange, Simulator
from adapters.conformance.trees import JsonTree
from adapters.contract import GroupRecords
from adapters.errors import AdapterError
from adapters.manifest import Capability

Choose = Callable[[str, Person | None], Person | None]
"""Whose answer the source gives for a read about somebody."""

INJECTED: Final = (
    "<script>alert(1)</script>", "=HYPERLINK(0)", "\u202e裏返し", "{{number}}", "'; --", "&amp;",
)  # fmt: skip


def answers_of(session: Session, choose: Choose) -> None:
    """Let the source answer about whom ``choose`` says."""
    kit = session.kit
    if isinstance(session.source, Simulator):

        async def fault(exchange: Exchange) -> None:
            other = choose(exchange.read or "", exchange.person)
            file = kit.description.answers.get(exchange.read or "")
            if other is None or file is None:
                await exchange.send(exchange.good)
            else:
                await exchange.send_tree(kit.tree(file, other))

        session.source.fault = fault
        return

    async def given(call: SourceCall) -> Any:
        other = choose(call.name, call.person)
        if other is None or call.name not in kit.description.answers:
            return call.good
        tree = kit.tree(kit.description.answers[call.name], other)
        return copy.deepcopy(tree.content) if isinstance(tree, JsonTree) else None

    session.recorded.fault = given


async def other_person(kit: Kit) -> list[str]:
    """Answer each question with the next person: nobody gets what is somebody else's."""
    found = []
    async with kit.session() as session:
        for person, other in zip(kit.people, kit.people[1:] + kit.people[:1], strict=True):
            answers_of(session, lambda _r, _p, other=other: other)  # type: ignore[misc]
            outcomes, wrong = await fetched(session, person)
            found += wrong + foreign(session, person, outcomes) + _silent(outcomes)
    return sorted(set(found))


def _silent(outcomes: Any) -> list[str]:
    """Return the groups where another person's answer looks like one without records."""
    return [
        f"{ref}: somebody else's answer is taken for one without records"
        for ref, outcome in outcomes.items()
        if isinstance(outcome, GroupRecords) and not outcome.records and not outcome.lost
    ]


async def one_read(kit: Kit) -> list[str]:
    """Answer one of several reads with somebody else: its groups are lost, others are not."""
    found = []
    async with kit.session() as session:
        person, other = kit.people[0], kit.people[1]
        for name in kit.description.answers:
            answers_of(session, lambda r, _p, name=name: other if r == name else None)  # type: ignore[misc]
            outcomes, wrong = await fetched(session, person)
            found += wrong + foreign(session, person, outcomes)
    return sorted(set(found))


async def replay(kit: Kit) -> list[str]:
    """Answer each question with the answer of the one before."""
    found = []
    async with kit.session() as session:
        last: dict[str, Person | None] = {}

        def choose(read: str, person: Person | None) -> Person | None:
            before = last.get(read)
            last[read] = person
            return before

        answers_of(session, choose)
        for turn in range(3 * len(kit.people)):
            person = kit.people[turn % len(kit.people)]
            outcomes, wrong = await fetched(session, person)
            found += wrong + foreign(session, person, outcomes)
    return sorted(set(found))


async def swapped(kit: Kit) -> list[str]:
    """Hold two questions until both are there, and answer each with the other's answer."""
    found = []
    async with kit.session() as session:
        one, two = kit.people[0], kit.people[1]
        other = {one.number: two, two.number: one}
        answers_of(session, lambda _r, p: other.get(p.number) if p else None)
        met = _meeting(session)
        pair = await asyncio.gather(fetched(session, one), fetched(session, two))
        met.set()
        for person, (outcomes, wrong) in zip((one, two), pair, strict=True):
            found += wrong + foreign(session, person, outcomes)
    return sorted(set(found))


def _meeting(session: Session) -> asyncio.Event:
    """Let answers wait until two questions have arrived, or a moment has passed."""
    both = asyncio.Event()
    arrived = 0
    inner: Any = session.source.fault

    async def waiting(asked: Any) -> Any:
        nonlocal arrived
        arrived += 1
        if arrived >= 2:
            both.set()
        try:
            async with asyncio.timeout(0.5):
                await both.wait()
        except TimeoutError:
            pass
        return await inner(asked)

    session.source.fault = waiting
    return both


async def echo(kit: Kit) -> list[str]:
    """Change the number that the source echoes: nothing may come under the number asked for."""
    found = []
    async with kit.session() as session:
        person = kit.people[0]
        for name, form in _forms(person.number):
            _rewrite(session, lambda text, form=form: text.replace(person.number, form))  # type: ignore[misc]
            outcomes, wrong = await fetched(session, person)
            found += wrong
            mine = [r for r in records(outcomes) if r.subject_number == person.number]
            if mine and form.strip() != person.number:
                groups = ", ".join(sorted({r.group for r in mine}))
                found.append(f"{groups}: {name}, and yet a record under the number asked for")
    return sorted(set(found))


def _forms(number: str) -> list[tuple[str, str]]:
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    last = "1" if number[-1] != "1" else "2"
    forms = [
        ("another last digit is echoed", number[:-1] + last),
        ("a full-width number is echoed", wide),
        ("a longer number is echoed", number + "0"),
        ("a shorter number is echoed", number[:-1]),
        ("no number is echoed", ""),
        ("blanks are echoed", " " * len(number)),
    ]
    return [(name, form) for name, form in forms if form != number]


def _rewrite(session: Session, rewrite: Callable[[str], str]) -> None:
    if isinstance(session.source, Simulator):

        async def fault(exchange: Exchange) -> None:
            if exchange.tree is None:
                await exchange.send(exchange.good)
            else:
                await exchange.send_tree(exchange.tree.rewritten(rewrite))

        session.source.fault = fault
        return

    async def given(call: SourceCall) -> Any:
        return JsonTree(call.good).rewritten(rewrite).content

    session.recorded.fault = given


async def buffers(kit: Kit) -> list[str]:
    """Keep a result, ask about others, and look at the result again."""
    async with kit.session() as session:
        first, _ = await fetched(session, kit.people[0])
        before = repr(records(first))
        for person in kit.people[1:]:
            await fetched(session, person)
        if repr(records(first)) != before:
            return ["a result that was handed over changes with later calls"]
    return []


async def injection(kit: Kit) -> list[str]:
    """Put markup, formulas and turning text into everything a person says."""
    found = []
    async with kit.session() as session:
        person = kit.people[0]
        told = kit.description.canaries(person)[1:]
        plain, _ = await fetched(session, person)
        held = {ref: len(records({ref: o})) for ref, o in plain.items()}
        for injected in INJECTED:

            def rewrite(text: str, injected: str = injected) -> str:
                for value in told:
                    text = text.replace(value, injected)
                return text

            _rewrite(session, rewrite)
            outcomes, wrong = await fetched(session, person)
            found += wrong
            for ref, outcome in outcomes.items():
                if isinstance(outcome, AdapterError):
                    continue
                if len(outcome.records) + outcome.lost > held.get(ref, 0):
                    found.append(f"{ref}: what a person says becomes a record")
                seen = {v for r in outcome.records for v in values(r)}
                if any("\u202e" in value for value in seen):
                    found.append(f"{ref}: text that turns the reading direction is handed on")
    return sorted(set(found))


async def interleaved(kit: Kit) -> list[str]:
    """Ask about everybody at once, many times, while every tenth answer is somebody else's."""
    chance = random.Random(1)  # noqa: S311 - a test that can be repeated
    found: set[str] = set()
    async with kit.session() as session:

        def choose(_read: str, person: Person | None) -> Person | None:
            if person is None or chance.random() > 0.1:
                return None
            return chance.choice([other for other in kit.people if other is not person])

        answers_of(session, choose)
        todo = iter([kit.people[n % len(kit.people)] for n in range(kit.calls)])

        async def client() -> None:
            for person in todo:
                outcomes, wrong = await fetched(session, person, deadline_s=30)
                found.update(wrong + foreign(session, person, outcomes))

        async with asyncio.TaskGroup() as clients:
            for _ in range(min(32, kit.manifest.limits.max_concurrency * 2)):
                clients.create_task(client())
    return sorted(found)


def _fetch(kit: Kit) -> str | None:
    return kit.lacks(Capability.FETCH)


def _case(name: str, run: Run) -> Case:
    return Case(name, Layer.HOSTILE, 2, run, _fetch, Capability.FETCH)


CASES: Final = (
    _case("other-person", other_person),
    _case("one-read", one_read),
    _case("replay", replay),
    _case("swapped", swapped),
    _case("echo", echo),
    _case("buffers", buffers),
    _case("injection", injection),
    _case("interleaved", interleaved),
)
