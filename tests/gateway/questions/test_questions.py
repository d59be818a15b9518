"""A question asked of three systems: what comes back, what does not, and what is recorded."""

import asyncio
import datetime as dt
import itertools
import time
from typing import Any

import pytest

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    MappingFailed,
    PlannedUnavailable,
    SourceTimeout,
    Unavailable,
    WrongSubject,
)
from gateway.access import Access, Caller
from gateway.access.registration import expand_items
from gateway.audit.fhir import to_provenance
from gateway.clock import TOKYO
from gateway.connections import SourceState
from gateway.problems import Problem
from gateway.questions.parts import Part, PartStatus
from gateway.questions.render import render_answer
from gateway.questions.service import QuestionAnswer
from standard_models.answers import Absence, AbsenceReason, Quality, Severity, StandardRecord, Value
from standard_models.builtin import load_builtin
from tests.gateway.audit.schemas import RECORD, faults, of_fhir
from tests.gateway.protection.room import grant
from tests.gateway.questions.conftest import (
    BLOCK,
    BUILDING,
    MAIL,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    UNGRANTED,
    World,
)
from tests.gateway.questions.scripted import TIME, failing, knowing_nobody, record

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
UNAVAILABLE = Absence(AbsenceReason.UNAVAILABLE)


def part(answer: QuestionAnswer, group: str) -> Part:
    (found,) = [p for p in answer.parts if p.planned.group.ref == group]
    return found


async def refusal(world: World, *items: str, **who: str) -> Problem:
    with pytest.raises(Problem) as caught:
        await world.ask(*items, **who)
    return caught.value


async def test_three_systems_answer_one_question(world: World) -> None:
    """Every item comes back with the system it comes from and its time."""
    answer = await world.ask(NAME, TAX, STATE)
    assert answer.outcome == "complete"
    assert [dict(p.records[0]) for p in answer.parts] == [
        {"shimei": Value("見本　花子")},
        {"nenzeigaku": Value(150000)},
        {"shikyujotai": Value("1")},
    ]
    assert [p.provenance.system_name for p in answer.parts if p.provenance] == [
        "residentシステム",
        "taxシステム",
        "welfareシステム",
    ]
    assert all(p.provenance and p.provenance.as_of == TIME for p in answer.parts)


async def test_each_system_is_asked_by_its_own_number_and_for_no_more_than_needed(
    world: World,
) -> None:
    """A system sees its own numbering, and only what is asked for, the keys of the group, and in
    the register whether the entry was removed (PL-8)."""
    await world.ask(NAME)
    (request,) = world.systems["resident"].requests
    assert request.number == "R1"
    assert request.groups == {
        "001.juminkihonjoho": frozenset({"shimei", "atenabango", "rirekibango", "juminjotai"})
    }
    assert world.systems["tax"].requests == []


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (Unavailable("down"), PartStatus.UNAVAILABLE, AbsenceReason.UNAVAILABLE),
        (AuthenticationFailed("key"), PartStatus.UNAVAILABLE, AbsenceReason.UNAVAILABLE),
        (BadAnswer("html"), PartStatus.UNAVAILABLE, AbsenceReason.UNAVAILABLE),
        (SourceTimeout("late"), PartStatus.TIMEOUT, AbsenceReason.TIMEOUT),
        (MappingFailed("key"), PartStatus.LOST_IN_MAPPING, AbsenceReason.LOST_IN_MAPPING),
    ],
)
async def test_a_system_that_fails_leaves_a_reason_and_the_rest_is_served(
    world: World, error: AdapterError, status: PartStatus, reason: AbsenceReason
) -> None:
    """PA-3: a missing part never looks like an empty one."""
    world.systems["tax"].script = failing(error)
    answer = await world.ask(NAME, TAX)
    assert answer.outcome == "partial"
    failed = part(answer, "010.kazeikihonjoho")
    assert (failed.status, list(failed.records)) == (status, [])
    assert failed.absences == {"nenzeigaku": Absence(reason)}
    assert part(answer, "001.juminkihonjoho").status is PartStatus.OK


async def test_a_closed_system_says_when_it_opens(world: World) -> None:
    """The reopening time of the source stands in the answer."""
    opens = dt.datetime(2026, 10, 2, 6, 0, tzinfo=TOKYO)
    world.systems["welfare"].script = failing(PlannedUnavailable("night", until=opens))
    closed = part(await world.ask(NAME, STATE), "027.jukyushikakujoho")
    assert (closed.status, closed.opens_at) == (PartStatus.UNAVAILABLE_PLANNED, opens)


async def test_all_systems_down_is_an_answer_without_any_part(world: World) -> None:
    """Outcome none: nothing could be said."""
    for system in world.systems.values():
        system.script = failing(Unavailable("down"))
    assert (await world.ask(NAME, TAX, STATE)).outcome == "none"


async def test_no_record_is_an_answer(world: World) -> None:
    """That a system knows nothing of the person is known; the answer is complete."""
    world.systems["tax"].script = knowing_nobody()
    answer = await world.ask(NAME, TAX)
    empty = part(answer, "010.kazeikihonjoho")
    assert answer.outcome == "complete"
    assert empty.status is PartStatus.NOT_FOUND
    assert empty.absences == {"nenzeigaku": Absence(AbsenceReason.NOT_RECORDED)}


async def test_a_person_without_a_number_in_a_system_is_not_asked_about_there(
    world: World,
) -> None:
    """Nothing is looked up by name; the system is not called."""
    answer = await world.ask(NAME, TAX, who="newcomer")
    assert part(answer, "010.kazeikihonjoho").status is PartStatus.NOT_FOUND
    assert world.systems["tax"].requests == []


async def test_a_slow_system_does_not_hold_the_others_up(world: World) -> None:
    """One deadline for all: what came in time is served, what did not is a time-out."""
    never = asyncio.Event()

    async def silent(_request: FetchRequest) -> FetchResult:
        await never.wait()
        raise AssertionError

    world.systems["tax"].script = silent
    world.questions._deadline_s = 1.0
    answer = await world.ask(NAME, TAX)
    assert part(answer, "010.kazeikihonjoho").status is PartStatus.TIMEOUT
    assert part(answer, "001.juminkihonjoho").status is PartStatus.OK


async def test_every_system_has_the_same_deadline(world: World) -> None:
    """FO-1: one point in time for the whole question, whichever system is asked first."""
    now = time.monotonic()
    # The systems' own limit of time is later than the deadline of this question.
    world.questions._deadline_s = 1.0
    await world.ask(NAME, TAX, STATE)
    deadlines = {s.requests[-1].deadline.at for s in world.systems.values()}
    assert len(deadlines) == 1
    assert now < deadlines.pop() <= time.monotonic() + 1.0 - 0.05


async def test_an_adapter_that_crashes_costs_only_its_own_part(world: World) -> None:
    """Vendor code may raise anything."""

    async def crash(_request: FetchRequest) -> FetchResult:
        raise ZeroDivisionError("canary 見本　花子")

    world.systems["tax"].script = crash
    answer = await world.ask(NAME, TAX)
    assert part(answer, "010.kazeikihonjoho").status is PartStatus.UNAVAILABLE
    assert "canary" not in world.log.text


async def test_somebody_elses_record_is_discarded_and_sounds_the_alarm(world: World) -> None:
    """WP-1, WP-3: the number that the source echoed decides, not the one that was asked for."""

    async def swapped(request: FetchRequest) -> FetchResult:
        return FetchResult(
            {
                ref: GroupRecords(
                    (record(ref, "T999", fields, {"nenzeigaku": 987654}),), TIME, TIME
                )
                for ref, fields in request.groups.items()
            }
        )

    world.systems["tax"].script = swapped
    answer = await world.ask(NAME, TAX)
    discarded = part(answer, "010.kazeikihonjoho")
    assert (discarded.status, discarded.records) == (PartStatus.UNAVAILABLE, ())
    assert "987654" not in repr(answer)
    assert "wrong-person" in world.log.events
    assert b'hitotsu_wrong_person_alarms_total{adapter="scripted-tax",kind="other-number"} 1.0' in (
        world.metrics.render()
    )
    assert "T999" not in world.log.text
    assert (await world.alarms()) == [
        {"adapter": "scripted-tax", "capability": "fetch", "kind": "other-number", "count": 1}
    ]


async def test_a_record_that_names_nobody_is_counted_and_the_source_stays_in_use(
    world: World,
) -> None:
    """The rest of its answer is the person's own."""

    async def one_lost(request: FetchRequest) -> FetchResult:
        (ref,) = request.groups
        own = record(ref, "T1", request.groups[ref], {"nenzeigaku": 150000})
        return FetchResult({ref: GroupRecords((own,), TIME, TIME, lost=2)})

    world.systems["tax"].script = one_lost
    assert part(await world.ask(TAX), "010.kazeikihonjoho").status is PartStatus.OK
    (alarm,) = await world.alarms()
    assert (alarm["kind"], alarm["count"]) == ("lost-record", 2)
    (tax,) = [c for c in world.connections.all() if c.adapter_id == "scripted-tax"]
    assert tax.health.state is SourceState.ONLINE


@pytest.mark.parametrize("whole", [True, False])
async def test_an_adapter_that_notices_somebody_else_itself_sounds_the_same_alarm(
    world: World, whole: bool
) -> None:
    """WP-3: whether an adapter raises or says it of one group, the source becomes suspect."""

    async def noticed(request: FetchRequest) -> FetchResult:
        error = WrongSubject("another number was echoed")
        if whole:
            raise error
        return FetchResult(dict.fromkeys(request.groups, error))

    world.systems["tax"].script = noticed
    answer = await world.ask(NAME, TAX)
    assert part(answer, "010.kazeikihonjoho").status is PartStatus.UNAVAILABLE
    assert world.log.events.count("wrong-person") == 1
    (tax,) = [c for c in world.connections.all() if c.adapter_id == "scripted-tax"]
    assert tax.health.state is SourceState.SUSPECT


async def test_one_foreign_row_in_a_list_discards_the_whole_list(world: World) -> None:
    """WP-5: a list that holds one foreign row cannot be trusted."""

    async def mixed(request: FetchRequest) -> FetchResult:
        records = tuple(
            record(ref, number, fields, {"shimei": "見本　次郎"})
            for ref, fields in request.groups.items()
            for number in ("R1", "R7")
        )
        return FetchResult({ref: GroupRecords(records, TIME, TIME) for ref in request.groups})

    world.systems["resident"].script = mixed
    assert part(await world.ask(NAME), "001.juminkihonjoho").status is PartStatus.UNAVAILABLE


async def test_an_item_that_did_not_map_says_so_and_the_rest_is_served(world: World) -> None:
    """A bad field of a legacy record costs that field, never the answer."""
    why = Quality("UNMAPPED_CODE", Severity.WARNING, {"item_id": "010P0019"})

    async def lossy(request: FetchRequest) -> FetchResult:
        ref = "010.kazeikihonjoho"
        answers = dict.fromkeys(request.groups[ref], Absence(AbsenceReason.LOST_IN_MAPPING, (why,)))
        return FetchResult(
            {ref: GroupRecords((StandardRecord(ref, request.number, answers),), TIME, TIME)}
        )

    world.systems["tax"].script = lossy
    answer = await world.ask(NAME, TAX)
    assert answer.outcome == "complete"
    lossy_part = part(answer, "010.kazeikihonjoho")
    assert lossy_part.records == [{"nenzeigaku": Absence(AbsenceReason.LOST_IN_MAPPING, (why,))}]
    explained = render_answer(answer)["explanations"]
    assert set(explained) == {"lost-in-mapping", "UNMAPPED_CODE"}
    assert all({"ja", "ja-easy", "en"} <= set(texts) for texts in explained.values())


async def test_records_that_could_not_be_mapped_at_all_are_counted(world: World) -> None:
    """A person whose only record is lost is not a person without record."""

    async def lost(request: FetchRequest) -> FetchResult:
        return FetchResult({ref: GroupRecords((), TIME, TIME, lost=1) for ref in request.groups})

    world.systems["tax"].script = lost
    answer = await world.ask(NAME, TAX)
    gone = part(answer, "010.kazeikihonjoho")
    assert (gone.status, gone.lost_records) == (PartStatus.LOST_IN_MAPPING, 1)
    assert answer.outcome == "partial"


async def test_a_protected_persons_address_leaves_from_no_system(world: World) -> None:
    """DV-1, DV-2: flagged in the resident system, withheld in the tax system too."""
    answer = await world.ask(NAME, BLOCK, BUILDING, MAIL, TAX, who="protected")
    assert part(answer, "001.juminkihonjoho").records == [
        {"shimei": Value("見本　花子"), "jusho_choaza": ASK_OFFICE, "jusho_katagaki": ASK_OFFICE}
    ]
    assert part(answer, "010.sofusakijoho").records == [{"sofusaki_choaza": ASK_OFFICE}]
    assert part(answer, "010.kazeikihonjoho").records == [{"nenzeigaku": Value(150000)}]
    text = str(render_answer(answer))
    assert "みどり" not in text
    assert "あおば" not in text


async def test_a_protected_person_without_mailing_address_looks_like_one_with(
    world: World,
) -> None:
    """DV-8: whether there is a record is not told by the items that are withheld."""
    world.systems["tax"].script = knowing_nobody()
    answer = await world.ask(MAIL, who="protected")
    assert part(answer, "010.sofusakijoho").absences == {"sofusaki_choaza": ASK_OFFICE}


async def test_a_failed_system_looks_the_same_for_everybody(world: World) -> None:
    """DV-8: while a source is down, nothing tells a protected person from another."""
    world.systems["resident"].script = failing(Unavailable("down"))
    shapes = []
    for who in ("ordinary", "protected"):
        answer = render_answer(await world.ask(NAME, BLOCK, who=who))
        shapes.append((answer["outcome"], answer["parts"], answer["explanations"]))
    assert shapes[0] == shapes[1]


async def test_with_an_old_copy_of_the_flags_nobodys_address_leaves(world: World) -> None:
    """DV-3, DV-8, NW-5: the same answer for all, protected or not; other items are served."""
    world.clock.advance(minutes=10, seconds=1)
    shapes: list[Any] = []
    for who in ("ordinary", "protected"):
        answer = await world.ask(NAME, BLOCK, MAIL, who=who)
        assert part(answer, "001.juminkihonjoho").records == [
            {"shimei": Value("見本　花子"), "jusho_choaza": UNAVAILABLE}
        ]
        assert part(answer, "010.sofusakijoho").records == [{"sofusaki_choaza": UNAVAILABLE}]
        shapes.append([p.records for p in answer.parts])
    assert shapes[0] == shapes[1]


async def test_a_new_flag_counts_from_the_next_pull(world: World) -> None:
    """A person flagged now is protected as soon as the copy has the flag."""
    assert part(await world.ask(BLOCK), "001.juminkihonjoho").records == [
        {"jusho_choaza": Value("みどり一丁目")}
    ]
    world.systems["resident"].flagged = ("R1", "R2")
    await world.protection.pull()
    assert part(await world.ask(BLOCK), "001.juminkihonjoho").records == [
        {"jusho_choaza": ASK_OFFICE}
    ]


async def test_a_flag_that_arrives_while_a_system_answers_counts(world: World) -> None:
    """DV-10: what was fetched before the flag does not leave after it."""
    answers = world.systems["resident"].script

    async def flagged_meanwhile(request: FetchRequest) -> FetchResult:
        world.systems["resident"].flagged = ("R1", "R2")
        await world.protection.pull()
        return await answers(request)

    world.systems["resident"].script = flagged_meanwhile
    assert part(await world.ask(BLOCK), "001.juminkihonjoho").records == [
        {"jusho_choaza": ASK_OFFICE}
    ]


async def test_flags_that_cannot_be_read_leave_the_old_copy_and_its_age(world: World) -> None:
    """A source that fails neither clears the flags nor renews their age."""
    world.systems["resident"].flagged = Unavailable("down")
    world.clock.advance(minutes=9)
    await world.protection.pull()
    assert part(await world.ask(BLOCK, who="protected"), "001.juminkihonjoho").records == [
        {"jusho_choaza": ASK_OFFICE}
    ]
    world.clock.advance(minutes=2)
    assert part(await world.ask(BLOCK, who="protected"), "001.juminkihonjoho").records == [
        {"jusho_choaza": UNAVAILABLE}
    ]


async def test_one_item_outside_the_grant_refuses_the_question_before_anything_is_asked(
    world: World,
) -> None:
    """PL-3: one among forty; no system is called; the problem points at the item."""
    groups = ["010.kazeikihonjoho", "001.juminkihonjoho"]
    items = [i for i in expand_items(groups, load_builtin()) if i != UNGRANTED][:39]
    await grant(world, *items)
    problem = await refusal(world, *items[:29], UNGRANTED, *items[29:])
    assert len(items) == 39
    assert (problem.type.slug, problem.type.status) == ("item-not-granted", 403)
    assert [e.pointer for e in problem.errors] == ["/items/29"]
    assert all(system.requests == [] for system in world.systems.values())


@pytest.mark.parametrize(
    ("purpose", "token", "slug"),
    [
        ("no-such-purpose", "jidoteate-ninteiseikyu", "unknown-purpose"),
        ("other", "jidoteate-ninteiseikyu", "purpose-not-granted"),
        ("jidoteate-ninteiseikyu", "other", "purpose-not-granted"),
    ],
)
async def test_a_purpose_must_be_registered_granted_and_the_tokens_own(
    world: World, purpose: str, token: str, slug: str
) -> None:
    """PL-1: the three ways of a wrong purpose."""
    problem = await refusal(world, NAME, purpose=purpose, token=token)
    assert problem.type.slug == slug
    assert all(system.requests == [] for system in world.systems.values())


async def test_a_handle_of_nobody_is_refused_and_no_system_is_asked(world: World) -> None:
    """An unknown, forged or foreign handle is told nothing."""
    problem = await refusal(world, NAME, who="h1.forged")
    assert problem.type.slug == "unknown-subject"
    assert all(system.requests == [] for system in world.systems.values())


async def test_the_record_of_an_answer_names_items_by_id_and_holds_no_value(
    world: World,
) -> None:
    """AU-1, AU-7: who, for whom, why, what was asked and delivered; never what it said."""
    answer = await world.ask(NAME, BLOCK, TAX, who="protected")
    (entry,) = await world.audit()
    assert entry["outcome"] == "complete"
    assert entry["client_id"] == "online-service"
    assert entry["items_asked"] == ["001P0006", "001P0039", "010P0019"]
    assert entry["items_delivered"] == ["001P0006", "010P0019"]
    assert entry["part_statuses"] == {"001.juminkihonjoho": "ok", "010.kazeikihonjoho": "ok"}
    assert len(entry["subject_key"]) == 64
    assert len(answer.question_id) == 32
    assert not any(secret in str(entry) for secret in ("見本", "150000", "R2", "T2", "みどり"))


async def test_the_record_of_an_answer_says_which_system_and_mapping_it_came_from(
    world: World,
) -> None:
    """AU-8: of each group that was answered; what no system answered came from nowhere."""
    world.systems["tax"].script = failing(SourceTimeout("tax"))
    await world.ask(NAME, TAX)
    (entry,) = await world.audit()
    assert entry["sources"] == {
        "001.juminkihonjoho": {
            "adapter": "scripted-resident",
            "version": "0.1.0",
            "mapping": "1.0.0",
            "edition": "provisional-2026",
            "method": "live",
        }
    }
    assert faults(RECORD, entry) == []
    made = to_provenance(entry, "https://gateway.test")
    assert faults(of_fhir("Provenance"), made) == []
    await refusal(world, NAME, UNGRANTED)
    assert "sources" not in (await world.audit())[-1]


async def test_a_refusal_is_recorded_too(world: World) -> None:
    """Who tried what in vain is as worth knowing as who succeeded."""
    await refusal(world, NAME, UNGRANTED)
    await refusal(world, NAME, who="h1.forged")
    entries = await world.audit()
    assert [(e["outcome"], e["problem"]) for e in entries] == [
        ("refused", "item-not-granted"),
        ("refused", "unknown-subject"),
    ]


async def test_a_body_that_is_no_question_is_recorded_as_refused(world: World) -> None:
    """A known client that sends nonsense is recorded like one that asks too much."""
    access, caller = (
        Access("online-service", "999997", PURPOSE, "t", "k"),
        Caller("f" * 32, "127.0.0.1"),
    )
    with pytest.raises(Problem) as caught:
        await world.questions.refuse(access, caller, Problem("malformed-json"))
    assert caught.value.type.slug == "malformed-json"
    (entry,) = await world.audit()
    assert (entry["outcome"], entry["problem"]) == ("refused", "malformed-json")


async def test_without_a_durable_record_nothing_leaves(world: World) -> None:
    """AU-2: the systems have answered, the caller gets nothing."""
    await world.questions._rooms.audit.aclose()
    problem = await refusal(world, NAME)
    assert problem.type.slug == "audit-unavailable"
    assert len(world.systems["resident"].requests) == 1


async def test_many_questions_at_once_never_mix_people(world: World) -> None:
    """WP-4: no state of one call is seen by another."""

    async def own_number(request: FetchRequest) -> FetchResult:
        await asyncio.sleep(0)
        return FetchResult(
            {
                ref: GroupRecords(
                    (record(ref, request.number, fields, {"shimei": f"見本　{request.number}"}),),
                    TIME,
                    TIME,
                )
                for ref, fields in request.groups.items()
            }
        )

    world.systems["resident"].script = own_number
    people = ["ordinary", "protected", "newcomer"]
    numbers = {"ordinary": "R1", "protected": "R2", "newcomer": "R3"}
    # As many at once as the slots of the system and its queue take.
    for _ in range(20):
        answers = await asyncio.gather(*(world.ask(NAME, who=who) for who in people * 4))
        for who, answer in zip(people * 4, answers, strict=True):
            assert answer.parts[0].records == [{"shimei": Value(f"見本　{numbers[who]}")}]


async def test_calls_beyond_the_queue_of_a_system_are_turned_away_at_once(world: World) -> None:
    """FO-2: a hung system does not gather a crowd."""
    released = asyncio.Event()

    async def hung(request: FetchRequest) -> FetchResult:
        await released.wait()
        return FetchResult({ref: GroupRecords((), TIME, TIME) for ref in request.groups})

    world.systems["tax"].script = hung
    asked = [asyncio.create_task(world.ask(TAX)) for _ in range(30)]
    room = 2 + 2 * 8
    turned_away = [
        (await answer).parts[0].status
        for answer in itertools.islice(asyncio.as_completed(asked), len(asked) - room)
    ]
    assert set(turned_away) == {PartStatus.UNAVAILABLE}
    released.set()
    answers = await asyncio.gather(*asked)
    statuses = [a.parts[0].status for a in answers]
    assert statuses.count(PartStatus.NOT_FOUND) == room
