"""Takes declarations of an address for letters, each key once."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import orjson

FILE_NAME = "uketsuke.sqlite"


class Desk:
    """Declarations that wait for the staff; they outlive the process."""

    def __init__(self, directory: Path) -> None:
        self._database = sqlite3.connect(directory / FILE_NAME, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS uketsuke (uketsuke_no INTEGER PRIMARY KEY,"
            " uketsuke_key TEXT NOT NULL UNIQUE, kojin_no TEXT NOT NULL, naiyo BLOB NOT NULL,"
            " shomon TEXT NOT NULL)"
        )

    def take(self, key: str, number: str, content: dict[str, object]) -> str | None:
        """Return the number of the declaration, None if the key stands for another one."""
        document = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        print_ = hashlib.sha256(number.encode() + document).hexdigest()
        self._database.execute(
            "INSERT INTO uketsuke (uketsuke_key, kojin_no, naiyo, shomon) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (key, number, document, print_),
        )
        taken, kept = self._database.execute(
            "SELECT uketsuke_no, shomon FROM uketsuke WHERE uketsuke_key = ?", (key,)
        ).fetchone()
        return f"{taken:010d}" if kept == print_ else None
