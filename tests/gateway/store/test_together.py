"""Lookups that are made together: current for everybody, and nobody suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from gateway.store.together import MOST, Together, padded


class Table:
    """What is looked up: it changes, and it waits where it is told to."""

    def __init__(self) -> None:
        self.value = 0
        self.asked: list[Sequence[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, keys: Sequence[str]) -> Mapping[str, int]:
        seen = self.value
        self.asked.append(tuple(keys))
        await self.gate.wait()
        if "broken" in keys:
            raise LookupError
        return {key: seen for key in keys if key != "nobody"}


@pytest.fixture
def table() -> Table:
    return Table()


async def test_alone_one_waits_for_no_one_else(table: Table) -> None:
    """One lookup for one question; what is not found is None."""
    together = Together(table.load)
    assert await together.look_up("a") == 0
    assert await together.look_up("nobody") is None
    assert table.asked == [("a",), ("nobody",)]


async def test_whoever_comes_meanwhile_is_told_what_is_true_then(table: Table) -> None:
    """A change that was made before somebody asked is in the answer, though others wait already."""
    together = Together(table.load)
    table.gate.clear()
    first = asyncio.create_task(together.look_up("a"))
    await asyncio.sleep(0)
    table.value = 1
    later = [asyncio.create_task(together.look_up(key)) for key in ("a", "b", "a")]
    await asyncio.sleep(0)
    table.gate.set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1, 1, 1]
    assert table.asked == [("a",), ("a", "b")]


async def test_nobody_suffers_for_the_key_of_another(table: Table) -> None:
    """A lookup that fails is made again for each key by itself."""
    together = Together(table.load)
    table.gate.clear()
    first = asyncio.create_task(together.look_up("a"))
    await asyncio.sleep(0)
    broken = asyncio.create_task(together.look_up("broken"))
    sound = asyncio.create_task(together.look_up("b"))
    await asyncio.sleep(0)
    table.gate.set()
    assert await first == 0
    assert await sound == 0
    with pytest.raises(LookupError):
        await broken
    with pytest.raises(LookupError):
        await together.look_up("broken")


async def test_whoever_gives_up_holds_up_nobody(table: Table) -> None:
    """The first, whose lookup it is, and one that waits."""
    together = Together(table.load)
    table.gate.clear()
    first = asyncio.create_task(together.look_up("a"))
    await asyncio.sleep(0)
    gone = asyncio.create_task(together.look_up("b"))
    stays = asyncio.create_task(together.look_up("b"))
    await asyncio.sleep(0)
    first.cancel()
    gone.cancel()
    table.gate.set()
    assert await stays == 0
    assert await together.look_up("c") == 0


async def test_a_lookup_has_a_largest_size(table: Table) -> None:
    """More keys than that are looked up in turn."""
    together = Together(table.load)
    table.gate.clear()
    waiting = [asyncio.create_task(together.look_up(f"{n}")) for n in range(MOST + 3)]
    await asyncio.sleep(0)
    table.gate.set()
    assert await asyncio.gather(*waiting) == [0] * (MOST + 3)
    assert [len(keys) for keys in table.asked] == [1, MOST, 2]


def test_statements_have_few_sizes() -> None:
    """A power of two; the last key is repeated."""
    assert [len(padded("x" * n)) for n in (1, 2, 3, 5, 8, 200)] == [1, 2, 4, 8, 8, 256]
    assert padded("abc") == ["a", "b", "c", "c"]
