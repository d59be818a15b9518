"""Makes the demo town: ``python -m examples.town.generate --seed 1 --households 2000 --out DIR``.

The same seed and size give byte-identical files.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from examples.town.model.population import groups
from examples.town.writers.links import LinkWriter
from examples.town.writers.pointers import PointerWriter
from examples.town.writers.resident import ResidentWriter
from examples.town.writers.tax import TaxWriter
from examples.town.writers.truth import TruthWriter
from examples.town.writers.welfare import WelfareWriter

DEFAULT_SEED = 1
DEFAULT_HOUSEHOLDS = 2000


@dataclass(frozen=True, slots=True)
class Town:
    """What was made: counts of households and of people, residents or not."""

    households: int
    people: int


def generate(out: Path, *, seed: int = DEFAULT_SEED, households: int = DEFAULT_HOUSEHOLDS) -> Town:
    """Write every file of the town below ``out``; memory does not grow with the town.

    Raises:
        ValueError: fewer households than the stories need.

    """
    out.mkdir(parents=True, exist_ok=True)
    counted_households = counted_people = 0
    pointers = PointerWriter(out)
    with contextlib.ExitStack() as open_writers:
        writers = (
            open_writers.enter_context(ResidentWriter(out / "resident")),
            open_writers.enter_context(TaxWriter(out / "tax")),
            open_writers.enter_context(WelfareWriter(out / "welfare")),
            open_writers.enter_context(TruthWriter(out / "truth")),
            open_writers.enter_context(LinkWriter(out)),
            pointers,
        )
        for group in groups(seed, households):
            for writer in writers:
                writer.write(group)
            counted_households += len(group.households)
            counted_people += len(group.people)
    pointers.finish()
    return Town(counted_households, counted_people)


def main() -> int:
    """Read the command line and make the town."""
    parser = argparse.ArgumentParser(prog="examples.town.generate", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--households", type=int, default=DEFAULT_HOUSEHOLDS)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    town = generate(arguments.out, seed=arguments.seed, households=arguments.households)
    print(f"{town.households} households, {town.people} people: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
