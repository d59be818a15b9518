"""Consumers that ask about persons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asking:
    """A consumer, with the handle of the citizen who has logged in there, if any has."""

    municipality: str
    client_id: str
    login_handle: str | None = None
    purpose_id: str = "jidoteate-ninteiseikyu"
