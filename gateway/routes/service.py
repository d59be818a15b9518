"""Routes: for each municipality and group, who answers now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapters.contract import Clock
from gateway.audit import settings_entry, to_record
from gateway.routes.store import RouteStore


class RouteMode(StrEnum):
    """How the answering system is used."""

    LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Route:
    """``adapter_id`` answers for ``group`` (``001.juminkihonjoho``) in ``mode``."""

    group: str
    mode: RouteMode
    adapter_id: str


class RouteService:
    """Reads and changes the routes of municipalities."""

    def __init__(self, store: RouteStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def for_groups(self, municipality: str, groups: Collection[str]) -> Mapping[str, Route]:
        """Return the routes of ``groups``; a group without a route is not in the result."""
        rows = await self._store.find(municipality, groups)
        return {
            group: Route(group, RouteMode(row.mode), row.adapter_id) for group, row in rows.items()
        }

    async def all(self, municipality: str) -> list[Route]:
        """Return every route of the municipality, by group."""
        rows = await self._store.list(municipality)
        return [Route(r.group_ref, RouteMode(r.mode), r.adapter_id) for r in rows]

    async def everywhere(self) -> list[tuple[str, Route]]:
        """Return every route of every municipality, each with the municipality."""
        rows = await self._store.everywhere()
        return [(r.municipality, Route(r.group_ref, RouteMode(r.mode), r.adapter_id)) for r in rows]

    async def set(
        self, municipality: str, group: str, adapter_id: str, *, changed_by: str
    ) -> Route | None:
        """Let ``adapter_id`` answer for ``group`` from now on; return the route before.

        The change and its audit record become durable together. Setting the route that holds
        already changes and records nothing.
        """
        before = (await self.for_groups(municipality, [group])).get(group)
        after = Route(group, RouteMode.LEGACY, adapter_id)
        if before == after:
            return before
        now = self._clock.now()
        entry = settings_entry(
            municipality,
            now,
            changed_by,
            "route-set",
            before=_facts(before) if before else None,
            after=_facts(after),
        )
        await self._store.put(
            municipality,
            group,
            mode=after.mode.value,
            adapter_id=adapter_id,
            changed_at=now,
            changed_by=changed_by,
            record=to_record(entry),
        )
        return before


def _facts(route: Route) -> dict[str, str]:
    return {"group": route.group, "mode": route.mode.value, "adapter": route.adapter_id}
