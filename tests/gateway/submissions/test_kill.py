from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from gateway.keys import FileKeyStore
from tests.gateway.questions.conftest import World
from tests.size import size_of


@pytest.mark.timeout(1_800)
async def test_nothing_that_was_taken_is_lost_doubled_or_overtaken(
    world: World, database_url: str, keys: FileKeyStore, tmp_path: Path
) -> None:
    """R10: killed with SIGKILL in mid-load, again and again; then what waits is handed over."""
    system = tmp_path / "system"
    system.touch()
    handles = [world.handles["ordinary"], world.handles["protected"]]
    module = "tests.gateway.submissions.hand_over_until_killed"
    command = [sys.executable, "-m", module, database_url, str(keys.path.parent), str(system)]
    acknowledged: set[str] = set()
    rounds = size_of(ordinary=3, nightly=100)
    for place in range(rounds):
        kill_after = (3, 20, 45)[place % 3]
        env = {**os.environ, "ROUND": str(place)}
        with subprocess.Popen(  # noqa: ASYNC220 - the child is what is tested
            [*command, *handles], stdout=subprocess.PIPE, text=True, env=env
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(kill_after)]
            process.kill()
            lines += process.stdout.readlines()
        acknowledged |= {line.split()[1] for line in lines if line.endswith("\n")}
    env = {**os.environ, "ROUND": str(rounds), "DRAIN": "1"}
    subprocess.run([*command, *handles], check=True, env=env)  # noqa: ASYNC221
    assert len(acknowledged) >= 60
    taken: defaultdict[str, list[str]] = defaultdict(list)
    keys_seen = []
    for line in system.read_text().splitlines():
        key, number, value = line.split()
        keys_seen.append(key)
        taken[number].append(value)
    assert len(set(keys_seen)) == len(keys_seen)
    assert acknowledged <= {value for of_person in taken.values() for value in of_person}
    for of_person in taken.values():
        by_process: defaultdict[str, list[str]] = defaultdict(list)
        for value in of_person:
            by_process[value[:7]].append(value)
        assert of_person == [value for group in by_process.values() for value in group]
        assert all(group == sorted(group) for group in by_process.values())
