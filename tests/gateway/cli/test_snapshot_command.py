"""``hitotsu snapshot``, as an operator types it, over deliveries of the pension host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.adapters.pension_file import sample
from tests.gateway.cli.conftest import Hitotsu

TOWN = ("-m", "999997")
LOAD = ("snapshot", "load", "reference-pension", *TOWN)


@pytest.fixture
def delivered(ready: Hitotsu, installation: Path) -> Path:
    """The pension adapter switched on, and what the host delivered."""
    folder = installation / "delivery"
    folder.mkdir()
    (folder / "NENKIN.DAT").write_bytes(sample())
    entry = {
        "adapter": "reference-pension",
        "municipality": "999997",
        "settings": {"delivery": str(folder)},
        "hand_over": {"accept_unsigned": True, "quarantine": str(installation / "quarantine")},
    }
    (installation / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    return folder


def test_a_delivery_is_loaded_listed_and_taken_back(ready: Hitotsu, delivered: Path) -> None:
    """Counts of every group; each change in the audit record."""
    for _ in range(2):
        done = ready(*LOAD, "--as-of", "2026-10-01T06:00")
        assert done.exit_code == 0, done.stderr
        assert "026.shikakujoho" in done.stdout
        assert "切り替えました" in done.stdout
    listed = ready("snapshot", "list", *TOWN).stdout
    assert listed.count("2026-10-01 06:00:00") == 2
    assert (listed.count("使用中"), listed.count("前回")) == (1, 1)
    assert ready("snapshot", "rollback", "reference-pension", *TOWN).exit_code == 0
    again = ready("snapshot", "rollback", "reference-pension", *TOWN)
    assert (again.exit_code, "戻せる取り込みがありません" in again.stderr) == (1, True)
    records = ready("audit", "list", *TOWN).stdout
    assert [records.count(f) for f in ("snapshot-load", "snapshot-rollback")] == [2, 1]


def test_a_damaged_delivery_is_refused_and_the_last_one_stays(
    ready: Hitotsu, delivered: Path
) -> None:
    """Its trailer is missing."""
    assert ready(*LOAD).exit_code == 0
    (delivered / "NENKIN.DAT").write_bytes(sample()[:-60])
    refused = ready(*LOAD)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "前の取り込みのまま答えます" in refused.stderr
    assert ready("snapshot", "list", *TOWN).stdout.count("使用中") == 1


def test_records_that_cannot_be_made_are_told_by_place(
    ready: Hitotsu, delivered: Path, installation: Path
) -> None:
    """Refused by default; with --max-lost the rest is loaded. No name stands in the findings."""
    damaged = bytearray(sample())
    place = damaged.index(b"\xf2" + b"".join(bytes([0xF0 + int(d)]) for d in "000000471123"))
    damaged[place + 1 : place + 13] = b"\xff" * 12
    (delivered / "NENKIN.DAT").write_bytes(bytes(damaged))
    findings = installation / "findings.jsonl"
    refused = ready(*LOAD, "--findings", str(findings))
    assert refused.exit_code == 1
    assert "--max-lost" in refused.stderr
    told = [json.loads(line) for line in findings.read_text("utf-8").splitlines()]
    assert told
    assert all(set(one) == {"group", "place", "codes"} for one in told)
    assert "例示" not in findings.read_text("utf-8")
    assert ready(*LOAD, "--findings", str(findings)).exit_code == 1, "nothing is written over"
    assert ready(*LOAD, "--max-lost", str(len(told))).exit_code == 0


def test_what_gives_no_files_or_is_not_switched_on_is_refused(
    ready: Hitotsu, delivered: Path
) -> None:
    """Each in one line that says what to do."""
    other = ready("snapshot", "load", "reference-resident", *TOWN)
    assert (other.exit_code, "有効になっていません" in other.stderr) == (1, True)
    (delivered / "NENKIN.DAT").unlink()
    nothing = ready(*LOAD)
    assert (nothing.exit_code, "source-unavailable" in nothing.stderr) == (1, True)


def test_a_system_that_only_gives_files_may_answer_for_its_groups(
    ready: Hitotsu, delivered: Path
) -> None:
    """Its route is set like any other."""
    assert ready("route", "set", "026.menjojoho", "reference-pension", *TOWN).exit_code == 0
