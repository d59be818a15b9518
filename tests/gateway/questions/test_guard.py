"""Nothing leaves that the source did not itself tie to the person asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.contract import GroupRecords
from adapters.errors import BadAnswer, Foreign, WrongSubject
from adapters.manifest import Manifest, NumberLink
from gateway.questions.guard import Expected, LinkedItem, guarded, linked_items, require_subject
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value
from tests.gateway.questions.scripted import TIME, manifest_of

GROUP, NUMBER = "010.sofusakijoho", "20000017"
OWNER = LinkedItem("atenabango", frozenset({"47112"}))


def record(number: str) -> StandardRecord:
    return StandardRecord("001.juminkihonjoho", number, {})


def mail(owner: Answer, **changes: object) -> GroupRecords:
    """Return one record with the right number that says who it is about."""
    answers = {"atenabango": owner, "sofusaki_choaza": Value("みどり一丁目")}
    found = replace(StandardRecord(GROUP, NUMBER, answers), **changes)  # type: ignore[arg-type]
    return GroupRecords((found,), TIME, TIME)


def expected(*links: LinkedItem, fields: frozenset[str] = frozenset({"atenabango"})) -> Expected:
    return Expected(GROUP, NUMBER, fields, links)


def test_records_that_echo_the_number_asked_for_pass() -> None:
    """The source says whose records they are."""
    require_subject([record("000000047112"), record("000000047112")], "000000047112")


@pytest.mark.parametrize("echoed", ["", "000000047120", "47112", "000000047112 "])
def test_one_record_of_somebody_else_discards_them_all(echoed: str) -> None:
    """WP-1, WP-2, WP-3: an echo that differs in any way, or is not there, is another person."""
    with pytest.raises(WrongSubject) as caught:
        require_subject([record("000000047112"), record(echoed)], "000000047112")
    assert "47112" not in str(caught.value)
    assert caught.value.kind is (Foreign.OTHER_NUMBER if echoed else Foreign.NO_NUMBER)


@pytest.mark.parametrize("named", ["47112", "000000047112"])
def test_a_record_that_names_the_person_in_another_numbering_passes(named: str) -> None:
    """Systems write a number in different lengths."""
    assert guarded(mail(Value(named)), expected(OWNER)).records


def test_the_right_number_over_another_persons_body_is_somebody_else() -> None:
    """WP-2: the record names its owner a second time, in the numbering of residents."""
    with pytest.raises(WrongSubject) as caught:
        guarded(mail(Value("000000047120")), expected(OWNER))
    assert caught.value.kind is Foreign.OTHER_LINK
    assert "47120" not in str(caught.value)


def test_a_record_that_names_nobody_else_passes() -> None:
    """Where the source has no second number, the echo alone decides."""
    assert guarded(mail(Absence(AbsenceReason.NOT_RECORDED)), expected(OWNER)).records


def test_a_record_of_another_group_is_discarded() -> None:
    """An income is no address, whoever it belongs to."""
    with pytest.raises(WrongSubject) as caught:
        guarded(mail(Value("47112"), group="010.shotokujoho"), expected())
    assert caught.value.kind is Foreign.OTHER_GROUP


def test_a_record_without_an_item_that_was_asked_for_is_a_bad_answer() -> None:
    """It ends as one part without an answer, not as a failure of the whole question."""
    with pytest.raises(BadAnswer):
        guarded(mail(Value("47112")), expected(fields=frozenset({"sofusaki_shimei"})))


def test_what_a_source_does_to_its_containers_afterwards_reaches_no_answer() -> None:
    """A container that is filled anew for the next person was copied before it was looked at."""
    answers: dict[str, Answer] = {"atenabango": Value("47112")}
    outcome = mail(Value("47112"), answers=answers)
    passed = guarded(outcome, expected(OWNER))
    answers["atenabango"] = Value("47120")
    assert passed.records[0].answers["atenabango"] == Value("47112")


def manifest() -> Manifest:
    links = (NumberLink(numbering="resident", item=f"{GROUP}.atenabango"),)
    return manifest_of("tax", [GROUP]).model_copy(update={"links": links})


def test_the_manifest_says_which_items_name_the_person_a_second_time() -> None:
    """Only those of the group, compared with every number that the person is known by."""
    known = {"resident": ("000000047112", "000000000815"), "tax": (NUMBER,)}
    assert linked_items(manifest(), GROUP, known) == (
        LinkedItem("atenabango", frozenset({"47112", "815"})),
    )
    assert linked_items(manifest(), "010.kazeikihonjoho", known) == ()


def test_a_numbering_in_which_nobody_knows_the_person_cannot_be_compared() -> None:
    """A newcomer to a system is not taken for somebody else."""
    assert linked_items(manifest(), GROUP, {"tax": (NUMBER,)}) == ()
