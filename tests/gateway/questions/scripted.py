"""A legacy system that says what a test wants it to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

from adapters.contract import (
    CheckResult,
    Deadline,
    FetchRequest,
    FetchResult,
    FlagReport,
    GroupRecords,
    MeasureKind,
    ProtectionFlag,
)
from adapters.errors import AdapterError
from adapters.manifest import Manifest
from gateway.clock import TOKYO
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value

TIME = dt.datetime(2026, 10, 1, 9, 15, tzinfo=TOKYO)
Script = Callable[[FetchRequest], Awaitable[FetchResult]]


HISTORIC = frozenset({"001.juminkihonjoho", "001.setaiinjoho"})
HISTORY = {"since": "2020-01-01", "days_ahead": 60}


def manifest_of(system: str, groups: list[str], *, flags: bool = False) -> Manifest:
    """Return the manifest of a scripted system whose numbering has its name.

    The groups of the resident register have a history.
    """
    return Manifest.model_validate(
        {
            "id": f"scripted-{system}",
            "version": "0.1.0",
            "name_ja": system,
            "name_en": system,
            "vendor": "tests",
            "contacts": [{"name": "a", "email": "a@test"}, {"name": "b", "email": "b@test"}],
            "licence": "Apache-2.0",
            "contract": {"minimum": "1.0", "maximum": "1.0"},
            "lifecycle": "incubating",
            "product": {"name_ja": f"{system}システム", "name_en": system},
            "numbering": {"id": system, "name_ja": system},
            "capabilities": ["fetch", "protection-flags"] if flags else ["fetch"],
            "supplies": [
                {
                    "group": g,
                    "edition": "provisional-2026",
                    "history": HISTORY if g in HISTORIC else None,
                }
                for g in groups
            ],
            "flag_authority": {"max_age_s": 600, "poll_s": 60} if flags else None,
            "limits": {"max_concurrency": 2, "timeout_s": 5},
            "personal_data": {"processed": []},
        }
    )


class ScriptedAdapter:
    """Answers by ``script``; counts what it is asked."""

    mapping_version = "1.0.0"

    def __init__(self, script: Script, flagged: tuple[str, ...] = ()) -> None:
        self.script = script
        self.flagged: tuple[str, ...] | AdapterError = flagged
        self.requests: list[FetchRequest] = []

    async def check(self, deadline: Deadline) -> CheckResult:
        """Be well."""
        return CheckResult(ok=True, message="")

    async def aclose(self) -> None:
        """Do nothing."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Answer as scripted."""
        self.requests.append(request)
        return await self.script(request)

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return the flagged numbers, or fail."""
        if isinstance(self.flagged, AdapterError):
            raise self.flagged
        flags = tuple(ProtectionFlag(n, MeasureKind.FULL, None, None) for n in self.flagged)
        return FlagReport(flags, TIME, TIME)


def holding(**values: str | int) -> Script:
    """Return a script that has one record of everybody, with ``values`` by field."""

    async def script(request: FetchRequest) -> FetchResult:
        return FetchResult(
            {
                ref: GroupRecords((record(ref, request.number, fields, values),), TIME, TIME)
                for ref, fields in request.groups.items()
            }
        )

    return script


def knowing_nobody() -> Script:
    """Return a script that has no record of anybody."""

    async def script(request: FetchRequest) -> FetchResult:
        return FetchResult({ref: GroupRecords((), TIME, TIME) for ref in request.groups})

    return script


def failing(error: AdapterError) -> Script:
    """Return a script that always fails."""

    async def script(request: FetchRequest) -> FetchResult:
        raise error

    return script


def record(
    ref: str, number: str, fields: frozenset[str], values: dict[str, str | int]
) -> StandardRecord:
    """Return a record of the person with ``number``."""
    answers: dict[str, Answer] = {
        name: Value(values[name]) if name in values else Absence(AbsenceReason.NOT_RECORDED)
        for name in fields
    }
    return StandardRecord(ref, number, answers)
