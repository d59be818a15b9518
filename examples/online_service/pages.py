"""The pages: choose a resident, see the prefilled form, send it, receive a number."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import sys
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from examples.online_service.answers import read_answer, unanswered
from examples.online_service.application import application, plain_text, source_html
from examples.online_service.builder import Setting, build_form
from examples.online_service.config import Config
from examples.online_service.demo_panel import ACTIONS, SYSTEMS, DemoPanel
from examples.online_service.display import TOKYO, show_weekday
from examples.online_service.entries import EntryError, check, draft_from, remark_name
from examples.online_service.form import ITEMS, Form
from examples.online_service.gateway_client import GatewayClient, GatewayUnavailable
from examples.online_service.records import Records, Session
from examples.online_service.wording import LANG_ATTRIBUTE, LANGUAGES, NAMES, Wording, with_ruby

COOKIE: Final = "session"
_MAX_BODY: Final = 64 * 1024
_DIGIT_NAMES: Final = {
    "ja": dict(
        zip(
            "0123456789",
            ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ"),
            strict=True,
        )
    ),
    "en": dict(
        zip(
            "0123456789",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            strict=True,
        )
    ),
}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages and what they need."""

    config: Config
    records: Records
    gateway: GatewayClient
    panel: DemoPanel | None
    templates: Environment

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        return [
            Route("/", self.start, methods=["GET"]),
            Route("/language", self.language, methods=["POST"]),
            Route("/start", self.choose, methods=["POST"]),
            Route("/form", self.form, methods=["GET"]),
            Route("/draft", self.draft, methods=["POST"]),
            Route("/demo/{system}/{action}", self.demo, methods=["POST"]),
            Route("/submit", self.submit, methods=["POST"]),
            Route("/done", self.done, methods=["GET"]),
            Route("/health", self.health, methods=["GET"]),
        ]

    async def health(self, _: Request) -> Response:
        """Say that the process is up; looks at nothing else."""
        return PlainTextResponse("ok")

    async def start(self, request: Request) -> Response:
        """Show the residents to choose from."""
        session = self._session(request)
        known = session if session is not None else self.records.new_session()
        return self._start_page(known, missing=False)

    def _start_page(self, session: Session, *, missing: bool) -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if missing else HTTPStatus.OK
        language = Wording(session.language).language
        residents = [(r.key, with_ruby(r.description[language])) for r in self.config.residents]
        return self._page(
            "start.html", session, status, page="start", residents=residents, missing=missing
        )

    async def language(self, request: Request) -> Response:
        """Change the language and go back, keeping what was typed."""
        session, form = await self._posted(request)
        chosen = form.get("language")
        if chosen in LANGUAGES:
            session.language = str(chosen)
        page = form.get("page")
        if page == "form":
            self._keep_draft(session, form)
        self.records.save(session)
        return _see({"form": "/form", "done": "/done"}.get(str(page), "/"))

    async def choose(self, request: Request) -> Response:
        """Begin with one of the ready residents, in a fresh session."""
        session, form = await self._posted(request)
        key = form.get("resident")
        if not any(r.key == key for r in self.config.residents):
            return self._start_page(session, missing=True)
        fresh = self.records.new_session(session.language)
        self.records.end_session(session)
        fresh.resident = str(key)
        self.records.save(fresh)
        return self._with_cookie(_see("/form"), fresh)

    async def form(self, request: Request) -> Response:
        """Ask the gateway once and show the form."""
        session = self._session(request)
        if session is None or session.resident is None:
            return _see("/")
        answer = await self._ask(session)
        session = self._session(request) or session
        session.answer = answer
        notice, session.notice = session.notice, None
        self.records.save(session)
        return await self._form_page(session, (), notice)

    async def draft(self, request: Request) -> Response:
        """Keep what was typed; a page that saves by itself gets no new page."""
        session, form = await self._posted(request)
        self._keep_draft(session, form)
        quiet = request.headers.get("x-autosave") == "1"
        if not quiet:
            session.notice = "checked_again" if form.get("refresh") else "saved"
        self.records.save(session)
        return Response(status_code=HTTPStatus.NO_CONTENT) if quiet else _see("/form")

    async def demo(self, request: Request) -> Response:
        """Carry out one of the demonstration's controls, keeping what was typed."""
        session, form = await self._posted(request)
        system, action = request.path_params["system"], request.path_params["action"]
        if self.panel is None or system not in SYSTEMS or action not in ACTIONS:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        self._keep_draft(session, form)
        self.records.save(session)
        done = await self.panel.act(system, action)
        session = self._session(request) or session
        session.notice = f"demo_did_{action}:{system}" if done else "demo_failed"
        self.records.save(session)
        return _see("/form")

    async def submit(self, request: Request) -> Response:
        """Check what was typed against the form that was shown, and receive the application."""
        session, posted = await self._posted(request)
        if session.resident is None or session.answer is None:
            return _see("/")
        self._keep_draft(session, posted)
        session.draft.pop("declare", None)
        if posted.get("declare") == "yes":
            session.draft["declare"] = "yes"
        wording = Wording(session.language)
        form = self._build(session, wording)
        errors = check(form, session.draft, wording)
        self.records.save(session)
        if errors:
            return await self._form_page(session, errors, None)
        now = dt.datetime.now(TOKYO).isoformat(timespec="seconds")
        content = {
            "question_id": session.answer.get("question_id"),
            "language": session.language,
            "lines": application(form, session.draft, wording),
            "needed": [plain_text(d.name) for d in form.needed],
        }
        session.receipt = self.records.receive(now, content)
        session.answer, session.draft = None, {}
        self.records.save(session)
        _log("application-received")
        return _see("/done")

    async def done(self, request: Request) -> Response:
        """Show the receipt number and what was sent."""
        session = self._session(request)
        received = self.records.application(session.receipt or "") if session else None
        if session is None or received is None:
            return _see("/")
        names = _DIGIT_NAMES["en" if session.language == "en" else "ja"]
        spoken = "・".join(names.get(c, "—") for c in session.receipt or "")
        return self._page(
            "done.html",
            session,
            page="done",
            receipt=session.receipt,
            spoken=spoken.replace("・—・", "、") if session.language != "en" else spoken,
            received=received,
            groups=[(k, list(g)) for k, g in groupby(received["lines"], itemgetter("section"))],
        )

    async def _ask(self, session: Session) -> dict[str, Any]:
        handle = next(r.handle for r in self.config.residents if r.key == session.resident)
        try:
            return await self.gateway.ask(handle, ITEMS)
        except GatewayUnavailable as error:
            _log("gateway-unavailable", code=error.code)
        texts = {}
        for language in LANGUAGES:
            wording = Wording(language)
            texts["ja-easy" if language == "easy" else language] = {
                "happened": wording.source("gateway_happened"),
                "can_do": wording.source("gateway_do"),
                "ask": wording.source("office_welfare"),
            }
        return unanswered(ITEMS, texts)

    def _build(self, session: Session, wording: Wording) -> Form:
        if session.answer is None:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        setting = Setting(
            self.config.town_day,
            self.config.municipality,
            lambda text: session.digest(text)[:12],
        )
        return build_form(read_answer(session.answer), wording, setting)

    def _keep_draft(self, session: Session, posted: dict[str, Any]) -> None:
        """Keep what was typed in this form; unticked boxes are forgotten, as the page shows."""
        if session.answer is None:
            return
        form = self._build(session, Wording(session.language))
        known = frozenset(e.name for e in form.entries())
        fresh = draft_from(posted, known)
        gone = {remark_name(f) for f in form.fields()} | known
        kept = {n: v for n, v in session.draft.items() if n not in gone and n != "declare"}
        session.draft = {**kept, **fresh}

    async def _form_page(
        self, session: Session, errors: tuple[EntryError, ...], notice: str | None
    ) -> Response:
        wording = Wording(session.language)
        form = self._build(session, wording)
        fields, entries = form.fields(), form.entries()
        states = await self.panel.states() if self.panel is not None else None
        return self._page(
            "form.html",
            session,
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            page="form",
            form=form,
            draft=session.draft,
            errors=errors,
            wrong={e.name: e.text for e in errors},
            notice=_notice(notice, wording),
            filled=sum(f.settled for f in fields),
            absent=sum(not f.settled for f in fields),
            to_write=sum(e.required for e in entries),
            town_day=show_weekday(self.config.town_day, wording.language),
            states=states,
            remark_name=remark_name,
            source_html=lambda field: source_html(field, wording),
        )

    def _page(
        self,
        template: str,
        session: Session,
        status: int = HTTPStatus.OK,
        **values: Any,
    ) -> Response:
        wording = Wording(session.language)
        html = self.templates.get_template(template).render(
            w=wording,
            language=wording.language,
            lang=wording.lang,
            languages=[(code, NAMES[code], LANG_ATTRIBUTE[code]) for code in LANGUAGES],
            token=session.token(),
            **values,
        )
        return self._with_cookie(HTMLResponse(html, status), session)

    def _with_cookie(self, response: Response, session: Session) -> Response:
        response.set_cookie(COOKIE, session.id, httponly=True, samesite="strict", path="/")
        return response

    def _session(self, request: Request) -> Session | None:
        return self.records.find_session(request.cookies.get(COOKIE))

    async def _posted(self, request: Request) -> tuple[Session, dict[str, Any]]:
        """Return the session and the form that one of its own pages sent.

        Raises:
            HTTPException: 413 for a body over the limit, 403 for a form of another origin.

        """
        if int(request.headers.get("content-length") or _MAX_BODY + 1) > _MAX_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        async with request.form(max_files=0, max_fields=400) as posted:
            form = dict(posted)
        session = self._session(request)
        token = str(form.get("token", ""))
        if session is None or not hmac.compare_digest(token.encode(), session.token().encode()):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return session, form


def problem_page(templates: Environment, request: Request, status: int) -> Response:
    """Return the page for an address or a form that cannot be served."""
    wording = Wording("ja")
    key = f"problem_{status}" if status in {403, 404} else "problem_500"
    html = templates.get_template("problem.html").render(
        w=wording, language="ja", lang="ja", languages=[], token="", page="problem", key=key
    )
    _log("problem", status=status, method=request.method)
    return HTMLResponse(html, status)


def load_templates() -> Environment:
    """Return the templates; a name that a template misspells is an error, not a blank."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _see(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _notice(notice: str | None, wording: Wording) -> object:
    if notice is None:
        return None
    key, _, system = notice.partition(":")
    return wording(key, system=wording(f"system_{system}")) if system else wording(key)


def _log(event: str, **fields: object) -> None:
    """Write one line that holds nothing personal: events, codes and counts only."""
    moment = dt.datetime.now(TOKYO).isoformat(timespec="milliseconds")
    print(json.dumps({"at": moment, "event": event, **fields}), file=sys.stderr, flush=True)
