"""A refused body says of each wrong place which rule it breaks, and nothing that is not so."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    model_validator,
)

from gateway.api.validation import known_names, to_problem
from gateway.errors import broken_rule


class Way(StrEnum):
    """Two ways."""

    BY_POST = "by-post"
    AT_DESK = "at-desk"


class Entry(BaseModel):
    """One entry of a list."""

    value: StrictBool | StrictInt | StrictFloat | Annotated[str, Field(max_length=3)] | None = None
    absent: Literal["not-recorded"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Entry:
        if (self.value is None) == (self.absent is None):
            raise broken_rule("どちらか一つだけを書いてください。", "Exactly one is needed.")
        return self


class Body(BaseModel):
    """A body with every way of being wrong."""

    entries: tuple[Entry, ...] = Field(default=(Entry(value=1),), min_length=1)
    way: Way = Way.BY_POST
    mode: Literal["refuse", "intersect"] = "refuse"
    day: dt.date = Field(default=dt.date(2026, 10, 1), le=dt.date(2999, 12, 31))
    at: AwareDatetime | None = None
    share: float = Field(default=0.5, gt=0, lt=1)


def told(**body: Any) -> list[tuple[str, str, str]]:
    """Return what a caller is told: pointer and both texts."""
    try:
        Body.model_validate(body)
    except ValidationError as error:
        problem = to_problem(error.errors(), known_names(Body.model_json_schema()))
        return [(e.pointer, e.detail_ja, e.detail_en) for e in problem.errors]
    return []


@pytest.mark.parametrize(
    ("body", "pointer", "ja", "en"),
    [
        (
            {"way": "by-car"},
            "/way",
            "by-post・at-desk のいずれかにしてください。",
            "Must be one of by-post, at-desk.",
        ),
        (
            {"mode": "all"},
            "/mode",
            "refuse・intersect のいずれかにしてください。",
            "Must be one of refuse, intersect.",
        ),
        (
            {"day": "令和8年10月1日"},
            "/day",
            "日付（YYYY-MM-DD）にしてください。",
            "Must be a date (YYYY-MM-DD).",
        ),
        (
            {"day": "2026-02-30"},
            "/day",
            "日付（YYYY-MM-DD）にしてください。",
            "Must be a date (YYYY-MM-DD).",
        ),
        (
            {"day": "3000-01-01"},
            "/day",
            "2999-12-31 以下にしてください。",
            "Must be 2999-12-31 or less.",
        ),
        (
            {"at": "soon"},
            "/at",
            "日時（例 2026-10-01T10:15:30+09:00）にしてください。",
            "Must be a time such as 2026-10-01T10:15:30+09:00.",
        ),
        (
            {"at": "2026-10-01T10:15:30"},
            "/at",
            "日時に時差（例 +09:00）を付けてください。",
            "The time needs an offset, such as +09:00.",
        ),
        ({"share": 1.5}, "/share", "1.0 より小さくしてください。", "Must be less than 1.0."),
        ({"share": 0}, "/share", "0.0 より大きくしてください。", "Must be more than 0.0."),
        ({"share": "half"}, "/share", "数にしてください。", "Must be a number."),
        (
            {"entries": [{"value": 1}, {}]},
            "/entries/1",
            "どちらか一つだけを書いてください。",
            "Exactly one is needed.",
        ),
        (
            {"entries": [{"value": {"a": 1}}]},
            "/entries/0/value",
            "文字列、数、true・false のどれかにしてください。",
            "Must be a string, a number, true or false.",
        ),
        (
            {"entries": [{"value": "long"}]},
            "/entries/0/value",
            "3 文字以下にしてください。",
            "Must have at most 3 characters.",
        ),
        ({"entries": []}, "/entries", "1 件以上にしてください。", "Must have at least 1 entries."),
    ],
)
def test_each_wrong_place_is_told_once_with_its_rule(
    body: dict[str, Any], pointer: str, ja: str, en: str
) -> None:
    """A list with a wrong entry is not too short, and a value that is none of four types is one."""
    assert told(**body) == [(pointer, ja, en)]


def test_several_wrong_places_are_all_told() -> None:
    """In the order of the body."""
    found = told(entries=[{"value": []}, {"value": {}}, {"absent": "x"}], mode="x")
    assert [pointer for pointer, _, _ in found] == [
        "/entries/0/value",
        "/entries/1/value",
        "/entries/2/absent",
        "/mode",
    ]


def test_what_was_sent_comes_back_in_no_text() -> None:
    """Not even where the value has the wrong type."""
    canary = "987654321098"
    found = told(entries=[{"value": [canary]}], way=canary, mode=canary, day=canary, at=[canary])
    assert len(found) == 5
    assert canary not in str(found)
