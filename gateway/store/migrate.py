"""Bring the database to the revision that this version of the gateway needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import migrations
from gateway.store.engine import Store


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision of the database, None for an empty one, and the one that is needed."""

    current: str | None
    needed: str

    @property
    def up_to_date(self) -> bool:
        """Return whether nothing has to be done."""
        return self.current == self.needed


async def upgrade(store: Store) -> None:
    """Bring the database up to date. Does nothing when it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a step failed; the database is as it was before it.

    """
    await _run(store, lambda config: command.upgrade(config, "head"))


async def downgrade(store: Store, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` is the empty one); data may be lost."""
    await _run(store, lambda config: command.downgrade(config, revision))


async def schema_state(store: Store) -> SchemaState:
    """Return where the database is and where it should be."""

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with store.engine.connect() as connection:
        return SchemaState(await connection.run_sync(read), needed_revision(store.schema))


@cache
def needed_revision(schema: str | None = None) -> str:
    """Return the newest revision of the history of ``schema``, of which there is exactly one."""
    head = ScriptDirectory.from_config(_config(schema)).get_current_head()
    if head is None:
        msg = "the migration history is empty"
        raise RuntimeError(msg)
    return head


async def _run(store: Store, step: Callable[[Config], Any]) -> None:
    config = _config(store.schema)

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        step(config)

    async with store.connection() as connection:
        await connection.run_sync(run)
        await connection.commit()


def _config(schema: str | None) -> Config:
    """Return where the history is: that of a schema of its own stands in a folder of its name."""
    folder = Path(str(migrations.__file__)).parent
    config = Config()
    config.set_main_option("script_location", str(folder / schema if schema else folder))
    return config
