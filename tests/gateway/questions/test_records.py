"""Which records hold now when a person has several numbers in one system."""

from gateway.questions.records import choose_records
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value
from standard_models.builtin import load_builtin
from standard_models.dictionary import Group


def group(ref: str) -> Group:
    found = load_builtin().find_group(ref)
    assert found is not None
    return found


def assessment(number: str, year: str, history: int) -> StandardRecord:
    answers: dict[str, Answer] = {
        "atenabango": Value(number),
        "kazeinendo": Value(year),
        "sotonendo": Value(year),
        "rirekibango": Value(history),
    }
    return StandardRecord("010.kazeikihonjoho", number, answers)


def income(number: str, year: str, kind: str) -> StandardRecord:
    answers: dict[str, Answer] = {"kazeinendo": Value(year), "shotokushurui": Value(kind)}
    return StandardRecord("010.shotokujoho", number, answers)


def test_a_single_record_holds() -> None:
    """Nothing has to be chosen."""
    record = assessment("T1", "2026", 1)
    assert choose_records(group("010.kazeikihonjoho"), [record]) == [record]


def test_nothing_recorded_is_no_contradiction() -> None:
    """An empty answer stays empty."""
    assert choose_records(group("010.kazeikihonjoho"), []) == []


def test_the_latest_year_holds_when_somebody_was_taxed_under_an_earlier_number() -> None:
    """The number from before moving in has older years."""
    old, new = assessment("T1", "2025", 3), assessment("T2", "2026", 1)
    assert choose_records(group("010.kazeikihonjoho"), [old, new]) == [new]


def test_the_highest_history_number_holds_within_a_year() -> None:
    """Each correction of an assessment has a higher number."""
    first, corrected = assessment("T1", "2026", 1), assessment("T2", "2026", 2)
    chosen = choose_records(group("010.kazeikihonjoho"), [first, corrected])
    assert chosen == [corrected]


def test_two_equal_assessments_contradict_each_other_and_none_is_picked() -> None:
    """PA-5: where no rule decides, nothing is chosen."""
    records = [assessment("T1", "2026", 1), assessment("T2", "2026", 1)]
    assert choose_records(group("010.kazeikihonjoho"), records) is None


def test_rows_of_the_latest_year_stay_together() -> None:
    """A group with many records keeps all of the year that holds."""
    rows = [income("T1", "2025", "01"), income("T2", "2026", "01"), income("T2", "2026", "05")]
    assert choose_records(group("010.shotokujoho"), rows) == rows[1:]


def test_a_year_that_was_lost_never_wins_over_one_that_is_known() -> None:
    """An absence sorts below every year."""
    lost = StandardRecord(
        "010.shotokujoho",
        "T1",
        {"kazeinendo": Absence(AbsenceReason.LOST_IN_MAPPING), "shotokushurui": Value("01")},
    )
    known = income("T2", "2026", "01")
    assert choose_records(group("010.shotokujoho"), [lost, known]) == [known]
