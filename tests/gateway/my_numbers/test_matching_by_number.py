"""From a My Number to a handle: for whom the law says, and every miss looks the same."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.access import Access, Caller
from gateway.access.logins import Login, LoginLevel
from gateway.keys import FileKeyStore
from gateway.my_numbers import (
    MyNumberOffice,
    MyNumbers,
    NumberMatching,
    NumbersUnavailable,
    Place,
)
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.subjects import LinkRow
from standard_models.values.identifiers import MyNumber
from tests.gateway.my_numbers.conftest import BENEFIT, MISSES, OWN, RESIDENTS, file_of, number
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World

ORDINARY, PROTECTED = RESIDENTS[0][1], RESIDENTS[1][1]
NOBODY = number(99)
MISS = {"outcome": "no-match", "subject": None}


async def match(http: httpx.AsyncClient, digits: str) -> dict[str, Any]:
    answer = await http.post(OWN, json={"kojinbango": digits})
    assert answer.status_code == 200, answer.text
    assert digits not in answer.text
    return dict(answer.json())


async def test_the_number_of_a_resident_gives_the_consumers_own_handle(
    http: httpx.AsyncClient, world: World
) -> None:
    """MN-4: the record has the mark, whose it was and what was searched by; no number."""
    assert await match(http, ORDINARY) == {
        "outcome": "match",
        "subject": world.handles["ordinary"],
    }
    (row,) = await world.audit()
    assert row["my_number"] is True
    assert (row["function"], row["outcome"]) == ("subject-match-number", "match")
    assert row["items_asked"] == ["001P0188"]
    assert row["items_delivered"] == []
    assert row["subject_key"] is not None
    assert ORDINARY not in json.dumps(row)


async def test_a_number_is_found_however_it_is_written(
    http: httpx.AsyncClient, world: World
) -> None:
    """As it stands on the card, or as it was typed."""
    wide = str.maketrans("0123456789-", "０１２３４５６７８９－")
    one, two, three = ORDINARY[:4], ORDINARY[4:8], ORDINARY[8:]
    for written in (
        ORDINARY.translate(wide),
        f"{one} {two} {three}",
        f"{one}\u3000{two}\u3000{three}",
        f"{one}-{two}-{three}",
        f"{one}-{two}-{three}".translate(wide),
        f"  {ORDINARY}  ",
    ):
        answer = await http.post(OWN, json={"kojinbango": written})
        assert answer.json()["subject"] == world.handles["ordinary"], written.replace(one, "")


async def test_every_miss_is_byte_for_byte_the_same(
    http: httpx.AsyncClient, world: World, kept: MyNumberOffice, my_number_store: Store
) -> None:
    """DV-8, MN-6: nobody's, a protected person's, two persons', one of somebody not linked."""
    # One number stands with two persons: a candidate for staff, never a link.
    await kept.import_file(TOWN, "resident", file_of(("R3", ORDINARY)))
    async with my_number_store.transaction() as session:
        await session.execute(text("UPDATE my_number SET number = 'X9' WHERE number = 'R2'"))
    unlinked = PROTECTED
    answers = set()
    for digits in (NOBODY, ORDINARY, unlinked):
        answer = await http.post(OWN, json={"kojinbango": digits})
        answers.add((answer.status_code, answer.content))
    await kept.import_file(TOWN, "resident", file_of(("R2", number(50))))
    protected = await http.post(OWN, json={"kojinbango": number(50)})
    answers.add((protected.status_code, protected.content))
    assert answers == {(200, json.dumps(MISS, separators=(",", ":")).encode())}
    rows = [row for row in await world.audit() if row["function"] == "subject-match-number"]
    assert [row["outcome"] for row in rows] == ["no-match"] * 4
    assert rows[-1]["subject_key"] is not None, "the officer sees that somebody looked"


async def test_every_miss_asks_the_databases_as_often(
    http: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DV-8: the time tells nothing, because nobody's and a protected person's do the same work."""
    asked: list[str] = []
    real = Store.look_up

    async def counted(self: Store, *arguments: Any) -> Any:
        asked.append("look-up")
        return await real(self, *arguments)

    monkeypatch.setattr(Store, "look_up", counted)
    counts = set()
    for digits in (NOBODY, PROTECTED, NOBODY, PROTECTED):
        asked.clear()
        assert await match(http, digits) == MISS
        counts.add(len(asked))
    assert len(counts) == 1


async def test_somebody_with_two_numbers_of_the_town_is_one_person(
    http: httpx.AsyncClient, world: World, kept: MyNumberOffice
) -> None:
    """A resident who had a number of the town before is found; both stand with one person."""
    row = LinkRow(2, (("resident", "R1"), ("jutogai", "J1")), "staff-confirmed")
    await world.subjects.import_links(TOWN, [row], anchor="resident", actor="test")
    await kept.import_file(TOWN, "jutogai", file_of(("J1", ORDINARY)))
    assert (await match(http, ORDINARY))["subject"] == world.handles["ordinary"]


async def test_where_nobodys_protection_is_known_nobody_is_looked_for(
    http: httpx.AsyncClient, world: World
) -> None:
    """DV-3: an outage, the same for everybody, never a miss."""
    world.clock.advance(hours=1)
    bodies = set()
    for digits in (ORDINARY, PROTECTED, NOBODY):
        answer = await http.post(OWN, json={"kojinbango": digits})
        assert answer.status_code == 503
        bodies.add(answer.json()["type"])
    assert len(bodies) == 1
    assert bodies.pop().endswith("/register-unavailable")


async def test_without_its_store_the_rest_of_the_gateway_goes_on(
    http: httpx.AsyncClient, world: World, my_number_store: Store
) -> None:
    """PA-1: numbers that cannot be asked are an outage and no miss; a question is answered."""
    async with my_number_store.transaction() as session:
        await session.execute(text("DROP TABLE my_number"))
    answer = await http.post(OWN, json={"kojinbango": ORDINARY})
    assert answer.status_code == 503
    assert ORDINARY not in answer.text
    assert (await world.ask("001.juminkihonjoho.shimei")).parts[0].records


async def test_guessing_is_throttled_and_told(http: httpx.AsyncClient, world: World) -> None:
    """API6: so many misses and no more, for right guesses too, until the hour is over."""
    for _ in range(MISSES):
        assert await match(http, NOBODY) == MISS
    world.clock.advance(minutes=1)
    refused = await http.post(OWN, json={"kojinbango": ORDINARY})
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(59 * 60)
    assert [event for _, event, _ in world.log.lines].count("too-many-misses") == 1


async def test_a_purpose_without_the_right_finds_nobody(
    world: World, matching: NumberMatching
) -> None:
    """PL-5: nobody is looked for, and the refusal is recorded with the mark."""
    access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
    with pytest.raises(Problem) as refused:
        await matching.match(access, MyNumber(ORDINARY), Caller("f" * 32, "127.0.0.1"))
    assert refused.value.type.slug == "right-not-granted"
    (row,) = await world.audit()
    assert (row["outcome"], row["my_number"]) == ("refused", True)


async def test_a_token_of_one_citizen_finds_nobody_else(
    world: World, matching: NumberMatching
) -> None:
    """AT-6: whoever has logged in is known already."""
    login = Login(world.handles["ordinary"], LoginLevel(2), world.clock.now())
    access = Access(CLIENT, TOWN, BENEFIT, "t", "k", login=login)
    with pytest.raises(Problem) as refused:
        await matching.match(access, MyNumber(ORDINARY), Caller("f" * 32, "127.0.0.1"))
    assert refused.value.type.slug == "login-other-subject"


async def test_what_is_no_number_is_refused_without_an_echo(
    http: httpx.AsyncClient, world: World
) -> None:
    """MN-3, MN-6: nothing beside the number is taken, and nothing of it is repeated."""
    bodies: list[dict[str, Any]] = [
        {},
        {"kojinbango": None},
        {"kojinbango": int(ORDINARY)},
        {"kojinbango": ORDINARY[:11]},
        {"kojinbango": ORDINARY[:11] + str((int(ORDINARY[11]) + 1) % 10)},
        {"kojinbango": ORDINARY + "0" * 40},
        {"kojinbango": ORDINARY, "shimei": "見本　花子"},
        {"kojinbango": [ORDINARY]},
        {ORDINARY: ORDINARY},
    ]
    for body in bodies:
        answer = await http.post(OWN, json=body)
        assert answer.status_code == 422
        assert ORDINARY[:11] not in answer.text
        assert "花子" not in answer.text
    rows = await world.audit()
    assert [(row["problem"], row["my_number"]) for row in rows] == (
        [("invalid-body", True)] * len(bodies)
    )


async def test_after_a_rotation_of_the_key_everybody_is_still_found(
    http: httpx.AsyncClient, world: World, keys: FileKeyStore, kept: MyNumberOffice
) -> None:
    """Before and after the numbers are sealed anew; new ones get the new key."""
    keys.rotate_my_numbers()
    assert (await match(http, ORDINARY))["outcome"] == "match"
    await kept.import_file(TOWN, "resident", file_of(("R3", number(60))))
    assert [(version, n) for _, version, n in await kept.counts(TOWN)] == [(1, 2), (2, 1)]
    assert await kept.reseal() == 2
    assert [(version, n) for _, version, n in await kept.counts(TOWN)] == [(2, 3)]
    assert (await match(http, ORDINARY))["outcome"] == "match"
    assert (await match(http, number(60)))["outcome"] == "match"


async def test_a_gateway_without_the_key_says_so_and_keys_init_makes_it(
    http: httpx.AsyncClient, keys: FileKeyStore, numbers: MyNumbers
) -> None:
    """An installation of an earlier version: an outage and never a miss; init adds the kind."""
    content = json.loads(keys.path.read_text())
    del content["my_numbers"]
    keys.path.write_text(json.dumps(content))
    answer = await http.post(OWN, json={"kojinbango": ORDINARY})
    assert answer.status_code == 503
    with pytest.raises(NumbersUnavailable):
        async with numbers.keeping(Place(TOWN, "resident", "R1"), MyNumber(ORDINARY)):
            pass
    keys.create()
    assert len(keys.keys().my_numbers) == 1
    assert keys.keys().sealing_secret.version == 1
