"""Which account the database server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

NOBODY: Final = 65534
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION_3: Final = 0x20080522


def server_uid() -> int | None:
    """Return the user id to change to, None to stay who we are."""
    return NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def reachable_by_others(*paths: Path) -> bool:
    """Return whether an account without rights of its own can walk to each path."""
    return all(parent.stat().st_mode & 0o001 for path in paths for parent in path.resolve().parents)


def give_to_server(path: Path) -> None:
    """Hand a file or directory to the account of the server."""
    uid = server_uid()
    if uid is not None:
        os.chown(path, uid, uid)


def becoming(*, walks_anywhere: bool, ends_with_parent: bool) -> Callable[[], None]:
    """Return what the child process does before it becomes the server.

    Run as root it gives up root. ``walks_anywhere`` lets it keep the right to enter directories
    that others may not, for installations below a closed home directory.
    ``ends_with_parent``: when this process is killed the server goes down with it, as if the
    machine had lost power.
    """
    uid = server_uid()
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True) if linux else None

    def become() -> None:
        if uid is not None:
            if walks_anywhere and libc is not None:
                libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            if walks_anywhere and libc is not None:
                _keep_walking(libc)
        if ends_with_parent and libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)

    return become


def _keep_walking(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    kept = 1 << _CAP_DAC_OVERRIDE
    data = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    if libc.capset(header, data) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
