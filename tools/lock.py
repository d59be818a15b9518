"""Write the lock files from pyproject.toml: one resolution, three layers that never overlap.

``runtime`` is what the container ships (with compiled conversion, deliveries and telemetry),
``demo`` adds what the demo town needs, ``development`` adds tests and lint. Installing several
layers therefore always gives the same versions. Run through ``make lock``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
PIN = re.compile(r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==[^\s;]+", re.IGNORECASE)


def resolve(requirements: list[str], constraints: Path | None) -> dict[str, str]:
    """Return pinned requirement blocks (with hashes) by their ``name==version`` line."""
    command = [
        "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "-",
    ]  # fmt: skip
    if constraints:
        command += ["--constraints", str(constraints)]
    done = subprocess.run(
        command, input="\n".join(requirements), capture_output=True, text=True, check=True
    )
    blocks: dict[str, str] = {}
    name = ""
    for line in done.stdout.splitlines():
        if match := PIN.match(line):
            name = match.group(0)
            blocks[name] = line
        elif name:
            blocks[name] += "\n" + line
    return blocks


def main() -> int:
    """Write every layer; fail when the resolver fails."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    shipped = [*extras["bulk"], *extras["deliveries"], *extras["telemetry"]]
    runtime = project["project"]["dependencies"] + shipped
    demo = runtime + extras["town"]
    groups = project["dependency-groups"]
    everything = demo + groups["test"] + groups["lint"] + project["build-system"]["requires"]
    pinned = resolve(everything, None)
    constraints = FOLDER / "all.tmp"
    FOLDER.mkdir(exist_ok=True)
    # With their markers: a package may have one version for each version of Python.
    lines = (block.partition("\n")[0].removesuffix("\\") for block in pinned.values())
    constraints.write_text("\n".join(lines), "utf-8")
    done: set[str] = set()
    try:
        for layer, requirements in (
            ("runtime", runtime),
            ("demo", demo),
            ("development", everything),
        ):
            blocks = resolve(requirements, constraints)
            if layer == "runtime":
                blocks |= {k: v for k, v in pinned.items() if k.startswith("setuptools==")}
            fresh = [text for name, text in sorted(blocks.items()) if name not in done]
            done |= blocks.keys()
            (FOLDER / f"{layer}.lock").write_text("\n".join(fresh) + "\n", "utf-8")
    finally:
        constraints.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
