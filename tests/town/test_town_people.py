"""Everybody that the town is made for lives in it, and the truth about them is written out here."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from standard_models.builtin import load_builtin

EDITIONS = Path(__file__).parents[2] / "standard_models" / "editions"


@pytest.mark.parametrize(
    ("business", "groups"), [("001", 3), ("010", 4), ("022", 1), ("023", 2), ("024", 1), ("027", 2)]
)
def test_every_record_of_the_truth_has_exactly_the_items_of_its_group(
    town: Any, business: str, groups: int
) -> None:
    """No item of the groups that the town's systems keep is missing, and none is made up."""
    folder = EDITIONS / business / "provisional-2026"
    items: dict[str, set[str]] = {}
    with (folder / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            items.setdefault(row["グループ_名称"], set()).add(row["データ項目（ローマ字）"])
    checked = 0
    for path in sorted((town.folder / "truth").glob(f"{business}.*.jsonl")):
        found = {frozenset(record) for line in town.truth(path.stem) for record in line["records"]}
        assert len(found) == 1
        assert set(found.pop()) in items.values()
        checked += 1
    assert checked == groups


def test_every_true_value_fits_the_item_of_its_edition(town: Any) -> None:
    """Width, length, code, number and form; unknown dates only where the item allows them."""
    dictionary = load_builtin()
    wrong: set[tuple[str, str]] = set()
    checked = 0
    for path in sorted((town.folder / "truth").glob("*.jsonl")):
        group = dictionary.find_group(path.stem)
        assert group is not None
        for record in (record for line in town.truth(path.stem) for record in line["records"]):
            assert set(record) == set(group.by_field)
            for field, answer in record.items():
                item = group.by_field[field]
                fits = item.allows_unknown_date or "uncertain" not in answer
                if not fits or ("value" in answer and item.check(answer["value"])):
                    wrong.add((path.stem, field))
                checked += 1
    assert wrong == set()
    assert checked > 30_000


def test_a_person_registered_elsewhere_has_all_29_items_of_list_031(town: Any) -> None:
    """The record of a 住登外者 has the items of the official list, the 個人番号 not supplied."""
    (record,) = town.records("031.jutogaishaatenakihonjoho", "outsider")
    assert len(record) == 29
    assert record["kojinbango"] == {"absent": "not-supplied"}
    assert record["atenabango"]["value"].startswith("9")
    assert record["daihyoatenafuragu"] == {"value": 0}
    assert record["gyomuid"] == {"value": "010"}


def test_the_father_of_two_is_as_written(town: Any) -> None:
    """Names, dates and codes of one ordinary record in standard form."""
    (record,) = town.records("001.juminkihonjoho", "two_children")
    expected = {
        "shimei": "佐藤　誠", "uji_nihonjin": "佐藤", "na_nihonjin": "誠",
        "shimei_furigana": "サトウ　マコト", "seibetsu": "1", "seinengappi": "1990-06-12",
        "seinengappi_fushofuragu": "0", "tsuzukigara1": "01", "juminshubetsu": "1",
        "juminjotai": "1", "idojiyu": "01", "idonengappi": "2016-03-20",
        "jusho_shikuchosonkodo": "999997", "jusho_todofuken": "架空県",
        "jusho_shikugunchosonmei": "ひとつ市",
    }  # fmt: skip
    assert {field: record[field]["value"] for field in expected} == expected
    assert record["tsusho"] == {"absent": "not-applicable"}
    assert record["kyuji"] == {"absent": "not-recorded"}
    assert record["tsuzukigara2"] == {"absent": "not-applicable"}
    assert record["seinengappi_fushohyoki"] == {"absent": "not-applicable"}


@pytest.mark.parametrize(
    ("who", "precision", "text", "earliest", "latest"),
    [
        ("day_unknown", "month", "昭和６０年２月　日不詳", "1985-02-01", "1985-02-28"),
        ("month_and_day_unknown", "year", "昭和１１年　月日不詳", "1936-01-01", "1936-12-31"),
        ("wholly_unknown", "unknown", "年月日不詳", None, None),
        ("about_year", "approximate-year", "昭和１１年頃", "1936-01-01", "1936-12-31"),
        ("first_third_of_month", "ten-day", "昭和３０年５月上旬", "1955-05-01", "1955-05-10"),
        (
            "non_calendar_day", "non-calendar-day", "昭和３４年２月２９日",
            "1959-02-28", "1959-03-01",
        ),
        ("first_year_of_era", "year", "平成元年　月日不詳", "1989-01-01", "1989-12-31"),
    ],
)  # fmt: skip
def test_an_unknown_birth_keeps_its_text_and_its_bounds(
    town: Any, who: str, precision: str, text: str, earliest: str | None, latest: str | None
) -> None:
    """The date is recorded-unknown; flag and text of the three-field form say the same."""
    (record,) = town.records("001.juminkihonjoho", who)
    assert record["seinengappi"] == {
        "absent": "recorded-unknown",
        "uncertain": {
            "precision": precision, "text": text, "earliest": earliest, "latest": latest,
        },
    }  # fmt: skip
    assert record["seinengappi_fushofuragu"] == {"value": "1"}
    assert record["seinengappi_fushohyoki"] == {"value": text}


def test_a_death_of_which_only_the_month_is_estimated_is_a_removed_record(town: Any) -> None:
    """除票: state 3, reason 41, the day of death as the register has it; no household."""
    (record,) = town.records("001.juminkihonjoho", "dead")
    assert record["juminjotai"] == {"value": "3"}
    assert record["idojiyu"] == {"value": "41"}
    assert record["idonengappi"]["uncertain"]["text"] == "推定令和８年３月"
    assert town.records("001.setaiinjoho", "dead") == []


@pytest.mark.parametrize(
    ("who", "state"),
    [("moved_out", "2"), ("moved_abroad", "2"), ("removed_by_office", "4"), ("leaving", "1")],
)
def test_people_who_left_or_are_leaving_have_their_state(town: Any, who: str, state: str) -> None:
    """Who has only announced to leave is still a resident."""
    (record,) = town.records("001.juminkihonjoho", who)
    assert record["juminjotai"] == {"value": state}


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("variation_selector", "辻\U000e0100　清"),
        ("supplementary_character", "\U00020bb7田　実"),
        ("compatibility_ideograph", "\ufa10本　節子"),
        ("gaiji_mapped", "\U00020bb7村　誠"),
        ("gaiji_unmapped", "〓藤　隆"),
        ("gaiji_with_selector", "渡\u9089\U000e0102　文子"),
        ("ibm_extension", "宮﨑　茂"),
    ],
)
def test_old_and_private_glyphs_are_what_the_standard_can_show(
    town: Any, who: str, name: str
) -> None:
    """Nothing is normalised; a town character is the real one, or 〓 where nobody knows it."""
    (record,) = town.records("001.juminkihonjoho", who)
    assert record["shimei"] == {"value": name}


def test_a_foreign_resident_with_alias_has_three_names(town: Any) -> None:
    """Latin name and 通称 are separate items; there is no kanji name and no Japanese part."""
    (record,) = town.records("001.juminkihonjoho", "foreign_alias")
    assert record["shimei_gaikokujinromaji"] == {
        "value": "ＯＫＯＮＫＷＯ　ＣＨＩＡＭＡＫＡ　ＧＲＡＣＥ"
    }
    assert record["tsusho"] == {"value": "森　ちあまか"}
    assert record["tsusho_furigana"] == {"value": "モリ　チアマカ"}
    assert record["shimei_gaikokujinkanji"] == {"absent": "not-recorded"}
    assert record["uji_nihonjin"] == {"absent": "not-applicable"}
    (status,) = town.records("001.gaikokujinjuminjoho", "foreign_alias")
    assert status["zairyushikaku"] == {"value": "20"}
    assert status["zairyukikanmanryonengappi"] == {"value": "2028-03-31"}


def test_a_foreign_resident_with_a_kanji_name_only_is_registered_under_it(town: Any) -> None:
    """Without Latin letters the register name is the kanji name."""
    (record,) = town.records("001.juminkihonjoho", "foreign_kanji_only")
    assert record["shimei"] == {"value": "朴　見本"}
    assert record["shimei_gaikokujinromaji"] == {"absent": "not-recorded"}


@pytest.mark.parametrize(
    ("group", "who", "field"),
    [
        ("001.juminkihonjoho", "reason_without_counterpart", "idojiyu"),
        ("001.juminkihonjoho", "relation_without_counterpart", "tsuzukigara1"),
        ("010.kazeikihonjoho", "filing_without_counterpart", "shinkokukubun"),
        ("022.techojoho", "grade_without_counterpart", "tokyu"),
        ("023.ninteijoho", "reason_without_counterpart", "yokaigojotaikubun"),
        ("027.jukyushikakujoho", "reason_without_counterpart", "shikyujotai"),
    ],
)
def test_a_vendor_code_without_counterpart_is_lost_in_mapping(
    town: Any, group: str, who: str, field: str
) -> None:
    """The standard has no value for it, and none is chosen."""
    (record,) = town.records(group, who)
    assert record[field] == {"absent": "lost-in-mapping"}


def test_nothing_filed_is_not_zero(town: Any) -> None:
    """The unfiled parent has no amount; the one who filed nothing earned has zeros."""
    (unfiled,) = town.records("010.kazeikihonjoho", "unfiled")
    (zero,) = town.records("010.kazeikihonjoho", "zero_filed")
    assert unfiled["shinkokukubun"] == {"value": "0"}
    assert unfiled["gokeishotokukingaku"] == {"absent": "not-recorded"}
    assert zero["shinkokukubun"] == {"value": "1"}
    assert zero["gokeishotokukingaku"] == {"value": 0}
    assert zero["kazeihikazeikubun"] == {"value": "3"}


def test_who_moved_in_after_the_levy_day_is_taxed_elsewhere(town: Any) -> None:
    """FY2026 belongs to where somebody lived on 1 January 2026."""
    (record,) = town.records("010.kazeikihonjoho", "taxed_elsewhere")
    assert record["shinkokukubun"] == {"value": "3"}
    assert record["fukakijitsujusho_shikuchosonkodo"]["value"] in {"999989", "999971"}
    assert record["nenzeigaku"] == {"absent": "not-recorded"}


def test_a_tax_of_the_year_is_the_sum_of_its_parts(town: Any) -> None:
    """年税額 adds up, and a worked example: salary 6,431,250 yen with two children."""
    (record,) = town.records("010.kazeikihonjoho", "two_children")
    parts = {
        "gokeishotokukingaku": 4_421_000, "kazeihyojungaku": 3_791_000,
        "shichosonminzei_shotokuwarigaku": 225_900, "shichosonminzei_kintowarigaku": 3_000,
        "dofukenminzei_shotokuwarigaku": 150_600, "dofukenminzei_kintowarigaku": 1_000,
        "shinrinkankyozeigaku": 1_000, "nenzeigaku": 381_500,
    }  # fmt: skip
    assert {field: record[field]["value"] for field in parts} == parts


def test_a_loss_is_a_negative_income(town: Any) -> None:
    """合計所得金額 and 所得金額 may be below zero; 総所得金額等 is not."""
    (record,) = town.records("010.kazeikihonjoho", "loss")
    (income,) = town.records("010.shotokujoho", "loss")
    assert record["gokeishotokukingaku"] == {"value": -480_000}
    assert record["soshotokukingakuto"] == {"value": 0}
    assert income["shotokukingaku"] == {"value": -480_000}


def test_the_protected_family_is_in_every_system_and_neutral_in_the_service(town: Any) -> None:
    """VICTIM, CHILD and EX have numbers in all three; the label says nothing of a measure."""
    people = town.people
    for who in ("victim", "child", "ex"):
        assert all((people[who]["resident"], people[who]["tax"], people[who]["welfare"]))
        assert len(town.records("010.sofusakijoho", who)) == 1
    visitors = json.loads((town.folder / "residents.json").read_text("utf-8"))["residents"]
    label = next(v["label"] for v in visitors if v["resident"] == people["victim"]["resident"])
    assert label == "小学生の子と暮らす家庭"
    old = town.records("001.juminkihonjoho", "ex")[0]["setaibango"]
    assert town.records("001.juminkihonjoho", "victim")[0]["setaibango"] != old


def test_protected_are_applicants_and_companions_until_somebody_ends_the_measure(town: Any) -> None:
    """Provisional, past its term and moved out stay protected; ended is not, nor is the EX."""
    listed = json.loads((town.folder / "truth" / "protected.json").read_text("utf-8"))
    flags = {flag["subject"]["resident"]: flag for flag in listed["protected"]}
    expected = {"victim", "child", "provisional", "measure_past_its_term", "protected_moved_out"}
    assert set(flags) == {town.people[who]["resident"] for who in expected}
    victim = flags[town.people["victim"]["resident"]]
    assert (victim["kind"], victim["since"], victim["until"]) == (
        "full", "2026-06-10", "2027-06-09",
    )  # fmt: skip


def test_two_people_may_share_name_sex_and_birth_date(town: Any) -> None:
    """The twins in data are two people with nothing linking them."""
    one, two = (town.records("001.juminkihonjoho", f"same_name_{n}")[0] for n in ("one", "two"))
    for field in ("shimei", "shimei_furigana", "seibetsu", "seinengappi"):
        assert one[field] == two[field]
    assert one["atenabango"] != two["atenabango"]


def test_three_children_are_paid_for_by_age_and_order(town: Any) -> None:
    """10,000 yen for the first and second from age three, 30,000 for the third."""
    children = town.records("027.jidojoho", "allowance_paid")
    assert [child["getsugaku"]["value"] for child in children] == [10_000, 10_000, 30_000]
    assert [child["dainanshi"]["value"] for child in children] == [1, 2, 3]


def test_the_service_has_ten_visitors_with_keys_labels_and_numbers(town: Any) -> None:
    """Each resident of the online service can be linked at set-up."""
    visitors = json.loads((town.folder / "residents.json").read_text("utf-8"))["residents"]
    assert len(visitors) == 10
    assert len({visitor["key"] for visitor in visitors}) == 10
    assert all(visitor["resident"] and visitor["tax"] and visitor["label"] for visitor in visitors)


def test_every_kind_of_person_is_pointed_at(town: Any) -> None:
    """Nobody is missing whom other tests look for."""
    wanted = [
        "two_children",
        "newborn_parent",
        "born_this_year",
        "single_parent",
        "former_name",
        "foreign_alias",
        "foreign_latin_only",
        "foreign_both_names",
        "foreign_kanji_only",
        "foreign_no_alias",
        "day_unknown",
        "unfiled",
        "zero_filed",
        "taxed_elsewhere",
        "gaiji_mapped",
        "gaiji_unmapped",
        "victim",
        "child",
        "ex",
        "household_split",
        "allowance_paid",
        "dead",
        "moved_out",
        "no_current_year",
        "many_assessments",
        "mailing_address",
        "tax_not_linked",
        "abroad_on_levy_day",
        "per_head_only",
        "provisional",
        "measure_ended",
        "outsider",
        "outsider_foreign",
        "outsider_day_unknown",
        "two_tax_numbers",
        "relation_of_two_parts",
        "sex_not_filled_in",
        "kana_missing",
        "care_not_in_need",
        "care_care_5",
        "certificate_mental_2",
    ]
    assert set(wanted) <= set(town.people)
