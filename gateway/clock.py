"""The one clock of the gateway: real time, in the time zone of every Japanese town hall."""

from __future__ import annotations

import datetime as dt
from typing import Final

TOKYO: Final = dt.timezone(dt.timedelta(hours=9), "JST")
"""Asia/Tokyo. Japan has had no summer time since 1951, so a fixed offset needs no zone data."""


class SystemClock:
    """The machine's clock, read as Asia/Tokyo. Implements ``adapters.contract.Clock``."""

    def now(self) -> dt.datetime:
        """Return the current time, aware, in Asia/Tokyo."""
        return dt.datetime.now(TOKYO)
