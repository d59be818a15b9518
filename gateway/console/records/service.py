"""What a security officer asks of the audit record. Each search is itself recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Clock
from gateway.access import Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.audit.searches import (
    Bucket,
    Count,
    Logins,
    SearchStore,
    Seen,
    UnknownYearError,
    Window,
    read_calendar,
)
from gateway.audit.searches.store import MAX_FOUND
from gateway.clock import TOKYO
from gateway.console.staff import Member
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.subjects import SubjectService

DEFAULT_WINDOW: Final = dt.timedelta(days=31)
LONGEST_WINDOW: Final = dt.timedelta(days=366)
_SEEN: Final = ("col.time", "col.who", "col.terminal", "col.what", "col.outcome", "col.id")
_COUNTS: Final = (
    "col.who", "col.terminal", "col.person", "col.times", "col.persons", "col.days",
    "col.first", "col.last",
)  # fmt: skip
_LOGINS: Final = (
    "col.who", "col.terminal", "col.failed", "col.good", "col.first", "col.last"
)  # fmt: skip


class WrongAsked(Exception):
    """A form of a search has a wrong field; ``field`` and ``key`` of the text say which."""

    def __init__(self, field_name: str, key: str) -> None:
        super().__init__(field_name)
        self.field = field_name
        self.key = key


@dataclass(frozen=True, slots=True)
class Search:
    """A search: its name, the fields of its form beside the window, and its columns."""

    name: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]


SEARCHES: Final[Mapping[str, Search]] = {
    search.name: search
    for search in (
        Search("person", ("numbering", "number", "client", "terminal"), _SEEN),
        Search("client", ("client",), ("col.person", "col.times", "col.first", "col.last")),
        Search("nights", ("without",), _SEEN),
        Search("repeated", ("at_least", "days"), _COUNTS),
        Search("mass", ("more_than",), _COUNTS),
        Search("logins", ("failed",), _LOGINS),
    )
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A filled form. ``numbers`` are its figures; ``person`` is numbering and number."""

    search: Search
    window: Window
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    person: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in cells. ``guarded``: the banner must stand where this stands."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    guarded: bool = False


Rows = list[tuple[str, ...]]


class Searches:
    """Makes searches for a security officer."""

    def __init__(
        self,
        store: SearchStore,
        subjects: SubjectService,
        protection: ProtectionService,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._subjects = subjects
        self._protection = protection
        self._audit = audit
        self._clock = clock

    async def find(self, member: Member, asked: Asked, caller: Caller, *, function: str) -> Found:
        """Record the search and return what it finds. ``function`` is how it is recorded.

        Raises:
            WrongAsked: nobody has the number, or the holidays of a year are not known.
            Problem: ``audit-unavailable``: without a record nothing is searched.
        """
        key, guarded = None, False
        if asked.person is not None:
            subject = await self._subjects.find_by_number(asked.window.municipality, *asked.person)
            if subject is not None:
                status = await self._protection.status(asked.window.municipality, subject.numbers)
                guarded = status is not ProtectionStatus.CLEAR
                key = self._audit.pseudonym(asked.window.municipality, subject.subject_id)
        await self._record(member, asked, caller, key, function)
        if asked.person is not None and key is None:
            raise WrongAsked("number", "audit.nobody")
        finders: dict[str, Callable[[Asked, str], Awaitable[Rows]]] = {
            "person": self._person,
            "client": self._client,
            "nights": self._nights,
            "repeated": self._repeated,
            "mass": self._mass,
            "logins": self._logins,
        }
        rows = await finders[asked.search.name](asked, key or "")
        return Found(asked.search.columns, rows, guarded)

    def window(self, municipality: str, since: str, until: str) -> Window:
        """Return the window of two days (ISO, in Tokyo, both inclusive); the last 31 without any.

        Raises:
            WrongAsked: no day, the wrong order, or more than a year.
        """
        now = self._clock.now()
        last = _day("until", until) if until else now.astimezone(TOKYO).date()
        end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), TOKYO)
        first = _day("since", since) if since else (end - DEFAULT_WINDOW).date()
        begin = dt.datetime.combine(first, dt.time(), TOKYO)
        if not dt.timedelta(0) < end - begin <= LONGEST_WINDOW:
            raise WrongAsked("since", "audit.window")
        return Window(municipality, begin, end)

    async def _person(self, asked: Asked, key: str) -> Rows:
        found = await self._store.of_person(
            asked.window,
            [key],
            client=asked.texts.get("client") or None,
            terminal=asked.texts.get("terminal") or None,
        )
        return _seen(found)

    async def _client(self, asked: Asked, _: str) -> Rows:
        found = self._store.iter_concerned(asked.window, asked.texts["client"])
        rows: Rows = []
        async for one in found:
            rows.append((one.subject_key, str(one.count), _time(one.first), _time(one.last)))
            if len(rows) >= MAX_FOUND:
                break
        return rows

    async def _nights(self, asked: Asked, _: str) -> Rows:
        try:
            spans = read_calendar().closed_spans(
                asked.window.since, min(asked.window.until, self._clock.now())
            )
        except UnknownYearError:
            raise WrongAsked("since", "audit.unknown-year") from None
        without = [asked.texts["without"]] if asked.texts.get("without") else []
        return _seen(await self._store.within(asked.window, spans, without=without))

    async def _repeated(self, asked: Asked, _: str) -> Rows:
        found = await self._store.repeated(
            asked.window, at_least=asked.numbers["at_least"], days=asked.numbers["days"]
        )
        return _counts(found)

    async def _mass(self, asked: Asked, _: str) -> Rows:
        found = await self._store.masses(asked.window, Bucket.HOUR, asked.numbers["more_than"])
        return _counts(found)

    async def _logins(self, asked: Asked, _: str) -> Rows:
        found = await self._store.logins(asked.window, failed_at_least=asked.numbers["failed"])
        return [_login(row) for row in found]

    async def _record(
        self, member: Member, asked: Asked, caller: Caller, key: str | None, function: str
    ) -> None:
        await self._audit.append(
            AuditEntry(
                municipality=asked.window.municipality,
                at=self._clock.now(),
                kind=AuditKind.EVENT,
                outcome="searched",
                trace_id=caller.trace_id,
                terminal=member.at(caller.terminal),
                subject_key=key,
                function=f"{function}-{asked.search.name}",
            )
        )


def _seen(rows: Sequence[Seen]) -> Rows:
    return [
        (
            _time(row.at),
            row.client_id or "",
            row.terminal or "",
            " ".join(filter(None, (row.function, row.purpose_id))),
            row.ending,
            row.audit_id,
        )
        for row in rows
    ]


def _counts(rows: Sequence[Count]) -> Rows:
    return [
        (
            row.client_id or "",
            row.terminal or "",
            row.subject_key or row.bucket or "",
            str(row.count),
            str(row.persons),
            str(row.days),
            _time(row.first),
            _time(row.last),
        )
        for row in rows
    ]


def _login(row: Logins) -> tuple[str, ...]:
    return (
        row.client_id or "",
        row.terminal or "",
        str(row.failed),
        str(row.succeeded),
        _time(row.first),
        _time(row.last),
    )


def _day(name: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise WrongAsked(name, "audit.day") from None


def _time(time: dt.datetime) -> str:
    return time.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")
