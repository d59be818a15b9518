"""K2: what an adapter makes of a service that breaks HTTP, or its own interface."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Final

from adapters.conformance.judging import errors_of, fetched, recovers
from adapters.conformance.kit import Kit
from adapters.conformance.model import Case, Layer, Run
from adapters.conformance.simulator import Exchange, Fault, Reply
from adapters.conformance.trees import Tree, XmlTree
from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    RateLimited,
    Rejected,
    SourceTimeout,
    Unavailable,
)
from adapters.manifest import Capability

PAGE: Final = "<html><body>メンテナンス中</body></html>".encode()
SHORT_S: Final = 0.5
HUGE: Final = 2 * 1024**3
CHUNK: Final = b" " * 1024 * 1024
BEARABLE: Final = 64 * 1024**2
"""Bytes of a huge answer that may be sent before an adapter hangs up: the limit and the buffers."""

Errors = tuple[type[AdapterError], ...]


def replying(status: int, body: bytes, media: str, **headers: str) -> Fault:
    """Return a fault that always answers the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(exchange: Exchange) -> None:
        await exchange.send(Reply(body, status, media, named))

    return fault


def bodies(change: Callable[[Exchange], bytes]) -> Fault:
    """Return a fault that answers with another body."""

    async def fault(exchange: Exchange) -> None:
        good = exchange.good
        await exchange.send(Reply(change(exchange), good.status, good.media_type))

    return fault


async def _faulty(kit: Kit, faults: list[tuple[str, Fault, Errors]], *, s: float = 5) -> list[str]:
    """Return what is wrong when the source behaves in each of these ways, and afterwards."""
    found = []
    async with kit.session() as session:
        for name, fault, allowed in faults:
            session.simulator.fault = fault
            outcomes, wrong = await fetched(session, kit.people[0], deadline_s=s)
            session.simulator.fault = None
            wrong += errors_of(outcomes, allowed)
            wrong += await recovers(session, kit.people[0])
            found += [f"{name}: {problem}" for problem in wrong]
    return found


async def drip(kit: Kit) -> list[str]:
    """Send a byte now and then for ever: the call ends at its deadline."""

    async def fault(exchange: Exchange) -> None:
        exchange.writer.write(exchange.good.head())
        while not exchange.writer.is_closing():
            exchange.writer.write(b" ")
            await exchange.writer.drain()
            await asyncio.sleep(0.02)

    return await _faulty(kit, [("a slow drip", fault, (SourceTimeout,))], s=SHORT_S)


async def cut(kit: Kit) -> list[str]:
    """Cut the connection before, in and after the head, and send less than announced."""

    async def nothing(exchange: Exchange) -> None:
        exchange.writer.transport.abort()

    async def half_head(exchange: Exchange) -> None:
        exchange.writer.write(exchange.good.head()[:20])

    async def half_body(exchange: Exchange) -> None:
        good = exchange.good
        exchange.writer.write(good.head() + good.body[: len(good.body) // 2])

    broken: Errors = (BadAnswer, Unavailable)
    return await _faulty(
        kit,
        [
            ("a reset", nothing, broken),
            ("half a head", half_head, broken),
            ("half a body", half_body, broken),
            ("half a body that says it is whole", bodies(_half), (BadAnswer,)),
        ],
    )


def _half(exchange: Exchange) -> bytes:
    return exchange.good.body[: len(exchange.good.body) // 2]


async def refused(kit: Kit) -> list[str]:
    """Refuse the credentials: AuthenticationFailed, so that nobody asks again and again."""
    return await _faulty(
        kit,
        [(f"{s}", replying(s, PAGE, "text/html"), (AuthenticationFailed,)) for s in (401, 403)],
    )


async def statuses(kit: Kit) -> list[str]:
    """Answer with each status that says no: never an empty answer about the person."""
    broken: Errors = (BadAnswer, Unavailable, Rejected)
    faults = [(f"{s} as a page", replying(s, PAGE, "text/html"), broken) for s in (400, 404, 410)]
    faults += [
        (f"{s} as a page", replying(s, PAGE, "text/html"), (Unavailable,)) for s in (500, 502, 504)
    ]
    return await _faulty(kit, faults)


async def busy(kit: Kit) -> list[str]:
    """Answer 429 and 503 with Retry-After: the hint reaches the engine."""
    found = []
    async with kit.session() as session:
        for status, kind in ((429, RateLimited), (503, Unavailable)):
            session.simulator.fault = replying(status, b"", "text/plain", Retry_After="7")
            outcomes, wrong = await fetched(session, kit.people[0])
            allowed = (kind, Unavailable)
            found += wrong + errors_of(outcomes, allowed)
            found += [
                f"{ref}: Retry-After of a {status} is lost"
                for ref, error in outcomes.items()
                if isinstance(error, Unavailable) and error.retry_after_s != 7
            ]
    return found


async def page(kit: Kit) -> list[str]:
    """Answer with a page for people, as HTML and as what it is not."""

    async def lying(exchange: Exchange) -> None:
        await exchange.send(Reply(PAGE, 200, exchange.good.media_type))

    return await _faulty(
        kit,
        [
            ("a page", replying(200, PAGE, "text/html"), (BadAnswer,)),
            ("a page that says it is data", lying, (BadAnswer,)),
        ],
    )


async def strange(kit: Kit) -> list[str]:
    """Answer with nothing, with another shape, in another code page, compressed."""
    faults: list[tuple[str, Fault, Errors]] = [
        ("nothing", bodies(lambda _: b""), (BadAnswer,)),
        ("bytes of no code", bodies(lambda _: b"\xff\xfe\x00" * 50), (BadAnswer,)),
        ("null", bodies(lambda _: b"null"), (BadAnswer,)),
        ("an empty list", bodies(lambda _: b"[]"), (BadAnswer,)),
        ("an empty object", bodies(lambda _: b"{}"), (BadAnswer,)),
        ("another element", bodies(lambda _: b"<a/>"), (BadAnswer,)),
    ]
    return await _faulty(kit, faults)


async def code_page(kit: Kit) -> list[str]:
    """Answer in Shift_JIS while saying UTF-8: an error, or nothing that was not there."""
    found = []
    async with kit.session() as session:
        for number, person in enumerate(kit.people, 1):
            session.simulator.fault = None
            plain, _ = await fetched(session, person)
            session.simulator.fault = bodies(_as_shift_jis)
            other, wrong = await fetched(session, person)
            found += wrong
            found += [
                f"person {number}, {ref}: text in the wrong code page is taken as it is"
                for ref, outcome in other.items()
                if not isinstance(outcome, AdapterError) and outcome != plain.get(ref)
            ]
    return found


def _as_shift_jis(exchange: Exchange) -> bytes:
    tree = exchange.tree
    return tree.body("cp932") if tree is not None else exchange.good.body


async def elsewhere(kit: Kit) -> list[str]:
    """Send the adapter to another address: it does not go there."""
    async with kit.session() as session:
        trap: list[str] = []

        async def fault(exchange: Exchange) -> None:
            if exchange.asked.target.endswith("/trap"):
                trap.append(exchange.asked.method)
                await exchange.send(exchange.good)
                return
            there = {"Location": f"{session.simulator.address}/trap"}
            await exchange.send(Reply(b"", 307, "text/plain", there))

        session.simulator.fault = fault
        outcomes, found = await fetched(session, kit.people[0])
        found += errors_of(outcomes, (BadAnswer, Unavailable, Rejected))
        if trap:
            found.append("the adapter follows the source to another address, with the number")
    return found


async def huge(kit: Kit) -> list[str]:
    """Send two gigabytes, and a small body that unpacks to a huge one: it hangs up early."""
    sent = 0

    async def flood(exchange: Exchange) -> None:
        nonlocal sent
        exchange.writer.write(exchange.good.head(HUGE))
        while sent < HUGE and not exchange.writer.is_closing():
            exchange.writer.write(CHUNK)
            await exchange.writer.drain()
            sent += len(CHUNK)

    async def bomb(exchange: Exchange) -> None:
        body = gzip.compress(b" " * 50_000_000)
        packed = {"Content-Encoding": "gzip"}
        await exchange.send(Reply(body, 200, exchange.good.media_type, packed))

    found = await _faulty(
        kit, [("a bomb", bomb, (BadAnswer,)), ("two gigabytes", flood, (BadAnswer,))], s=20
    )
    if sent > BEARABLE * max(1, len(kit.description.answers)):
        found.append(f"{sent // 1024**2} MiB are read before the adapter hangs up")
    return found


async def depth(kit: Kit) -> list[str]:
    """Nest deeply, declare entities that expand and that read files."""
    deep_json = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    faults: list[tuple[str, Fault, Errors]] = [("depth", bodies(lambda _: deep_json), (BadAnswer,))]
    files = kit.description.answers.values()
    if any(isinstance(kit.tree(file, kit.people[0]), XmlTree) for file in files):
        faults += [
            ("entities that expand", bodies(_expanding), (BadAnswer,)),
            ("an entity that reads a file", bodies(_reading), (BadAnswer,)),
            ("depth", bodies(lambda _: b"<a>" * 100_000), (BadAnswer,)),
        ]
    return await _faulty(kit, faults)


def _expanding(exchange: Exchange) -> bytes:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    head = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "x">{levels}]>'
    return head.encode() + _with_entity(exchange, "&e8;")


def _reading(exchange: Exchange) -> bytes:
    head = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    return head + _with_entity(exchange, "&f;")


def _with_entity(exchange: Exchange, entity: str) -> bytes:
    number = exchange.person.number.encode() if exchange.person else b"0"
    body = _plain(exchange.tree)
    return body.replace(number, entity.encode() + number)


def _plain(tree: Tree | None) -> bytes:
    return tree.body().partition(b"?>\n")[2] if tree is not None else b""


async def gone(kit: Kit) -> list[str]:
    """Ask a service that is not there: Unavailable, also by check()."""
    async with kit.session() as session:
        session.simulator.stop()
        outcomes, found = await fetched(session, kit.people[0])
        found += errors_of(outcomes, (Unavailable,))
        if (await session.adapter.check(Deadline.after(5))).ok:
            found.append("check() says that a service that is gone is well")
    return found


def _http_fetch(kit: Kit) -> str | None:
    return kit.lacks(Capability.FETCH) or kit.not_http()


def _case(name: str, run: Run, level: int = 2) -> Case:
    return Case(name, Layer.BEHAVIOUR, level, run, _http_fetch, Capability.FETCH)


CASES: Final = (
    _case("drip", drip),
    _case("cut", cut),
    _case("refused", refused, 1),
    _case("statuses", statuses, 1),
    _case("busy", busy),
    _case("page", page, 1),
    _case("strange", strange),
    _case("code-page", code_page),
    _case("elsewhere", elsewhere),
    _case("huge", huge),
    _case("depth", depth),
    _case("gone", gone, 1),
)
