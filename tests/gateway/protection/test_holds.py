"""DV-8b: a hold cannot be hidden, its cause can."""

from __future__ import annotations

import pytest

from gateway.protection.measures import HoldCause, MeasureKind
from gateway.protection.terms import MeasureState
from standard_models.answers import Absence, AbsenceReason
from tests.gateway.protection.room import officer
from tests.gateway.questions.conftest import BLOCK, MAIL, NAME, PURPOSE, TOWN, World, world
from tests.gateway.receipts.over_http import served

__all__ = ["world"]

CAUSES = (MeasureKind.FULL, *HoldCause)


async def test_four_causes_look_the_same_to_whoever_asks(world: World) -> None:
    """DV-8b: code, text and schema are equal; the office is named, and nothing else."""
    body = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": [NAME, BLOCK, MAIL]}
    seen = []
    async with served(world) as http:
        for cause in CAUSES:
            row = await officer(world).set(TOWN, "resident", "R1", cause)
            answer = await http.post("/v1/questions", json=body)
            assert answer.status_code == 200
            document = answer.json()
            for random in ("question_id", "receipt"):
                document.pop(random)
            headers = set(answer.headers)
            seen.append((document, sorted(headers)))
            for name in ("first", "second"):
                if not (await officer(world).all(TOWN)):
                    break
                await officer(world, name).end(TOWN, row.measure_id)
    assert all(one == seen[0] for one in seen[1:])
    document = seen[0][0]
    held = document["parts"][0]["records"][0]["jusho_choaza"]
    assert held == Absence(AbsenceReason.ASK_OFFICE).to_json()
    assert document["explanations"]["ask-office"]["en"]["ask"] == "The municipal office"


@pytest.mark.parametrize("cause", HoldCause)
async def test_one_officer_ends_a_hold_and_no_measure(world: World, cause: HoldCause) -> None:
    """DV-5, DV-8b: a measure of the same person goes on."""
    await officer(world).set(TOWN, "resident", "R1", MeasureKind.FULL)
    row = await officer(world).set(TOWN, "resident", "R1", cause)
    assert await officer(world).end(TOWN, row.measure_id) is True
    assert [state for _, state in await officer(world).all(TOWN)] == [MeasureState.IN_FORCE]
    part = (await world.ask(BLOCK)).parts[0]
    assert part.records[0]["jusho_choaza"] == Absence(AbsenceReason.ASK_OFFICE)
