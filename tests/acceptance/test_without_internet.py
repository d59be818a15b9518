"""On a machine without any way out the gateway starts, shows its documentation and answers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.town_under_test import REPOSITORY, Town

pytestmark = [pytest.mark.town, pytest.mark.timeout(240)]

NAMESPACES = (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"])


def namespace() -> list[str] | None:
    """Return how a program is run without a network here, None where that is not permitted."""
    for command in NAMESPACES:
        tried = [*command, "ip", "link", "set", "lo", "up"]
        try:
            if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            return None
    return None


def test_without_a_route_to_anywhere_everything_is_there(town: Town, tmp_path: Path) -> None:
    """NZ-2: in a network namespace with a loopback and nothing else.

    The systems of the town are out of reach as well, and that is what the answer says.
    """
    alone = namespace()
    if alone is None:
        print("NZ-2 is not shown here: network namespaces are not permitted")  # noqa: T201
        return
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    number = town.people()["two_children"]["resident"]
    command = [sys.executable, "-m", "tests.acceptance.without_a_route", str(folder), number]
    done = subprocess.run(
        [*alone, *command], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = re.fullmatch(r"(\d+) assets, outcome (\S+), 32", done.stdout.strip())
    assert said is not None, done.stdout
    assert int(said[1]) >= 2
    assert said[2] == "none"
