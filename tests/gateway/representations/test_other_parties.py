"""Whom measures name, in all combinations of what systems and officers may say. Pure."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import FlagReport, MeasureKind, ProtectionFlag
from gateway.protection.parties.service import names
from gateway.protection.parties.store import Named
from gateway.protection.store import flags_of
from gateway.subjects import Subject

NUMBERS = ("1", "2", "3")
parties = st.none() | st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True).map(tuple)
flags = st.lists(
    st.builds(
        ProtectionFlag,
        st.sampled_from(["A", "B"]),
        st.sampled_from(MeasureKind),
        st.none(),
        st.none() | st.just(dt.date(2027, 3, 31)),
        parties,
    ),
    max_size=6,
)


@given(flags, st.sampled_from(["A", "B"]), st.sampled_from(NUMBERS))
def test_the_copy_bars_whoever_one_of_the_flags_may_name(
    reported: list[ProtectionFlag], person: str, representative: str
) -> None:
    """DV-12: what is merged for the copy bars exactly whom the flags together bar."""
    now = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    copy = {
        place: named
        for place, (_, _, named) in flags_of(FlagReport(tuple(reported), now, now)).items()
    }
    who = Subject("id", {"resident": (representative,)})
    barred = any(
        names(Named("resident", number, False, tuple(named or ())), who)
        for (number, _), named in copy.items()
        if number == person
    )
    assert barred == any(
        not flag.other_parties or representative in flag.other_parties
        for flag in reported
        if flag.number == person
    )


@given(
    st.dictionaries(
        st.sampled_from(["resident", "tax"]), st.lists(st.sampled_from(NUMBERS)).map(tuple)
    ),
    st.sampled_from(["resident", "tax"]),
    st.lists(st.sampled_from([*NUMBERS, "id"])).map(tuple),
    st.booleans(),
)
def test_a_measure_spares_only_whom_it_certainly_does_not_name(
    numbers: dict[str, tuple[str, ...]],
    numbering: str,
    named: tuple[str, ...],
    by_officer: bool,
) -> None:
    """DV-12: it names somebody, and the person has a number there that is not among them."""
    spared = not names(Named(numbering, "7", by_officer, named), Subject("id", numbers))
    own = numbers.get(numbering, ())
    certain = "id" not in named if by_officer else bool(own) and not set(own) & set(named)
    assert spared == (bool(named) and certain)
