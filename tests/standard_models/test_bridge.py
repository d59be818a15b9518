"""Editions side by side: records cross between them, and nothing is lost without being named."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    UncertainDate,
    Value,
)
from standard_models.bridge import Bridge, Loss, LossKind, _files, bridge
from standard_models.builtin import load_builtin
from standard_models.dictionary import CodeTable, Condition, DataType, Edition
from standard_models.edition_changes import Change, ChangeKind, compare, describe

LIST_GROUP = "jutogaishaatenakihonjoho"
API_GROUP = "jutogaishaatenabangofuban"


def edition(edition_id: str) -> Edition:
    found = load_builtin().find_edition("031", edition_id)
    assert found is not None
    return found


LIST = edition("official-20230929")
API = edition("official-api-2.0")
TO_API = bridge(LIST, API)
TO_LIST = bridge(API, LIST)


def losses(converter: Bridge, group: str, answers: Mapping[str, Answer]) -> set[tuple[str, str]]:
    return {
        (loss.kind.value, loss.ref.rsplit(".", 1)[1])
        for loss in converter.convert(group, answers).losses
        if loss.kind is not LossKind.NOT_SUPPLIED
    }


def test_items_with_two_names_are_carried_over() -> None:
    """読み仮名 becomes フリガナ, アルファベット ローマ字; the flag of type 9 becomes a text."""
    record: dict[str, Answer] = {
        "atenabango": Value("000000047112"),
        "shimei_yomigana": Value("カクウ　ハナコ"),
        "shimei_gaikokujinarufuabetto": Value("ＳＡＭＰＬＥ　ＡＤＡ"),
        "daihyoatenafuragu": Value(1, "非代表宛名"),
        "dokujishisakushisutemunadoid": Value("0A1"),
    }
    crossed = TO_API.convert(LIST_GROUP, record)
    assert crossed.group.key == API_GROUP
    assert crossed.edition_id == "official-api-2.0"
    assert crossed.answers["shimei_furigana"] == Value("カクウ　ハナコ")
    assert crossed.answers["shimei_gaikokujinromaji"] == Value("ＳＡＭＰＬＥ　ＡＤＡ")
    assert crossed.answers["nayosemotofuragu"] == Value("1")
    assert crossed.answers["dokujishisakushisutemutoid"] == Value("0A1")
    assert list(crossed.answers) == [item.field_name for item in crossed.group.items]


def test_a_town_block_longer_than_eighteen_has_no_place_in_the_list() -> None:
    """町字 Ｎ120 of the API, Ｎ18 of the list: lost whole, never cut."""
    long = "架空町" * 7
    crossed = TO_LIST.convert(API_GROUP, {"jusho_choaza": Value(long)})
    answer = crossed.answers["jusho_choaza"]
    assert isinstance(answer, Absence)
    assert answer.reason is AbsenceReason.LOST_IN_MAPPING
    assert [q.code for q in answer.quality] == ["TOO_LONG", "LOST_IN_BRIDGE"]
    assert (
        Loss(LossKind.DOES_NOT_FIT, f"031.{API_GROUP}.jusho_choaza", "TOO_LONG") in crossed.losses
    )
    assert long not in repr(crossed.losses)


def test_an_alias_has_no_place_in_the_list() -> None:
    """通称 and its reading are named as lost; an item that holds nothing is no loss."""
    record = {
        "tsusho": Value("見本　あだ"),
        "tsusho_furigana": Value("ミホン　アダ"),
        "jusho_kokumeikodo": Absence(AbsenceReason.NOT_RECORDED),
    }
    assert losses(TO_LIST, API_GROUP, record) == {
        ("no-place", "tsusho"),
        ("no-place", "tsusho_furigana"),
    }


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        (Value("昭和○年頃"), "1"),
        (Absence(AbsenceReason.NOT_RECORDED), "0"),
    ],
)
def test_the_flag_of_an_unknown_birth_date_is_rebuilt_from_its_text(
    text: Answer, flag: str
) -> None:
    """The list has the wording only; the flag of the API is made from it, and that is told."""
    crossed = TO_API.convert(LIST_GROUP, {"seinengappi_fushohyoki": text})
    assert crossed.answers["seinengappi_fushofuragu"] == Value(flag)
    rebuilt = Loss(
        LossKind.REBUILT, f"031.{API_GROUP}.seinengappi_fushofuragu", "seinengappi_fushohyoki"
    )
    assert rebuilt in crossed.losses


def test_a_flag_is_not_made_up_where_the_text_did_not_arrive() -> None:
    """Without the wording nobody knows whether the date is unknown."""
    crossed = TO_API.convert(LIST_GROUP, {})
    assert crossed.answers["seinengappi_fushofuragu"] == Absence(AbsenceReason.NOT_SUPPLIED)


def test_a_flag_without_its_text_is_a_loss_on_the_way_to_the_list() -> None:
    """The list would not tell that the date is unknown."""
    flagged = {"seinengappi_fushofuragu": Value("1")}
    assert losses(TO_LIST, API_GROUP, flagged) == {("no-place", "seinengappi_fushofuragu")}
    worded = {**flagged, "seinengappi_fushohyoki": Value("昭和○年頃")}
    assert losses(TO_LIST, API_GROUP, worded) == set()


def test_an_uncertain_birth_date_crosses_as_it_is() -> None:
    """Reason, wording and bounds stay."""
    uncertain = UncertainDate(DatePrecision.UNKNOWN, "年月日不詳", None, None)
    answer = Absence(AbsenceReason.RECORDED_UNKNOWN, (), uncertain)
    crossed = TO_API.convert(LIST_GROUP, {"seinengappi": answer})
    assert crossed.answers["seinengappi"] is answer


def test_what_the_other_edition_lacks_for_every_record_can_be_asked_for() -> None:
    """All items of the list have a place in the API; ten parameters have none in the list."""
    assert TO_API.losses_of_design() == ()
    fields = [loss.ref.rsplit(".", 1)[1] for loss in TO_LIST.losses_of_design()]
    assert fields == [
        "shorikubun", "shikuchosonkodo", "tsusho", "tsusho_furigana",
        "tsusho_furiganakakuninjokyo", "shiteitoshi_gyoseikutokodo", "jusho_kokumeikodo",
        "jusho_kokumeito", "jusho_kokugaijusho", "tagyomusanshofukafuragu",
    ]  # fmt: skip


def test_there_is_no_bridge_between_two_businesses() -> None:
    """A resident record does not become a tax record."""
    other = load_builtin().find_edition("001")
    assert other is not None
    with pytest.raises(ValueError, match="two businesses"):
        bridge(LIST, other)
    with pytest.raises(ValueError, match="two businesses"):
        compare(LIST, other)


SAFE = "アイウカキク"
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "atenabango": st.from_regex(r"[0-9]{1,15}", fullmatch=True).map(Value),
        "shimei": st.text(SAFE, min_size=1, max_size=100).map(Value),
        "shimei_yomigana": st.text(SAFE, min_size=1, max_size=100).map(Value),
        "jusho_choaza": st.text(SAFE, min_size=1, max_size=18).map(Value),
        "jusho_katagaki": st.text(SAFE, min_size=1, max_size=300).map(Value),
        "daihyoatenafuragu": st.sampled_from([0, 1]).map(Value),
        "gyomuid": st.sampled_from(["001", "010"]).map(Value),
    },
)


@given(RECORDS)
def test_a_record_of_the_list_comes_back_from_the_api_unchanged(
    record: dict[str, Answer],
) -> None:
    """There and back is identity for everything that has a place in both."""
    there = TO_API.convert(LIST_GROUP, record)
    back = TO_LIST.convert(API_GROUP, there.answers)
    for field, answer in record.items():
        assert isinstance(answer, Value)
        returned = back.answers[field]
        assert isinstance(returned, Value)
        assert returned.value == answer.value


def with_item(field: str, **changes: object) -> Edition:
    """Return the list with one item changed, as a later edition."""
    (group,) = LIST.groups
    items = tuple(
        dataclasses.replace(item, **changes) if item.field_name == field else item
        for item in group.items
    )
    later = dataclasses.replace(group, items=items)
    return dataclasses.replace(LIST, edition_id="official-later", groups=(later,))


def kinds(new: Edition) -> list[tuple[str, bool]]:
    return [(change.kind.value, change.breaking) for change in compare(LIST, new).changes]


SEX = CodeTable("1", "性別", {"0": "不明（未記入）", "1": "男", "9": "その他"})


@pytest.mark.parametrize(
    ("field", "changes", "found"),
    [
        ("jusho_choaza", {"length": 120}, [("widened", False)]),
        ("shimei", {"length": 50}, [("narrowed", True)]),
        ("shimei", {"field_name": "shimei_zenbu"}, [("renamed", True)]),
        ("shimei", {"name": "氏名全体"}, [("renamed", True)]),
        ("sosashaid", {"data_type": DataType.FULL_WIDTH}, [("type-changed", True)]),
        ("seibetsu", {"condition": Condition.REQUIRED}, [("condition-changed", True)]),
        ("sosashaid", {"condition": Condition.OPTIONAL}, [("condition-changed", False)]),
        ("gyomuid", {"repeat": None}, [("repeat-changed", True)]),
        ("seinengappi", {"allows_unknown_date": False}, [("unknown-date-changed", True)]),
        ("sosashaid", {"primary_key": True}, [("key-changed", True)]),
        ("sosashaid", {"address_class": True}, [("address-class-changed", False)]),
        ("seibetsu", {"codes": SEX}, [("code-removed", True), ("code-added", False)]),
        ("seibetsu", {"codes": None}, [("codes-changed", True)]),
    ],
)
def test_each_kind_of_change_is_told_and_judged(
    field: str, changes: dict[str, object], found: list[tuple[str, bool]]
) -> None:
    """Widened is harmless, narrowed, renamed or removed is not."""
    assert kinds(with_item(field, **changes)) == found


def test_an_item_that_goes_and_one_that_comes_are_two_changes() -> None:
    """Ids decide: another id under another name is another item."""
    new = with_item("sosashaid", item_id="03100099", field_name="shokuinid", name="職員ID")
    assert kinds(new) == [("removed", True), ("added", False)]


def test_a_code_that_means_something_else_is_told() -> None:
    """Same value, other meaning: what was stored reads wrongly from now on."""
    sex = CodeTable("1", "性別", {"0": "不明（未記入）", "1": "女", "2": "男"})
    changes = compare(LIST, with_item("seibetsu", codes=sex)).of(ChangeKind.CODE_RELABELLED)
    assert [(change.before, change.after) for change in changes] == [
        ("1 男", "1 女"),
        ("2 女", "2 男"),
    ]
    assert describe(changes[0])[0] == "コードの意味の変更：1 男 → 1 女"


def test_the_trap_of_list_and_api_is_told_as_renames() -> None:
    """Five items and the group are called otherwise, 町字 is wider; none of them is new."""
    changes = compare(LIST, API)
    renamed = {c.ref.rsplit(".", 1)[1] for c in changes.of(ChangeKind.RENAMED)}
    assert renamed == {
        LIST_GROUP, "shimei_gaikokujinarufuabetto", "shimei_yomigana", "uji_nihonjin_yomigana",
        "na_nihonjin_yomigana", "dokujishisakushisutemunadoid", "daihyoatenafuragu",
    }  # fmt: skip
    assert changes.of(ChangeKind.REMOVED, ChangeKind.GROUP_REMOVED) == ()
    (wider,) = changes.of(ChangeKind.WIDENED)
    assert (wider.before, wider.after) == ("18", "120")


def test_an_edition_does_not_differ_from_itself() -> None:
    """For every edition that comes with the package."""
    for each in load_builtin().installed:
        assert compare(each, each).changes == ()
        assert bridge(each, each).losses_of_design() == ()


def test_every_kind_of_change_has_words() -> None:
    """In Japanese and English, with what was before and after."""
    for kind in ChangeKind:
        ja, en = describe(Change(kind, "031.a.b", "名", "前", "後"))
        assert ja
        assert en
        assert "{" not in ja + en


def test_the_items_that_a_bridge_names_are_items() -> None:
    """A name that neither edition has would be silently without effect."""
    for content in _files():
        old = edition(content["old"])
        new = edition(content["new"])
        fields = [{i.field_name for i in e.items} for e in (old, new)]
        for entry in content["items"]:
            assert entry["old"] in fields[0]
            assert entry["new"] in fields[1]
        for entry in content["flags"]:
            assert {entry["new"], entry["text"]} <= fields[1]
