"""What a start costs, in imports of what is started: that is the same on every machine."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path


def cpu_s(pids: list[int]) -> float:
    """Return the seconds of CPU that these processes took so far: the start of a free machine."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def cpu_s_of_an_import() -> float:
    """Return what it costs now, on this machine, to import what is served."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import gateway.app")
    assert await process.wait() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
