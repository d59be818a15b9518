"""PL-10, R12: what is measured over ten million rows is measured over a few here, so that it runs.

How long it takes is no matter of this test.
"""

from __future__ import annotations

import os
import subprocess
import sys

DATABASES = ("SQLite", "PostgreSQL")
MEASURED = (
    "verify 5,000 rows",
    "proof of inclusion",
    "whom a consumer's year concerns",
    "who saw this person, year",
    "nights and holidays, month",
    "log-ins, month",
    "mass look-ups, month",
    "repeated look-ups, month",
    "repeated on several days, month",
)


def test_every_search_is_measured_on_both_databases() -> None:
    """PL-10: each search and the list; R12: verification and proof, with nothing found."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "audit_searches"],
        env={**os.environ, "HITOTSU_BENCH_ROWS": "5000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert [line for line in said if line.startswith("  verified")] == [
        line for line in said if "5,000 rows in" in line and line.endswith("None")
    ]
    for database in DATABASES:
        for what in MEASURED:
            assert [line for line in said if line.startswith(f"{database}: {what}: ")], what
