"""RE-3: a wrong column is found on its first day."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.comparison import (
    Code,
    Finding,
    Profile,
    Profiler,
    against_declared,
    against_earlier,
    misplaced,
    shipped_limits,
)
from gateway.editions import open_dictionary
from gateway.settings import Settings
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value

GROUP = open_dictionary(Settings()).groups["010.kazeikihonjoho"]
AMOUNTS = [i.field_name for i in GROUP.items if i.data_type.value == "9" and not i.primary_key]
LARGE, SMALL = AMOUNTS[:2]
CODED = next(i for i in GROUP.items if i.codes is not None and len(i.codes.labels) > 1)
LIMITS = shipped_limits()
NONE = Absence(AbsenceReason.NOT_RECORDED)


def taxed(seed: int, count: int = 400) -> list[StandardRecord]:
    """Return records with a large amount, a small one and a code."""
    chance = random.Random(seed)
    codes = list(CODED.codes.labels) if CODED.codes else []
    return [
        StandardRecord(
            GROUP.ref,
            f"{n}",
            {
                LARGE: Value(chance.randrange(1_000_000, 9_000_000)),
                SMALL: Value(chance.randrange(1_000, 5_000)) if n % 4 else NONE,
                CODED.field_name: Value(codes[chance.random() < 0.2]),
            },
        )
        for n in range(count)
    ]


def changed(
    records: list[StandardRecord], change: Callable[[dict[str, Answer]], dict[str, Answer]]
) -> list[StandardRecord]:
    return [replace(r, answers={**r.answers, **change(dict(r.answers))}) for r in records]


def profile(records: list[StandardRecord], lost: int = 0) -> Profile:
    profiler = Profiler(GROUP.items)
    for start in range(0, len(records), 150):
        profiler.see(records[start : start + 150])
    return profiler.profile(lost)


def swapped(answers: dict[str, Answer]) -> dict[str, Answer]:
    return {LARGE: answers[SMALL], SMALL: answers[LARGE]}


def test_two_swapped_amounts_are_found_the_day_they_are_swapped() -> None:
    """Each looks like the other did the day before."""
    found = list(against_earlier(profile(taxed(1)), profile(changed(taxed(2), swapped)), LIMITS))
    assert Finding(Code.ITEMS_SWAPPED, (LARGE, SMALL)) in found
    assert {f.code for f in found if f.items == (LARGE,)} >= {Code.TOTAL_CHANGED}


def test_swapped_amounts_are_found_on_the_very_first_day_by_the_sum_that_is_declared() -> None:
    """Even where the two are so alike that they look like each other."""
    records = taxed(1)
    right = profile(records)
    declared = {name: int(right.items[name].total or 0) for name in (LARGE, SMALL)}
    assert list(against_declared(right, 400, 400, declared)) == []
    wrong = profile(changed(records, swapped))
    assert [(f.code, f.items) for f in against_declared(wrong, 400, 400, declared)] == [
        (Code.TOTAL_DIFFERS, (LARGE,)),
        (Code.TOTAL_DIFFERS, (SMALL,)),
    ]
    assert [f.code for f in against_declared(right, 399, 400, {"gaku_gokei": 5})] == [
        Code.COUNT_DIFFERS
    ]


def test_a_column_that_is_swapped_between_two_systems_is_named() -> None:
    """Old and new have the same people: the two items are told, beside each row."""
    records = taxed(1)
    found = list(misplaced(profile(records), profile(changed(records, swapped)), LIMITS))
    assert found == [Finding(Code.ITEMS_SWAPPED, (LARGE, SMALL))]


def test_an_item_that_only_takes_the_place_of_another_is_not_called_swapped() -> None:
    """The small amount stands in both columns: both are told as wrong, not as each other's."""
    after = profile(changed(taxed(2), lambda a: {LARGE: a[SMALL], SMALL: Value(77_777_777)}))
    found = list(against_earlier(profile(taxed(1)), after, LIMITS))
    assert Code.ITEMS_SWAPPED not in {f.code for f in found}
    assert {f.items for f in found} == {(LARGE,), (SMALL,)}


def test_an_ordinary_next_day_raises_no_finding() -> None:
    """Other people, the same kind of figures."""
    assert list(against_earlier(profile(taxed(1)), profile(taxed(2)), LIMITS)) == []


@pytest.mark.parametrize(
    ("change", "code", "item"),
    [
        (lambda _: {SMALL: NONE}, Code.ABSENCES_CHANGED, SMALL),
        (
            lambda a: {LARGE: Absence(AbsenceReason.LOST_IN_MAPPING)},
            Code.ABSENCES_CHANGED,
            LARGE,
        ),
        (lambda a: {LARGE: Value(a[LARGE].value * 2)}, Code.TOTAL_CHANGED, LARGE),
        (lambda a: {LARGE: Value(f"{a[LARGE].value}円")}, Code.TOTAL_CHANGED, LARGE),
        (lambda _: {CODED.field_name: Value("架空花子")}, Code.SHAPE_CHANGED, CODED.field_name),
    ],
    ids=["emptied", "another reason", "doubled", "no number any more", "another column's words"],
)
def test_a_column_that_went_wrong_is_named(
    change: Callable[[dict[str, Answer]], dict[str, Answer]], code: Code, item: str
) -> None:
    """By absences, sums and shapes."""
    found = list(against_earlier(profile(taxed(1)), profile(changed(taxed(1), change)), LIMITS))
    assert (code, (item,)) in [(f.code, f.items) for f in found]


def test_half_a_delivery_and_more_lost_records_are_told() -> None:
    """Also where what is there looks as before."""
    before = profile(taxed(1))
    codes = {f.code for f in against_earlier(before, profile(taxed(1, 200)), LIMITS)}
    assert codes == {Code.RECORDS_CHANGED, Code.TOTAL_CHANGED}
    codes = {f.code for f in against_earlier(before, profile([]), LIMITS)}
    assert codes == {Code.RECORDS_CHANGED}
    codes = {f.code for f in against_earlier(before, profile(taxed(1), lost=1), LIMITS)}
    assert codes == {Code.RECORDS_LOST}


def test_a_profile_names_nobody_even_where_a_column_is_wrong() -> None:
    """A name where a code belongs is counted, not kept; what was kept comes back as it was."""
    wrong = profile(changed(taxed(1), lambda _: {CODED.field_name: Value("架空花子")}))
    assert "架空" not in str(wrong.to_json())
    assert wrong.items[CODED.field_name].shapes == {"other": 400}
    assert Profile.of_json(wrong.to_json()) == wrong


def test_of_an_item_that_few_people_have_no_sum_is_kept() -> None:
    """A sum of a few amounts tells of each of them; how many there are is kept."""
    few = [*changed(taxed(1, 60), lambda _: {SMALL: NONE}), *taxed(2, 8)]
    kept = profile(few).of_many(LIMITS.judged_from)
    assert (kept.items[SMALL].filled, kept.items[SMALL].total) == (6, None)
    assert kept.items[SMALL].shapes == {}
    assert kept.items[LARGE] == profile(few).items[LARGE]
    assert list(against_earlier(kept, profile(few), LIMITS)) == []


def test_an_item_of_few_people_that_vanishes_is_told_and_one_that_grows_a_little_is_not() -> None:
    """Three in a hundred have it: no share of all changes, and yet every value is gone."""
    with_it, without = taxed(1, 160), changed(taxed(2, 3840), lambda _: {SMALL: NONE})
    before = profile([*with_it, *without]).of_many(LIMITS.judged_from)
    now = profile(changed([*with_it, *without], lambda _: {SMALL: NONE}))
    found = [(f.code, f.items) for f in against_earlier(before, now, LIMITS)]
    assert found == [(Code.ABSENCES_CHANGED, (SMALL,))]
    forty_nine = profile(taxed(1, 65)[:65]).of_many(LIMITS.judged_from)
    assert forty_nine.items[SMALL].filled == 48
    assert list(against_earlier(forty_nine, profile(taxed(1, 68)), LIMITS)) == []


def test_sums_are_exact() -> None:
    """Decimals and long numbers lose no digit; one that is no number leaves no sum."""
    one = changed(taxed(1, 2), lambda _: {LARGE: Value("0.10")})
    assert profile(one).items[LARGE].total == Decimal("0.20")
    long = changed(taxed(1, 3), lambda _: {LARGE: Value(10**17 + 1)})
    assert profile(long).items[LARGE].total == 3 * 10**17 + 3
    assert profile(changed(one, lambda _: {LARGE: Value("不明")})).items[LARGE].total is None
