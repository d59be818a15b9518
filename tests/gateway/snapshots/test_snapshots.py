"""Systems that only give files: loaded complete or not at all, answered from, taken back."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from sqlalchemy import func, select, update

from adapters.contract import ControlTotals
from adapters.errors import AdapterCrashed, BadAnswer
from gateway.keys import FileKeyStore
from gateway.questions.parts import Part, PartStatus
from gateway.snapshots import LoadRefusedError
from gateway.snapshots.loading import Told
from gateway.snapshots.sealing import RecordSeal
from gateway.store.engine import Store
from gateway.store.tables import SnapshotRecordRow, SnapshotRow
from standard_models.answers import Absence, AbsenceReason, Method, Value
from tests.gateway.questions.conftest import MAIL, World
from tests.gateway.snapshots.conftest import (
    DAY_S,
    GROUP,
    LOST,
    Room,
    delivered,
    whole,
    with_lost,
)

FIELD = MAIL.rpartition(".")[2]


async def part(world: World, who: str = "ordinary", **conditions: Any) -> Part:
    answer = await world.ask(MAIL, who=who, **conditions)
    (only,) = answer.parts
    return only


async def town(world: World, who: str = "ordinary") -> Any:
    """Return what the snapshot says of a person's 送付先_町字."""
    found = await part(world, who)
    return found.records[0][FIELD] if found.records else found.status


def deliver(world: World, room: Room, *people: tuple[str, dict[str, Any]]) -> None:
    room.system.pieces = {GROUP: [delivered(world.questions._rooms.dictionary, *people)]}


async def rows(store: Store, table: Any) -> int:
    async with store.session() as session:
        return (await session.scalars(select(func.count()).select_from(table))).one()


async def test_a_question_is_answered_from_the_delivery(world: World, room: Room) -> None:
    """FR-1: where it comes from, that it is a copy, and of when."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}), ("T9", {FIELD: "港町"}))
    as_of = world.clock.now() - dt.timedelta(hours=5)
    report = await room.load(as_of=as_of)
    assert report.counts[GROUP].records == 2
    world.clock.advance(hours=1)
    await world.protection.pull()
    found = await part(world)
    assert found.records[0][FIELD] == Value("あおば二丁目")
    told = found.provenance
    assert told is not None
    assert (told.method, told.as_of, told.stale) == (Method.SNAPSHOT, as_of, False)
    assert told.retrieved_at == world.clock.now() - dt.timedelta(hours=1)
    assert room.system.requests == []


async def test_before_the_first_delivery_nothing_is_known_of_anybody(
    world: World, room: Room
) -> None:
    """PA-1: that looks like no record of a person in no way."""
    assert (await part(world)).status is PartStatus.UNAVAILABLE
    deliver(world, room, ("T9", {FIELD: "港町"}))
    await room.load()
    assert (await part(world)).status is PartStatus.NOT_FOUND


async def test_a_delivery_that_breaks_off_changes_nothing(
    world: World, room: Room, store: Store
) -> None:
    """Complete or not at all: the last one answers, and nothing of the new one stays."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load()
    before = await rows(store, SnapshotRecordRow)
    deliver(world, room, ("T1", {FIELD: "港町"}), ("T2", {FIELD: "港町"}))
    for breaks in (BadAnswer("no trailer"), asyncio.CancelledError()):
        room.system.breaks = breaks
        with pytest.raises(type(breaks)):
            await room.load()
        assert await town(world) == Value("あおば二丁目")
        assert await rows(store, SnapshotRecordRow) == before
        assert await rows(store, SnapshotRow) == 1


async def test_what_a_crashing_adapter_says_goes_nowhere(
    world: World, room: Room, store: Store
) -> None:
    """Vendor code may repeat what it read; the class of the error is told, and nothing is kept."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    room.system.breaks = ValueError("あおば二丁目")
    with pytest.raises(AdapterCrashed) as crashed:
        await room.load()
    assert (crashed.value.detail, crashed.value.__suppress_context__) == ("ValueError", True)
    assert await rows(store, SnapshotRecordRow) == 0


async def test_what_an_adapter_says_that_crashes_before_its_first_chunk_goes_nowhere(
    world: World, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extract need not be a generator: it may do its work, and crash, as it is called."""

    def crash(*_: object) -> NoReturn:
        raise ValueError("あおば二丁目")

    monkeypatch.setattr(room.system, "extract", crash)
    with pytest.raises(AdapterCrashed) as crashed:
        await room.load()
    assert (crashed.value.detail, crashed.value.__suppress_context__) == ("ValueError", True)


async def test_counts_that_differ_from_the_sources_refuse(world: World, room: Room) -> None:
    """The control total of the source is believed, not the end of a file."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    room.system.totals = ControlTotals(2)
    with pytest.raises(LoadRefusedError, match="states 2 records, 1 were read"):
        await room.load()
    room.system.totals = ControlTotals(1, None, world.clock.now())
    await room.load()
    found = await part(world)
    assert found.provenance is not None
    assert found.provenance.as_of == world.clock.now()


async def test_lost_records_are_told_by_place_and_nobody_is_said_to_have_none(
    world: World, room: Room
) -> None:
    """Whose record was lost is not known: everybody without one may be that person."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    room.system.pieces[GROUP] = [with_lost(room.system.pieces[GROUP][0])]
    told: list[Any] = []
    with pytest.raises(LoadRefusedError, match="1 records could not be made"):
        await room.load(told=Told(findings=lambda group, lost: told.append((group, lost))))
    assert told == [(GROUP, LOST)]
    report = await room.load(max_lost=1)
    counts = report.counts[GROUP]
    assert counts.read == counts.taken + counts.lost + counts.skipped == 2
    assert await town(world) == Value("あおば二丁目")
    assert (await part(world, "protected")).status is PartStatus.LOST_IN_MAPPING


async def test_a_later_record_takes_the_place_of_an_earlier_one(world: World, room: Room) -> None:
    """Changes are applied in their order, within a piece and over pieces."""
    one, other, third = (
        delivered(world.questions._rooms.dictionary, ("T1", {FIELD: place})).records
        for place in ("あおば二丁目", "港町", "新田")
    )
    room.system.pieces = {GROUP: [whole(one + other), whole(third)]}
    report = await room.load()
    assert (report.counts[GROUP].records, report.counts[GROUP].replaced) == (3, 2)
    assert await town(world) == Value("新田")


async def test_the_way_back_is_one_step_and_at_once(world: World, room: Room, store: Store) -> None:
    """The snapshot before stays; those before that are erased."""
    for place in ("あおば二丁目", "港町", "新田"):
        deliver(world, room, ("T1", {FIELD: place}))
        await room.load()
        world.clock.advance(minutes=1)
    assert await rows(store, SnapshotRow) == 2
    assert await rows(store, SnapshotRecordRow) == 2
    await room.snapshots.roll_back("999997", "scripted-tax")
    assert await town(world) == Value("港町")
    with pytest.raises(LoadRefusedError):
        await room.snapshots.roll_back("999997", "scripted-tax")
    deliver(world, room, ("T1", {FIELD: "本町"}))
    await room.load()
    assert await town(world) == Value("本町")


async def test_a_killed_load_leaves_the_old_one_and_is_cleared_away(
    world: World, room: Room, store: Store
) -> None:
    """kill -9 lets nothing be tidied up; the next load does, once the other is surely dead."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load()
    left = SnapshotRow(
        snapshot_id="f" * 32,
        municipality="999997",
        adapter_id="scripted-tax",
        adapter_version="0.1.0",
        mapping_version="1.0.0",
        sealed_by=1,
        as_of=None,
        touched_at=world.clock.now(),
        loaded_at=None,
        loaded_by="cli:test",
        counts={},
        current=False,
    )
    await room.store.begin(left)
    record = {
        "snapshot_id": left.snapshot_id,
        "number": "T1",
        "group_ref": GROUP,
        "record_key": b"k" * 16,
        "place": 1,
        "sealed": b"half a record",
    }
    await room.store.write(left.snapshot_id, [record], world.clock.now())
    assert await town(world) == Value("あおば二丁目")
    with pytest.raises(LoadRefusedError, match="under way"):
        await room.load()
    world.clock.advance(minutes=6)
    await room.load()
    assert await rows(store, SnapshotRecordRow) == 2


async def test_an_old_copy_is_told_and_tells_no_address(world: World, room: Room) -> None:
    """NW-4, R8: of the address class nothing, and the rest is marked as stale."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目", "sofusaki_yubinbango": "9990001"}))
    await room.load()
    world.clock.advance(seconds=2 * DAY_S)
    await world.protection.pull()
    assert await town(world) == Value("あおば二丁目")
    world.clock.advance(seconds=1)
    found = await part(world)
    assert found.records[0][FIELD] == Absence(AbsenceReason.STALE)
    assert found.provenance is not None
    assert found.provenance.stale


async def test_max_age_counts_from_the_time_of_the_data(world: World, room: Room) -> None:
    """FR-2: what cannot be met is stale, not silent."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load(as_of=world.clock.now() - dt.timedelta(hours=5))
    assert (await part(world, max_age=6 * 3_600)).status is PartStatus.OK
    assert (await part(world, max_age=4 * 3_600)).status is PartStatus.STALE


async def test_the_protected_stay_protected_in_a_copy(world: World, room: Room) -> None:
    """DV-1, DV-10: a flag that came after the delivery counts at once."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}), ("T2", {FIELD: "港町"}))
    await room.load()
    assert await town(world, "protected") == Absence(AbsenceReason.ASK_OFFICE)
    world.systems["resident"].flagged = ("R1", "R2")
    await world.protection.pull()
    assert await town(world) == Absence(AbsenceReason.ASK_OFFICE)


async def test_a_copy_answers_while_the_source_is_closed(world: World, room: Room) -> None:
    """NW-3: nothing reaches the source."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load()
    room.connection.hours = type(room.connection.hours).model_validate(
        {"closed": [{"closes": "00:00", "opens": "23:59", "reason_ja": "夜間"}]}
    )
    assert await town(world) == Value("あおば二丁目")


async def test_a_record_that_was_altered_in_the_database_is_not_answered(
    world: World, room: Room, store: Store
) -> None:
    """The part is unavailable; nothing that cannot be trusted leaves."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load()
    async with store.transaction() as session:
        await session.execute(update(SnapshotRecordRow).values(sealed=b"x" * 40))
    assert (await part(world)).status is PartStatus.UNAVAILABLE


async def test_nothing_of_a_person_can_be_read_in_the_database(
    world: World, room: Room, store: Store
) -> None:
    """Records are sealed."""
    deliver(world, room, ("T1", {FIELD: "あおば二丁目"}))
    await room.load()
    async with store.session() as session:
        (row,) = (await session.scalars(select(SnapshotRecordRow))).all()
    assert "あおば".encode() not in row.sealed


async def test_a_my_number_in_a_delivery_is_not_taken_into_the_copy(
    world: World, room: Room, store: Store, keys: FileKeyStore
) -> None:
    """MN-1: not even sealed; it has a store and a key of its own. Its neighbours are there."""
    group = "001.bangojoho"
    (supply, *_) = room.connection.manifest.supplies
    room.connection.manifest = room.connection.manifest.model_copy(
        update={"supplies": (supply.model_copy(update={"group": group}),)}
    )
    facts = {"kojinbango": "345678901234", "juminhyokodo": "12345678901"}
    dictionary = world.questions._rooms.dictionary
    room.system.pieces = {group: [delivered(dictionary, ("T1", facts), group=group)]}
    report = await room.load()
    assert report.counts[group].records == 1
    async with store.session() as session:
        row = (await session.scalars(select(SnapshotRecordRow))).one()
    seal = RecordSeal(keys.keys().sealing_secret, report.snapshot_id)
    kept = seal.unseal("T1", group, row.sealed).answers
    assert kept["juminhyokodo"] == Value("12345678901")
    assert not [field for field in kept if field.startswith("kojinbango")]


async def test_a_system_that_answers_itself_is_not_loaded(world: World, room: Room) -> None:
    """Its freshness is live."""
    live = world.connections.find("999997", "scripted-welfare")
    assert live is not None
    with pytest.raises(LoadRefusedError):
        await room.loader.load("999997", live.manifest, room.system)
    assert room.copies.of("999997", live.manifest) is None


async def test_many_records_go_in_pieces(world: World, room: Room, store: Store) -> None:
    """Questions are answered in between; erasing goes in pieces too."""
    dictionary = world.questions._rooms.dictionary

    def pieces() -> Iterator[Any]:
        for start in range(0, 2_500, 500):
            people = [(f"T{n}", {FIELD: "港町"}) for n in range(start, start + 500)]
            yield delivered(dictionary, *people)

    seen: list[int] = []
    for _ in range(3):
        room.system.pieces = {GROUP: list(pieces())}
        await room.load(told=Told(lambda _g, done, _t: seen.append(done)))
        world.clock.advance(minutes=1)
    assert seen[:5] == [500, 1_000, 1_500, 2_000, 2_500]
    assert await rows(store, SnapshotRecordRow) == 5_000
    assert await town(world) == Value("港町")
