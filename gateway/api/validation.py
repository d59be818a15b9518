"""What pydantic finds wrong, as places and our own words; never what was sent.

pydantic repeats the rejected value in ``input``, in ``ctx`` and in some messages, and an unknown
key in ``loc``. So only the kind of the error, limits that the schema states, and names that the
schema knows are taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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
    "bool_type": ("true か false にしてください。", "Must be true or false."),
    "greater_than_equal": ("{ge} 以上にしてください。", "Must be {ge} or more."),
    "less_than_equal": ("{le} 以下にしてください。", "Must be {le} or less."),
}
_OTHER: Final[_Texts] = ("値の形が正しくありません。", "The value does not have the right form.")
_LIMITS: Final = ("max_length", "min_length", "ge", "le")


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
    return Problem("invalid-body", errors=[_field_error(error, names) for error in errors])


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
    ja, en = _texts(error)
    return FieldError(_pointer(location, names), ja, en, place)


def _texts(error: Mapping[str, Any]) -> _Texts:
    ja, en = _TEXTS.get(error["type"], _OTHER)
    context = error.get("ctx") or {}
    limits = {name: context[name] for name in _LIMITS if isinstance(context.get(name), int)}
    try:
        return ja.format(**limits), en.format(**limits)
    except KeyError:
        return _OTHER


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
