"""By when a call must have ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from adapters.errors import SourceTimeout


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute point on the monotonic clock by which a call must have ended."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline ``seconds`` from now."""
        return cls(time.monotonic() + seconds)

    def remaining_s(self) -> float:
        """Return the seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def require_s(self) -> float:
        """Return the seconds left.

        Raises:
            SourceTimeout: nothing is left.

        """
        if (left := self.remaining_s()) <= 0:
            raise SourceTimeout("the deadline of the question had passed before the call")
        return left

    def earlier(self, seconds: float) -> Deadline:
        """Return the nearer of this deadline and ``seconds`` from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))
