"""本人通知 of statements that the gateway itself releases: who is a third party there."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from sqlalchemy import select

from gateway.access import Relation
from gateway.notices import NoticeStore
from gateway.notices.hand_over import lines_of, sort_out
from gateway.notices.service import Registrations
from gateway.store.tables import NoticeDeliveryRow, NoticeRow
from tests.gateway.questions.conftest import BLOCK, NAME, PURPOSE, TAX, TOWN
from tests.gateway.representations.conftest import PEOPLE, Family
from tests.gateway.representations.test_relations import served

TODAY, TOMORROW = dt.date(2026, 10, 1), dt.date(2026, 10, 2)


async def register(family: Family, *who: str, until: dt.date | None = None) -> str:
    """Register people for notices; return the last id."""
    store = NoticeStore(family.world.store)
    registrations = Registrations(store, clock=family.world.clock, actor="officer")
    rows = [await registrations.register(TOWN, family.ids[one], "pseudonym", until) for one in who]
    return rows[-1].registration_id


async def release(http: httpx.AsyncClient, handle: str, *items: str, title: str = "record") -> str:
    """Preview and release a statement; return its id."""
    body = {
        "subject": handle,
        "purpose": PURPOSE,
        "items": list(items or (NAME,)),
        "statement": title,
    }
    preview = (await http.post("/v1/evidence/previews", json=body)).json()["preview"]
    answer = await http.post("/v1/evidence", json=body | {"preview": preview})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["evidence_id"])


async def notices(family: Family) -> list[NoticeRow]:
    """Return every notice, oldest first."""
    async with family.world.store.session() as session:
        return list(await session.scalars(select(NoticeRow).order_by(NoticeRow.created_at)))


@pytest.mark.parametrize(
    ("kind", "of", "by"),
    [
        ("parent", "child", "victim"),
        ("guardian-of-adult", "ward", "guardian"),
        ("mandate", "principal", "agent"),
    ],
)
async def test_who_is_represented_is_told_what_the_representative_obtained(
    family: Family, kind: str, of: str, by: str
) -> None:
    """HN-1: date, kind, copies and class, never who; of whatever kind the representation is."""
    terms = {"purposes": [PURPOSE], "valid_to": TOMORROW} if kind == "mandate" else {}
    await family.register(of, by, kind, **terms)
    await register(family, of, by)
    async with served(family, by) as http:
        statement = await release(http, family.handle(of), NAME, TAX, title="tax")
    (notice,) = await notices(family)
    assert (notice.subject_id, notice.delivered_on) == (family.ids[of], TODAY)
    assert (notice.kind, notice.copies, notice.requester) == ("juminhyo-kisaijiko", 1, "agent")
    assert notice.delivery_id == f"{statement}.juminhyo-kisaijiko"
    assert notice.corrects is None
    sorted_out = await sort_out(
        family.world.protection, TOWN, [notice], {family.ids[of]: {"resident": [PEOPLE[of]]}}
    )
    ((_, *line),) = lines_of(
        sorted_out.by_post, {family.ids[of]: {"resident": [PEOPLE[of]]}}, "resident"
    )
    assert line == ["2026-10-01", "住民票記載事項証明書", "1", "代理人", "", PEOPLE[of]]


async def test_nobody_is_told_of_what_they_or_a_public_body_obtained(family: Family) -> None:
    """HN-1, HN-2: one's own login; a registered consumer, which acts for a public body."""
    await family.grant(NAME, relation=Relation.SELF)
    await register(family, "stranger")
    for who in ("stranger", None):
        async with served(family, who) as http:
            await release(http, family.handle("stranger"))
    assert await notices(family) == []


async def test_a_statement_of_tax_alone_is_no_certificate_of_the_register(family: Family) -> None:
    """HN-1 is about the resident record and the family register, whatever the title says."""
    await family.register("child", "victim")
    await register(family, "child")
    async with served(family, "victim") as http:
        await release(http, family.handle("child"), TAX, title="resident")
    assert await notices(family) == []


async def test_of_who_is_not_registered_on_the_day_nothing_is_kept(family: Family) -> None:
    """Neither a notice nor the delivery; nor when the registration has ended."""
    await family.register("child", "victim")
    await register(family, "victim")
    await register(family, "child", until=TODAY)
    family.world.clock.advance(hours=24)
    await family.world.protection.pull()
    async with served(family, "victim") as http:
        await release(http, family.handle("child"))
    assert await notices(family) == []
    async with family.world.store.session() as session:
        assert (await session.scalars(select(NoticeDeliveryRow))).all() == []


async def test_a_preview_and_a_refusal_are_no_release(family: Family) -> None:
    """Nobody obtained anything."""
    await family.register("child", "victim")
    await register(family, "child")
    body = {"subject": family.handle("child"), "purpose": PURPOSE, "items": [NAME]}
    async with served(family, "victim") as http:
        shown = await http.post("/v1/evidence/previews", json=body | {"statement": "record"})
        assert shown.status_code == 200
        refused = await http.post(
            "/v1/evidence", json=body | {"statement": "record", "preview": "x"}
        )
        assert refused.status_code >= 400
    assert await notices(family) == []


async def test_a_protected_childs_notice_goes_over_the_office_alone(family: Family) -> None:
    """HN-4: by flags that are read when it leaves."""
    await family.register("child", "victim")
    await register(family, "child")
    async with served(family, "victim") as http:
        await release(http, family.handle("child"), NAME, BLOCK)
    await family.protect("child")
    waiting = await NoticeStore(family.world.store).waiting(TOWN)
    numbers = {family.ids["child"]: {"resident": [PEOPLE["child"]]}}
    sorted_out = await sort_out(family.world.protection, TOWN, waiting, numbers)
    assert (len(sorted_out.by_post), len(sorted_out.by_office)) == (0, 1)
