"""How much the long tests do: little in the ordinary suite, all of it at night."""

from __future__ import annotations

import os

SETTING = "HITOTSU_TEST_SIZE"
"""``ordinary`` (the default) or ``nightly``; ``make nightly`` sets the latter."""


def size_of(*, ordinary: int, nightly: int) -> int:
    """Return the figure for the size that is set.

    Raises:
        ValueError: the setting holds another word.
    """
    sizes = {"ordinary": ordinary, "nightly": nightly}
    chosen = os.environ.get(SETTING, "ordinary")
    if chosen not in sizes:
        msg = f"{SETTING} is one of {', '.join(sizes)}"
        raise ValueError(msg)
    return sizes[chosen]
