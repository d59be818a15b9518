"""PL-2: whoever asks lists what is needed; each way to ask otherwise is told by its places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract import FetchRequest, FetchResult
from gateway.questions.schemas import MAX_ITEMS
from tests.gateway.questions.conftest import NAME, PURPOSE, UNGRANTED, World, world
from tests.gateway.receipts.over_http import served

__all__ = ["world"]

INCOME = "010.shotokujoho.kazeinendo"
LONG = "001.juminkihonjoho." + "x" * 200


@pytest.mark.parametrize(
    ("items", "status", "slug", "pointers"),
    [
        ([], 422, "invalid-body", ["/items"]),
        (NAME, 422, "invalid-body", ["/items"]),
        (None, 422, "invalid-body", ["/items"]),
        ([NAME, 7, None], 422, "invalid-body", ["/items/1", "/items/2"]),
        ([NAME] * (MAX_ITEMS + 1), 422, "invalid-body", ["/items"]),
        ([LONG, NAME, LONG], 422, "invalid-body", ["/items/0", "/items/2"]),
        (["001.nashi.a", NAME, "*"], 422, "unknown-item", ["/items/0", "/items/2"]),
        ([UNGRANTED, NAME, INCOME], 403, "item-not-granted", ["/items/0", "/items/2"]),
    ],
    ids=["empty", "a text", "nothing", "no texts", "too many", "too long", "unknown", "forbidden"],
)
async def test_every_wrong_place_of_a_list_of_items_is_named(
    world: World, items: Any, status: int, slug: str, pointers: list[str]
) -> None:
    """PL-2: a typed problem each; no system is asked."""
    body = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": items}
    async with served(world) as http:
        answer = await http.post("/v1/questions", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["type"].rpartition("/")[2]) == (status, slug)
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert all(system.requests == [] for system in world.systems.values())


async def test_an_answer_holds_what_was_asked_and_nothing_else(world: World) -> None:
    """PL-2, PA-7: not what else is granted, nor what a system gives beyond what it was asked."""
    generous = world.systems["resident"].script

    async def more(request: FetchRequest) -> FetchResult:
        unasked = {"seibetsu", "jusho_choaza"}
        groups = {ref: fields | unasked for ref, fields in request.groups.items()}
        return await generous(replace(request, groups=groups))

    world.systems["resident"].script = more
    body = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": [NAME]}
    async with served(world) as http:
        answer = (await http.post("/v1/questions", json=body)).json()
    assert [(part["group"], part["records"], part["absences"]) for part in answer["parts"]] == [
        ("001.juminkihonjoho", [{"shimei": {"value": "見本　花子"}}], {})
    ]
