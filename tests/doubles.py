"""Stand-ins for what the host gives to rooms and adapters."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from gateway.clock import TOKYO
from gateway.logs import ALLOWED_FIELDS


def stands_in(number: str, text: str) -> bool:
    """Tell whether a short number stands in a text by itself, and not by chance in a random id."""
    return re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", text) is not None


class StoppedClock:
    """A clock that moves only when a test says so."""

    def __init__(self, start: str = "2026-10-01T10:00:00+09:00") -> None:
        self.time = dt.datetime.fromisoformat(start).astimezone(TOKYO)

    def now(self) -> dt.datetime:
        """Return the time, aware, in Asia/Tokyo."""
        return self.time

    def advance(self, **duration: float) -> None:
        """Move on by ``timedelta(**duration)``."""
        self.time += dt.timedelta(**duration)


class FixedNetwork:
    """A network in which every name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses."""
        return self._addresses


class RecordingLog:
    """An ``EventLog`` that keeps its lines as ``(level, event, fields)``.

    The real one leaves out fields that are not allowed; here they fail the test.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        """Keep a line of level info."""
        self._keep("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Keep a line of level warning."""
        self._keep("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Keep a line of level error."""
        self._keep("error", event, fields)

    def _keep(self, level: str, event: str, fields: dict[str, Any]) -> None:
        assert fields.keys() <= ALLOWED_FIELDS, sorted(fields.keys() - ALLOWED_FIELDS)
        self.lines.append((level, event, fields))

    @property
    def events(self) -> list[str]:
        """Return the names of the events in order."""
        return [event for _, event, _ in self.lines]

    @property
    def text(self) -> str:
        """Return everything that was logged."""
        return repr(self.lines)
