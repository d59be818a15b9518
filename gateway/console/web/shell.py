"""What stands before every page: network, session, right, form. A page is mounted nowhere else.

Who is not let in never learns what is behind: no session leads to the login, no right to one page
that says so, and outside the configured networks there is nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from adapters.contract import Clock
from gateway.access import Caller
from gateway.api.characters import holds_nul
from gateway.api.edge import note, peer_of
from gateway.api.language import Language, choose_language
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.console.persons import ViewOver
from gateway.console.staff import Member, Right, StaffService
from gateway.console.web.words import words
from gateway.pages import render_page
from gateway.problems import Problem
from gateway.protection.measures import MeasureRefusedError
from gateway.protection.openings import OpeningRefusedError

Network: TypeAlias = IPv4Network | IPv6Network

COOKIE: Final = "__Host-hitotsu"
LANGUAGE_COOKIE: Final = "__Host-hitotsu-language"
PREFIX: Final = "/console"
_MAX_FIELDS: Final = 40
_FORM: Final = "application/x-www-form-urlencoded"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""Stricter than on other pages: there is no script at all."""
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    # With ``no-referrer`` a browser would hide the origin of our own forms from us.
    "Referrer-Policy": "same-origin",
}


class PageRefused(Exception):
    """A page is not shown; ``key`` names the text that says why."""

    def __init__(self, key: str, status: int) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who was let in: ``member`` is None on pages before the login."""

    request: Request
    member: Member | None
    caller: Caller
    language: Language
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def who(self) -> Member:
        """Return the member of staff.

        Raises:
            PageRefused: nobody is logged in; the shell has let nobody in without.
        """
        if self.member is None:
            raise PageRefused("error.right", 403)
        return self.member

    def text(self, name: str, limit: int = 200) -> str:
        """Return a field of the form without blanks around it; empty where it is missing."""
        return self.form.get(name, "").strip()[:limit]

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page in the language of the reader."""
        response = render_page(
            template,
            root=self.root,
            language=self.language.value,
            t=words(self.language),
            member=self.member,
            csrf=self.member.csrf if self.member else "",
            Right=Right,
            **values,
        )
        response.status_code = status
        response.headers.update(_HEADERS)
        return response

    def redirect(self, path: str) -> Response:
        """Return a redirect to another page of the console."""
        return RedirectResponse(f"{self.root}{PREFIX}{path}", 303, headers=_HEADERS)

    @property
    def root(self) -> str:
        """Return the path under which the gateway is reached."""
        return str(self.request.scope.get("root_path", "")).rstrip("/")

    def path(self, name: str) -> str:
        """Return a part of the address."""
        return str(self.request.path_params[name])


Refused: Final = (OpeningRefusedError, MeasureRefusedError)
"""What officers of protection are refused, in words of its own."""
Handler: TypeAlias = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PageRule:
    """A page and who may open it: everybody (``public``), who has the right, or any member."""

    method: str
    path: str
    handler: Handler
    right: Right | None = None
    public: bool = False


class Shell:
    """Mounts pages.

    Args:
        networks: where staff sit; for anybody else there is no console.
        public_url: under which browsers reach the gateway.
    """

    def __init__(
        self,
        staff: StaffService,
        audit: AuditLog,
        clock: Clock,
        *,
        networks: Sequence[Network],
        public_url: str,
    ) -> None:
        self._staff = staff
        self._audit = audit
        self._clock = clock
        self._networks = networks
        self._public = urlsplit(public_url).netloc
        self.pages: list[PageRule] = []

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        right: Right | None = None,
        public: bool = False,
    ) -> None:
        """Add a page below ``/console``."""
        self.pages.append(PageRule(method, path, handler, right, public))

    def router(self) -> APIRouter:
        """Return the routes of the pages."""
        router = APIRouter(prefix=PREFIX, include_in_schema=False)
        for page in self.pages:
            router.add_api_route(page.path, self._endpoint(page), methods=[page.method])
        return router

    def _endpoint(self, page: PageRule) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._answer(page, request)

        return endpoint

    async def _answer(self, page: PageRule, request: Request) -> Response:
        address = peer_of(request).address
        if not self._is_inside(address):
            raise Problem("not-found")
        caller = Caller(getattr(request.state, "trace_id", ""), address)
        token = request.cookies.get(COOKIE, "")
        member = await self._staff.find(token) if token else None
        visit = Visit(request, member, caller, _language(request))
        try:
            return await self._let_in(page, visit)
        except (PageRefused, ViewOver, *Refused, Problem) as refused:
            return _refusal_page(visit, refused)

    async def _let_in(self, page: PageRule, visit: Visit) -> Response:
        if page.method == "POST":
            visit = replace(visit, form=await self._form(visit.request))
        if page.public:
            return await page.handler(visit)
        if visit.member is None:
            return visit.redirect("/login")
        await self._require(page, visit, visit.member)
        return await page.handler(visit)

    async def _require(self, page: PageRule, visit: Visit, member: Member) -> None:
        """Do nothing for a member who may open the page with a form of their own session.

        Raises:
            PageRefused: the right is missing, which is recorded, or the form is another's.
        """
        if page.right is not None and page.right not in member.rights:
            await self._audit.append(
                AuditEntry(
                    municipality=member.municipality,
                    at=self._clock.now(),
                    kind=AuditKind.EVENT,
                    outcome="refused",
                    trace_id=visit.caller.trace_id,
                    terminal=member.at(visit.caller.terminal),
                    problem="console-right-missing",
                    function=f"console-{page.right.value}",
                )
            )
            note(visit.request, outcome="refused")
            raise PageRefused("error.right", 403)
        if page.method == "POST" and visit.form.get("csrf") != member.csrf:
            raise PageRefused("error.form", 403)

    async def _form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form that one of our own pages has sent.

        Raises:
            PageRefused: it comes from elsewhere, or is no form.
        """
        if not self._is_own(request):
            raise PageRefused("error.form", 403)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != _FORM:
            raise PageRefused("error.form", 400)
        try:
            text = (await request.body()).decode("ascii")
            pairs = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
            )
        except ValueError:
            raise PageRefused("error.form", 400) from None
        if len(dict(pairs)) != len(pairs) or holds_nul(dict(pairs)):
            raise PageRefused("error.form", 400)
        return dict(pairs)

    def _is_own(self, request: Request) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = request.headers.get("origin")
        hosts = {request.headers.get("host", ""), self._public}
        return origin is None or urlsplit(origin).netloc in hosts

    def _is_inside(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


def _language(request: Request) -> Language:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in {language.value for language in Language}:
        return Language(chosen)
    return choose_language(request.headers.get("accept-language"))


def _refusal_page(
    visit: Visit,
    refused: PageRefused | ViewOver | OpeningRefusedError | MeasureRefusedError | Problem,
) -> Response:
    """Return a page that says why nothing is shown, in the words of the reader."""
    japanese = visit.language is Language.JA
    headers: Mapping[str, str] = {}
    if isinstance(refused, PageRefused):
        detail, status = words(visit.language)[refused.key], refused.status
    elif isinstance(refused, ViewOver):
        detail, status = words(visit.language)["error.view-over"], 404
    elif isinstance(refused, Refused):
        detail, status = (refused.detail_ja if japanese else refused.detail_en), 409
    else:
        kind, status, headers = refused.type, refused.type.status, refused.headers
        detail = f"{kind.title_ja}。{kind.remedy_ja}" if japanese else kind.title_en
    response = visit.page("console/message.html", status=status, title="error.title", detail=detail)
    response.headers.update(headers)
    return response
