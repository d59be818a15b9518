"""My Numbers out of an extract: every record is accounted for, whatever happens on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from adapters.contract import Adapter, ControlTotals, Deadline, ExtractChunk, Host, LostRecord
from adapters.errors import AdapterCrashed, Unavailable
from adapters.manifest import Freshness, Manifest, read_manifest
from adapters.mapped import open_mapped
from adapters.sources.sql import SqlSource
from gateway.audit import AuditLog
from gateway.keys import FileKeyStore
from gateway.my_numbers import (
    LoadCounts,
    MyNumberOffice,
    MyNumbers,
    MyNumberStore,
    NumberLoader,
    NumberLoadError,
)
from gateway.problems import Problem
from gateway.store.engine import Store
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Quality,
    Severity,
    StandardRecord,
    Value,
)
from standard_models.values.identifiers import MyNumber
from tests.gateway.my_numbers.conftest import number
from tests.gateway.my_numbers.register import MANIFEST, MAPPING, filled
from tests.gateway.my_numbers.test_office import settings_entries
from tests.gateway.questions.conftest import TOWN, World

GROUP = "001.bangojoho"
WRONG = number(4)[:11] + str((int(number(4)[11]) + 1) % 10)
Lines = Iterable[tuple[str, str | None]]


@pytest.fixture
def manifest() -> Manifest:
    """The manifest of the resident system that holds My Numbers."""
    return read_manifest(MANIFEST)


@pytest.fixture
def loader(
    my_number_store: Store, keys: FileKeyStore, world: World, audit_log: AuditLog
) -> NumberLoader:
    """What an officer loads with."""
    return NumberLoader(
        MyNumberStore(my_number_store),
        keys,
        world.subjects,
        world.questions._rooms.dictionary,
        audit_log,
        clock=world.clock,
        actor="cli:officer",
    )


@pytest.fixture
async def register(world: World, tmp_path: Path) -> AsyncIterator[Callable[[Lines], Adapter]]:
    """Fill the register of the town and open its adapter, which reads two records at a time."""
    opened: list[Adapter] = []
    async with httpx.AsyncClient() as http:

        def open_with(lines: Lines) -> Adapter:
            url = filled(tmp_path / f"register-{len(opened)}.db", lines)
            dictionary = world.questions._rooms.dictionary
            host = Host(TOWN, world.clock, http, world.log, dictionary)
            source = SqlSource(url, pool_size=1, probe="SELECT 1", network=host.network)
            adapter = open_mapped(host, MANIFEST, MAPPING, lambda *_: source)
            opened.append(adapter)
            return adapter

        yield open_with
        for adapter in opened:
            await adapter.aclose()


@dataclass
class Told:
    """Hands over what a test says; ``breaks`` comes behind the last piece."""

    pieces: list[ExtractChunk]
    records: int | None = None
    breaks: BaseException | None = None
    asked: list[str | None] = field(default_factory=list)
    mapping_version: str = "1.0.0"

    async def check(self, deadline: Deadline) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        return None

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        return ControlTotals(self.records)

    async def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        self.asked.append(after)
        for piece in self.pieces:
            if after is None or int(piece.checkpoint) > int(after):
                yield piece
        if self.breaks is not None:
            raise self.breaks


def said(who: str, digits: str) -> StandardRecord:
    """Return a record of the register with a number."""
    return StandardRecord(GROUP, who, {"kojinbango": Value(digits)})


def piece(checkpoint: int, *records: StandardRecord) -> ExtractChunk:
    """Return a piece of whole records."""
    return ExtractChunk(records, (), 0, len(records), str(checkpoint))


def figures(counts: LoadCounts) -> tuple[int, ...]:
    """Return read, stored, unchanged, quarantined, blank and skipped; they add up."""
    c = counts
    assert c.read == c.stored + c.unchanged + c.quarantined + c.blank + c.skipped
    return (c.read, c.stored, c.unchanged, c.quarantined, c.blank, c.skipped)


async def stored(store: Store) -> list[tuple[str, bytes]]:
    """Return everybody who has a number, with its seal."""
    async with store.session() as session:
        rows = await session.execute(text("SELECT number, sealed FROM my_number ORDER BY number"))
        return [(row[0].strip(), bytes(row[1])) for row in rows]


async def test_the_register_is_taken_by_its_mapping(
    loader: NumberLoader,
    office: MyNumberOffice,
    numbers: MyNumbers,
    manifest: Manifest,
    register: Callable[[Lines], Adapter],
    world: World,
) -> None:
    """Good, without a number, wrong, unknown: each is told, and read is the sum."""
    adapter = register(
        [("R1", number(1)), ("R2", None), ("R3", WRONG), ("R4", number(9)), ("R5", "12345")]
    )
    heard: list[tuple[str, int, int | None]] = []
    (done,) = await loader.load(TOWN, manifest, adapter, lambda *told: heard.append(told))
    assert figures(done.counts) == (5, 1, 0, 3, 1, 0)
    assert heard == [(GROUP, 0, 5), (GROUP, 2, 5), (GROUP, 4, 5), (GROUP, 5, 5)]
    (place,) = await numbers.places_of(TOWN, MyNumber(number(1)))
    assert (place.numbering, place.number) == ("resident", "R1")
    assert await numbers.places_of(TOWN, MyNumber(number(9))) == []
    told = {one.number: one for one in await office.quarantined(TOWN)}
    assert {who: one.codes for who, one in told.items()} == {
        "R3": ("CHECK_DIGIT_WRONG",),
        "R4": ("PERSON_UNKNOWN",),
        "R5": ("IDENTIFIER_MALFORMED",),
    }
    assert told["R3"].place == "record 3"
    entries = await settings_entries(world)
    assert [entry["function"] for entry in entries] == [
        "my-number-load-begin", "my-number-load", "my-number-quarantine",
    ]  # fmt: skip
    assert all(entry["my_number"] and entry["terminal"] == "cli:officer" for entry in entries)
    after: Any = entries[1]["after"]
    assert {name: after[name] for name in asdict(done.counts)} == asdict(done.counts)


async def test_loading_again_changes_nothing(
    loader: NumberLoader,
    manifest: Manifest,
    register: Callable[[Lines], Adapter],
    my_number_store: Store,
) -> None:
    """Not even a seal; the quarantine is that of the last load."""
    lines = [("R1", number(1)), ("R2", number(2)), ("R3", WRONG)]
    await loader.load(TOWN, manifest, register(lines))
    before = await stored(my_number_store)
    (again,) = await loader.load(TOWN, manifest, register(lines))
    assert figures(again.counts) == (3, 0, 2, 1, 0, 0)
    assert await stored(my_number_store) == before
    (changed,) = await loader.load(
        TOWN, manifest, register([("R1", number(7)), ("R2", number(2)), ("R3", number(3))])
    )
    assert figures(changed.counts) == (3, 2, 1, 0, 0, 0)


async def test_a_bad_record_leaves_what_was_stored_of_the_person(
    kept: MyNumberOffice,
    loader: NumberLoader,
    numbers: MyNumbers,
    manifest: Manifest,
    register: Callable[[Lines], Adapter],
) -> None:
    """Nothing of it is taken, and nothing is taken away."""
    await loader.load(TOWN, manifest, register([("R1", WRONG), ("R2", None)]))
    assert len(await numbers.places_of(TOWN, MyNumber(number(1)))) == 1
    assert len(await numbers.places_of(TOWN, MyNumber(number(2)))) == 1


async def test_a_load_that_was_stopped_goes_on_behind_its_last_piece(
    loader: NumberLoader, manifest: Manifest, numbers: MyNumbers, world: World
) -> None:
    """The counts are those of the whole, and nothing is read twice."""
    first = piece(1, said("R1", number(1)), said("R2", WRONG))
    second = piece(2, said("R3", number(3)))
    broken = Told([first], records=3, breaks=Unavailable("away"))
    with pytest.raises(Unavailable):
        await loader.load(TOWN, manifest, broken)
    assert len(await numbers.places_of(TOWN, MyNumber(number(1)))) == 1
    whole = Told([first, second], records=3)
    (done,) = await loader.load(TOWN, manifest, whole)
    assert (whole.asked, done.resumed) == (["1"], True)
    assert figures(done.counts) == (3, 2, 0, 1, 0, 0)
    functions = [entry["function"] for entry in await settings_entries(world)]
    assert functions == [
        "my-number-load-begin", "my-number-load-stopped", "my-number-load-begin", "my-number-load",
    ]  # fmt: skip


async def test_a_load_that_was_killed_is_gone_on_with_when_it_is_surely_dead(
    loader: NumberLoader, manifest: Manifest, my_number_store: Store, world: World
) -> None:
    """Two at a time would take each other's numbers for contradictions."""
    pieces = [piece(1, said("R1", number(1))), piece(2, said("R2", number(2)))]
    with pytest.raises(Unavailable):
        await loader.load(TOWN, manifest, Told(pieces[:1], breaks=Unavailable("away")))
    await MyNumberStore(my_number_store).note(
        (await MyNumberStore(my_number_store).loads(TOWN))[0].load_id, touched_at=world.clock.now()
    )
    with pytest.raises(NumberLoadError, match="under way"):
        await loader.load(TOWN, manifest, Told(pieces))
    world.clock.advance(minutes=6)
    (done,) = await loader.load(TOWN, manifest, Told(pieces))
    assert (done.resumed, figures(done.counts)) == (True, (2, 2, 0, 0, 0, 0))


@pytest.mark.parametrize("change", ["mapping", "day", "delivery"])
async def test_what_may_have_changed_is_read_from_its_beginning(
    loader: NumberLoader, manifest: Manifest, world: World, change: str
) -> None:
    """Another mapping, a live system a day later, another delivery: a checkpoint means nothing."""
    pieces = [piece(1, said("R1", number(1))), piece(2, said("R2", number(2)))]
    if change == "delivery":
        daily = Freshness(kind="deliveries", every_s=86_400)
        manifest = manifest.model_copy(update={"freshness": daily})
    with pytest.raises(Unavailable):
        await loader.load(TOWN, manifest, Told(pieces[:1], breaks=Unavailable("away")))
    if change == "day":
        world.clock.advance(hours=25)
    again = Told(pieces, mapping_version="1.0.1" if change == "mapping" else "1.0.0")
    (done,) = await loader.load(TOWN, manifest, again)
    assert (again.asked, done.resumed) == ([None], False)
    assert figures(done.counts) == (2, 1, 1, 0, 0, 0)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("before", [True, False])
async def test_of_two_numbers_of_one_person_neither_is_used(
    loader: NumberLoader,
    office: MyNumberOffice,
    manifest: Manifest,
    my_number_store: Store,
    *,
    together: bool,
    before: bool,
) -> None:
    """MN-6: in one piece or in two, whether one of them was known or not; nor a third record."""
    one, other = said("R1", number(1)), said("R1", number(2))
    if before:
        await loader.load(TOWN, manifest, Told([piece(1, one)]))
    pieces = [piece(1, one, other)] if together else [piece(1, one), piece(2, other)]
    (done,) = await loader.load(TOWN, manifest, Told([*pieces, piece(3, one, said("R2", WRONG))]))
    assert figures(done.counts) == (4, 0, 0, 4, 0, 0)
    assert await stored(my_number_store) == []
    codes = [one.codes for one in await office.quarantined(TOWN)]
    assert codes == [("TWO_NUMBERS",)] * 3 + [("CHECK_DIGIT_WRONG",)]


async def test_a_number_that_is_said_twice_is_kept_once(
    loader: NumberLoader, manifest: Manifest, my_number_store: Store
) -> None:
    """The second says nothing new."""
    pieces = [
        piece(1, said("R1", number(1)), said("R1", number(1))),
        piece(2, said("R1", number(1))),
    ]
    (done,) = await loader.load(TOWN, manifest, Told(pieces))
    assert figures(done.counts) == (3, 1, 2, 0, 0, 0)
    assert [who for who, _ in await stored(my_number_store)] == ["R1"]


async def test_records_that_could_not_be_made_are_set_aside(
    loader: NumberLoader, office: MyNumberOffice, manifest: Manifest
) -> None:
    """By place and reason; a place or reason that holds a number is not repeated."""
    reject = Quality("NO_SUBJECT", Severity.REJECT)
    lost = (LostRecord("line 7", (reject,)), LostRecord(f"of {number(5)}", ()))
    unread = StandardRecord(
        GROUP,
        "R2",
        {
            "kojinbango": Absence(
                AbsenceReason.LOST_IN_MAPPING, (Quality("UNMAPPED", Severity.ERROR),)
            )
        },
    )
    same = said(number(6), number(6))
    chunk = ExtractChunk((unread, same, said("R 1", number(1))), lost, 2, 7, "1")
    (done,) = await loader.load(TOWN, manifest, Told([chunk], records=7))
    assert figures(done.counts) == (7, 0, 0, 5, 0, 2)
    told = [(one.place, one.number, one.codes) for one in await office.quarantined(TOWN)]
    assert told == [
        ("record 1", "R2", ("UNMAPPED",)),
        ("record 2", None, ("NUMBER_MALFORMED",)),
        ("record 3", None, ("NUMBER_MALFORMED",)),
        ("line 7", None, ("NO_SUBJECT",)),
        ("", None, ("NOT_SAID",)),
    ]


async def test_a_count_that_the_source_does_not_state_is_no_success(
    loader: NumberLoader, manifest: Manifest, my_number_store: Store
) -> None:
    """What was stored is good and stays; the next load begins anew."""
    short = [piece(1, said("R1", number(1)))]
    with pytest.raises(NumberLoadError, match="2 records, 1 were read"):
        await loader.load(TOWN, manifest, Told(short, records=2))
    assert [who for who, _ in await stored(my_number_store)] == ["R1"]
    whole = Told([*short, piece(2, said("R2", number(2)))], records=2)
    (done,) = await loader.load(TOWN, manifest, whole)
    assert (whole.asked, figures(done.counts)) == ([None], (2, 1, 1, 0, 0, 0))


async def test_a_system_that_works_on_meanwhile_may_have_more_at_the_end(
    loader: NumberLoader, manifest: Manifest
) -> None:
    """A newborn came between the count and the record."""

    class Growing(Told):
        async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
            return ControlTotals(1 if not self.asked else 2)

    (done,) = await loader.load(
        TOWN, manifest, Growing([piece(1, said("R1", number(1)), said("R2", number(2)))])
    )
    assert done.counts.elements == 2


async def test_without_a_durable_record_nothing_is_loaded(
    loader: NumberLoader, manifest: Manifest, audit_log: AuditLog, my_number_store: Store
) -> None:
    """AU-2."""
    await audit_log.aclose()
    with pytest.raises(Problem):
        await loader.load(TOWN, manifest, Told([piece(1, said("R1", number(1)))]))
    assert await stored(my_number_store) == []


async def test_what_a_crashing_adapter_says_goes_nowhere(
    loader: NumberLoader, manifest: Manifest
) -> None:
    """MN-3: its words may hold a number; the class is told."""
    crashing = Told([piece(1, said("R1", number(1)))], breaks=ValueError(number(1)))
    with pytest.raises(AdapterCrashed) as crashed:
        await loader.load(TOWN, manifest, crashing)
    assert (crashed.value.detail, crashed.value.__suppress_context__) == ("ValueError", True)


@pytest.mark.parametrize("lacking", ["item", "declaration", "answer", "extract"])
async def test_an_adapter_without_my_numbers_is_told_what_it_lacks(
    loader: NumberLoader, manifest: Manifest, lacking: str
) -> None:
    """Before anything is read, or at the first record."""
    adapter: Any = Told([piece(1, said("R1", number(1)))])
    said_in = {"item": "does not supply", "declaration": "my_number: never",
               "answer": "supplies nothing", "extract": "capability extract"}  # fmt: skip
    if lacking == "item":
        supply = manifest.supplies[0].model_copy(update={"group": "001.setaiinjoho"})
        manifest = manifest.model_copy(update={"supplies": (supply,)})
    elif lacking == "declaration":
        never = manifest.personal_data.model_copy(update={"my_number": "never"})
        manifest = manifest.model_copy(update={"personal_data": never})
    elif lacking == "answer":
        none = {"kojinbango": Absence(AbsenceReason.NOT_SUPPLIED)}
        adapter = Told([piece(1, StandardRecord(GROUP, "R1", none))])
    else:
        adapter = object()
    with pytest.raises(NumberLoadError, match=said_in[lacking]):
        await loader.load(TOWN, manifest, adapter)


async def test_erased_people_are_erased_from_the_quarantine(
    loader: NumberLoader, office: MyNumberOffice, manifest: Manifest
) -> None:
    """One of them, then all."""
    bad = [said("R1", WRONG), said("R2", WRONG)]
    await loader.load(TOWN, manifest, Told([piece(1, *bad)]))
    await office.erase(TOWN, "resident", ["R1"])
    assert [one.number for one in await office.quarantined(TOWN)] == ["R2"]
    await office.erase(TOWN, "resident", None)
    assert await office.quarantined(TOWN) == []
