"""Which rows of two extracts differ: exactly those, whatever else stands beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from gateway.comparison import (
    Columns,
    Difference,
    Kind,
    Membership,
    Ranges,
    differences,
    differing,
    paired,
)
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    StandardRecord,
    UncertainDate,
    Value,
)

GROUP = "001.juminkihonjoho"
COLUMNS = Columns(("rirekibango",), ("shimei", "kingaku", "setaibango"))


def resident(number: str, **said: str | int | Answer) -> StandardRecord:
    """Return a record of three items beside its key."""
    filled = {"rirekibango": 1, "shimei": "架空花子", "kingaku": 100, "setaibango": "S1", **said}
    return StandardRecord(
        GROUP,
        number,
        {n: a if isinstance(a, Value | Absence) else Value(a) for n, a in filled.items()},
    )


def found(
    left: Iterable[StandardRecord], right: Iterable[StandardRecord], **options: bool
) -> list[Difference]:
    rows = ([COLUMNS.row(r) for r in side] for side in (left, right))
    return list(paired(differences(*rows, COLUMNS, Membership("setaibango", None), **options)))


def test_what_is_equal_differs_in_nothing() -> None:
    """In any order; a label and what a mapping remarked are no difference."""
    one, two = resident("1"), resident("2")
    labelled = resident("1", shimei=Value("架空花子", label="名前"))
    assert found([one, two], [two, labelled]) == []


def test_each_way_to_differ_is_told_apart() -> None:
    """Another value, a value and none, another reason, no row, a further row."""
    none = Absence(AbsenceReason.NOT_RECORDED)
    asked = Absence(AbsenceReason.UNDER_INVESTIGATION)
    told = found(
        [resident("1"), resident("2"), resident("3", kingaku=none), resident("4")],
        [
            resident("1", kingaku=101),
            resident("2", kingaku=none),
            resident("3", kingaku=asked),
            resident("5"),
        ],
    )
    assert [(d.kind, COLUMNS.key_of(d.key)[0], d.values, d.absences) for d in told] == [
        (Kind.CHANGED, "1", ("kingaku",), ()),
        (Kind.CHANGED, "2", (), ("kingaku",)),
        (Kind.CHANGED, "3", (), ("kingaku",)),
        (Kind.ONLY_LEFT, "4", (), ()),
        (Kind.ONLY_RIGHT, "5", (), ()),
    ]


def test_a_number_is_not_the_same_as_its_text_or_a_truth() -> None:
    """1, "1", true: a mapping that writes another type has changed the item."""
    (one,) = found([resident("1", kingaku=1)], [resident("1", kingaku="1")])
    (two,) = found([resident("1", kingaku=1)], [resident("1", kingaku=True)])
    assert (one.values, two.values) == (("kingaku",), ("kingaku",))


def test_two_people_with_each_others_content_are_told_as_swapped() -> None:
    """That is how a wrong person is answered with; one item alone says nothing."""
    a, b = {"shimei": "見本次郎", "kingaku": 7}, {"shimei": "例示三恵", "kingaku": 9}
    told = found([resident("1", **a), resident("2", **b)], [resident("1", **b), resident("2", **a)])
    pairs = {(d.kind, d.key, d.other) for d in told}
    keys = [COLUMNS.row(resident(n)).key for n in "12"]
    assert pairs == {(Kind.SWAPPED, keys[0], keys[1]), (Kind.SWAPPED, keys[1], keys[0])}
    moved = found(
        [resident("1", kingaku=1), resident("2", kingaku=2)],
        [resident("1", kingaku=2), resident("2", kingaku=1)],
    )
    assert [d.kind for d in moved] == [Kind.CHANGED, Kind.CHANGED]


def test_many_who_changed_alike_are_told_each_by_themselves() -> None:
    """Three moved from one content to another: none of them is forgotten for being like another."""
    old, new = {"shimei": "見本次郎", "kingaku": 7}, {"shimei": "例示三恵", "kingaku": 9}
    told = found([resident(n, **old) for n in "123"], [resident(n, **new) for n in "123"])
    assert [(d.kind, COLUMNS.key_of(d.key)[0]) for d in told] == [
        (Kind.CHANGED, "2"), (Kind.CHANGED, "3"), (Kind.CHANGED, "1"),
    ]  # fmt: skip


def test_a_date_that_is_unknown_in_another_way_is_a_difference() -> None:
    """Both are recorded as unknown; what the register says of them is not the same."""
    unknown = [
        Absence(
            AbsenceReason.RECORDED_UNKNOWN,
            uncertain=UncertainDate(DatePrecision.YEAR, text, None, None),
        )
        for text in ("昭和10年", "昭和11年")
    ]
    (one,) = found([resident("1", kingaku=unknown[0])], [resident("1", kingaku=unknown[1])])
    assert one.absences == ("kingaku",)


def test_who_belongs_to_another_household_is_told_with_both() -> None:
    """RE-1: which numbers belong to which household."""
    (moved,) = found([resident("1")], [resident("1", setaibango="S2")])
    assert moved.households == (("S1", "1"), ("S2", "1"))
    (gone,) = found([resident("1")], [])
    assert gone.households == (("S1", "1"), None)
    (renamed,) = found([resident("1")], [resident("1", shimei="見本")])
    assert renamed.households is None


def test_of_a_key_that_is_there_twice_the_last_row_counts_and_how_often_is_told() -> None:
    """As where a delivery is loaded; a copy holds each key once and can tell nothing of it."""
    early, late = resident("1", kingaku=1), resident("1", kingaku=2)
    assert [d.kind for d in found([late], [early, late])] == [Kind.REPEATED]
    assert found([late], [early, late], repeats=False) == []


@given(
    st.dictionaries(st.integers(0, 3000), st.integers(0, 3), max_size=60),
    st.dictionaries(st.integers(0, 3000), st.integers(0, 3), max_size=60),
    st.randoms(use_true_random=False),
)
def test_ranges_that_are_passed_over_hold_no_difference(
    left: dict[int, int], right: dict[int, int], order: object
) -> None:
    """The rows that differ lie in the ranges that differ, in whatever order they came."""
    sides = [
        [COLUMNS.row(resident(f"{n}", kingaku=v)) for n, v in s.items()] for s in (left, right)
    ]
    order.shuffle(sides[0])  # type: ignore[attr-defined]
    ranges = [Ranges(b"k" * 32) for _ in sides]
    places = [{row: one.see(row) for row in side} for one, side in zip(ranges, sides, strict=True)]
    wanted = {p[row] for p, o in (places, places[::-1]) for row in p if row not in o}
    assert set(differing(*ranges)) == wanted


def test_ranges_are_about_equally_large_whatever_numbers_look_like() -> None:
    """Numbers in sequence do not crowd into one range."""
    ranges = Ranges(b"k" * 32)
    counts = Counter(ranges.see(COLUMNS.row(resident(f"{n:012d}"))) for n in range(10_240))
    assert len(counts) > 1000
    assert max(counts.values()) < 40
