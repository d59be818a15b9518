"""The official list 031 is held as published: written out here a second time, cell by cell."""

from __future__ import annotations

import csv
import hashlib

from standard_models.builtin import EDITIONS, load_builtin

FOLDER = EDITIONS / "031" / "official-20230929"

PUBLISHED = [
    "",
    "03100001 宛名番号 atenabango X 15 - - 必須 ○",
    "03100002 個人番号 kojinbango X 12 - - 任意 -",
    "03100003 氏名 shimei Ｎ 100 - - 条件付き必須 ○",
    "03100004 氏_日本人 uji_nihonjin Ｎ 50 - - 条件付き必須 ○",
    "03100005 名_日本人 na_nihonjin Ｎ 50 - - 条件付き必須 ○",
    "03100006 氏名_外国人アルファベット shimei_gaikokujinarufuabetto Ｎ 100 - - 条件付き必須 ○",
    "03100007 氏名_外国人漢字 shimei_gaikokujinkanji Ｎ 100 - - 条件付き必須 ○",
    "03100008 氏名_読み仮名 shimei_yomigana Ｎ 100 - - 任意 -",
    "03100009 氏_日本人_読み仮名 uji_nihonjin_yomigana Ｎ 50 - - 任意 -",
    "03100010 名_日本人_読み仮名 na_nihonjin_yomigana Ｎ 50 - - 任意 -",
    "03100011 性別 seibetsu X 1 1 - 任意 -",
    "03100012 生年月日 seinengappi DATE 10 - - 任意 -",
    "03100013 生年月日_不詳表記 seinengappi_fushohyoki Ｎ 72 - - 条件付き必須 ○",
    "03100014 住所_市区町村コード jusho_shikuchosonkodo X 6 - - 任意 -",
    "03100015 住所_町字コード jusho_choazakodo X 7 - - 任意 -",
    "03100016 住所_都道府県 jusho_todofuken Ｎ 4 - - 任意 ○",
    "03100017 住所_市区郡町村名 jusho_shikugunchosonmei Ｎ 12 - - 任意 ○",
    "03100018 住所_町字 jusho_choaza Ｎ 18 - - 条件付き必須 ○",
    "03100019 住所_番地号表記 jusho_banchigohyoki Ｎ 50 - - 条件付き必須 ○",
    "03100020 住所_方書 jusho_katagaki Ｎ 300 - - 条件付き必須 ○",
    "03100021 住所_方書_フリガナ jusho_katagaki_furigana Ｎ 300 - - 任意 -",
    "03100022 住所_郵便番号 jusho_yubinbango X 7 - - 任意 -",
    "03100023 業務ID gyomuid X 3 - 999 条件付き必須 ○",
    "03100024 独自施策システム等ID dokujishisakushisutemunadoid X 3 999 999 条件付き必須 ○",
    "03100025 代表宛名フラグ daihyoatenafuragu 9 1 002 - 必須 ○",
    "03100026 名寄せ先宛名番号 nayosesakiatenabango X 15 - - 条件付き必須 ○",
    "03100027 操作者ID sosashaid X 10 - - 必須 ○",
    "03100028 操作年月日 sosanengappi DATE 10 - - 必須 ○",
    "03100029 操作時刻 sosajikoku TIME 8 - - 必須 ○",
    "",
][1:-1]
CELLS = (
    "データ項目ID", "データ項目", "データ項目（ローマ字）", "データ型", "桁数", "コードID",
    "繰り返し", "データ出力条件", "実装類型",
)  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_29_items_stand_as_published() -> None:
    """Ids, names, romaji, types, lengths, codes as written (002), repetition, condition."""
    held = [" ".join(row[cell] or "-" for cell in CELLS) for row in rows("items.csv")]
    assert held == PUBLISHED
    assert {row["グループ_名称"] for row in rows("items.csv")} == {"住登外者宛名基本情報"}
    assert [row["データ項目ID"] for row in rows("items.csv") if row["グループ_主キー"]] == [
        "03100001"
    ]


def test_every_cell_of_fact_is_that_of_the_published_workbook() -> None:
    """Classes, sections and samples too; only the two columns of sentences are our own."""
    ours = {"項目定義", "項目説明", "備考"}
    cells = "\n".join(
        "\t".join(v for k, v in row.items() if k not in ours) for row in rows("items.csv")
    )
    digest = hashlib.sha256(cells.encode()).hexdigest()
    assert digest == "3904f0c62ab06540fc5e5b332a9acd6272bfbca255ba6f5cb650dd7b928f2e32"


def test_the_code_sheet_stands_as_published() -> None:
    """Three tables; 999 leaves its values to the municipality."""
    columns = ("コードID", "コード名", "コード値", "コード値の内容")
    assert [tuple(row[c] for c in columns) for row in rows("codes.csv")] == [
        ("1", "性別", "0", "不明（未記入）"),
        ("1", "性別", "1", "男"),
        ("1", "性別", "2", "女"),
        ("2", "代表宛名フラグ", "0", "代表宛名"),
        ("2", "代表宛名フラグ", "1", "非代表宛名"),
        ("999", "自治体固有コード", "任意", "任意"),
    ]


def test_the_loaded_list_is_official_and_says_where_it_comes_from() -> None:
    """Digital Agency named, and that the list was edited."""
    edition = load_builtin().find_edition("031")
    assert edition is not None
    assert (edition.provisional, edition.published) == (False, "2023-09-29")
    assert "デジタル庁" in edition.source
    assert "加工して作成" in edition.source
    group = edition.groups[0]
    assert group.ref == "031.jutogaishaatenakihonjoho"
    assert len(group.items) == 29
    assert not any(item.provisional for item in group.items)


def test_a_code_id_stays_as_written_and_finds_its_table() -> None:
    """002 in the list is table 2; a municipality's own code has no table."""
    group = load_builtin().groups["031.jutogaishaatenakihonjoho"]
    flag, local = group.item("daihyoatenafuragu"), group.item("dokujishisakushisutemunadoid")
    assert flag.code_id == "002"
    assert flag.codes is not None
    assert flag.codes.name == "代表宛名フラグ"
    assert (local.code_id, local.codes, local.repeat) == ("999", None, 999)


def test_only_the_birth_date_may_be_unknown() -> None:
    """不詳 is allowed only where the description says so."""
    group = load_builtin().groups["031.jutogaishaatenakihonjoho"]
    assert [i.field_name for i in group.items if i.allows_unknown_date] == ["seinengappi"]


def test_every_part_of_the_address_is_in_the_address_class() -> None:
    """The reading of the building tells as much as the building."""
    group = load_builtin().groups["031.jutogaishaatenakihonjoho"]
    assert group.address_class == {n for n in group.by_field if n.startswith("jusho_")}
    assert len(group.address_class) == 9
