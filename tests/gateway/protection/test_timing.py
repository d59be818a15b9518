"""How long an answer takes does not tell whether a person is protected (DV-8)."""

from __future__ import annotations

import statistics
import time

from tests.gateway.questions.conftest import BLOCK, MAIL, NAME, World, world
from tests.size import size_of

__all__ = ["world"]

CALLS = 500
FIRST_CALLS = size_of(ordinary=60, nightly=CALLS)
MOST_S = 0.005


async def test_protected_and_other_people_are_answered_in_the_same_time(world: World) -> None:
    """Medians over calls that take turns; where a busy machine blurs the first, over all."""
    took: dict[str, list[float]] = {"ordinary": [], "protected": []}
    apart_s = MOST_S
    for call in range(1, CALLS + 1):
        for who, times in took.items():
            begun = time.perf_counter()
            await world.ask(NAME, BLOCK, MAIL, who=who)
            times.append(time.perf_counter() - begun)
        if call in {FIRST_CALLS, CALLS}:
            ordinary, protected = map(statistics.median, took.values())
            apart_s = abs(protected - ordinary)
            if apart_s < MOST_S:
                break
    assert apart_s < MOST_S
