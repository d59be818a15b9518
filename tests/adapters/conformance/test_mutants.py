"""Every case finds the adapter that it was made for, and every broken adapter is found."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

import adapters.reference
from adapters.conformance.cases import CASES
from adapters.conformance.model import Outcome
from adapters.conformance.runner import run_kit
from adapters.conformance.testing import find_package
from standard_models.builtin import load_builtin
from tests.adapters.conformance.mutants import MUTANTS, Mutant

REFERENCE = Path(adapters.reference.__file__).parent
CASE = {case.id: case for case in CASES}
DICTIONARY = load_builtin()


def broken_copy(mutant: Mutant, folder: Path, name: str) -> None:
    """Write the mutant as the package ``name``."""
    package = folder / name
    shutil.copytree(
        REFERENCE / mutant.system, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    for file, (old, new) in mutant.edits.items():
        text = (package / file).read_text("utf-8")
        assert old in text, f"nothing to change in {file}"
        (package / file).write_text(text.replace(old, new), "utf-8")
    for file, text in mutant.added.items():
        (package / file).write_text(text, "utf-8")
    for file in mutant.removed:
        (package / file).unlink()
    with (package / "__init__.py").open("a", encoding="utf-8") as code:
        code.write(mutant.code)


@pytest.mark.parametrize("number", range(len(MUTANTS)), ids=[str(m) for m in MUTANTS])
def test_a_broken_adapter_is_found_by_the_case_that_is_made_for_it(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole adapter passes the same case, so that it is the change that is found."""
    mutant, name = MUTANTS[number], f"mutant{number}"
    broken_copy(mutant, tmp_path, name)
    (tmp_path / "left").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "left"))
    monkeypatch.syspath_prepend(tmp_path)
    if mutant.patch:
        mutant.patch(monkeypatch)
    try:
        report = asyncio.run(
            run_kit(
                find_package(name),
                DICTIONARY,
                today=dt.date(2026, 10, 1),
                cases=[CASE[mutant.killer]],
                calls=120,
            )
        )
    finally:
        sys.modules.pop(name, None)
    assert not report.problems
    (result,) = report.results
    assert result.outcome is Outcome.FAILED


def test_every_case_has_a_mutant() -> None:
    """A case that finds nothing is no case."""
    assert {case.id for case in CASES} == {mutant.killer for mutant in MUTANTS}
