"""What may be asked, explained before anybody's data is touched; and answers to a part of it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access import Access, AccessRegistry, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.problems import Problem
from gateway.questions.explain import Explanation, Fault, Verdict
from gateway.questions.parts import PartStatus
from gateway.questions.schemas import Asked, Explained, Mode
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import (
    CLIENT,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    TOWN,
    UNGRANTED,
    World,
)
from tests.gateway.questions.scripted import knowing_nobody

NOT_GRANTED = Absence(AbsenceReason.NOT_GRANTED)
INCOME = "010.shotokujoho.atenabango"
UNKNOWN = "001.juminkihonjoho.nashi"


async def allow_intersect(world: World) -> None:
    """Register a second grant, of one item, that allows the mode."""
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    row = await registry.propose_grant(
        TOWN,
        CLIENT,
        PURPOSE,
        GrantTerms(items=[NAME], valid_from=world.clock.now().date(), intersect=True),
    )
    await approve(registry, row.grant_id)


async def explain(
    world: World, *items: str, mode: Mode = Mode.REFUSE, purpose: str = PURPOSE
) -> Explanation:
    asked = Asked(purpose=purpose, items=items, mode=mode)
    access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
    return await world.questions.explain(access, asked, Caller("f" * 32, "127.0.0.1"))


async def test_items_outside_the_grant_are_left_out_where_that_is_asked_and_allowed(
    world: World,
) -> None:
    """PL-4: the rest is served, the systems are not asked for them, the record names the mode."""
    await allow_intersect(world)
    answer = await world.ask(NAME, UNGRANTED, TAX, mode="intersect")
    resident, tax = answer.parts
    assert resident.planned.fields == ("shimei", "seibetsu")
    assert resident.records == [{"shimei": Value("見本　花子"), "seibetsu": NOT_GRANTED}]
    assert tax.records == [{"nenzeigaku": Value(150000)}]
    (request,) = world.systems["resident"].requests
    assert "seibetsu" not in request.groups["001.juminkihonjoho"]
    last = (await world.audit())[-1]
    assert last["mode"] == "intersect"
    assert len(last["items_asked"]) == 3
    assert len(last["items_delivered"]) == 2


async def test_a_group_without_any_granted_item_is_not_asked_for(world: World) -> None:
    """Nobody can tell from it whether there is a record."""
    await allow_intersect(world)
    answer = await world.ask(NAME, "010.shotokujoho.kazeinendo", mode="intersect")
    assert answer.parts[1].status is PartStatus.NOT_GRANTED
    assert answer.parts[1].absences == {"kazeinendo": NOT_GRANTED}
    assert (answer.outcome, world.systems["tax"].requests) == ("partial", [])


async def test_what_is_not_granted_stays_so_where_nothing_is_recorded(world: World) -> None:
    """The reason of the grant, not that of the system."""
    await allow_intersect(world)
    world.systems["resident"].script = knowing_nobody()
    (part,) = (await world.ask(NAME, UNGRANTED, mode="intersect")).parts
    nothing = Absence(AbsenceReason.NOT_RECORDED)
    assert part.absences == {"shimei": nothing, "seibetsu": NOT_GRANTED}


async def test_a_required_group_of_which_nothing_is_granted_refuses_the_question(
    world: World,
) -> None:
    """Coming again later would not help: 403 and not 503; the record names the mode."""
    await allow_intersect(world)
    with pytest.raises(Problem) as caught:
        await world.ask(
            NAME, "010.shotokujoho.kazeinendo", mode="intersect", require=["010.shotokujoho"]
        )
    assert caught.value.type.slug == "item-not-granted"
    assert [error.pointer for error in caught.value.errors] == ["/require/0"]
    last = (await world.audit())[-1]
    assert (last["outcome"], last["mode"]) == ("refused", "intersect")


async def test_the_mode_is_a_right_of_its_own(world: World) -> None:
    """Without it the question is refused as a whole, before any system is asked."""
    with pytest.raises(Problem) as caught:
        await world.ask(NAME, UNGRANTED, mode="intersect")
    assert caught.value.type.slug == "mode-not-granted"
    assert world.systems["resident"].requests == []


async def test_an_explanation_names_rule_grants_and_whose_fault_it_is(world: World) -> None:
    """Nobody is named in it, no system is asked, and it stands in the record."""
    good = await explain(world, NAME, TAX)
    assert (good.verdict, good.fault) == (Verdict.ANSWERED, None)
    document = good.document(await world.questions._rooms.access.purpose(TOWN, PURPOSE))
    assert document.rule == "every-item-granted"
    assert document.purpose is not None
    assert document.purpose["legal_basis"] == "法"
    assert len(document.grants) == 1
    bad = await explain(world, NAME, UNGRANTED)
    assert (bad.verdict, bad.fault) == (Verdict.REFUSED, Fault.MUNICIPALITY)
    assert [error.pointer for error in bad.errors] == ["/items/1"]
    wrong = await explain(world, NAME, UNKNOWN)
    assert (wrong.verdict, wrong.fault) == (Verdict.REFUSED, Fault.CALLER)
    other = (await explain(world, NAME, purpose="other")).document(None)
    assert (other.rule, other.fault) == ("purpose-not-granted", "municipality")
    assert all(system.requests == [] for system in world.systems.values())
    last = (await world.audit())[-1]
    assert (last["function"], last["outcome"], last["subject_key"]) == (
        "explain",
        "explained-refused",
        None,
    )


async def test_an_explanation_of_a_grant_that_has_ended_names_its_last_day(world: World) -> None:
    """PL-1: so that whoever asks knows what to ask the municipality for."""
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    today = world.clock.now().date()
    terms = GrantTerms(items=[NAME], valid_from=today, valid_to=today)
    row = await registry.propose_grant(TOWN, CLIENT, "other", terms)
    await approve(registry, row.grant_id)
    access = Access(CLIENT, TOWN, "other", "t", "k")
    asked = Asked(purpose="other", items=(NAME,))
    caller = Caller("f" * 32, "127.0.0.1")
    assert (await world.questions.explain(access, asked, caller)).verdict is Verdict.ANSWERED
    world.clock.advance(days=1)
    ended = (await world.questions.explain(access, asked, caller)).document(None)
    assert (ended.verdict, ended.rule) == ("refused", "purpose-not-granted")
    assert today.isoformat() in str(ended.model_dump())


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    items=st.lists(
        st.sampled_from([NAME, TAX, STATE, UNGRANTED, INCOME, UNKNOWN]), min_size=1, max_size=6
    ),
    mode=st.sampled_from(Mode),
    purpose=st.sampled_from([PURPOSE, "other", "nothing"]),
)
async def test_an_explanation_says_what_the_question_itself_meets(
    world: World, items: list[str], mode: Mode, purpose: str
) -> None:
    """Verdict and rule, for every kind of item, mode and purpose."""
    found = await explain(world, *items, mode=mode, purpose=purpose)
    if found.problem is not None:
        with pytest.raises(Problem) as caught:
            await world.ask(*items, mode=mode.value, purpose=purpose)
        assert found.verdict is Verdict.REFUSED
        assert found.problem.type.slug == caught.value.type.slug
        assert found.problem.errors == caught.value.errors
        return
    answer = await world.ask(*items, mode=mode.value, purpose=purpose)
    answers = itertools.chain.from_iterable((*part.records, part.absences) for part in answer.parts)
    left_out = any(NOT_GRANTED in one.values() for one in answers)
    assert found.verdict is (Verdict.INTERSECTED if left_out else Verdict.ANSWERED)


async def test_what_representatives_lack_is_a_grant_and_no_handle(world: World) -> None:
    """The refusal itself tells nobody why; before there is a person there is nothing to keep."""
    access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
    asked = Explained(purpose=PURPOSE, items=(NAME,), represented=True)
    found = await world.questions.explain(access, asked, Caller("f" * 32, "127.0.0.1"))
    document = found.document(None)
    assert (document.rule, document.fault) == ("login-other-subject", "municipality")
    assert "代理人のための許可" in document.detail["remedy_ja"]
    assert "representatives" in document.detail["remedy_en"]
