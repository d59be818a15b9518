"""Records of snapshots at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys import SealingSecret
from gateway.snapshots.sealing import RecordSeal, SealBroken, record_key
from standard_models.answers import (
    Absence,
    AbsenceReason,
    DatePrecision,
    Quality,
    Severity,
    StandardRecord,
    UncertainDate,
    Value,
)

SECRET = SealingSecret(1, b"k" * 32)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
QUALITY = st.lists(
    st.builds(
        Quality,
        st.sampled_from(["CONTROL_CHAR", "MISSING"]),
        st.sampled_from(Severity),
        st.dictionaries(st.sampled_from(["row", "rule"]), st.integers(0, 9), max_size=2),
    ),
    max_size=2,
).map(tuple)
DAYS = st.none() | st.dates()
ANSWERS = st.one_of(
    st.builds(
        Value, TEXTS | st.integers(-(2**53), 2**53) | st.booleans(), st.none() | TEXTS, QUALITY
    ),
    st.builds(
        Absence,
        st.sampled_from(AbsenceReason),
        QUALITY,
        st.none() | st.builds(UncertainDate, st.sampled_from(DatePrecision), TEXTS, DAYS, DAYS),
    ),
)


@given(st.dictionaries(st.sampled_from("abcd"), ANSWERS, max_size=4), QUALITY)
def test_a_record_comes_back_as_it_was(answers: dict, quality: tuple) -> None:
    """Every kind of answer, with its quality; nothing of it can be read in between."""
    record = StandardRecord("001.juminkihonjoho", "R1", answers, quality)
    seal = RecordSeal(SECRET, "s" * 32)
    assert seal.unseal("R1", record.group, seal.seal(record)) == record


def test_a_record_that_was_altered_or_moved_does_not_open() -> None:
    """Another person, group, snapshot or secret, and each single byte."""
    record = StandardRecord("g", "R1", {"shimei": Value("見本　花子")})
    seal = RecordSeal(SECRET, "s" * 32)
    sealed = seal.seal(record)
    assert "見本".encode() not in sealed
    moved = [
        (seal, "R2", "g", sealed),
        (seal, "R1", "h", sealed),
        (RecordSeal(SECRET, "t" * 32), "R1", "g", sealed),
        (RecordSeal(SealingSecret(2, b"k" * 32), "s" * 32), "R1", "g", sealed),
        (RecordSeal(SealingSecret(1, b"x" * 32), "s" * 32), "R1", "g", sealed),
        *(
            (seal, "R1", "g", sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :])
            for n in range(len(sealed))
        ),
    ]
    for other, number, group, text in moved:
        with pytest.raises(SealBroken):
            other.unseal(number, group, text)


def test_records_are_told_apart_by_their_primary_key() -> None:
    """Another value or another absence is another record; other items do not count."""
    answers = [
        {"nendo": Value("2026"), "gaku": Value(1)},
        {"nendo": Value("2026"), "gaku": Value(2)},
        {"nendo": Value("2025"), "gaku": Value(1)},
        {"nendo": Absence(AbsenceReason.NOT_RECORDED), "gaku": Value(1)},
    ]
    keys = [record_key(StandardRecord("g", "R1", a), ["nendo"]) for a in answers]
    assert len(set(keys)) == 3
    assert keys[0] == keys[1]
