"""JSON in and out: read within limits, written as bytes."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.characters import holds_nul
from gateway.api.validation import known_names, to_problem
from gateway.problems import Problem

MAX_DEPTH: Final = 32
"""Arrays and objects within each other; no body of ours needs a third of it."""

_Model = TypeVar("_Model", bound=BaseModel)
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ACCEPTED = frozenset({"*/*", "application/*", "application/json"})


def require_json(request: Request) -> None:
    """Do nothing if the body is declared as JSON in UTF-8.

    Raises:
        Problem: ``unsupported-media-type``.

    """
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    charsets = [p.partition("=")[2].strip(' "') for p in parameters if "charset" in p]
    if media_type.strip() != "application/json" or any(c != "utf-8" for c in charsets):
        raise Problem(
            "unsupported-media-type",
            "Content-Type は application/json（UTF-8）だけを受け取ります。",
            "The only Content-Type is application/json, in UTF-8.",
            headers={"Accept-Post": "application/json"} if request.method == "POST" else None,
        )


def require_acceptable(request: Request) -> None:
    """Do nothing if the caller can take JSON.

    Raises:
        Problem: ``not-acceptable``.

    """
    accept = request.headers.get("accept")
    if not accept:
        return
    for part in accept.lower().split(","):
        media_type, _, parameters = part.partition(";")
        refused = re.search(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)", parameters)
        if media_type.strip() in _ACCEPTED and not refused:
            return
    raise Problem("not-acceptable")


async def await_body(request: Request) -> None:
    """Wait until the body is here. What is wrong with it is told by whoever reads it.

    So that whoever sends slowly holds nothing that others need.
    """
    with suppress(Problem):
        await request.body()


async def json_body(request: Request, model: type[_Model]) -> _Model:
    """Return the body as an instance of ``model``.

    Raises:
        Problem: ``unsupported-media-type``, ``not-acceptable``, ``body-too-large``,
            ``request-timeout``, ``malformed-json`` (also for too deep nesting), or
            ``invalid-body`` with the wrong places.

    """
    require_json(request)
    require_acceptable(request)
    content = parse_json(await request.body())
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=True)
    raise to_problem(found, _names_of(model))


def parse_json(body: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Return the content of a JSON text in UTF-8 without the character U+0000.

    Raises:
        Problem: ``malformed-json``.

    """
    if body.count(b"[") + body.count(b"{") > max_depth and _depth(body) > max_depth:
        raise Problem(
            "malformed-json",
            f"入れ子が深すぎます（上限 {max_depth}）。",
            f"Nested too deeply (limit {max_depth}).",
        )
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        line, column = error.lineno, error.colno
    else:
        # It can only be there in this notation: as it is, it is no JSON.
        if b"\\u0000" in body and holds_nul(content):
            raise Problem(
                "malformed-json",
                "文字列に U+0000（NUL）は使えません。",
                "No text may hold U+0000 (NUL).",
            )
        return content
    raise Problem(
        "malformed-json",
        f"{line} 行 {column} 文字目から先を読めません。",
        f"Cannot be read from line {line}, character {column} on.",
    )


def json_response(content: Any, status_code: int = 200) -> Response:
    """Return ``content`` (plain JSON data) as bytes, without a pass through FastAPI's encoder."""
    return Response(orjson.dumps(content), status_code, media_type="application/json")


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


@lru_cache(maxsize=64)
def _names_of(model: type[BaseModel]) -> frozenset[str]:
    return known_names(model.model_json_schema())
