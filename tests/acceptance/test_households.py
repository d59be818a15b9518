"""Households of the demo town, over real HTTP, in the real registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from gateway.access import Relation
from tests.acceptance.town_under_test import EXAMINER, Examiner, Town, examiner, grant_terms

pytestmark = [pytest.mark.town, pytest.mark.timeout(300)]

PERSON = "001.juminkihonjoho"
NAME, BLOCK = f"{PERSON}.shimei", f"{PERSON}.jusho_choaza"
LOT, BIRTH = f"{PERSON}.jusho_banchigohyoki", f"{PERSON}.seinengappi"
TAX = "010.kazeikihonjoho.kazeinendo"
RELATIONSHIP = [f"001.setaiinjoho.setaiin_tsuzukigara{n}" for n in range(1, 5)]
PEOPLE = ("victim", "child", "ex", "two_children", "leaving", "dead", "provisional_move",
          "allowance_paid", "moved_out", "foreign_alias", "day_unknown")  # fmt: skip
DEPENDANT = [f"010.fuyoshinzokujoho.{field}" for field in ("fuyokubun", "bekkyokubun")]
INSURED = [f"024.fukameisaijoho.{field}" for field in ("setaiin_kubun", "setaiin_tsukisu")]
BEFORE, SPLIT = "2026-06-09", "2026-06-10"


@asynccontextmanager
async def asking(town: Town) -> AsyncIterator[Examiner]:
    """Yield the examiner with a grant of households by the bases of the town's systems, and one."""
    people = town.people()
    folder = town.folder / "gateway"
    numbers = [people[who]["resident"] for who in PEOPLE]
    items = [NAME, BLOCK, LOT, BIRTH, TAX, *RELATIONSHIP, *DEPENDANT, *INSURED]
    async with examiner(folder, town.gateway_url, numbers) as asker:
        await grant_terms(
            folder,
            items=items,
            relation=Relation.HOUSEHOLD,
            bases=("register", "allowance", "tax", "nhi", "insurance"),
        )
        yield asker


def question(town: Town, asker: Examiner, who: str, *items: str, **more: Any) -> dict[str, Any]:
    """Return the body of a question of everybody of somebody's household."""
    return {
        "subject": asker.handles[town.people()[who]["resident"]],
        "purpose": EXAMINER,
        "items": list(items or (NAME, BLOCK, LOT)),
        "relation": {"kind": "household"},
        **more,
    }


def values(member: dict[str, Any], field: str) -> list[Any]:
    """Return what the records of a member say of a field."""
    return [
        record[field].get("value")
        for part in member["parts"]
        for record in part["records"]
        if field in record
    ]


async def test_a_family_is_answered_for_member_by_member(town: Town) -> None:
    """Handles, relationships, parts of three systems, by the true members of the register."""
    async with asking(town) as asker:
        body = question(town, asker, "two_children", NAME, TAX, *RELATIONSHIP)
        answer = await asker.call("POST", "/v1/questions", body)
        children = await asker.call(
            "POST", "/v1/questions",
            question(town, asker, "two_children", NAME,
                     relation={"kind": "household", "age": {"at_most": 17}}),
        )  # fmt: skip
    household = answer["household"]
    assert (household["basis"], household["size"], household["status"]) == ("register", 4, "ok")
    assert [m["relationship"] for m in answer["members"]] == ["世帯主", "妻", "子", "子"]
    assert [values(m, "shimei") for m in answer["members"]] == [
        ["佐藤　誠"], ["佐藤　由美子"], ["佐藤　陽翔"], ["佐藤　さくら"],
    ]  # fmt: skip
    assert len({m["subject"] for m in answer["members"]}) == 4
    assert [values(m, "kazeinendo") for m in answer["members"]] == [["2026"], ["2026"], [], []]
    assert [values(m, "shimei") for m in children["members"]] == [["佐藤　陽翔"], ["佐藤　さくら"]]
    assert children["household"]["size"] == 4


async def test_another_basis_is_another_list(town: Town) -> None:
    """児童手当: the claimant and the children, from the welfare system; the wife is none of them.

    The list names the children by their 宛名番号, as the manifest of the adapter says.
    """
    async with asking(town) as asker:
        body = question(town, asker, "allowance_paid", NAME,
                        relation={"kind": "household", "basis": "allowance"})  # fmt: skip
        answer = await asker.call("POST", "/v1/questions", body)
    assert answer["household"]["provenance"]["adapter"] == "reference-welfare"
    assert answer["household"]["size"] == 4
    given = {name.partition("　")[2] for m in answer["members"] for name in values(m, "shimei")}
    assert given == {"誠", "健太", "凛", "樹"}


async def test_the_dependants_of_a_taxpayer_are_a_household_of_the_tax_office(town: Town) -> None:
    """扶養: who supports and whom, from the tax system; the wife, who pays her own, is none.

    A child, whom no list begins with, has no such household.
    """
    basis = {"kind": "household", "basis": "tax"}
    async with asking(town) as asker:
        body = question(town, asker, "two_children", NAME, *DEPENDANT, relation=basis)
        answer = await asker.call("POST", "/v1/questions", body)
        nobody = await asker.call(
            "POST", "/v1/questions", question(town, asker, "child", NAME, relation=basis)
        )
    household = answer["household"]
    provenance = household["provenance"]
    assert (household["basis"], household["size"], household["status"]) == ("tax", 3, "ok")
    assert (provenance["adapter"], provenance["method"]) == ("reference-tax", "live")
    assert provenance["as_of"] == "2026-10-01T09:15:00+09:00"
    told = {values(m, "shimei")[0]: values(m, "fuyokubun") for m in answer["members"]}
    assert told == {"佐藤　誠": [], "佐藤　陽翔": ["15"], "佐藤　さくら": ["15"]}
    assert sorted(values(m, "bekkyokubun") for m in answer["members"]) == [[], ["0"], ["0"]]
    assert (nobody["household"]["status"], nobody["members"]) == ("not-found", [])


async def test_the_household_of_health_insurance_counts_who_only_owes_the_levy(town: Town) -> None:
    """国保: the head is insured at work (擬制世帯主), and is of the household all the same."""
    async with asking(town) as asker:
        body = question(town, asker, "day_unknown", NAME, *INSURED,
                        relation={"kind": "household", "basis": "nhi"})  # fmt: skip
        answer = await asker.call("POST", "/v1/questions", body)
    household = answer["household"]
    assert (household["basis"], household["size"]) == ("nhi", 3)
    assert household["provenance"]["adapter"] == "reference-welfare"
    assert household["provenance"]["as_of"] == "2026-10-01T09:10:00+09:00"
    told = {values(m, "shimei")[0]: values(m, "setaiin_kubun") for m in answer["members"]}
    assert told == {"石井　誠": ["2"], "石井　由美子": ["3"], "石井　蒼": ["3"]}
    assert [values(m, "setaiin_tsukisu") for m in answer["members"]] == [[12], [12], [12]]


async def test_an_old_list_of_another_office_does_not_give_the_protected_away(town: Town) -> None:
    """DV-1, DV-9: the levy of his year still counts the two months before they left."""
    basis = {"kind": "household", "basis": "nhi"}
    truth = town.truth(PERSON)
    secrets = {
        truth[town.people()[who]["resident"]][0]["records"][0]["jusho_banchigohyoki"]["value"]
        for who in ("victim", "child")
    }
    async with asking(town) as asker:
        his = await asker.call(
            "POST", "/v1/questions",
            question(town, asker, "ex", NAME, LOT, *INSURED, relation=basis),
        )  # fmt: skip
        hers = await asker.call(
            "POST", "/v1/questions", question(town, asker, "victim", NAME, LOT, relation=basis)
        )
        supported = await asker.call(
            "POST", "/v1/questions",
            question(town, asker, "victim", NAME, LOT,
                     relation={"kind": "household", "basis": "tax"}),
        )  # fmt: skip
    assert (his["household"]["size"], len(his["members"])) == (3, 1)
    assert his["household"]["not_shown"] == [{"reason": "ask-office", "count": 2}]
    assert values(his["members"][0], "shimei") == ["三浦　剛"]
    for answer in (hers, supported):
        assert answer["household"]["size"] == 2
        assert [values(m, "jusho_banchigohyoki") for m in answer["members"]] == [[None], [None]]
    for answer in (his, hers, supported):
        assert not any(secret in orjson.dumps(answer).decode() for secret in secrets)


async def test_a_basis_that_no_system_of_the_town_keeps_is_not_supplied(town: Town) -> None:
    """Told apart from a household that there is not; the tax list of another day is no-history."""
    async with asking(town) as asker:

        async def told(basis: str, **more: Any) -> dict[str, Any]:
            body = question(town, asker, "two_children", NAME,
                            relation={"kind": "household", "basis": basis}, **more)  # fmt: skip
            return await asker.call("POST", "/v1/questions", body)

        absent, early = await told("insurance"), await told("tax", as_of=BEFORE)
    assert (absent["outcome"], absent["household"]["status"]) == ("none", "not-supplied")
    assert (absent["household"]["size"], absent["members"]) == (None, [])
    assert "not-supplied" in absent["explanations"]
    assert (early["household"]["status"], early["members"]) == ("no-history", [])


async def test_the_protected_family_gives_no_address_away_by_its_household(town: Town) -> None:
    """DV-1, DV-8, DV-9, API1: asked for as victim, as child, and as the man they left."""
    truth = town.truth(PERSON)
    secrets = {
        truth[town.people()[who]["resident"]][0]["records"][0]["jusho_banchigohyoki"]["value"]
        for who in ("victim", "child")
    }
    async with asking(town) as asker:
        theirs = [
            await asker.call("POST", "/v1/questions", question(town, asker, who))
            for who in ("victim", "child")
        ]
        his = await asker.call("POST", "/v1/questions", question(town, asker, "ex"))
        before = await asker.call(
            "POST", "/v1/questions", question(town, asker, "ex", as_of=BEFORE)
        )
        split = await asker.call("POST", "/v1/questions", question(town, asker, "ex", as_of=SPLIT))
    for answer in theirs:
        assert answer["household"]["size"] == 2
        assert [values(m, "jusho_choaza") for m in answer["members"]] == [[None], [None]]
        assert "ask-office" in answer["explanations"]
    for answer in (his, split):
        assert (answer["household"]["size"], answer["household"]["not_shown"]) == (1, [])
    assert before["household"]["size"] == 3
    assert before["household"]["not_shown"] == [{"reason": "ask-office", "count": 2}]
    for answer in (*theirs, his, before, split):
        assert not any(secret in orjson.dumps(answer).decode() for secret in secrets)


async def test_who_leaves_is_a_resident_until_the_day_and_the_day_after_a_removed_entry(
    town: Town,
) -> None:
    """転出予定: as of the day before, the day, the day after; the entry itself still stands."""
    async with asking(town) as asker:
        sizes = []
        for day in ("2026-10-14", "2026-10-15", "2026-10-16"):
            answer = await asker.call(
                "POST", "/v1/questions", question(town, asker, "leaving", as_of=day)
            )
            sizes.append((answer["household"]["status"], answer["household"]["size"]))
    assert sizes == [("ok", 1), ("not-found", None), ("not-found", None)]


async def test_a_day_is_answered_from_history_or_not_at_all(town: Town) -> None:
    """FO-7: the register says what held; the tax system, which cannot tell, says so."""
    handle = town.people()["victim"]["resident"]
    async with asking(town) as asker:
        body = {
            "subject": asker.handles[handle],
            "purpose": EXAMINER,
            "items": [NAME, TAX],
            "as_of": BEFORE,
        }
        answer = await asker.call("POST", "/v1/questions", body)
        today = await asker.call("POST", "/v1/questions", {**body, "as_of": None})
        early = await asker.call("POST", "/v1/questions", {**body, "as_of": "2012-07-08"})
    register, tax = answer["parts"]
    assert register["provenance"]["reference_date"] == BEFORE
    assert (register["status"], tax["status"]) == ("ok", "no-history")
    assert tax["absences"] == {"kazeinendo": {"absent": "no-history"}}
    assert "no-history" in answer["explanations"]
    assert [part["status"] for part in today["parts"]] == ["ok", "ok"]
    assert "reference_date" not in today["parts"][0]["provenance"]
    assert [part["status"] for part in early["parts"]] == ["no-history", "no-history"]


async def test_removed_and_provisional_entries_are_not_there(town: Town) -> None:
    """除票, 仮登録, PL-11: the dead are as nobody; the newborn of no entry is in no household."""
    people = town.people()
    async with asking(town) as asker:

        async def single(who: str, **more: Any) -> dict[str, Any]:
            body = {
                "subject": asker.handles[people[who]["resident"]],
                "purpose": EXAMINER,
                "items": [NAME, LOT],
                "receipt": False,
                **more,
            }
            answer = await asker.call("POST", "/v1/questions", body)
            for part in answer["parts"]:
                # The problem of a part names the call, as every problem does.
                part.get("problem", {}).update(instance="", trace_id="")
            return {**answer, "question_id": "", "answered_at": ""}

        dead, moved = await single("dead"), await single("moved_out")
        told = await single("dead", include=["removed"])
        provisional = await asker.call(
            "POST", "/v1/questions", question(town, asker, "provisional_move")
        )
    assert dead == moved
    assert dead["parts"][0]["status"] == "not-found"
    assert told["parts"][0]["status"] == "ok"
    true = town.truth(PERSON)[people["provisional_move"]["resident"]][0]["records"][0]
    assert provisional["household"]["size"] == 1
    assert values(provisional["members"][0], "jusho_banchigohyoki") == [
        true["jusho_banchigohyoki"]["value"]
    ]


async def test_the_explanation_shows_relation_and_basis(town: Town) -> None:
    """Nobody is named and nobody touched: the grant says of whom, and by which bases."""
    async with asking(town) as asker:
        body = question(town, asker, "ex", NAME)
        asked = {name: said for name, said in body.items() if name != "subject"}
        found = await asker.call("POST", "/v1/explain", asked)
        other = await asker.call(
            "POST",
            "/v1/explain",
            {**asked, "relation": {"kind": "household", "basis": "supporters"}},
        )
    assert found["verdict"] == "answered"
    assert {(g["relation"], tuple(g["bases"])) for g in found["grants"]} == {
        ("household", ("allowance", "insurance", "nhi", "register", "tax"))
    }
    assert (other["verdict"], other["rule"], other["fault"]) == (
        "refused", "relation-not-granted", "municipality",
    )  # fmt: skip


async def test_a_household_of_today_is_that_of_the_calendar(town: Town) -> None:
    """Without a day, the reference date is today in Tokyo."""
    async with asking(town) as asker:
        answer = await asker.call("POST", "/v1/questions", question(town, asker, "foreign_alias"))
    day = dt.date.fromisoformat(answer["household"]["reference_date"])
    assert abs((day - dt.datetime.now(dt.UTC).date()).days) <= 1
    assert answer["household"]["size"] == 2
