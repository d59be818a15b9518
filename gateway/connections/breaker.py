"""Leaves a source in peace that fails again and again, and tries it with one call at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FAILURES_TO_OPEN: Final = 5
"""Failures behind each other, without a success between, after which no call goes out."""

REST_S: Final = 5.0
"""How long no call goes out before one is tried."""

SUCCESSES_TO_CLOSE: Final = 2
"""Trials behind each other that must succeed before all calls go out again."""


class BreakerState(StrEnum):
    """What a breaker lets through: everything, nothing, or one trial at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class Breaker:
    """The breaker of one operation of one source. ``now`` are seconds that only grow."""

    now: Callable[[], float] = time.monotonic
    state: BreakerState = BreakerState.CLOSED
    _failures: int = 0
    _successes: int = 0
    _rests_until: float = 0.0
    _trying: bool = False

    def admit(self) -> float | None:
        """Return None if a call may go out, else in how many seconds one will be tried.

        Whoever was admitted tells the outcome by ``succeed``, ``fail`` or ``release``.
        """
        if self.state is BreakerState.CLOSED:
            return None
        left = self._rests_until - self.now()
        if self.state is BreakerState.OPEN and left <= 0:
            self.state, self._successes, self._trying = BreakerState.HALF_OPEN, 0, False
        if self.state is BreakerState.OPEN:
            return left
        if self._trying:
            return 1.0
        self._trying = True
        return None

    def succeed(self) -> None:
        """Take note that a call was answered."""
        self._failures, self._trying = 0, False
        if self.state is BreakerState.HALF_OPEN:
            self._successes += 1
            if self._successes >= SUCCESSES_TO_CLOSE:
                self.state = BreakerState.CLOSED

    def fail(self) -> None:
        """Take note that the source failed."""
        self._failures += 1
        self._trying = False
        if self.state is BreakerState.HALF_OPEN or self._failures >= FAILURES_TO_OPEN:
            self.state = BreakerState.OPEN
            self._rests_until = self.now() + REST_S

    def rest(self, seconds: float) -> None:
        """Let no call out for a while, because the source has asked for it."""
        self.state, self._trying = BreakerState.OPEN, False
        self._rests_until = self.now() + seconds

    def release(self) -> None:
        """Take note that a call ended without saying anything about the source."""
        self._trying = False


@dataclass(slots=True)
class RetryBudget:
    """How many calls may be sent again: a share of them, and never many behind each other."""

    share: float = 0.1
    most: float = 5.0
    _saved: float = 1.0

    def earn(self) -> None:
        """Take note of a first call."""
        self._saved = min(self.most, self._saved + self.share)

    def spend(self) -> bool:
        """Return whether one call may be repeated now."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
