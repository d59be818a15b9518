"""Runs the welfare system: ``python -m examples.town.legacy.welfare --data DIR --port N``."""

from __future__ import annotations

from examples.town.legacy.serving import run
from examples.town.legacy.welfare.service import build

if __name__ == "__main__":
    run("examples.town.legacy.welfare", build)
