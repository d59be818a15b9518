"""A welfare system that only gives files, and one that is flagged in the register."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.contract import ControlTotals, Deadline, ExtractChunk, LostRecord
from adapters.manifest import Freshness
from gateway.connections import Connection
from gateway.keys import FileKeyStore
from gateway.snapshots import Loader, SnapshotCopies, Snapshots, SnapshotStore
from gateway.store.engine import Store
from standard_models.answers import Quality, Severity, StandardRecord
from standard_models.dictionary import Dictionary
from tests.gateway.questions.conftest import TOWN, World, world
from tests.gateway.questions.scripted import ScriptedAdapter, holding, record

__all__ = ["world"]

GROUP = "010.sofusakijoho"
PLACE = "010.sofusakijoho.sofusaki_choaza"
NAME = "010.sofusakijoho.sofusaki_yubinbango"
DAY_S = 86_400
LOST = LostRecord("NENKIN.DAT record 7", (Quality("NO_SUBJECT", Severity.REJECT),))


@dataclass
class Deliverer(ScriptedAdapter):
    """Hands over pieces of records by group; ``breaks`` comes in the place of the last piece."""

    pieces: dict[str, list[ExtractChunk]] = field(default_factory=dict)
    totals: ControlTotals = field(default_factory=ControlTotals)
    breaks: BaseException | None = None

    def __post_init__(self) -> None:
        super().__init__(holding())
        # People are looked up in the copy alone.
        self.fetch = None  # type: ignore[assignment]

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        return self.totals

    async def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        for piece in self.pieces.get(group, []):
            yield piece
        if self.breaks is not None:
            raise self.breaks


@dataclass
class Room:
    """What staff and questions work with."""

    system: Deliverer
    loader: Loader
    snapshots: Snapshots
    store: SnapshotStore
    connection: Connection
    copies: SnapshotCopies

    async def load(self, **options: Any) -> Any:
        manifest = self.connection.manifest
        return await self.loader.load(TOWN, manifest, self.system, **options)


def delivered(
    dictionary: Dictionary, *people: tuple[str, dict[str, Any]], group: str = GROUP
) -> ExtractChunk:
    """Return a piece with one whole record for each person."""
    fields = frozenset(dictionary.groups[group].by_field)
    records = tuple(record(group, number, fields, values) for number, values in people)
    return ExtractChunk(records, (), 0, len(records), str(len(records)))


def with_lost(piece: ExtractChunk) -> ExtractChunk:
    """Return the piece with one record more, which could not be made."""
    return ExtractChunk(piece.records, (LOST,), 0, piece.read + 1, piece.checkpoint)


@pytest.fixture
def room(world: World, store: Store, keys: FileKeyStore) -> Room:
    """The tax system of the world gives files each day from now on."""
    dictionary = world.questions._rooms.dictionary
    snapshots = SnapshotStore(store)
    copies = SnapshotCopies(snapshots, keys, dictionary, world.clock)
    found = world.connections.find(TOWN, "scripted-tax")
    assert found is not None
    supplies = tuple(s for s in found.manifest.supplies if s.group == GROUP)
    found.manifest = found.manifest.model_copy(
        update={
            "freshness": Freshness(kind="deliveries", every_s=DAY_S, never_stale=(NAME,)),
            "supplies": supplies,
        }
    )
    system = Deliverer()
    found._adapter = system
    found._copy = copies.of(TOWN, found.manifest)
    loader = Loader(snapshots, keys, dictionary, clock=world.clock, actor="cli:test")
    return Room(
        system,
        loader,
        Snapshots(snapshots, clock=world.clock, actor="cli:test"),
        snapshots,
        found,
        copies,
    )


def whole(records: tuple[StandardRecord, ...]) -> ExtractChunk:
    """Return a piece of just these records."""
    return ExtractChunk(records, (), 0, len(records), str(len(records)))
