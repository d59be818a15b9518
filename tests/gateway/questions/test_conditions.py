"""How old an answer may be, which parts it must have, and what is said at night."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from adapters.errors import AdapterError, PlannedUnavailable, SourceTimeout, Unavailable
from gateway.api.admission import Admission
from gateway.clock import TOKYO
from gateway.problems import Problem
from gateway.questions.parts import PartStatus
from gateway.questions.service import QuestionService
from standard_models.answers import Absence, AbsenceReason
from tests.gateway.questions.conftest import BLOCK, NAME, STATE, TAX, World
from tests.gateway.questions.scripted import failing, knowing_nobody

RESIDENT, TAXES, WELFARE = "001.juminkihonjoho", "010.kazeikihonjoho", "027.jukyushikakujoho"
OPENS = dt.datetime(2026, 10, 2, 6, 0, tzinfo=TOKYO)
"""The clock stands at 10:00 of the day before; the systems claim their data to be of 9:15."""


async def refused(world: World, *items: str, **conditions: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await world.ask(*items, **conditions)
    return caught.value


@pytest.mark.parametrize(
    ("max_age", "status"),
    [
        (None, PartStatus.OK),
        (2_700, PartStatus.OK),
        (2_699, PartStatus.STALE),
        (0, PartStatus.STALE),
    ],
)
async def test_what_is_older_than_allowed_says_so_instead_of_its_values(
    world: World, max_age: int | None, status: PartStatus
) -> None:
    """FR-2: to the second, counted from what the source itself claims."""
    answer = await world.ask(NAME, max_age=max_age)
    (found,) = answer.parts
    assert found.status is status
    assert found.provenance is not None
    assert found.provenance.stale is (status is PartStatus.STALE)
    if status is PartStatus.STALE:
        assert not found.records
        assert found.absences == {"shimei": Absence(AbsenceReason.STALE)}
        assert answer.outcome == "none"


def lag(world: World, adapter: str) -> list[str]:
    """Return what the figures say of how far an adapter's data is behind."""
    begin = f'hitotsu_source_lag_seconds{{adapter="scripted-{adapter}"}} '
    lines = world.metrics.render().decode().splitlines()
    return [line.removeprefix(begin) for line in lines if line.startswith(begin)]


async def test_how_far_a_system_is_behind_is_a_figure(world: World) -> None:
    """FR-3: by its own claim, of 9:15; a system that failed, or claims nothing, has none."""
    world.systems["tax"].script = failing(Unavailable("down"))
    await world.ask(NAME, TAX)
    assert (lag(world, "resident"), lag(world, "tax")) == (["2700.0"], [])
    world.clock.advance(minutes=5)
    await world.ask(NAME, who="protected")
    assert lag(world, "resident") == ["3000.0"]


async def test_what_is_too_old_looks_alike_for_a_protected_person(world: World) -> None:
    """DV-8: neither shape nor reason tells that there is a measure."""
    one = await world.ask(NAME, BLOCK, max_age=0)
    other = await world.ask(NAME, BLOCK, max_age=0, who="protected")
    assert [p.absences for p in one.parts] == [p.absences for p in other.parts]


async def test_that_nobody_is_recorded_grows_old_too(world: World) -> None:
    """Yesterday's "not recorded" is no answer for today."""
    world.systems["resident"].script = knowing_nobody()
    (found,) = (await world.ask(NAME, max_age=60)).parts
    assert found.absences == {"shimei": Absence(AbsenceReason.STALE)}


async def test_a_required_group_is_one_that_is_asked(world: World) -> None:
    """PA-4: each wrong one is pointed at, before any system is asked."""
    problem = await refused(world, NAME, require=[RESIDENT, TAXES, "999.nashi"])
    assert problem.type.slug == "invalid-body"
    assert [error.pointer for error in problem.errors] == ["/require/1", "/require/2"]
    assert world.systems["resident"].requests == []


@pytest.mark.parametrize(
    ("error", "slug", "status"),
    [
        (Unavailable("down"), "required-part-unavailable", 503),
        (SourceTimeout("late"), "required-part-late", 504),
    ],
)
async def test_without_a_required_part_there_is_no_partial_answer(
    world: World, error: AdapterError, slug: str, status: int
) -> None:
    """PA-4: and the refusal is recorded with what became of each part."""
    world.systems["tax"].script = failing(error)
    problem = await refused(world, NAME, TAX, require=[RESIDENT, TAXES])
    assert (problem.type.slug, problem.type.status) == (slug, status)
    assert [found.pointer for found in problem.errors] == ["/require/1"]
    assert "Retry-After" not in problem.headers
    last = (await world.audit())[-1]
    assert (last["outcome"], last["problem"], last["items_delivered"]) == ("refused", slug, [])
    assert last["part_statuses"][RESIDENT] == "ok"


async def test_that_a_required_system_knows_no_record_is_an_answer(world: World) -> None:
    """PA-3: an empty part is not a missing one."""
    world.systems["tax"].script = knowing_nobody()
    answer = await world.ask(NAME, TAX, require=[TAXES])
    assert answer.outcome == "complete"


async def test_a_required_part_that_is_closed_says_when_to_come_again(world: World) -> None:
    """NW-2: to the second."""
    world.systems["welfare"].script = failing(PlannedUnavailable("night", until=OPENS))
    problem = await refused(world, NAME, STATE, require=[WELFARE])
    assert problem.type.slug == "required-part-unavailable"
    assert problem.headers == {"Retry-After": str(20 * 3600)}
    assert problem.extensions == {"opens_at": "2026-10-02T06:00:00+09:00"}


async def test_when_every_system_asked_is_closed_the_question_is_for_later(world: World) -> None:
    """NW-2: 503 until the last of them opens; recorded as refused."""
    world.systems["welfare"].script = failing(PlannedUnavailable("night", until=OPENS))
    later = OPENS + dt.timedelta(minutes=30)
    world.systems["tax"].script = failing(PlannedUnavailable("night", until=later))
    problem = await refused(world, TAX, STATE)
    assert (problem.type.slug, problem.type.status) == ("systems-closed", 503)
    assert problem.headers == {"Retry-After": str(20 * 3600 + 1800)}
    assert (await world.audit())[-1]["problem"] == "systems-closed"


async def test_nothing_is_promised_where_a_system_does_not_say_when_it_opens(world: World) -> None:
    """A wrong Retry-After is worse than none."""
    world.systems["welfare"].script = failing(PlannedUnavailable("night", until=None))
    assert (await refused(world, STATE)).headers == {}


async def test_too_many_questions_at_once_are_turned_away_before_any_work(world: World) -> None:
    """R21: whoever was let in is served; a place that is free again is given away again."""
    service = QuestionService(world.questions._rooms, deadline_s=1.0, admission=Admission(1))
    with service.place():
        with pytest.raises(Problem) as caught, service.place():
            pytest.fail("there was no place left")
        assert caught.value.type.slug == "overloaded"
        assert caught.value.headers["Retry-After"] in {"1", "2"}
    with service.place():
        pass
