"""The reference adapters stand every case of the kit that applies to them."""

from __future__ import annotations

import asyncio
import datetime as dt
from importlib.resources import files

import pytest

from adapters.conformance.cases import CASES
from adapters.conformance.model import Outcome
from adapters.conformance.runner import run_kit
from adapters.conformance.testing import find_package
from adapters.manifest import Capability
from standard_models.builtin import load_builtin
from tests.adapters.pension_file import sample

DICTIONARY = load_builtin()
SYSTEMS = ("resident", "tax", "welfare", "pension")
ELSEWHERE = {"pace", "pure-steps"}
"""Cases of what no reference adapter has (a pace, steps of its own): copies with them pass in
``test_kit.py``."""
tried: dict[str, set[str]] = {}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_reference_adapter_reaches_level_two(system: str) -> None:
    """No case fails, none is waived."""
    installed = find_package(f"adapters.reference.{system}")
    report = asyncio.run(run_kit(installed, DICTIONARY, today=dt.date(2026, 10, 1), calls=60))
    assert [(r.case.id, r.problems) for r in report.results if r.problems] == []
    assert (report.problems, report.level()) == ((), 2)
    assert Outcome.WAIVED not in {r.outcome for r in report.results}
    tried[system] = {r.case.id for r in report.results if r.outcome is Outcome.PASSED}


def test_between_them_the_reference_adapters_try_every_case() -> None:
    """A case that applies to none of them would be proven by nobody."""
    assert set(tried) == set(SYSTEMS)
    assert set.union(*tried.values()) == {case.id for case in CASES} - ELSEWHERE
    declared = [find_package(f"adapters.reference.{s}").manifest.capabilities for s in SYSTEMS]
    assert frozenset[Capability]().union(*declared) == frozenset(Capability)


def test_the_delivery_of_the_pension_host_is_what_its_layout_book_describes() -> None:
    """The sample is written by the layout, not by what the adapter reads."""
    folder = files("adapters.reference.pension").joinpath("conformance", "delivery")
    assert folder.joinpath("NENKIN.DAT").read_bytes() == sample()
