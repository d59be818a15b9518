"""How long an answer takes does not tell whether a person is protected (DV-8)."""

from __future__ import annotations

import statistics
import time

from tests.gateway.questions.conftest import BLOCK, MAIL, NAME, World, world
from tests.size import size_of

__all__ = ["world"]

CALLS = size_of(ordinary=60, nightly=500)
MOST_S = 0.005


async def test_protected_and_other_people_are_answered_in_the_same_time(world: World) -> None:
    """Medians over calls that take turns."""
    took: dict[str, list[float]] = {"ordinary": [], "protected": []}
    for _ in range(CALLS):
        for who, times in took.items():
            begun = time.perf_counter()
            await world.ask(NAME, BLOCK, MAIL, who=who)
            times.append(time.perf_counter() - begun)
    medians = {who: statistics.median(times) for who, times in took.items()}
    assert abs(medians["protected"] - medians["ordinary"]) < MOST_S
