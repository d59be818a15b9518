"""API4: whoever asks without measure waits; nobody else notices, and no disk fills."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from gateway.access.quotas import Rates
from gateway.access.schemas import ASSERTION_TYPE
from gateway.audit import NO_MUNICIPALITY
from gateway.audit.refusals import ROWS
from gateway.settings import MOST_PER_MINUTE
from gateway.store.tables import AuditRow
from tests.redteam.siege import CLIENT, OTHER_CLIENT, OTHER_TOWN, TOWN, Siege
from tests.redteam.siege_rooms import ISSUER
from tests.redteam.test_forged_tokens import FORGERIES, call_with

ASK = "/v1/questions"
ENOUGH = 5
"""Calls in a minute, where a story is about more."""
FLOOD = ROWS + 150
PROTECTING = frozenset({"/v1/submissions/withdraw", "/v1/consents/withdraw", "/v1/evidence/revoke"})


class StandingTime:
    """Time that passes when a story says so."""

    def __init__(self) -> None:
        self.now_ns = 10**15

    def pass_s(self, seconds: int) -> None:
        """Let so many seconds pass."""
        self.now_ns += seconds * 10**9


@pytest.fixture
def time(siege: Siege) -> StandingTime:
    """Let the quotas count in a time that stands still."""
    standing = StandingTime()
    siege.world.quotas.now_ns = lambda: standing.now_ns
    return standing


def allow(siege: Siege, consumer: int = MOST_PER_MINUTE, subject: int = MOST_PER_MINUTE) -> None:
    """Let a consumer make so many calls a minute, in all and about one person."""
    siege.world.quotas.rates = Rates(consumer, subject)


def calls(siege: Siege) -> Iterator[tuple[str, str, Any]]:
    """Yield every operation that a consumer calls with a token, to ask something."""
    subject = siege.handle()
    for (method, path), body in siege.bodies(subject).items():
        if path not in PROTECTING:
            yield method, path, body
    yield "GET", f"/v1/subjects/{subject}/accesses", None


async def ask(siege: Siege, subject: str | None = None, **who: str) -> httpx.Response:
    """Ask a question."""
    body = siege.bodies(subject or siege.handle(**who))["POST", ASK]
    return await siege.call("POST", ASK, body, **who)


async def told(siege: Siege) -> Counter[tuple[str | None, str]]:
    """Return how many refusals the record tells of, by consumer and problem."""
    await siege.world.questions._rooms.audit.store_refusals()
    found: Counter[tuple[str | None, str]] = Counter()
    async with siege.world.store.session() as session:
        for row in await session.scalars(select(AuditRow).where(AuditRow.outcome == "refused")):
            found[row.client_id, json.loads(row.entry)["problem"]] += row.occurrences
    return found


async def rows(siege: Siege) -> int:
    async with siege.world.store.session() as session:
        return await session.scalar(select(func.count()).select_from(AuditRow)) or 0


def comparable(answer: httpx.Response) -> tuple[Any, ...]:
    """Return what an answer says, but for its trace and nonce."""
    said = {k: v for k, v in answer.json().items() if k not in {"instance", "trace_id"}}
    kept = {"content-type", "retry-after", "content-language", "cache-control"}
    headers = {k: v for k, v in answer.headers.items() if k in kept}
    return answer.status_code, said, headers


async def test_a_flood_of_forged_tokens_writes_few_rows_and_none_is_lost(siege: Siege) -> None:
    """AU-1: as many refusals as calls stand in the record, in a bounded number of rows."""
    await ask(siege)  # for a nonce
    before = await rows(siege)
    forged = FORGERIES["own key"](await siege.token())
    for _ in range(FLOOD):
        assert (await call_with(siege, forged)).status_code == 401
    assert await rows(siege) == before + ROWS
    assert await told(siege) == {(None, "token-invalid"): FLOOD}
    assert await rows(siege) == before + ROWS + 1


async def test_a_flood_at_the_token_endpoint_writes_few_rows_and_none_is_lost(
    siege: Siege,
) -> None:
    """Forms that are none, consumers that are none, assertions of another key."""
    before = await rows(siege)
    forged = FORGERIES["own key"](siege.assertion())
    for number in range(FLOOD):
        if number % 3 == 0:
            answer = await siege.http.post("/oauth/token", data={"grant_type": "x"})
        else:
            assertion = forged if number % 3 == 1 else siege.assertion(sub=f"c{number}")
            answer = await siege.ask_token(assertion=assertion)
        assert answer.status_code in {400, 401}
    found = await told(siege)
    assert sum(found.values()) == FLOOD
    assert before + ROWS < await rows(siege) <= before + ROWS + 3


async def test_whoever_asks_too_much_waits_and_nobody_else_does(
    siege: Siege, time: StandingTime
) -> None:
    """429 with the true time to wait; other consumers, and the same one elsewhere, are served."""
    allow(siege, consumer=ENOUGH)
    assert [(await ask(siege)).status_code for _ in range(ENOUGH)] == [200] * ENOUGH
    refused = await ask(siege)
    assert refused.status_code == 429
    assert refused.json()["type"] == f"{ISSUER}/problems/quota-exceeded"
    assert refused.json()["quota"] == "consumer"
    assert (await ask(siege, client=OTHER_CLIENT)).status_code == 200
    assert (await ask(siege, town=OTHER_TOWN)).status_code == 200
    wait_s = int(refused.headers["retry-after"])
    assert wait_s == 60 // ENOUGH
    time.pass_s(wait_s - 1)
    assert (await ask(siege)).status_code == 429
    time.pass_s(1)
    assert (await ask(siege)).status_code == 200
    assert (await ask(siege)).status_code == 429


async def test_every_operation_that_asks_something_counts(siege: Siege, time: StandingTime) -> None:
    """None of them is a way past the others, whatever it would have answered."""
    for method, path, body in calls(siege):
        allow(siege, consumer=1)
        time.pass_s(60)
        headers = {"Idempotency-Key": "0123456789"}
        first = await siege.call(method, path, body, headers=headers)
        assert first.status_code != 429, path
        answer = await siege.call(method, path, body, headers=headers)
        assert (answer.status_code, answer.json().get("quota")) == (429, "consumer"), path
        again = await ask(siege)
        assert again.status_code == 429, path


async def test_what_asks_about_one_person_counts_with_all_that_does(
    siege: Siege, time: StandingTime
) -> None:
    """One person again and again, by whichever operation; others of the town meanwhile."""
    allow(siege, subject=ENOUGH)
    about = [c for c in calls(siege) if c[1] not in {"/v1/explain", "/v1/subjects/match"}]
    for method, path, body in about:
        time.pass_s(60)
        assert [(await ask(siege)).status_code for _ in range(ENOUGH)] == [200] * ENOUGH
        answer = await siege.call(method, path, body, headers={"Idempotency-Key": "0123456789"})
        assert (answer.status_code, answer.json().get("quota")) == (429, "subject"), path
        assert answer.headers["retry-after"] == str(60 // ENOUGH)
    assert (await ask(siege, siege.handle("newcomer"))).status_code == 200
    own = siege.handle(client=OTHER_CLIENT)
    assert (await ask(siege, own, client=OTHER_CLIENT)).status_code == 200


@pytest.mark.usefixtures("time")
async def test_who_must_wait_learns_nothing_of_the_person(siege: Siege) -> None:
    """DV-8: protected, ordinary, of another consumer, of nobody: the same count, the same answer.

    No system is asked, and it is the same for who may ask nothing at all.
    """
    allow(siege, subject=ENOUGH)
    unknown = (f"h1-{0:043}", "x", siege.handle(client=OTHER_CLIENT))
    answers = []
    for subject in (siege.handle(), siege.handle("protected"), *unknown):
        for _ in range(ENOUGH):
            assert (await ask(siege, subject)).status_code in {200, 404}
        asked = {name: len(s.requests) for name, s in siege.world.systems.items()}
        answers.append(comparable(await ask(siege, subject)))
        item = "001.juminkihonjoho.kojimbango"
        body = siege.bodies(subject)["POST", ASK] | {"items": [item]}
        answers.append(comparable(await siege.call("POST", ASK, body)))
        assert {name: len(s.requests) for name, s in siege.world.systems.items()} == asked
    assert answers[0][0] == 429
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.usefixtures("time")
async def test_to_ask_too_much_keeps_nobody_from_taking_back(siege: Siege) -> None:
    """Withdrawals, revocations and what must be erased are counted by themselves."""
    allow(siege, consumer=ENOUGH, subject=1)
    while (await ask(siege)).status_code != 429:
        pass
    bodies = siege.bodies(siege.handle())
    for path in sorted(PROTECTING):
        assert (await siege.call("POST", path, bodies["POST", path])).status_code == 404, path
    assert (await siege.call("GET", "/v1/events")).status_code == 200
    assert (await siege.call("POST", f"/v1/events/{'0' * 32}/acknowledge")).status_code == 404
    assert (await siege.call("GET", "/v1/events")).status_code == 429


async def test_tokens_without_measure_wait_whatever_they_are_for(
    siege: Siege, time: StandingTime
) -> None:
    """Counted by the consumer alone, apart from questions: a new purpose or town is no way past."""
    allow(siege, consumer=ENOUGH)
    towns = (TOWN, OTHER_TOWN, *["x" * n for n in range(1, ENOUGH)])
    for town in towns:
        await siege.ask_token(town=town)
    refused = await siege.ask_token()
    assert (refused.status_code, refused.json()["quota"]) == (429, "consumer")
    assert refused.json()["error"] == "temporarily_unavailable"
    assert refused.headers["retry-after"] == str(60 // ENOUGH)
    assert (await siege.ask_token(CLIENT)).status_code == 429
    assert (await siege.ask_token(OTHER_CLIENT)).status_code == 200
    assert (await told(siege))[CLIENT, "quota-exceeded"] == len(towns) - ENOUGH + 2
    async with siege.world.store.session() as session:
        refusals = await session.scalars(select(AuditRow).where(AuditRow.outcome == "refused"))
        said = [json.loads(row.entry) for row in refusals]
    over = [entry for entry in said if entry["problem"] == "quota-exceeded"]
    assert {entry["municipality"] for entry in over} == {NO_MUNICIPALITY}, "its own words"
    assert not any(entry.get("purpose") for entry in over)
    time.pass_s(60 // ENOUGH)
    assert (await siege.ask_token()).status_code == 200


@pytest.mark.usefixtures("time")
async def test_too_many_tokens_keep_nobody_from_asking_or_giving_back(siege: Siege) -> None:
    """The tokens that a consumer has are good, and can be given back."""
    token = await siege.token()
    allow(siege, consumer=ENOUGH)
    while (await siege.ask_token()).status_code != 429:
        pass
    assert (await ask(siege)).status_code == 200

    async def give_back() -> int:
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": siege.assertion()}
        return (await siege.http.post("/oauth/revoke", data=form | {"token": token})).status_code

    assert [await give_back() for _ in range(ENOUGH + 1)] == [*[200] * ENOUGH, 429]


@pytest.mark.usefixtures("time")
async def test_an_assertion_of_another_key_uses_up_no_token(siege: Siege) -> None:
    """Nobody can keep a consumer from its tokens by speaking in its name."""
    allow(siege, consumer=1)
    forged = FORGERIES["own key"](siege.assertion())
    for _ in range(ENOUGH):
        assert (await siege.ask_token(assertion=forged)).status_code == 401
    assert (await siege.ask_token()).status_code == 200


@pytest.mark.usefixtures("time")
async def test_a_thief_uses_up_nothing(siege: Siege) -> None:
    """A stolen token without its key costs its owner no call."""
    allow(siege, consumer=ENOUGH)
    await ask(siege)
    token = await siege.token()
    for _ in range(3 * ENOUGH):
        assert (await call_with(siege, token, htm="GET")).status_code == 401
    assert [(await ask(siege)).status_code for _ in range(ENOUGH)] == [*[200] * (ENOUGH - 1), 429]


@pytest.mark.usefixtures("time")
async def test_an_operator_gives_one_consumer_more(siege: Siege) -> None:
    """By its id; the others keep what all have."""
    siege.world.quotas.rates = Rates(1, MOST_PER_MINUTE, {CLIENT: 3})
    assert [(await ask(siege)).status_code for _ in range(4)] == [200, 200, 200, 429]
    second = [(await ask(siege, client=OTHER_CLIENT)).status_code for _ in range(2)]
    assert second == [200, 429]


async def test_whoever_has_to_wait_is_recorded_in_few_rows_and_told_once(
    siege: Siege, time: StandingTime
) -> None:
    """As many refusals as calls; the officer on duty reads one line a minute, not one a call."""
    allow(siege, consumer=1)
    await ask(siege)
    before = await rows(siege)
    for _ in range(FLOOD):
        assert (await ask(siege)).status_code == 429
    assert await told(siege) == {(CLIENT, "quota-exceeded"): FLOOD}
    assert await rows(siege) == before + ROWS + 1
    line = {"municipality": TOWN, "client_id": CLIENT, "count": 1}
    lines = [said for said in siege.world.log.lines if said[1] == "quota-exceeded"]
    assert lines == [("error", "quota-exceeded", line)]
    time.pass_s(60)
    await ask(siege)
    await ask(siege)
    lines = [said for said in siege.world.log.lines if said[1] == "quota-exceeded"]
    assert lines[1:] == [("error", "quota-exceeded", line | {"count": FLOOD})]
