"""A made town, held as a snapshot, whose system hands it over again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from adapters.contract import ControlTotals
from benchmarks.reconcile.planted import (
    GROUP,
    Handing,
    Planted,
    Town,
    enlarged,
    manifest_of,
    told,
)
from gateway.audit import AuditStore
from gateway.comparison import Kind
from gateway.editions import open_dictionary
from gateway.keys import FileKeyStore
from gateway.reconciliation import (
    GroupReport,
    Reconciler,
    ReconciliationStore,
    Sides,
    SourceSide,
    Told,
    held_side,
)
from gateway.settings import Settings
from gateway.snapshots import Loader, SnapshotStore
from gateway.store.engine import Store
from standard_models.answers import StandardRecord
from standard_models.dictionary import Dictionary
from tests.doubles import StoppedClock

MUNICIPALITY = "999997"
SYSTEM = "made-town"


@dataclass
class Room:
    """What a reconciliation works with; ``rows`` are those that it told of."""

    store: Store
    keys: FileKeyStore
    clock: StoppedClock
    dictionary: Dictionary
    rows: list[tuple[Kind, str, str]] = field(default_factory=list)

    def town(self, size: int, planted: Mapping[int, Planted] | None = None) -> Town:
        return Town(self.dictionary.groups[GROUP], size, planted or {})

    async def load(self, records: Iterable[StandardRecord], group: str = GROUP) -> None:
        """Hold what is handed over."""
        snapshots = SnapshotStore(self.store)
        loader = Loader(snapshots, self.keys, self.dictionary, clock=self.clock, actor="cli:test")
        await loader.load(MUNICIPALITY, manifest_of(SYSTEM, group), Handing(records))

    async def held(self, records: Iterable[StandardRecord], group: str = GROUP) -> GroupReport:
        """Compare what is held with what is handed over now."""
        snapshots = SnapshotStore(self.store)
        held = await held_side(snapshots, self.keys, MUNICIPALITY, SYSTEM, group)
        return await self.run(Sides(held, SourceSide(SYSTEM, Handing(records), group)))

    async def alone(
        self, records: Iterable[StandardRecord], totals: ControlTotals | None = None, **options: Any
    ) -> GroupReport:
        """Judge what a system hands over by itself."""
        return await self.run(Sides(None, self.source(records, totals)), **options)

    async def two(
        self, old: Iterable[StandardRecord], new: Iterable[StandardRecord]
    ) -> GroupReport:
        """Compare two systems."""
        sides = Sides(self.source(old), self.source(new, system="new-town"), repeats=True)
        return await self.run(sides)

    def source(
        self,
        records: Iterable[StandardRecord],
        totals: ControlTotals | None = None,
        system: str = SYSTEM,
    ) -> SourceSide:
        return SourceSide(system, Handing(records, totals), GROUP)

    async def run(self, sides: Sides, **options: Any) -> GroupReport:
        store = ReconciliationStore(self.store)
        reconciler = Reconciler(store, self.dictionary, clock=self.clock, actor="cli:test")
        self.rows.clear()
        heard = Told(rows=lambda _group, columns, one: self.rows.append(told(columns, one)))
        report = await reconciler.reconcile(MUNICIPALITY, [SYSTEM], [sides], told=heard, **options)
        (group,) = report.groups
        return group

    async def records(self) -> Sequence[dict[str, Any]]:
        """Return what stands in the audit record of reconciliations."""
        found = [orjson.loads(row.entry) async for row in AuditStore(self.store).iter_all()]
        return [row for row in found if row["function"] == "reconcile"]


@pytest.fixture(scope="session")
def large_dictionary() -> Dictionary:
    """The resident record with 60 items."""
    return enlarged(open_dictionary(Settings()))


@pytest.fixture
def room(
    store: Store, keys: FileKeyStore, clock: StoppedClock, large_dictionary: Dictionary
) -> Room:
    """Nothing is held yet."""
    return Room(store, keys, clock, large_dictionary)
