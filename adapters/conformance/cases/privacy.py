"""K4: what a person's data may be found in: answers, and nothing else."""

from __future__ import annotations

import gc
import logging
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from adapters.conformance.cases.hostile import _rewrite, answers_of
from adapters.conformance.description import Person
from adapters.conformance.judging import fetched
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer, Run
from adapters.conformance.simulator import Exchange, Reply, Simulator
from adapters.errors import AdapterError
from adapters.manifest import Capability

MOST_OBJECTS: Final = 2_000_000


class _Listener(logging.Handler):
    """Keeps every line that anything logs."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line with its arguments and its traceback."""
        self.lines.append(f"{record.getMessage()} {record.args!r}")
        if record.exc_info and record.exc_info[1]:
            self.lines.append("".join(traceback.format_exception(record.exc_info[1])))


@contextmanager
def _listening() -> Iterator[_Listener]:
    listener, root = _Listener(), logging.getLogger()
    before = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield listener
            listener.lines += [str(w.message) for w in warned]
    finally:
        root.removeHandler(listener)
        root.setLevel(before)


async def logs(kit: Kit) -> list[str]:
    """Ask in good and bad ways, and look through every log, warning and error."""
    found: set[str] = set()
    with _listening() as listener:
        async with kit.session() as session:
            person, other = kit.people[0], kit.people[1]
            texts: list[str] = []
            for name, prepare in _ways(session, other):
                prepare()
                outcomes, _ = await fetched(session, person, deadline_s=2)
                for outcome in outcomes.values():
                    if isinstance(outcome, AdapterError):
                        texts += [f"{name}: {line}" for line in _said(outcome)]
            session.source.fault = None
            texts += session.log.lines
        texts += listener.lines
    for text in texts:
        for number, somebody in enumerate(kit.people, 1):
            if any(canary in text for canary in kit.description.canaries(somebody)):
                found.add(f"person {number} is named in a log, a warning or an error")
    return sorted(found)


def _said(error: AdapterError) -> list[str]:
    """Return everything that an error says, its causes and its traceback included."""
    lines = ["".join(traceback.format_exception(error)), repr(error), error.detail]
    seen: BaseException | None = error
    while seen is not None:
        lines += [repr(seen), repr(seen.args)]
        seen = seen.__cause__ or seen.__context__
    return lines


def _ways(session: Session, other: Person) -> Iterator[tuple[str, Any]]:
    """Yield ways in which the source behaves, each with what sets it up."""
    yield "well", lambda: setattr(session.source, "fault", None)
    yield "other person", lambda: answers_of(session, lambda _r, _p: other)
    yield (
        "no echo",
        lambda: _rewrite(session, lambda t: t.replace(session.kit.people[0].number, "")),
    )
    yield "long", lambda: _rewrite(session, lambda t: t * 400)
    yield "controls", lambda: _rewrite(session, lambda t: t + "\x01\ufffd\ue000")
    if isinstance(session.source, Simulator):
        for status in (200, 400, 401, 404, 409, 422, 500, 503):
            yield str(status), lambda s=status: setattr(session.source, "fault", _repeating(s))
        yield "half", lambda: setattr(session.source, "fault", _half)


def _repeating(status: int) -> Any:
    """Return a fault that repeats, in a page of an error, what it was asked."""

    async def fault(exchange: Exchange) -> None:
        page = b"<html>" + exchange.asked.body + exchange.good.body + b"</html>"
        await exchange.send(Reply(page, status, "text/html"))

    return fault


async def _half(exchange: Exchange) -> None:
    good = exchange.good
    body = good.body[: len(good.body) * 2 // 3]
    await exchange.send(Reply(body, good.status, good.media_type))


async def addresses(kit: Kit) -> list[str]:
    """Look at the addresses and headers of every request: numbers travel in bodies."""
    found = []
    async with kit.session() as session:
        for person in kit.people:
            await fetched(session, person)
        for asked in session.simulator.asked:
            text = f"{asked.target} {dict(asked.headers)}"
            if any(c in text for p in kit.people for c in kit.description.canaries(p)):
                found.append("an address or a header names a person")
    return sorted(set(found))


async def memory(kit: Kit) -> list[str]:
    """Look through everything the adapter holds after its calls and did not hold before them."""
    async with kit.session() as session:
        before = _canaries_held(session)
        for person in kit.people:
            await fetched(session, person)
        session.source.asked.clear()
        if _canaries_held(session) - before:
            return ["the adapter still holds what it handed over: a later call could get it"]
    return []


def _canaries_held(session: Session) -> set[int]:
    """Return the identities of the texts with something personal that the adapter holds."""
    kit = session.kit
    lent = {id(session.http), id(session.log), id(session.source), id(kit), id(kit.dictionary)}
    canaries = [c for person in kit.people for c in kit.description.canaries(person)]
    held = _held(session.adapter, lent)
    return {id(text) for text in held if any(canary in text for canary in canaries)}


def _held(root: Any, lent: set[int]) -> Iterator[str]:
    """Yield every text that can be reached from ``root``, what the host lent it apart."""
    gc.collect()
    pending, seen = [root], set(lent)
    skipped = (type, types.ModuleType, types.FrameType, types.CodeType)
    while pending and len(seen) < MOST_OBJECTS:
        node = pending.pop()
        if id(node) in seen or isinstance(node, skipped):
            continue
        seen.add(id(node))
        if isinstance(node, str):
            yield node
        elif isinstance(node, bytes | bytearray):
            yield node.decode("utf-8", "replace")  # a new text each time, and so never held before
        elif isinstance(node, types.FunctionType):
            pending += [c.cell_contents for c in node.__closure__ or () if _filled(c)]
        else:
            pending += gc.get_referents(node)


def _filled(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


async def files(kit: Kit) -> list[str]:
    """Look whether calls leave files where files are left."""
    places = [Path.cwd(), kit.folder, Path(tempfile.gettempdir())]
    before = {place: _names(place) for place in places}
    async with kit.session() as session:
        for person in kit.people:
            await fetched(session, person)
        session.source.fault = None
    new = {p / n for p in places for n in _names(p) - before[p]}
    return [
        "a call leaves a file with somebody's data"
        for path in new
        if path.is_file() and _holds(path, kit)
    ]


def _names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def _holds(path: Path, kit: Kit) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    canaries = (c for p in kit.people for c in kit.description.canaries(p))
    return any(canary.encode() in text for canary in canaries)


def _fetch(kit: Kit) -> str | None:
    return kit.lacks(Capability.FETCH)


def _case(name: str, run: Run) -> Case:
    return Case(name, Layer.PRIVACY, 2, run, _fetch, Capability.FETCH)


CASES: Final = (
    _case("logs", logs),
    Case(
        "addresses", Layer.PRIVACY, 2, addresses,
        lambda kit: _fetch(kit) or kit.not_http(), Capability.FETCH,
    ),
    _case("memory", memory),
    _case("files", files),
)  # fmt: skip
