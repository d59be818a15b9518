"""The HTTP interface of the tax product, as its document describes it."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.town.legacy import simulator
from examples.town.legacy.simulator import Fault, SimulatorState
from examples.town.legacy.tax.desk import Desk
from examples.town.legacy.tax.ledger import CURRENT_YEAR, Ledger, PersonRow

API_KEY: Final = "machi-zeimu-demo"
DATA_TIME: Final = "R08.10.01 09:15:00"
PRODUCT_VERSION: Final = "2.4.0"
_BASE: Final = "/zeimu/api/v2"
_LARGEST_BODY: Final = 64 * 1024
_MESSAGES: Final = {
    "N001": "該当者なし",
    "E401": "認証できません",
    "E404": "パスが違います",
    "E405": "メソッドが違います",
    "E409": "受付キーが別の申出に使われています",
    "E413": "要求が大きすぎます",
    "E415": "JSON ではありません",
    "E422": "要求の項目が正しくありません",
    "E500": "内部エラー",
    "E503": "混雑しています",
}
_STATUS: Final = {"N001": 404} | {code: int(code[1:]) for code in _MESSAGES if code.startswith("E")}
_DECLARED: Final = frozenset(
    {"shimei", "shikuchosonCd", "choazaCd", "todofuken", "shikuchoson", "choaza", "banchi"}
    | {"katagaki", "yubin"}
)
_ERA_STARTS: Final = {"S": 1925, "H": 1988, "R": 2018}


_Operation = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """The request cannot be served; ``code`` is one of the product's result codes."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def reply(body: dict[str, Any], code: str = "0000") -> Response:
    """Return a JSON reply with the head that every reply has."""
    head = {
        "kekka": {"cd": code, "msg": _MESSAGES.get(code, "正常")},
        "dataKijunNichiji": DATA_TIME,
        "genNendo": "R08",
    }
    headers = {"Retry-After": "5"} if code == "E503" else None
    return Response(
        orjson.dumps(head | body),
        status_code=_STATUS.get(code, 200),
        media_type="application/json",
        headers=headers,
    )


async def _read(request: Request, allowed: set[str]) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("E415")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise Refused("E413")
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused("E415") from error
    if not isinstance(wanted, dict) or not set(wanted) <= allowed:
        raise Refused("E422")
    return wanted


def _number(wanted: dict[str, Any]) -> str:
    number = wanted.get("kojinNo")
    if not isinstance(number, str) or not re.fullmatch(r"[0-9]{8}", number):
        raise Refused("E422")
    return number


def _year(wanted: dict[str, Any]) -> int | None:
    text = wanted.get("nendo")
    if text is None:
        return None
    if text == "GEN":
        return CURRENT_YEAR
    if not isinstance(text, str) or not re.fullmatch(r"[SHR][0-9]{2}", text):
        raise Refused("E422")
    return _ERA_STARTS[text[0]] + int(text[1:])


def _newest_only(wanted: dict[str, Any]) -> bool:
    history = wanted.get("rireki", "ZEN")
    if history not in {"ZEN", "SAISHIN"}:
        raise Refused("E422")
    return bool(history == "SAISHIN")


def _token(*parts: object) -> str:
    return base64.urlsafe_b64encode("/".join(map(str, parts)).encode()).decode()


def _position(wanted: dict[str, Any], pattern: str) -> tuple[str, ...]:
    token = wanted.get("nextPage")
    if token is None:
        return ()
    try:
        found = re.fullmatch(pattern, base64.urlsafe_b64decode(str(token)).decode("ascii"))
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("E422") from error
    if found is None:
        raise Refused("E422")
    return found.groups()


class TaxService:
    """The operations; ``state`` says what is simulated."""

    def __init__(self, ledger: Ledger, desk: Desk, state: SimulatorState) -> None:
        self._ledger = ledger
        self._desk = desk
        self._state = state

    async def status(self, _request: Request) -> Response:
        """Answer ``jotai``."""
        return reply({"han": PRODUCT_VERSION, "jotai": "稼働中"})

    async def person(self, request: Request) -> Response:
        """Answer ``kojin/shokai``."""
        found = self._find(_number(await _read(request, {"kojinNo"})))
        document = orjson.loads(found.document)
        return reply({"kojinNo": found.number, "atenaNo": found.linked} | document)

    async def assessments(self, request: Request) -> Response:
        """Answer ``kazei/shokai``."""
        wanted = await _read(request, {"kojinNo", "nendo", "rireki", "nextPage"})
        found = self._find(_number(wanted))
        position = _position(wanted, r"([0-9]{4})/([0-9]{1,3})")
        after = (int(position[0]), int(position[1])) if position else (0, 0)
        rows, more = self._ledger.assessments(
            found.number, year=_year(wanted), newest_only=_newest_only(wanted), after=after
        )
        return reply(
            {
                "kojinNo": found.number,
                "atenaNo": found.linked,
                "kazei": rows,
                "nextPage": _token(*more) if more else None,
            }
        )

    async def dependants(self, request: Request) -> Response:
        """Answer ``fuyo/shokai``."""
        wanted = await _read(request, {"kojinNo", "nendo"})
        found = self._find(_number(wanted))
        rows = self._ledger.dependants(found.number, _year(wanted))
        return reply({"kojinNo": found.number, "atenaNo": found.linked, "fuyo": rows})

    async def people(self, request: Request) -> Response:
        """Answer ``kojin/ichiran``."""
        wanted = await _read(request, {"nextPage"})
        position = _position(wanted, r"([0-9]{8})")
        page, more = self._ledger.people(position[0] if position else "")
        rows = [
            {
                "kojinNo": row.number,
                "atenaNo": row.linked,
                "jutogaiKbn": orjson.loads(row.document)["kojin"]["jutogaiKbn"],
            }
            for row in page
        ]
        return reply({"kojinIchiran": rows, "nextPage": _token(more) if more else None})

    async def declare(self, request: Request) -> Response:
        """Answer ``sofusaki/uketsuke``."""
        wanted = await _read(request, {"kojinNo", "uketsukeKey", "sofusaki"})
        key, content = wanted.get("uketsukeKey"), wanted.get("sofusaki")
        if not isinstance(key, str) or not 1 <= len(key) <= 100 or not isinstance(content, dict):
            raise Refused("E422")
        if not set(content) <= _DECLARED or any(
            not isinstance(text, str | None) for text in content.values()
        ):
            raise Refused("E422")
        found = self._find(_number(wanted))
        taken = self._desk.take(key, found.number, content)
        if taken is None:
            raise Refused("E409")
        return reply({"kojinNo": found.number, "uketsukeNo": taken})

    def _find(self, number: str) -> PersonRow:
        found = self._ledger.find_person(number)
        if found is not None and self._state.fault is Fault.OTHER_PERSON:
            found = self._ledger.somebody_else(number)
        if found is None:
            raise Refused("N001")
        return found

    def guarded(self, work: _Operation) -> _Operation:
        """Return the operation behind the key and with what is simulated."""

        async def answer(request: Request) -> Response:
            await self._state.pause()
            key = request.headers.get("x-zeimu-key", "").encode()
            if not hmac.compare_digest(key, API_KEY.encode()):
                return reply({}, "E401")
            try:
                return self._disturbed(await work(request))
            except Refused as refused:
                return reply({}, refused.code)

        return answer

    def _disturbed(self, good: Response) -> Response:
        match self._state.fault:
            case Fault.ERROR:
                return reply({}, "E500")
            case Fault.BUSY:
                return reply({}, "E503")
            case Fault.HTML:
                return Response("<html><body>メンテナンス中</body></html>", media_type="text/html")
            case Fault.CUT:
                half = bytes(good.body)[: len(good.body) // 2]
                return Response(half, media_type="application/json")
            case _:
                return good


async def _refuse_path(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return reply({}, {404: "E404", 405: "E405"}.get(status, "E500"))


def build(directory: Path, state: SimulatorState) -> Starlette:
    """Return the application over the generator's folder ``tax/``."""
    service = TaxService(Ledger(directory), Desk(directory), state)
    operations = (
        ("/jotai", service.status, "GET"),
        ("/kojin/shokai", service.person, "POST"),
        ("/kazei/shokai", service.assessments, "POST"),
        ("/fuyo/shokai", service.dependants, "POST"),
        ("/kojin/ichiran", service.people, "POST"),
        ("/sofusaki/uketsuke", service.declare, "POST"),
    )
    routes = [
        Route(_BASE + path, service.guarded(work), methods=[method])
        for path, work, method in operations
    ]
    return Starlette(
        routes=[*routes, simulator.route(state)],
        exception_handlers={HTTPException: _refuse_path, 500: _refuse_path},
    )
