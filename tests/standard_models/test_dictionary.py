"""Editions: looked up by reference, id and code; side by side; precise when malformed."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from standard_models.builtin import EDITIONS, load_builtin
from standard_models.dictionary import Cardinality, Condition, DataType, Dictionary
from standard_models.edition_files import EditionError, load_edition

HEADER = (
    "データ項目ID,業務コード,項目コード,データ項目,データ項目（ローマ字）,グループ_名称,グループ_主キー,"
    "グループ_外部キー,クラス分類Lv1,クラス分類Lv2,クラス分類Lv3,データ型,桁数,コードID,繰り返し,"
    "データ出力条件,項目定義,項目説明,標準仕様書関連箇所,実装類型,サンプル値,備考\n"
)
ITEMS = HEADER + (
    "001P0001,001,P0001,宛名番号,atenabango,基本,○,,,,,X,15,,,必須,,,,○,,\n"
    "001P0002,001,P0002,性別,seibetsu,基本,,,,,,X,1,002,,任意,,,,,,\n"
    '001P0003,001,P0003,率,ritsu,基本,,,,,,9V,"3,2",,,任意,,,,,,\n'
)
CODES = "コードID,コード名,コード値,コード値の内容,備考\n2,性別,1,男,\n2,性別,2,女,\n"
LABELS = "item_id,label_en\n001P0001,Number\n001P0002,Sex\n001P0003,Rate\n"
HEAD = """business: '001'
name: 住民基本台帳
label_en: Resident register
edition: test
provisional: true
published: null
source: written for a test
licence: Apache-2.0
groups:
- {name: 基本, key: kihon, label_en: Basic, cardinality: one, address_class: [ritsu]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "001" / "test"
    path.mkdir(parents=True)
    for name, text in {
        "items.csv": ITEMS,
        "codes.csv": CODES,
        "labels_en.csv": LABELS,
        "edition.yaml": HEAD,
    }.items():
        (path / name).write_text(text, "utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_item_is_found_by_its_reference_and_knows_what_the_list_says() -> None:
    """business.group.field is the reference used everywhere."""
    dictionary = load_builtin()
    item = dictionary.find_item("001.juminkihonjoho.seinengappi")
    assert item is not None
    assert (item.item_id, item.name, item.label_en) == ("001P0020", "生年月日", "Date of birth")
    assert (item.data_type, item.length, item.fraction) == (DataType.DATE, 10, 0)
    assert (item.condition, item.allows_unknown_date) == (Condition.REQUIRED, True)
    assert (item.provisional, item.address_class, item.primary_key) == (True, False, False)
    assert item.ref == "001.juminkihonjoho.seinengappi"
    assert dictionary.find_item_by_id("001P0020") is item
    assert dictionary.group_of(item).ref == "001.juminkihonjoho"
    assert dictionary.find_item("001.juminkihonjoho.nobody") is None


def test_a_group_knows_its_key_its_cardinality_and_its_address_class() -> None:
    """Everything from which a place of living follows is in the address class."""
    group = load_builtin().groups["010.sofusakijoho"]
    assert (group.cardinality, group.edition_id, group.provisional) == (
        Cardinality.ONE,
        "provisional-2026",
        True,
    )
    assert group.key_fields == {"atenabango"}
    assert group.address_class == set(group.by_field) - {"atenabango"}
    with pytest.raises(KeyError):
        group.item("nobody")


def test_code_tables_are_found_by_number_however_the_id_is_written() -> None:
    """002, 2 and the number are one id."""
    dictionary = load_builtin()
    for code_id in ("002", "2", 2):
        table = dictionary.find_code_table("031", code_id)
        assert table is not None
        assert table.labels == {"0": "代表宛名", "1": "非代表宛名"}
    assert dictionary.find_code_table("031", 3) is None
    assert dictionary.find_code_table("999", 1) is None


def test_every_sample_of_the_lists_fits_its_item() -> None:
    """The samples are values, except where one cell lists several."""
    for edition in load_builtin().installed:
        for item in edition.items:
            if item.sample and "\n" not in item.sample:
                number = item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER}
                assert item.check(int(item.sample) if number else item.sample) == (), item.ref


def test_editions_of_one_business_stand_side_by_side(folder: Path) -> None:
    """One is in force; references follow it, ids of the other stay known."""
    ours = load_edition(folder)
    shipped = load_edition(EDITIONS / "001" / "provisional-2026")
    both = Dictionary([ours, shipped])
    assert len(both.installed) == 2
    assert both.find_edition("001") is ours
    assert both.find_edition("001", "provisional-2026") is shipped
    assert both.find_edition("001", "absent") is None
    assert both.find_item("001.kihon.seibetsu") is not None
    assert both.find_item("001.juminkihonjoho.shimei") is None
    other = both.find_item_by_id("001P0006")
    assert other is not None
    assert both.group_of(other).ref == "001.juminkihonjoho"
    chosen = Dictionary([ours, shipped], in_force={"001": "provisional-2026"})
    assert chosen.find_edition("001") is shipped
    with pytest.raises(ValueError, match="twice"):
        Dictionary([ours, ours])


def test_an_official_edition_goes_before_a_provisional_one(folder: Path) -> None:
    """The official list takes over as soon as it is there, without a line of code."""
    shipped = load_edition(EDITIONS / "001" / "provisional-2026")
    for name in ("items.csv", "labels_en.csv"):
        edit(folder / name, "001P", "0010")
    edit(folder / "items.csv", ",P0", ",")
    edit(folder / "edition.yaml", "provisional: true", "provisional: false")
    edit(folder / "edition.yaml", "published: null", "published: '2026-01-01'")
    official = load_edition(folder)
    assert [item.item_id for item in official.items] == ["00100001", "00100002", "00100003"]
    assert Dictionary([shipped, official]).find_edition("001") is official


def test_an_item_of_an_edition_that_is_not_installed_has_no_group(folder: Path) -> None:
    """Nothing is looked up by resemblance."""
    stranger = next(iter(load_edition(folder).items))
    with pytest.raises(KeyError):
        load_builtin().group_of(stranger)


def test_groups_and_items_can_be_pickled(folder: Path) -> None:
    """They travel to other processes."""
    group = load_edition(folder).groups[0]
    assert pickle.loads(pickle.dumps(group)) == group


def test_a_decimal_has_digits_before_and_after_the_point(folder: Path) -> None:
    """3,2 is at most three digits before and two after."""
    item = load_edition(folder).groups[0].item("ritsu")
    assert (item.length, item.fraction) == (3, 2)


def test_a_byte_order_mark_does_no_harm(folder: Path) -> None:
    """Files saved by a spreadsheet load."""
    for name in ("items.csv", "codes.csv", "labels_en.csv", "edition.yaml"):
        path = folder / name
        path.write_text("\ufeff" + path.read_text("utf-8"), "utf-8")
    assert len(list(load_edition(folder).items)) == 3


MALFORMED: list[tuple[str, str, str, int | None, str | None, str]] = [
    ("items.csv", ",X,15,", ",XX,15,", 2, "データ型", "must be one of"),
    ("items.csv", ",X,15,", ",X,,", 2, "桁数", "must be a number"),
    ("items.csv", ",X,15,", ",X,0,", 2, "桁数", "must be a number"),
    ("items.csv", ",X,15,", ',X,"1,5",', 2, "桁数", "for 9V two numbers"),
    ("items.csv", '9V,"3,2"', "9V,3", 4, "桁数", "for 9V two numbers"),
    ("items.csv", ",X,15,", ",DATE,8,", 2, "桁数", "is 10 for DATE"),
    ("items.csv", ",002,", ",003,", 3, "コードID", "no such table"),
    ("items.csv", ",002,", ",性別,", 3, "コードID", "ends in a number"),
    ("items.csv", ",,必須", ",x,必須", 2, "繰り返し", "must be a number"),
    ("items.csv", "必須", "必要", 2, "データ出力条件", "must be one of"),
    ("items.csv", ",○,,,,,X", ",◯,,,,,X", 2, "グループ_主キー", "must be ○ or empty"),
    ("items.csv", "001P0002,001,P0002", "001P0001,001,P0001", 3, "データ項目ID", "stands twice"),
    ("items.csv", "001P0002,001,P0002", "00100002,001,2", 3, "データ項目ID", "provisional id"),
    ("items.csv", "001P0002,001", "002P0002,001", 3, "データ項目ID", "begin with the 業務ID"),
    ("items.csv", "001P0002,001", "001P0002,002", 3, "データ項目ID", "begin with the 業務ID"),
    ("items.csv", "001,P0002", "001,P0009", 3, "データ項目ID", "end with the 項目コード"),
    ("items.csv", ",seibetsu,", ",Seibetsu,", 3, "データ項目（ローマ字）", "romaji"),
    ("items.csv", ",seibetsu,", ",atenabango,", 3, "データ項目（ローマ字）", "stands twice"),
    ("items.csv", "性別,seibetsu", ",seibetsu", 3, "データ項目", "must not be empty"),
    ("items.csv", "seibetsu,基本", "seibetsu,他", 3, "グループ_名称", "does not list"),
    ("items.csv", "データ型,", "型,", 2, "データ型", "column is missing"),
    ("items.csv", "任意,,,,,,\n001P0003", "任意,,,,,,,\n001P0003", 3, None, "more cells"),
    ("items.csv", "性別", '"性別', 3, None, "must be CSV"),
    ("codes.csv", "2,性別,2,女", "2,性別,1,女", 3, "コード値", "stands twice"),
    ("codes.csv", "2,性別,2,女", "2,性,2,女", 3, "コード名", "another name"),
    ("codes.csv", "2,性別,2,女", "2,性別,,女", 3, "コード値", "must not be empty"),
    ("codes.csv", "2,性別,2,女", "二,性別,2,女", 3, "コードID", "ends in a number"),
    ("labels_en.csv", "001P0002,Sex\n", "", 3, "データ項目ID", "has no label"),
    ("labels_en.csv", "001P0002,Sex", "001P0002,", 3, "label_en", "must not be empty"),
    ("labels_en.csv", "001P0003,Rate", "001P0002,Sex", 4, "item_id", "stands twice"),
    ("labels_en.csv", "Rate\n", "Rate\n001P0009,Stray\n", None, "item_id", "no item of the list"),
    ("edition.yaml", "[ritsu]", "[ritu]", None, "address_class", "no item of the group"),
    (
        "edition.yaml",
        "provisional: true",
        "provisional: 'no'",
        None,
        "provisional",
        "true or false",
    ),
    ("edition.yaml", "'001'", "1", None, "business", "three digits"),
    ("edition.yaml", "edition: test\n", "", None, "edition", "missing"),
    ("edition.yaml", "cardinality: one", "cardinality: two", None, "groups", "wrong"),
    ("edition.yaml", "key: kihon", "key: Kihon", None, "groups", "romaji"),
    ("edition.yaml", "groups:", "group:", None, "groups", "list of groups"),
    ("edition.yaml", "groups:", "groups: [", 10, None, "must be YAML"),
]


@pytest.mark.parametrize(("file", "old", "new", "row", "column", "rule"), MALFORMED)
def test_a_malformed_edition_is_refused_by_file_row_column_and_rule(
    folder: Path, file: str, old: str, new: str, row: int | None, column: str | None, rule: str
) -> None:
    """Whoever mends the file is led to the cell."""
    edit(folder / file, old, new)
    with pytest.raises(EditionError, match=rule) as refusal:
        load_edition(folder)
    expected_file = "items.csv" if "no label" in rule else file
    error = refusal.value
    assert (error.path.name, error.row, error.column) == (expected_file, row, column)
    assert f"001/test/{expected_file}" in str(error)


def test_a_provisional_id_in_an_official_edition_is_refused(folder: Path) -> None:
    """Provisional ids never look official, and the other way round."""
    edit(folder / "edition.yaml", "provisional: true", "provisional: false")
    with pytest.raises(EditionError, match="an id is eight digits"):
        load_edition(folder)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda p: (p / "codes.csv").unlink(), "file is missing"),
        (lambda p: (p / "codes.csv").write_bytes("性別".encode("cp932")), "is not UTF-8"),
        (lambda p: edit(p / "items.csv", "基本,○", "基本,"), "no item or no key"),
        (
            lambda p: edit(
                p / "edition.yaml",
                "groups:\n",
                "groups:\n- {name: 基本, key: x, label_en: X, cardinality: one,"
                " address_class: []}\n",
            ),
            "stands twice",
        ),
    ],
)
def test_an_edition_with_a_file_or_a_key_missing_is_refused(
    folder: Path, spoil: Callable[[Path], None], rule: str
) -> None:
    """Missing files, other encodings, groups without a key, groups named twice."""
    spoil(folder)
    with pytest.raises(EditionError, match=rule):
        load_edition(folder)


def test_every_shipped_edition_loads_by_itself(tmp_path: Path) -> None:
    """A copy elsewhere loads alike: nothing depends on where the folder lies."""
    for source in sorted(EDITIONS.glob("*/*/")):
        copy = tmp_path / source.parent.name / source.name
        shutil.copytree(source, copy)
        assert load_edition(copy) == load_edition(source)
