"""How facts are worked out from items: yes, no, or not to be decided; never more than that."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.predicates import Predicate, Predicates, with_predicates
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    UncertainDate,
    Value,
)
from standard_models.builtin import load_builtin
from standard_models.dictionary import DataType
from standard_models.values.three_valued import Judgement

PREDICATES = Predicates.of(load_builtin())
DAY = dt.date(2026, 10, 1)
MISSING = Absence(AbsenceReason.NOT_RECORDED)
UNKNOWN = Absence(AbsenceReason.RECORDED_UNKNOWN)
ADULT = "hantei.jumin.nenrei_18_ijo"
AGE = "hantei.jumin.nenrei"
TAX_FREE = "hantei.kazei.hikazei"
ALLOWANCE = "hantei.jidoteate.jukyuchu"
ASSISTANCE = "hantei.seikatsuhogo.jukyuchu"


def fact(ref: str) -> Predicate:
    found = PREDICATES.find(ref)
    assert found is not None
    return found


def judge(ref: str, *records: dict[str, Answer], day: dt.date = DAY) -> object:
    answer = fact(ref).rule.answer(records, day)
    return answer.value if isinstance(answer, Value) else answer


def born(text: str) -> dict[str, Answer]:
    return {"seinengappi": Value(text)}


def uncertain(earliest: dt.date | None, latest: dt.date | None) -> dict[str, Answer]:
    found = UncertainDate(DatePrecision.YEAR, "不詳", earliest, latest)
    return {"seinengappi": Absence(AbsenceReason.RECORDED_UNKNOWN, uncertain=found)}


@pytest.mark.parametrize(
    ("birth", "said"),
    [("2008-10-02", "yes"), ("2008-10-03", "no"), ("1950-01-01", "yes"), ("2026-10-01", "no")],
)
def test_an_age_is_reached_on_the_eve_of_the_birthday(birth: str, said: str) -> None:
    """年齢計算ニ関する法律: 18 at the end of the day before."""
    assert judge(ADULT, born(birth)) == said


def test_an_uncertain_birth_decides_where_every_possible_day_says_the_same() -> None:
    """Born in 1957, month unknown: 65 in 2026 for sure; in mid 2022 nobody knows."""
    year = uncertain(dt.date(1957, 1, 1), dt.date(1957, 12, 31))
    over_65 = "hantei.jumin.nenrei_65_ijo"
    assert judge(over_65, year) == "yes"
    assert judge(over_65, year, day=dt.date(2022, 6, 30)) == "undecidable"
    assert judge(over_65, year, day=dt.date(2021, 6, 30)) == "no"
    assert judge(over_65, {"seinengappi": UNKNOWN}) == "undecidable"


def test_an_age_is_told_only_where_there_is_one() -> None:
    """No age is made up of an uncertain birth."""
    assert judge(AGE, born("2000-10-02")) == 26
    assert judge(AGE, uncertain(dt.date(1990, 1, 1), dt.date(1990, 12, 31))) == UNKNOWN
    assert judge(AGE, born("2030-01-01")) == UNKNOWN
    assert judge(AGE, {"seinengappi": MISSING}) == MISSING


@pytest.mark.parametrize(
    ("kind", "filed", "said"),
    [
        ("3", "1", "yes"),
        ("1", "1", "no"),
        ("2", "1", "no"),
        ("3", "2", "yes"),
        ("3", "0", "undecidable"),
        ("3", "3", "undecidable"),
        ("3", "4", "undecidable"),
    ],
)
def test_who_has_not_filed_is_not_thereby_free_of_tax(kind: str, filed: str, said: str) -> None:
    """TX-2: 未申告, 他団体課税 and 国外 leave it open."""
    record: dict[str, Answer] = {"kazeihikazeikubun": Value(kind), "shinkokukubun": Value(filed)}
    assert judge(TAX_FREE, record) == said


@pytest.mark.parametrize(
    ("state", "said"), [("1", "yes"), ("2", "undecidable"), ("3", "no"), ("4", "undecidable")]
)
def test_an_allowance_under_examination_is_neither_received_nor_not(state: str, said: str) -> None:
    """差止 and 審査中 are open."""
    assert judge(ALLOWANCE, {"shikyujotai": Value(state)}) == said


def period(first: Answer, ended: Answer) -> dict[str, Answer]:
    return {"setaiin_hogokaishinengappi": first, "setaiin_hogohaishinengappi": ended}


@pytest.mark.parametrize(
    ("first", "ended", "said"),
    [
        (Value("2026-10-01"), MISSING, "yes"),
        (Value("2026-10-02"), MISSING, "no"),
        (Value("2020-01-01"), Value("2026-10-01"), "no"),
        (Value("2020-01-01"), Value("2026-10-02"), "yes"),
        (Value("2020-01-01"), UNKNOWN, "undecidable"),
        (UNKNOWN, Value("2026-01-01"), "no"),
        (UNKNOWN, MISSING, "undecidable"),
    ],
)
def test_assistance_counts_from_its_first_day_until_it_has_ended(
    first: Answer, ended: Answer, said: str
) -> None:
    """TX-4: a yes or no, and nothing of the record."""
    assert judge(ASSISTANCE, period(first, ended)) == said


def test_one_record_that_says_yes_is_enough() -> None:
    """An ended period beside one that runs."""
    over = period(Value("2010-01-01"), Value("2015-01-01"))
    runs = period(Value("2025-01-01"), MISSING)
    assert judge(ASSISTANCE, over, runs) == "yes"
    assert judge(ASSISTANCE, over, over) == "no"


def test_an_input_that_may_not_be_told_is_not_told_by_the_fact() -> None:
    """The reason is passed on; a second record that says no does not turn it into one."""
    withheld = Absence(AbsenceReason.ASK_OFFICE)
    assert judge(ADULT, {"seinengappi": withheld}) == withheld
    over = period(Value("2010-01-01"), Value("2015-01-01"))
    assert judge(ASSISTANCE, over, period(withheld, withheld)) == withheld


@given(st.integers(0, 10**9))
def test_a_fact_about_tax_is_the_same_for_every_amount(amount: int) -> None:
    """TX-2: cases of one yen more or less have the same value and the same words."""
    record: dict[str, Answer] = {
        "kazeihikazeikubun": Value("1"),
        "shinkokukubun": Value("1"),
        "nenzeigaku": Value(amount),
    }
    assert fact(TAX_FREE).rule.answer((record,), DAY).to_json() == {
        "value": "no",
        "label": "該当しない",
    }


@given(st.dates(dt.date(1900, 1, 1), DAY), st.dates(dt.date(1900, 1, 1), DAY))
def test_older_people_have_reached_whatever_younger_ones_have(one: dt.date, two: dt.date) -> None:
    """No birth makes an exception."""
    older, younger = sorted((one, two))
    for ref in (ADULT, "hantei.jumin.nenrei_75_ijo"):
        if judge(ref, born(younger.isoformat())) == Judgement.YES.value:
            assert judge(ref, born(older.isoformat())) == Judgement.YES.value


def test_facts_stand_beside_the_standard_with_ids_of_their_own() -> None:
    """Every input is an item of the standard; every value of a judgement is in its code table."""
    dictionary = with_predicates(load_builtin())
    facts = [i for e in dictionary.editions if e.business_id == "hantei" for i in e.items]
    assert len(facts) == len({item.item_id for item in facts}) == 10
    for item in facts:
        assert all(dictionary.find_item(ref) for ref in fact(item.ref).inputs)
        if item.data_type is DataType.INTEGER:
            assert item.check(26) == ()
            continue
        assert all(item.check(judgement.value) == () for judgement in Judgement)
        assert item.check("maybe") != ()


def test_a_fact_whose_inputs_an_installation_lacks_is_not_there() -> None:
    """A town may have imported an edition without them."""
    from standard_models.dictionary import Dictionary

    alone = Dictionary(e for e in load_builtin().installed if e.business_id == "001")
    assert Predicates.of(alone).find(TAX_FREE) is None
    assert with_predicates(alone).find_item(ADULT) is not None
    assert with_predicates(alone).find_item(TAX_FREE) is None
