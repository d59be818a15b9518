"""Asks a program of the operator whether a file holds malware. Whatever goes wrong is no yes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.errors import ExplainedError

FOUND: Final = 1
"""The exit code with which scanners tell that something was found, like clamdscan."""


class ScanFailedError(ExplainedError):
    """Nobody knows whether the files are clean: the program is missing, too slow or failed."""


async def is_clean(command: Sequence[str], path: Path, timeout_s: float) -> bool:
    """Tell whether the program ends with 0 (clean) or with 1 (found something) for a file.

    It is started without a shell and gets the absolute ``path`` behind its arguments, no input and
    none of our settings.

    Raises:
        ScanFailedError: it cannot be started, takes too long, or ends in any other way.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(path),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    except OSError as error:
        raise ScanFailedError(
            f"ウイルス検査の命令 {command[0]} を実行できません（{type(error).__name__}）。",
            f"The scanner {command[0]} cannot be started ({type(error).__name__}).",
        ) from None
    try:
        async with asyncio.timeout(timeout_s):
            code = await process.wait()
    except TimeoutError:
        raise ScanFailedError(
            f"ウイルス検査が {timeout_s:g} 秒で終わりません。",
            f"The scanner did not end within {timeout_s:g} s.",
        ) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code not in (0, FOUND):
        raise ScanFailedError(
            f"ウイルス検査が失敗しました（終了コード {code}）。",
            f"The scanner failed (exit code {code}).",
        )
    return code == 0
