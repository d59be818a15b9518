"""The service's own small store: who is at the form now, and the applications received."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SESSION_S: Final = 12 * 3600
"""A form may lie open for half a day; nothing that was typed is lost before."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS session (
  id TEXT PRIMARY KEY, secret TEXT NOT NULL, touched REAL NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS application (
  receipt TEXT PRIMARY KEY, received_at TEXT NOT NULL, content TEXT NOT NULL);
"""


@dataclass(slots=True)
class Session:
    """One person at the form. ``answer`` is the gateway's answer that the page shows."""

    id: str
    secret: str
    language: str = "ja"
    resident: str | None = None
    answer: dict[str, Any] | None = None
    draft: dict[str, str] = field(default_factory=dict)
    notice: str | None = None
    receipt: str | None = None

    def token(self) -> str:
        """Return the token that the session's own pages carry in their forms."""
        return self.digest("form")[:32]

    def digest(self, text: str) -> str:
        """Return a keyed digest that means nothing outside this session."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Records:
    """Sessions and applications in one SQLite file, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def new_session(self, language: str = "ja") -> Session:
        """Return a fresh session, and forget those that nobody has used for half a day."""
        self._db.execute("DELETE FROM session WHERE touched < ?", (time.time() - _SESSION_S,))
        session = Session(secrets.token_urlsafe(32), secrets.token_hex(32), language)
        self.save(session)
        return session

    def find_session(self, session_id: str | None) -> Session | None:
        """Return the session, if there is one of this id."""
        row = self._db.execute(
            "SELECT secret, content FROM session WHERE id = ? AND touched >= ?",
            (session_id or "", time.time() - _SESSION_S),
        ).fetchone()
        return Session(session_id or "", row[0], **json.loads(row[1])) if row else None

    def save(self, session: Session) -> None:
        """Keep the session as it is now."""
        names = ("language", "resident", "answer", "draft", "notice", "receipt")
        content = json.dumps({n: getattr(session, n) for n in names}, ensure_ascii=False)
        self._db.execute(
            "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)",
            (session.id, session.secret, time.time(), content),
        )

    def end_session(self, session: Session) -> None:
        """Forget the session and everything in it."""
        self._db.execute("DELETE FROM session WHERE id = ?", (session.id,))

    def receive(self, received_at: str, content: dict[str, Any]) -> str:
        """Store an application and return its receipt number."""
        while True:
            receipt = new_receipt()
            try:
                self._db.execute(
                    "INSERT INTO application VALUES (?, ?, ?)",
                    (receipt, received_at, json.dumps(content, ensure_ascii=False)),
                )
            except sqlite3.IntegrityError:
                continue
            return receipt

    def application(self, receipt: str) -> dict[str, Any] | None:
        """Return a stored application."""
        row = self._db.execute(
            "SELECT received_at, content FROM application WHERE receipt = ?", (receipt,)
        ).fetchone()
        return {"received_at": row[0], **json.loads(row[1])} if row else None


def new_receipt() -> str:
    """Return a receipt number: eight digits in two groups, the last one a check digit.

    Digits only, so that it can be read aloud and written down without look-alikes.
    """
    digits = f"{secrets.randbelow(10_000_000):07d}"
    full = digits + check_digit(digits)
    return f"{full[:4]}-{full[4:]}"


def check_digit(digits: str) -> str:
    """Return the Luhn check digit, which finds every single wrong digit and most swaps."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
