"""HTTP of the linkage face: ``/linkage/oauth/…`` and ``/linkage/{業務ID}/{call}``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from adapters.contract import EventLog
from gateway.access import Caller
from gateway.api.characters import holds_nul
from gateway.api.edge import note, peer_of
from gateway.linkage.description import describe
from gateway.linkage.group_calls import Found, GroupCalls, group_parameters
from gateway.linkage.number_calls import BUSINESS, SCOPES, TITLES, NumberCalls
from gateway.linkage.service import LinkageService, OAuthRefused
from gateway.linkage.shape import CallError, Refused, answer, refusal
from gateway.predicates.predicates import BUSINESS as PREDICATES
from gateway.problems import Problem
from standard_models.dictionary import Dictionary

Network: TypeAlias = IPv4Network | IPv6Network

PAGE_RECORDS: Final = 50
"""Records of one page; a further one has a link in ``_links.next``."""
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NOT_JSON: Final = CallError("E0002", "リクエストはJSON形式で設定してください。")


@dataclass(frozen=True, slots=True)
class LinkageRooms:
    """What the face is made of. ``networks`` is the linkage zone: nobody else is answered."""

    service: LinkageService
    groups: GroupCalls
    numbers: NumberCalls
    dictionary: Dictionary
    networks: Sequence[Network]
    public_url: str
    log: EventLog


def linkage_router(rooms: LinkageRooms) -> APIRouter:
    """Return the routes of the linkage face; it is described by its own OpenAPI document."""
    router = APIRouter(prefix="/linkage", include_in_schema=False)

    @router.post("/oauth/token")
    async def token(request: Request) -> Response:
        _require_zone(request, rooms.networks)
        try:
            made = await rooms.service.issue(await _form(request), _caller(request))
        except OAuthRefused as refused:
            return _oauth_error(refused)
        return JSONResponse(made, headers=_NO_STORE)

    @router.post("/oauth/introspect")
    async def introspect(request: Request) -> Response:
        _require_zone(request, rooms.networks)
        try:
            said = await rooms.service.introspect(await _form(request), _caller(request))
        except OAuthRefused as refused:
            return _oauth_error(refused)
        return JSONResponse(said, headers=_NO_STORE)

    @router.get("/openapi.json")
    async def description(request: Request) -> Response:
        _require_zone(request, rooms.networks)
        return JSONResponse(describe(rooms.dictionary, rooms.public_url))

    @router.post("/{business}/app_submit/v10/{name}")
    async def call(request: Request, business: str, name: str) -> Response:
        _require_zone(request, rooms.networks)
        call_name = f"app_submit/v10/{name}"
        href = f"/linkage/{business}/{call_name}"
        title = _title(rooms.dictionary, business, call_name)
        try:
            found = await _found(rooms, request, business, call_name)
            shown, following = _page(found, request, href)
        except Refused as refused:
            return refusal(title, href, refused)
        except Problem as problem:
            bad = problem.type.status < 500
            return refusal(title, href, Refused(400, [_NOT_JSON]) if bad else Refused(503))
        except Exception as error:  # noqa: BLE001 - what nobody expected has a shape of its own
            rooms.log.error("linkage-call-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
            return refusal(title, href, Refused(503))
        return answer(title, found.detail, href, shown, following)

    return router


async def _found(rooms: LinkageRooms, request: Request, business: str, call: str) -> Found:
    """Return what a call of a known system found.

    Raises:
        Refused: 401 before anything of the body is looked at, 400, 503.

    """
    numbering = business == BUSINESS and call in SCOPES
    scope = SCOPES[call] if numbering else f"{business}:{call}:Read"
    said = request.headers.get("authorization", "")
    calling = await rooms.service.calling(said, scope, _caller(request))
    if calling is None:
        raise Refused(401)
    note(request, client_id=calling.client_id)
    await rooms.service.require_consumer_quota(calling)
    body = await _json(request)
    if numbering:
        return await rooms.numbers.answer(calling, call, body, rooms.service.require_subject_quota)
    group = rooms.dictionary.find_group(f"{business}.{call.rpartition('/')[2]}")
    if group is None or business == PREDICATES:  # our own is unknown to the national rules
        raise Refused(401)
    asked = group_parameters(rooms.numbers.one_person, body, calling.municipality)
    await rooms.service.require_subject_quota(calling, asked["atenabango"])
    return await rooms.groups.read(calling, group, asked)


def _page(found: Found, request: Request, href: str) -> tuple[Sequence[Any], str | None]:
    """Return the records of the page that is asked for, and the address of the next one."""
    text = request.query_params.get("page", "1")
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 7 or int(text) < 1:
        raise Refused(400, [CallError("E0002", "pageは半角数字で設定してください。")])
    end = int(text) * PAGE_RECORDS
    following = f"{href}?page={int(text) + 1}" if end < len(found.result) else None
    return found.result[end - PAGE_RECORDS : end], following


def _title(dictionary: Dictionary, business: str, call: str) -> str:
    if business == BUSINESS and call in TITLES:
        return TITLES[call]
    group = dictionary.find_group(f"{business}.{call.rpartition('/')[2]}")
    return group.name if group else "庁内データ連携"


async def _json(request: Request) -> object:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(400, [_NOT_JSON])
    try:
        content = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Refused(400, [_NOT_JSON]) from None
    if holds_nul(content):
        raise Refused(400, [_NOT_JSON])
    return content


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        OAuthRefused: ``invalid_request``: it is none, or names a field twice.

    """
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=20
        )
    except ValueError:
        raise OAuthRefused("invalid_request") from None
    if len(dict(pairs)) != len(pairs) or holds_nul(dict(pairs)):
        raise OAuthRefused("invalid_request")
    return dict(pairs)


def _oauth_error(refused: OAuthRefused) -> Response:
    wait = {"Retry-After": refused.retry_after_s} if refused.retry_after_s else {}
    return JSONResponse({"error": refused.error}, refused.status, headers={**_NO_STORE, **wait})


def _require_zone(request: Request, networks: Sequence[Network]) -> None:
    """Do nothing for a system of the linkage zone; for others there is nothing here."""
    try:
        address = ip_address(peer_of(request).address)
    except ValueError:
        raise Problem("not-found") from None
    if not any(address in network for network in networks):
        raise Problem("not-found")


def _caller(request: Request) -> Caller:
    return Caller(getattr(request.state, "trace_id", ""), peer_of(request).address)
