"""A resident of the town sees who asked: over real HTTP, from the gateway as it is served."""

from __future__ import annotations

import pytest

from gateway.access import OWN_ACCESSES
from tests.acceptance.town_under_test import EXAMINER, Town, examiner, grant_right

pytestmark = pytest.mark.town


async def test_an_ordinary_resident_sees_the_question_and_a_protected_one_the_office(town: Town):
    """DV-13, AU citizen view: the same call, and nothing that tells one cause from another."""
    ordinary = town.people()["two_children"]["resident"]
    protected = sorted(town.protected())[0]
    folder = town.folder / "gateway"
    async with examiner(folder, town.gateway_url, [ordinary, protected]) as asker:
        await grant_right(folder, OWN_ACCESSES)
        asked = await asker.ask(ordinary)
        await asker.ask(protected)
        seen = await asker.call("GET", f"/v1/subjects/{asker.handles[ordinary]}/accesses")
        hidden = await asker.call("GET", f"/v1/subjects/{asker.handles[protected]}/accesses")
    questions = [a for a in seen["accesses"] if a["function"] == "question"]
    assert questions[0]["record_id"] == asked["question_id"]
    assert "氏名" in [item["name"] for item in questions[0]["items"]]
    assert questions[0]["purpose"]["id"] == EXAMINER
    assert (hidden["accesses"], hidden["withheld"]) == ([], "ask-office")
