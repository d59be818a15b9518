"""What is said when a source answered with something that is not of the person asked for."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.errors import Foreign
from adapters.manifest import Capability


@dataclass(frozen=True, slots=True)
class Alarm:
    """Answers or records of one source that were discarded, and how that was seen.

    Holds nothing of a person: neither the number asked for nor the one that came.
    """

    adapter_id: str
    capability: Capability
    kind: Foreign
    count: int = 1


def joined(alarms: list[Alarm]) -> tuple[Alarm, ...]:
    """Return one alarm for each adapter, capability and kind, with the sum of their counts."""
    counts: dict[tuple[str, Capability, Foreign], int] = {}
    for alarm in alarms:
        key = (alarm.adapter_id, alarm.capability, alarm.kind)
        counts[key] = counts.get(key, 0) + alarm.count
    return tuple(Alarm(*key, count) for key, count in counts.items())
