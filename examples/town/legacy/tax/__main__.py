"""Runs the tax system: ``python -m examples.town.legacy.tax --data DIR --port N``."""

from __future__ import annotations

from examples.town.legacy.serving import run
from examples.town.legacy.tax.service import build

if __name__ == "__main__":
    run("examples.town.legacy.tax", build)
