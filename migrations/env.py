"""How Alembic runs here: over the connection it was handed, or over one that it opens itself."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import context

from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.store.tables import Base
from gateway.store.types import UtcDateTime

LOCK_TIMEOUT = "5s"
"""A migration that waits for a table longer than this fails, instead of holding up the gateway."""

ONE_AT_A_TIME = 4_175_321
"""Advisory lock: two processes that upgrade at once do so one after the other."""


def render_item(kind: str, item: object, _autogen: object) -> str | bool:
    """Write our own column types as what they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.run_migrations()


async def open_and_migrate() -> None:
    store = open_store(Settings().database_url)
    try:
        async with store.connection() as connection:
            await connection.run_sync(migrate)
    finally:
        await store.aclose()


handed = context.config.attributes.get("connection")
if handed is not None:
    migrate(handed)
else:
    asyncio.run(open_and_migrate())
