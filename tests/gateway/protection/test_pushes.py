"""Flags that sources push: at once, in any order, and never to anybody's disadvantage."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from adapters.contract import FetchRequest, FetchResult
from adapters.errors import Unavailable
from gateway.access.logins import Login, LoginLevel
from gateway.access.quotas import Rates
from gateway.access.registration import PUSH_FLAGS
from gateway.protection.terms import MeasureState
from gateway.store.tables import AuditRow, ProtectionMeasureRow
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from tests.gateway.protection.room import end_all, grant, message, officer, pushing
from tests.gateway.questions.conftest import BLOCK, MAIL, PURPOSE, TOWN, World, world

__all__ = ["world"]

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
HOUSE, LETTERS = Value("みどり一丁目"), Value("あおば二丁目")


async def addresses(world: World, who: str = "ordinary") -> list[Answer]:
    answer = await world.ask(BLOCK, MAIL, who=who)
    return [value for part in answer.parts for one in part.records for value in one.values()]


async def push(http: httpx.AsyncClient, body: Any, status: int = 200) -> dict[str, Any]:
    answer = await http.post("/v1/protection/flags", json=body)
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def states(world: World) -> list[MeasureState]:
    return [state for _, state in await officer(world).all(TOWN)]


async def test_a_flag_pushed_while_a_system_answers_counts_with_the_register_down(
    world: World,
) -> None:
    """DV-10, R13: no address, neither of the slow system nor of any later question."""
    await grant(world, PUSH_FLAGS)
    assert await addresses(world) == [HOUSE, LETTERS]
    script = world.systems["tax"].script
    async with pushing(world) as http:

        async def slow(request: FetchRequest) -> FetchResult:
            world.systems["resident"].flagged = Unavailable("down")
            async with asyncio.timeout(1):
                await push(http, message(1))
            return await script(request)

        world.systems["tax"].script = slow
        assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
        world.systems["tax"].script = script
        await world.protection.pull()
        assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
        assert (await addresses(world, "newcomer"))[0] == HOUSE


async def test_an_end_that_is_pushed_ends_nothing(world: World) -> None:
    """DV-5: it waits for two officers, whatever the list of the source says meanwhile."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        await push(http, message(1))
        await push(http, message(2, state="ended"))
    await world.protection.pull()
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    assert await states(world) == [MeasureState.ENDED_REVIEW]
    await end_all(world)
    assert await addresses(world) == [HOUSE, LETTERS]


async def test_who_moved_out_is_protected_provisionally(world: World) -> None:
    """DV-15: not ended, and renewed like any other."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        await push(http, message(1))
        await push(http, message(2, state="moved-out"))
        assert await states(world) == [MeasureState.PROVISIONAL]
        assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
        await push(http, message(3, until="2028-03-31"))
    ((row, state),) = await officer(world).all(TOWN)
    assert (state, row.until.isoformat()) == (MeasureState.IN_FORCE, "2028-03-31")


async def test_a_message_that_overtook_another_loses_no_protection(world: World) -> None:
    """R13: an old message protects whoever no later one speaks of, and changes nobody else."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        first = await push(http, message(3, state="provisional"))
        assert first == {"sequence": 3, "accepted": 1, "next_sequence": 4, "missing": [1, 2]}
        assert "flag-push-missing" in world.log.events
        await push(http, message(2, state="ended"))
        assert await states(world) == [MeasureState.IN_FORCE]
        assert "flags-of-nobody" not in world.log.events
        await push(http, message(4, number="0R3"))
        assert "flags-of-nobody" in world.log.events, "written otherwise, it protects nobody"
        late = await push(http, message(1, number="R3"))
        assert (late["next_sequence"], late["missing"]) == (5, [])
        assert (await addresses(world, "newcomer"))[0] == ASK_OFFICE


async def test_the_same_message_has_its_effect_once(world: World) -> None:
    """WR-1: another one under its number is refused and says how to go on."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        assert await push(http, message(1)) == await push(http, message(1))
        refused = await push(http, message(1, number="R3"), 409)
        assert refused["type"].endswith("flag-push-out-of-order")
        assert refused["next_sequence"] == 2
        assert await addresses(world, "newcomer") == [HOUSE]
    assert len(await officer(world).all(TOWN)) == 1


async def test_a_push_that_the_list_has_caught_up_with_is_left_to_the_list(world: World) -> None:
    """One end by two officers is enough; a list read before the push takes nothing away."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        await push(http, message(1))
    world.systems["resident"].flagged = ("R2",)
    await world.protection.pull()
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    world.clock.advance(seconds=1)
    world.systems["resident"].flagged = ("R1", "R2")
    await world.protection.pull()
    assert await officer(world).all(TOWN) == []
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_a_renewal_takes_back_a_proposal_to_end(world: World) -> None:
    """DV-5: whoever proposed it did not know of the renewal."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        await push(http, message(1))
        ((row, _),) = await officer(world).all(TOWN)
        await officer(world).end(TOWN, row.measure_id)
        await push(http, message(2))
    assert await officer(world, "second").end(TOWN, row.measure_id) is False
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_who_may_push_and_what(world: World) -> None:
    """A right of its own, a token of no citizen, a numbering that there is."""
    async with pushing(world) as http:
        await push(http, message(1), 403)
    await grant(world, PUSH_FLAGS)
    login = Login(world.handles["ordinary"], LoginLevel(2), world.clock.now())
    async with pushing(world, login=login) as http:
        await push(http, message(1), 403)
    async with pushing(world) as http:
        await push(http, {**message(1), "numbering": "unknown"}, 422)
        await push(http, message(0), 422)
        await push(http, message(1, since="2026-10-02", until="2026-10-01"), 422)
        await push(http, {**message(1), "flags": []}, 422)
        await push(http, message(1, number="R1\0"), 400)
        await push(http, message(1, since="9999-12-31"), 422)
    assert await officer(world).all(TOWN) == []
    async with world.store.session() as session:
        query = select(AuditRow).where(AuditRow.function == "protection-push")
        refused = list(await session.scalars(query.order_by(AuditRow.sequence)))
    problems = [json.loads(row.entry)["problem"] for row in refused]
    assert problems == [
        "right-not-granted",
        "login-other-subject",
        *["invalid-body"] * 4,
        "malformed-json",
        "invalid-body",
    ]


async def test_to_ask_too_much_keeps_nobody_from_pushing(world: World) -> None:
    """API4: questions that come too soon are refused, and the flag is taken all the same."""
    await grant(world, PUSH_FLAGS)
    world.quotas.rates = Rates(1, 1)
    question = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": [BLOCK]}
    async with pushing(world) as http:
        asked = [(await http.post("/v1/questions", json=question)).status_code for _ in range(2)]
        assert asked == [200, 429]
        await push(http, message(1))
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_a_push_is_recorded_without_a_number_and_shown_to_no_resident(world: World) -> None:
    """AU-10: under the pseudonym of the person, as a change of settings."""
    await grant(world, PUSH_FLAGS)
    async with pushing(world) as http:
        await push(http, message(1))
        answer = await http.post("/v1/protection/flags", json=message(2, number="nobody-0017"))
    assert answer.json()["accepted"] == 1, "whether a number is known is not told"
    async with world.store.session() as session:
        query = select(AuditRow).where(AuditRow.function == "protection-push")
        rows = list(await session.scalars(query.order_by(AuditRow.sequence)))
        kept = list(await session.scalars(select(ProtectionMeasureRow)))
    ordinary = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert ordinary is not None
    key = world.questions._rooms.audit.pseudonym(TOWN, ordinary.subject_id)
    assert [(r.kind, r.subject_key) for r in rows] == [("settings", key), ("settings", None)]
    assert "nobody-0017" not in "".join(r.entry for r in rows) + world.log.text
    assert len(kept) == 2


@pytest.mark.parametrize("count", [1, 2])
async def test_every_gateway_of_the_town_knows_at_once(world: World, count: int) -> None:
    """Nothing is kept in a process: another one that shares the database answers alike."""
    await grant(world, PUSH_FLAGS)
    async with asyncio.TaskGroup() as tasks, pushing(world) as http:
        await asyncio.gather(*(push(http, message(n + 1)) for n in range(count)))
        tasks.create_task(world.protection.pull())
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    assert len(await officer(world).all(TOWN)) == 1
