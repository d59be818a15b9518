"""DV-7: a list is released as of now; a flag that came since it was made wins."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.releases import ReleaseRefusedError, check_release
from gateway.protection.store import MeasureStore
from tests.gateway.questions.conftest import TOWN, World, world

__all__ = ["world"]

LIST = [{"resident": ["R1"]}, {"resident": ["R2"]}, None, {"resident": ["R3"]}]


async def test_a_flag_that_came_since_the_list_was_made_wins(world: World) -> None:
    """That row is refused and told of, the others are done."""
    before = await check_release(world.protection, TOWN, LIST)
    assert (before.withheld, before.released) == ({1, 2}, 2)
    world.systems["resident"].flagged = ("R2", "R3")
    await world.protection.pull()
    seen: list[tuple[int, int]] = []
    now = await check_release(world.protection, TOWN, LIST, lambda *at: seen.append(at))
    assert (now.withheld, now.released) == ({1, 2, 3}, 1)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_a_measure_by_a_number_of_another_system_counts(world: World) -> None:
    """DV-2: flagged in any system is flagged in all."""
    measures = Measures(MeasureStore(world.store), clock=world.clock, actor="officer")
    await measures.set(TOWN, "tax", "T1", MeasureKind.FULL)
    people = [{"resident": ["R1"], "tax": ["T1"]}, {"resident": ["R3"]}]
    assert (await check_release(world.protection, TOWN, people)).withheld == {0}


async def test_nothing_leaves_while_it_is_not_known_who_is_protected(world: World) -> None:
    """DV-3: not even a list of people who never were."""
    world.systems["resident"].flagged = Unavailable("down")
    world.clock.advance(minutes=11)
    await world.protection.pull()
    with pytest.raises(ReleaseRefusedError):
        await check_release(world.protection, TOWN, [{"resident": ["R3"]}])


async def test_flags_that_grow_old_on_the_way_refuse_the_list(world: World) -> None:
    """A long list: what was known at its beginning must hold at its end."""
    with pytest.raises(ReleaseRefusedError):
        await check_release(
            world.protection,
            TOWN,
            LIST,
            lambda done, total: world.clock.advance(minutes=11) if done == total else None,
        )
