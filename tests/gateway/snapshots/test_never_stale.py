"""NW-4: death, removal and cancelled seals are not told from an old copy, and the address never."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from adapters.contract import Deadline, ExtractChunk, FetchRequest, FetchResult, GroupRecords
from adapters.errors import Unavailable
from adapters.manifest import Freshness
from gateway.snapshots.never_stale import never_stale
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.builtin import load_builtin
from tests.gateway.questions.conftest import TOWN, World
from tests.gateway.questions.scripted import manifest_of
from tests.gateway.snapshots.conftest import DAY_S, Room, delivered

STALE = Absence(AbsenceReason.STALE)
RESIDENT, REMOVED, SEAL = "001.juminkihonjoho", "001.shojojoho", "002.inkantorokujoho"
NAMED = f"{SEAL}.torokunengappi"
FIELDS = {
    RESIDENT: frozenset({"shimei", "jusho_choaza", "juminjotai", "idojiyu"}),
    REMOVED: frozenset({"shibonengappi", "shojojiyu"}),
    SEAL: frozenset({"inkantorokubango", "torokunengappi", "haishinengappi", "haishijiyu"}),
}


class Copy:
    """What a resident system delivered once, asked when it is that many seconds old."""

    def __init__(self, world: World, room: Room) -> None:
        self.world, self.room = world, room
        freshness = Freshness(kind="deliveries", every_s=DAY_S, never_stale=(NAMED,))
        self.manifest = manifest_of("tax", list(FIELDS)).model_copy(update={"freshness": freshness})

    async def load(self, behind_s: float = 0, **values: dict[str, Any]) -> None:
        """Deliver a record of each group that is named, by the part of its reference."""
        dictionary = self.world.questions._rooms.dictionary
        for ref in FIELDS:
            held = values.get(ref.partition(".")[2])
            people = [] if held is None else [("T1", held)]
            chunk: ExtractChunk = delivered(dictionary, *people, group=ref)
            self.room.system.pieces[ref] = [chunk]
        as_of = self.world.clock.now() - dt.timedelta(seconds=behind_s)
        await self.room.loader.load(TOWN, self.manifest, self.room.system, as_of=as_of)

    async def at(self, age_s: float) -> FetchResult:
        self.world.clock.advance(seconds=age_s)
        copy = self.room.copies.of(TOWN, self.manifest)
        assert copy is not None
        return await copy.fetch(FetchRequest("T1", FIELDS, Deadline.after(5), "t"))


@pytest.fixture
def copy(world: World, room: Room) -> Copy:
    return Copy(world, room)


def told(result: FetchResult, ref: str) -> dict[str, Answer]:
    outcome = result.groups[ref]
    assert isinstance(outcome, GroupRecords)
    (record,) = outcome.records
    return {field: record.answers[field] for field in FIELDS[ref]}


ALIVE = {"shimei": "見本　花子", "jusho_choaza": "みどり一丁目", "juminjotai": "1", "idojiyu": "1"}
VALID = {"inkantorokubango": "12", "torokunengappi": "2020-04-01"}


async def test_an_old_copy_does_not_say_that_somebody_lives_here_or_a_seal_is_good(
    copy: Copy,
) -> None:
    """NW-4: neither state nor cancellation nor address; what the manifest names; the rest is."""
    await copy.load(juminkihonjoho=ALIVE, inkantorokujoho=VALID)
    young = await copy.at(2 * DAY_S)
    assert told(young, RESIDENT) == {field: Value(value) for field, value in ALIVE.items()}
    assert told(young, SEAL)["haishinengappi"] == Absence(AbsenceReason.NOT_RECORDED)
    old = await copy.at(1)
    assert told(old, RESIDENT) == {
        "shimei": Value("見本　花子"),
        "jusho_choaza": STALE,
        "juminjotai": STALE,
        "idojiyu": STALE,
    }
    assert told(old, SEAL) == {
        "inkantorokubango": Value("12"),
        "torokunengappi": STALE,
        "haishinengappi": STALE,
        "haishijiyu": STALE,
    }


async def test_a_copy_is_as_old_as_what_is_in_it(copy: Copy) -> None:
    """NW-4: by the time of the data, and not by that of the delivery."""
    await copy.load(behind_s=2 * DAY_S, juminkihonjoho=ALIVE)
    assert told(await copy.at(0), RESIDENT)["juminjotai"] == Value("1")
    assert told(await copy.at(1), RESIDENT)["juminjotai"] == STALE


async def test_that_nobody_was_removed_is_not_told_from_an_old_copy(copy: Copy) -> None:
    """NW-4: nothing recorded is an answer as well, and nobody knows whether it still holds."""
    await copy.load(juminkihonjoho=ALIVE)
    young = (await copy.at(2 * DAY_S)).groups[REMOVED]
    assert isinstance(young, GroupRecords)
    assert young.records == ()
    assert isinstance((await copy.at(1)).groups[REMOVED], Unavailable)


async def test_whoever_was_removed_stays_hidden_however_old_the_copy(copy: Copy) -> None:
    """PL-11: the register's own word for it is kept; what it says of a death is not told."""
    gone = {"shibonengappi": "2026-09-01", "shojojiyu": "1"}
    await copy.load(juminkihonjoho={**ALIVE, "juminjotai": "3"}, shojojoho=gone)
    old = await copy.at(2 * DAY_S + 1)
    assert told(old, RESIDENT)["juminjotai"] == Value("3")
    assert told(old, REMOVED) == {"shibonengappi": STALE, "shojojiyu": STALE}


def test_every_item_of_the_list_is_one_of_the_standard() -> None:
    """A typing error would tell of the dead as of the living."""
    groups = load_builtin().groups
    ours = never_stale()
    assert ours.groups <= groups.keys()
    assert all(load_builtin().find_item(item) for item in ours.items)
