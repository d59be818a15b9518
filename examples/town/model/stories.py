"""The families and people that every town has, whatever its size: those who visit the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from examples.town.model import recorded_dates, taxation
from examples.town.model.benefits import under_eighteen_in_fiscal_terms
from examples.town.model.finances import (
    business,
    give_allowance,
    give_certificate,
    give_tax_rows,
    in_health_insurance,
    in_welfare,
    salary,
)
from examples.town.model.maker import Maker
from examples.town.model.names import Name
from examples.town.model.people import ForeignStatus, Person
from examples.town.model.places import care_of, elsewhere
from examples.town.model.recorded_dates import RecordedDate
from examples.town.model.taxation import assessed, not_assessed

Story = Callable[[Maker], None]


def _parent(maker: Maker, sex: str, name: Name, birth: dt.date | RecordedDate) -> Person:
    return maker.person(sex, birth, name=name)


def _couple_with_children(
    maker: Maker,
    family: tuple[str, str],
    births: list[tuple[str, str, str, dt.date, str]],
    since: dt.date,
    *,
    father_birth: dt.date | RecordedDate = dt.date(1990, 6, 12),
) -> list[Person]:
    surname, kana = family
    father = _parent(maker, "M", Name(surname, "誠", kana, "マコト"), father_birth)
    mother = _parent(maker, "F", Name(surname, "由美子", kana, "ユミコ"), dt.date(1992, 2, 29))
    address = maker.home(flat=True)
    household = maker.found(father, since)
    maker.enter(father, household, ("head",), address, since)
    maker.enter(mother, household, ("wife",), address, since)
    people = [father, mother]
    for given, given_kana, sex, born, relation in births:
        child = _parent(maker, sex, Name(surname, given, kana, given_kana), born)
        maker.enter(child, household, (relation,), address, since)
        people.append(child)
    return people


def _taxed(maker: Maker, person: Person, revenue: int, *, children: Sequence[Person] = ()) -> None:
    dependants = len(children)
    give_tax_rows(
        maker,
        person,
        [
            assessed(2025, 1, "not-required", (salary(revenue - 120_000),), collection="salary",
                     dependants=dependants, young=dependants),
            assessed(2026, 1, "not-required", (salary(revenue),), collection="salary",
                     dependants=dependants, young=dependants),
        ],
        children,
    )  # fmt: skip


def two_children(maker: Maker) -> None:
    """Make a family with two children; the father left the civil service and now claims here."""
    father, mother, *children = _couple_with_children(
        maker,
        ("佐藤", "サトウ"),
        [
            ("陽翔", "ハルト", "M", dt.date(2018, 4, 2), "eldest-son"),
            ("さくら", "サクラ", "F", dt.date(2021, 11, 3), "eldest-daughter"),
        ],
        dt.date(2016, 3, 20),
    )
    _taxed(maker, father, 6_431_250, children=children)
    _taxed(maker, mother, 2_104_800)
    give_allowance(
        maker, father, children, state="ended", work="civil-servant", spouse=mother,
        claimed=dt.date(2018, 4, 10),
    )  # fmt: skip
    maker.group.ready["futari-no-ko"] = ("子ども２人の家庭（公務員を退職し、市に請求）", father)
    maker.group.pointers["two_children"] = father


def newborn(maker: Maker) -> None:
    """Make a couple whose first child was born a few weeks ago."""
    father, mother, child = _couple_with_children(
        maker,
        ("鈴木", "スズキ"),
        [("紬", "ツムギ", "F", dt.date(2026, 9, 8), "eldest-daughter")],
        dt.date(2023, 5, 14),
    )
    _taxed(maker, father, 4_890_400)
    _taxed(maker, mother, 3_310_000)
    maker.group.ready["hajimete-no-ko"] = ("はじめての子が生まれた家庭", father)
    maker.group.pointers["newborn_parent"] = father
    maker.group.pointers["born_this_year"] = child


def single_parent(maker: Maker) -> None:
    """Make a mother alone with her son, with a disability certificate and a 旧氏."""
    mother = _parent(
        maker, "F",
        Name("清水", "彩", "シミズ", "アヤ", former="小野", former_kana="オノ"),
        dt.date(1994, 8, 30),
    )  # fmt: skip
    child = _parent(maker, "M", Name("清水", "律", "シミズ", "リツ"), dt.date(2019, 7, 7))
    address = maker.home(flat=True)
    household = maker.found(mother, dt.date(2024, 2, 1))
    maker.enter(mother, household, ("head",), address, dt.date(2024, 2, 1))
    maker.enter(child, household, ("eldest-son",), address, dt.date(2024, 2, 1))
    give_tax_rows(
        maker, mother,
        [assessed(2026, 1, "filed", (salary(1_980_000), business(410_000, -120_000)),
                  collection="bills", dependants=1, young=1)],
        [child],
    )  # fmt: skip
    give_certificate(maker, mother, "physical", "3")
    maker.group.ready["hitorioya"] = ("ひとり親の家庭", mother)
    maker.group.pointers["single_parent"] = mother
    maker.group.pointers["former_name"] = mother


def foreign_parent(maker: Maker) -> None:
    """Make a foreign parent with a Latin name and a 通称; the child has a Latin name only."""
    name = Name(
        kana_confirmed=None, latin="OKONKWO CHIAMAKA GRACE", alias="森　ちあまか",
        alias_kana="モリ　チアマカ",
    )  # fmt: skip
    mother = _parent(maker, "F", name, dt.date(1991, 1, 19))
    mother.foreign = ForeignStatus("ko", "engineer", dt.date(2028, 3, 31), dt.date(2020, 4, 1))
    child = _parent(
        maker, "M", Name(kana_confirmed=None, latin="OKONKWO KENJI"), dt.date(2022, 5, 5)
    )
    child.foreign = ForeignStatus("ko", "family-stay", dt.date(2028, 3, 31), dt.date(2022, 5, 5))
    address = maker.home(flat=True)
    household = maker.found(mother, dt.date(2020, 4, 1))
    maker.enter(mother, household, ("head",), address, dt.date(2020, 4, 1), reason="from-abroad")
    maker.enter(child, household, ("child",), address, dt.date(2020, 4, 1))
    maker.change(mother, "alias-recorded", dt.date(2024, 10, 7))
    _taxed(maker, mother, 5_200_000, children=[child])
    maker.group.ready["gaikokujin"] = ("通称を登録している外国人住民の家庭", mother)
    maker.group.pointers["foreign_alias"] = mother
    maker.group.pointers["foreign_latin_only"] = child


def unknown_birth_day(maker: Maker) -> None:
    """Make a parent of whose birth only year and month are recorded."""
    father, mother, child = _couple_with_children(
        maker,
        ("石井", "イシイ"),
        [("蒼", "アオイ", "M", dt.date(2017, 1, 15), "eldest-son")],
        dt.date(2015, 10, 1),
        father_birth=recorded_dates.day_unknown("S", 60, 2),
    )
    _taxed(maker, father, 3_900_000, children=[child])
    _taxed(maker, mother, 1_020_000)
    give_allowance(maker, mother, [child], state="ended", spouse=father)
    # He is insured at work; he owes the levy of those who are not.
    household = in_health_insurance(
        father.current.household,
        [(father, "levied-head", 12), (mother, "insured", 12), (child, "insured", 12)],
    )
    for person in (father, mother):
        in_welfare(maker, person).health = household
    maker.group.ready["fushobi"] = ("生まれた日が戸籍に書かれていない親の家庭", father)
    maker.group.pointers["day_unknown"] = father


def unfiled(maker: Maker) -> None:
    """Make a parent who has not filed for the year."""
    father, mother, _ = _couple_with_children(
        maker,
        ("後藤", "ゴトウ"),
        [("杏", "アン", "F", dt.date(2020, 12, 24), "eldest-daughter")],
        dt.date(2019, 8, 8),
    )
    give_tax_rows(maker, father, [not_assessed(2026, "unfiled")])
    give_tax_rows(maker, mother, [assessed(2026, 1, "filed", (), collection="bills")])
    maker.group.ready["mishinkoku"] = ("住民税の申告をまだしていない親の家庭", father)
    maker.group.pointers["unfiled"] = father
    maker.group.pointers["zero_filed"] = mother


def moved_in_this_year(maker: Maker) -> None:
    """Make a family that moved in after 1 January: another municipality taxes it."""
    father, mother, *_ = _couple_with_children(
        maker,
        ("近藤", "コンドウ"),
        [("湊", "ミナト", "M", dt.date(2023, 6, 1), "eldest-son")],
        dt.date(2026, 7, 11),
    )
    other = elsewhere(maker.rng).municipality
    for parent in (father, mother):
        give_tax_rows(maker, parent, [not_assessed(2026, "elsewhere", other)])
    maker.group.ready["tennyu"] = ("今年引っ越してきた家庭", father)
    maker.group.pointers["taxed_elsewhere"] = father


def old_glyph(maker: Maker) -> None:
    """Make a parent whose surname the resident system writes with a character of its own."""
    father, mother, child = _couple_with_children(
        maker,
        ("\ue000村", "ヨシムラ"),
        [("詩", "ウタ", "F", dt.date(2024, 3, 3), "eldest-daughter")],
        dt.date(2022, 4, 1),
    )
    _taxed(maker, father, 4_100_000, children=[child])
    _taxed(maker, mother, 2_900_000)
    maker.group.ready["gaiji"] = ("名字に珍しい字がある家庭", father)
    maker.group.pointers["gaiji_mapped"] = father


def already_receiving(maker: Maker) -> None:
    """Make a parent who already receives the allowance for three children."""
    father, mother, *children = _couple_with_children(
        maker,
        ("髙橋", "タカハシ"),
        [
            ("健太", "ケンタ", "M", dt.date(2010, 5, 20), "eldest-son"),
            ("凛", "リン", "F", dt.date(2014, 9, 9), "eldest-daughter"),
            ("樹", "イツキ", "M", dt.date(2024, 1, 31), "second-son"),
        ],
        dt.date(2009, 4, 1),
    )
    if not all(under_eighteen_in_fiscal_terms(c.birth.day) for c in children if c.birth.day):
        raise ValueError("the children of this story must be of allowance age")
    _taxed(maker, father, 7_250_000, children=children)
    _taxed(maker, mother, 1_000_000)
    give_allowance(
        maker, father, children, spouse=mother, claimed=dt.date(2024, 2, 5), work="self-employed"
    )
    household = in_health_insurance(
        father.current.household,
        [(father, "head", 12), *((one, "insured", 12) for one in (mother, *children))],
    )
    for person in (father, mother):
        in_welfare(maker, person).health = household
    maker.group.ready["jukyuchu"] = ("すでに児童手当を受けている家庭", father)
    maker.group.pointers["allowance_paid"] = father


def protected_family(maker: Maker) -> None:
    """Make a mother and child under protection, and the man they left; all three in all systems."""
    since = dt.date(2017, 6, 1)
    ex = _parent(maker, "M", Name("三浦", "剛", "ミウラ", "ツヨシ"), dt.date(1987, 3, 14))
    victim = _parent(maker, "F", Name("三浦", "千尋", "ミウラ", "チヒロ"), dt.date(1990, 10, 21))
    child = _parent(maker, "M", Name("三浦", "朝陽", "ミウラ", "アサヒ"), dt.date(2018, 2, 17))
    old_home, new_home = maker.home(flat=False), maker.home(flat=True)
    old = maker.found(ex, since)
    maker.enter(ex, old, ("head",), old_home, since)
    maker.enter(victim, old, ("wife",), old_home, since)
    maker.enter(child, old, ("eldest-son",), old_home, since)
    left = dt.date(2026, 6, 10)
    new = maker.found(victim, left, split_from=old)
    maker.change(victim, "household-split", left, household=new, relation=("head",))
    maker.change(child, "household-split", left, household=new, relation=("eldest-son",))
    moved = dt.date(2026, 6, 24)
    maker.change(victim, "moved-within", moved, address=new_home)
    maker.change(child, "moved-within", moved, address=new_home)
    mail = care_of(maker.home(flat=False), "小野")
    _taxed(maker, victim, 3_050_000, children=[child])
    give_tax_rows(maker, child, [not_assessed(2026, "unfiled")])
    _taxed(maker, ex, 5_400_000)
    for person in (victim, child):
        person.taxes[0].mailing = taxation.Mailing(person.taxes[0].name, mail)
    ex.taxes[0].mailing = taxation.Mailing(ex.taxes[0].name, elsewhere(maker.rng))
    give_allowance(maker, ex, [child], state="ended", claimed=dt.date(2018, 3, 1), lives_with=False)
    give_allowance(maker, victim, [child], state="pending", claimed=dt.date(2026, 9, 25))
    give_certificate(maker, child, "intellectual", "B")
    # The levy of the year still counts the months before they left.
    in_welfare(maker, ex).health = in_health_insurance(
        old, [(ex, "head", 12), (victim, "insured", 2), (child, "insured", 2)]
    )
    theirs = in_health_insurance(new, [(victim, "head", 10), (child, "insured", 10)])
    for person in (victim, child):
        in_welfare(maker, person).health = theirs
    maker.protect(
        left, dt.date(2027, 6, 9), applicant=victim, together=(child,), other_party=ex, kind="full"
    )
    maker.group.ready["shogakusei-no-ko"] = ("小学生の子と暮らす家庭", victim)
    maker.group.pointers |= {"victim": victim, "child": child, "ex": ex, "household_split": victim}


VISITORS: tuple[Story, ...] = (
    two_children,
    newborn,
    single_parent,
    foreign_parent,
    unknown_birth_day,
    unfiled,
    moved_in_this_year,
    old_glyph,
    protected_family,
    already_receiving,
)
"""Every story whose people come to the online service."""
