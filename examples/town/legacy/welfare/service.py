"""The SOAP interface of the welfare product, as its document describes it."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.town.legacy import simulator
from examples.town.legacy.simulator import Fault, SimulatorState
from examples.town.writers.welfare import FILE_NAME

NAMESPACE: Final = "urn:kakuu-fukushi:shokai:v5"
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PATH: Final = "/fukushi/soap"
DATA_TIME: Final = "20261001091000"
USERS: Final = frozenset({"MACHI01"})
OPENS: Final = dt.time(6, 0)
CLOSES: Final = dt.time(22, 0)
_LARGEST_BODY: Final = 64 * 1024
_COLUMNS: Final = {
    "JidoTeateShokai": "jido_teate",
    "TechoShokai": "techo",
    "KaigoShokai": "kaigo",
    "KokuhoShokai": "kokuho",
}
_MESSAGES: Final = {
    "FK-1001": "該当する福祉個人番号がありません",
    "FK-2001": "要求の形が正しくありません",
    "FK-2002": "利用者が登録されていません",
    "FK-5001": "内部エラー",
    "FK-9001": "利用時間外です",
}


class Refused(Exception):
    """The request ends in a Fault; ``code`` is one of the product's codes."""

    def __init__(self, code: str, reopens: dt.datetime | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reopens = reopens


def reopening(now: dt.datetime) -> dt.datetime | None:
    """Return when the service opens again, None while it is open."""
    if OPENS <= now.time() < CLOSES:
        return None
    day = now.date() + dt.timedelta(days=1 if now.time() >= CLOSES else 0)
    return dt.datetime.combine(day, OPENS, tzinfo=now.tzinfo)


def _envelope(body: str, status: int) -> Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:f="{NAMESPACE}">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
    return Response(text.encode(), status_code=status, media_type="text/xml; charset=utf-8")


def _fault(refused: Refused) -> Response:
    side = "Client" if refused.code in {"FK-1001", "FK-2001", "FK-2002"} else "Server"
    message = escape(_MESSAGES[refused.code])
    reopens = (
        f"<f:SaikaiNichiji>{refused.reopens.isoformat(timespec='seconds')}</f:SaikaiNichiji>"
        if refused.reopens
        else ""
    )
    return _envelope(
        f"<soap:Fault><faultcode>soap:{side}</faultcode><faultstring>{message}</faultstring>"
        f"<detail><f:FukushiFault><f:Code>{refused.code}</f:Code>"
        f"<f:Message>{message}</f:Message>{reopens}</f:FukushiFault></detail></soap:Fault>",
        500,
    )


def read_request(body: bytes) -> tuple[str, str, str]:
    """Return operation, user and person number of a request.

    Raises:
        Refused: FK-2001, the form is wrong in any way.

    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Refused("FK-2001") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused("FK-2001")
    bodies = root.findall(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or len(bodies) != 1 or len(bodies[0]) != 1:
        raise Refused("FK-2001")
    call = bodies[0][0]
    name = etree.QName(call)
    if name.namespace != NAMESPACE or name.localname not in _COLUMNS:
        raise Refused("FK-2001")
    values = {etree.QName(child).localname: (child.text or "").strip() for child in call}
    user, number = values.get("RiyoshaId", ""), values.get("FukushiNo", "")
    if not re.fullmatch(r"[A-Za-z0-9]{1,8}", user) or not re.fullmatch(r"[A-Z][0-9]{7}", number):
        raise Refused("FK-2001")
    return name.localname, user, number


class WelfareService:
    """The operations over the product's data file; ``state`` says what is simulated."""

    def __init__(self, directory: Path, state: SimulatorState) -> None:
        path = (directory / FILE_NAME).resolve()
        self._database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        self._state = state
        self._wsdl = (Path(__file__).parent / "welfare.wsdl").read_bytes()

    async def wsdl(self, _request: Request) -> Response:
        """Answer the description of the interface."""
        return Response(self._wsdl, media_type="text/xml; charset=utf-8")

    async def call(self, request: Request) -> Response:
        """Answer one SOAP call."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_BODY:
                return _fault(Refused("FK-2001"))
        await self._state.pause()
        try:
            return self._disturbed(self._answer(body))
        except Refused as refused:
            return _fault(refused)

    def _answer(self, body: bytes) -> Response:
        reopens = reopening(self._state.clock.now())
        if reopens is not None:
            raise Refused("FK-9001", reopens)
        operation, user, number = read_request(body)
        if user not in USERS:
            raise Refused("FK-2002")
        found = self._find(operation, number)
        if found is None:
            raise Refused("FK-1001")
        echoed, linked, content = found
        return _envelope(
            f"<f:{operation}Response><f:FukushiNo>{echoed}</f:FukushiNo>"
            f"<f:AtenaNo>{linked}</f:AtenaNo><f:DataKijun>{DATA_TIME}</f:DataKijun>"
            f"{content}</f:{operation}Response>",
            200,
        )

    def _find(self, operation: str, number: str) -> tuple[str, str, str] | None:
        query = f"SELECT fukushi_no, atena_no, {_COLUMNS[operation]} FROM kojin WHERE "
        row = self._database.execute(query + "fukushi_no = ?", (number,)).fetchone()
        if row and self._state.fault is Fault.OTHER_PERSON:
            row = self._database.execute(query + "fukushi_no <> ? LIMIT 1", (number,)).fetchone()
        return tuple(row) if row else None

    def _disturbed(self, good: Response) -> Response:
        match self._state.fault:
            case Fault.ERROR:
                return _fault(Refused("FK-5001"))
            case Fault.BUSY:
                return Response(status_code=503, headers={"Retry-After": "5"})
            case Fault.HTML:
                return Response("<html><body>メンテナンス中</body></html>", media_type="text/html")
            case Fault.CUT:
                return Response(bytes(good.body)[: len(good.body) // 2], media_type="text/xml")
            case _:
                return good


def build(directory: Path, state: SimulatorState) -> Starlette:
    """Return the application over the generator's folder ``welfare/``."""
    service = WelfareService(directory, state)
    return Starlette(
        routes=[
            Route(PATH, service.wsdl, methods=["GET"]),
            Route(PATH, service.call, methods=["POST"]),
            simulator.route(state),
        ]
    )
