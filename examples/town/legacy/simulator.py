"""Controls of the simulated products: the town clock and what is wrong today.

Not part of any vendor's interface. ``GET`` and ``PUT /simulator`` on the port of the tax and the
welfare system show and change the state; the demo and the tests use ``SimulatorControl``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH: Final = "/simulator"
TOKYO: Final = ZoneInfo("Asia/Tokyo")
DEFAULT_CLOCK: Final = "2026-10-01T10:00:00+09:00"


class Fault(StrEnum):
    """What a product does instead of answering."""

    NONE = "none"
    ERROR = "error"
    """HTTP 500 with the product's own error."""
    HTML = "html"
    """A page for people where data was promised, with status 200."""
    CUT = "cut"
    """A body that ends in the middle, with status 200."""
    OTHER_PERSON = "other-person"
    """The record of somebody else, correctly labelled with that person's number."""
    BUSY = "busy"
    """HTTP 503 with Retry-After."""


class TownClock:
    """A clock that starts at a given time and goes on from there."""

    def __init__(self, start: dt.datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.set(start)

    def set(self, now: dt.datetime) -> None:
        """Put the clock to ``now``.

        Raises:
            ValueError: the time has no offset.

        """
        if now.tzinfo is None:
            raise ValueError("the town clock needs a time with an offset")
        self._start, self._at = now.astimezone(TOKYO), self._monotonic()

    def now(self) -> dt.datetime:
        """Return the time in Asia/Tokyo."""
        return self._start + dt.timedelta(seconds=self._monotonic() - self._at)


@dataclass(slots=True)
class SimulatorState:
    """What is set: the clock, seconds to wait before each answer, and the fault."""

    clock: TownClock
    delay_s: float = 0.0
    fault: Fault = Fault.NONE

    async def pause(self) -> None:
        """Wait as long as the product is slow."""
        if self.delay_s > 0:
            await asyncio.sleep(self.delay_s)

    def to_json(self) -> dict[str, Any]:
        """Return the state as shown."""
        return {
            "clock": self.clock.now().isoformat(),
            "delay_s": self.delay_s,
            "fault": self.fault.value,
        }

    def change(self, wanted: dict[str, Any]) -> None:
        """Change what is named, all or nothing.

        Raises:
            ValueError: an unknown name or a value that cannot be.

        """
        unknown = set(wanted) - {"clock", "delay_s", "fault"}
        if unknown:
            raise ValueError(f"unknown: {sorted(unknown)}")
        clock = dt.datetime.fromisoformat(str(wanted["clock"])) if "clock" in wanted else None
        if clock is not None and clock.tzinfo is None:
            raise ValueError("clock needs an offset")
        fault = Fault(wanted.get("fault", self.fault))
        delay_s = float(wanted.get("delay_s", self.delay_s))
        if not 0 <= delay_s <= 30:
            raise ValueError("delay_s is 0 to 30")
        if clock is not None:
            self.clock.set(clock)
        self.delay_s, self.fault = delay_s, fault


def route(state: SimulatorState) -> Route:
    """Return the route that shows and changes the state."""

    async def control(request: Request) -> Response:
        if request.method == "PUT":
            try:
                state.change(dict(await request.json()))
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(state.to_json())

    return Route(PATH, control, methods=["GET", "PUT"])


class SimulatorControl:
    """Changes a running product from outside; synchronous, for tests and the demo."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}{PATH}"

    def state(self) -> dict[str, Any]:
        """Return the state."""
        return self._send("GET", None)

    def set_clock(self, now: str) -> None:
        """Put the town clock, for example to ``2026-10-01T22:30:00+09:00``."""
        self._send("PUT", {"clock": now})

    def set_fault(self, fault: Fault) -> None:
        """Choose what goes wrong from now on; ``Fault.NONE`` repairs."""
        self._send("PUT", {"fault": fault.value})

    def set_delay(self, delay_s: float) -> None:
        """Make every answer late by so many seconds (0 to 30)."""
        self._send("PUT", {"delay_s": delay_s})

    def _send(self, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        with httpx.Client(trust_env=False, timeout=10) as client:
            reply = client.request(method, self._url, json=body)
        reply.raise_for_status()
        return dict(reply.json())
