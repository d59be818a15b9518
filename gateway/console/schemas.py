"""What the state page shows of an adapter. Nothing here is about a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class AdapterCondition(StrEnum):
    """What is known of an adapter and its system."""

    ONLINE = "online"
    DOWN = "down"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    SUSPECT = "suspect"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SuppliedGroup:
    """A group that the adapter supplies, with its Japanese name and that of its business."""

    ref: str
    business_name: str
    name: str


@dataclass(frozen=True, slots=True)
class AdapterState:
    """One adapter of one municipality (6-digit 団体コード).

    ``message`` is for staff, in Japanese: for a quarantined adapter the reason. ``remedy`` says
    what to do, where there is something to do. ``as_of`` is how current the source claims its
    data to be. ``opens_at`` is set where the source is closed until a known time.
    ``flag_copy_age_s`` is the age of our copy of the source's protective measures in seconds,
    None where the source is no authority on them or no copy exists (``is_flag_authority``).
    ``alarms`` counts what was discarded since the start because it was not of the person asked
    for. All times are aware.
    """

    adapter_id: str
    municipality: str
    system_name: str
    version: str
    mapping_version: str
    state: AdapterCondition
    message: str
    checked_at: dt.datetime | None
    as_of: dt.datetime | None
    groups: tuple[SuppliedGroup, ...]
    flag_copy_age_s: float | None = None
    is_flag_authority: bool = False
    in_flight: int = 0
    opens_at: dt.datetime | None = None
    remedy: str = ""
    alarms: int = 0


class AdapterStates(Protocol):
    """Knows the adapters that are switched on, quarantined ones included."""

    async def adapter_states(self) -> Sequence[AdapterState]:
        """Return them; must not ask the sources, only say what is known."""
        ...
