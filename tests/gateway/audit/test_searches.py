"""AU-5, AU-6, PL-10: planted scenarios among ordinary days; each search finds exactly its rows."""

import datetime as dt

import pytest

from gateway.audit import AuditEntry, AuditKind, AuditStore, to_record
from gateway.audit.searches import (
    Bucket,
    SearchStore,
    UnknownYearError,
    Window,
    read_calendar,
    write_list,
)
from gateway.audit.signed_files import ListRefused, Signed, SignedKind, check_list
from gateway.clock import TOKYO
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from tests.gateway.audit.entries import entry

TOWN = "999997"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def key(number: int) -> str:
    return f"{number:064x}"


SEPTEMBER = Window(TOWN, at("2026-09-01"), at("2026-10-01"))


def looks(day: str, count: int, first: int = 1_000) -> list[AuditEntry]:
    """One look every minute, each at another person."""
    return [
        entry(
            at=at(day) + dt.timedelta(minutes=n),
            subject_key=key(first + n),
            terminal="192.0.2.7",
            function="question",
        )
        for n in range(count)
    ]


def look(day: str, person: int, terminal: str = "192.0.2.7", **changes) -> AuditEntry:
    values = {"client_id": "online-service", "function": "question", **changes}
    return entry(at=at(day), subject_key=key(person), terminal=terminal, **values)


def login(day: str, client: str | None, terminal: str, outcome: str) -> AuditEntry:
    return entry(
        at=at(day),
        kind=AuditKind.AUTHENTICATION,
        client_id=client,
        municipality=TOWN if client else "000000",
        terminal=terminal,
        outcome=outcome,
        function="token",
    )


ORDINARY = [
    *looks("2026-09-01T09:00", 40),
    *looks("2026-09-02T09:00", 40, 2_000),
    *looks("2026-09-03T13:00", 40, 3_000),
    look("2026-09-24T08:30", 1),
    look("2026-09-24T17:14", 2),
    login("2026-09-01T08:59", "online-service", "192.0.2.7", "issued"),
    # Another town's rows are never seen, whatever they are.
    *(look("2026-09-06T03:00", n, municipality="999989") for n in range(200)),
]
NIGHT = [
    look("2026-09-03T17:15", 11, "cli:yamada", client_id=None),
    look("2026-09-04T02:10", 12, "cli:yamada", client_id=None),
    look("2026-09-05T11:00", 13),  # Saturday
    look("2026-09-21T11:00", 14),  # 敬老の日
    look("2026-09-22T11:00", 15),  # 国民の休日: a day between two holidays
]
FAILED = [
    *(login(f"2026-09-08T10:0{n}", "online-service", "203.0.113.5", "refused") for n in range(6)),
    *(login(f"2026-09-08T10:0{n}", None, "203.0.113.9", "refused") for n in range(9)),
    login("2026-09-08T10:30", "online-service", "203.0.113.5", "issued"),
]
MASS = [
    look(f"2026-09-10T14:{n // 3:02}:{n % 3:02}", 5_000 + n, "192.0.2.8", client_id="benefits")
    for n in range(130)
]
REPEATED = [look(f"2026-09-{d:02}T10:00", 77, "cli:sato", client_id=None) for d in (1, 2, 3, 4, 7)]
REPEATED += [look(f"2026-09-01T11:0{n}", 78) for n in range(5)]
HOUSEHOLD = [look(f"2026-09-1{d}T15:00", 91 + d, "cli:mori", client_id=None) for d in (4, 5)]
HOUSEHOLD += [look("2026-09-16T15:00", 95, "cli:abe", client_id=None)]


@pytest.fixture
async def searches(store: Store) -> SearchStore:
    """A month with every scenario in it."""
    records = [to_record(e) for e in (*ORDINARY, *NIGHT, *FAILED, *MASS, *REPEATED, *HOUSEHOLD)]
    async with store.connection() as connection:
        await AuditStore(store).append(connection, records)
    return SearchStore(store)


async def test_nights_and_holidays(searches: SearchStore):
    """AU-5: before 8:30, from 17:15, on weekends and holidays; from 8:30 to 17:14 it is open."""
    spans = read_calendar().closed_spans(SEPTEMBER.since, SEPTEMBER.until)
    found = await searches.within(SEPTEMBER, spans)
    assert sorted(f.at for f in found) == sorted(e.at for e in NIGHT)
    assert [f.at for f in found] == sorted((e.at for e in NIGHT), reverse=True)
    staff = await searches.within(SEPTEMBER, spans, without=["online-service"])
    assert {f.terminal for f in staff} == {"cli:yamada"}


async def test_failed_logins_by_id(searches: SearchStore):
    """AU-5: who is nobody stands apart, and the good log-in after the failures is counted."""
    nobody, known = await searches.logins(SEPTEMBER, failed_at_least=5)
    assert (nobody.client_id, nobody.terminal, nobody.failed, nobody.succeeded) == (
        None,
        "203.0.113.9",
        9,
        0,
    )
    assert (known.client_id, known.failed, known.succeeded) == ("online-service", 6, 1)
    assert known.first == at("2026-09-08T10:00")
    assert known.last == at("2026-09-08T10:30")
    assert len(await searches.logins(SEPTEMBER, failed_at_least=0)) == 3


async def test_mass_searches(searches: SearchStore):
    """AU-5: more than a hundred persons in one hour; forty are an ordinary morning."""
    (found,) = await searches.masses(SEPTEMBER, Bucket.HOUR, 100)
    assert (found.client_id, found.terminal, found.bucket) == (
        "benefits",
        "192.0.2.8",
        "2026-09-10 14",
    )
    assert (found.count, found.persons) == (130, 130)
    (by_day,) = await searches.masses(SEPTEMBER, Bucket.DAY, 100)
    assert by_day.bucket == "2026-09-10"
    assert await searches.masses(SEPTEMBER, Bucket.HOUR, 130) == []


async def test_repeated_look_ups_of_one_person(searches: SearchStore):
    """AU-5: five times the same person, by one terminal."""
    found = await searches.repeated(SEPTEMBER, at_least=5)
    assert {(f.subject_key, f.terminal, f.count) for f in found} == {
        (key(77), "cli:sato", 5),
        (key(78), "192.0.2.7", 5),
    }


async def test_the_same_person_by_the_same_terminal_day_after_day(searches: SearchStore):
    """AU-6: a work-up of one case lies on one day; curiosity comes back."""
    (found,) = await searches.repeated(SEPTEMBER, at_least=4, days=4)
    assert (found.terminal, found.subject_key, found.days) == ("cli:sato", key(77), 5)
    assert await searches.repeated(SEPTEMBER, at_least=4, days=6) == []


async def test_an_operators_own_household(searches: SearchStore):
    """AU-6: the household's numbers are given by the officer, the terminal is the operator's."""
    family = [key(95), key(96), key(97)]
    found = await searches.of_person(SEPTEMBER, family, client=None, terminal="cli:mori")
    assert [(f.terminal, f.subject_key) for f in found] == [
        ("cli:mori", key(96)),
        ("cli:mori", key(95)),
    ]


async def test_who_saw_this_person(searches: SearchStore):
    """Everybody who looked, newest first; a refused look-up is told as well."""
    found = await searches.of_person(SEPTEMBER, [key(77)], client=None, terminal=None)
    assert [f.at.astimezone(TOKYO).day for f in found] == [7, 4, 3, 2, 1]
    assert {f.terminal for f in found} == {"cli:sato"}


async def listed(searches: SearchStore, keys: FileKeyStore, path, client="benefits", numbers=None):
    return await write_list(
        path,
        searches.iter_concerned(SEPTEMBER, client),
        keys.keys().head_key,
        window=SEPTEMBER,
        client=client,
        made_at=at("2026-10-01"),
        numbers=numbers,
    )


async def test_whom_a_consumers_window_concerns(searches: SearchStore, keys, tmp_path):
    """PL-10: every person once, signed; a changed, cut or foreign list is refused."""
    path = tmp_path / "list"
    assert await listed(searches, keys, path, numbers={key(5_000): ["0019"]}) == 130
    assert check_list(path, keys.keys().heads) == Signed(SignedKind.CONCERNED, 130)
    lines = path.read_text().splitlines(keepends=True)
    assert '"numbers":["0019"]' in lines[1]
    assert path.stat().st_mode & 0o777 == 0o600
    for changed in (
        lines[:5] + lines[6:],
        [lines[0], lines[1].replace("0019", "0027"), *lines[2:]],
        lines[:-1],
        [],
    ):
        other = tmp_path / "changed"
        other.write_text("".join(changed))
        with pytest.raises(ListRefused):
            check_list(other, keys.keys().heads)
    stranger = FileKeyStore(tmp_path / "stranger")
    stranger.create()
    with pytest.raises(ListRefused):
        check_list(path, stranger.keys().heads)
    with pytest.raises(FileExistsError):
        await listed(searches, keys, path)


async def test_a_refused_look_up_concerns_nobody(store: Store, searches, keys, tmp_path):
    """PL-10: nothing left the gateway; a look outside the window does not count either."""
    async with store.connection() as connection:
        await AuditStore(store).append(
            connection,
            [
                to_record(look("2026-09-11T10:00", 1, client_id="form", outcome="refused")),
                to_record(look("2026-10-01T00:00", 2, client_id="form")),
                to_record(look("2026-09-01T00:00", 3, client_id="form")),
            ],
        )
    assert await listed(searches, keys, tmp_path / "list", client="form") == 1


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        ("2026-09-18", True),
        ("2026-09-19", False),
        ("2026-09-21", False),
        ("2026-09-22", False),
        ("2026-09-23", False),
        ("2026-12-28", True),
        ("2026-12-29", False),
        ("2027-01-03", False),
        ("2027-01-04", True),
        ("2027-03-22", False),
        ("2026-11-24", True),
    ],
)
def test_the_office_calendar(day: str, opens: bool):
    """Weekends, holidays, days between holidays, substitutes, the turn of the year."""
    assert read_calendar().is_open_on(dt.date.fromisoformat(day)) is opens


def test_a_year_without_a_table_is_not_guessed():
    """The days of the equinoxes are announced a year ahead only."""
    with pytest.raises(UnknownYearError) as unknown:
        read_calendar().closed_spans(at("2027-12-30"), at("2028-01-02"))
    assert unknown.value.year == 2028


def test_closed_spans_are_what_is_left_of_a_week():
    """From Friday noon to Monday noon the office is closed from 17:15 to 8:30."""
    spans = read_calendar().closed_spans(at("2026-10-02T12:00"), at("2026-10-05T12:00"))
    assert spans == [(at("2026-10-02T17:15"), at("2026-10-05T08:30"))]
    assert read_calendar().closed_spans(at("2026-10-02T09:00"), at("2026-10-02T10:00")) == []
    within = read_calendar().closed_spans(at("2026-10-02T01:00"), at("2026-10-02T02:00"))
    assert within == [(at("2026-10-02T01:00"), at("2026-10-02T02:00"))]
