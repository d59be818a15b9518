"""Databases of PostgreSQL for tests: made once, emptied after each test, used again.

Making one takes some hundred times as long as emptying one, if its tables are emptied row by row:
a table that is truncated gets new files. A database whose schema a test has changed is not used
again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg

from tools.throwaway_postgres import ThrowawayPostgres

Found = TypeVar("Found")
MIGRATED = "migrated"
_EMPTY = """
DO $$
DECLARE
  place record;
  filled boolean;
  large text[] := '{}';
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- rows go in any order, also those that stay
  FOR place IN SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT LIKE 'alembic%'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', place.schemaname, place.tablename)
      INTO filled;
    IF filled AND pg_relation_size(format('%I.%I', place.schemaname, place.tablename)) > 1048576
    THEN
      large := large || format('%I.%I', place.schemaname, place.tablename);
    ELSIF filled THEN
      EXECUTE format('DELETE FROM %I.%I', place.schemaname, place.tablename);
    END IF;
  END LOOP;
  IF large <> '{}' THEN
    EXECUTE 'TRUNCATE ' || array_to_string(large, ', ') || ' CASCADE';
  END IF;
  FOR place IN SELECT schemaname, sequencename FROM pg_sequences WHERE last_value IS NOT NULL
  LOOP
    EXECUTE format('ALTER SEQUENCE %I.%I RESTART', place.schemaname, place.sequencename);
  END LOOP;
END $$
"""
_SCHEMA = """
WITH ours AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), told AS (
  SELECT concat(nspname, relname, relkind, relrowsecurity, relacl) AS what
    FROM pg_class JOIN ours ON ours.oid = relnamespace
  UNION ALL
  SELECT concat(relname, attname, atttypid, atttypmod, attnotnull)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN ours ON ours.oid = relnamespace WHERE NOT attisdropped
  UNION ALL SELECT concat(conname, contype, convalidated) FROM pg_constraint
    JOIN ours ON ours.oid = connamespace
  UNION ALL SELECT concat(tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT concat(proname, prosrc) FROM pg_proc JOIN ours ON ours.oid = pronamespace
  UNION ALL SELECT setconfig::text FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL SELECT version_num FROM alembic_version
)
SELECT md5(string_agg(what, ' ' ORDER BY what)) FROM told
"""


class Databases:
    """Empty, migrated databases of one server, lent to one test after the other.

    One connection to each is kept: a new one would have to read the whole catalogue first.
    """

    def __init__(self, postgres: ThrowawayPostgres) -> None:
        self._postgres = postgres
        self._loop = asyncio.new_event_loop()
        self._numbers = itertools.count(1)
        self._spare: list[str] = []
        self._connections: dict[str, asyncpg.Connection] = {}
        self._schema = self._run(self._schema_of(MIGRATED))
        self._run(self._leave(MIGRATED))

    def lend(self) -> str:
        """Return the name of an empty database."""
        if self._spare:
            return self._spare.pop()
        name = f"test_{next(self._numbers)}"
        self._postgres.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
        return name

    def take_back(self, name: str) -> None:
        """Empty a database that was lent; drop it if it is not as it was."""
        if self._run(self._emptied(name)) == self._schema:
            self._spare.append(name)
            return
        self._run(self._leave(name))
        self._postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave every database."""
        for name in tuple(self._connections):
            self._run(self._leave(name))
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Found]) -> Found:
        return self._loop.run_until_complete(work)

    async def _emptied(self, name: str) -> object:
        connection = await self._connection(name)
        await connection.execute(_EMPTY)
        return await connection.fetchval(_SCHEMA)

    async def _schema_of(self, name: str) -> object:
        return await (await self._connection(name)).fetchval(_SCHEMA)

    async def _connection(self, name: str) -> asyncpg.Connection:
        if name not in self._connections:
            self._connections[name] = await self._postgres.connect(name)
        return self._connections[name]

    async def _leave(self, name: str) -> None:
        await self._connections.pop(name).close()
