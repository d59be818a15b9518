import datetime as dt

import pytest

from gateway.access import AccessRegistry, AccessStore, Relation
from gateway.access.grants import GrantTerms
from gateway.accesses import HoldKind, HoldRefused
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.problems import Problem
from gateway.questions.relation_schemas import RelationAsked
from standard_models.builtin import load_builtin
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import approve
from tests.gateway.accesses.conftest import COUNTER, MY_PAGE, Residents
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, TAX, TOWN
from tests.gateway.questions.register import FOREVER, RESIDENT, Register, Resident

TODAY = dt.date(2026, 10, 1)
DAY = dt.timedelta(days=1)


async def test_a_resident_sees_who_asked_when_why_and_for_what(residents: Residents):
    """Consumer, organ, time in Tokyo, purpose, legal basis, items by the standard; no values."""
    await residents.world.ask(NAME, TAX)
    page = await residents.view()
    (seen,) = page.accesses
    assert (seen.client, seen.organ, seen.at) == ("申請", "市長", "2026-10-01T10:00:00+09:00")
    assert (seen.purpose.id, seen.purpose.name_ja, seen.purpose.legal_basis) == (
        PURPOSE,
        "児童手当",
        "法",
    )
    assert {(i.ref, i.name) for i in seen.items} == {(NAME, "氏名"), (TAX, "年税額")}
    assert (seen.outcome, page.withheld, page.next) == ("complete", None, None)
    assert "見本" not in page.model_dump_json()
    assert "150000" not in page.model_dump_json()


async def test_looking_is_recorded_before_anything_is_shown(
    residents: Residents, audit_log: AuditLog
):
    """AU-2, AU-11: the look stands in the next list; without a record nothing leaves."""
    await residents.view()
    (own,) = (await residents.view()).accesses
    assert (own.function, own.outcome, own.client) == ("own-accesses", "shown", MY_PAGE)
    await audit_log.aclose()
    with pytest.raises(Problem) as refusal:
        await residents.view()
    assert refusal.value.type.slug == "audit-unavailable"


async def test_a_right_of_its_own_is_needed(residents: Residents):
    """PL-2: who may ask for every item may not show the list, and the refusal is recorded."""
    await residents.world.ask(NAME)
    with pytest.raises(Problem) as refusal:
        await residents.view(client=CLIENT, purpose=PURPOSE)
    assert refusal.value.type.slug == "right-not-granted"
    entries = await residents.world.audit()
    assert entries[-1]["problem"] == "right-not-granted"
    assert entries[-1]["subject_key"] is None
    with pytest.raises(Problem) as refusal:
        await residents.view(client=CLIENT, purpose=MY_PAGE)
    assert refusal.value.type.slug == "purpose-not-granted"


async def test_the_right_is_no_item_of_a_question(residents: Residents):
    """PL-6: a right cannot be asked for like an item, and gives none."""
    with pytest.raises(Problem) as refusal:
        await residents.world.ask("right:own-accesses")
    assert refusal.value.type.slug == "unknown-item"


async def test_the_handle_of_another_consumer_is_nobodys(residents: Residents):
    """PL-11: a foreign handle, an unknown one and a number get the same answer."""
    bodies = []
    for handle in (residents.handle("ordinary", CLIENT), "h1-" + "A" * 43, "R1"):
        with pytest.raises(Problem) as refusal:
            await residents.view(handle)
        problem = refusal.value
        bodies.append((problem.type.slug, problem.detail_ja, problem.errors, problem.extensions))
    assert bodies[0][0] == "unknown-subject"
    assert bodies[0] == bodies[1] == bodies[2]


async def test_nothing_is_told_of_anybody_else(residents: Residents):
    """AU citizen view: spouse, heir, co-resident: what was asked about them changes nothing."""
    await residents.world.ask(NAME)
    before = (await residents.asked(), (await residents.view("newcomer")).accesses)
    for _ in range(3):
        await residents.world.ask(NAME, who="protected")
    assert await residents.asked() == before[0]
    assert [
        a for a in (await residents.view("newcomer")).accesses if a.function == "question"
    ] == []


async def test_the_list_of_a_protected_person_is_had_at_the_office(residents: Residents):
    """DV-13: who holds the account of somebody who fled learns no agency; the counter shows it."""
    await residents.world.ask(NAME, who="protected")
    hidden = await residents.view("protected")
    assert (hidden.accesses, hidden.withheld, hidden.next) == ([], "ask-office", None)
    assert await residents.asked("protected", client=COUNTER, purpose=COUNTER) == [
        (PURPOSE, "complete")
    ]


async def test_while_nobodys_protection_is_known_everybody_is_sent_to_the_office(
    residents: Residents, clock: StoppedClock
):
    """DV-13: with an old copy of the flags a protected person looks like anybody else."""
    await residents.world.ask(NAME)
    clock.advance(minutes=11)
    ordinary, protected = await residents.view("ordinary"), await residents.view("protected")
    assert ordinary == protected
    assert ordinary.withheld == "ask-office"


async def test_what_was_withheld_is_not_told(residents: Residents):
    """DV-13: items are those asked for, whether or not they were delivered."""
    await residents.world.ask(NAME, BLOCK, who="protected")
    await residents.world.ask(NAME, BLOCK)
    at_counter = {"client": COUNTER, "purpose": COUNTER}
    seen = [(await residents.view(w, **at_counter)).accesses[0] for w in ("protected", "ordinary")]
    assert seen[0].items == seen[1].items
    assert seen[0].outcome == seen[1].outcome


async def test_a_sealed_use_is_never_shown(residents: Residents, clock: StoppedClock):
    """AU citizen view: not now and not later; what came before the seal stays, as it was told."""
    await residents.world.ask(NAME, purpose="other", token="other")
    await residents.world.ask(NAME)
    clock.advance(days=1)
    await residents.holds.hold(
        TOWN, "other", HoldKind.SEALED, held_from=TODAY + DAY, held_until=None
    )
    await residents.world.protection.pull()
    await residents.world.ask(NAME, purpose="other", token="other")
    assert await residents.asked() == [(PURPOSE, "complete"), ("other", "complete")]
    clock.advance(days=5_000)
    await residents.world.protection.pull()
    assert len(await residents.asked()) == 2


async def test_an_investigation_hides_uses_through_its_last_day(
    residents: Residents, clock: StoppedClock
):
    """AU citizen view: an entry waits for its release; the day after, it is there."""
    await residents.world.ask(NAME, purpose="other", token="other")
    await residents.holds.hold(
        TOWN, "other", HoldKind.INVESTIGATION, held_from=TODAY, held_until=TODAY + DAY
    )
    assert await residents.asked() == []
    clock.advance(days=1, hours=13, minutes=59)
    await residents.world.protection.pull()
    assert await residents.asked() == []
    clock.advance(minutes=1)
    await residents.world.protection.pull()
    assert await residents.asked() == [("other", "complete")]


async def test_a_lifted_hold_hides_nothing(residents: Residents):
    """It ends at once, and is recorded with what was before."""
    await residents.world.ask(NAME, purpose="other", token="other")
    row = await residents.holds.hold(
        TOWN, "other", HoldKind.SEALED, held_from=TODAY, held_until=None
    )
    assert await residents.asked() == []
    await residents.holds.lift(TOWN, row.hold_id)
    assert await residents.asked() == [("other", "complete")]
    with pytest.raises(HoldRefused):
        await residents.holds.lift(TOWN, row.hold_id)
    with pytest.raises(HoldRefused):
        await residents.holds.lift("999989", row.hold_id)


@pytest.mark.parametrize(
    ("purpose", "kind", "until"),
    [
        ("no-such", HoldKind.SEALED, None),
        ("other", HoldKind.INVESTIGATION, None),
        ("other", HoldKind.INVESTIGATION, TODAY - DAY),
    ],
)
async def test_a_hold_that_makes_no_sense_is_refused(
    residents: Residents, purpose: str, kind: HoldKind, until: dt.date | None
):
    """Unknown purpose, an investigation without an end, an end before the beginning."""
    with pytest.raises(HoldRefused):
        await residents.holds.hold(TOWN, purpose, kind, held_from=TODAY, held_until=until)


async def test_pages_are_full_and_continue_where_the_last_ended(
    residents: Residents, clock: StoppedClock
):
    """Newest first, nothing twice, nothing missing; held uses make no page shorter."""
    for n in range(10):
        clock.advance(seconds=1)
        held = n % 2 == 0
        purpose = "other" if held else PURPOSE
        await residents.world.ask(NAME, purpose=purpose, token=purpose)
    await residents.holds.hold(TOWN, "other", HoldKind.SEALED, held_from=TODAY, held_until=None)
    ids: list[str] = []
    cursor, sizes = None, []
    while True:
        page = await residents.view(cursor=cursor, limit=2)
        sizes.append(len(page.accesses))
        ids += [a.record_id for a in page.accesses if a.function == "question"]
        assert [a.at for a in page.accesses] == sorted((a.at for a in page.accesses), reverse=True)
        cursor = page.next
        if cursor is None:
            break
    assert len(ids) == len(set(ids)) == 5
    assert sizes[:-1] == [2] * (len(sizes) - 1)


async def test_a_cursor_tells_nothing_and_is_good_for_its_list_alone(
    residents: Residents, clock: StoppedClock
):
    """Neither another consumer nor another person's list takes it; a changed one is refused."""
    for _ in range(3):
        await residents.world.ask(NAME)
        await residents.world.ask(NAME, who="newcomer")
    cursor = (await residents.view(limit=1)).next
    assert cursor is not None
    assert len(cursor) == 43
    wrong = [
        residents.view("newcomer", cursor=cursor),
        residents.view(client=COUNTER, purpose=COUNTER, cursor=cursor),
        residents.view(cursor=("B" if cursor[0] == "A" else "A") + cursor[1:]),
        residents.view(cursor="1"),
    ]
    for asked in wrong:
        with pytest.raises(Problem) as refusal:
            await asked
        assert refusal.value.type.slug == "cursor-invalid"


async def test_what_relatives_apply_for_is_their_dealing_alone(residents: Residents):
    """DV-13: still on one register, a former partner learns of no office that helps the other."""
    world = residents.world
    together = {FOREVER: ("H1", RESIDENT)}
    people = {number: Resident(together) for number in ("R1", "R3")}
    world.systems["resident"].script = Register(people).script
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    terms = GrantTerms(
        items=[NAME], valid_from=TODAY, relation=Relation.HOUSEHOLD, bases=("register",)
    )
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)
    world.handles["newcomer"] = residents.handle("newcomer", CLIENT)
    household = RelationAsked(kind="household", basis="register")
    answer = await world.ask(NAME, who="newcomer", relation=household)
    assert len(answer.members) == 2
    assert await residents.asked("newcomer") == [(PURPOSE, "complete")]
    assert await residents.asked("ordinary") == []
    await world.ask(NAME)
    assert await residents.asked("ordinary") == [(PURPOSE, "complete")]


async def test_a_use_for_an_affair_that_is_not_registered_is_shown_by_its_id(
    residents: Residents, audit_log: AuditLog
):
    """A standard system calls 031 for an affair of its own; the person sees that it did."""
    entry = AuditEntry(
        municipality=TOWN,
        at=residents.world.clock.now(),
        outcome="complete",
        trace_id="",
        subject_key=audit_log.pseudonym(TOWN, residents.ids["ordinary"]),
        purpose="zeimu",
        kind=AuditKind.OPERATION,
        client_id=CLIENT,
        function="jutogaishaatenakihonjohosyokai",
    )
    await audit_log.append(entry)
    (seen,) = (await residents.view()).accesses
    assert (seen.purpose.id, seen.purpose.legal_basis, seen.organ) == ("zeimu", "―", "―")


async def test_alarms_and_acts_of_staff_are_no_uses(residents: Residents, audit_log: AuditLog):
    """Discarded answers and searches of the record are not in the list."""
    for changes in ({"kind": AuditKind.EVENT}, {"client_id": None}):
        entry = AuditEntry(
            municipality=TOWN,
            at=residents.world.clock.now(),
            outcome="discarded",
            trace_id="",
            subject_key=audit_log.pseudonym(TOWN, residents.ids["ordinary"]),
            purpose=PURPOSE,
            **{"kind": AuditKind.OPERATION, "client_id": CLIENT, **changes},
        )
        await audit_log.append(entry)
    assert (await residents.view()).accesses == []
