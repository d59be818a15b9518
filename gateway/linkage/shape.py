"""Answers and refusals in the shape of the nation. Pure.

Source: 共通機能 API仕様 2.0, レスポンス and エラーコード一覧.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response

MEDIA_TYPE: Final = "application/json;charset=UTF-8"
DETAILS: Final[Mapping[int, str]] = {
    400: "エラーが発生しました。",
    401: "アクセストークンが無効です。",
    503: "想定外のエラーが発生しました。",
}
"""What each refusal says; fixed by the specification, held to it by a test."""
REGISTERED: Final = "登録が完了しました。"
FOUND: Final = "照会が完了しました。"

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallError:
    """One entry of ``errors``. The message names items, never what was sent."""

    code: str
    message: str


class Refused(Exception):
    """A call is refused with one of the statuses of the specification.

    ``retry_after_s`` says after how many seconds it may come again, where that is known.
    """

    def __init__(
        self,
        status: int,
        errors: Sequence[CallError] = (),
        *,
        retry_after_s: str | None = None,
    ) -> None:
        super().__init__(str(status))
        self.status = status
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


def answer(
    title: str, detail: str, href: str, result: Sequence[Result], following: str | None = None
) -> Response:
    """Return an answer of status 200; ``following`` is the address of the next page."""
    links: dict[str, Any] = {"self": {"href": href}}
    if following is not None:
        links["next"] = {"href": following}
    return _json(
        200,
        {
            "metadata": {"title": title, "detail": detail},
            "_links": links,
            "result": [dict(record) for record in result],
        },
    )


def refusal(title: str, href: str, refused: Refused) -> Response:
    """Return what ``refused`` says; ``errors`` only with status 400."""
    content: dict[str, Any] = {
        "title": title,
        "detail": DETAILS[refused.status],
        "_links": {"self": {"href": href}},
    }
    if refused.status == 400:
        content["errors"] = [{"code": e.code, "message": e.message} for e in refused.errors]
    headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
    if refused.retry_after_s is not None:
        headers["Retry-After"] = refused.retry_after_s
    return _json(refused.status, content, headers)


def _json(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    said = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(content), status, headers=said)
