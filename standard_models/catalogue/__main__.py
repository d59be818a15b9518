"""Write the catalogue as pages: ``python -m standard_models.catalogue FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from standard_models.builtin import load_builtin
from standard_models.catalogue.site import write_site


def main(arguments: list[str]) -> int:
    """Write the pages into the folder named; return 2 without one."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m standard_models.catalogue FOLDER\n")
        return 2
    folder = Path(arguments[0])
    pages = write_site(load_builtin(), folder)
    sys.stdout.write(f"{pages} pages: {folder / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
