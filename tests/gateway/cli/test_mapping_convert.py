"""`hitotsu mapping convert`: a file of a host becomes one of the standard, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.host.writer import record
from tests.adapters.host_types.writer import blocks, head, menjo, shikaku, tail

HOSTS = Path(__file__).parents[2] / "adapters"
GROUP = "026.shikakujoho"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A folder with mapping, copybook and a file of four records, one of them cut."""
    folder = tmp_path / "kit"
    folder.mkdir()
    for name in ("mapping.yaml", "nenkin.cpy"):
        shutil.copy(HOSTS / "host" / name, folder)
    data = record() + record("000000047120", kind="7") + record(since=4130231) + record()[:40]
    (folder / "data").write_bytes(data)
    return folder


def arguments(folder: Path, *, name: str = "a") -> list[str]:
    """The words of the command."""
    command = ["mapping", "convert", str(folder / "mapping.yaml"), GROUP, str(folder / "data")]
    target, findings = folder / f"{name}.csv", folder / f"{name}.jsonl"
    return [*command, "--out", str(target), "--findings", str(findings)]


def counts(shown: str) -> list[int]:
    """The figures of the table, from the top."""
    words = [line.split() for line in shown.splitlines()]
    return [int(line[-1].replace(",", "")) for line in words if line and line[-1].isdigit()]


def test_values_states_and_findings_are_written_and_the_counts_reconcile(hitotsu, kit):
    """What the mapping cannot make is empty and has its reason; a cut record is in quarantine."""
    result = hitotsu(*arguments(kit))
    assert result.exit_code == 0
    read, converted, quarantined, left_out, control, lines, findings = counts(result.stdout)
    assert (read, converted, quarantined, left_out, control) == (4, 3, 1, 0, 0)
    rows = list(csv.DictReader((kit / "a.csv").read_text("utf-8").splitlines()))
    assert len(rows) == lines == 3
    assert rows[1]["record"] == "2"
    assert rows[1]["subject"] == "000000047120"
    assert rows[0]["shikakushutokunengappi"] == "2000-06-15"
    names = list(rows[0])[2:-1]
    kept = dict(zip(names, rows[1]["states"], strict=True))
    assert (rows[1]["hihokenshashubetsu"], kept["hihokenshashubetsu"]) == ("", "l")
    told = [json.loads(line) for line in (kit / "a.jsonl").read_text("utf-8").splitlines()]
    assert len(told) == findings == 4
    assert told[1]["items"]["hihokenshashubetsu"][0]["code"] == "UNMAPPED_CODE"
    assert told[3] == {
        "record": 4,
        "quarantined": True,
        "fields": [
            {
                "path": "",
                "byte": 0,
                "code": "RECORD_LENGTH",
                "severity": "R",
                "params": {"bytes": 40, "expected": 79},
            }
        ],
    }


def test_row_by_row_the_files_are_the_same(hitotsu, kit):
    """By order of the operator."""
    assert hitotsu(*arguments(kit)).exit_code == 0
    assert hitotsu(*arguments(kit, name="b"), "--by-rows").exit_code == 0
    assert (kit / "a.csv").read_bytes() == (kit / "b.csv").read_bytes()
    assert (kit / "a.jsonl").read_bytes() == (kit / "b.jsonl").read_bytes()


def test_the_files_can_be_read_by_their_owner_alone(hitotsu, kit):
    """Residents are in them."""
    hitotsu(*arguments(kit))
    assert {(kit / name).stat().st_mode & 0o777 for name in ("a.csv", "a.jsonl")} == {0o600}


def test_nothing_is_written_over(hitotsu, kit):
    """Neither the records nor the findings of a former run."""
    (kit / "a.jsonl").write_text("kept")
    result = hitotsu(*arguments(kit))
    assert result.exit_code == 1
    assert "a.jsonl はもうあります" in result.stderr
    assert (kit / "a.jsonl").read_text() == "kept"
    assert not (kit / "a.csv").exists()


def test_an_unknown_group_is_named_with_those_that_there_are(hitotsu, kit):
    """Before anything is read."""
    wrong = ["026.nashi" if word == GROUP else word for word in arguments(kit)]
    result = hitotsu(*wrong)
    assert result.exit_code == 1
    assert "026.nashi はこの対応定義にありません（026.shikakujoho、026.menjojoho）" in result.stderr


@pytest.fixture
def several_types(kit: Path) -> Path:
    """Records of several types with a header and a trailer that is right."""
    for path in (HOSTS / "host_types").glob("*"):
        if path.suffix in {".cpy", ".yaml"}:
            shutil.copy(path, kit)
    people = [(n, shikaku(n), menjo(n)) for n in range(47112, 47117)]
    body = [one for _, person, exemption in people for one in (person, exemption)]
    (kit / "data").write_bytes(blocks([head(), *body, tail(10, 5, 5000)]))
    return kit


def test_records_of_several_types_go_row_by_row_and_that_is_said(hitotsu, several_types):
    """The reader of the command need not guess why it is slow."""
    result = hitotsu(*arguments(several_types))
    assert result.exit_code == 0, result.stderr
    assert "records of several types" in result.stderr
    assert len((several_types / "a.csv").read_text("utf-8").splitlines()) > 1


def test_a_file_that_its_trailer_contradicts_leaves_no_file(hitotsu, several_types):
    """A delivery that was cut is not converted in part."""
    data = (several_types / "data").read_bytes()
    (several_types / "data").write_bytes(data.replace(blocks([menjo(47113)]), b"", 1))
    result = hitotsu(*arguments(several_types))
    assert result.exit_code == 1
    assert "変換できません" in result.stderr
    assert not list(several_types.glob("a.*"))


def test_a_killed_conversion_leaves_no_file(kit):
    """Killed while it reads, with a part of the records converted."""
    (kit / "data").unlink()
    os.mkfifo(kit / "data")
    before = sorted(path.name for path in kit.iterdir())
    command = [sys.executable, "-m", "gateway.cli", *arguments(kit)]
    with (
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as running,
        (kit / "data").open("wb") as data,
    ):
        data.write(record() * 40_000)  # far more than a pipe holds: most of it has been read
        data.flush()
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert sorted(path.name for path in kit.iterdir()) == before
