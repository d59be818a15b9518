"""MN-6, DV-8, API6: one person or nobody, and every miss looks the same."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import httpx
import pytest

from adapters.errors import PlannedUnavailable, SourceTimeout, Unavailable
from gateway.access import Access, Caller
from gateway.access.logins import Login, LoginLevel
from gateway.matching import MatchingService
from gateway.matching.schemas import StatedFacts
from gateway.problems import Problem
from tests.gateway.matching.conftest import HANAKO, MISSES, Register
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World

FACTS = {
    "shimei": "高橋花子",
    "shimei_kana": "タカハシ　ハナコ",
    "seinengappi": "1990-04-01",
    "seibetsu": "2",
    "jusho": "見本市みどり1-2-3",
}
OWN = "/v1/subjects/match"


async def match(http: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    facts = {name: fact for name, fact in {**FACTS, **changes}.items() if fact is not None}
    answer = await http.post(OWN, json=facts)
    assert answer.status_code == 200, answer.text
    return answer.json()


def no_match(missing: int = 0) -> dict[str, Any]:
    return {"outcome": "no-match", "subject": None, "facts_missing": missing}


async def test_one_resident_who_agrees_is_a_match(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """The handle is the consumer's own, and good for a question."""
    found = await match(http)
    assert found == {"outcome": "match", "subject": world.handles["ordinary"], "facts_missing": 0}
    (row,) = await world.audit()
    assert (row["function"], row["outcome"]) == ("subject-match", "match")
    assert row["subject_key"] is not None
    assert {"001P0006", "001P0009", "001P0019", "001P0020", "001P0040"} <= set(row["items_asked"])
    assert row["items_delivered"] == []


async def test_a_name_that_the_register_writes_otherwise_is_found_by_its_reading(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """Registers compare letter by letter; 高 and 髙 are one name all the same."""
    assert (await match(http))["outcome"] == "match"
    assert await match(http, shimei_kana=None) == no_match()
    assert (await match(http, shimei="髙橋　花子", shimei_kana=None))["outcome"] == "match"


@pytest.mark.parametrize("reading", ["ﾀｶﾊｼ ﾊﾅｺ", "たかはし　　はなこ", " タカハシ ハナコ"])
async def test_a_register_is_asked_in_the_form_of_the_standard(
    http: httpx.AsyncClient, register: Register, reading: str
) -> None:
    """Full width, katakana, one blank between the words."""
    assert (await match(http, shimei_kana=reading))["outcome"] == "match"


@pytest.mark.parametrize(
    ("stated", "missing"), [({"jusho": None}, 1), ({"jusho": None, "seibetsu": None}, 2)]
)
async def test_name_and_birth_date_alone_are_no_match(
    http: httpx.AsyncClient, register: Register, stated: dict[str, None], missing: int
) -> None:
    """MN-6: also where there is one such person only; nobody is even looked for."""
    assert await match(http, **stated) == no_match(missing)
    assert register.searches == []


async def test_two_who_agree_are_no_match_and_one_more_fact_may_decide(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """Twins in the data: how many facts are missing is told, never who it could be."""
    register.people.append(("R3", {**HANAKO, "seibetsu": "1"}))
    assert await match(http, seibetsu=None) == no_match(1)
    assert (await match(http))["subject"] == world.handles["ordinary"]
    register.people.append(("R4", dict(HANAKO)))
    assert await match(http) == no_match()


async def test_everybody_on_every_page_is_compared(
    http: httpx.AsyncClient, register: Register
) -> None:
    """A second one who agrees may stand on the last page; more pages than that are no match."""
    other = {**HANAKO, "jusho_choaza": "港町"}
    register.people = [("R1", HANAKO), *((f"X{n}", other) for n in range(4))]
    assert (await match(http))["outcome"] == "match"
    register.people.append(("R4", HANAKO))
    assert await match(http) == no_match()
    register.people = [("R1", HANAKO), *((f"X{n}", other) for n in range(20))]
    assert await match(http) == no_match()


async def test_every_miss_is_byte_for_byte_the_same(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """DV-8: nobody, somebody else, a protected person, an unlinked one, an unreadable record."""
    answers = set()
    for people, lost in (
        ([], 0),
        ([("R1", {**HANAKO, "jusho_choaza": "港町"})], 0),
        ([("R2", HANAKO)], 0),
        ([("R99", HANAKO)], 0),
        ([("R1", HANAKO)], 1),
    ):
        register.people, register.lost = people, lost
        answer = await http.post(OWN, json=FACTS)
        answers.add((answer.status_code, answer.content))
    assert answers == {(200, json.dumps(no_match(), separators=(",", ":")).encode())}
    protected = (await world.audit())[2]
    assert protected["subject_key"] is not None, "the officer sees that somebody looked"


async def test_where_nobodys_protection_is_known_nobody_is_looked_for(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """Flags that are too old: an outage, never a miss."""
    world.clock.advance(hours=1)
    answer = await http.post(OWN, json=FACTS)
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/register-unavailable")
    assert register.searches == []


@pytest.mark.parametrize(
    ("failure", "slug"),
    [
        (Unavailable("down"), "register-unavailable"),
        (SourceTimeout("late"), "register-unavailable"),
        (PlannedUnavailable("night", until=None), "systems-closed"),
        (
            PlannedUnavailable("night", until=dt.datetime(2099, 1, 1, tzinfo=dt.UTC)),
            "systems-closed",
        ),
    ],
)
async def test_a_register_that_does_not_answer_is_not_a_miss(
    http: httpx.AsyncClient, world: World, register: Register, failure: Any, slug: str
) -> None:
    """PA-1: a part that is down never looks like an empty one."""
    register.failure = failure
    answer = await http.post(OWN, json=FACTS)
    assert answer.status_code == 503
    assert answer.json()["type"].endswith(f"/{slug}")
    if failure.code == "planned-unavailable" and failure.until:
        assert int(answer.headers["retry-after"]) > 0
    (row,) = await world.audit()
    assert (row["outcome"], row["problem"]) == ("refused", slug)


async def test_guessing_is_throttled_and_told(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """API6: so many misses and no more, for right guesses too, until the hour is over."""
    for _ in range(MISSES):
        assert await match(http, shimei_kana="ワタナベ　ハナコ") == no_match()
    world.clock.advance(minutes=1)
    refused = await http.post(OWN, json=FACTS)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(59 * 60)
    (told,) = [said for _, event, said in world.log.lines if event == "too-many-misses"]
    assert (told["client_id"], told["count"]) == (CLIENT, MISSES)
    world.clock.advance(minutes=59, seconds=1)
    await world.protection.pull()
    assert (await match(http))["outcome"] == "match"


async def test_many_guesses_at_once_are_no_way_past_the_limit(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """API6: whatever is under way may be a miss; afterwards the hour runs as ever."""
    wrong = {**FACTS, "shimei_kana": "ワタナベ　ハナコ"}
    answers = await asyncio.gather(*(http.post(OWN, json=wrong) for _ in range(4 * MISSES)))
    passed = [a.status_code for a in answers].count(200)
    assert 1 <= passed <= MISSES
    assert {a.headers["retry-after"] for a in answers if a.status_code == 429} <= {"1", "3600"}
    # One that is recorded while it is under way counts twice for a moment.
    for _ in range(MISSES - passed):
        assert (await http.post(OWN, json=wrong)).status_code == 200
    assert (await http.post(OWN, json=FACTS)).status_code == 429
    world.clock.advance(hours=1, seconds=1)
    await world.protection.pull()
    assert (await match(http))["outcome"] == "match"


async def test_the_right_to_see_a_name_is_none_to_search_by_it(
    world: World, matching: MatchingService
) -> None:
    """PL-5: nobody is looked for, and the refusal is recorded."""
    stranger = Access(CLIENT, TOWN, "other", "t", "k")
    with pytest.raises(Problem) as refused:
        await matching.match(stranger, StatedFacts(**FACTS), Caller("f" * 32, "127.0.0.1"))
    assert refused.value.type.slug == "purpose-not-granted"
    assert [row["outcome"] for row in await world.audit()] == ["refused"]


async def test_a_token_of_one_citizen_finds_nobody_else(
    world: World, matching: MatchingService
) -> None:
    """AT-6: whoever has logged in is known already."""
    login = Login(world.handles["ordinary"], LoginLevel(2), world.clock.now())
    access = Access(CLIENT, TOWN, PURPOSE, "t", "k", login=login)
    with pytest.raises(Problem) as refused:
        await matching.match(access, StatedFacts(**FACTS), Caller("f" * 32, "127.0.0.1"))
    assert refused.value.type.slug == "login-other-subject"


@pytest.mark.parametrize(
    "body",
    [
        {"seinengappi": "1990-04-01"},
        {"shimei": "髙橋花子"},
        {**FACTS, "seinengappi": "1990-02-30"},
        {**FACTS, "atenabango": "1"},
        {**FACTS, "seibetsu": "9"},
        {**FACTS, "shimei": "あ" * 101},
        {**FACTS, "shimei": "\u200b\u3000"},
        {**FACTS, "jusho": " "},
    ],
)
async def test_what_cannot_be_searched_by_is_refused_without_an_echo(
    http: httpx.AsyncClient, world: World, register: Register, body: dict[str, str]
) -> None:
    """PL-8: minimum search keys; unknown keys are no keys. The refusal is recorded."""
    answer = await http.post(OWN, json=body)
    assert answer.status_code == 422
    assert "髙橋" not in answer.text
    assert [row["problem"] for row in await world.audit()] == ["invalid-body"]
    assert register.searches == []


async def test_nothing_of_what_was_stated_is_kept(
    http: httpx.AsyncClient, world: World, register: Register
) -> None:
    """Neither in the audit record nor in the log."""
    await match(http)
    await match(http, shimei_kana="ワタナベ　ハナコ")
    kept = json.dumps([await world.audit(), world.log.lines], ensure_ascii=False, default=str)
    for fact in ("花子", "ハナコ", "1990-04-01", "みどり"):
        assert fact not in kept
