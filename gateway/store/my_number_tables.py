"""The table of My Numbers, which stands in a schema of its own and beside no other (MN-1).

On PostgreSQL that is the schema ``my_number``, on SQLite a file of its own. It has no foreign key
to what it stands beside: it may be another database, under another account.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import Index, Integer, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.store.tables import NAMING, Base, Municipality
from gateway.store.types import UtcDateTime

MY_NUMBER_SCHEMA: Final = "my_number"


class MyNumberBase(DeclarativeBase):
    """Declarative base of this schema alone."""

    metadata = MetaData(naming_convention=NAMING)


class MyNumberRow(MyNumberBase):
    """The My Number of whoever has ``number`` (宛名番号) in a numbering: sealed, and its digest.

    ``digest`` finds it again; both are made with the secret of ``secret_version``.
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


def metadata_of(schema: str | None) -> MetaData:
    """Return the tables of ``schema``; None is everything but My Numbers."""
    return MyNumberBase.metadata if schema == MY_NUMBER_SCHEMA else Base.metadata
