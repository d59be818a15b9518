"""Facts worked out from items: the item itself stays where it is."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.access import Access, AccessRegistry, AccessStore, Caller, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases, OrganKind
from gateway.predicates import with_predicates
from gateway.problems import Problem
from gateway.questions.explain import Verdict
from gateway.questions.parts import PartStatus
from gateway.questions.schemas import Asked
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, STATE, TOWN, World
from tests.gateway.questions.scripted import holding, knowing_nobody

ADULT = "hantei.jumin.nenrei_18_ijo"
OLD = "hantei.jumin.nenrei_65_ijo"
BIRTH = "001.juminkihonjoho.seinengappi"
ALLOWANCE = "hantei.jidoteate.jukyuchu"
TAX_FREE = "hantei.kazei.hikazei"
ASSISTANCE = "hantei.seikatsuhogo.jukyuchu"
YES, NO = Value("yes", "該当する"), Value("no", "該当しない")


def registry_of(world: World) -> AccessRegistry:
    dictionary = with_predicates(load_builtin())
    return AccessRegistry(AccessStore(world.store), dictionary, clock=world.clock, actor="test")


async def grant(world: World, *items: str, purpose: str = PURPOSE, **terms: bool) -> None:
    registry = registry_of(world)
    asked = GrantTerms(items=items, valid_from=world.clock.now().date(), **terms)
    row = await registry.propose_grant(TOWN, CLIENT, purpose, asked)
    await approve(registry, row.grant_id)


@pytest.fixture
async def born(world: World) -> World:
    """Everybody was born on one day, and has a name."""
    world.systems["resident"].script = holding(shimei="見本　花子", seinengappi="2000-01-01")
    return world


async def test_who_was_granted_the_fact_alone_gets_the_fact_alone(born: World) -> None:
    """PL-5: a predicate grant names the fact; the item it is made of is neither asked nor shown."""
    await grant(born, ADULT)
    answer = await born.ask(ADULT)
    [part] = answer.parts
    assert (part.planned.group.ref, part.status) == ("hantei.jumin", PartStatus.OK)
    assert part.records == ({"nenrei_18_ijo": YES},)
    assert part.provenance is not None
    assert part.provenance.adapter == "scripted-resident"
    with pytest.raises(Problem) as refused:
        await born.ask(BIRTH)
    assert refused.value.type.slug == "item-not-granted"
    with pytest.raises(Problem):
        await born.ask(OLD)


async def test_who_may_have_every_input_may_have_the_fact(born: World) -> None:
    """PL-5: the right to a fact is the right to what it is made of."""
    await grant(born, BIRTH)
    answer = await born.ask(OLD, BIRTH, NAME)
    facts, resident = answer.parts
    assert facts.records == ({"nenrei_65_ijo": NO},)
    assert resident.records == [{"seinengappi": Value("2000-01-01"), "shimei": Value("見本　花子")}]
    assert len(born.systems["resident"].requests) == 1


async def test_without_the_right_to_every_input_the_fact_is_refused_and_nobody_asked(
    born: World,
) -> None:
    """PL-5, PL-3: one of two inputs is not enough."""
    await grant(born, "010.kazeikihonjoho.kazeihikazeikubun")
    with pytest.raises(Problem) as refused:
        await born.ask(TAX_FREE)
    assert refused.value.type.slug == "item-not-granted"
    assert born.systems["tax"].requests == []


async def test_an_item_read_for_a_fact_stands_nowhere_in_the_answer(born: World) -> None:
    """Not in the part of its own group, which is asked for another item."""
    await grant(born, ADULT)
    answer = await born.ask(NAME, ADULT)
    resident, facts = answer.parts
    assert resident.records == [{"shimei": Value("見本　花子")}]
    assert facts.records == ({"nenrei_18_ijo": YES},)
    assert "2000-01-01" not in str(answer)
    last = (await born.audit())[-1]
    assert last["items_asked"] == last["items_delivered"] == ["001P0006", "HANTEI-003"]


async def test_the_day_of_a_fact_is_that_in_tokyo(born: World) -> None:
    """Somebody turns 65 at the end of the eve of the birthday there."""
    await grant(born, OLD)
    born.systems["resident"].script = holding(seinengappi="1961-11-02")
    born.clock.time = dt.datetime(2026, 10, 31, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    await born.protection.pull()
    assert (await born.ask(OLD)).parts[0].records == ({"nenrei_65_ijo": NO},)
    born.clock.advance(seconds=60)
    assert (await born.ask(OLD)).parts[0].records == ({"nenrei_65_ijo": YES},)


async def test_that_a_system_knows_nobody_is_a_no_only_where_that_follows(born: World) -> None:
    """Who has no record of an allowance gets none; who has no resident record has no known age."""
    await grant(born, ALLOWANCE, ADULT)
    for system in ("welfare", "resident"):
        born.systems[system].script = knowing_nobody()
    allowance, adult = (await born.ask(ALLOWANCE, ADULT)).parts
    assert (allowance.status, allowance.records) == (PartStatus.OK, ({"jukyuchu": NO},))
    assert (adult.status, adult.absences) == (
        PartStatus.NOT_FOUND,
        {"nenrei_18_ijo": Absence(AbsenceReason.NOT_RECORDED)},
    )


async def test_a_system_that_is_down_makes_no_fact(born: World) -> None:
    """A part that is down never looks like an empty one."""
    await grant(born, ALLOWANCE)

    async def broken(*_: object) -> object:
        raise ConnectionResetError

    born.systems["welfare"].script = broken  # type: ignore[assignment]
    [part] = (await born.ask(ALLOWANCE)).parts
    assert part.status is PartStatus.UNAVAILABLE
    assert part.absences == {"jukyuchu": Absence(AbsenceReason.UNAVAILABLE)}


async def test_a_fact_about_tax_needs_what_the_item_needs(born: World) -> None:
    """TX-1: without a provision it cannot be granted; that somebody is tax-free is secret too."""
    registry = registry_of(born)
    await registry.add_purpose(
        TOWN, "plain", name_ja="別", name_en="Plain", legal_basis="法", organ="市長"
    )
    with pytest.raises(RegistrationError, match="地方税法"):
        await grant(born, TAX_FREE, purpose="plain")
    await grant(born, TAX_FREE)


async def test_assistance_is_granted_as_a_fact_and_never_as_a_record(born: World) -> None:
    """TX-4: outside the welfare office."""
    with pytest.raises(RegistrationError, match="public assistance"):
        await grant(born, "021.hihogoshajoho.setaiin_hogokaishinengappi")
    await grant(born, ASSISTANCE)


async def test_facts_are_granted_one_by_one(born: World) -> None:
    """A group of them would tell what nobody thought of."""
    with pytest.raises(RegistrationError, match="one by one"):
        await grant(born, "hantei.jumin")


async def test_a_fact_that_follows_from_consent_needs_the_consent(born: World) -> None:
    """PL-7: what is made of it is no freer than it."""
    await grant(born, BIRTH, consent=True)
    explained = await born.questions.explain(
        Access(CLIENT, TOWN, PURPOSE, "t", "k"),
        Asked(purpose=PURPOSE, items=(ADULT,)),
        Caller("f" * 32, "127.0.0.1"),
    )
    assert explained.verdict is Verdict.ANSWERED
    assert explained.permitted is not None
    assert explained.permitted.by_consent == (ADULT,)


async def test_another_organ_needs_its_provision_for_facts_too(born: World) -> None:
    """TX-3: it is another holder of personal data."""
    registry = registry_of(born)
    await registry.add_purpose(
        TOWN,
        "school",
        name_ja="就学援助",
        name_en="School",
        legal_basis="法",
        organ="教育委員会",
        organ_kind=OrganKind.EDUCATION,
        bases=Bases(),
    )
    with pytest.raises(RegistrationError, match="provision-basis"):
        await grant(born, ADULT, purpose="school")


async def test_facts_and_items_of_one_system_are_one_call(born: World) -> None:
    """The fact costs no second look."""
    await grant(born, ALLOWANCE)
    answer = await born.ask(ALLOWANCE, STATE)
    assert len(born.systems["welfare"].requests) == 1
    assert [part.status for part in answer.parts] == [PartStatus.OK, PartStatus.OK]
    assert answer.parts[0].records == ({"jukyuchu": YES},)
