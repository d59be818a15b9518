"""What holds for every mapping of every record, however odd: nothing guessed, dropped or raised."""

from __future__ import annotations

import copy
import datetime as dt
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.conformance.golden import placed
from adapters.mapping.document import read_document
from adapters.mapping.row_plan import RowPlan, RowPlans
from standard_models.answers import Absence, AbsenceReason, Answer, DatePrecision, Value
from standard_models.builtin import load_builtin

FIRST = {
    "resident": "juminkihonjoho",
    "tax": "kazeikihonjoho",
    "welfare": "jukyushikakujoho",
}
"""The group of each reference system whose golden records the properties start from."""


def golden(system: str, name: str) -> dict[str, Any]:
    """Return a golden file of a reference adapter, with the name of its system."""
    folder = files(f"adapters.reference.{system}").joinpath("conformance", "golden")
    content = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text("utf-8"))
    return {"mapping": system, **content}


DOCUMENTS = [golden(system, name) for system, name in FIRST.items()]


@cache
def plan(system: str, group: str) -> RowPlan:
    """Return the row plan of one group of a reference mapping."""
    text = files(f"adapters.reference.{system}").joinpath("mapping.yaml").read_text("utf-8")
    mapping = read_document(text).mapping
    dictionary = load_builtin()
    return RowPlans(mapping, {g: dictionary.groups[g] for g in mapping.groups}).plan(group)


def answer_of(document: dict[str, Any], case: dict[str, Any]) -> Any:
    """Return the answer of the source around the record of a case."""
    row = {**document["base"], **case.get("change", {})}
    return placed(document["around"], document["path"], row) if "path" in document else [row]


MAPPED_REASONS = {
    AbsenceReason.NOT_RECORDED,
    AbsenceReason.RECORDED_UNKNOWN,
    AbsenceReason.NOT_APPLICABLE,
    AbsenceReason.NOT_SUPPLIED,
    AbsenceReason.LOST_IN_MAPPING,
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
digits = st.text("0123456789", min_size=1, max_size=8)
register_text = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "Co", "Cf", "Mn"]), max_size=40
)


def records_of(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Answer]:
    """Return the answers of the document's base row with a change."""
    answer = answer_of(document, {"change": change})
    (record,) = plan(document["mapping"], document["group"]).convert(answer).records
    return dict(record.answers)


def require_sound(document: dict[str, Any], answers: dict[str, Answer]) -> None:
    """Every item has a value that fits the edition, or a reason that a mapping can give."""
    group = load_builtin().groups[document["group"]]
    assert set(answers) == set(group.by_field)
    for name, answer in answers.items():
        item = group.item(name)
        if isinstance(answer, Value):
            assert item.check(answer.value) == (), name
            assert (answer.label is not None) == (item.codes is not None), name
        else:
            assert answer.reason in MAPPED_REASONS, name
            if answer.reason is AbsenceReason.LOST_IN_MAPPING:
                assert answer.quality, name
            assert (answer.uncertain is not None) == (
                answer.reason is AbsenceReason.RECORDED_UNKNOWN
            ), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["mapping"] for d in DOCUMENTS])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_field_every_item_has_a_value_or_a_reason(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """Wrong types, odd text, nested nonsense: an answer for each item, and never an error."""
    fields = sorted(set(document["base"]) - {"atena_no"})
    chosen = data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4, unique=True))
    scalars = [f for f in chosen if not isinstance(document["base"][f], dict | list)]
    change = {f: data.draw(st.one_of(anything, digits, register_text)) for f in scalars}
    require_sound(document, records_of(document, change))


@settings(max_examples=200, deadline=None)
@given(name=register_text)
def test_no_local_character_leaves_and_nothing_is_normalised(name: str) -> None:
    """What leaves is the text that came, widened, or 〓 for what is not identified."""
    (document,) = (d for d in DOCUMENTS if d["mapping"] == "resident")
    shimei = records_of(document, {"simei": name})["shimei"]
    if isinstance(shimei, Absence):
        return
    text = str(shimei.value)
    assert not any(0xE000 <= ord(c) <= 0xF8FF for c in text)
    kept = {c for c in name if "\u3400" <= c <= "\u9fff" or "\uf900" <= c <= "\ufaff"}
    assert kept <= set(text)
    if any(0xE000 <= ord(c) <= 0xF8FF and c not in "\ue000\ue001\ue002" for c in name):
        assert "GAIJI_UNMAPPED" in {q.code for q in shimei.quality}


@settings(max_examples=300, deadline=None)
@given(day=st.dates(dt.date(1873, 1, 1), dt.date(2050, 12, 31)))
def test_every_day_since_1873_is_read_as_that_day(day: dt.date) -> None:
    """Written as the product writes it: era digit, year of the era, month, day."""
    eras = [(2019, 5, 1, "5"), (1989, 1, 8, "4"), (1926, 12, 25, "3"), (1912, 7, 30, "2")]
    past = [(y, code) for y, m, d, code in eras if day >= dt.date(y, m, d)]
    year, code = past[0] if past else (1868, "1")
    written = f"{code}{day.year - year + 1:02d}{day.month:02d}{day.day:02d}"
    (document,) = (d for d in DOCUMENTS if d["mapping"] == "resident")
    answers = records_of(document, {"sei_ymd": written})
    assert answers["seinengappi"] == Value(day.isoformat())


@settings(max_examples=200, deadline=None)
@given(raw=digits)
def test_no_digits_ever_become_a_made_up_day(raw: str) -> None:
    """A value is exactly the day that the digits write; everything else is a typed absence."""
    (document,) = (d for d in DOCUMENTS if d["mapping"] == "resident")
    answer = records_of(document, {"sei_ymd": raw})["seinengappi"]
    if isinstance(answer, Value):
        assert len(raw) == 7
        assert str(answer.value)[5:] == f"{raw[3:5]}-{raw[5:7]}"
    elif answer.uncertain is not None and answer.uncertain.precision is DatePrecision.UNKNOWN:
        assert not raw.strip("0")


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_raw_record_is_not_changed_by_reading_it(data: st.DataObject) -> None:
    """Raw stays raw: the same record can be read again and gives the same."""
    document = data.draw(st.sampled_from(DOCUMENTS))
    answer = answer_of(document, {})
    before = copy.deepcopy(answer)
    row_plan = plan(document["mapping"], document["group"])
    first, second = row_plan.convert(answer), row_plan.convert(answer)
    assert answer == before
    assert first == second


@pytest.mark.parametrize("number", [None, "", "   ", "　　"])
def test_a_record_that_does_not_say_whose_it_is_is_counted_and_not_served(number: Any) -> None:
    """The other records of the answer are."""
    (document,) = (d for d in DOCUMENTS if d["mapping"] == "resident")
    rows = [{**document["base"], "atena_no": number}, document["base"]]
    converted = plan("resident", "001.juminkihonjoho").convert(rows)
    assert converted.lost == 1
    assert [r.subject_number for r in converted.records] == ["000000047112"]
