"""MN-1: My Numbers stand in a database, or a schema, of their own."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import insert, text
from sqlalchemy.exc import ProgrammingError

from gateway.keys import FileKeyStore
from gateway.settings import Settings, beside
from gateway.store.backup import BackupError, read_manifest, restore_backup, write_backup
from gateway.store.engine import Store, open_store
from gateway.store.migrate import downgrade, schema_state, upgrade
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA, MyNumberRow
from tools.check_migrations import drift, on, tables
from tools.throwaway_postgres import ThrowawayPostgres

NOW = dt.datetime(2026, 10, 1, 10, tzinfo=dt.UTC)
ROW = {
    "municipality": "999997",
    "numbering": "resident",
    "number": "R1",
    "digest": b"d" * 32,
    "secret_version": 1,
    "sealed": b"sealed",
    "stored_at": NOW,
}


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("sqlite+aiosqlite:///./var/hitotsu.db", "sqlite+aiosqlite:///./var/hitotsu.my-numbers.db"),
        ("sqlite:////var/lib/h.o/base", "sqlite:////var/lib/h.o/base.my-numbers"),
        ("postgresql+asyncpg://h/town?ssl=require", "postgresql+asyncpg://h/town?ssl=require"),
    ],
)
def test_by_default_it_stands_beside_the_other(main: str, expected: str) -> None:
    """Another file of SQLite; the same database of PostgreSQL, in which it is another schema."""
    assert Settings(database_url=main).my_numbers_url == expected
    apart = Settings(database_url=main, my_number_database_url="postgresql://numbers/n")
    assert apart.my_numbers_url == "postgresql://numbers/n"


def test_one_file_for_both_is_refused() -> None:
    """Its dump would hold the numbers; the address is not repeated."""
    with pytest.raises(ValidationError) as refused:
        Settings(
            database_url="sqlite+aiosqlite:////srv/secret.db",
            my_number_database_url="sqlite:////srv/secret.db",
        )
    assert "secret.db" not in str(refused.value)


async def test_the_migrated_database_is_what_the_model_says(my_number_store: Store) -> None:
    """No drift; down leaves nothing, up works again."""
    assert await on(my_number_store, lambda c: drift(c, MY_NUMBER_SCHEMA)) == []
    assert set(await on(my_number_store, tables)) == {
        "alembic_version", "my_number", "number_load", "quarantined_number",
    }  # fmt: skip
    await downgrade(my_number_store, "base")
    assert set(await on(my_number_store, tables)) == {"alembic_version"}
    await upgrade(my_number_store)
    assert (await schema_state(my_number_store)).up_to_date


async def test_neither_database_shows_what_the_other_holds(
    store: Store, my_number_store: Store
) -> None:
    """The tables of the gateway have no numbers, the database of numbers nothing else."""
    assert "my_number" not in await on(store, tables)
    assert "audit" not in await on(my_number_store, tables)


async def test_an_account_of_its_own_is_enough(
    postgres_server: ThrowawayPostgres, database_url: str
) -> None:
    """The account of the gateway cannot read the schema, and that of the numbers nothing else."""
    if database_url.startswith("sqlite"):
        assert beside(database_url) != database_url
        return
    database = database_url.partition("@/")[2].partition("?")[0]
    await postgres_server.run(
        f"CREATE ROLE gateway_{database} LOGIN",
        f"GRANT USAGE ON SCHEMA public TO gateway_{database}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO gateway_{database}",
        f"CREATE ROLE numbers_{database} LOGIN",
        f"GRANT USAGE ON SCHEMA my_number TO numbers_{database}",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA my_number TO numbers_{database}",
        database=database,
    )
    gateway = open_store(database_url.replace("postgres@", f"gateway_{database}@"))
    numbers = open_store(
        database_url.replace("postgres@", f"numbers_{database}@"), schema=MY_NUMBER_SCHEMA
    )
    try:
        async with numbers.transaction() as session:
            await session.execute(insert(MyNumberRow), [ROW])
        for reader, table in ((gateway, "my_number.my_number"), (numbers, "public.client")):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with reader.session() as session:
                    await session.execute(text(f"SELECT * FROM {table}"))
        async with gateway.session() as session:
            await session.execute(text("SELECT * FROM client"))
    finally:
        await gateway.aclose()
        await numbers.aclose()
        await postgres_server.run(
            *(
                f"DROP OWNED BY {kind}_{database}; DROP ROLE {kind}_{database}"
                for kind in ("gateway", "numbers")
            ),
            database=database,
        )


async def test_its_backup_is_another_file_and_each_is_restored_into_its_own(
    store: Store, my_number_store: Store, tmp_path: Path
) -> None:
    """The copy of everything else holds no row of it, and neither fills the other's database."""
    async with my_number_store.transaction() as session:
        await session.execute(insert(MyNumberRow), [ROW])
    everything, numbers = io.BytesIO(), tmp_path / "numbers.zip"
    await write_backup(store, everything, now=NOW)
    with numbers.open("wb") as file:
        rows = (await write_backup(my_number_store, file, now=NOW)).rows
    assert rows == {"my_number": 1, "number_load": 0, "quarantined_number": 0}
    with zipfile.ZipFile(everything) as archive:
        assert "my_number.jsonl" not in archive.namelist()
    with pytest.raises(BackupError):
        read_manifest(numbers)
    new = open_store(f"sqlite:///{tmp_path / 'new.db'}", schema=MY_NUMBER_SCHEMA)
    try:
        await upgrade(new)
        await restore_backup(new, numbers)
        async with new.session() as session:
            (row,) = (await session.execute(text("SELECT number, sealed FROM my_number"))).all()
        assert tuple(row) == ("R1", b"sealed")
    finally:
        await new.aclose()


def test_the_key_of_numbers_is_of_a_kind_of_its_own(keys: FileKeyStore, tmp_path: Path) -> None:
    """AT-9: neither the secret of other sealed values, nor shown; a rotation keeps the last."""
    before = keys.keys()
    assert before.my_number_secret.secret != before.sealing_secret.secret
    assert repr(before.my_number_secret.secret) not in repr(before)
    keys.rotate_my_numbers()
    after = FileKeyStore(tmp_path / "keys").keys()
    assert [s.version for s in after.my_numbers] == [1, 2]
    assert after.my_numbers[0] == before.my_number_secret
    assert after.sealing == before.sealing
