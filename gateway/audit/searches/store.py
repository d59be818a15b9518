"""SQL of the searches. All of them read columns with indexes; none reads an entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select

from gateway.audit.entries import NO_MUNICIPALITY, AuditKind
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from gateway.store.types import UtcDateTime

MAX_FOUND: Final = 10_000


class Bucket(StrEnum):
    """Over what time look-ups are counted together: a clock hour or a day, in Asia/Tokyo."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of one municipality from ``since`` (inclusive) to ``until`` (exclusive)."""

    municipality: str
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """One row that was found."""

    audit_id: str
    at: dt.datetime
    kind: str
    client_id: str | None
    terminal: str | None
    function: str | None
    purpose_id: str | None
    outcome: str
    subject_key: str | None
    occurrences: int
    """How many refusals the row stands for; 1 of everything else."""

    @property
    def ending(self) -> str:
        """Return the outcome, and how often where that is more than once."""
        return self.outcome if self.occurrences == 1 else f"{self.outcome} ×{self.occurrences}"


@dataclass(frozen=True, slots=True)
class Count:
    """How often somebody looked: ``persons`` different ones, on ``days`` different days.

    ``bucket`` is the hour or day; ``subject_key`` is set where one person was counted.
    """

    client_id: str | None
    terminal: str | None
    subject_key: str | None
    bucket: str | None
    count: int
    persons: int
    days: int
    first: dt.datetime
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class Logins:
    """Log-ins of one id from one terminal; ``client_id`` is None where nobody is known."""

    client_id: str | None
    terminal: str | None
    failed: int
    succeeded: int
    first: dt.datetime
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class Concerned:
    """One person whom a consumer asked about, by the pseudonym."""

    subject_key: str
    count: int
    first: dt.datetime
    last: dt.datetime


_SEEN: Final = (
    AuditRow.audit_id,
    AuditRow.at,
    AuditRow.kind,
    AuditRow.client_id,
    AuditRow.terminal,
    AuditRow.function,
    AuditRow.purpose_id,
    AuditRow.outcome,
    AuditRow.subject_key,
    AuditRow.occurrences,
)
_REFUSED: Final = "refused"
_FIRST: Final = func.min(AuditRow.at, type_=UtcDateTime())
_LAST: Final = func.max(AuditRow.at, type_=UtcDateTime())


class SearchStore:
    """Finds rows of ``audit``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_person(
        self, window: Window, keys: Sequence[str], *, client: str | None, terminal: str | None
    ) -> list[Seen]:
        """Return who looked at these persons, newest first; refused look-ups as well."""
        query = select(*_SEEN).where(*_in(window), AuditRow.subject_key.in_(keys))
        if client is not None:
            query = query.where(AuditRow.client_id == client)
        if terminal is not None:
            query = query.where(AuditRow.terminal == terminal)
        return await self._seen(query)

    async def my_numbers(
        self, window: Window, *, client: str | None, terminal: str | None
    ) -> list[Seen]:
        """Return every access to My Numbers, newest first; refused ones as well. Rule MN-4."""
        query = select(*_SEEN).where(*_in(window), AuditRow.my_number.is_(True))
        if client is not None:
            query = query.where(AuditRow.client_id == client)
        if terminal is not None:
            query = query.where(AuditRow.terminal == terminal)
        return await self._seen(query)

    async def iter_concerned(self, window: Window, client: str) -> AsyncIterator[Concerned]:
        """Yield every person whom the consumer asked about and was not refused, by pseudonym."""
        query = (
            select(AuditRow.subject_key, func.count(), _FIRST, _LAST)
            .where(
                *_in(window),
                AuditRow.client_id == client,
                AuditRow.subject_key.is_not(None),
                AuditRow.outcome != _REFUSED,
            )
            .group_by(AuditRow.subject_key)
            .order_by(AuditRow.subject_key)
        )
        async with self._store.session() as session:
            async for row in await session.stream(query):
                yield Concerned(row[0] or "", *row[1:])

    async def within(
        self,
        window: Window,
        spans: Sequence[tuple[dt.datetime, dt.datetime]],
        *,
        without: Sequence[str] = (),
    ) -> list[Seen]:
        """Return what was done by anybody in these times, newest first, but by ``without``."""
        found: list[Seen] = []
        for since, until in reversed(spans):
            query = select(*_SEEN).where(
                *_in(Window(window.municipality, since, until)),
                AuditRow.kind.in_(
                    [AuditKind.OPERATION.value, AuditKind.PRINT.value, AuditKind.SETTINGS.value]
                ),
            )
            if without:
                query = query.where(
                    AuditRow.client_id.is_(None) | AuditRow.client_id.not_in(without)
                )
            found += await self._seen(query)
            if len(found) >= MAX_FOUND:
                break
        return found[:MAX_FOUND]

    async def logins(self, window: Window, *, failed_at_least: int) -> list[Logins]:
        """Return log-ins by id and terminal, most failures first.

        Log-ins that proved nothing belong to no municipality; they are counted as well. Of
        refusals in one row the last one counts for the time.
        """
        failed = func.sum(case((AuditRow.outcome == _REFUSED, AuditRow.occurrences), else_=0))
        query = (
            select(
                AuditRow.client_id,
                AuditRow.terminal,
                failed,
                func.sum(AuditRow.occurrences) - failed,
                _FIRST,
                _LAST,
            )
            .where(
                AuditRow.municipality.in_([window.municipality, NO_MUNICIPALITY]),
                AuditRow.at >= window.since,
                AuditRow.at < window.until,
                AuditRow.kind == AuditKind.AUTHENTICATION.value,
            )
            .group_by(AuditRow.client_id, AuditRow.terminal)
            .having(failed >= failed_at_least)
            .order_by(failed.desc(), AuditRow.client_id, AuditRow.terminal)
            .limit(MAX_FOUND)
        )
        async with self._store.session() as session:
            return [Logins(*row) for row in await session.execute(query)]

    async def masses(self, window: Window, bucket: Bucket, more_than: int) -> list[Count]:
        """Return who looked at more than ``more_than`` different persons within one bucket."""
        time = self._bucket(bucket)
        persons = func.count(AuditRow.subject_key.distinct())
        who = self._account()
        query = (
            select(AuditRow.client_id, who, time, func.count(), persons, _FIRST, _LAST)
            .where(*_in(window), *_looked())
            .group_by(AuditRow.client_id, who, time)
            .having(and_(func.count() > more_than, persons > more_than))
            .order_by(persons.desc(), time)
            .limit(MAX_FOUND)
        )
        async with self._store.session() as session:
            return [
                Count(r[0], r[1], None, r[2], r[3], r[4], 1, r[5], r[6])
                for r in await session.execute(query)
            ]

    async def repeated(
        self,
        window: Window,
        *,
        at_least: int,
        days: int = 1,
        without: Sequence[str] = (),
    ) -> list[Count]:
        """Return who looked at one person again and again: so often, on so many days.

        A terminal of a consumer is the machine that its service runs on, of staff the account,
        wherever they sit.
        """
        on_days = func.count(self._bucket(Bucket.DAY).distinct())
        who = self._account()
        query = (
            select(
                AuditRow.client_id,
                who,
                AuditRow.subject_key,
                func.count(),
                on_days if days > 1 else func.min(1),
                _FIRST,
                _LAST,
            )
            .where(*_in(window), *_looked())
            .group_by(AuditRow.client_id, who, AuditRow.subject_key)
            .having(func.count() >= at_least)
            .order_by(func.count().desc(), AuditRow.subject_key)
            .limit(MAX_FOUND)
        )
        if days > 1:
            query = query.having(on_days >= days)
        if without:
            query = query.where(AuditRow.client_id.is_(None) | AuditRow.client_id.not_in(without))
        async with self._store.session() as session:
            return [
                Count(r[0], r[1], r[2], None, r[3], 1, r[4], r[5], r[6])
                for r in await session.execute(query)
            ]

    async def _seen(self, query: Any) -> list[Seen]:
        newest = query.order_by(AuditRow.at.desc(), AuditRow.sequence.desc()).limit(MAX_FOUND)
        async with self._store.session() as session:
            return [Seen(*row) for row in await session.execute(newest)]

    def _account(self) -> ColumnElement[str | None]:
        """Return the terminal, of a member of staff (``staff:id@address``) the account alone."""
        if self._store.dialect == "postgresql":
            account = func.split_part(AuditRow.terminal, "@", 1)
        else:
            end = func.instr(AuditRow.terminal, "@") - 1
            account = func.substr(AuditRow.terminal, 1, end)
        of_staff = AuditRow.terminal.like("staff:%@%")
        return case((of_staff, account), else_=AuditRow.terminal)

    def _bucket(self, bucket: Bucket) -> ColumnElement[str]:
        """Return the hour or day of a row as text, ``2026-10-01 09`` or ``2026-10-01``."""
        if self._store.dialect == "postgresql":
            shape = "YYYY-MM-DD HH24" if bucket is Bucket.HOUR else "YYYY-MM-DD"
            return func.to_char(func.timezone("Asia/Tokyo", AuditRow.at), shape)
        shape = "%Y-%m-%d %H" if bucket is Bucket.HOUR else "%Y-%m-%d"
        return func.strftime(shape, AuditRow.at, "+9 hours")


def _in(window: Window) -> tuple[ColumnElement[bool], ...]:
    return (
        AuditRow.municipality == window.municipality,
        AuditRow.at >= window.since,
        AuditRow.at < window.until,
    )


def _looked() -> tuple[ColumnElement[bool], ...]:
    """Return what tells a look at a person from anything else that is recorded."""
    return (
        AuditRow.kind == AuditKind.OPERATION.value,
        AuditRow.subject_key.is_not(None),
        AuditRow.outcome != _REFUSED,
    )
