"""Check the migration history: one head, up and down work, no drift from the models.

Runs on SQLite and PostgreSQL; part of ``make lint``. Prints what is wrong and returns 1.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

sys.path.insert(0, str(Path(__file__).parent.parent))

import migrations
from gateway.store.engine import Store, open_store
from gateway.store.migrate import downgrade, upgrade
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA, metadata_of
from tools.throwaway_postgres import throwaway_postgres

HISTORIES = (None, MY_NUMBER_SCHEMA)


def main() -> int:
    """Return 0 if the history is sound."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, throwaway_postgres() as postgres:
        for schema in HISTORIES:
            faults += heads(schema)
            faults += asyncio.run(check(f"sqlite:///{folder}/{schema}.db", schema))
            faults += asyncio.run(check(postgres.url(), schema))
    for fault in faults:
        print(f"migrations: {fault}", file=sys.stderr)
    return 1 if faults else 0


def heads(schema: str | None = None) -> list[str]:
    """Return a fault unless the history of ``schema`` has exactly one head."""
    folder = Path(str(migrations.__file__)).parent
    script = ScriptDirectory(str(folder / schema if schema else folder))
    found = script.get_heads()
    return [] if len(found) == 1 else [f"{len(found)} heads instead of one: {found}"]


async def check(url: str, schema: str | None) -> list[str]:
    """Return what is wrong with the history of ``schema`` on the database at ``url``."""
    store = open_store(url, schema=schema)
    try:
        await upgrade(store)
        differences = await on(store, lambda connection: drift(connection, schema))
        faults = [f"{store.dialect}: drift: {d}" for d in differences]
        await downgrade(store, "base")
        left = set(await on(store, tables)) - {"alembic_version"}
        faults += [f"{store.dialect}: left behind by the way down: {name}" for name in left]
        await upgrade(store)
    finally:
        await store.aclose()
    return faults


async def on(store: Store, look: Any) -> Any:
    """Return what ``look`` sees of the database."""
    async with store.engine.connect() as connection:
        return await connection.run_sync(look)


def drift(connection: Connection, schema: str | None = None) -> list[Any]:
    """Return the differences between the migrated database and the models of ``schema``."""
    options = {"compare_type": True, "compare_server_default": True}
    return list(
        compare_metadata(MigrationContext.configure(connection, opts=options), metadata_of(schema))
    )


def tables(connection: Connection) -> list[str]:
    """Return the names of the tables."""
    return inspect(connection).get_table_names()


if __name__ == "__main__":
    sys.exit(main())
