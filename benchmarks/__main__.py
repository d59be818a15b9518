"""Run every benchmark of this folder: ``make bench``, or ``python -m benchmarks NAME``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all of them; return 2 for words that name none.

    Options are for the benchmark that is named before them.
    """
    options = next((n for n, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    wanted, sys.argv = arguments[:options], [sys.argv[0], *arguments[options:]]
    names = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name != "__main__"]
    unknown = [name for name in wanted if name not in names]
    if unknown or (arguments and not wanted):
        print(f"no such benchmark: {', '.join(unknown or arguments)}")
        print(f"there are: {', '.join(names)}; without a name all of them run, for hours")
        return 2
    for name in wanted or names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
