"""Who calls an operation that needs an access token, and the answer to them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, NoReturn, Protocol, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from gateway.access.entries import Caller
from gateway.access.quotas import Lane
from gateway.access.routes import caller_of, presented_with
from gateway.access.service import AccessService
from gateway.access.tokens import Access
from gateway.api.bodies import json_body, json_response
from gateway.api.edge import note
from gateway.api.message_signatures import Lines, SentRequest
from gateway.problems import Problem

_Said = TypeVar("_Said", bound=BaseModel)

RIGHT_PROBLEMS: Final = (
    *("unknown-purpose", "purpose-not-granted", "relation-not-granted", "right-not-granted"),
    *("login-other-subject", "login-needed", "audit-unavailable"),
    *("proof-invalid", "proof-nonce-needed"),
)
"""How an operation can be refused that needs a right beside items (``right:…``)."""


async def who_calls(
    request: Request, access: AccessService, lane: Lane = Lane.ASK
) -> tuple[Access, Caller]:
    """Return who calls and from where; the client stands in the line of the log from now on.

    The call is counted with the others of its ``lane``: only now, so that nobody can use up what
    somebody else may ask.

    Raises:
        Problem: as ``AccessService.verify_token``; ``quota-exceeded``.

    """
    caller = caller_of(request)
    presented = presented_with(request, access.issuer)
    who = await access.verify_token(request.headers.get("authorization"), presented, caller)
    note(request, client_id=who.client_id)
    if (problem := access.over_consumer_quota(who, lane)) is not None:
        await access.refuse_over_quota(who, problem, caller)
    return who, caller


async def require_subject_quota(
    access: AccessService, who: Access, subject: str, caller: Caller
) -> None:
    """Count a call about ``subject``, a handle as it was sent, before it is looked at.

    Raises:
        Problem: ``quota-exceeded``; ``audit-unavailable``.

    """
    if (problem := access.over_subject_quota(who, Lane.ASK, subject)) is not None:
        await access.refuse_over_quota(who, problem, caller)


async def who_writes(
    request: Request, access: AccessService, lane: Lane = Lane.ASK
) -> tuple[Access, Caller]:
    """Return who calls an operation that changes something, by a signed message where it must be.

    Raises:
        Problem: as ``who_calls`` and ``AccessService.require_signed``.

    """
    who, caller = await who_calls(request, access, lane)
    query = f"?{request.url.query}" if request.url.query else ""
    lines = [(n.decode("ascii"), v.decode("latin-1")) for n, v in request.headers.raw]
    sent = SentRequest(
        request.method, f"{access.issuer}{request.url.path}{query}", Lines(tuple(lines))
    )
    await access.require_signed(who, sent, request.body, caller)
    return who, caller


class Refuses(Protocol):
    """What answers an operation: it records as well that somebody sent what it cannot take."""

    def refuse(self, access: Access, caller: Caller, problem: Problem, /) -> Awaitable[NoReturn]:
        """Record a refusal and raise it."""


async def called_with(
    request: Request,
    access: AccessService,
    service: Refuses,
    model: type[_Said],
    *,
    lane: Lane = Lane.ASK,
) -> tuple[Access, Caller, _Said]:
    """Return who calls, from where, and what they say; a body that says nothing is recorded.

    What asks about a ``subject`` is counted with what this consumer has asked about it before.

    Raises:
        Problem: as ``who_calls`` and ``json_body``.

    """
    who, caller = await who_calls(request, access, lane)
    said = await _said(request, service, who, caller, model)
    await _count(access, who, said, caller, lane)
    return who, caller, said


async def written_with(
    request: Request,
    access: AccessService,
    service: Refuses,
    model: type[_Said],
    *,
    lane: Lane = Lane.ASK,
) -> tuple[Access, Caller, _Said]:
    """Return the same of an operation that changes something.

    Raises:
        Problem: as ``who_writes`` and ``json_body``.

    """
    who, caller = await who_writes(request, access, lane)
    said = await _said(request, service, who, caller, model)
    await _count(access, who, said, caller, lane)
    return who, caller, said


async def _said(
    request: Request, service: Refuses, who: Access, caller: Caller, model: type[_Said]
) -> _Said:
    try:
        return await json_body(request, model)
    except Problem as problem:
        await service.refuse(who, caller, problem)


async def _count(
    access: AccessService, who: Access, said: BaseModel, caller: Caller, lane: Lane
) -> None:
    """Count what asks about a ``subject``."""
    subject: str | None = getattr(said, "subject", None)
    if subject is not None and lane is Lane.ASK:
        await require_subject_quota(access, who, subject, caller)


def answer_to(access: AccessService, content: Any, status_code: int = 200) -> Response:
    """Return ``content`` as JSON, with the nonce that the next proof must hold (RFC 9449, 8.2)."""
    response = json_response(content, status_code)
    response.headers["DPoP-Nonce"] = access.nonce()
    return response
