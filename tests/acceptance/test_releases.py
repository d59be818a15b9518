"""A list of the demo town, right before it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.acceptance.town_under_test import Town

pytestmark = pytest.mark.town


def test_a_list_leaves_without_whoever_is_protected_now(town: Town, tmp_path: Path) -> None:
    """DV-7: flags are read anew from the register; an officer's measure counts as well.

    A number that lost its zeros in a spreadsheet is nobody's, and stands among no flags.
    """
    protected = sorted(town.protected())[0]
    numbers = sorted(n for n in town.truth("001.juminkihonjoho") if n not in town.protected())[:3]
    rows = [("宛名番号", "宛名"), *((n, f"架空{n[-1]}") for n in [*numbers, protected])]
    rows.append((protected.lstrip("0"), "先頭の０が消えた"))
    made = tmp_path / "list.csv"
    made.write_bytes("".join(f"{a},{b}\r\n" for a, b in rows).encode("cp932"))
    first = _release(town, made, tmp_path / "first.csv", tmp_path / "withheld.csv")
    assert first.returncode == 0, first.stderr
    left = (tmp_path / "first.csv").read_bytes().decode("cp932").splitlines()
    assert left == [f"{a},{b}" for a, b in rows[:-2]]
    assert (tmp_path / "withheld.csv").read_text().split() == [
        "line,reason",
        "5,ask-office",
        "6,unknown-number",
    ]
    assert "先頭の 0" in first.stderr
    assert protected not in first.stdout + first.stderr
    book = _release(town, made, tmp_path / "first.xlsx")
    assert book.returncode == 0, book.stderr
    sheet = load_workbook(tmp_path / "first.xlsx").active
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows()] == rows[:-2]
    again = _release(town, made, tmp_path / "first.csv")
    assert again.returncode == 1, "nothing is written over"
    wrong = _release(town, made, tmp_path / "wrong.csv", column="番号")
    assert (wrong.returncode, (tmp_path / "wrong.csv").exists()) == (1, False)

    recorded = _hitotsu(town, "audit", "list", "-m", "999997", "--kind", "print")
    assert recorded.stdout.count("protection-release") == 2


def _release(
    town: Town, made: Path, target: Path, withheld: Path | None = None, column: str = "宛名番号"
) -> subprocess.CompletedProcess[str]:
    words = ["protection", "release", str(made), str(target), "-m", "999997"]
    words += ["--of", "resident", "--column", column]
    words += ["--withheld", str(withheld)] if withheld else []
    return _hitotsu(town, *words)


def _hitotsu(town: Town, *words: str) -> subprocess.CompletedProcess[str]:
    folder = town.folder / "gateway"
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words],
        env={
            **os.environ,
            "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
            "HITOTSU_KEYS_DIR": str(folder / "keys"),
            "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
