"""K2 and K4: deliveries of files, whole and damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from adapters.conformance.judging import values
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer, Run
from adapters.contract import Extract, ExtractChunk
from adapters.errors import AdapterError, BadAnswer, Unavailable
from adapters.manifest import Capability
from standard_models.answers import StandardRecord

Damage = Callable[[bytes], bytes]


async def _all(session: Session, ref: str, after: str | None = None) -> list[ExtractChunk]:
    if not isinstance(session.adapter, Extract):
        return []
    return [chunk async for chunk in session.adapter.extract(ref, after)]


def _records(chunks: list[ExtractChunk]) -> list[StandardRecord]:
    return [record for chunk in chunks for record in chunk.records]


async def delivery(kit: Kit) -> list[str]:
    """Extract a whole delivery: everybody once, counts that add up, the same again."""
    found = []
    async with kit.session() as session:
        for ref in _groups(kit):
            chunks = await _all(session, ref)
            accounted = sum(len(c.records) + len(c.lost) + c.skipped for c in chunks)
            if accounted < sum(c.read for c in chunks):
                found.append(f"{ref}: records are neither converted, nor lost, nor left out")
            if any(chunk.lost for chunk in chunks):
                found.append(f"{ref}: a record of the whole delivery is lost")
            if _records(await _all(session, ref)) != _records(chunks):
                found.append(f"{ref}: the same delivery gives other records the second time")
            for place, chunk in enumerate(chunks):
                rest = await _all(session, ref, chunk.checkpoint)
                if _records(rest) != _records(chunks[place + 1 :]):
                    found.append(f"{ref}: what follows a checkpoint is not what was left")
            found += _mixed(kit, ref, _records(chunks))
        seen = {
            r.subject_number for ref in _groups(kit) for r in _records(await _all(session, ref))
        }
        missing = [str(n) for n, p in enumerate(kit.people, 1) if p.number not in seen]
        if missing:
            found.append(f"no record of person {', '.join(missing)}")
    return sorted(set(found))


def _mixed(kit: Kit, ref: str, records: list[StandardRecord]) -> list[str]:
    """Return what is wrong where a record of one person holds what only another one has."""
    canaries = {p.number: set(kit.description.canaries(p)) for p in kit.people}
    for record in records:
        theirs = {c for n, own in canaries.items() if n != record.subject_number for c in own}
        mine = canaries.get(record.subject_number, set())
        if mine and values(record) & (theirs - mine):
            return [f"{ref}: a record of one person holds somebody else's"]
    return []


async def damage(kit: Kit) -> list[str]:
    """Damage a delivery in many ways: records are lost by name or the whole is refused."""
    found = set()
    async with kit.session() as session:
        whole = {ref: {repr(r) for r in _records(await _all(session, ref))} for ref in _groups(kit)}
        for path in sorted(session.delivery.iterdir()):
            good = path.read_bytes()
            for name, damaged in _damages(good):
                path.write_bytes(damaged)
                for ref in _groups(kit):
                    found |= {f"{name}: {p}" for p in await _outcome(session, ref, whole[ref])}
            path.write_bytes(good)
    return sorted(found)


async def _outcome(session: Session, ref: str, whole: set[str]) -> list[str]:
    """Return what is wrong with the extract of a damaged delivery."""
    try:
        chunks = await _all(session, ref)
    except AdapterError:
        return []
    except Exception as error:  # noqa: BLE001 - vendor code may raise anything
        return [f"{ref}: {type(error).__name__} is raised, which is no AdapterError"]
    records = {repr(r) for r in _records(chunks)}
    gone = whole - records
    told = sum(len(c.lost) for c in chunks)
    if gone and not told and not records - whole:
        return [f"{ref}: records are gone, and nothing says so"]
    return []


def _damages(good: bytes) -> Iterator[tuple[str, bytes]]:
    half = len(good) // 2
    yield "cut in the middle", good[:half]
    yield "cut by a byte", good[:-1]
    yield "a byte too much in the middle", good[:half] + b"\x00" + good[half:]
    yield "garbage in the middle", good[:half] + b"\xff" * 12 + good[half + 12 :]
    yield "nothing in it", b""
    yield "twice", good + good
    yield "without its first tenth", good[len(good) // 10 :]


async def absent(kit: Kit) -> list[str]:
    """Take a file away: Unavailable, never an empty town; check() tells."""
    found = []
    async with kit.session() as session:
        for path in sorted(session.delivery.iterdir()):
            path.unlink()
        for ref in _groups(kit):
            try:
                await _all(session, ref)
            except (Unavailable, BadAnswer):
                continue
            except AdapterError as error:
                found.append(f"{ref}: {type(error).__name__} in the place of Unavailable")
            else:
                found.append(f"{ref}: a delivery that is not there is an empty one")
    return found


async def untouched(kit: Kit) -> list[str]:
    """Look whether an extract leaves the delivery as it was."""
    async with kit.session() as session:
        before = _state(session.delivery)
        for ref in _groups(kit):
            await _all(session, ref)
        if _state(session.delivery) != before:
            return ["the delivery is changed by reading it"]
    return []


def _state(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


async def quiet(kit: Kit) -> list[str]:
    """Look through what is said of damaged records: places and rules, nothing of anybody."""
    found = set()
    canaries = [c for p in kit.people for c in kit.description.canaries(p)]
    async with kit.session() as session:
        for path in sorted(session.delivery.iterdir()):
            good = path.read_bytes()
            for _, damaged in _damages(good):
                path.write_bytes(damaged)
                for ref in _groups(kit):
                    said = await _said(session, ref)
                    if any(canary in said for canary in canaries):
                        found.add(f"{ref}: what is said of a damaged record names somebody")
            path.write_bytes(good)
        if any(canary in line for line in session.log.lines for canary in canaries):
            found.add("a log names somebody")
    return sorted(found)


async def _said(session: Session, ref: str) -> str:
    try:
        chunks = await _all(session, ref)
    except AdapterError as error:
        return f"{error.detail} {error!r} {error.__cause__!r}"
    return repr([chunk.lost for chunk in chunks])


def _groups(kit: Kit) -> list[str]:
    return sorted(kit.document.mapping.extract) if kit.document else []


def _needs(kit: Kit) -> str | None:
    if kit.lacks(Capability.EXTRACT):
        return kit.lacks(Capability.EXTRACT)
    return None if kit.over_files else "the records do not come in files"


def _case(name: str, run: Run, level: int, layer: Layer = Layer.BEHAVIOUR) -> Case:
    return Case(name, layer, level, run, _needs, Capability.EXTRACT)


CASES: Final = (
    _case("delivery", delivery, 1),
    _case("damage", damage, 2),
    _case("absent", absent, 1),
    _case("untouched", untouched, 1),
    _case("quiet", quiet, 2, Layer.PRIVACY),
)
