"""The whole catalogue: every business, one word for one thing, provisional lists marked so."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from standard_models.builtin import load_builtin
from standard_models.dictionary import Condition, DataType, Edition
from standard_models.reference.businesses import businesses

DICTIONARY = load_builtin()
LISTED = {f"{number:03}" for number in range(1, 40)} - {"033"}
"""The businesses whose item list comes with the package: all but 033, which nobody can name."""

LISTS = [e for e in DICTIONARY.installed if e.provisional]
ITEMS = [item for edition in LISTS for item in edition.items]


def name(edition: Edition) -> str:
    return f"{edition.business_id}-{edition.edition_id}"


def test_every_business_is_in_the_catalogue() -> None:
    """001 to 039 by name; of 033 not even that is known."""
    assert set(businesses()) == {f"{number:03}" for number in range(1, 40)}
    assert {e.business_id for e in DICTIONARY.editions} == LISTED


def test_official_and_provisional_ids_can_never_be_the_same() -> None:
    """Eight digits are official; P marks a provisional item, Q a parameter of an API."""
    for edition in DICTIONARY.installed:
        shape = r"\d{3}P\d{4}" if edition.provisional else r"\d{8}|\d{3}Q\d{4}"
        for item in edition.items:
            assert re.fullmatch(shape, item.item_id, re.ASCII)
            assert item.provisional is edition.provisional


def test_one_japanese_name_has_one_romaji() -> None:
    """In all provisional lists: two spellings of one name would be two fields for consumers."""
    spellings: dict[str, set[str]] = defaultdict(set)
    for item in ITEMS:
        spellings[item.name].add(item.field_name)
    assert {n: s for n, s in spellings.items() if len(s) > 1} == {}


def test_one_romaji_has_one_japanese_name_in_a_business() -> None:
    """Two things under one field name would be mixed up."""
    for edition in LISTS:
        names: dict[str, set[str]] = defaultdict(set)
        for item in edition.items:
            names[item.field_name].add(item.name)
        assert {f: n for f, n in names.items() if len(n) > 1} == {}


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_a_number_of_a_person_has_the_form_of_the_common_pattern(edition: Edition) -> None:
    """宛名番号 X15, 個人番号 X12, 世帯番号 X15, 履歴番号 9(3), dates DATE 10."""
    pattern = {
        "atenabango": ("X", 15),
        "setaibango": ("X", 15),
        "kojinbango": ("X", 12),
        "rirekibango": ("9", 3),
        "sosashaid": ("X", 10),
    }
    for item in edition.items:
        if item.field_name in pattern:
            assert (item.data_type.value, item.length) == pattern[item.field_name], item.ref


PLACES = re.compile(
    "住所|居所|方書|番地号|町字|郵便番号|送付先|電話番号|メールアドレス|連絡先|本籍|学校|就学校|"
    "施設名|施設コード|医療機関|事業所|勤務先|投票区|投票所|所在|病院|定置場|薬局|転送先|"
    "義務者_指定番号|場所コード|端末ID|所見|通知内容|交渉内容|相談内容|身分事項_内容|"
    "入力値|添付ファイル名|審査会意見"
)
"""Also what leads to the place: an employer's number, the branch office where somebody came, and
what officers and applicants write in their own words."""
NOT_A_PLACE = re.compile(
    "年月日|事由|区分|フラグ|有無|理由|種別|不詳|件数|異動日|履歴番号|開始|終了|宛名番号|"
    "連番|給食費"
)


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_what_tells_a_place_of_living_is_of_the_address_class(edition: Edition) -> None:
    """A protected address must not leave through a field that nobody marked."""
    unmarked = [
        item.ref
        for item in edition.items
        if PLACES.search(item.name) and not NOT_A_PLACE.search(item.name) and not item.address_class
    ]
    assert unmarked == []


WITHOUT_WORDING = {
    "001.juminkihonjoho.jushoosadametanengappi",
    "027.jidojoho.jido_seinengappi",
}
"""Dates whose wording has no item yet; the answer carries it with the uncertain date."""


def test_a_date_that_may_be_unknown_has_its_wording_beside_it() -> None:
    """…_不詳表記, Ｎ72; two lists lack one each."""
    lacking = set()
    for edition in LISTS:
        for group in edition.groups:
            for item in group.items:
                wording = group.by_field.get(f"{item.field_name}_fushohyoki")
                if item.data_type is not DataType.DATE or not item.allows_unknown_date:
                    continue
                if wording is None:
                    lacking.add(item.ref)
                else:
                    assert (wording.data_type, wording.length) == (DataType.FULL_WIDTH, 72)
    assert lacking == WITHOUT_WORDING


@pytest.mark.parametrize("edition", DICTIONARY.installed, ids=name)
def test_every_sample_fits_its_item(edition: Edition) -> None:
    """A sample that breaks the rule of its own item would mislead whoever reads it."""
    wrong = []
    for item in edition.items:
        if not item.sample or "○" in item.sample or "\n" in item.sample:
            continue
        value: object = item.sample
        if item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER}:
            value = int(item.sample) if re.fullmatch(r"-?\d+", item.sample) else item.sample
        if found := item.check(value):
            wrong.append((item.ref, [q.code for q in found]))
    assert wrong == []


@pytest.mark.parametrize("edition", DICTIONARY.installed, ids=name)
def test_english_labels_are_english(edition: Edition) -> None:
    """No Japanese left in a label, none empty."""
    for item in edition.items:
        assert item.label_en.isascii(), item.ref
        assert len(item.label_en) > 1, item.ref


CHUKAN_FILES = (
    "賦課", "賦課調定", "物件所在地", "土地", "土地年度別標準地", "土地共有", "土地分合筆",
    "土地造成費単価", "土地標準地単価", "土地路線価単価", "画地", "画地路線状況", "画地年度別補正",
    "家屋", "家屋共有", "償却資産合計", "償却資産細目", "業務別送付先", "代納", "納組",
)  # fmt: skip
"""Source: intermediate standard layout, the 20 migration files of property tax."""


def test_property_tax_has_the_twenty_groups_of_the_migration_layout() -> None:
    """One group for one file, in the order of the layout."""
    edition = next(e for e in DICTIONARY.editions if e.business_id == "012")
    assert [group.name for group in edition.groups] == [f"{name}情報" for name in CHUKAN_FILES]


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_a_year_and_month_has_one_form(edition: Edition) -> None:
    """X7, 2026-04: two forms of a month would be compared as text somewhere."""
    for item in edition.items:
        if item.name.endswith("年月"):
            assert (item.data_type, item.length) == (DataType.HALF_WIDTH, 7), item.ref


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_every_group_of_a_provisional_list_has_a_key_that_must_be_there(edition: Edition) -> None:
    """A record without its key could be anybody's."""
    for group in edition.groups:
        assert group.primary_key, group.ref
        assert {item.condition for item in group.primary_key} == {Condition.REQUIRED}, group.ref


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_every_code_table_of_a_provisional_list_is_used(edition: Edition) -> None:
    """And every value fits the length of the items that use it."""
    used = {item.codes.code_id for item in edition.items if item.codes is not None}
    assert {table.code_id for table in edition.code_tables.values()} - used == set()
    for item in edition.items:
        for value in item.codes.labels if item.codes is not None else ():
            assert len(value) <= item.length, item.ref


@pytest.mark.parametrize("edition", LISTS, ids=name)
def test_a_list_is_called_as_its_business_is(edition: Edition) -> None:
    """In Japanese and English: two names of one business would look like two."""
    business = businesses()[edition.business_id]
    assert (edition.name, edition.label_en) == (business.name, business.label_en)
