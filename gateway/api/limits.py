"""What is refused before a route sees it: numbers outside bodies, large and slow bodies."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.characters import holds_nul
from gateway.problems import Problem
from standard_models.reference.check_digits import my_number_check

BODY_TIMEOUT_S: Final = 30.0
_RANDOM_ID = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-z])",
    re.IGNORECASE,
)
"""A UUID, or an id of ours: one in a hundred has twelve digits in a row by chance."""
_SEPARATOR = r"[-_.\s\u00b7\u2010-\u2015\u2022\u2212\u30fb\u30fc]"
_BETWEEN = rf"{_SEPARATOR}{{0,2}}"
"""What may stand between the digits of a number that somebody has typed."""
_TWELVE_DIGITS = re.compile(rf"(?<![0-9])(?=([0-9](?:{_BETWEEN}[0-9]){{11}})(?![0-9]))")
"""Each place where twelve digits begin: they may follow other digits, and so overlap."""
_IN_FOURS = re.compile(rf"[0-9]{{4}}{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}")
"""How a number stands on its card, or without a blank."""
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(
    rf"(?<![0-9A-Za-z])(?<![0-9]{_SEPARATOR})(?<![0-9]{_SEPARATOR}{{2}})"
    rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![A-Za-z]|{_BETWEEN}[0-9])"
)
"""A network address that no other digits stand beside; one in eleven of the long ones has the check
digit of a number by chance."""
_MAX_UNQUOTING: Final = 3
_DIGITS: Final = b"0123456789"
_OPAQUE: Final = frozenset(
    {
        *(b"authorization", b"dpop", b"client-cert", b"x-client-cert"),
        *(b"traceparent", b"tracestate", b"baggage"),
    }
)


def holds_number(path: str, query: bytes) -> bool:
    """Tell whether an address holds twelve digits, as an individual number is written.

    In a row or in fours they count whatever they are: a number with one wrong digit is somebody's
    all the same, and a 宛名番号 may have twelve digits too. Written otherwise, the check digit
    decides. Separators, full-width digits and repeated percent-encoding do not hide them. Numbers
    inside a UUID or an id of 32 hexadecimal digits, and network addresses, do not count.

    Source: 番号法施行令 8条 (an individual number has twelve digits); rule MN-2.
    """
    text = f"{path}?{query.decode('latin-1')}"
    if len(text) < 12:
        return False
    for _ in range(_MAX_UNQUOTING):
        if "%" not in text and "+" not in text:
            break
        text = unquote_plus(text, errors="replace")
    plain = _RANDOM_ID.sub("", _normalized(text))
    if _TWELVE_DIGITS.search(plain) is None:
        return False
    found = _TWELVE_DIGITS.findall(_without_hosts(plain))
    return any(_IN_FOURS.fullmatch(digits) or _is_number(digits) for digits in found)


def headers_hold_number(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a header holds an individual number, that is with the right check digit.

    What credentials and traces are made of is not looked at: letters and digits by chance, which
    go into no log. Elsewhere twelve digits may well be something else, so the check digit decides.
    Network addresses, which proxies write there, are none.

    Source: 番号法施行令 8条; rule MN-2.
    """
    for name, value in headers:
        if len(value) < 12 or name in _OPAQUE or _has_too_few_digits(value):
            continue
        if text_holds_number(_without_hosts(_readable(value))):
            return True
    return False


def text_holds_number(text: str) -> bool:
    """Tell whether a text holds an individual number: twelve digits with the right check digit.

    Width and separators do not hide it; random ids are none.

    Source: 番号法施行令 8条; rule MN-2.
    """
    if len(text) < 12:
        return False
    plain = _RANDOM_ID.sub("", _normalized(text))
    return any(_is_number(digits) for digits in _TWELVE_DIGITS.findall(plain))


def _normalized(text: str) -> str:
    """Return the text without differences of width and without what nobody sees (soft hyphens)."""
    if text.isascii():
        return text
    seen = unicodedata.normalize("NFKC", text)
    return "".join(char for char in seen if unicodedata.category(char) != "Cf")


def _without_hosts(text: str) -> str:
    """Return the normalized text without network addresses."""
    return _IPV4.sub("?", _normalized(text))


def _is_number(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return my_number_check(digits[:11]) == digits[11]


def _has_too_few_digits(value: bytes) -> bool:
    """Tell whether a plain header has fewer digits than an individual number, at one look."""
    plain = value.isascii() and b"%" not in value
    return plain and len(value) - len(value.translate(None, _DIGITS)) < 12


def _readable(value: bytes) -> str:
    text = value.decode("utf-8", errors="replace")
    return unquote_plus(text, errors="replace") if "%" in text else text


class Limits:
    """Refuses what no route should have to look at.

    Args:
        max_body_bytes: largest request body, counted as it arrives.
        body_timeout_s: seconds from the first read until the body must be complete.

    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, body_timeout_s: float) -> None:
        self._app = app
        self._max = max_body_bytes
        self._timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            Problem: ``malformed-request``, ``number-outside-body`` or ``body-too-large``.

        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if holds_nul(scope["path"]) or b"%00" in scope["query_string"]:
            raise Problem("malformed-request")
        if holds_number(scope["path"], scope["query_string"]) or headers_hold_number(
            scope["headers"]
        ):
            raise Problem("number-outside-body")
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._max:
                raise _too_large(self._max)
        body = _Body(receive, self._max, self._timeout_s)
        await self._app(scope, body.receive, send)


@dataclass(slots=True)
class _Body:
    """A request body on its way in."""

    source: Receive
    max_bytes: int
    timeout_s: float
    received: int = 0
    complete: bool = False
    deadline: float | None = None

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            Problem: ``body-too-large``, ``request-timeout``, or ``malformed-request`` if the
                caller went away before the body was whole.

        """
        if self.complete:
            return await self.source()
        if self.received > self.max_bytes:
            raise _too_large(self.max_bytes)
        if self.deadline is None:
            self.deadline = asyncio.get_running_loop().time() + self.timeout_s
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self.source()
        except TimeoutError:
            raise Problem("request-timeout", headers={"Connection": "close"}) from None
        if message["type"] == "http.request":
            self.received += len(message.get("body", b""))
            if self.received > self.max_bytes:
                raise _too_large(self.max_bytes)
            self.complete = not message.get("more_body", False)
        elif message["type"] == "http.disconnect":
            raise Problem(
                "malformed-request",
                "本文が途中で切れました。",
                "The connection ended within the body.",
            )
        return message


def _too_large(limit: int) -> Problem:
    return Problem(
        "body-too-large",
        f"本文の上限は {limit:,} バイトです。",
        f"The largest body is {limit:,} bytes.",
        # The rest of the body is not read, so the connection cannot be used again.
        headers={"Connection": "close"},
        extensions={"limit_bytes": limit},
    )
