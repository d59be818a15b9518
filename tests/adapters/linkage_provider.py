"""A provider of the national linkage API with its authorization server, on loopback.

It is written from the specification alone and shares no code with the client: assertions are
verified, every assertion is good once, a token is good for one scope and can be taken back.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tests.doubles import StoppedClock

CALL = "app_submit/v10/jutogaishaatenakihonjohosyokai"
SCOPE = f"031:{CALL}:Read"
CLIENT_ID = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"
CLIENT_SECRET = "canary-secret-of-thirty-two-characters-or-more"

Answer = Callable[[web.Request, Any], web.Response]


def result(number: str, version: int = 1) -> dict[str, Any]:
    """Return one record in the shape of the specification."""
    return {"shikuchosonkodo": "999997", "atenabango": number, "rirekibango": version}


def good(results: list[dict[str, Any]], *, following: Any = None, own: str = CALL) -> web.Response:
    """Return an answer of status 200."""
    links: dict[str, Any] = {"self": {"href": f"/{own}"}}
    if following is not None:
        links["next"] = following
    content = {
        "metadata": {"title": "住登外者宛名基本情報照会", "detail": "照会が完了しました。"},
        "_links": links,
        "result": results,
    }
    return web.json_response(content)


def refusal(status: int, *codes: str) -> web.Response:
    """Return an error in the shape of the specification; messages quote what was sent."""
    content: dict[str, Any] = {
        "title": "住登外者宛名基本情報照会",
        "detail": "エラーが発生しました。",
        "_links": {"self": {"href": f"/{CALL}"}},
    }
    if status == 400:
        content["errors"] = [{"code": code, "message": "canary 架空　禁句"} for code in codes]
    return web.json_response(content, status=status)


@dataclass
class Provider:
    """What the provider knows and has seen. ``answer`` is what it says to a call with a token."""

    clock: StoppedClock
    answer: Answer = lambda _request, body: good([result(body["atenabango"])])
    lifetime_s: Any = 300
    tokens: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    assertions: set[str] = field(default_factory=set)
    token_answer: Callable[[], web.Response] | None = None
    address: str = ""

    async def token(self, request: web.Request) -> web.Response:
        """Give a token for the scope to who shows the secret, in one of the two ways."""
        form = dict(await request.post())
        self.asked.append({name: str(text) for name, text in form.items()})
        if self.token_answer is not None:
            return self.token_answer()
        if not (self._by_assertion(form) or self._by_password(request)):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") != "client_credentials" or form.get("scope") != SCOPE:
            return web.json_response({"error": "invalid_scope"}, status=400)
        token = secrets.token_urlsafe(16)
        self.tokens[token] = str(form["scope"])
        return web.json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime_s}
        )

    def _by_assertion(self, form: dict[str, Any]) -> bool:
        try:
            key = OctKey.import_key(CLIENT_SECRET)
            claims = jwt.decode(str(form["client_assertion"]), key, algorithms=["HS256"]).claims
        except (JoseError, KeyError, ValueError):
            return False
        now = int(self.clock.now().timestamp())
        fresh = claims["iat"] <= now < claims["exp"] <= now + 300
        once = claims["jti"] not in self.assertions
        self.assertions.add(claims["jti"])
        ours = (claims["iss"], claims["sub"]) == (CLIENT_ID, CLIENT_ID)
        return fresh and once and ours and claims["aud"] == f"{self.address}/token"

    @staticmethod
    def _by_password(request: web.Request) -> bool:
        header = request.headers.get("Authorization", "")
        return header == web_basic(CLIENT_ID, CLIENT_SECRET)

    async def call(self, request: web.Request) -> web.Response:
        """Answer a call whose token is good."""
        self.calls.append(request.path_qs)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(bearer) != SCOPE:
            return refusal(401)
        return self.answer(request, await request.json())

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on loopback; yields the address."""
        application = web.Application()
        application.router.add_post("/token", self.token)
        application.router.add_post(f"/{CALL}", self.call)
        server = TestServer(application, host="127.0.0.1")
        await server.start_server()
        self.address = f"http://127.0.0.1:{server.port}"
        try:
            yield self.address
        finally:
            await server.close()


def web_basic(login: str, password: str) -> str:
    """Return the header of the older way of authentication."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
