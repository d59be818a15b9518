"""Records inside records: which of them are current, and what happens to odd shapes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from adapters.mapping.document import MappingError, read_document
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError
from standard_models.answers import Value
from standard_models.builtin import load_builtin

INCOME = "010.shotokujoho"


def plans(**rule: Any) -> RowPlans:
    """Return the plans of a mapping of incomes inside assessments."""
    group = {
        "read": "kazei",
        "records": "kazei.meisai",
        "subject": "/no",
        "items": {
            "atenabango": {"field": "/no"},
            "kazeinendo": {"field": "^nendo", "fiscal_year": True},
            "shotokushurui": {"field": "shurui", "codes": "shurui"},
            "shotokukingaku": {"field": "en"},
        },
        **rule,
    }
    document = {
        "language": 1,
        "system": "test",
        "version": "1.0.0",
        "reads": {"kazei": {"rest": {"path": "/kazei"}}},
        "code_tables": {"shurui": {"rows": [{"from": "KYU", "to": "01"}]}},
        "groups": {INCOME: group},
    }
    mapping = read_document(yaml.safe_dump(document)).mapping
    return RowPlans(mapping, {INCOME: load_builtin().groups[INCOME]})


def incomes(answer: Any, **rule: Any) -> list[tuple[Any, Any]]:
    """Return fiscal year and amount of every income record."""
    found = []
    for record in plans(**rule).plan(INCOME).convert(answer).records:
        year, amount = record.answers["kazeinendo"], record.answers["shotokukingaku"]
        assert isinstance(year, Value)
        assert isinstance(amount, Value)
        found.append((year.value, amount.value))
    return found


def assessment(year: str, history: int, *amounts: int) -> dict[str, Any]:
    """Return an assessment with an income for each amount."""
    rows = [{"shurui": "KYU", "en": amount} for amount in amounts]
    return {"nendo": year, "rireki": history, "meisai": rows}


def test_every_income_knows_the_year_of_its_own_assessment() -> None:
    """A field around a record is that of the element that holds it, in the order of the source."""
    answer = {"no": "1", "kazei": [assessment("R07", 1, 10, 20), assessment("R08", 1, 30)]}
    assert incomes(answer) == [("2025", 10), ("2025", 20), ("2026", 30)]


def test_incomes_of_the_newest_assessment_are_current() -> None:
    """The history number of the assessment decides, compared as a number: 10 is above 9."""
    answer = {"no": "1", "kazei": [assessment("R08", 10, 30), assessment("R08", 9, 99)]}
    assert incomes(answer, highest=["^rireki"]) == [("2026", 30)]


def test_a_newest_assessment_without_income_does_not_bring_back_an_older_one() -> None:
    """A correction that removed all income leaves no income, not that of before."""
    answer = {"no": "1", "kazei": [assessment("R08", 1, 30), assessment("R08", 2)]}
    assert incomes(answer, highest=["^rireki"]) == []


def test_a_filter_on_assessments_comes_before_the_newest_is_chosen() -> None:
    """The newest of the wanted ones counts."""
    answer = {"no": "1", "kazei": [assessment("R08", 1, 30), assessment("R07", 2, 99)]}
    where = {"field": "^nendo", "among": ["R08"]}
    assert incomes(answer, highest=["^rireki"], where=where) == [("2026", 30)]


@pytest.mark.parametrize("nothing", [None, []])
def test_an_empty_or_null_list_means_no_records(nothing: Any) -> None:
    """Both say that the source has none."""
    assert incomes({"no": "1", "kazei": nothing}) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"no": "1"},
        {"no": "1", "kazei": "text"},
        {"no": "1", "kazei": [{"nendo": "R08", "rireki": 1}]},
        {"no": "1", "kazei": [{"meisai": [{"shurui": "KYU", "en": 1}]}]},
        {"no": "1", "kazei": [{"nendo": "R08", "meisai": ["text"]}]},
        {"kazei": [assessment("R08", 1, 1)]},
        [],
        "text",
        17,
    ],
)
def test_another_shape_than_the_mapping_says_is_an_error_and_not_an_empty_answer(
    answer: Any,
) -> None:
    """A missing part never looks like an empty one."""
    with pytest.raises(ShapeError):
        incomes(answer)


def test_a_mapping_cannot_rank_two_things_at_once() -> None:
    """Record and surrounding element have no common order."""
    with pytest.raises(MappingError, match="not both"):
        plans(highest=["^rireki", "en"])
    with pytest.raises(MappingError, match="where looks at them too"):
        plans(highest=["^rireki"], where={"field": "en", "among": [1]})
