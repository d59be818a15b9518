"""A copy of the whole database in one file, and an empty database made full from it.

The file is a ZIP archive: ``manifest.json`` (revision of the schema, time, rows and SHA-256 of each
table) and one file of JSON lines for each table, in the order of its primary key. It is the same
for SQLite and PostgreSQL, so that a town can move from one to the other with it.

What was read from other systems as a sign of how fresh something is (``flag_copy``) is left out:
after a restore nobody's protection is known until the flags have been read anew. Logins of staff
are left out as well: a restore brings nobody back who has logged out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy import Column, Date, LargeBinary, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import ExplainedError
from gateway.store.engine import Store
from gateway.store.migrate import needed_revision, schema_state
from gateway.store.my_number_tables import metadata_of
from gateway.store.types import UtcDateTime

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
PIECE: Final = 1_000
NOT_KEPT: Final = frozenset({"flag_copy", "staff_session", "staff_view"})
Progress = Callable[[str, int, int], None]


class BackupError(ExplainedError):
    """Nothing was written or restored; the texts say why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a file says of itself: time, revision, and rows by table."""

    made_at: dt.datetime
    revision: str
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many rows there are in all."""
        return sum(self.rows.values())


async def write_backup(
    store: Store,
    file: BinaryIO,
    *,
    now: dt.datetime,
    progress: Progress = lambda _table, _done, _total: None,
) -> Backup:
    """Write everything, as it is at one moment, while the gateway goes on.

    Raises:
        BackupError: the database is not up to date.

    """
    if not (await schema_state(store)).up_to_date:
        raise BackupError(
            "データベースが最新ではありません。hitotsu db upgrade を実行してください。",
            "The database is not up to date: run `hitotsu db upgrade`.",
        )
    tables = _tables(store.schema)
    async with _at_one_moment(store) as connection:
        rows = {t.name: await _count(connection, t) for t in tables}
        backup = Backup(now, needed_revision(store.schema), rows)
        digests: dict[str, str] = {}
        done = 0
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            for table in tables:
                digest = hashlib.sha256()
                with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
                    async for piece in _read(connection, table):
                        lines.write(piece)
                        digest.update(piece)
                        done += piece.count(b"\n")
                        progress(table.name, done, backup.total)
                digests[table.name] = digest.hexdigest()
            archive.writestr(MANIFEST, _manifest(backup, digests))
    return backup


def read_manifest(file: Path | BinaryIO, schema: str | None = None) -> Backup:
    """Return what a file of ``schema`` says of itself, after comparing every table's digest.

    Raises:
        BackupError: it is no such file, not whole, or of another revision of the schema.

    """
    try:
        with zipfile.ZipFile(file) as archive:
            said = json.loads(archive.read(MANIFEST))
            backup = Backup(
                dt.datetime.fromisoformat(said["made_at"]),
                said["revision"],
                {name: table["rows"] for name, table in said["tables"].items()},
            )
            damaged = [
                name
                for name, table in said["tables"].items()
                if _digest(archive, name) != (table["sha256"], table["rows"])
            ]
    except FileNotFoundError:
        raise BackupError("このファイルはありません。", "There is no such file.") from None
    except OSError as error:
        raise BackupError(
            f"バックアップを読めません。フォルダー・権限・媒体を確かめてください（{type(error).__name__}）。",
            f"It cannot be read: look at folder, rights and medium ({type(error).__name__}).",
        ) from None
    except (
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError),
        *(KeyError, ValueError, TypeError, AttributeError),
    ):
        raise BackupError(
            "バックアップのファイルではないか、壊れています。",
            "This is no backup, or it is damaged.",
        ) from None
    if damaged:
        raise BackupError(
            f"壊れています（{'、'.join(damaged)}）。", f"It is damaged ({', '.join(damaged)})."
        )
    if said.get("format") != FORMAT or backup.revision != needed_revision(schema):
        raise BackupError(
            f"版 {backup.revision} のバックアップです。その版で戻してから更新してください。",
            f"It is of revision {backup.revision}: restore it with that version, then upgrade.",
        )
    return backup


async def check_restore(store: Store, file: Path | BinaryIO) -> Backup:
    """Return what the file is, if the database can be filled from it; change nothing.

    Raises:
        BackupError: the file cannot be used, or the database is not empty or not up to date.

    """
    backup = read_manifest(file, store.schema)
    if not (await schema_state(store)).up_to_date:
        raise BackupError(
            "先に、新しいデータベースで hitotsu db upgrade を実行してください。",
            "Run `hitotsu db upgrade` on the new database first.",
        )
    async with store.engine.connect() as connection:
        await _require_empty(connection, store)
    return backup


async def restore_backup(
    store: Store,
    file: Path | BinaryIO,
    *,
    progress: Progress = lambda _table, _done, _total: None,
) -> Backup:
    """Fill an empty database from a file, in one transaction; return what the file is.

    Raises:
        BackupError: the file cannot be used, or the database is not empty or not up to date.

    """
    backup = await check_restore(store, file)
    done = 0
    with zipfile.ZipFile(file) as archive:
        async with store.connection() as connection, connection.begin():
            await _require_empty(connection, store)
            for table in _tables(store.schema):
                if table.name not in backup.rows:
                    continue
                for rows in _rows(archive, table):
                    await connection.execute(insert(table), rows)
                    done += len(rows)
                    progress(table.name, done, backup.total)
                if await _count(connection, table) != backup.rows[table.name]:
                    raise BackupError(
                        f"{table.name} の件数が合いません。", f"{table.name}: rows are missing."
                    )
                await go_on_counting(store, connection, table)
    return backup


def _tables(schema: str | None) -> Sequence[Table]:
    return [t for t in metadata_of(schema).sorted_tables if t.name not in NOT_KEPT]


def _at_one_moment(store: Store) -> Any:
    """Return a connection that sees the database as it is now, whatever is written meanwhile."""
    if store.dialect == "postgresql":
        return store.engine.execution_options(isolation_level="REPEATABLE READ").connect()
    return store.engine.connect()


async def _require_empty(connection: AsyncConnection, store: Store) -> None:
    for table in _tables(store.schema):
        if await _count(connection, table):
            raise BackupError(
                "データベースが空ではありません。新しいデータベースに戻してください。",
                "The database is not empty: restore into a new one.",
            )


async def _count(connection: AsyncConnection, table: Table) -> int:
    counted = await connection.execute(select(func.count()).select_from(table))
    return int(counted.scalar_one())


async def _read(connection: AsyncConnection, table: Table) -> AsyncIterator[bytes]:
    query = select(table).order_by(*table.primary_key.columns)
    async with connection.stream(query.execution_options(yield_per=PIECE)) as found:
        async for rows in found.partitions(PIECE):
            yield b"".join(
                orjson.dumps({str(c.name): _plain(row[n]) for n, c in enumerate(table.columns)})
                + b"\n"
                for row in rows
            )


def _rows(archive: zipfile.ZipFile, table: Table) -> Iterator[list[dict[str, Any]]]:
    piece: list[dict[str, Any]] = []
    with archive.open(f"{table.name}.jsonl") as lines:
        for line in lines:
            said = orjson.loads(line)
            piece.append({c.name: _value(c, said[c.name]) for c in table.columns})
            if len(piece) == PIECE:
                yield piece
                piece = []
    if piece:
        yield piece


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return value


def _value(column: Column[Any], plain: Any) -> Any:
    if plain is None:
        return None
    if isinstance(column.type, LargeBinary):
        return b64decode(plain)
    if isinstance(column.type, UtcDateTime):
        return dt.datetime.fromisoformat(plain)
    if isinstance(column.type, Date):
        return dt.date.fromisoformat(plain)
    return plain


async def go_on_counting(store: Store, connection: AsyncConnection, table: Table) -> None:
    """Let numbers that the database gives out go on behind those that were restored."""
    column = table.autoincrement_column
    if store.dialect != "postgresql" or column is None:
        return
    last = (await connection.execute(select(func.max(column)))).scalar_one()
    if last is not None:
        await connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, :column), :last)"),
            {"name": f'"{table.name}"', "column": column.name, "last": last},
        )


def _digest(archive: zipfile.ZipFile, name: str) -> tuple[str, int]:
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"{name}.jsonl") as lines:
        while piece := lines.read(1 << 20):
            digest.update(piece)
            rows += piece.count(b"\n")
    return digest.hexdigest(), rows


def _manifest(backup: Backup, digests: Mapping[str, str]) -> bytes:
    return orjson.dumps(
        {
            "format": FORMAT,
            "made_at": backup.made_at.isoformat(),
            "revision": backup.revision,
            "tables": {
                str(name): {"rows": rows, "sha256": digests[name]}
                for name, rows in backup.rows.items()
            },
        },
        option=orjson.OPT_INDENT_2,
    )
