"""SQL of the gateway's copy of protective measures, and of who is protected."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BindParameter,
    Select,
    bindparam,
    delete,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract import FlagReport, ProtectionFlag
from gateway.clock import TOKYO
from gateway.protection.terms import GONE, term_of
from gateway.store.engine import Store
from gateway.store.tables import (
    FlagCopyRow,
    ProtectionFlagRow,
    ProtectionMeasureRow,
    ProtectionOpeningRow,
    SourceNumberRow,
)
from gateway.store.together import Together, padded


@dataclass(frozen=True, slots=True)
class FlagLookup:
    """What the copy says about one person: measures found, and the age of each source's copy.

    A copy that was found to differ from its source's list is not among them.
    """

    flagged: bool
    copies: Mapping[str, dt.datetime]


@dataclass(frozen=True, slots=True)
class FlagChange:
    """What a source's new list changed.

    ``gone`` counts people that it says nothing of any more; they stay protected. ``differs`` tells
    that the old copy was not what had been written there. ``unknown`` counts people that it lists
    by a number that nobody is known by: their flags protect nobody.
    """

    gone: int
    differs: bool
    unknown: int = 0


_ONE_AT_A_TIME: Final = 7_305_020
"""Key of the advisory lock: two gateways that read the same list write it one after the other."""
_PIECE: Final = 10_000
"""Numbers of one statement; databases bind no more than some 30,000."""
_FLAG: Final = ProtectionFlagRow.__table__.c
_MEASURE: Final = ProtectionMeasureRow.__table__.c
_COPY: Final = FlagCopyRow.__table__
_PERSONS: Final[BindParameter[Any]] = bindparam("persons", expanding=True)
_FLAGS: Final = (
    select(
        literal("copy").label("kind"),
        _COPY.c.municipality.label("municipality"),
        _COPY.c.adapter_id.label("place"),
        literal("").label("number"),
        _COPY.c.retrieved_at.label("at"),
    ).where(
        _COPY.c.municipality.in_(bindparam("municipalities", expanding=True)),
        _COPY.c.differs_since.is_(None),
    ),
    select(literal("flag"), _FLAG.municipality, _FLAG.numbering, _FLAG.number, null()).where(
        tuple_(_FLAG.municipality, _FLAG.numbering, _FLAG.number).in_(_PERSONS)
    ),
    select(
        literal("measure"), _MEASURE.municipality, _MEASURE.numbering, _MEASURE.number, null()
    ).where(
        _MEASURE.ended_at.is_(None),
        tuple_(_MEASURE.municipality, _MEASURE.numbering, _MEASURE.number).in_(_PERSONS),
    ),
)
_LOOK_UP: Final = union_all(*_FLAGS)
"""One statement: the flags are of the very copies whose age is told with them."""
_NOBODY: Final = ("", "", "")
_OPENING: Final = ProtectionOpeningRow.__table__.c
_OPENINGS: Final = select(
    literal("opening").label("kind"),
    _OPENING.municipality.label("municipality"),
    _OPENING.numbering.label("place"),
    _OPENING.number.label("number"),
    _OPENING.opens_at.label("at"),
    _OPENING.closes_at.label("until"),
    _OPENING.client_id.label("client_id"),
    _OPENING.purpose_id.label("purpose_id"),
    _OPENING["items"].label("items"),
).where(
    tuple_(_OPENING.municipality, _OPENING.client_id, _OPENING.purpose_id).in_(
        bindparam("askers", expanding=True)
    ),
    _OPENING.approved_by.is_not(None),
    _OPENING.ended_at.is_(None),
    _OPENING.opens_at <= bindparam("now"),
    _OPENING.closes_at > bindparam("now"),
)
_WITH_OPENINGS: Final = union_all(
    # The first one says of what type a column is.
    _OPENINGS,
    *(flags.add_columns(null(), literal(""), literal(""), null()) for flags in _FLAGS),
)
"""The same with what is opened at that very moment."""
Person: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A municipality, and numbering and number of everything that a person is known by in it."""
Asker: TypeAlias = tuple[str, str, dt.datetime]
"""Client, purpose, and when."""
Parties = tuple[str, ...] | None
"""Whom a flag names, by numbers of its own numbering; None where that is not known."""
Flags = Mapping[tuple[str, str], tuple[dt.date | None, dt.date | None, Parties]]
"""Number and kind of every flag of a source, with the first and last day and whom it names."""


class FlagStore:
    """Rows of the tables ``protection_flag`` and ``flag_copy``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._flags = Together(self._load_flags)
        self._openings = Together(self._load_openings)

    async def replace(
        self,
        municipality: str,
        adapter_id: str,
        numbering: str,
        report: FlagReport,
        read_at: dt.datetime,
    ) -> FlagChange:
        """Put the source's whole list in the place of the last one, in one transaction.

        Whoever is on it no more stays protected by a measure, until two officers end it; whoever
        is on it again, or was pushed before, is protected by the list alone. ``read_at`` is when
        the reading began by our own clock.
        """
        flags = flags_of(report)
        place = (municipality, adapter_id)
        async with self._store.transaction() as session:
            await one_at_a_time(self._store, session)
            before = await _held(session, place)
            copy = await session.get(FlagCopyRow, place)
            differs = copy is not None and copy.digest not in {None, digest_of(before)}
            since = read_at if differs else None
            await _keep_gone(session, (*place, numbering), before, flags, read_at)
            await _hand_back(session, (*place, numbering), {n for n, _ in flags}, read_at)
            await _write(session, (*place, numbering), flags)
            listed = {number for number, _ in flags}
            known = await _known(session, municipality, numbering, listed)
            await session.merge(
                FlagCopyRow(
                    municipality=municipality,
                    adapter_id=adapter_id,
                    as_of=report.as_of,
                    retrieved_at=read_at,
                    flag_count=len(flags),
                    digest=digest_of(flags),
                    differs_since=(copy.differs_since if copy else None) or since,
                )
            )
        gone = {n for n, _ in before} - {n for n, _ in flags}
        return FlagChange(len(gone), differs, len(listed - known))

    async def held(self, municipality: str, adapter_id: str) -> Flags:
        """Return the copy of a source's flags."""
        async with self._store.session() as session:
            return await _held(session, (municipality, adapter_id))

    async def note_difference(
        self, municipality: str, adapter_id: str, since: dt.datetime | None
    ) -> None:
        """Stop believing the copy of a source, or (with None) believe it again."""
        copy = update(FlagCopyRow).where(
            FlagCopyRow.municipality == municipality, FlagCopyRow.adapter_id == adapter_id
        )
        async with self._store.transaction() as session:
            await session.execute(copy.values(differs_since=since))

    async def look_up(self, municipality: str, numbers: Mapping[str, Iterable[str]]) -> FlagLookup:
        """Return whether any number of the person is flagged by any source or by an officer.

        ``numbers`` maps each numbering to the person's numbers in it.
        """
        person = (municipality, _pairs(numbers))
        found = await self._flags.look_up(person)
        return found if found is not None else FlagLookup(flagged=False, copies={})

    async def _load_flags(self, persons: Sequence[Person]) -> Mapping[Person, FlagLookup]:
        rows = await self._store.look_up(_LOOK_UP, _asked(persons))
        return _flags_of_each(persons, rows)

    async def look_up_with_openings(
        self,
        municipality: str,
        asker: tuple[str, str],
        numbers: Mapping[str, Iterable[str]],
        now: dt.datetime,
        *,
        exemptions: bool = True,
    ) -> tuple[FlagLookup, frozenset[str]]:
        """Return the same, and the item references that are open to ``asker`` at ``now``.

        ``asker`` is client and purpose. Without ``exemptions`` only by a lift for the person.
        """
        person = (municipality, _pairs(numbers))
        found = await self._openings.look_up((person, (*asker, now)))
        if found is None:
            return FlagLookup(flagged=False, copies={}), frozenset()
        flags, openings = found
        pairs = {*person[1]}
        items = (
            row.items
            for row in openings
            if (row.place, row.number) in pairs or (exemptions and row.number is None)
        )
        return flags, frozenset[str]().union(*items)

    async def _load_openings(
        self, asked: Sequence[tuple[Person, Asker]]
    ) -> Mapping[tuple[Person, Asker], tuple[FlagLookup, Sequence[Any]]]:
        """Return what each asker's time is in; each is compared with its own time once more."""
        persons = list(dict.fromkeys(person for person, _ in asked))
        askers = [(town, client, purpose) for (town, _), (client, purpose, _) in asked]
        rows = await self._store.look_up(
            _WITH_OPENINGS,
            {
                **_asked(persons),
                "askers": padded(list(dict.fromkeys(askers))),
                "now": max(now for _, (_, _, now) in asked),
            },
        )
        flags = _flags_of_each(persons, [row for row in rows if row.kind != "opening"])
        openings = [row for row in rows if row.kind == "opening"]
        return {
            (person, (client, purpose, now)): (
                flags[person],
                [
                    row
                    for row in openings
                    if (row.municipality, row.client_id, row.purpose_id)
                    == (person[0], client, purpose)
                    and row.at <= now < row.until
                ],
            )
            for person, (client, purpose, now) in asked
        }

    async def copies(self, municipality: str) -> Mapping[str, dt.datetime]:
        """Return when each source's list was last read, by adapter id."""
        async with self._store.session() as session:
            rows = await session.execute(_copies(municipality))
            return {row.adapter_id: row.retrieved_at for row in rows}


def _pairs(numbers: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((numbering, n) for numbering, ns in numbers.items() for n in ns)


def _asked(persons: Sequence[Person]) -> dict[str, Any]:
    towns = list(dict.fromkeys(town for town, _ in persons))
    known_by = [(town, *pair) for town, pairs in persons for pair in pairs] or [_NOBODY]
    return {"municipalities": padded(towns), "persons": padded(known_by)}


def _flags_of_each(persons: Sequence[Person], rows: Sequence[Any]) -> dict[Person, FlagLookup]:
    copies: dict[str, dict[str, dt.datetime]] = {town: {} for town, _ in persons}
    flagged: set[tuple[str, str, str]] = set()
    for row in rows:
        if row.kind == "copy":
            copies[row.municipality][row.place] = row.at
        else:
            flagged.add((row.municipality, row.place, row.number))
    return {
        (town, pairs): FlagLookup(any((town, *pair) in flagged for pair in pairs), copies[town])
        for town, pairs in persons
    }


async def one_at_a_time(store: Store, session: AsyncSession) -> None:
    """Let nobody else change the copy before this transaction ends; SQLite does so by itself."""
    if store.dialect == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))


def flags_of(report: FlagReport) -> Flags:
    """Return a source's list as the copy holds it."""
    return {
        (flag.number, flag.kind.value): (flag.since, flag.until, parties)
        for flag, parties in _with_parties(report)
    }


def _with_parties(report: FlagReport) -> Iterator[tuple[ProtectionFlag, Parties]]:
    """Yield each flag with whomever all flags of its person and kind name; None where one may not.

    A copy holds one row for each person and kind, and may not forget whom it protects from.
    """
    named: dict[tuple[str, str], set[str] | None] = {}
    for flag in report.flags:
        place = (flag.number, flag.kind.value)
        before = named.get(place, set())
        known = bool(flag.other_parties) and before is not None
        named[place] = {*(before or ()), *(flag.other_parties or ())} if known else None
    for flag in report.flags:
        parties = named[flag.number, flag.kind.value]
        yield flag, None if parties is None else tuple(sorted(parties))


def digest_of(flags: Flags) -> bytes:
    """Return the SHA-256 of a list, whatever its order."""
    lines = (f"{key}\x00{flags[key]}" for key in sorted(flags))
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _copies(municipality: str) -> Select[str, dt.datetime]:
    return select(FlagCopyRow.adapter_id, FlagCopyRow.retrieved_at).where(
        FlagCopyRow.municipality == municipality
    )


async def _held(session: AsyncSession, place: tuple[str, str]) -> Flags:
    row = ProtectionFlagRow
    query = select(row.number, row.kind, row.since, row.until, row.other_parties).where(
        row.municipality == place[0], row.adapter_id == place[1]
    )
    return {
        (r.number, r.kind): (
            r.since,
            r.until,
            None if r.other_parties is None else tuple(r.other_parties),
        )
        for r in await session.execute(query)
    }


async def _write(session: AsyncSession, place: tuple[str, str, str], flags: Flags) -> None:
    municipality, adapter_id, numbering = place
    row = ProtectionFlagRow
    await session.execute(
        delete(row).where(row.municipality == municipality, row.adapter_id == adapter_id)
    )
    rows = [
        {
            "municipality": municipality,
            "adapter_id": adapter_id,
            "numbering": numbering,
            "number": number,
            "kind": kind,
            "since": since,
            "until": until,
            "other_parties": None if parties is None else list(parties),
        }
        for (number, kind), (since, until, parties) in flags.items()
    ]
    if rows:
        await session.execute(insert(row), rows)


async def _keep_gone(
    session: AsyncSession,
    place: tuple[str, str, str],
    before: Flags,
    flags: Flags,
    read_at: dt.datetime,
) -> None:
    """Make a measure of each person's flags whom the list says nothing of any more. Rule DV-5.

    It goes on to name whom the flags named, and nobody where one of them did not tell (DV-12).
    """
    municipality, adapter_id, numbering = place
    still = {number for number, _ in flags}
    today = read_at.astimezone(TOKYO).date()
    rows: dict[str, dict[str, Any]] = {}
    for (number, kind), (since, until, parties) in sorted(before.items(), key=lambda flag: flag[0]):
        if number not in still:
            named = rows[number]["other_parties"] if number in rows else ()
            rows[number] = {
                "measure_id": secrets.token_hex(8),
                "municipality": municipality,
                "numbering": numbering,
                "number": number,
                "kind": kind,
                "since": since or today,
                "until": until or term_of(since or today),
                "set_by": f"source:{adapter_id}"[:100],
                "set_at": read_at,
                "source": adapter_id,
                "source_said": GONE,
                "other_parties": _both(named, parties),
            }
    if rows:
        await session.execute(insert(ProtectionMeasureRow), list(rows.values()))


def _both(one: Sequence[str] | None, other: Parties) -> list[str] | None:
    """Return whom two flags of one person name together; None where one of them may name anybody.

    ``one`` is empty before the first flag.
    """
    return sorted({*one, *other}) if one is not None and other else None


async def _known(
    session: AsyncSession, municipality: str, numbering: str, numbers: Iterable[str]
) -> frozenset[str]:
    """Return those of the numbers that somebody is known by."""
    row, every = SourceNumberRow, sorted(numbers)
    found: set[str] = set()
    for start in range(0, len(every), _PIECE):
        query = select(row.number).where(
            row.municipality == municipality,
            row.numbering == numbering,
            row.number.in_(every[start : start + _PIECE]),
        )
        found.update(await session.scalars(query))
    return frozenset(found)


async def _hand_back(
    session: AsyncSession,
    place: tuple[str, str, str],
    listed: set[str],
    read_at: dt.datetime,
) -> None:
    """End what a source has told of people who stand in a list that was read after that.

    What another list lost stays: that one may name others than this one does (DV-12).
    """
    municipality, adapter_id, numbering = place
    row = ProtectionMeasureRow
    query = select(row.measure_id, row.number).where(
        row.municipality == municipality,
        row.numbering == numbering,
        row.ended_at.is_(None),
        or_(
            row.source == adapter_id,
            row.source.startswith("push:") & (row.set_at < read_at),
        ),
    )
    ids = [r.measure_id for r in await session.execute(query) if r.number in listed]
    for measure_id in ids:
        await session.execute(
            update(row)
            .where(row.measure_id == measure_id)
            .values(ended_by="source:listed", ended_at=read_at)
        )
