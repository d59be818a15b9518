"""The block plan does what the row plan does: the same bytes, findings and counts.

A million generated records by night.
"""

from __future__ import annotations

import dataclasses
import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.bulk import kernel, opcodes
from adapters.bulk.block_plan import BlockPlan
from adapters.bulk.conversion import Outcome
from adapters.bulk.row_path import RowPath
from tests.adapters.bulk.generated import Generated, generate, plain
from tests.size import size_of

RECORDS = size_of(ordinary=12_000, nightly=1_000_000)
EACH = 400
SHARES = (0.0, 0.01, 0.05, 0.3)


def convert(
    made: Generated, folder: Path, raw: bytes, **options: object
) -> tuple[list[bytes], list[bytes], Outcome]:
    """Return lines, findings and outcome of a conversion."""
    target, findings = BytesIO(), BytesIO()
    outcome = made.conversion(folder, **options).run(BytesIO(raw), target, findings)
    lines, told = target.getvalue(), findings.getvalue()
    return lines.splitlines(keepends=True), told.splitlines(keepends=True), outcome


def assert_both_ways_the_same(seed: int, folder: Path, records: int, dirty: float) -> None:
    """Convert a generated file by rows and by blocks and compare everything."""
    made = generate(seed)
    raw = made.file(records, dirty)
    law = convert(made, folder, raw, by_rows=True)
    found = convert(made, folder, raw, threads=2)
    assert found[2].by_rows == ""
    assert found[0] == law[0]
    assert found[1] == law[1]
    assert found[2].counts == law[2].counts
    counts = dataclasses.asdict(found[2].counts)
    parts = ("control", "quarantined", "left_out", "converted")
    assert counts["read"] == sum(counts[part] for part in parts)


@pytest.mark.parametrize("seed", range(RECORDS // EACH))
def test_a_generated_file_becomes_the_same_by_blocks_as_by_rows(seed: int, tmp_path: Path) -> None:
    assert_both_ways_the_same(seed, tmp_path, EACH, SHARES[seed % len(SHARES)])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(100_000, 2**31), dirty=st.sampled_from(SHARES))
def test_so_does_one_of_any_mapping(tmp_path: Path, seed: int, dirty: float) -> None:
    assert_both_ways_the_same(seed, tmp_path, 60, dirty)


@pytest.mark.parametrize("encoding", ["cp932", "jef"])
def test_clean_records_are_converted_by_the_kernel_once_it_has_learned(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plain(encoding)
    raw = made.file(6000, 0.0)
    mended: list[int] = []
    whole: list[int] = []
    mend, convert_rows = BlockPlan._mend_one, RowPath.convert
    monkeypatch.setattr(BlockPlan, "_mend_one", lambda *a: (mended.append(1), mend(*a))[1])
    monkeypatch.setattr(RowPath, "convert", lambda *a: (whole.append(1), convert_rows(*a))[1])
    _, told, outcome = convert(made, tmp_path, raw, threads=1)
    assert told == []
    assert outcome.counts.converted == 6000
    assert len(mended) + len(whole) < 600


def test_blocks_are_written_in_their_order_by_several_threads(tmp_path: Path) -> None:
    made = generate(4)
    raw = made.file(8000, 0.01)
    assert convert(made, tmp_path, raw, threads=4)[0] == convert(made, tmp_path, raw, threads=1)[0]


def test_machine_code_is_thrown_away_when_the_figures_compiled_into_it_change() -> None:
    source = Path(opcodes.__file__).read_bytes()
    digest = hashlib.sha256(source).hexdigest()[:16]
    assert digest == kernel.OPCODES, f"write OPCODES = {digest!r} into kernel.py"
