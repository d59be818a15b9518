"""What an adapter extracts, without the words of a crash: they may hold what was read (MN-3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from adapters.contract import ControlTotals, Deadline, Extract, ExtractChunk
from adapters.errors import AdapterCrashed, AdapterError

TOTALS_S: Final = 60.0


async def control_totals(adapter: Extract, group: str) -> ControlTotals:
    """Return what the source states of a group.

    Raises:
        AdapterError: it states nothing; ``AdapterCrashed`` where the adapter's code failed.
    """
    with _without_words():
        return await adapter.control_totals(group, Deadline.after(TOTALS_S))


async def chunks(
    adapter: Extract, group: str, after: str | None = None
) -> AsyncIterator[ExtractChunk]:
    """Yield the chunks of a group behind a checkpoint, from the first one if none is given.

    Raises:
        AdapterError: the extract cannot go on; ``AdapterCrashed`` where the adapter's code failed.
    """
    with _without_words():
        async for chunk in adapter.extract(group, after):
            yield chunk


@contextmanager
def _without_words() -> Iterator[None]:
    try:
        yield
    except AdapterError:
        raise
    except Exception as crash:  # noqa: BLE001 - vendor code
        raise AdapterCrashed(type(crash).__name__) from None
