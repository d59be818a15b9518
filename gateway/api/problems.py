"""Every refusal and failure as an RFC 9457 document. Nothing that was sent is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from gateway.api.language import Language, choose_language
from gateway.api.trace import instance_of
from gateway.api.validation import known_names, to_problem
from gateway.problems import FieldError, Problem

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 200
"""More places than a question can have items; the rest is only counted."""

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_SLUG_OF_STATUS: Final[Mapping[int, str]] = {
    401: "token-missing",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid-body",
    503: "overloaded",
}


class ProblemRenderer:
    """Makes responses of problems.

    Args:
        public_url: URL of this gateway as consumers see it, without a final slash.

    """

    def __init__(self, public_url: str) -> None:
        self._base = f"{public_url}/problems"

    def type_uri(self, slug: str) -> str:
        """Return the stable ``type`` of a kind of problem: the address of its page."""
        return f"{self._base}/{slug}"

    def document(self, problem: Problem, language: Language, trace_id: str) -> dict[str, Any]:
        """Return the members of the problem document, in one language."""
        kind = problem.type
        japanese = language is Language.JA
        title = kind.title_ja if japanese else kind.title_en
        detail = problem.detail_ja if japanese else problem.detail_en
        document: dict[str, Any] = {
            **problem.extensions,
            "type": self.type_uri(kind.slug),
            "title": title,
            "status": kind.status,
            "detail": detail or title,
            "remedy": kind.remedy_ja if japanese else kind.remedy_en,
            "instance": instance_of(trace_id),
            "trace_id": trace_id,
        }
        if problem.errors:
            shown = problem.errors[:MAX_ERRORS]
            document["errors"] = [_error(error, japanese=japanese) for error in shown]
            if left_off := len(problem.errors) - len(shown):
                document["errors_left_off"] = left_off
        return document

    def response(self, problem: Problem, scope: Scope) -> Response:
        """Return the response to the request of ``scope`` (whose trace has begun)."""
        request = Request(scope)
        language = choose_language(request.headers.get("accept-language"))
        headers = {
            "Content-Language": language.value,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **problem.headers,
        }
        if problem.type.status == 401:
            headers.setdefault("WWW-Authenticate", "DPoP")
        document = self.document(problem, language, request.state.trace_id)
        return Response(
            orjson.dumps(document),
            status_code=problem.type.status,
            headers=headers,
            media_type=MEDIA_TYPE,
        )


def _error(error: FieldError, *, japanese: bool) -> dict[str, str]:
    detail = error.detail_ja if japanese else error.detail_en
    return {"in": error.place, "pointer": error.pointer, "detail": detail}


def install_problem_handlers(app: FastAPI, renderer: ProblemRenderer) -> None:
    """Turn what routes, Starlette, FastAPI and pydantic raise into problem documents.

    Anything else that is raised is an internal error, and the outermost layer's to answer.
    """

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this class alone
        return _answer(request, renderer, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return _answer(request, renderer, _of_http(error, request))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        names = known_names(request.app.openapi())
        problem = to_problem(error.errors(), names, request.headers.get("content-type"))
        return _answer(request, renderer, problem)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)


def _answer(request: Request, renderer: ProblemRenderer, problem: Problem) -> Response:
    request.state.problem = problem.type.slug
    return renderer.response(problem, request.scope)


def _of_http(error: HTTPException, request: Request) -> Problem:
    """Return the problem for an error of the framework; its own text is not passed on."""
    if isinstance(error.__cause__, Problem):
        # FastAPI wraps whatever interrupts its reading of a body.
        return error.__cause__
    if error.status_code == 405:
        return Problem("method-not-allowed", headers={"Allow": ", ".join(_allowed(request))})
    if error.status_code >= 500:
        slug = _SLUG_OF_STATUS.get(error.status_code, "internal-error")
    else:
        slug = _SLUG_OF_STATUS.get(error.status_code, "malformed-request")
    return Problem(slug, headers=error.headers)


def _allowed(request: Request) -> list[str]:
    """Return every method that the address knows, over all its routes."""
    app: FastAPI = request.app
    allowed = []
    for method in METHODS:
        # A route answers HEAD wherever it answers GET, see the outermost layer.
        scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
        scope.pop("fastapi", None)
        if any(route.matches(scope)[0] is Match.FULL for route in app.router.routes):
            allowed.append(method)
    return allowed
