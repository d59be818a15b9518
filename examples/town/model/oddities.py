"""People that every town has, whatever its size: those whose records are hard."""

from __future__ import annotations

import dataclasses
import datetime as dt

from examples.town.model import recorded_dates
from examples.town.model.finances import (
    CARE_LEVELS,
    business,
    give_allowance,
    give_care,
    give_certificate,
    give_tax,
    give_tax_rows,
    pension,
    salary,
)
from examples.town.model.maker import Maker
from examples.town.model.names import Name
from examples.town.model.people import ForeignStatus, Person
from examples.town.model.places import elsewhere
from examples.town.model.recorded_dates import RecordedDate
from examples.town.model.stories import Story
from examples.town.model.taxation import (
    Assessment,
    Income,
    Mailing,
    Outsider,
    TaxRecord,
    assessed,
    not_assessed,
)


def _alone(
    maker: Maker,
    pointer: str,
    sex: str,
    birth: dt.date | RecordedDate,
    name: Name | None = None,
    *,
    since: dt.date = dt.date(2001, 4, 1),
    resident_since: RecordedDate | None = None,
) -> Person:
    person = maker.person(sex, birth, name=name)
    household = maker.found(person, since)
    if person.name.foreign:
        person.foreign = ForeignStatus("otsu", "permanent", None, since)
    maker.enter(person, household, ("head",), maker.home(), since, resident_since=resident_since)
    maker.group.pointers[pointer] = person
    return person


def _pensioner(year: int, revenue: int) -> Assessment:
    return assessed(year, 1, "not-required", (pension(revenue),), collection="pension")


def unknown_dates(maker: Maker) -> None:
    """Birth dates of which less than a day is recorded, or a day that never was."""
    wanted = {
        "month_and_day_unknown": recorded_dates.month_and_day_unknown("S", 11),
        "wholly_unknown": recorded_dates.unknown(),
        "about_year": recorded_dates.about_year("S", 11),
        "first_third_of_month": recorded_dates.first_third_of_month("S", 30, 5),
        "non_calendar_day": recorded_dates.not_in_the_calendar("S", 34, 2, 29),
        "first_year_of_era": recorded_dates.month_and_day_unknown("H", 1),
    }
    for pointer, birth in wanted.items():
        person = _alone(maker, pointer, maker.rng.choice("MF"), birth)
        give_tax(maker, person)
        give_care(maker, person)


def unknown_other_dates(maker: Maker) -> None:
    """Make unknown days other than births: of becoming a resident, and of a death."""
    _alone(
        maker, "resident_since_unknown", "F", dt.date(1941, 8, 2),
        resident_since=recorded_dates.day_unknown("S", 45, 7),
    )  # fmt: skip
    dead = _alone(maker, "dead", "M", dt.date(1939, 12, 5))
    give_tax_rows(maker, dead, [_pensioner(2026, 1_300_000)])
    day = recorded_dates.estimated_month("R", 8, 3)
    maker.change(dead, "died", day, notified=False, state="dead")
    give_care(maker, dead, "care-4")


def other_states(maker: Maker) -> None:
    """People who left, are leaving, were removed by office, or died the year before."""
    gone = _alone(maker, "moved_out", "F", dt.date(1996, 3, 3))
    give_tax(maker, gone)
    maker.change(gone, "moved-out", dt.date(2026, 5, 2), state="moved-out")
    abroad = _alone(maker, "moved_abroad", "M", dt.date(1993, 9, 9))
    maker.change(abroad, "moved-abroad", dt.date(2026, 8, 1), state="moved-out")
    removed = _alone(maker, "removed_by_office", "M", dt.date(1958, 1, 1))
    maker.change(removed, "removed-by-office", dt.date(2026, 4, 4), notified=False, state="removed")
    leaving = _alone(maker, "leaving", "F", dt.date(1999, 7, 19))
    maker.change(leaving, "moved-out", dt.date(2026, 10, 15), state="leaving")
    last_year = _alone(maker, "no_current_year", "F", dt.date(1933, 11, 11))
    give_tax_rows(maker, last_year, [_pensioner(2025, 900_000)])
    maker.change(last_year, "died", dt.date(2025, 12, 18), state="dead")


def not_decided_yet(maker: Maker) -> None:
    """Entries that nobody has decided on (仮登録): a move, and a newborn's first entry."""
    mother = _alone(maker, "provisional_move", "F", dt.date(1994, 3, 8))
    mother.provisional = dataclasses.replace(
        mother.current, reason="moved-within", address=maker.home(), processed=dt.date(2026, 9, 30)
    )
    child = maker.person("M", dt.date(2026, 9, 27), family=(mother.name.family, "カリ"))
    child.provisional = dataclasses.replace(
        mother.provisional, reason="born", name=child.name, on=child.birth,
        relation=("eldest-son",), resident_since=child.birth,
    )  # fmt: skip
    maker.group.pointers["provisional_newborn"] = child


def old_and_private_glyphs(maker: Maker) -> None:
    """Names that not every system can write."""
    wanted = {
        "variation_selector": Name("辻\U000e0100", "清", "ツジ", "キヨシ"),
        "supplementary_character": Name("\U00020bb7田", "実", "ヨシダ", "ミノル"),
        "compatibility_ideograph": Name("\ufa10本", "節子", "ツカモト", "セツコ"),
        "gaiji_unmapped": Name("\ue003藤", "隆", "サイトウ", "タカシ"),
        "gaiji_with_selector": Name("渡\ue002", "文子", "ワタナベ", "フミコ"),
        "ibm_extension": Name("宮﨑", "茂", "ミヤザキ", "シゲル"),
        "kana_unconfirmed": Name("島田", "悦子", "シマダ", "エツコ", kana_confirmed=False),
        "kana_missing": Name("安藤", "トメ", "", "", kana_confirmed=None),
    }
    for pointer, name in wanted.items():
        sex = "F" if name.given[-1] in "子メ" else "M"
        person = _alone(maker, pointer, sex, dt.date(1953, 4, 29), name)
        give_tax(maker, person)
        give_care(maker, person)


def foreign_residents(maker: Maker) -> None:
    """Foreign residents with and without Latin name, kanji name and 通称."""
    wanted = {
        "foreign_both_names": Name(kana_confirmed=None, latin="ZHANG YULI", kanji="張　玉蓮"),
        "foreign_kanji_only": Name(
            kana_confirmed=None, kanji="朴　見本", alias="木村　見", alias_kana="キムラ　ケン"
        ),
        "foreign_no_alias": Name(kana_confirmed=None, latin="SANTOS MARIA-LUISA"),
        "foreign_apostrophe": Name(kana_confirmed=None, latin="O'BRIEN SEAN"),
    }  # fmt: skip
    for pointer, name in wanted.items():
        person = _alone(maker, pointer, "F", dt.date(1984, 12, 1), name, since=dt.date(2014, 2, 3))
        give_tax(maker, person)
    later = maker.group.pointers["foreign_no_alias"]
    later.foreign = ForeignStatus("hei", "settled", dt.date(2027, 8, 31), dt.date(2014, 2, 3))


def without_counterpart(maker: Maker) -> None:
    """Vendor codes that the standard has no code for."""
    odd = _alone(maker, "reason_without_counterpart", "F", dt.date(1971, 6, 6))
    maker.change(odd, "other", dt.date(2026, 2, 2))
    give_tax_rows(maker, odd, [not_assessed(2026, "investigating")])
    give_certificate(maker, odd, "physical", "7")
    give_allowance(maker, odd, [], state="refused", claimed=dt.date(2026, 3, 1))
    give_care(maker, odd, "transitional", cls=2)
    maker.group.pointers["filing_without_counterpart"] = odd
    maker.group.pointers["grade_without_counterpart"] = odd
    grandmother = maker.person("F", dt.date(1930, 1, 8), family=("岡田", "オカダ"))
    household, home = odd.current.household, odd.current.address
    maker.enter(grandmother, household, ("grandmother",), home, dt.date(2003, 5, 5))
    give_care(maker, grandmother, "care-2")
    spouse = maker.person("M", dt.date(1996, 6, 1), family=("岡田", "オカダ"))
    maker.enter(spouse, household, ("child", "husband"), home, dt.date(2019, 9, 9))
    maker.group.pointers["relation_without_counterpart"] = grandmother
    maker.group.pointers["relation_of_two_parts"] = spouse
    _alone(maker, "sex_not_filled_in", "U", dt.date(1988, 8, 8))


def measures(maker: Maker) -> None:
    """Measures that are provisional, past their term, ended, or of somebody who moved out."""
    born = dt.date(1995, 5, 5)
    provisional = _alone(maker, "provisional", "F", born)
    give_tax(maker, provisional)
    maker.protect(dt.date(2026, 9, 18), None, applicant=provisional, kind="provisional")
    lapsed = _alone(maker, "measure_past_its_term", "F", born)
    maker.protect(dt.date(2025, 8, 1), dt.date(2026, 7, 31), applicant=lapsed, kind="full",
                  state="ended-review", scope="certificates")  # fmt: skip
    ended = _alone(maker, "measure_ended", "F", born)
    term = (dt.date(2023, 4, 1), dt.date(2024, 3, 31))
    maker.protect(*term, applicant=ended, kind="full", state="ended")
    away = _alone(maker, "protected_moved_out", "F", born)
    maker.change(away, "moved-out", dt.date(2026, 8, 20), state="moved-out")
    maker.protect(dt.date(2026, 8, 1), None, applicant=away, kind="provisional")


def twins_in_data(maker: Maker) -> None:
    """Two people with the same name, kana, sex and birth date who are not the same person."""
    for pointer in ("same_name_one", "same_name_two"):
        name = Name("田中", "幸子", "タナカ", "サチコ")
        person = _alone(maker, pointer, "F", dt.date(1968, 10, 10), name)
        give_tax(maker, person)


def outsiders(maker: Maker) -> None:
    """People registered elsewhere and taxed here; one of them moved in later."""
    for pointer in ("outsider", "outsider_foreign", "outsider_day_unknown"):
        person = make_outsider(maker)
        maker.group.pointers[pointer] = person
        record = person.taxes[0]
        assert record.outsider is not None
        if pointer == "outsider_foreign":
            person.name = Name(kana_confirmed=None, latin="RAHMAN ABDUL", kanji="")
        if pointer == "outsider_day_unknown":
            person.birth = recorded_dates.day_unknown("S", 47, 2)
        record.name = person.name.registered
        record.outsider = dataclasses.replace(record.outsider, name=person.name, birth=person.birth)
    later_resident(maker, "two_tax_numbers")


def make_outsider(maker: Maker) -> Person:
    """Make a person who is only in the tax system (住登外者)."""
    rng = maker.rng
    person = maker.person(rng.choice("MF"), maker.birth(rng.randint(30, 80)), resident=False)
    number = maker.office.outside()
    record = TaxRecord(maker.office.tax(), number, person.name.registered)
    incomes = (Income("property", rng.randint(400_000, 3_000_000), rng.randint(50, 1800) * 1000),)
    home = elsewhere(rng)
    record.assessments = [
        assessed(2026, 1, "filed", incomes, collection="bills", base_city=home.municipality)
    ]
    record.outsider = Outsider(
        number, person.name, person.sex, person.birth, home, f"Z{rng.randrange(10_000):04d}",
        maker.day_between(dt.date(2020, 4, 1), dt.date(2026, 3, 31)),
        dt.time(rng.randint(9, 16), rng.randrange(60), rng.randrange(60)),
    )  # fmt: skip
    person.taxes.append(record)
    return person


def later_resident(maker: Maker, pointer: str | None = None) -> Person:
    """Make a person taxed here before moving in: two numbers in the tax system."""
    person = make_outsider(maker)
    old = person.taxes[0]
    person.number = maker.office.resident()
    since = dt.date(2026, 4, 1)
    household = maker.found(person, since)
    maker.enter(person, household, ("head",), maker.home(), since)
    assert old.outsider is not None
    old.outsider = dataclasses.replace(old.outsider, merged_into=person.number)
    elsewhere_then = old.outsider.address.municipality
    give_tax_rows(maker, person, [not_assessed(2026, "elsewhere", elsewhere_then)])
    if pointer:
        maker.group.pointers[pointer] = person
    return person


def tax_oddities(maker: Maker) -> None:
    """Long histories, a mailing address, a number not yet linked, a year abroad, a loss."""
    born = dt.date(1962, 2, 3)
    long_history = _alone(maker, "many_assessments", "M", born)
    rows = [
        assessed(
            year, history, "filed", (salary(4_000_000 + 10_000 * history),), collection="bills"
        )
        for year in range(2018, 2027)
        for history in range(1, 6)
    ]
    give_tax_rows(maker, long_history, rows)
    mailing = _alone(maker, "mailing_address", "F", born)
    give_tax(maker, mailing).mailing = Mailing(mailing.name.registered, elsewhere(maker.rng))
    unlinked = _alone(maker, "tax_not_linked", "M", born)
    give_tax(maker, unlinked).linked = ""
    abroad = _alone(maker, "abroad_on_levy_day", "M", born, since=dt.date(2026, 3, 3))
    give_tax_rows(maker, abroad, [not_assessed(2026, "abroad", None)])
    loss = _alone(maker, "loss", "F", born)
    give_tax_rows(
        maker, loss,
        [assessed(2026, 1, "filed", (business(1_200_345, -480_000),), collection="bills")],
    )  # fmt: skip
    head_only = _alone(maker, "per_head_only", "F", born)
    row = assessed(2026, 1, "filed", (Income("other", None, 630_000),), collection="bills")
    give_tax_rows(maker, head_only, [row])


def care_and_certificates(maker: Maker) -> None:
    """Every kind of certificate and level of care."""
    for kind, grade in (
        ("physical", "1"),
        ("mental", "2"),
        ("intellectual", "A"),
        ("intellectual", "B"),
    ):
        person = _alone(maker, f"certificate_{kind}_{grade}".lower(), "M", dt.date(1979, 9, 9))
        give_certificate(maker, person, kind, grade)
    several = maker.group.pointers["certificate_physical_1"]
    give_certificate(maker, several, "mental", "3")
    for level in CARE_LEVELS:
        person = _alone(maker, f"care_{level}".replace("-", "_"), "F", dt.date(1940, 1, 1))
        give_care(maker, person, level)


ODDITIES: tuple[Story, ...] = (
    unknown_dates,
    unknown_other_dates,
    other_states,
    old_and_private_glyphs,
    foreign_residents,
    without_counterpart,
    measures,
    twins_in_data,
    outsiders,
    tax_oddities,
    care_and_certificates,
    not_decided_yet,
)
"""Every story of hard records."""
