"""R21: what is more than can be done is turned away at once, before anything is done for it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from gateway.api.admission import FEW, LATE_S, LONGEST_S, LOOK_S, Admission
from gateway.api.application import ApiOptions, build_api
from gateway.api.bodies import json_response
from gateway.metrics import Metrics
from gateway.problems import Problem
from tests.doubles import RecordingLog

URL = "https://gateway.test"
PASSING = {"content-length", "content-type", "x-trace-id"}
OVERLOADED = f"{URL}/problems/overloaded"


class Town:
    """A gateway whose operations answer when they are let go."""

    def __init__(self, admission: Admission, log: RecordingLog) -> None:
        self.asked = 0
        self.let_go = asyncio.Event()
        self.metrics = Metrics()
        router = APIRouter()

        async def question(_request: Request) -> Response:
            with admission.place():
                return await self._answer()

        async def other(_request: Request) -> Response:
            return await self._answer()

        async def token(_request: Request, *, scope: str = "") -> Response:
            return await self._answer()

        router.post("/v1/questions")(question)
        router.post("/v1/other")(other)
        router.post("/oauth/token")(token)
        app = build_api(
            ApiOptions(URL, "1", admission=admission),
            routers=[router],
            log=log,
            metrics=self.metrics,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)

    async def _answer(self) -> Response:
        self.asked += 1
        await self.let_go.wait()
        return json_response({"ok": True})

    async def waiting(self, path: str, count: int) -> list[asyncio.Task[httpx.Response]]:
        """Return so many calls that are being worked on."""
        before = self.asked
        calls = [asyncio.create_task(self.http.post(path)) for _ in range(count)]
        while self.asked < before + count:  # noqa: ASYNC110 - each is a turn of the loop
            await asyncio.sleep(0)
        return calls


@pytest.fixture
def admission() -> Admission:
    """Return one of three places, at a time that stands still."""
    return Admission(3, now=lambda: 0.0)


@pytest.fixture
def town(admission: Admission, event_log: RecordingLog) -> Town:
    """Return a gateway behind it."""
    return Town(admission, event_log)


@pytest.mark.parametrize(
    ("wish", "language", "title"),
    [("", "ja", "混み合っています"), ("en-GB, ja;q=0.5", "en", "Too busy")],
)
async def test_a_question_without_a_place_is_turned_away_as_by_every_other_refusal(
    town: Town, wish: str, language: str, title: str
) -> None:
    """Problem document, both languages, security headers, trace of the caller; nothing is done."""
    asked = await town.waiting("/v1/questions", 3)
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"Accept-Language": wish, "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    away = await town.http.post("/v1/questions", headers=headers, json={"subject": "somebody"})
    assert (away.status_code, town.asked) == (503, 3)
    problem = away.json()
    assert (problem["type"], problem["title"], problem["trace_id"]) == (OVERLOADED, title, trace)
    assert away.headers["retry-after"] in {"1", "2"}
    assert away.headers["content-type"] == "application/problem+json"
    assert away.headers["content-language"] == language
    assert away.headers["x-trace-id"] == trace
    town.let_go.set()
    served = [await call for call in asked]
    assert [answer.status_code for answer in served] == [200] * 3
    common = [name for name in served[0].headers if name not in PASSING]
    assert len(common) > 4
    assert {n: away.headers[n] for n in common} == {n: served[0].headers[n] for n in common}
    assert (await town.http.post("/v1/questions")).status_code == 200


async def test_other_operations_are_not_turned_away_for_want_of_places(town: Town) -> None:
    """A token can be had while every place for a question is taken."""
    asked = await town.waiting("/v1/questions", 3)
    others = await town.waiting("/v1/other", 1)
    town.let_go.set()
    assert {(await call).status_code for call in (*asked, *others)} == {200}


@pytest.mark.parametrize("path", ["/v1/questions", "/v1/other", "/oauth/token"])
async def test_where_the_processor_cannot_follow_nobody_else_is_let_in(
    town: Town, admission: Admission, path: str
) -> None:
    """Whatever is asked for; until tasks get their turn in time again."""
    asked = await town.waiting("/v1/other", FEW)
    admission.noticed_late(LATE_S * 1.01)
    away = await town.http.post(path)
    assert (away.status_code, away.json()["type"]) == (503, OVERLOADED)
    admission.noticed_late(LATE_S)
    asked += await town.waiting(path, 1)
    town.let_go.set()
    assert {(await call).status_code for call in asked} == {200}


async def test_a_few_calls_are_let_in_however_late_it_is(town: Town, admission: Admission) -> None:
    """One long task alone turns nobody away."""
    admission.noticed_late(60.0)
    asked = await town.waiting("/v1/other", FEW)
    assert (await town.http.post("/v1/other")).status_code == 503
    town.let_go.set()
    assert {(await call).status_code for call in asked} == {200}


async def test_it_is_seen_that_tasks_get_their_turn_late() -> None:
    """By a task that wants its turn again and again."""
    time_s = 0.0
    admission = Admission(now=lambda: time_s)
    watching = asyncio.create_task(admission.watch())

    def hurried() -> bool:
        return admission.hurried

    with ExitStack() as calls:
        for _ in range(FEW):
            calls.enter_context(admission.working())
        await asyncio.sleep(0)
        assert not hurried()
        time_s = LOOK_S + LATE_S * 1.01
        while not hurried():  # noqa: ASYNC110 - each is a turn of the loop
            await asyncio.sleep(0)
    assert not hurried()
    watching.cancel()


def test_whoever_is_turned_away_is_told_to_come_when_places_are_free_again() -> None:
    """As long as places are held, up to twice of it by chance; never longer than half a minute."""
    time_s = 0.0
    admission = Admission(1, now=lambda: time_s)
    for held_s, told in ((4.0, range(4, 9)), (100.0, range(15, LONGEST_S + 1))):
        for _ in range(200):
            with admission.place():
                time_s += held_s
        said = {admission.retry_after_s() for _ in range(400)}
        assert said <= set(told)
        assert len(said) > 2
    with admission.place(), pytest.raises(Problem) as caught, admission.place():
        pytest.fail("there was no place left")
    assert int(caught.value.headers["Retry-After"]) in range(15, LONGEST_S + 1)


async def test_those_who_were_turned_away_are_counted_and_told_of_together(
    town: Town, event_log: RecordingLog
) -> None:
    """A flood does not fill the log."""
    asked = await town.waiting("/v1/questions", 3)
    for _ in range(5):
        assert (await town.http.post("/v1/questions")).status_code == 503
    told = [fields for _, event, fields in event_log.lines if event == "turned-away"]
    assert told == [{"count": 1}]
    assert not [1 for _, event, _ in event_log.lines if event == "request"]
    town.let_go.set()
    await asyncio.gather(*asked)
    counted = 'hitotsu_http_requests_total{method="POST",route="/v1/questions",status="503"} 5.0'
    assert counted in town.metrics.render().decode()
    assert "hitotsu_http_requests_in_flight 0.0" in town.metrics.render().decode()
