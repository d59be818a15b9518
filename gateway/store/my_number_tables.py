"""The tables of My Numbers, which stand in a schema of their own and beside no others (MN-1).

On PostgreSQL that is the schema ``my_number``, on SQLite a file of its own. They have no foreign
key to what they stand beside: it may be another database, under another account.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import JSON, Index, Integer, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.store.tables import NAMING, Base, Municipality
from gateway.store.types import UtcDateTime

MY_NUMBER_SCHEMA: Final = "my_number"


class MyNumberBase(DeclarativeBase):
    """Declarative base of this schema alone."""

    metadata = MetaData(naming_convention=NAMING)


class MyNumberRow(MyNumberBase):
    """The My Number of whoever has ``number`` (宛名番号) in a numbering: sealed, and its digest.

    ``digest`` finds it again; both are made with the secret of ``secret_version``. ``stored_by`` is
    the load of an extract that wrote it, ``said_by`` the last one that read it.
    """

    __tablename__ = "my_number"
    __table_args__ = (Index(None, "municipality", "digest"),)

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    numbering: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    secret_version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    stored_by: Mapped[str | None] = mapped_column(String(32), default=None)
    said_by: Mapped[str | None] = mapped_column(String(32), default=None)


class NumberLoadRow(MyNumberBase):
    """A load of what an adapter extracts: how far it is, and what became of what was read.

    ``checkpoint`` is where it goes on, ``counts`` those of ``LoadCounts``; ``finished_at`` is None
    while it is under way or was stopped, ``touched_at`` None where it was stopped in good order.
    """

    __tablename__ = "number_load"
    __table_args__ = (Index(None, "municipality", "adapter_id", "group_ref"),)

    load_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    adapter_id: Mapped[str] = mapped_column(String(64))
    group_ref: Mapped[str] = mapped_column(String(64))
    numbering: Mapped[str] = mapped_column(String(40))
    made_by: Mapped[str] = mapped_column(String(80))
    checkpoint: Mapped[str | None] = mapped_column(String)
    as_of: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    touched_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class QuarantinedNumberRow(MyNumberBase):
    """A record of a load of which nothing was taken: whose it is, where it stands, and why.

    The number itself is not kept: nobody may use a wrong one, and it can be mended at the source
    alone. ``number`` (宛名番号) is None where the record does not say it.
    """

    __tablename__ = "quarantined_number"

    load_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    serial: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[str] = mapped_column(String)
    number: Mapped[str | None] = mapped_column(String(40))
    codes: Mapped[list[str]] = mapped_column(JSON)


def metadata_of(schema: str | None) -> MetaData:
    """Return the tables of ``schema``; None is everything but My Numbers."""
    return MyNumberBase.metadata if schema == MY_NUMBER_SCHEMA else Base.metadata
