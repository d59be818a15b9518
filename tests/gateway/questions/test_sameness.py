"""AU-6: a look at somebody of one's own surname or address is told of; nothing of it is kept."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from adapters.contract import FetchRequest, FetchResult
from adapters.errors import Unavailable
from gateway.access import Access, Caller
from gateway.audit import AuditLog
from gateway.audit.alerts import AlertStore, Snooping, Watches, WatchRefused
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.protection.store import CountStore
from gateway.questions.sameness import AGAIN, OPERATORS, OWN, SamenessWatch
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionService
from gateway.store.tables import AuditRow
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, TAX, TOWN, World
from tests.gateway.questions.scripted import holding

YAMADA, ELSEWHERE = "staff:yamada", "staff:yamada@192.0.2.8"
AT = f"{YAMADA}@192.0.2.7"
HOME = {"jusho_shikuchosonkodo": "999997", "jusho_choaza": "みどり一丁目"}
PEOPLE: dict[str, dict[str, str]] = {
    "R1": {"uji_nihonjin": "山田", **HOME, "jusho_banchigohyoki": "１番６号"},
    "R2": {"uji_nihonjin": "山田", **HOME, "jusho_banchigohyoki": "９番９号"},
    "R3": {"uji_nihonjin": "佐藤", **HOME, "jusho_banchigohyoki": "１番６号"},
}
"""ordinary, who is Yamada; protected, of the surname; newcomer, at the address."""


class Desk:
    """Members of staff who look at people, and what is told of it."""

    def __init__(self, world: World, audit: AuditLog) -> None:
        self.world, self.people = world, {n: dict(said) for n, said in PEOPLE.items()}
        self.away = False
        self.alerts = AlertStore(world.store)
        self.watches = Watches(self.alerts, world.clock, "cli:officer")
        world.systems["resident"].script = self.register
        self.metrics = Metrics()
        self.audit = audit
        self.questions = self.started_anew()

    def started_anew(self) -> QuestionService:
        """Return the engine of a gateway that is started now."""
        world = self.world
        snooping = Snooping(self.alerts, self.audit, world.clock, world.log, self.metrics)
        rooms = world.questions._rooms
        watch = SamenessWatch(
            self.alerts, snooping, rooms.subjects, self.audit, rooms.dictionary, world.clock,
            world.log,
        )  # fmt: skip
        return QuestionService(replace(rooms, sameness=watch), deadline_s=1.0)

    async def register(self, request: FetchRequest) -> FetchResult:
        """Answer as the register does."""
        if self.away and request.number == "R1":
            raise Unavailable("away")
        return await holding(**self.people[request.number])(request)

    async def is_yamada(self, number: str = "R1", *, surname: bool = True) -> None:
        """State which resident Yamada is."""
        subject = await self.world.subjects.find_by_number(TOWN, "resident", number)
        assert subject is not None
        key = self.audit.pseudonym(TOWN, subject.subject_id)
        person = (subject.subject_id, key)
        await self.watches.own(TOWN, YAMADA, person, surname=surname)

    async def look(self, who: str, *items: str, terminal: str = AT) -> Any:
        """Look at a person."""
        question = Question(
            subject=self.world.handles[who], purpose=PURPOSE, items=items or (NAME,), receipt=False
        )
        access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
        return await self.questions.ask(access, question, Caller("f" * 32, terminal))

    async def told(self) -> list[tuple[str, str]]:
        """Return what was told, and of whom: pattern and pseudonym."""
        async with self.world.store.session() as session:
            query = select(AuditRow.entry).where(AuditRow.function == "snooping")
            rows = [json.loads(row) for row in await session.scalars(query)]
        return sorted((row["outcome"], row["subject_key"]) for row in rows)

    async def patterns(self) -> list[str]:
        """Return what was told."""
        return [pattern for pattern, _ in await self.told()]


@pytest.fixture
async def desk(world: World, audit_log: AuditLog) -> Desk:
    made = Desk(world, audit_log)
    await made.is_yamada()
    return made


async def test_somebody_of_ones_surname_and_somebody_of_ones_address_are_told_of(
    desk: Desk,
) -> None:
    """At once, each once a day for a place to sit; whoever looks gets the answer of everybody."""
    surname = await desk.look("protected")
    assert await desk.patterns() == ["same-surname"]
    await desk.look("protected")
    await desk.look("newcomer")
    assert await desk.patterns() == ["same-address", "same-surname"]
    ((_, key), _) = await desk.told()
    await desk.look("protected", terminal=ELSEWHERE)
    assert await desk.patterns() == ["same-address", "same-surname", "same-surname"]
    newcomer = await desk.world.subjects.find_by_number(TOWN, "resident", "R3")
    assert newcomer is not None
    assert key == desk.audit.pseudonym(TOWN, newcomer.subject_id)
    other = await desk.look("protected", terminal="staff:sato@192.0.2.7")
    assert [part.records for part in surname.parts] == [part.records for part in other.parts]
    assert set(surname.parts[0].records[0]) == {"shimei"}


async def test_what_is_read_to_compare_counts_as_nothing_that_was_asked(desk: Desk) -> None:
    """DV-17: of a protected person as much is withheld as for whoever else looks."""

    answer = await desk.look("protected", BLOCK)
    assert set(answer.parts[0].records[0]) == {"jusho_choaza"}
    counts = CountStore(desk.world.store)
    await desk.world.protection.counts.store(counts)
    assert await counts.of_day(TOWN, dt.date(2026, 10, 1)) == (1, 0)
    assert await desk.patterns() == ["same-surname"]


async def test_nobody_else_is_compared(desk: Desk) -> None:
    """Other members of staff, consumers, another person of another name and address."""
    for terminal in ("staff:sato@192.0.2.7", "192.0.2.7", "", "staff:yamada2@192.0.2.7"):
        await desk.look("protected", terminal=terminal)
    desk.people["R3"] |= {"jusho_banchigohyoki": "２番７号"}
    await desk.look("newcomer")
    assert await desk.patterns() == []


async def test_no_value_and_no_digest_is_kept_or_told(desk: Desk) -> None:
    """Neither in the database, nor in log, figures and record."""
    await desk.look("protected", NAME, BLOCK)
    await desk.look("newcomer")
    store = desk.world.store
    async with store.session() as session:
        entries = list(await session.scalars(select(AuditRow.entry)))
        kept = (await session.execute(text("SELECT * FROM audit_operator"))).mappings().all()
    said = "".join(entries) + desk.world.log.text + desk.metrics.render().decode() + str(kept)
    for value in ("山田", "みどり", "１番６号"):
        assert value not in said
    assert set(kept[0]) == {
        "municipality", "operator", "subject_id", "surname", "added_by", "added_at",
    }  # fmt: skip
    line = {"kind": "same-surname", "municipality": TOWN, "client_id": CLIENT, "count": 1}
    assert ("error", "snooping-suspected", line) in desk.world.log.lines
    assert "山田" not in repr(desk.questions._rooms.sameness)


async def test_a_name_in_other_writing_is_the_same(desk: Desk) -> None:
    """Old forms of characters; a surname that stands before the given name."""
    desk.people["R1"] = {"shimei": "渡邉　花子", **HOME}
    desk.people["R2"] = {"shimei": "渡辺　一郎", **HOME}
    await desk.look("protected")
    assert await desk.patterns() == ["same-surname"]


async def test_no_surname_and_no_lot_are_no_sameness(desk: Desk) -> None:
    """What is not recorded is not the same as what is not recorded."""
    for number in ("R1", "R2"):
        desk.people[number] = {**HOME, "jusho_katagaki": "不明"}
    await desk.look("protected")
    assert await desk.patterns() == []


async def test_where_many_share_a_surname_the_address_alone_counts(desk: Desk) -> None:
    """For this operator."""
    await desk.is_yamada(surname=False)
    await desk.look("protected")
    await desk.look("newcomer")
    assert await desk.patterns() == ["same-address"]


async def test_a_question_without_the_register_compares_nothing(desk: Desk) -> None:
    """No record of it passes, and none is fetched for it: the lists are for those desks."""
    desk.world.systems["resident"].requests.clear()
    await desk.look("protected", TAX)
    assert await desk.patterns() == []
    assert desk.world.systems["resident"].requests == []


async def test_ones_own_record_is_read_anew_and_the_reading_is_recorded(desk: Desk) -> None:
    """A move or a marriage counts within minutes; AU-10 for the operator's own record."""
    await desk.look("protected")
    asked = [r.number for r in desk.world.systems["resident"].requests]
    assert asked == ["R2", "R1"]
    await desk.look("protected")
    assert [r.number for r in desk.world.systems["resident"].requests][2:] == ["R2"]
    async with desk.world.store.session() as session:
        query = select(AuditRow.entry).where(AuditRow.function == "sameness")
        (entry,) = [json.loads(row) for row in await session.scalars(query)]
    assert (entry["outcome"], entry["terminal"]) == ("compared", YAMADA)
    desk.people["R1"] |= {"uji_nihonjin": "佐藤"}
    desk.world.clock.advance(seconds=OWN.total_seconds())
    await desk.world.protection.pull()
    await desk.look("newcomer")
    assert "same-surname" in await desk.patterns()


async def test_an_own_record_that_cannot_be_read_hinders_nobody(desk: Desk) -> None:
    """It is told that nothing could be compared, and tried again a minute later."""
    desk.away = True
    answer = await desk.look("protected")
    assert answer.outcome == "complete"
    assert desk.world.log.events.count("sameness-undecided") == 1
    desk.away = False
    desk.world.clock.advance(seconds=AGAIN.total_seconds())
    await desk.look("protected")
    assert await desk.patterns() == ["same-surname"]


async def test_who_is_stated_and_forgotten_counts_within_a_minute(desk: Desk) -> None:
    """And each change is recorded with before and after."""
    await desk.look("newcomer", terminal="192.0.2.7")
    assert await desk.watches.end_own(TOWN, YAMADA)
    assert not await desk.watches.end_own(TOWN, YAMADA)
    desk.world.clock.advance(seconds=OPERATORS.total_seconds())
    await desk.look("protected")
    assert await desk.patterns() == []
    async with desk.world.store.session() as session:
        query = select(AuditRow.entry).where(AuditRow.function == "watch")
        rows = [json.loads(row) for row in await session.scalars(query.order_by(AuditRow.sequence))]
    assert [(r["before"], r["after"]) for r in rows] == [
        (None, {"operator": YAMADA, "kind": "own", "surname": "True"}),
        ({"operator": YAMADA, "kind": "own"}, None),
    ]


@pytest.mark.parametrize("operator", ["*", " ", AT])
async def test_an_operator_is_an_account(desk: Desk, operator: str) -> None:
    """Not anybody, and not a terminal."""
    with pytest.raises(WatchRefused):
        await desk.watches.own(TOWN, operator, ("s", "k"), surname=True)


async def test_without_a_durable_alert_nothing_leaves(desk: Desk) -> None:
    """AU-2: a look that could not be told of is a look that was not recorded."""
    await desk.audit.aclose()
    with pytest.raises(Problem):
        await desk.look("protected")
