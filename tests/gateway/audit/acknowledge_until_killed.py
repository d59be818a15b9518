"""Appends without end from many tasks and prints every id that was acknowledged.

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


async def main(url: str, keys: str) -> None:
    """Append until the process is killed."""
    store = AuditStore(open_store(url))
    async with AuditLog(store, FileKeyStore(Path(keys)), log=RecordingLog()) as log:

        async def answer() -> None:
            while True:
                audit_id = await log.append(entry())
                sys.stdout.write(f"{audit_id}\n")
                sys.stdout.flush()

        await asyncio.gather(*(answer() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
