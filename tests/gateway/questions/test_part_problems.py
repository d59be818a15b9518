"""PA-1: a part that is not there says why in a problem document of its own (RFC 9457)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest

from adapters.errors import PlannedUnavailable, Unavailable
from gateway.api.language import Language
from gateway.api.problems import ProblemRenderer
from gateway.clock import TOKYO
from gateway.problems import PROBLEM_TYPES
from gateway.questions.part_problems import PartProblems
from gateway.questions.parts import PartStatus
from gateway.questions.schemas import AnswerDocument
from tests.gateway.questions.conftest import NAME, PURPOSE, STATE, TAX, World
from tests.gateway.questions.scripted import failing
from tests.gateway.receipts.over_http import served

MEMBERS = {"type", "title", "status", "detail", "remedy", "instance", "trace_id"}


async def ask(world: World, *items: str, **headers: str) -> httpx.Response:
    """Ask over HTTP."""
    question = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": items}
    async with served(world) as http:
        return await http.post("/v1/questions", json=question, headers=headers)


def problems(answer: httpx.Response) -> list[Any]:
    """Return the problem of each part; None of one that has none."""
    AnswerDocument.model_validate(answer.json())
    return [part.get("problem") for part in answer.json()["parts"]]


@pytest.mark.parametrize("status", PartStatus)
def test_every_status_but_ok_has_a_kind_of_problem(status: PartStatus) -> None:
    """With an HTTP status that says whose fault it is: nobody's records are an error of theirs."""
    said = PartProblems(ProblemRenderer("https://gateway.test"), Language.JA, "a" * 32)
    document = said.document(status)
    if status is PartStatus.OK:
        assert document is None
        return
    assert document is not None
    assert set(document) == MEMBERS
    assert 400 <= document["status"] < 600
    of_source = {"unavailable", "unavailable-planned", "timeout", "stale", "lost-in-mapping"}
    assert (document["status"] >= 500) == (status.value in of_source)


async def test_parts_that_are_there_have_none_and_the_others_say_why(world: World) -> None:
    """The instance is that of the call, as in every problem document."""
    world.systems["tax"].script = failing(Unavailable("down"))
    answer = await ask(world, NAME, TAX, STATE)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "partial")
    first, tax, third = problems(answer)
    assert first is third is None
    assert set(tax) == MEMBERS
    assert tax["type"].endswith("/problems/part-unavailable")
    assert tax["title"] == PROBLEM_TYPES["part-unavailable"].title_ja
    assert tax["trace_id"] == answer.headers["x-trace-id"]
    assert tax["instance"].replace("-", "").endswith(tax["trace_id"])


async def test_whoever_prefers_english_reads_english(world: World) -> None:
    """As of refusals of the whole; caches are told that it depends on the wish."""
    world.systems["tax"].script = failing(Unavailable("down"))
    answer = await ask(world, TAX, NAME, **{"Accept-Language": "en"})
    (tax, _) = problems(answer)
    assert tax["title"] == PROBLEM_TYPES["part-unavailable"].title_en
    assert answer.headers["vary"] == "Accept-Language"


async def test_a_closed_system_says_when_it_opens(world: World) -> None:
    """In the words of the place, beside ``opens_at`` for programs."""
    opens = dt.datetime(2026, 10, 2, 8, 30, tzinfo=TOKYO)
    world.systems["tax"].script = failing(PlannedUnavailable("closed", until=opens))
    answer = await ask(world, TAX, NAME)
    (tax, _) = problems(answer)
    assert (tax["status"], tax["detail"]) == (503, "2026-10-02 08:30 に開く予定です。")
    assert answer.json()["parts"][0]["opens_at"] == opens.isoformat()
