"""The kit as tests of pytest, by one line in a vendor's tests.

::

    from adapters.conformance.testing import conformance_tests

    test_conformance = conformance_tests("example_techo")

Every case is a test of its own; a waived case is a strict expected failure.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from functools import cache

from adapters.conformance.cases import CASES
from adapters.conformance.model import Case, Outcome
from adapters.conformance.runner import run_kit
from adapters.errors import ConfigurationError
from adapters.registry import InstalledAdapter, inspect_package
from standard_models.builtin import load_builtin
from standard_models.dictionary import Dictionary


def conformance_tests(package: str, *, calls: int | None = None) -> Callable[..., None]:
    """Return a test function that pytest runs once for each case.

    Args:
        package: the importable package with ``manifest.yaml``.
        calls: how many calls the cases make that need many.
    """
    import pytest

    @pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
    def test(case: Case) -> None:
        outcome, text = outcome_of(package, case, calls)
        if outcome is Outcome.NOT_APPLICABLE:
            pytest.skip(text)
        if outcome is Outcome.WAIVED:
            pytest.xfail(text)
        if outcome is Outcome.FAILED:
            pytest.fail(text, pytrace=False)

    return test


def outcome_of(package: str, case: Case, calls: int | None) -> tuple[Outcome, str]:
    """Return how one case ends for a package, and what is to be said of it."""
    installed = find_package(package)
    today = dt.datetime.now(dt.UTC).date()
    report = asyncio.run(run_kit(installed, _dictionary(), today=today, cases=[case], calls=calls))
    if report.problems:
        return Outcome.FAILED, "\n".join(report.problems)
    (result,) = report.results
    return result.outcome, "\n".join(result.problems) or result.reason


@cache
def _dictionary() -> Dictionary:
    return load_builtin()


def find_package(package: str) -> InstalledAdapter:
    """Return the adapter of an importable package, installed by an entry point or not.

    Raises:
        ConfigurationError: it cannot be used; the reason is that of the quarantine.
    """
    found = inspect_package(package)
    if isinstance(found, InstalledAdapter):
        return found
    raise ConfigurationError(f"{package}: {found.code}: {found.reason_en}")
