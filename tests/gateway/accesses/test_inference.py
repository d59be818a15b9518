"""AU citizen view: what spouse, heir, co-resident and former spouse learn from their own list."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.access import Access, AccessRegistry, AccessStore, Caller, Relation
from gateway.access.grants import GrantTerms
from gateway.access.logins import LoginLevel
from gateway.access.registration import REMOVED_RECORDS
from gateway.access.tokens import Login
from gateway.accesses.schemas import AccessDocument
from gateway.problems import Problem
from gateway.questions.relation_schemas import RelationAsked
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.accesses.conftest import COUNTER, MY_PAGE, Residents
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, TOWN, UNGRANTED
from tests.gateway.questions.register import DEAD, FOREVER, RESIDENT, Register, Resident

SINCE = dt.date(2026, 4, 1)
BEFORE = SINCE - dt.timedelta(days=1)
TOGETHER = {FOREVER: ("H1", RESIDENT)}
OTHERS = {
    "spouse": Resident(TOGETHER, ("妻",)),
    "co-resident": Resident(TOGETHER, ("同居人",)),
    "heir": Resident({**TOGETHER, SINCE: ("H1", DEAD)}, ("父",)),
    "former spouse": Resident({**TOGETHER, SINCE: ("H2", RESIDENT)}, ("妻",)),
}
"""The other person, by who looks: "heir" looks at their own list after the other has died."""
HOUSEHOLD = RelationAsked(kind="household", basis="register")
every_kinship = pytest.mark.parametrize("kinship", OTHERS)


async def live(residents: Residents, kinship: str) -> Register:
    """Let "ordinary" look and "newcomer" be the other; households may be asked for."""
    world = residents.world
    register = Register({"R1": Resident(TOGETHER), "R3": OTHERS[kinship]})
    world.systems["resident"].script = register.script
    world.handles["newcomer"] = residents.handle("newcomer", CLIENT)
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    terms = GrantTerms(
        items=[NAME, BLOCK, REMOVED_RECORDS],
        valid_from=world.clock.now().date(),
        relation=Relation.HOUSEHOLD,
        bases=("register",),
    )
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)
    return register


async def deal_with_the_other(residents: Residents) -> None:
    """Ask, ask about the household now and when both were in it, be refused, look, report."""
    world = residents.world
    await world.ask(NAME, BLOCK, who="newcomer")
    await world.ask(NAME, who="newcomer", relation=HOUSEHOLD)
    earlier = {"as_of": BEFORE, "include": ["removed"]}
    await world.ask(NAME, BLOCK, who="newcomer", relation=HOUSEHOLD, **earlier)
    with pytest.raises(Problem):
        await world.ask(UNGRANTED, who="newcomer")
    await residents.view("newcomer")
    await residents.file("newcomer", at_counter=True)


async def seen(residents: Residents, who: str = "ordinary") -> list[list[AccessDocument]]:
    """Return what a person sees at home and at the counter, without the looks themselves."""
    pages = [
        await residents.view(who, client=client, purpose=client, limit=100)
        for client in (MY_PAGE, COUNTER)
    ]
    return [[a for a in page.accesses if a.function != "own-accesses"] for page in pages]


async def protect_the_other(residents: Residents) -> None:
    """Flag the other person at the source, and read the flags."""
    residents.world.systems["resident"].flagged = ("R2", "R3")
    await residents.world.protection.pull()


@every_kinship
async def test_dealings_of_the_other_change_nothing(residents: Residents, kinship: str) -> None:
    """Neither what is asked about them alone, nor what reads the household for their sake."""
    await live(residents, kinship)
    await residents.world.ask(NAME)
    before = await seen(residents)
    assert [len(page) for page in before] == [1, 1]
    await deal_with_the_other(residents)
    assert await seen(residents) == before
    assert len((await seen(residents, "newcomer"))[0]) >= 3, "the other sees their own dealings"
    read = [e for e in await residents.world.audit() if (e.get("scope") or {}).get("part")]
    assert "member" in {e["scope"]["part"] for e in read}, "the one who looks was read as well"


@every_kinship
async def test_that_the_other_is_protected_changes_nothing(
    residents: Residents, kinship: str
) -> None:
    """DV-8, DV-13: not in what is there already, and not in what is asked from then on."""
    await live(residents, kinship)
    await residents.world.ask(NAME)
    before = await seen(residents)
    await protect_the_other(residents)
    assert await seen(residents) == before
    await deal_with_the_other(residents)
    assert await seen(residents) == before


@every_kinship
async def test_ones_own_household_question_tells_nothing_of_the_other(
    residents: Residents, kinship: str
) -> None:
    """The other is protected, is gone, was never there: the entry says the same."""
    register = await live(residents, kinship)

    async def entry() -> AccessDocument:
        await residents.world.ask(NAME, BLOCK, relation=HOUSEHOLD)
        newest = (await seen(residents))[0][0]
        return newest.model_copy(update={"record_id": ""})

    before = await entry()
    await protect_the_other(residents)
    protected = await entry()
    register.people["R3"] = Resident({FOREVER: ("H7", RESIDENT)})
    gone = await entry()
    del register.people["R3"]
    assert before == protected == gone == await entry()


@every_kinship
async def test_who_has_logged_in_does_not_get_the_list_of_the_other(
    residents: Residents, kinship: str
) -> None:
    """AT-6: neither alive nor as their heir; and the refusal stands in no list."""
    await live(residents, kinship)
    await deal_with_the_other(residents)
    before = await seen(residents), await seen(residents, "newcomer")
    now = residents.world.clock.now()
    login = Login(residents.handle("ordinary"), LoginLevel.PUBLIC_KEY_CARD, now)
    access = Access(MY_PAGE, TOWN, MY_PAGE, "t", "key", login=login)
    with pytest.raises(Problem) as refusal:
        await residents.service.show(
            access, residents.handle("newcomer"), None, 20, Caller("e" * 32, "192.0.2.9")
        )
    assert refusal.value.type.slug == "login-other-subject"
    assert (await seen(residents), await seen(residents, "newcomer")) == before
