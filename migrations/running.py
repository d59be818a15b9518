"""How Alembic runs a history: over the connection it was handed, or over one that it opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from alembic import context

from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.store.my_number_tables import metadata_of
from gateway.store.types import UtcDateTime

LOCK_TIMEOUT: Final = "5s"
"""A migration that waits for a table longer than this fails, instead of holding up the gateway."""

ONE_AT_A_TIME: Final = 4_175_321
"""Advisory lock: two processes that upgrade at once do so one after the other."""


def run_history(schema: str | None, url_of: Callable[[Settings], str]) -> None:
    """Bring the history of ``schema`` to the revision that Alembic was asked for."""
    handed = context.config.attributes.get("connection")
    if handed is not None:
        _migrate(handed, schema)
    else:
        asyncio.run(_open_and_migrate(schema, url_of(Settings())))


def _migrate(connection: sa.Connection, schema: str | None) -> None:
    if schema is not None and connection.dialect.name == "postgresql":
        _make_schema(connection, schema)
    context.configure(
        connection=connection,
        target_metadata=metadata_of(schema),
        render_item=_render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.run_migrations()


def _make_schema(connection: sa.Connection, schema: str) -> None:
    """Make the schema, unless an administrator has: the account may not be allowed to."""
    connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
    if not sa.inspect(connection).has_schema(schema):
        connection.execute(sa.schema.CreateSchema(schema))
    connection.commit()


async def _open_and_migrate(schema: str | None, url: str) -> None:
    store = open_store(url, schema=schema)
    try:
        async with store.connection() as connection:
            await connection.run_sync(_migrate, schema)
    finally:
        await store.aclose()


def _render_item(kind: str, item: object, _autogen: object) -> str | bool:
    """Write our own column types as what they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False
