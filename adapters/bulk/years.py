"""Which days of a year are days of the calendar, asked of the row plan's own reading of dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from adapters.bulk.tables import DAYS, Bytes

_LAST = range(29, 32)


def read_year(probe: Callable[[str], str | None], year: str) -> tuple[int, Bytes]:
    """Return the western year and, by ``month * 32 + day``, 1 for every day that is one.

    ``year`` are the characters of a date before month and day (``S64``, ``2025``). A date that
    becomes anything else than a day of that year stays 0.
    """
    days = np.zeros(DAYS, np.uint8)
    western = -1
    for month in range(1, 13):
        for day, made in _days(probe, f"{year}{month:02d}"):
            western = int(made[:4]) if western < 0 else western
            days[month * 32 + day] = made == f"{western:04d}-{month:02d}-{day:02d}"
    return max(western, 0), days


def _days(probe: Callable[[str], str | None], month: str) -> Iterator[tuple[int, str]]:
    """Yield the days of a month with what they become.

    Days follow each other, and an era begins or ends between two of them. So of a month of which
    the first and the 28th are days, those between are days too, and are not asked one by one.
    """
    first, last = probe(f"{month}01"), probe(f"{month}28")
    if first is not None and last == f"{first[:-2]}28":
        yield from ((day, f"{first[:-2]}{day:02d}") for day in range(1, 29))
        asked = _LAST
    else:
        asked = range(1, 32)
    for day in asked:
        made = probe(f"{month}{day:02d}")
        if made is not None:
            yield day, made
