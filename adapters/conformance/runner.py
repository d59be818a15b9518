"""Runs the cases over one adapter."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterable
from typing import Final

from adapters.conformance.cases import CASES
from adapters.conformance.description import FOLDER, Description, Waiver, read_description
from adapters.conformance.kit import Kit
from adapters.conformance.model import KIT_VERSION, Case, CaseResult, Outcome, Report
from adapters.errors import AdapterError, ConfigurationError
from adapters.registry import InstalledAdapter
from standard_models.dictionary import Dictionary

LONGEST_S: Final = 300.0
"""A case that runs longer has failed."""

Tell = Callable[[CaseResult, int, int], None]
"""Told after each case: its result, how many are done, how many there are."""


async def run_kit(
    installed: InstalledAdapter,
    dictionary: Dictionary,
    *,
    today: dt.date,
    cases: Iterable[Case] = CASES,
    calls: int | None = None,
    tell: Tell = lambda *_: None,
) -> Report:
    """Return the report of every case; an adapter that cannot be tried is a report too.

    ``calls`` is how many calls the cases make that need many.
    """
    started = dt.datetime.now(dt.UTC)
    manifest = installed.manifest
    try:
        description = read_description(installed.folder() / FOLDER)
        kit = Kit(installed, dictionary, description)
        _ = kit.document
    except ConfigurationError as error:
        return Report(manifest.id, manifest.version, KIT_VERSION, started, (), (error.detail,))
    if calls is not None:
        kit.calls = calls
    chosen = tuple(cases)
    results = []
    for case in chosen:
        results.append(await _result(kit, case, today))
        tell(results[-1], len(results), len(chosen))
    problems = (*waiver_problems(description, today), *_untried(kit, chosen, results))
    partial = {case.id for case in chosen} != {case.id for case in CASES}
    return Report(
        manifest.id, manifest.version, KIT_VERSION, started, tuple(results), problems, partial
    )


async def _result(kit: Kit, case: Case, today: dt.date) -> CaseResult:
    if reason := case.needs(kit):
        return CaseResult(case, Outcome.NOT_APPLICABLE, (), reason)
    begun = time.monotonic()
    problems = await _problems(kit, case)
    seconds = time.monotonic() - begun
    waiver = find_waiver(kit.description, case, today)
    if waiver is None:
        outcome = Outcome.FAILED if problems else Outcome.PASSED
        return CaseResult(case, outcome, problems, "", seconds)
    if not problems:
        gone = (f"the waiver {waiver.ticket} is needed no longer: take it out",)
        return CaseResult(case, Outcome.FAILED, gone, "", seconds)
    return CaseResult(case, Outcome.WAIVED, problems, waiver.reason, seconds)


async def _problems(kit: Kit, case: Case) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(LONGEST_S):
            return tuple(await case.run(kit))
    except ConfigurationError as error:
        return (f"the adapter cannot be opened: {error.detail}",)
    except AdapterError as error:
        return (f"{error.code} is raised where nothing should be wrong: {error.detail}",)
    except TimeoutError:
        return (f"the case did not end within {LONGEST_S:.0f} s",)
    except Exception as error:  # noqa: BLE001 - vendor code may raise anything
        return (f"{type(error).__name__} is raised, which is no AdapterError",)


def find_waiver(description: Description, case: Case, today: dt.date) -> Waiver | None:
    """Return the waiver of a case that stands today, None if there is none."""
    for waiver in description.waivers:
        if waiver.case == case.id and case.may_be_waived and waiver.expires >= today:
            return waiver
    return None


def waiver_problems(description: Description, today: dt.date) -> list[str]:
    """Return what is wrong with the waivers themselves."""
    known = {case.id: case for case in CASES}
    found = []
    for waiver in description.waivers:
        case = known.get(waiver.case)
        if case is None:
            found.append(f"waivers: there is no case {waiver.case}")
        elif not case.may_be_waived:
            found.append(f"waivers: {waiver.case} guards residents and cannot be waived")
        elif waiver.expires < today:
            found.append(f"waivers: that of {waiver.case} expired on {waiver.expires}")
    return found


def _untried(kit: Kit, cases: tuple[Case, ...], results: list[CaseResult]) -> list[str]:
    """Return the declared capabilities that no case has tried."""
    if len(cases) != len(CASES):
        return []
    tried = {r.case.capability for r in results if r.outcome is not Outcome.NOT_APPLICABLE}
    return [
        f"no case tried the declared capability {capability}"
        for capability in sorted(kit.manifest.capabilities - tried)
    ]
