"""Appends without end from many tasks and prints every id and every tree head that it has.

Run as a process of its own, so that it can be killed: arguments are the address of the database
and the folder of the keys.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.audit import AuditLog, AuditStore
from gateway.keys import FileKeyStore
from gateway.store.engine import open_store
from tests.doubles import RecordingLog
from tests.gateway.audit.entries import entry
from tests.gateway.audit.grown import tree_over


async def main(url: str, folder: str) -> None:
    """Append until the process is killed."""
    opened = open_store(url)
    keys = FileKeyStore(Path(folder))
    tree = tree_over(opened, keys)
    async with AuditLog(AuditStore(opened), keys, log=RecordingLog(), patience_s=30) as log:

        async def answer() -> None:
            while True:
                say(await log.append(entry()))

        async def grow() -> None:
            while True:
                head = await tree.seal()
                if head is not None:
                    say(head.signed)
                await asyncio.sleep(0.05)

        await asyncio.gather(grow(), *(answer() for _ in range(16)))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
