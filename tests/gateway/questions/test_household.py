"""A question of everybody of a household: who belongs to it, and what of each may leave."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.errors import PlannedUnavailable, Unavailable
from gateway.access import Access, AccessRegistry, AccessStore, Caller, Relation
from gateway.access.grants import GrantTerms
from gateway.access.logins import Login, LoginLevel
from gateway.access.registration import REMOVED_RECORDS
from gateway.clock import TOKYO
from gateway.problems import Problem
from gateway.protection.openings import Openings, OpeningTerms
from gateway.protection.store import CountStore, OpeningStore
from gateway.questions.examples import HOUSEHOLD_ANSWER_EXAMPLE
from gateway.questions.household_schemas import HouseholdAnswerDocument
from gateway.questions.parts import Household, NotShown, PartStatus
from gateway.questions.relation_schemas import RelationAsked
from gateway.questions.render import render_answer
from gateway.questions.rooms import QuestionAnswer
from gateway.questions.schemas import Question
from gateway.subjects import LinkRow
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.builtin import load_builtin
from standard_models.values.three_valued import Judgement
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, PURPOSE, TAX, TOWN, World
from tests.gateway.questions.register import (
    DEAD,
    FOREVER,
    HEAD,
    LIST,
    MOVED_OUT,
    RESIDENT,
    Register,
    Resident,
)
from tests.gateway.questions.scripted import failing

SPLIT = dt.date(2026, 6, 10)
LEAVES = dt.date(2026, 10, 15)
DIED = dt.date(2026, 8, 3)
RELATIONSHIP = tuple(f"{LIST}.setaiin_tsuzukigara{n}" for n in range(1, 5))
GRANTED = (NAME, BLOCK, TAX, f"{LIST}.setaiin_shimei", *RELATIONSHIP)
MANY = "R5"
VICTIM, CHILD, EX, GRANDMOTHER = "R2", "R21", "R9", "R8"
PEOPLE = {
    # An ordinary family; the elder child is on the list by a number that nobody is known by.
    "R1": Resident({FOREVER: ("H1", RESIDENT)}),
    "R11": Resident({FOREVER: ("H1", RESIDENT)}, ("妻",), "1992-02-29"),
    "R12": Resident({FOREVER: ("H1", RESIDENT)}, ("子",), "2018-10-02"),
    "R13": Resident({FOREVER: ("H1", RESIDENT)}, ("子",), "2008-10-01"),
    "R14": Resident({FOREVER: ("H1", RESIDENT), DIED: ("H1", DEAD)}, ("父",), "1950-01-01"),
    "R15": Resident({FOREVER: ("H1", RESIDENT), LEAVES: ("H1", MOVED_OUT)}, ("母",), None),
    # The protected family: they left the man in June; her mother, not protected, lives with them.
    VICTIM: Resident({FOREVER: ("H2", RESIDENT), SPLIT: ("H3", RESIDENT)}, block="ひみつ町"),
    CHILD: Resident({FOREVER: ("H2", RESIDENT), SPLIT: ("H3", RESIDENT)}, ("子",), "2018-02-17"),
    EX: Resident({FOREVER: ("H2", RESIDENT)}, block="もと町"),
    GRANDMOTHER: Resident({SPLIT: ("H3", RESIDENT)}, ("母",), "1960-05-05", "ひみつ町"),
    "R3": Resident({FOREVER: ("H9", RESIDENT)}),
    "R4": Resident({FOREVER: ("H8", RESIDENT), DIED: ("H8", DEAD)}),
    **{f"R5{n}": Resident({FOREVER: ("H5", RESIDENT)}, ("同居人",)) for n in range(29)},
    MANY: Resident({FOREVER: ("H5", RESIDENT)}),
}
UNKNOWN_TO_US = frozenset({"R13"})


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: what touches the database is tried on both in ``tests/gateway/subjects``."""
    shutil.copy(sqlite_template, tmp_path / "hitotsu.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'hitotsu.db'}"


@pytest.fixture
def register() -> Register:
    """Return the register that the resident system is."""
    return Register(dict(PEOPLE))


@pytest.fixture
async def homes(world: World, register: Register) -> World:
    """The three systems, a resident register with history, and a grant of households."""
    resident = world.systems["resident"]
    resident.script, resident.flagged = register.script, (VICTIM, CHILD)
    await world.protection.pull()
    rows = [
        LinkRow(line, (("resident", number),), "my-number-match")
        for line, number in enumerate(PEOPLE, start=2)
        if number not in {*UNKNOWN_TO_US, "R1", "R2", "R3"}
    ]
    await world.subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    for number in PEOPLE:
        found = await world.subjects.find_by_number(TOWN, "resident", number)
        if found is not None:
            world.handles[number] = world.subjects.handle_for(TOWN, CLIENT, found.subject_id)
    await grant(world, relation=Relation.HOUSEHOLD, bases=("register",))
    return world


async def grant(world: World, *rights: str, **terms: Any) -> None:
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    first = world.clock.now().date()
    row = await registry.propose_grant(
        TOWN, CLIENT, PURPOSE, GrantTerms(items=[*GRANTED, *rights], valid_from=first, **terms)
    )
    await approve(registry, row.grant_id)


async def revoke_households(world: World) -> None:
    """Take back every grant of a household."""
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    _client, rows = await registry.show_client(CLIENT)
    for row in rows:
        if row.relation == Relation.HOUSEHOLD.value:
            await registry.revoke_grant(TOWN, row.grant_id)


async def ask(
    world: World, who: str, *items: str, age: Any = None, **more: Any
) -> tuple[QuestionAnswer, Household]:
    """Ask for items of everybody of somebody's household."""
    relation = {"kind": "household", "basis": "register", "age": age}
    answer = await world.ask(*(items or (NAME, BLOCK)), who=who, relation=relation, **more)
    assert answer.household is not None
    return answer, answer.household


async def refusal(world: World, who: str, *items: str, **more: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await ask(world, who, *items, **more)
    return caught.value


def names(answer: QuestionAnswer) -> list[str]:
    """Return the numbers of who is shown, by the name that the register made of them."""
    return [
        str(answered.value).rpartition("　")[2]  # type: ignore[union-attr]
        for member in answer.members
        for part in member.parts
        if (answered := (part.records or (part.absences,))[0].get("shimei")) is not None
        if hasattr(answered, "value")
    ]


def names_by_handle(world: World) -> dict[str, str]:
    """Return the number of everybody by the handle that the consumer has of them."""
    return {handle: number for number, handle in world.handles.items() if number in PEOPLE}


async def grant_alone(world: World) -> None:
    """Grant items of the list like those of any record."""
    await grant(world, valid_to=None)


def secrets_in(answer: QuestionAnswer, secret: str) -> bool:
    return secret in orjson.dumps(render_answer(answer)).decode()


async def test_each_member_comes_with_a_handle_a_relationship_and_parts_of_its_own(
    homes: World,
) -> None:
    """The household names its basis and day; the members stand in the order of the register."""
    answer, household = await ask(homes, "R1", NAME, TAX, *RELATIONSHIP)
    assert (household.basis.id, household.reference_date) == ("register", dt.date(2026, 10, 1))
    assert household.provenance is not None
    assert household.provenance.reference_date == dt.date(2026, 10, 1)
    assert [(m.relationship, m.is_subject) for m in answer.members] == [
        ("世帯主", True),
        ("妻", False),
        ("子", False),
        ("母", False),
    ]
    assert names(answer) == ["R1", "R11", "R12", "R15"]
    assert [m.handle for m in answer.members] == [
        homes.handles[n] for n in ("ordinary", "R11", "R12", "R15")
    ]
    tax = [m.parts[1].status for m in answer.members]
    assert tax == [PartStatus.OK, *[PartStatus.NOT_FOUND] * 3]
    assert (answer.outcome, answer.parts, answer.receipt) == ("complete", (), None)
    assert all(m.receipt for m in answer.members)


async def test_the_answer_has_the_described_shape(homes: World) -> None:
    """The description names every member of the answer; the example is one that could come."""
    rendered = render_answer((await ask(homes, "R1", NAME))[0])
    assert set(rendered) == set(HOUSEHOLD_ANSWER_EXAMPLE)
    assert set(rendered) == set(HouseholdAnswerDocument.model_fields)
    assert set(rendered["household"]) == set(HOUSEHOLD_ANSWER_EXAMPLE["household"])
    assert set(rendered["members"][0]) == set(HOUSEHOLD_ANSWER_EXAMPLE["members"][0])
    for document in (rendered, HOUSEHOLD_ANSWER_EXAMPLE):
        HouseholdAnswerDocument.model_validate(document)


async def test_a_member_who_is_not_identified_counts_and_is_not_guessed(homes: World) -> None:
    """The elder child is on the list by a number that the gateway does not know."""
    answer, household = await ask(homes, "R1")
    assert household.size == 5
    assert household.not_shown == {NotShown.ASK_OFFICE: 1}
    assert len(answer.members) == 4
    assert not secrets_in(answer, "氏名　R13")
    outcomes = [entry["outcome"] for entry in await homes.audit()]
    assert outcomes.count("not-identified") == 1


async def test_the_dead_are_in_no_household_and_who_plans_to_leave_is_until_the_day(
    homes: World,
) -> None:
    """除票 and 転出予定: the day before, on the day, the day after."""
    assert "R14" not in names((await ask(homes, "R1"))[0])
    day = dt.timedelta(days=1)
    for reference, expected in ((LEAVES - day, 5), (LEAVES, 4), (LEAVES + day, 4)):
        answer, household = await ask(homes, "R1", as_of=reference)
        assert household.size == expected
        assert ("R15" in names(answer)) is (reference < LEAVES)


async def test_one_protected_member_withholds_the_address_of_everybody(homes: World) -> None:
    """DV-1, DV-9: the grandmother is not protected, but her address is that of the victim."""
    answer, household = await ask(homes, VICTIM, NAME, BLOCK)
    assert household.size == 3
    assert names(answer) == [VICTIM, CHILD]
    assert household.not_shown == {NotShown.ASK_OFFICE: 1}
    blocks = [m.parts[0].records[0]["jusho_choaza"].to_json() for m in answer.members]
    assert blocks == [{"absent": "ask-office"}] * 2
    assert not secrets_in(answer, "ひみつ町")
    beside, _ = await ask(homes, GRANDMOTHER)
    assert not secrets_in(beside, "ひみつ町")
    await homes.protection.counts.store(CountStore(homes.store))
    withheld, revealed = await CountStore(homes.store).of_day(TOWN, homes.clock.now().date())
    assert (withheld > 0, revealed) == (True, 0), "counted by day as for one person (DV-17)"


async def test_the_household_of_whoever_is_protected_leads_to_no_address(homes: World) -> None:
    """DV-1, DV-9: a handle of whoever lives with them would lead to where they live."""
    found = [VICTIM]
    for who in found:
        answer, _ = await ask(homes, who)
        for member in answer.members:
            number = names_by_handle(homes).get(member.handle)
            assert number is not None
            if number not in found:
                found.append(number)
    for who in found:
        alone = await homes.ask(NAME, BLOCK, who=who)
        assert not secrets_in(alone, "ひみつ町"), who
    assert found == [VICTIM, CHILD]


LISTED, HEADED = f"{LIST}.setaiin_shimei", f"{HEAD}.setainushi_shimei"


@pytest.mark.parametrize(
    ("who", "withheld"),
    [
        (VICTIM, {GRANDMOTHER}),
        (CHILD, {GRANDMOTHER}),
        (GRANDMOTHER, {VICTIM, CHILD}),
        ("R1", set()),
    ],
)
async def test_the_list_itself_names_nobody_across_a_measure(
    homes: World, who: str, withheld: set[str]
) -> None:
    """DV-9: items of the list, asked like any others, with the address of one of them."""
    await grant_alone(homes)
    answer = await homes.ask(LISTED, BLOCK, who=who)
    (part,) = [p for p in answer.parts if p.planned.group.ref == LIST]
    shown = {r["setaiin_shimei"] for r in part.records}
    office = Absence(AbsenceReason.ASK_OFFICE)
    hidden = [r for r in part.records if office in r.values()]
    assert len(hidden) == len(withheld)
    assert all(set(r.values()) == {office} for r in hidden)
    for number in withheld:
        assert Value(f"氏名　{number}") not in shown
    assert Value(f"氏名　{who}") in shown


async def test_the_name_of_the_head_does_not_cross_a_measure(homes: World) -> None:
    """DV-9: alone or in a household, she is not told who heads the household she lives in."""
    await grant(homes, HEADED)
    await grant(homes, HEADED, relation=Relation.HOUSEHOLD, bases=("register",))
    office, victim = Absence(AbsenceReason.ASK_OFFICE), Value(f"氏名　{VICTIM}")
    for who, told in ((GRANDMOTHER, office), (CHILD, victim), (VICTIM, victim)):
        alone = await homes.ask(HEADED, who=who)
        assert alone.parts[0].records == [{"setainushi_shimei": told}]
        answer, _ = await ask(homes, who, HEADED)
        (member,) = [m for m in answer.members if m.is_subject]
        assert member.parts[0].records == [{"setainushi_shimei": told}]


async def test_who_uses_no_openings_is_told_of_nobody_across_a_measure(homes: World) -> None:
    """DV-14: a page of staff names nobody who is protected, though opened, before a reveal."""
    await grant(homes, HEADED)
    openings = [
        Openings(OpeningStore(homes.store), load_builtin(), clock=homes.clock, actor=officer)
        for officer in ("first", "second")
    ]
    terms = OpeningTerms(client_id=CLIENT, purpose_id=PURPOSE, items=(BLOCK,), legal_basis="法12条")
    ten_minutes = dt.timedelta(minutes=10)
    lift = await openings[0].propose_lift(TOWN, terms, ("resident", VICTIM), ten_minutes)
    await openings[1].approve(TOWN, lift.opening_id)
    question = Question(subject=homes.handles[GRANDMOTHER], purpose=PURPOSE, items=(HEADED,))
    access, caller = Access(CLIENT, TOWN, PURPOSE, "t", "k"), Caller("f" * 32, "127.0.0.1")
    for use_openings, told in (
        (True, Value(f"氏名　{VICTIM}")),
        (False, Absence(AbsenceReason.ASK_OFFICE)),
    ):
        answer = await homes.questions.ask(access, question, caller, use_openings=use_openings)
        assert answer.parts[0].records == [{"setainushi_shimei": told}]


async def test_the_list_names_nobody_else_while_nobodys_protection_is_known(homes: World) -> None:
    """DV-3: for everybody alike."""
    await grant_alone(homes)
    homes.clock.advance(hours=1)
    for who in (GRANDMOTHER, "R11"):
        answer = await homes.ask(LISTED, who=who)
        shown = [r["setaiin_shimei"] for r in answer.parts[0].records]
        assert [one for one in shown if isinstance(one, Value)] == [Value(f"氏名　{who}")]
        assert Absence(AbsenceReason.UNAVAILABLE) in shown


async def test_the_age_filter_does_not_let_the_address_of_the_others_out(homes: World) -> None:
    """DV-9: the protected are looked up before anybody is filtered out."""
    answer, _ = await ask(homes, GRANDMOTHER, age={"at_least": 60})
    assert names(answer) == [GRANDMOTHER]
    assert not secrets_in(answer, "ひみつ町")


async def test_a_protected_member_counts_and_is_not_shown_to_who_asks_for_another(
    homes: World,
) -> None:
    """DV-8b: the reason is that of a number nobody is known by; so is the shape of the answer."""
    answer, household = await ask(homes, GRANDMOTHER)
    assert household.size == 3
    assert household.not_shown == {NotShown.ASK_OFFICE: 2}
    assert names(answer) == [GRANDMOTHER]
    _, ordinary = await ask(homes, "R1")
    assert set(ordinary.not_shown) == set(household.not_shown)


async def test_an_ex_household_member_is_not_there_after_the_split(homes: World) -> None:
    """API1, DV-8: the man is alone; as of a day before, the protected count and say nothing."""
    answer, household = await ask(homes, EX)
    assert (household.size, names(answer), household.not_shown) == (1, [EX], {})
    before, then = await ask(homes, EX, as_of=SPLIT - dt.timedelta(days=1))
    assert then.size == 3
    assert names(before) == [EX]
    assert then.not_shown == {NotShown.ASK_OFFICE: 2}
    _, on_the_day = await ask(homes, EX, as_of=SPLIT)
    assert on_the_day.size == 1
    assert not any(
        secrets_in(a, s) for a in (answer, before) for s in ("ひみつ町", f"氏名　{VICTIM}")
    )


async def test_while_nobodys_protection_is_known_only_the_subject_is_shown(homes: World) -> None:
    """DV-3: the same for the protected family and for an ordinary one."""
    homes.clock.advance(hours=1)
    for who in (GRANDMOTHER, "R11"):
        answer, household = await ask(homes, who, NAME, BLOCK)
        assert [m.is_subject for m in answer.members] == [True]
        assert answer.members[0].parts[0].records[0]["jusho_choaza"].to_json() == {
            "absent": "unavailable"
        }
        assert household.not_shown[NotShown.UNAVAILABLE] > 0
        assert answer.outcome == "partial"


async def test_thirty_people_have_thirty_records(homes: World) -> None:
    """AU-10: one record for each person, the subject's is that of the question."""
    answer, household = await ask(homes, MANY, NAME)
    assert (household.size, len(answer.members)) == (30, 30)
    entries = await homes.audit()
    assert len(entries) == 30
    assert len({entry["subject_key"] for entry in entries}) == 30
    assert all(entry["items_delivered"] == ["001P0006"] for entry in entries)
    parts = sorted(entry["scope"]["part"] for entry in entries)
    assert parts == ["member"] * 29 + ["subject"]
    scope = {"basis": "register", "reference_date": "2026-10-01", "relation": "household"}
    assert all(scope.items() <= entry["scope"].items() for entry in entries)
    (own,) = [e for e in entries if e["audit_id"] == answer.question_id]
    assert own["scope"]["part"] == "subject"


async def test_nobody_found_has_a_record_with_an_empty_list(homes: World) -> None:
    """AU-10: the person was looked for; nothing was delivered."""
    answer, household = await ask(homes, "R4")
    assert (household.status, household.size) == (PartStatus.NOT_FOUND, None)
    (entry,) = await homes.audit()
    assert (entry["items_delivered"], entry["subject_key"] is not None) == ([], True)
    assert answer.outcome == "complete"


async def test_a_person_filtered_out_was_touched_and_has_a_record(homes: World) -> None:
    """AU-10: their birth date was read, though nothing of them leaves."""
    answer, household = await ask(homes, "R1", NAME, age={"at_most": 17})
    assert names(answer) == ["R12", "R15"]
    assert [m.matches for m in answer.members] == [Judgement.YES, Judgement.UNDECIDABLE]
    assert household.size == 5
    outcomes = sorted(entry["outcome"] for entry in await homes.audit())
    assert outcomes == ["complete", "complete", "complete", "filtered", "not-identified"]


async def test_ages_end_on_the_eve_of_the_birthday(homes: World) -> None:
    """H1: born on 2 October 2018, eight years old at the end of 1 October 2026."""
    for at_most, shown in ((8, True), (7, False)):
        answer, _ = await ask(homes, "R1", NAME, age={"at_most": at_most})
        assert ("R12" in names(answer)) is shown


async def test_more_members_than_any_household_has_are_refused(
    homes: World, register: Register
) -> None:
    """PL-8: an error beyond the cap, recorded; no page of the first fifty."""
    register.people |= {
        f"R6{n}": Resident({FOREVER: ("H5", RESIDENT)}, ("同居人",)) for n in range(21)
    }
    problem = await refusal(homes, MANY, NAME)
    assert (problem.type.slug, problem.type.status) == ("too-many-members", 422)
    (entry,) = await homes.audit()
    assert (entry["outcome"], entry["problem"]) == ("refused", "too-many-members")


async def test_a_row_of_somebody_elses_household_is_dropped_whole_and_reported(
    homes: World, register: Register
) -> None:
    """WP-5: the list names a neighbour whose own record says another household."""
    register.foreign_rows = ("R3",)
    answer, household = await ask(homes, "R1", NAME)
    assert "R3" not in names(answer)
    assert (household.dropped_rows, household.size, answer.outcome) == (1, None, "partial")
    (alarm,) = await homes.alarms()
    assert (alarm["kind"], alarm["count"]) == ("other-link", 1)


async def test_a_list_without_its_own_subject_is_no_list_of_theirs(
    homes: World, register: Register
) -> None:
    """WP-5: the echo says R1, the rows are those of another household: nobody is shown."""
    register.listed_instead = {"R1": "R3"}
    answer, household = await ask(homes, "R1", NAME)
    assert (household.status, household.size) == (PartStatus.UNAVAILABLE, None)
    assert (answer.members, answer.outcome) == ((), "none")
    assert [alarm["kind"] for alarm in await homes.alarms()] == ["other-link"]


async def test_a_register_that_cannot_be_read_is_not_an_empty_household(homes: World) -> None:
    """PA-3: down, late and closed each say so; none of them says that there is nobody."""
    homes.systems["resident"].script = failing(Unavailable("down"))
    answer, household = await ask(homes, "R1", NAME)
    assert (household.status, household.size) == (PartStatus.UNAVAILABLE, None)
    assert (answer.members, answer.outcome) == ((), "none")
    assert render_answer(answer)["household"]["status"] == "unavailable"
    until = dt.datetime(2026, 10, 1, 18, tzinfo=TOKYO)
    homes.systems["resident"].script = failing(PlannedUnavailable("closed", until=until))
    assert (await refusal(homes, "R1", NAME)).type.slug == "systems-closed"
    homes.systems["resident"].script = failing(Unavailable("down"))
    required = await refusal(homes, "R1", NAME, require=["001.juminkihonjoho"])
    assert required.type.slug == "required-part-unavailable"


async def test_a_lost_row_leaves_the_size_open(homes: World, register: Register) -> None:
    """A record that could not be mapped may be a member: how many they are is not known."""
    register.lost = 1
    answer, household = await ask(homes, "R1", NAME)
    assert (household.size, household.lost_records, answer.outcome) == (None, 1, "partial")


async def test_a_member_who_died_since_needs_the_right_to_removed_entries(homes: World) -> None:
    """PL-8, PL-11: on the day they belonged; without the right they count and are not shown."""
    day = DIED - dt.timedelta(days=1)
    answer, household = await ask(homes, "R1", NAME, as_of=day)
    assert household.size == 6
    assert "R14" not in names(answer)
    assert household.not_shown == {NotShown.ASK_OFFICE: 2}
    refused = await refusal(homes, "R1", NAME, as_of=day, include=["removed"])
    assert refused.type.slug == "right-not-granted"
    await grant(homes, REMOVED_RECORDS, relation=Relation.HOUSEHOLD, bases=("register",))
    with_right, _ = await ask(homes, "R1", NAME, as_of=day, include=["removed"])
    assert "R14" in names(with_right)
    today, _ = await ask(homes, "R1", NAME, include=["removed"])
    assert "R14" not in names(today)


async def test_a_removed_entry_is_as_one_that_never_was(homes: World) -> None:
    """PL-11: the bodies are equal but for the record's id; with the right they are told apart."""
    never = LinkRow(2, (("tax", "T9"),), "single-system")
    await homes.subjects.import_links(TOWN, [never], anchor="resident", actor="test")
    found = await homes.subjects.find_by_number(TOWN, "tax", "T9")
    assert found is not None
    homes.handles["never"] = homes.subjects.handle_for(TOWN, CLIENT, found.subject_id)

    async def body(who: str, **more: Any) -> dict[str, Any]:
        document = render_answer(await homes.ask(NAME, BLOCK, who=who, receipt=False, **more))
        return {**document, "question_id": ""}

    assert await body("R4") == await body("never")
    day = DIED - dt.timedelta(days=1)
    assert await body("R4", as_of=day) == await body("never", as_of=day)
    await grant(homes, REMOVED_RECORDS)
    told = await body("R4", include=["removed"])
    assert told["parts"][0]["records"][0]["shimei"] == {"value": "氏名　R4"}


async def test_a_grant_of_the_person_is_none_of_the_household_and_the_other_way_round(
    homes: World,
) -> None:
    """A household by another basis needs a grant for that basis; nothing is read before."""
    asked = len(homes.systems["resident"].requests)
    relation = {"kind": "household", "basis": "tax"}
    with pytest.raises(Problem) as caught:
        await homes.ask(NAME, who="R1", relation=relation)
    assert caught.value.type.slug == "relation-not-granted"
    with pytest.raises(Problem) as unknown:
        await homes.ask(NAME, who="R1", relation={"kind": "household", "basis": "neighbours"})
    assert [e.pointer for e in unknown.value.errors] == ["/relation/basis"]
    state = await refusal(homes, "R1", "027.jukyushikakujoho.shikyujotai")
    assert state.type.slug == "item-not-granted"
    with pytest.raises(Problem) as own:
        await homes.ask(f"{LIST}.setaiin_shimei", who="R1")
    assert own.value.type.slug == "item-not-granted"
    assert len(homes.systems["resident"].requests) == asked


async def logged_in_asks_for_the_household(world: World) -> Question:
    """Ask for a household with the token of a login, which must be refused; return the question."""
    question = Question(
        subject=world.handles["R11"],
        purpose=PURPOSE,
        items=(NAME,),
        relation=RelationAsked(kind="household"),
    )
    with pytest.raises(Problem) as caught:
        await world.questions.ask(logged_in(world), question, Caller("f" * 32, "127.0.0.1"))
    assert caught.value.type.slug == "login-other-subject"
    return question


def logged_in(world: World) -> Access:
    login = Login(world.handles["R11"], LoginLevel.PUBLIC_KEY_CARD, world.clock.now())
    return Access(CLIENT, TOWN, PURPOSE, "t", "k", login=login)


async def test_the_token_of_a_login_is_good_for_nobody_else(homes: World) -> None:
    """AT-6: the citizen has shown who they are, and not for whom else they may ask."""
    asked = len(homes.systems["resident"].requests)
    question = await logged_in_asks_for_the_household(homes)
    assert len(homes.systems["resident"].requests) == asked
    alone = question.model_copy(update={"relation": None})
    answer = await homes.questions.ask(logged_in(homes), alone, Caller("f" * 32, "127.0.0.1"))
    assert answer.outcome == "complete"


async def test_the_household_of_a_removed_entry_is_that_of_nobody(homes: World) -> None:
    """PL-11: today, and as of a day on which there was one."""
    never = LinkRow(2, (("tax", "T9"),), "single-system")
    await homes.subjects.import_links(TOWN, [never], anchor="resident", actor="test")
    found = await homes.subjects.find_by_number(TOWN, "tax", "T9")
    assert found is not None
    homes.handles["never"] = homes.subjects.handle_for(TOWN, CLIENT, found.subject_id)
    for more in ({}, {"as_of": DIED - dt.timedelta(days=1)}):
        bodies = [
            {**render_answer((await ask(homes, who, NAME, **more))[0]), "question_id": ""}
            for who in ("R4", "never")
        ]
        assert bodies[0] == bodies[1]
        assert bodies[0]["household"]["status"] == "not-found"


async def test_an_ordinary_question_asks_no_more_than_before(homes: World) -> None:
    """Without relation and day: one call, no day, no list."""
    before = len(homes.systems["resident"].requests)
    answer = await homes.ask(NAME, who="R11")
    (request,) = homes.systems["resident"].requests[before:]
    assert (request.on, set(request.groups)) == (None, {"001.juminkihonjoho"})
    assert "household" not in render_answer(answer)
    assert "scope" not in (await homes.audit())[-1]
    assert "reference_date" not in render_answer(answer)["parts"][0]["provenance"]


@pytest.fixture
def crossings() -> Iterator[list[str]]:
    """Collect numbers that stood under another member's handle."""
    found: list[str] = []
    yield found
    assert not found


async def test_households_asked_at_once_do_not_mix(homes: World, crossings: list[str]) -> None:
    """WP-4: forty questions side by side, each member under its own handle."""
    people = ["R1", "R11", MANY, GRANDMOTHER] * 10
    answers = await asyncio.gather(*(ask(homes, who, NAME) for who in people))
    by_handle = {handle: number for number, handle in homes.handles.items()}
    by_handle[homes.handles["ordinary"]] = "R1"
    for answer, _ in answers:
        said = zip(names(answer), answer.members, strict=True)
        crossings += [n for n, m in said if by_handle[m.handle] != n]
