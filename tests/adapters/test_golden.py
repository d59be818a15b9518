"""Pairs of a raw record and its standard items, in ``golden/``: one file for each system.

An expectation is a plain value, or a mapping of what an answer has: ``value``, ``label``,
``absent``, ``uncertain`` and the codes of its ``quality``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.mapping.document import read_document
from adapters.mapping.row_plan import RowPlan, RowPlans
from standard_models.answers import Answer, Value
from standard_models.builtin import load_builtin

GOLDEN = Path(__file__).with_name("golden")


def cases() -> Iterator[Any]:
    """Yield every case of every file."""
    for path in sorted(GOLDEN.glob("*.yaml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        for case in document["cases"]:
            yield pytest.param(document, case, id=f"{document['mapping']}: {case['name']}")


@cache
def plans(system: str) -> RowPlans:
    """Return the row plans of a reference mapping."""
    text = files(f"adapters.reference.{system}").joinpath("mapping.yaml").read_text("utf-8")
    mapping = read_document(text).mapping
    dictionary = load_builtin()
    return RowPlans(mapping, {g: dictionary.groups[g] for g in mapping.groups})


def plan(system: str, group: str, wanted: frozenset[str] | None = None) -> RowPlan:
    """Return the row plan of one group of a reference mapping."""
    return plans(system).plan(group, wanted)


def answer_of(document: dict[str, Any], case: dict[str, Any]) -> Any:
    """Return the answer of the source around the record of a case."""
    row = {**document["base"], **case.get("change", {})}
    return {**document["around"], document["path"]: [row]} if "path" in document else [row]


def told(answer: Answer, expected: Any) -> Any:
    """Return what ``answer`` has of the parts that the expectation names, and its quality."""
    codes = [q.code for q in answer.quality]
    if isinstance(answer, Value):
        if not isinstance(expected, dict):
            return {"value": answer.value, "quality": codes}
        found: dict[str, Any] = {"value": answer.value, "quality": codes}
        return {**found, "label": answer.label} if "label" in expected else found
    found = {"absent": answer.reason.value, "quality": codes}
    return found if answer.uncertain is None else {**found, "uncertain": answer.uncertain.to_json()}


@pytest.mark.parametrize(("document", "case"), list(cases()))
def test_a_raw_record_becomes_the_standard_items_written_beside_it(
    document: dict[str, Any], case: dict[str, Any]
) -> None:
    """Every item named in the case is exactly so; every item of the group has an answer."""
    converted = plan(document["mapping"], document["group"]).convert(answer_of(document, case))
    (record,) = converted.records
    assert set(record.answers) == set(load_builtin().groups[document["group"]].by_field)
    for name, expected in case["expect"].items():
        whole = expected if isinstance(expected, dict) else {"value": expected}
        assert told(record.answers[name], expected) == {"quality": [], **whole}, name


@pytest.mark.parametrize(("document", "case"), list(cases()))
def test_an_item_asked_for_alone_is_what_it_is_in_the_whole_record(
    document: dict[str, Any], case: dict[str, Any]
) -> None:
    """A plan for some fields gives the same answers as the plan for all."""
    answer = answer_of(document, case)
    (whole,) = plan(document["mapping"], document["group"]).convert(answer).records
    for name in case["expect"]:
        alone = plan(document["mapping"], document["group"], frozenset({name}))
        (record,) = alone.convert(answer).records
        assert record.answers == {name: whole.answers[name]}
        assert record.subject_number == whole.subject_number
