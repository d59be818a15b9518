"""A group as a pydantic model: official names, strict, frozen, free of personal traces."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from standard_models.builtin import EDITIONS, load_builtin
from standard_models.dictionary import CodeTable, Condition, DataType
from standard_models.edition_files import load_edition
from standard_models.records import model_for

CERTIFICATION = {
    "atenabango": "000000047112",
    "hihokenshabango": "0000012345",
    "yokaigojotaikubun": "22",
    "ninteinengappi": "2026-01-15",
    "ninteiyukokikan_kaishinengappi": "2026-02-01",
    "ninteiyukokikan_shuryonengappi": "2027-01-31",
}


def read(ref: str, data: dict[str, Any]) -> BaseModel:
    return model_for(load_builtin().groups[ref]).model_validate_json(json.dumps(data))


def outsider(**changes: Any) -> dict[str, Any]:
    return {
        "atenabango": "900000000014",
        "daihyoatenafuragu": 0,
        "sosashaid": "SAMPLE",
        "sosanengappi": "2026-10-01",
        "sosajikoku": "09:00:00",
        **changes,
    }


@pytest.mark.parametrize("ref", sorted(load_builtin().groups))
def test_every_group_has_a_model_with_its_items_in_order(ref: str) -> None:
    """Field names are the romaji of the list, titles its Japanese names."""
    group = load_builtin().groups[ref]
    model = model_for(group)
    assert list(model.model_fields) == [item.field_name for item in group.items]
    properties = model.model_json_schema()["properties"]
    for item in group.items:
        shown = properties[item.field_name]
        assert (shown["title"], shown["x-item-id"], shown["x-label-en"]) == (
            item.name,
            item.item_id,
            item.label_en,
        )


def test_a_record_reads_from_json_and_writes_the_same_json() -> None:
    """The canonical form is a fixed point."""
    record = read("023.ninteijoho", CERTIFICATION)
    assert record.model_dump()["ninteinengappi"] == dt.date(2026, 1, 15)
    assert json.loads(record.model_dump_json()) == CERTIFICATION


@pytest.mark.parametrize("name", ["\ufa19", "髙橋", "𠮷野", "辻\U000e0101", "塚\ufe00", "か\u3099"])
def test_awkward_characters_survive_the_way_through_a_record(name: str) -> None:
    """No normalisation on the way in or out."""
    record = read("031.jutogaishaatenakihonjoho", outsider(shimei=name))
    assert json.loads(record.model_dump_json())["shimei"] == name


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"atenabango": None}, "atenabango", "string"),
        ({"shimei": "ｶｸｳ"}, "shimei", "WRONG_WIDTH"),
        ({"shimei": ""}, "shimei", "EMPTY_VALUE"),
        ({"seibetsu": "9"}, "seibetsu", "CODE_NOT_IN_TABLE"),
        ({"daihyoatenafuragu": "0"}, "daihyoatenafuragu", "integer"),
        ({"daihyoatenafuragu": 2}, "daihyoatenafuragu", "CODE_NOT_IN_TABLE"),
        ({"seinengappi": "2001-02-29"}, "seinengappi", "date"),
        ({"seinengappi": "9999-12-31"}, "seinengappi", "OPEN_END_IS_NO_DATE"),
        ({"sosajikoku": "25:00"}, "sosajikoku", "WRONG_TYPE"),
        ({"gyomuid": "010"}, "gyomuid", "array"),
        ({"gyomuid": []}, "gyomuid", "at least 1"),
        ({"nobody": "1"}, "nobody", "Extra"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    changes: dict[str, Any], field: str, rule: str
) -> None:
    """The error names field and rule; what was given appears nowhere in it."""
    with pytest.raises(ValidationError, match=rule) as refusal:
        read("031.jutogaishaatenakihonjoho", outsider(**changes))
    assert {str(e["loc"][0]) for e in refusal.value.errors()} == {field}
    assert "ｶｸｳ" not in str(refusal.value)
    assert "input_value" not in str(refusal.value)


def test_required_items_must_be_given_and_others_may_be_left_out() -> None:
    """必須 is required; a date that may be unknown is not, because no day stands for it."""
    with pytest.raises(ValidationError) as refusal:
        read("031.jutogaishaatenakihonjoho", {})
    assert {str(e["loc"][0]) for e in refusal.value.errors()} == {
        "atenabango",
        "daihyoatenafuragu",
        "sosashaid",
        "sosanengappi",
        "sosajikoku",
    }
    resident = model_for(load_builtin().groups["001.juminkihonjoho"])
    assert not resident.model_fields["seinengappi"].is_required()
    assert resident.model_fields["shorinengappi"].is_required()


def test_an_item_that_repeats_holds_several_values() -> None:
    """Several businesses may use one record of list 031."""
    record = read("031.jutogaishaatenakihonjoho", outsider(gyomuid=["010", "023"]))
    assert record.model_dump()["gyomuid"] == ("010", "023")


def test_a_record_is_frozen_and_hides_what_it_holds() -> None:
    """A representation ends up in tracebacks and logs: it names fields only."""
    record = read("031.jutogaishaatenakihonjoho", outsider(shimei="架空　花子"))
    with pytest.raises(ValidationError, match="frozen"):
        record.shimei = "別"  # type: ignore[attr-defined]
    for text in (repr(record), str(record)):
        assert "shimei" in text
        assert "架空" not in text
        assert "900000000014" not in text


def test_a_record_can_be_pickled_although_its_class_is_made_at_run_time() -> None:
    """The pickle carries the group, so editions of one's own work too."""
    record = read("023.ninteijoho", CERTIFICATION)
    again = pickle.loads(pickle.dumps(record))
    assert again == record
    assert type(again) is type(record)
    assert again.model_fields_set == record.model_fields_set


def test_equal_groups_share_one_model() -> None:
    """Loading an edition twice makes no second class."""
    group = load_builtin().groups["023.ninteijoho"]
    same = load_edition(EDITIONS / "023" / "provisional-2026").find_group("ninteijoho")
    assert same is not None
    assert same is not group
    assert model_for(same) is model_for(group)


def test_the_json_schema_tells_codes_lengths_and_unknown_dates() -> None:
    """Length is given in characters as people see them; maxLength only where it counts alike."""
    schema = model_for(load_builtin().groups["001.juminkihonjoho"]).model_json_schema()
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert properties["shimei"]["x-max-characters"] == 100
    assert "maxLength" not in properties["shimei"]
    assert properties["atenabango"]["maxLength"] == 15
    assert properties["seinengappi"]["x-allows-unknown-date"] is True
    assert properties["seibetsu"]["x-code-list"] == {
        "id": "1",
        "name": "性別",
        "values": [
            {"value": "0", "label": "不明（未記入）"},
            {"value": "1", "label": "男"},
            {"value": "2", "label": "女"},
        ],
    }


ALPHABET = st.sampled_from(
    [
        *"09Az- ¥ｱﾞあアー漢Ａ○𠮷é٣①\n\x00",
        *("\u3000", "\U000e0101", "\ufe00", "\u3099", "\ue000", "\u200b", "\u202e"),
    ]
)
VALUES = st.one_of(
    st.text(ALPHABET, max_size=6),
    st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[0-2][0-9]:[0-6][0-9](:[0-6][0-9])?\n?", fullmatch=True),
    st.sampled_from(["0000", "9999", "2026", "0999", "1", "01", "2026\n"]),
    st.integers(-12_000, 12_000),
    st.booleans(),
    st.none(),
    st.dates(),
    st.just(dt.date(9999, 12, 31)),
)
TABLE = CodeTable("1", "性別", {"0": "不明", "1": "男", "01": "", "ア": "全角"})


@pytest.mark.parametrize("data_type", DataType)
@pytest.mark.parametrize("table", [None, TABLE], ids=["free", "coded"])
def test_the_model_accepts_exactly_what_the_check_of_the_item_accepts(
    data_type: DataType, table: CodeTable | None
) -> None:
    """Native constraints only go before the check: they let nothing in and keep nothing out."""
    template = load_builtin().groups["031.jutogaishaatenakihonjoho"]
    item = dataclasses.replace(
        template.item("shimei"), data_type=data_type, length=4, codes=table,
        fraction=2 if data_type is DataType.DECIMAL else 0, condition=Condition.REQUIRED,
    )  # fmt: skip
    model = model_for(dataclasses.replace(template, key=data_type.name.lower(), items=(item,)))
    kind: type = {
        DataType.INTEGER: int, DataType.SIGNED_INTEGER: int, DataType.DATE: dt.date,
    }.get(data_type, str)  # fmt: skip

    @given(VALUES)
    @settings(max_examples=400)
    def holds(value: object) -> None:
        given_value = value.isoformat() if isinstance(value, dt.date) else value
        fits = type(value) is kind and not item.check(given_value)
        try:
            record = model.model_validate({"shimei": value})
        except ValidationError:
            assert not fits
        else:
            assert fits
            assert record.model_dump() == {"shimei": value}

    holds()


def test_a_refused_value_is_told_of_once() -> None:
    """By the quality codes of its check, although it is tried in two ways; in lists by position."""
    with pytest.raises(ValidationError) as refusal:
        read("031.jutogaishaatenakihonjoho", outsider(shimei="ｶｸｳ", gyomuid=["010", "０２３"]))
    assert [(e["loc"], e["msg"]) for e in refusal.value.errors()] == [
        (("shimei",), "WRONG_WIDTH"),
        (("gyomuid", 1), "WRONG_WIDTH"),
    ]


@pytest.mark.parametrize("edition", ["official-20230929", "official-api-2.0"])
def test_a_record_says_its_edition(edition: str) -> None:
    """Two editions of one business are two models, each with its own schema."""
    found = load_builtin().find_edition("031", edition)
    assert found is not None
    model = model_for(found.groups[0])
    assert model.standard_group().edition_id == edition
    schema = model.model_json_schema()
    assert (schema["x-edition"], schema["x-provisional"]) == (edition, False)
    assert schema["x-group"] == found.groups[0].ref
