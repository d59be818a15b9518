"""API8: a text that PostgreSQL cannot hold is refused as one, wherever it stands in a body."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import database_url  # noqa: F401 - PostgreSQL as well: it is the one that minds
from tests.redteam.siege import Siege

Place = tuple[str | int, ...]


def places_of(content: Any, place: Place = ()) -> Iterator[Place]:
    """Yield where the texts of a body stand."""
    if isinstance(content, str):
        yield place
    members = content.items() if isinstance(content, dict) else enumerate(content)
    for name, member in members if not isinstance(content, str) else ():
        yield from places_of(member, (*place, name))


def with_nul(body: Any, place: Place) -> Any:
    """Return the body with the character with code zero at the end of one text."""
    changed = copy.deepcopy(body)
    at = changed
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] += "\0"
    return changed


async def test_a_text_with_the_character_zero_is_refused_in_every_body(siege: Siege) -> None:
    """400 ``malformed-json``; nothing crashes, and no database seems to be away."""
    for (method, path), body in siege.bodies(siege.handle()).items():
        for place in places_of(body):
            answer = await siege.call(
                method, path, with_nul(body, place), headers={"Idempotency-Key": "with-a-nul"}
            )
            assert answer.status_code == 400, (path, place, answer.text)
            assert answer.json()["type"].endswith("/malformed-json"), (path, place)
    assert not {"request-crashed", "store-unavailable"} & set(siege.world.log.events)


@pytest.mark.parametrize("address", ["/v1/subjects/a%00b/accesses", "/v1/events?after=a%00b"])
async def test_nor_does_an_address_hold_one(siege: Siege, address: str) -> None:
    """400 before anybody looks at the rest."""
    answer = await siege.http.get(address)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/malformed-request")
