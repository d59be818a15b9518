"""RE-1, RE-3, R16: what we hold is what the source holds, and looks like the day before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from adapters.contract import ControlTotals
from adapters.errors import Unavailable
from benchmarks.reconcile.planted import GROUP, HOUSEHOLD, Planted, Town, number, told
from gateway.comparison import Code, Kind, Ranges, differences, differing, paired
from gateway.comparison.rows import Columns
from gateway.reconciliation import spill
from gateway.reconciliation.service import membership_of
from gateway.reconciliation.sides import ReconcileRefusedError
from gateway.reconciliation.spill import Spill
from gateway.store.tables import SnapshotRecordRow
from standard_models.answers import Absence, AbsenceReason, StandardRecord, Value
from standard_models.dictionary import Dictionary
from tests.gateway.reconciliation.conftest import Room
from tests.size import size_of

SIZE = 120
LEFT, RIGHT = "kingaku3", "kingaku4"


@st.composite
def plans(draw: st.DrawFn) -> dict[int, Planted]:
    """Return up to 25 differences of any kind, at any place."""
    places = draw(st.sets(st.integers(0, SIZE // 2 - 2), max_size=25))
    return {2 * place: draw(st.sampled_from(Planted)) for place in sorted(places)}


@given(plans())
@settings(max_examples=size_of(ordinary=15, nightly=1000))
def test_exactly_what_was_planted_is_found(
    large_dictionary: Dictionary, plan: Mapping[int, Planted]
) -> None:
    """R16, small: whatever is planted, those rows, those items, and nothing else."""
    group = large_dictionary.groups[GROUP]
    town, after = Town(group, SIZE), Town(group, SIZE, plan)
    keys = tuple(item.field_name for item in group.primary_key)
    names = tuple(n for n in group.by_field if n not in keys)
    columns = Columns(keys, names)
    ranges, spills = (Ranges(b"k" * 32), Ranges(b"k" * 32)), (Spill(), Spill())
    for side, counted, kept in zip((town, after), ranges, spills, strict=True):
        for record in side:
            row = columns.row(record)
            kept.add(counted.see(row), row)
    rule = membership_of(GROUP)
    assert rule is not None
    found = [
        one
        for place in differing(*ranges)
        for one in differences(spills[0].rows(place), spills[1].rows(place), columns, rule)
    ]
    rows = [told(columns, one) for one in paired(found)]
    assert len(rows) == len(set(rows))
    assert set(rows) == after.expected()
    for kept in spills:
        kept.close()


async def test_the_snapshot_is_what_the_source_hands_over(room: Room) -> None:
    """RE-1: counts, values, households; in another order, through files on disk."""
    await room.load(room.town(SIZE))
    report = await room.held(reversed(list(room.town(SIZE))))
    assert (report.equal, report.records, report.ranges) == (True, (SIZE, SIZE), 0)
    assert [row["outcome"] for row in await room.records()] == ["equal"]


async def test_twenty_five_differences_are_found_exactly(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R16 over the sealed snapshot; rows that do not fit in memory go to disk and come back."""
    monkeypatch.setattr(spill, "HELD_BYTES", 20_000)
    plan = {4 * n: list(Planted)[n % 6] for n in range(25)}
    await room.load(room.town(SIZE))
    after = room.town(SIZE, plan)
    report = await room.held(after)
    assert set(room.rows) == after.expected()
    assert report.rows == {
        Kind.CHANGED: 13, Kind.ONLY_LEFT: 4, Kind.ONLY_RIGHT: 4, Kind.SWAPPED: 8,
    }  # fmt: skip
    assert report.items[HOUSEHOLD] == 4
    assert report.ranges <= 29


async def test_sums_and_absences_of_both_sides_are_compared(room: Room) -> None:
    """RE-1: one amount more by 5, another one gone, and which items that is."""
    town = list(room.town(SIZE))
    await room.load(town)
    place = next(n for n, r in enumerate(town) if isinstance(r.answers[LEFT], Value))
    more = {LEFT: Value(town[place].answers[LEFT].value + 5)}  # type: ignore[union-attr]
    filled = next(n for n, r in enumerate(town) if isinstance(r.answers[RIGHT], Value))
    after = list(town)
    after[place] = replace(town[place], answers={**after[place].answers, **more})
    gone = {RIGHT: Absence(AbsenceReason.UNDER_INVESTIGATION)}
    after[filled] = replace(town[filled], answers={**after[filled].answers, **gone})
    report = await room.held(after)
    told = {(f.code, f.items): f for f in report.findings}
    sums = told.pop((Code.TOTALS_UNEQUAL, (LEFT,)))
    assert int(sums.after) - int(sums.before) == 5
    assert told.keys() == {
        (Code.TOTALS_UNEQUAL, (RIGHT,)),
        (Code.ABSENCES_UNEQUAL, (RIGHT,)),
    }


async def test_a_household_of_which_somebody_is_missing_is_counted(room: Room) -> None:
    """RE-1: one who moves touches two households, one who is gone one."""
    await room.load(room.town(SIZE))
    moved = await room.held(room.town(SIZE, {7: Planted.HOUSEHOLD}))
    gone = await room.held(room.town(SIZE, {7: Planted.MISSING}))
    assert (moved.households, gone.households) == (2, 1)


async def test_the_record_has_counts_and_items_and_nobody(room: Room) -> None:
    """AU-2: figures alone, with the items that differ."""
    await room.load(room.town(SIZE))
    await room.held(room.town(SIZE, {3: Planted.VALUE, 5: Planted.MISSING}))
    (row,) = await room.records()
    assert (row["outcome"], row["terminal"], row["municipality"]) == (
        "not-equal", "cli:test", "999997",
    )  # fmt: skip
    assert row["after"]["rows_named"] is True
    figures = row["after"]["groups"][GROUP]
    assert figures["rows"] == {"changed": 1, "only-left": 1}
    assert figures["items"] == {room.town(SIZE).item(3).field_name: 1}
    said = json.dumps(row)
    assert not [n for n in range(SIZE) if number(n) in said]


def changed(town: Town, swap: bool = True) -> Iterator[StandardRecord]:
    """Hand over two columns in each other's place."""
    for record in town:
        answers = dict(record.answers)
        if swap:
            answers |= {LEFT: answers[RIGHT], RIGHT: answers[LEFT]}
        yield replace(record, answers=answers)


def unlike(town: Town) -> Iterator[StandardRecord]:
    """Make one of the two amounts much larger than the other, as income and tax are."""
    for record in town:
        said = record.answers[LEFT]
        large = Value(said.value % 1000 + 90_000_000) if isinstance(said, Value) else said
        yield replace(record, answers={**record.answers, LEFT: large})


def swapped(town: Town) -> Iterator[StandardRecord]:
    for record in unlike(town):
        answers = record.answers
        yield replace(record, answers={**answers, LEFT: answers[RIGHT], RIGHT: answers[LEFT]})


async def test_a_swapped_column_is_found_on_day_one_and_stays_found(room: Room) -> None:
    """RE-3: against the day before; wrong figures do not become what is right."""
    town = room.town(SIZE)
    assert (await room.alone(unlike(town))).equal
    assert (await room.alone(unlike(town))).equal
    for _ in range(2):
        room.clock.advance(days=1)
        report = await room.alone(swapped(town))
        named = {finding.items for finding in report.findings if finding.code is Code.ITEMS_SWAPPED}
        assert named == {(LEFT, RIGHT)}
    rows = await room.records()
    assert [row["outcome"] for row in rows] == ["equal", "equal", "not-equal", "not-equal"]
    assert ["items-swapped", LEFT, RIGHT] in rows[-1]["after"]["groups"][GROUP]["findings"]


async def test_a_swapped_column_is_found_before_there_is_a_day_before(room: Room) -> None:
    """RE-3: by the sums that the source declares of the items."""
    town = room.town(SIZE)
    right = {
        name: sum(
            a.value  # type: ignore[misc]
            for r in town
            if isinstance(a := r.answers[name], Value)
        )
        for name in (LEFT, RIGHT)
    }
    totals = ControlTotals(SIZE, right)
    report = await room.alone(changed(town), totals)
    assert [(f.code, f.items) for f in report.findings] == [
        (Code.TOTAL_DIFFERS, (LEFT,)),
        (Code.TOTAL_DIFFERS, (RIGHT,)),
    ]
    assert (await room.alone(changed(town), totals, accept=True)).findings, "never accepted"
    assert (await room.alone(town, totals)).equal


async def test_figures_that_an_officer_accepts_are_right_from_then_on(room: Room) -> None:
    """June: all amounts change, and that is no mistake."""
    town = room.town(SIZE)
    await room.alone(town)
    assert not (await room.alone(unlike(town))).equal
    assert (await room.alone(unlike(town), accept=True)).equal
    assert (await room.alone(unlike(town))).equal
    assert (await room.records())[-2]["after"]["accepted"] is True


async def test_of_a_few_people_no_figures_are_kept(room: Room) -> None:
    """A sum of three people tells about each of them."""
    await room.alone(room.town(3))
    assert (await room.alone(unlike(room.town(3)))).equal


async def test_two_systems_are_compared_while_a_town_moves(room: Room) -> None:
    """Old against new: rows, an item that the new one does not have, a row that is there twice."""
    old = list(room.town(SIZE))
    new = [replace(r, answers={n: a for n, a in r.answers.items() if n != "kingaku0"}) for r in old]
    report = await room.two(old, [*new, new[0]])
    assert report.findings[0].code is Code.ONE_SIDE_ONLY
    assert report.findings[0].items == ("kingaku0",)
    assert report.rows == {Kind.REPEATED: 1}
    nothing = await room.two(old, [])
    assert nothing.rows == {Kind.ONLY_LEFT: SIZE}


async def test_columns_swapped_between_two_systems_are_named(room: Room) -> None:
    """Beside all the rows that differ by it."""
    town = room.town(SIZE)
    report = await room.two(unlike(town), swapped(town))
    assert Code.ITEMS_SWAPPED in {finding.code for finding in report.findings}
    assert set(report.items) == {LEFT, RIGHT}


async def test_my_numbers_are_never_compared(room: Room) -> None:
    """MN-1: no copy holds them, and none goes to disk; the rest of the record is compared."""
    group = room.dictionary.groups["001.bangojoho"]
    fields = {name: Absence(AbsenceReason.NOT_RECORDED) for name in group.by_field}

    def numbered(my_number: str, resident_code: str) -> StandardRecord:
        said = {"kojinbango": Value(my_number), "juminhyokodo": Value(resident_code)}
        return StandardRecord(group.ref, number(1), {**fields, **said})

    await room.load([numbered("123456789018", "a")], group.ref)
    assert (await room.held([numbered("987654321098", "a")], group.ref)).equal
    report = await room.held([numbered("987654321098", "b")], group.ref)
    assert report.rows == {Kind.CHANGED: 1}


async def test_an_absence_that_changes_its_reason_is_a_difference(room: Room) -> None:
    """Not recorded and under investigation are two answers."""
    town = list(room.town(SIZE))
    await room.load(town)
    name = room.town(SIZE).item(0).field_name
    gone = [
        replace(r, answers={**r.answers, name: Absence(AbsenceReason.NOT_RECORDED)}) for r in town
    ]
    report = await room.held(gone)
    filled = sum(isinstance(r.answers[name], Value) for r in town)
    assert report.items == {name: filled}


async def test_without_a_snapshot_or_with_a_broken_seal_nothing_is_compared(room: Room) -> None:
    """Nothing is recorded as equal that was not looked at."""
    with pytest.raises(ReconcileRefusedError):
        await room.held(room.town(1))
    await room.load(room.town(SIZE))
    async with room.store.transaction() as session:
        row = (await session.scalars(select(SnapshotRecordRow).limit(1))).one()
        await session.execute(
            update(SnapshotRecordRow)
            .where(SnapshotRecordRow.number == row.number)
            .values(sealed=row.sealed[:-1] + bytes([row.sealed[-1] ^ 1]))
        )
    with pytest.raises(ReconcileRefusedError):
        await room.held(room.town(SIZE))
    assert await room.records() == []


async def test_a_source_that_breaks_off_is_not_compared(room: Room) -> None:
    """What is not whole looks neither equal nor different."""
    await room.load(room.town(SIZE))

    def broken() -> Iterator[StandardRecord]:
        yield from room.town(SIZE // 2)
        raise Unavailable("the line went dead")

    with pytest.raises(Unavailable):
        await room.held(broken())
    assert await room.records() == []


async def test_what_lies_on_disk_meanwhile_is_sealed_and_has_no_name(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """A killed run leaves nothing that anybody could read."""
    monkeypatch.setattr(spill, "HELD_BYTES", 1)
    kept = Spill()
    columns = Columns(("atenabango",), ("shimei",))
    record = StandardRecord(GROUP, number(1), {"shimei": Value("架空花子")})
    kept.add(5, columns.row(record))
    kept._file.seek(0)
    content = await asyncio.to_thread(kept._file.read)
    assert content
    assert number(1).encode() not in content
    assert "架空".encode() not in content
    assert isinstance(kept._file.name, int), "it has no name"
    (row,) = kept.rows(5)
    assert columns.key_of(row.key)[0] == number(1)
    kept.close()
