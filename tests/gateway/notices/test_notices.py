"""本人通知: who is told what when somebody obtains a certificate, and by which way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.access import Access, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.logins import Login, LoginLevel
from gateway.access.registration import REPORT_DELIVERIES
from gateway.notices import NoticeRooms, Notices, NoticeStore
from gateway.notices.hand_over import lines_of, sort_out
from gateway.notices.routes import notice_router
from gateway.notices.service import RegistrationRefusedError, Registrations
from gateway.protection.releases import ReleaseRefusedError
from gateway.store.tables import AuditRow, NoticeDeliveryRow, NoticeRow
from standard_models.builtin import load_builtin
from tests.doubles import stands_in
from tests.gateway.access.consumers import approve, public_jwks
from tests.gateway.protection.room import grant
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World, world
from tests.gateway.receipts.over_http import KnownCaller, served

__all__ = ["world"]

TODAY = dt.date(2026, 10, 1)
PEOPLE = {"ordinary": "R1", "protected": "R2", "newcomer": "R3"}


def registrations(world: World) -> Registrations:
    return Registrations(NoticeStore(world.store), clock=world.clock, actor="officer")


async def register(world: World, *names: str, until: dt.date | None = None) -> list[str]:
    """Register people by their names in these tests; return the ids."""
    made = []
    for name in names:
        found = await world.subjects.find_by_number(TOWN, "resident", PEOPLE[name])
        assert found is not None
        row = await registrations(world).register(TOWN, found.subject_id, "pseudonym", until)
        made.append(row.registration_id)
    return made


def counter(world: World, client: str = CLIENT, **token: Any) -> Any:
    """Serve the operation to the counter system."""
    rooms = world.questions._rooms
    notices = Notices(
        NoticeRooms(
            NoticeStore(world.store), rooms.access, rooms.subjects, rooms.audit, world.clock
        )
    )
    access = KnownCaller(rooms.access, Access(client, TOWN, PURPOSE, "t", "k", **token))
    return served(world, [notice_router(notices, access)])


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The operation as a counter system with the right calls it."""
    await grant(world, REPORT_DELIVERIES)
    async with counter(world) as client:
        yield client


async def report(http: httpx.AsyncClient, status: int = 200, **changes: Any) -> httpx.Response:
    body = {
        "delivery_id": "kofu-1",
        "numbering": "resident",
        "number": "R1",
        "kind": "juminhyo",
        "delivered_on": "2026-10-01",
        "copies": 2,
        "requester": "third-party",
    }
    answer = await http.post("/v1/notices/deliveries", json=body | changes)
    assert answer.status_code == status, answer.text
    return answer


async def notices(world: World) -> list[NoticeRow]:
    return list(await NoticeStore(world.store).waiting(TOWN))


async def test_a_registered_person_is_told_exactly_four_things(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-1: date, kind, copies and class of requester; one notice, however often it is sent."""
    await register(world, "ordinary")
    for _ in range(2):
        await report(http)
    (notice,) = await notices(world)
    (line,) = lines_of([notice], {notice.subject_id: {"resident": ("R1",)}}, "resident")
    said = (notice.notice_id, "2026-10-01", "住民票の写し", "2", "第三者（個人・法人）", "", "R1")
    assert line == said


async def test_nobody_can_say_who_it_was(http: httpx.AsyncClient, world: World) -> None:
    """HN-1: never the name; there is no place for it."""
    await register(world, "ordinary")
    for name in ("requester_name", "shimei", "name"):
        await report(http, 422, **{name: "見本　太郎"})
    assert await notices(world) == []
    assert "見本" not in world.log.text


@pytest.mark.parametrize(
    ("requester", "told"),
    [("agent", 1), ("third-party", 1), ("professional", 1), ("public-body", 0), ("self", 0)],
)
async def test_public_bodies_and_the_person_are_not_told_of(
    http: httpx.AsyncClient, world: World, requester: str, told: int
) -> None:
    """HN-2: none."""
    await register(world, "ordinary")
    await report(http, requester=requester)
    assert len(await notices(world)) == told


async def test_who_did_not_register_is_told_nothing_and_nothing_is_kept(
    http: httpx.AsyncClient, world: World
) -> None:
    """The answer is the same for somebody registered, somebody else and a number of nobody."""
    (ended,) = await register(world, "protected")
    await registrations(world).end(TOWN, ended)
    await register(world, "newcomer", until=TODAY)
    world.clock.advance(days=1)
    bodies = []
    for number, day in (("R1", TODAY), ("R2", TODAY), ("R3", dt.date(2026, 10, 2)), ("X9", TODAY)):
        answer = await report(http, number=number, delivered_on=day.isoformat())
        bodies.append((answer.json(), sorted(answer.headers)))
    assert await notices(world) == []
    async with world.store.session() as session:
        assert (await session.scalars(select(NoticeDeliveryRow))).all() == []
    answer = await report(http, number="R3")
    assert len(await notices(world)) == 1
    assert all(body == (answer.json(), sorted(answer.headers)) for body in bodies)


async def test_a_delivery_that_has_not_happened_is_refused(
    http: httpx.AsyncClient, world: World
) -> None:
    """Whether the person is registered or not."""
    await register(world, "ordinary")
    tomorrow = TODAY + dt.timedelta(days=1)
    for number in ("R1", "X9"):
        refused = await report(http, 422, number=number, delivered_on=tomorrow.isoformat())
        assert refused.json()["errors"][0]["pointer"] == "/delivered_on"
    assert await notices(world) == []
    await report(http, delivered_on=TODAY.isoformat())


async def test_a_corrected_class_makes_a_notice_that_refers_to_the_first(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-3: each correction refers to the first, also one that takes it all back."""
    await register(world, "ordinary")
    await report(http)
    (first,) = await notices(world)
    for requester in ("professional", "professional", "public-body"):
        world.clock.advance(seconds=1)
        await report(http, requester=requester)
    told = await notices(world)
    assert [(n.requester, n.corrects) for n in told] == [
        ("third-party", None),
        ("professional", first.notice_id),
        ("public-body", first.notice_id),
    ]


@pytest.mark.parametrize("corrected", ["kofu-1", "kofu-2"])
async def test_a_correction_refers_to_the_notice_of_its_own_delivery(
    http: httpx.AsyncClient, world: World, corrected: str
) -> None:
    """HN-3: of several deliveries about one person, and after an earlier correction."""
    await register(world, "ordinary", "newcomer")
    for delivery, number in (("kofu-0", "R3"), ("kofu-1", "R1"), ("kofu-2", "R1")):
        await report(http, delivery_id=delivery, number=number)
        world.clock.advance(seconds=1)
    (first,) = [n for n in await notices(world) if n.delivery_id == corrected]
    for requester in ("professional", "agent"):
        await report(http, delivery_id=corrected, requester=requester)
        world.clock.advance(seconds=1)
    told = [n for n in await notices(world) if n.requester in {"professional", "agent"}]
    assert [(n.delivery_id, n.corrects) for n in told] == [(corrected, first.notice_id)] * 2


async def test_counters_number_their_deliveries_each_for_itself(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-3: a delivery of another system under the same number is no correction."""
    await register(world, "ordinary")
    await report(http)
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    await registry.add_client("another-counter", name="窓口", contact="課", jwks=public_jwks())
    terms = GrantTerms(items=[REPORT_DELIVERIES], valid_from=TODAY)
    row = await registry.propose_grant(TOWN, "another-counter", PURPOSE, terms)
    await approve(registry, row.grant_id)
    world.clock.advance(seconds=1)
    async with counter(world, "another-counter") as other:
        await report(other, requester="professional")
        world.clock.advance(seconds=1)
        await report(other, requester="agent")
    told = {n.requester: n for n in await notices(world)}
    assert told["professional"].corrects is None
    assert told["agent"].corrects == told["professional"].notice_id


async def test_a_class_that_turns_out_to_be_a_third_party_is_told_first_then(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-3: there was nothing to correct before."""
    await register(world, "ordinary")
    await report(http, requester="public-body")
    assert await notices(world) == []
    await report(http, requester="agent")
    assert [(n.requester, n.corrects) for n in await notices(world)] == [("agent", None)]


async def test_a_report_about_the_wrong_person_is_taken_back_from_them(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-3: whoever was told wrongly learns that it was no copy of theirs."""
    await register(world, "ordinary", "newcomer")
    await report(http)
    for _ in range(2):
        world.clock.advance(seconds=1)
        await report(http, number="R3")
    told = await notices(world)
    by_person: dict[str, list[tuple[int, bool]]] = {}
    for notice in told:
        corrects = notice.corrects == told[0].notice_id
        by_person.setdefault(notice.subject_id, []).append((notice.copies, corrects))
    assert sorted(sorted(said) for said in by_person.values()) == [
        [(0, True), (2, False)],
        [(2, False)],
    ]


async def test_a_protected_person_gets_the_notice_over_the_office_alone(
    http: httpx.AsyncClient, world: World
) -> None:
    """HN-4: nothing of theirs stands in the file for the post; a flag that came since counts."""
    await register(world, *PEOPLE)
    for number in PEOPLE.values():
        await report(http, number=number, delivery_id=f"kofu-{number}")
    world.systems["resident"].flagged = ("R2", "R3")
    world.clock.advance(seconds=1)
    await world.protection.pull()
    waiting = await notices(world)
    numbers = {}
    for number in PEOPLE.values():
        found = await world.subjects.find_by_number(TOWN, "resident", number)
        assert found is not None
        numbers[found.subject_id] = found.numbers
    done = await sort_out(world.protection, TOWN, waiting, numbers)
    assert [line[-1] for line in lines_of(done.by_post, numbers, "resident")] == ["R1"]
    assert sorted(line[-1] for line in lines_of(done.by_office, numbers, "resident")) == [
        "R2",
        "R3",
    ]
    world.clock.advance(minutes=11)
    with pytest.raises(ReleaseRefusedError):
        await sort_out(world.protection, TOWN, waiting, numbers)


async def test_who_may_report(world: World) -> None:
    """A right of its own, and a token of no citizen; every refusal is recorded."""
    async with counter(world) as http:
        await report(http, 403)
    await grant(world, REPORT_DELIVERIES)
    login = Login(world.handles["ordinary"], LoginLevel(2), world.clock.now())
    async with counter(world, login=login) as http:
        await report(http, 403)
    async with counter(world) as http:
        await report(http, 422, copies=0)
        await report(http, 400, delivery_id="kofu\0")
        await report(http)
    async with world.store.session() as session:
        query = select(AuditRow).where(AuditRow.function == "delivery-report")
        rows = list(await session.scalars(query.order_by(AuditRow.sequence)))
    assert [(r.outcome, r.kind) for r in rows] == [
        *[("refused", "operation")] * 4,
        ("received", "print"),
    ]
    assert not stands_in("R1", json.dumps([json.loads(r.entry) for r in rows]))


async def test_a_registration_that_is_over_cannot_be_made_or_ended(world: World) -> None:
    """Nothing is written."""
    with pytest.raises(RegistrationRefusedError):
        await register(world, "ordinary", until=TODAY - dt.timedelta(days=1))
    with pytest.raises(RegistrationRefusedError):
        await registrations(world).end(TOWN, "0" * 16)
    assert await registrations(world).all(TOWN) == []
