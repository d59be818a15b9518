"""Lookups of one kind, made together by those who need one at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Load = Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]

MOST: Final = 256
"""Keys of one lookup."""


class Together(Generic[Key, Found]):
    """One lookup at a time; whoever comes while it is under way shares the next one.

    Each lookup begins after everybody in it has asked, so that nobody is told what was true
    before. Alone, one waits for no one else.

    Args:
        load: returns what is found for each key; of a key that is not in it, nothing is known.

    """

    def __init__(self, load: Load[Key, Found]) -> None:
        self._load = load
        self._busy = False
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._next: asyncio.Task[None] | None = None

    async def look_up(self, key: Key) -> Found | None:
        """Return what is found for ``key``, None if nothing is.

        Raises:
            Exception: what ``load`` raised, for this key alone.

        """
        if self._busy:
            answered = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(key, []).append(answered)
            found: Found | None = await answered
            return found
        self._busy = True
        try:
            return (await self._load((key,))).get(key)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        """Let those who came meanwhile have their lookup."""
        self._busy = bool(self._waiting)
        if self._busy:
            self._next = asyncio.get_running_loop().create_task(self._for_all())

    async def _for_all(self) -> None:
        batch = self._waiting
        self._waiting = {}
        if len(batch) > MOST:
            kept = list(batch.items())
            batch, self._waiting = dict(kept[:MOST]), dict(kept[MOST:])
        try:
            await self._answer(batch)
        finally:
            for answered in (a for waiting in batch.values() for a in waiting):
                answered.cancel()  # of no effect where there is an answer
            self._go_on()

    async def _answer(self, batch: Mapping[Key, list[asyncio.Future[Found | None]]]) -> None:
        try:
            found = await self._load(list(batch))
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            if len(batch) == 1:
                for answered in _open(batch):
                    answered.set_exception(error)
                return
        else:
            for key, waiting in batch.items():
                for answered in _open({key: waiting}):
                    answered.set_result(found.get(key))
            return
        # It may be about one of them only: nobody suffers for somebody else's key.
        for key, waiting in batch.items():
            await self._answer({key: waiting})


def _open(
    batch: Mapping[Key, list[asyncio.Future[Found | None]]],
) -> Iterator[asyncio.Future[Found | None]]:
    return (a for waiting in batch.values() for a in waiting if not a.done())


def padded(keys: Sequence[Key]) -> Sequence[Key]:
    """Return ``keys`` with the last one repeated up to a power of two.

    A statement is prepared for each number of values; so there are few of them.
    """
    size = 1 << (len(keys) - 1).bit_length()
    return [*keys, *(keys[-1],) * (size - len(keys))]
