"""Tests that need a program which is not everywhere are left out where it is missing, not in CI."""

from __future__ import annotations

import os

import pytest


def leave_out(
    config: pytest.Config, items: list[pytest.Item], marker: str, count: pytest.StashKey[int]
) -> None:
    """Take the tests with ``marker`` out of ``items`` and note how many; CI always has them."""
    without = [item for item in items if item.get_closest_marker(marker)]
    if not without or os.environ.get("CI") == "true":
        return
    config.stash[count] = len(without)
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]
