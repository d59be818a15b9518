"""The fourteen forms of unknown dates: read, bounded, printed back word for word."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import DatePrecision, UncertainDate
from standard_models.values.dates import DateOutcome, DateReading
from standard_models.values.unknown_dates import (
    BoundsPolicy,
    OfficialDate,
    from_official,
    order_key,
    parse_sentence,
    to_official,
    uncertain_from_json,
)

D = dt.date
P = DatePrecision
FOURTEEN = [
    ("令和３年頃", P.APPROXIMATE_YEAR, D(2021, 1, 1), D(2021, 12, 31)),
    ("令和３年９月頃", P.APPROXIMATE_MONTH, D(2021, 9, 1), D(2021, 9, 30)),
    ("令和３年９月５日頃", P.APPROXIMATE_DAY, D(2021, 9, 5), D(2021, 9, 5)),
    ("推定令和４年１１月３日", P.ESTIMATED_DAY, D(2022, 11, 3), D(2022, 11, 3)),
    ("推定令和４年１１月", P.ESTIMATED_MONTH, D(2022, 11, 1), D(2022, 11, 30)),
    ("令和３年春", P.SEASON, None, None),
    ("令和３年９月下旬", P.TEN_DAY, D(2021, 9, 21), D(2021, 9, 30)),
    ("令和３年９月中旬頃", P.APPROXIMATE_TEN_DAY, D(2021, 9, 11), D(2021, 9, 20)),
    ("年月日不詳", P.UNKNOWN, None, None),
    ("平成１１年　月日不詳", P.YEAR, D(1999, 1, 1), D(1999, 12, 31)),
    ("昭和４７年２月　日不詳", P.MONTH, D(1972, 2, 1), D(1972, 2, 29)),
    (
        "令和３年９月５日から１０月７日頃までの間",
        P.APPROXIMATE_RANGE,
        D(2021, 9, 5),
        D(2021, 10, 7),
    ),
    ("令和３年９月推定５日から９日までの間", P.ESTIMATED_RANGE, D(2021, 9, 5), D(2021, 9, 9)),
    ("令和３年９月５日頃から９日までの間", P.APPROXIMATE_RANGE, D(2021, 9, 5), D(2021, 9, 9)),
]
SENTENCE_LETTERS = (
    "令和平成昭明治大正元一二十0123456789０９年月日頃推定春冬上中下旬不詳から までの間"
)
OTHERS = [
    ("令和3年9月上旬", P.TEN_DAY, D(2021, 9, 1), D(2021, 9, 10)),
    ("令和４年２月下旬", P.TEN_DAY, D(2022, 2, 21), D(2022, 2, 28)),
    ("推定令和３年", P.ESTIMATED_YEAR, D(2021, 1, 1), D(2021, 12, 31)),
    ("令和３年冬頃", P.APPROXIMATE_SEASON, None, None),
    ("平成11年 月日不詳", P.YEAR, D(1999, 1, 1), D(1999, 12, 31)),
    ("1999年頃", P.APPROXIMATE_YEAR, D(1999, 1, 1), D(1999, 12, 31)),
    ("平成元年頃", P.APPROXIMATE_YEAR, D(1989, 1, 1), D(1989, 12, 31)),
    ("昭和３４年２月２９日", P.NON_CALENDAR_DAY, D(1959, 2, 28), D(1959, 3, 1)),
    ("昭和３４年２月２９日頃", P.APPROXIMATE_DAY, D(1959, 2, 28), D(1959, 3, 1)),
    ("令和３年９月５日から９日までの間", P.RANGE, D(2021, 9, 5), D(2021, 9, 9)),
    ("明治４年８月頃", P.APPROXIMATE_MONTH, None, D(1872, 12, 31)),
]


@pytest.mark.parametrize(("text", "precision", "earliest", "latest"), FOURTEEN + OTHERS)
def test_a_form_of_an_unknown_date_has_a_precision_bounds_and_its_own_words(
    text: str, precision: DatePrecision, earliest: D | None, latest: D | None
) -> None:
    """Each form is read, printed back verbatim, and survives JSON."""
    reading = parse_sentence(text)
    assert (reading.outcome, reading.day) == (DateOutcome.UNCERTAIN, None)
    assert reading.uncertain == UncertainDate(precision, text, earliest, latest)
    sent = json.loads(json.dumps(reading.uncertain.to_json()))
    assert uncertain_from_json(sent) == reading.uncertain


@pytest.mark.parametrize(("text", "precision", "earliest", "latest"), FOURTEEN)
def test_the_three_fields_of_the_national_format_carry_every_form(
    text: str, precision: DatePrecision, earliest: D | None, latest: D | None
) -> None:
    """A receiver gets the date as unknown with its wording, and the way back loses nothing."""
    reading = parse_sentence(text)
    official = to_official(reading)
    assert official == OfficialDate(None, "1", text)
    assert from_official(official).uncertain == UncertainDate(precision, text, earliest, latest)


def test_a_known_day_and_a_missing_date_have_their_own_three_fields() -> None:
    """A day is not unknown; nothing recorded is neither."""
    day = DateReading(DateOutcome.DAY, D(2000, 6, 15))
    assert to_official(day) == OfficialDate(D(2000, 6, 15), "0", None)
    assert from_official(OfficialDate(D(2000, 6, 15), "0", None)).day == D(2000, 6, 15)
    assert to_official(parse_sentence("　　")) is None
    assert from_official(OfficialDate(None, "0", None)).outcome is DateOutcome.NOT_RECORDED


def test_a_day_beside_a_wording_is_not_believed() -> None:
    """An assumed day is never taken for a date: the wording holds and the clash is reported."""
    reading = from_official(OfficialDate(D(1936, 1, 1), "1", "昭和１１年頃"))
    assert reading.day is None
    assert reading.uncertain is not None
    assert reading.uncertain.text == "昭和１１年頃"
    assert [q.code for q in reading.quality] == ["UNKNOWN_DATE_HAS_DAY"]


@pytest.mark.parametrize(
    "text",
    [
        "戦前",
        "昭和のはじめ",
        "令和３年１２月２０日から１月５日頃までの間",
        "推定令和３年９月頃",
        "令和３年１３月頃",
        "令和３年９月３２日頃",
        "平成元年１月３日頃",
        "平成0年頃",
    ],
)
def test_a_sentence_with_two_readings_or_none_keeps_its_words_without_bounds(text: str) -> None:
    """Nothing is guessed: unknown precision, no bounds, and a warning."""
    reading = parse_sentence(text)
    assert reading.uncertain == UncertainDate(DatePrecision.UNKNOWN, text, None, None)
    assert [q.code for q in reading.quality] == ["UNCERTAIN_TEXT_UNREAD"]


def test_a_plain_date_in_the_column_of_sentences_is_a_day() -> None:
    """A wording that names one calendar day is that day."""
    assert parse_sentence("平成12年6月15日").day == D(2000, 6, 15)


def test_margins_and_seasons_come_from_the_policy_alone() -> None:
    """By default 頃 has no margin and a season no months; a policy gives both."""
    policy = BoundsPolicy(
        margin_days=2,
        margin_months=1,
        margin_years=1,
        seasons={"春": (3, 5, 0), "冬": (12, 2, 1)},
    )
    bounds = {
        text: order_key(reading.uncertain)
        for text in ("令和3年頃", "令和3年1月頃", "令和3年9月5日頃", "令和3年春", "令和3年冬")
        if (reading := parse_sentence(text, policy)).uncertain
    }
    assert bounds == {
        "令和3年頃": (D(2020, 1, 1), D(2022, 12, 31)),
        "令和3年1月頃": (D(2020, 12, 1), D(2021, 2, 28)),
        "令和3年9月5日頃": (D(2021, 9, 3), D(2021, 9, 7)),
        "令和3年春": (D(2021, 3, 1), D(2021, 5, 31)),
        "令和3年冬": (D(2021, 12, 1), D(2022, 2, 28)),
    }


def test_dates_order_by_their_first_and_last_possible_day() -> None:
    """Certain and uncertain dates sort together; what has no bound sorts outermost."""
    texts = ["平成11年 月日不詳", "平成11年1月頃", "年月日不詳"]
    readings = [parse_sentence(t).uncertain for t in texts]
    dates: list[D | UncertainDate] = [D(1999, 1, 15), *(r for r in readings if r)]
    ordered = sorted(dates, key=order_key)
    assert [v.text if isinstance(v, UncertainDate) else v for v in ordered] == [
        "年月日不詳",
        "平成11年1月頃",
        "平成11年 月日不詳",
        D(1999, 1, 15),
    ]


@given(
    st.text(
        alphabet=SENTENCE_LETTERS,
        max_size=30,
    )
)
def test_every_sentence_is_read_without_failing_and_keeps_its_words(text: str) -> None:
    """No sentence raises; an uncertain date carries the text as it stands."""
    reading = parse_sentence(text)
    assert reading.outcome is not DateOutcome.UNREADABLE
    if reading.uncertain is not None:
        assert reading.uncertain.text == text.rstrip(" \u3000")
        low, high = reading.uncertain.earliest, reading.uncertain.latest
        assert low is None or high is None or low <= high
