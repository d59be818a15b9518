"""What pydantic finds wrong, as places and our own words; never what was sent.

pydantic repeats the rejected value in ``input``, in ``ctx`` and in some messages, and an unknown
key in ``loc``. So only the kind of the error, limits that the schema states, and names that the
schema knows are taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.errors import BROKEN_RULE
from gateway.problems import FieldError, Problem

_PLACES: Final = frozenset({"body", "query", "path", "header", "cookie"})
_LARGEST_POSITION: Final = 9_999
"""A larger integer in a location is not a position in a list that we would read."""

_Texts = tuple[str, str]
_TEXTS: Final[Mapping[str, _Texts]] = {
    "missing": ("必須の項目がありません。", "A required member is missing."),
    "extra_forbidden": ("知らない項目があります。", "There is an unknown member."),
    "string_type": ("文字列にしてください。", "Must be a string."),
    "string_too_long": (
        "{max_length} 文字以下にしてください。",
        "Must have at most {max_length} characters.",
    ),
    "string_too_short": (
        "{min_length} 文字以上にしてください。",
        "Must have at least {min_length} characters.",
    ),
    "string_pattern_mismatch": (
        "決められた書き方に合っていません。",
        "Does not have the documented form.",
    ),
    "too_long": ("{max_length} 件以下にしてください。", "Must have at most {max_length} entries."),
    "too_short": (
        "{min_length} 件以上にしてください。",
        "Must have at least {min_length} entries.",
    ),
    "tuple_type": ("配列にしてください。", "Must be an array."),
    "list_type": ("配列にしてください。", "Must be an array."),
    "model_type": ("オブジェクトにしてください。", "Must be an object."),
    "model_attributes_type": ("オブジェクトにしてください。", "Must be an object."),
    "dict_type": ("オブジェクトにしてください。", "Must be an object."),
    "int_type": ("整数にしてください。", "Must be an integer."),
    "int_parsing": ("整数にしてください。", "Must be an integer."),
    "float_type": ("数にしてください。", "Must be a number."),
    "float_parsing": ("数にしてください。", "Must be a number."),
    "bool_parsing": ("true か false にしてください。", "Must be true or false."),
    "bool_type": ("true か false にしてください。", "Must be true or false."),
    "greater_than_equal": ("{ge} 以上にしてください。", "Must be {ge} or more."),
    "less_than_equal": ("{le} 以下にしてください。", "Must be {le} or less."),
    "greater_than": ("{gt} より大きくしてください。", "Must be more than {gt}."),
    "less_than": ("{lt} より小さくしてください。", "Must be less than {lt}."),
    "timezone_aware": (
        "日時に時差（例 +09:00）を付けてください。",
        "The time needs an offset, such as +09:00.",
    ),
}
_DATE: Final[_Texts] = ("日付（YYYY-MM-DD）にしてください。", "Must be a date (YYYY-MM-DD).")
_TIME: Final[_Texts] = (
    "日時（例 2026-10-01T10:15:30+09:00）にしてください。",
    "Must be a time such as 2026-10-01T10:15:30+09:00.",
)
_SCALAR: Final[_Texts] = (
    "文字列、数、true・false のどれかにしてください。",
    "Must be a string, a number, true or false.",
)
_OF_SCALARS: Final = frozenset({"bool_type", "int_type", "float_type", "string_type"})
_SCALARS: Final = frozenset((n,) for n in ("bool", "int", "float", "str", "constrained-str"))
"""How pydantic ends the location of what is wrong with one of several types."""
_QUOTED: Final = re.compile("'([^']*)'")
_OTHER: Final[_Texts] = ("値の形が正しくありません。", "The value does not have the right form.")
_LIMITS: Final = ("max_length", "min_length", "ge", "le", "gt", "lt")


def to_problem(
    errors: Sequence[Any], names: frozenset[str], content_type: str | None = None
) -> Problem:
    """Return the problem for pydantic's errors, whose locations begin with the place.

    ``names`` are the member and parameter names of the schema; no other name is repeated.
    """
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("malformed-json")
    in_body = any(error["loc"][:1] == ("body",) for error in errors)
    if in_body and content_type is not None and not _known_media_type(content_type):
        return Problem("unsupported-media-type")
    return Problem("invalid-body", errors=[_field_error(e, names) for e in _told(errors)])


def _told(errors: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the errors that tell something; pydantic adds some that follow from another one.

    A list of which an entry is wrong counts as too short, and a value that is none of several
    types has an error for each of them.
    """
    found = [(error, tuple(error["loc"])) for error in errors]
    above = {place[:depth] for _, place in found for depth in range(len(place))}
    telling = {place[:-1] for error, place in found if _of_one_type(place) and not _type(error)}
    merged: set[tuple[Any, ...]] = set()
    for error, place in found:
        value = place[:-1]
        if error["type"] == "too_short" and place in above:
            continue
        if not (_of_one_type(place) and _type(error)):
            yield error
        elif value not in telling and value not in merged:
            merged.add(value)
            yield {"type": BROKEN_RULE, "loc": value, "ctx": {"ja": _SCALAR[0], "en": _SCALAR[1]}}


def _of_one_type(place: tuple[Any, ...]) -> bool:
    return place[-1:] in _SCALARS


def _type(error: Mapping[str, Any]) -> bool:
    return error["type"] in _OF_SCALARS


def _known_media_type(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in {
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }


def _field_error(error: Mapping[str, Any], names: frozenset[str]) -> FieldError:
    location = tuple(error["loc"])
    place = "body"
    if location and location[0] in _PLACES:
        place, location = str(location[0]), location[1:]
    ja, en = texts_of(error)
    return FieldError(_pointer(location, names), ja, en, place)


def texts_of(error: Mapping[str, Any]) -> _Texts:
    """Return what one of pydantic's errors says, in Japanese and English."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == BROKEN_RULE:
        return context["ja"], context["en"]
    if kind in {"enum", "literal_error"}:
        return _one_of(_QUOTED.findall(context["expected"]))
    if kind.startswith("datetime_"):
        return _TIME
    if kind.startswith("date_"):
        return _DATE
    ja, en = _TEXTS.get(kind, _OTHER)
    stated = (int, float, str)
    limits = {name: context[name] for name in _LIMITS if isinstance(context.get(name), stated)}
    try:
        return ja.format(**limits), en.format(**limits)
    except KeyError:
        return _OTHER


def _one_of(names: Sequence[str]) -> _Texts:
    """Name what the schema allows."""
    return (
        f"{'・'.join(names)} のいずれかにしてください。",
        f"Must be one of {', '.join(names)}.",
    )


def _pointer(location: Sequence[Any], names: frozenset[str]) -> str:
    """Return the RFC 6901 pointer down to the last step that the schema knows."""
    steps: list[str] = []
    for step in location:
        known = 0 <= step <= _LARGEST_POSITION if isinstance(step, int) else step in names
        if not known:
            break
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in steps)


def known_names(schema: Any) -> frozenset[str]:
    """Return the member and parameter names that a JSON Schema or OpenAPI document states."""
    names: set[str] = set()
    _collect(schema, names)
    return frozenset(names)


def _collect(node: Any, names: set[str]) -> None:
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            names.update(properties)
        if "in" in node and isinstance(node.get("name"), str):
            names.add(node["name"])
        for child in node.values():
            _collect(child, names)
    elif isinstance(node, list):
        for child in node:
            _collect(child, names)
