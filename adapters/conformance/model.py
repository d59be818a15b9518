"""What the kit is made of: cases, what they find, and the report of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from adapters.manifest import Capability

if TYPE_CHECKING:
    from adapters.conformance.kit import Kit

KIT_VERSION = "1.2"
"""Version of the set of cases; a new mandatory case raises it."""


class Layer(StrEnum):
    """What a case looks at."""

    STATIC = "K0"
    MAPPING = "K1"
    BEHAVIOUR = "K2"
    HOSTILE = "K3"
    PRIVACY = "K4"
    LIVE = "K5"
    LOAD = "K6"


Run = Callable[["Kit"], Awaitable[list[str]]]
"""Runs a case; returns what is wrong, nothing if all is well. Names rules, never contents."""


@dataclass(frozen=True, slots=True)
class Case:
    """One requirement. ``level`` is the lowest certificate level that needs it.

    ``needs`` returns why the case does not apply to an adapter, None if it does.
    """

    id: str
    layer: Layer
    level: int
    run: Run
    needs: Callable[[Kit], str | None]
    capability: Capability | None = None

    @property
    def may_be_waived(self) -> bool:
        """Tell whether a waiver can stand for the case; not where a resident could be harmed."""
        return self.layer not in {Layer.HOSTILE, Layer.PRIVACY}


class Outcome(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The end of one case. ``problems`` of a waived case are what the waiver covers."""

    case: Case
    outcome: Outcome
    problems: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """A run of the kit over one adapter; ``problems`` are those of the kit's description.

    ``partial``: only some of the cases were chosen.
    """

    adapter_id: str
    adapter_version: str
    kit_version: str
    started_at: dt.datetime
    results: tuple[CaseResult, ...]
    problems: tuple[str, ...] = ()
    partial: bool = False

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed."""
        return not self.problems and all(r.outcome is not Outcome.FAILED for r in self.results)

    def level(self) -> int | None:
        """Return the highest level up to 2 whose cases all passed, None below the first.

        A part of the cases proves no level. Level 2 knows no waiver: a waived case keeps the
        adapter at level 1.
        """
        reached: int | None = None
        if self.problems or self.partial:
            return None
        for level in (0, 1, 2):
            needed = [r for r in self.results if r.case.level == level]
            failed = any(r.outcome is Outcome.FAILED for r in needed)
            waived = any(r.outcome is Outcome.WAIVED for r in self.results)
            if failed or (level == 2 and waived):
                break
            reached = level
        return reached


def always(_kit: Kit) -> str | None:
    """Apply to every adapter."""
    return None
