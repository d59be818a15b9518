"""A question as of a day: what held then, or that nobody can tell; never today's value for it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from gateway.access import Access, Caller
from gateway.problems import Problem
from gateway.questions.parts import PartStatus
from gateway.questions.service import QuestionAnswer
from gateway.receipts.schemas import StatedItem, Verification
from gateway.receipts.service import render_verified
from standard_models.answers import Absence, AbsenceReason, Value
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, STATE, TAX, TOWN, World
from tests.gateway.questions.scripted import holding

DAY = dt.date(2026, 6, 9)
TODAY = dt.date(2026, 10, 1)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: the database has no part in this."""
    shutil.copy(sqlite_template, tmp_path / "hitotsu.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'hitotsu.db'}"


def statuses(answer: QuestionAnswer) -> list[PartStatus]:
    return [part.status for part in answer.parts]


async def test_a_system_with_history_is_asked_for_the_day_and_others_are_not_asked(
    world: World,
) -> None:
    """FO-7: every part is of the day, or says that it cannot be; the record names the day."""
    answer = await world.ask(NAME, TAX, STATE, as_of=DAY)
    assert statuses(answer) == [PartStatus.OK, PartStatus.NO_HISTORY, PartStatus.NO_HISTORY]
    assert answer.outcome == "partial"
    register, tax = answer.parts[0], answer.parts[1]
    assert register.provenance is not None
    assert register.provenance.reference_date == DAY
    assert dict(tax.absences) == {"nenzeigaku": Absence(AbsenceReason.NO_HISTORY)}
    assert {request.on for request in world.systems["resident"].requests} == {DAY, None}
    assert world.systems["tax"].requests == []
    (entry,) = await world.audit()
    assert entry["scope"] == {"reference_date": "2026-06-09"}


async def test_today_may_be_answered_with_what_holds_now(world: World) -> None:
    """A system whose own data is of today answers for today; one of yesterday does not."""
    answer = await world.ask(NAME, TAX, as_of=TODAY)
    assert statuses(answer) == [PartStatus.OK, PartStatus.OK]
    assert answer.parts[1].provenance is not None
    assert answer.parts[1].provenance.reference_date is None
    inner = holding(nenzeigaku=150000, kazeinendo="2026")

    async def of_yesterday(request: FetchRequest) -> FetchResult:
        found = (await inner(request)).groups
        return FetchResult(
            {
                ref: dataclasses.replace(g, as_of=g.as_of and g.as_of - dt.timedelta(days=1))
                for ref, g in found.items()
                if isinstance(g, GroupRecords)
            }
        )

    world.systems["tax"].script = of_yesterday
    late = await world.ask(TAX, as_of=TODAY)
    assert statuses(late) == [PartStatus.NO_HISTORY]
    assert late.parts[0].provenance is not None
    assert statuses(await world.ask(TAX)) == [PartStatus.OK]


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2019-12-31", PartStatus.NO_HISTORY),
        ("2020-01-01", PartStatus.OK),
        ("2026-11-30", PartStatus.OK),
        ("2026-12-01", PartStatus.NO_HISTORY),
    ],
    ids=["before-its-history", "first-day", "as-far-as-plans-go", "beyond"],
)
async def test_the_history_has_two_ends(world: World, day: str, status: PartStatus) -> None:
    """From its first day to sixty days ahead, both included."""
    answer = await world.ask(NAME, as_of=dt.date.fromisoformat(day))
    assert statuses(answer) == [status]


async def test_an_old_address_is_an_address(world: World) -> None:
    """DV-1: protection is that of today, whatever the day that is asked for."""
    answer = await world.ask(NAME, BLOCK, who="protected", as_of=DAY)
    assert answer.parts[0].records[0]["jusho_choaza"] == Absence(AbsenceReason.ASK_OFFICE)
    assert answer.parts[0].records[0]["shimei"] == Value("見本　花子")


async def test_a_statement_is_of_no_day(world: World) -> None:
    """What a person stated cannot be preferred for a day."""
    with pytest.raises(Problem) as caught:
        await world.ask(NAME, as_of=DAY, prefer_stated=["001.juminkihonjoho"])
    assert [error.pointer for error in caught.value.errors] == ["/prefer_stated"]


async def test_a_required_part_without_history_is_refused(world: World) -> None:
    """PA-4: whoever cannot do without it does not get a part of the answer."""
    with pytest.raises(Problem) as caught:
        await world.ask(NAME, TAX, as_of=DAY, require=["010.kazeikihonjoho"])
    assert caught.value.type.slug == "required-part-unavailable"


async def test_the_receipt_says_of_which_day_a_value_is(world: World) -> None:
    """A value of June does not come back as one of today."""
    rooms: Any = world.questions._rooms
    for day, told in ((DAY, {"reference_date": "2026-06-09"}), (None, {})):
        answer = await world.ask(NAME, as_of=day)
        assert answer.receipt is not None
        asked = Verification(
            receipt=answer.receipt,
            subject=world.handles["ordinary"],
            items=[StatedItem(item=NAME, value="見本　花子")],
        )
        access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
        found = render_verified(await rooms.receipts.verify(access, asked, Caller("f" * 32, "")))
        (item,) = found["items"]
        assert item["verdict"] == "unchanged"
        assert {k: v for k, v in item.items() if k == "reference_date"} == told
