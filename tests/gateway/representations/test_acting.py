"""AT-6, DV-12: who may ask in another's place, and what keeps an offender from it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select

from adapters.contract import FetchRequest, FetchResult, MeasureKind, ProtectionFlag
from adapters.errors import Unavailable
from gateway.access import Access, Caller, Relation
from gateway.access.logins import Login, LoginLevel
from gateway.audit import AuditKind, AuditQuery, AuditStore
from gateway.problems import Problem
from gateway.protection.measures import MeasureKind as OfficersKind
from gateway.protection.measures import Measures
from gateway.protection.store import MeasureStore
from gateway.questions.schemas import Explained
from gateway.store.tables import AuditRow
from standard_models.answers import Absence, AbsenceReason, Value
from tests.gateway.protection.room import end_all
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, TAX, TOWN, UNGRANTED
from tests.gateway.questions.register import FOREVER, LIST, RESIDENT, Register, Resident
from tests.gateway.representations.conftest import PEOPLE, Family

TODAY = dt.date(2026, 10, 1)
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)
CALLER = Caller("f" * 32, "127.0.0.1")


def moment(day: dt.date, time: str = "12:00:00") -> dt.datetime:
    """Return a time of a day in Tokyo."""
    return dt.datetime.fromisoformat(f"{day.isoformat()}T{time}+09:00")


async def test_a_registered_parent_asks_for_the_child_and_nobody_else_does(family: Family) -> None:
    """AT-6: subject of proof ≠ subject asked is refused unless a proxy grant holds."""
    await family.register("child", "victim")
    assert await family.may("victim", "child", NAME, BLOCK, TAX)
    for who in ("ex", "stranger", "guardian"):
        assert not await family.may(who, "child")
    assert not await family.may("child", "victim")
    assert not await family.may("victim", "stranger")
    assert await family.may("child", "child")


async def test_a_person_who_is_not_known_is_refused_like_one_who_is(family: Family) -> None:
    """The refusal does not tell whether there is such a person."""
    await family.register("child", "victim")
    nobody = "h1-" + "A" * 43
    foreign = family.handle("child", "another-consumer")
    for of in ("stranger", nobody, foreign, "no handle at all"):
        assert not await family.may("victim", of)


async def test_the_audit_record_says_in_whose_place_was_acted(family: Family) -> None:
    """The row is of the child; who acted stands in it under a pseudonym."""
    made = await family.register("child", "victim")
    await family.ask("victim", "child", NAME)
    await family.ask("victim", "victim", NAME)
    (for_child, for_self) = await family.world.audit()
    audit = family.world.questions._rooms.audit
    assert for_child["representation"] == {
        "id": made,
        "kind": "parent",
        "representative_key": audit.pseudonym(TOWN, family.ids["victim"]),
    }
    assert for_child["subject_key"] == audit.pseudonym(TOWN, family.ids["child"])
    assert "representation" not in for_self


async def test_whoever_tries_in_vain_to_act_is_known_to_security_officers(family: Family) -> None:
    """DV-12: one record of every refusal, of whom, by whom, and whether a measure spoke."""
    for parent in ("victim", "ex"):
        await family.register("child", parent)
    await family.protect("child")
    assert await family.may("victim", "child")
    assert not await family.may("ex", "child")
    assert not await family.may("stranger", "child")
    assert not await family.may("stranger", "no handle")
    audit = family.world.questions._rooms.audit
    query = AuditQuery(TOWN, kind=AuditKind.EVENT)
    rows = await AuditStore(family.world.store).list(query)
    said = [json.loads(row.entry) for row in reversed(rows)]
    key = {who: audit.pseudonym(TOWN, one) for who, one in family.ids.items()}
    found = [(s["outcome"], s["representation"]["representative_key"]) for s in said]
    assert found == [
        ("barred", key["ex"]),
        ("not-represented", key["stranger"]),
        ("not-represented", key["stranger"]),
    ]
    assert [s["subject_key"] == key["child"] for s in said] == [True, True, False]


@pytest.mark.parametrize("approved", [False, True])
async def test_one_officer_alone_lets_nobody_act(family: Family, approved: bool) -> None:
    """Two to let somebody act, one to end it, at once and for good."""
    made = await family.propose("child", "victim")
    assert not await family.may("victim", "child")
    if approved:
        await family.officer("second").approve(TOWN, made)
        assert await family.may("victim", "child")
    await family.officer().end(TOWN, made)
    assert not await family.may("victim", "child")


@pytest.mark.parametrize(
    ("day", "time", "may"),
    [
        (YESTERDAY, "23:59:59", False),
        (TODAY, "00:00:00", True),
        (TOMORROW, "23:59:59", True),
        (TOMORROW + dt.timedelta(days=1), "00:00:00", False),
    ],
    ids=["the day before", "the first day", "the last day", "the day after"],
)
async def test_both_days_of_a_mandate_are_included_in_tokyo(
    family: Family, day: dt.date, time: str, may: bool
) -> None:
    """To the second, in Asia/Tokyo."""
    await family.grant(NAME, valid_from=YESTERDAY)
    await family.grant(NAME, valid_from=YESTERDAY, relation=Relation.SELF)
    await family.register(
        "principal", "agent", "mandate", purposes=[PURPOSE], valid_from=TODAY, valid_to=TOMORROW
    )
    family.world.clock.time = moment(day, time)
    await family.world.protection.pull()
    assert await family.may("agent", "principal") is may


@pytest.mark.parametrize(
    ("day", "may"),
    [
        (dt.date(2036, 2, 15), True),
        (dt.date(2036, 2, 16), True),
        (dt.date(2036, 2, 17), False),
        (dt.date(2036, 2, 18), False),
    ],
    ids=["two days before", "day before", "the 18th birthday", "day after"],
)
@pytest.mark.parametrize("kind", ["parent", "guardian-of-minor"])
async def test_parents_act_until_the_child_comes_of_age(
    family: Family, kind: str, day: dt.date, may: bool
) -> None:
    """未成年の代理: the child was born on 2018-02-17; it is of age from its 18th birthday on."""
    await family.register("child", "victim", kind)
    for time in ("00:00:00", "23:59:59"):
        family.world.clock.time = moment(day, time)
        await family.world.protection.pull()
        assert await family.may("victim", "child") is may


async def test_a_mandate_is_for_its_purposes_and_items_alone(family: Family) -> None:
    """One purpose of two, one item of three; a call that asks for more is refused whole."""
    await family.grant(*(NAME, TAX), purpose="other")
    await family.grant(NAME, purpose="other", relation=Relation.SELF)
    await family.register(
        "principal", "agent", "mandate", purposes=[PURPOSE], items=[NAME], valid_to=TOMORROW
    )
    assert await family.may("agent", "principal", NAME)
    assert not await family.may("agent", "principal", TAX)
    assert not await family.may("agent", "principal", NAME, TAX)
    assert not await family.may("agent", "principal", NAME, purpose="other")
    assert await family.listed("agent", "other") == []


async def test_two_mandates_do_not_add_up_to_one(family: Family) -> None:
    """Each call is covered by one representation, which stands in the record of it."""
    for item in (NAME, TAX):
        await family.register(
            "principal", "agent", "mandate", purposes=[PURPOSE], items=[item], valid_to=TOMORROW
        )
    assert await family.may("agent", "principal", NAME)
    assert await family.may("agent", "principal", TAX)
    assert not await family.may("agent", "principal", NAME, TAX)


async def test_only_what_is_granted_of_represented_persons_may_be_asked(family: Family) -> None:
    """A grant carries its relation: one for citizens themselves opens nothing to others."""
    await family.register("child", "victim")
    await family.grant(UNGRANTED, relation=Relation.SELF)
    assert await family.may("victim", "victim", UNGRANTED)
    with pytest.raises(Problem) as refused:
        await family.ask("victim", "child", UNGRANTED)
    assert refused.value.type.slug == "item-not-granted"
    assert not await family.may("victim", "child", purpose="other")


async def test_a_grant_for_representatives_opens_nothing_to_the_consumer_alone(
    family: Family,
) -> None:
    """Nor to the represented person."""
    await family.register("child", "victim")
    await family.grant(UNGRANTED)
    assert await family.may("victim", "child", UNGRANTED)
    for who in (None, "child"):
        with pytest.raises(Problem) as refused:
            await family.ask(who, "child", UNGRANTED)
        assert refused.value.type.slug == "item-not-granted"


async def test_the_representatives_login_must_be_as_good_as_the_grant_asks(family: Family) -> None:
    """AT-6: a password is not enough where two factors are asked for."""
    await family.register("child", "victim")
    now = family.world.clock.now()
    weak = Login(family.handle("victim"), LoginLevel.SINGLE_FACTOR, now)
    token = Access(CLIENT, TOWN, PURPOSE, "t", "k", login=weak)
    with pytest.raises(Problem) as refused:
        await family.world.subjects.resolve(token, family.handle("child"), [NAME])
    assert refused.value.type.slug == "login-other-subject"
    with pytest.raises(Problem) as refused:
        await family.list().show(token, CALLER)
    assert refused.value.type.slug == "login-needed"


# DV-12


async def test_an_offender_who_is_a_parent_inherits_no_access(family: Family) -> None:
    """DV-12: EX holds parental proxy for CHILD; denied while the measure names EX."""
    for parent in ("victim", "ex"):
        await family.register("child", parent)
    assert await family.may("ex", "child")
    await family.protect("victim", "child")
    assert not await family.may("ex", "child")
    assert await family.may("victim", "child")
    assert await family.listed("ex") == []
    assert await family.listed("victim") == [(family.handle("child"), "parent")]
    await family.flags()
    assert not await family.may("ex", "child"), "who leaves a list stays protected (DV-5)"
    assert await family.may("victim", "child"), "from whoever the flag named, and nobody else"
    assert await family.listed("victim") == [(family.handle("child"), "parent")]
    await end_all(family.world)
    assert await family.may("ex", "child")


async def test_what_stays_of_a_flag_that_named_nobody_closes_to_everybody(family: Family) -> None:
    """DV-12: unknown stays unknown; a name that came with another flag opens nothing."""
    await family.register("child", "victim")
    number = PEOPLE["child"]
    known = ProtectionFlag(number, MeasureKind.FULL, None, None, (PEOPLE["ex"],))
    for unknown in (
        ProtectionFlag(number, MeasureKind.PROVISIONAL, None, None),
        ProtectionFlag(number, MeasureKind.PROVISIONAL, None, None, ()),
    ):
        await family.flags(known, unknown)
        await family.flags()
        assert not await family.may("victim", "child")
        await family.flags(known)
        assert await family.may("victim", "child")


async def test_what_stays_of_several_flags_names_everybody_of_them(family: Family) -> None:
    """DV-12: two kinds of measures against two people leave one that bars both."""
    for parent in ("victim", "ex", "stranger"):
        await family.register("child", parent)
    await family.flags(
        ProtectionFlag(PEOPLE["child"], MeasureKind.FULL, None, None, (PEOPLE["ex"],)),
        ProtectionFlag(PEOPLE["child"], MeasureKind.PROVISIONAL, None, None, (PEOPLE["stranger"],)),
    )
    await family.flags()
    allowed = [await family.may(who, "child") for who in ("ex", "stranger", "victim")]
    assert allowed == [False, False, True]


async def test_what_stays_of_a_flag_names_by_number_as_the_flag_did(family: Family) -> None:
    """DV-12: whoever has no number in that system cannot be told apart from who is named."""
    from gateway.subjects import LinkRow

    row = LinkRow(2, (("jutogai", "J1"),), "single-system")
    await family.world.subjects.import_links(TOWN, [row], anchor="resident", actor="test")
    found = await family.world.subjects.find_by_number(TOWN, "jutogai", "J1")
    assert found is not None
    family.ids["elsewhere"] = found.subject_id
    await family.register("ward", "elsewhere", "guardian-of-adult")
    await family.protect("ward")
    await family.flags()
    assert not await family.may("elsewhere", "ward")


@pytest.mark.parametrize("kind", ["parent", "guardian-of-adult", "mandate"])
async def test_no_kind_of_representation_is_worth_more_than_the_measure(
    family: Family, kind: str
) -> None:
    """DV-12: nor a mandate that was given before, or under threat."""
    terms = {"purposes": [PURPOSE], "valid_to": TOMORROW} if kind == "mandate" else {}
    await family.register("victim", "ex", kind, **terms)
    await family.protect("victim")
    assert not await family.may("ex", "victim")


@pytest.mark.parametrize("kind", list(MeasureKind))
async def test_a_provisional_measure_counts(family: Family, kind: MeasureKind) -> None:
    """DV-12, DV-4: from the application on."""
    await family.register("child", "ex")
    await family.protect("child", kind=kind)
    assert not await family.may("ex", "child")


async def test_a_measure_that_names_nobody_closes_to_everybody(family: Family) -> None:
    """DV-12: it is not known against whom it protects; the desk knows."""
    for parent in ("victim", "ex"):
        await family.register("child", parent)
    await family.protect("child", against=None)
    assert not await family.may("ex", "child")
    assert not await family.may("victim", "child")
    assert await family.listed("victim") == []
    assert await family.may("child", "child")


async def test_one_measure_of_several_that_names_nobody_is_enough(family: Family) -> None:
    """DV-12: also where another one, or another row of the same kind, names somebody."""
    await family.register("child", "victim")
    known = ProtectionFlag(PEOPLE["child"], MeasureKind.FULL, None, None, (PEOPLE["ex"],))
    for other in (
        ProtectionFlag(PEOPLE["child"], MeasureKind.FULL, TODAY, None),
        ProtectionFlag(PEOPLE["child"], MeasureKind.PROVISIONAL, None, None),
    ):
        await family.flags(known)
        assert await family.may("victim", "child")
        for order in ((known, other), (other, known)):
            await family.flags(*order)
            assert not await family.may("victim", "child")


async def test_two_rows_of_one_kind_name_everybody_of_both(family: Family) -> None:
    """DV-12: the copy holds one row for both, and forgets neither."""
    for parent in ("victim", "ex", "stranger"):
        await family.register("child", parent)
    await family.flags(
        *(
            ProtectionFlag(PEOPLE["child"], MeasureKind.FULL, None, None, (PEOPLE[who],))
            for who in ("ex", "stranger")
        )
    )
    assert [await family.may(who, "child") for who in ("ex", "stranger", "victim")] == [
        False,
        False,
        True,
    ]


async def test_whoever_has_no_number_where_the_measure_names_by_number_is_not_told_apart(
    family: Family,
) -> None:
    """DV-12: nobody can say that the guardian from elsewhere is not the one who is named."""
    from gateway.subjects import LinkRow

    row = LinkRow(2, (("jutogai", "J1"),), "single-system")
    await family.world.subjects.import_links(TOWN, [row], anchor="resident", actor="test")
    found = await family.world.subjects.find_by_number(TOWN, "jutogai", "J1")
    assert found is not None
    family.ids["elsewhere"] = found.subject_id
    await family.register("ward", "elsewhere", "guardian-of-adult")
    assert await family.may("elsewhere", "ward")
    await family.protect("ward", against=("ex",))
    assert not await family.may("elsewhere", "ward")


@pytest.mark.parametrize("kind", list(OfficersKind))
async def test_a_measure_of_an_officer_names_persons(family: Family, kind: OfficersKind) -> None:
    """DV-12: provisional ones and those of accompanying persons too; a number of any system."""
    for parent in ("victim", "ex"):
        await family.register("child", parent)
    measures = Measures(MeasureStore(family.world.store), clock=family.world.clock, actor="first")
    number = f"T{PEOPLE['child']}"
    row = await measures.set(TOWN, "tax", number, kind, other_parties=[family.ids["ex"]])
    assert not await family.may("ex", "child")
    assert await family.may("victim", "child")
    await measures.set(TOWN, "tax", number, kind)
    assert not await family.may("victim", "child")
    async with family.world.store.session() as session:
        entries = [r.entry for r in (await session.scalars(select(AuditRow))).all()]
    assert not any(family.ids["ex"] in entry for entry in entries)
    assert row.other_parties == [family.ids["ex"]]


async def test_a_measure_past_its_term_counts(family: Family) -> None:
    """DV-12, DV-5: nothing lapses by itself."""
    await family.register("child", "ex")
    past = dt.date(2020, 1, 1)
    measures = Measures(MeasureStore(family.world.store), clock=family.world.clock, actor="first")
    await measures.set(
        TOWN,
        "resident",
        PEOPLE["child"],
        OfficersKind.FULL,
        since=past,
        until=past,
        other_parties=[family.ids["ex"]],
    )
    assert not await family.may("ex", "child")


async def test_while_nobodys_status_is_known_nobody_acts_for_anybody(family: Family) -> None:
    """DV-12, DV-3: the copy of the flags is too old, for protected people and others alike."""
    await family.register("child", "victim")
    await family.register("ward", "guardian", "guardian-of-adult")
    family.world.systems["resident"].flagged = Unavailable("down")
    family.world.clock.advance(minutes=10, seconds=1)
    await family.world.protection.pull()
    assert not await family.may("victim", "child")
    assert not await family.may("guardian", "ward")
    assert await family.listed("guardian") == []
    assert await family.may("ward", "ward")


async def test_a_measure_that_comes_while_a_system_answers_counts(family: Family) -> None:
    """DV-12, DV-10: the representation is looked up once more before the answer leaves."""
    await family.register("child", "ex")
    script = family.world.systems["tax"].script

    async def slow(request):
        await family.protect("child")
        return await script(request)

    family.world.systems["tax"].script = slow
    assert not await family.may("ex", "child", TAX)
    (record,) = await family.world.audit()
    assert (record["outcome"], record["items_delivered"]) == ("refused", [])


async def test_the_child_of_whoever_is_protected_is_not_thereby_closed_to_others(
    family: Family,
) -> None:
    """DV-12 speaks of the represented person: a measure of the guardian closes no ward."""
    await family.register("ward", "victim", "guardian-of-adult")
    await family.protect("victim")
    assert await family.may("victim", "ward")


async def test_an_offender_finds_nobody_through_a_child_who_is_not_flagged(
    family: Family,
) -> None:
    """DV-12: the child lives with the parent whom the measure protects; its block is hers."""
    for child in ("child", "ward"):
        kind = "parent" if child == "child" else "guardian-of-adult"
        await family.register(child, "ex", kind)
    await family.register("child", "victim")
    await family.register(
        "principal", "ex", "mandate", purposes=[PURPOSE], items=[NAME], valid_to=TOMORROW
    )
    assert await family.may("ex", "child", BLOCK)
    await family.protect("victim")
    for child in ("child", "ward"):
        assert not await family.may("ex", child, BLOCK)
        assert not await family.may("ex", child, NAME)
    assert await family.may("victim", "child", BLOCK)
    assert await family.may("ex", "principal"), "who wants an agent names one"
    assert await family.listed("ex") == [(family.handle("principal"), "mandate")]
    assert len(await family.listed("victim")) == 1
    await family.flags()
    assert not await family.may("ex", "child", BLOCK), "who leaves a list stays protected (DV-5)"


async def test_an_offender_whom_an_officer_names_finds_nobody_through_a_child(
    family: Family,
) -> None:
    """DV-12: named as a person, by another numbering than the child's."""
    await family.register("child", "ex")
    measures = Measures(MeasureStore(family.world.store), clock=family.world.clock, actor="o")
    set_ = await measures.set(
        TOWN,
        "tax",
        "T" + PEOPLE["victim"],
        OfficersKind.FULL,
        other_parties=[family.ids["ex"], family.ids["stranger"]],
    )
    assert not await family.may("ex", "child", BLOCK)
    await measures.end(TOWN, set_.measure_id)
    assert not await family.may("ex", "child", BLOCK), "one officer ends nothing"
    second = Measures(MeasureStore(family.world.store), clock=family.world.clock, actor="p")
    await second.end(TOWN, set_.measure_id)
    assert await family.may("ex", "child", BLOCK)


async def test_whoever_acts_for_a_child_is_told_no_address_of_a_protected_parent(
    family: Family,
) -> None:
    """DV-1, DV-12: also where the measure does not tell whom it names; the child has no flag."""
    home = {FOREVER: ("H1", RESIDENT)}
    victim, child, ex = (PEOPLE[who] for who in ("victim", "child", "ex"))
    family.world.systems["resident"].script = Register(
        {
            victim: Resident(home, block="ひみつ町"),
            child: Resident(home, ("子",), "2018-02-17", "ひみつ町"),
            ex: Resident({FOREVER: ("H2", RESIDENT)}),
        }
    ).script
    await family.register("child", "ex")

    async def told() -> object:
        answer = await family.ask("ex", "child", NAME, BLOCK)
        (part,) = answer.parts
        assert part.records[0]["shimei"] == Value(f"氏名　{child}")
        return part.records[0]["jusho_choaza"]

    assert await told() == Value("ひみつ町")
    await family.protect("victim", against=None)
    assert await told() == Absence(AbsenceReason.ASK_OFFICE)
    await family.protect("victim", against=("stranger",))
    assert await told() == Absence(AbsenceReason.ASK_OFFICE)


async def test_while_nobody_can_say_who_lives_there_no_representative_is_told_where(
    family: Family,
) -> None:
    """DV-3, DV-12: the list is down, the rest is not."""
    await family.register("child", "ex")
    script = family.world.systems["resident"].script

    async def without_lists(request: FetchRequest) -> FetchResult:
        found = await script(request)
        down = {ref: Unavailable("down") for ref in found.groups if ref == LIST}
        return FetchResult({**found.groups, **down})

    family.world.systems["resident"].script = without_lists
    answer = await family.ask("ex", "child", NAME, BLOCK)
    (part,) = answer.parts
    assert part.records[0]["jusho_choaza"] == Absence(AbsenceReason.UNAVAILABLE)
    assert isinstance(part.records[0]["shimei"], Value)


# Special states


async def test_a_guardian_is_no_resident_of_the_wards_household(family: Family) -> None:
    """成年被後見人: to register a guardian changes no record of anybody, and tells no address."""
    before = (await family.ask(None, "ward", NAME, BLOCK)).parts
    await family.register("ward", "guardian", "guardian-of-adult")
    after = (await family.ask(None, "ward", NAME, BLOCK)).parts
    assert [p.records for p in before] == [p.records for p in after]
    asked = [r.number for system in family.world.systems.values() for r in system.requests]
    assert PEOPLE["guardian"] not in asked
    assert await family.listed("guardian") == [(family.handle("ward"), "guardian-of-adult")]
    assert await family.listed("ward") == []


# The list


async def test_the_list_holds_handles_and_kinds_of_this_purpose_and_each_is_recorded(
    family: Family,
) -> None:
    """AU-10: one row for each person, with who acted; one for a look at nothing."""
    child = await family.register("child", "victim")
    await family.register("ward", "victim", "curator", purposes=["other"])
    await family.register("principal", "victim", "mandate", purposes=[PURPOSE], valid_to=TOMORROW)
    assert sorted(await family.listed("victim")) == sorted(
        [(family.handle("child"), "parent"), (family.handle("principal"), "mandate")]
    )
    assert await family.listed("stranger") == []
    rows = [e for e in await family.world.audit() if e["function"] == "representations"]
    assert [r["outcome"] for r in rows] == ["shown", "shown", "none"]
    audit = family.world.questions._rooms.audit
    (of_child,) = [r for r in rows if r.get("representation", {}).get("id") == child]
    assert of_child["subject_key"] == audit.pseudonym(TOWN, family.ids["child"])
    assert rows[2]["subject_key"] is None
    for one in (family.ids["victim"], family.ids["child"], family.handle("child")):
        assert one not in json.dumps(rows)


async def test_nobody_is_listed_to_a_consumer_without_a_login(family: Family) -> None:
    """The consumer alone represents nobody; and a purpose for citizens alone lists nobody."""
    await family.register("child", "victim")
    with pytest.raises(Problem) as refused:
        await family.list().show(family.access(None), CALLER)
    assert refused.value.type.slug == "login-needed"
    with pytest.raises(Problem) as refused:
        await family.list().show(family.access("victim", "other"), CALLER)
    assert refused.value.type.slug == "purpose-not-granted"
    rows = [e for e in await family.world.audit() if e["function"] == "representations"]
    assert [r["problem"] for r in rows] == ["login-needed", "purpose-not-granted"]


# Explained


@pytest.mark.parametrize(
    ("relation", "items", "purpose", "rule"),
    [
        (Relation.REPRESENTED, (NAME,), PURPOSE, "every-item-granted"),
        (Relation.REPRESENTED, (UNGRANTED,), PURPOSE, "item-not-granted"),
        (Relation.REPRESENTED, (NAME,), "other", "login-other-subject"),
        (Relation.SELF, (NAME,), PURPOSE, "every-item-granted"),
    ],
)
async def test_the_explanation_tells_the_rule_and_nothing_of_a_person(
    family: Family, relation: Relation, items: tuple[str, ...], purpose: str, rule: str
) -> None:
    """Without a subject: the same verdict whether or not anybody is represented."""
    represented = relation is Relation.REPRESENTED
    asked = Explained(purpose=purpose, items=items, represented=represented)
    told = []
    for registered in (False, True):
        if registered:
            await family.register("child", "victim")
        access = family.access("victim", purpose)
        found = await family.world.questions.explain(access, asked, CALLER)
        told.append(found.document(None))
    assert told[0] == told[1]
    assert told[0].rule == rule
    needed = represented and rule == "every-item-granted"
    assert told[0].representation_needed is needed
    if needed:
        assert {g.relation for g in told[0].grants} == {"represented"}


async def test_an_answer_in_anothers_place_holds_what_the_person_would_see(family: Family) -> None:
    """The values are those of the represented person."""
    await family.register("child", "victim")
    answer = await family.ask("victim", "child", NAME)
    assert answer.parts[0].records == [{"shimei": Value("見本　花子")}]
    assert {r.number for r in family.world.systems["resident"].requests} == {PEOPLE["child"]}
