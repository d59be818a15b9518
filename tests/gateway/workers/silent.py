"""A log that costs another process nothing to import."""

from __future__ import annotations

from typing import Any


class SilentLog:
    """Keeps nothing."""

    def info(self, event: str, **fields: Any) -> None:
        """Do nothing."""

    def warning(self, event: str, **fields: Any) -> None:
        """Do nothing."""

    def error(self, event: str, **fields: Any) -> None:
        """Do nothing."""
