"""The national linkage API (庁内データ連携) as a client: reading what another system provides."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus, urljoin, urlsplit

import httpx
import orjson

from adapters.deadline import Deadline
from adapters.errors import (
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    RateLimited,
    Rejected,
    SourceTimeout,
    Unavailable,
    Unsupported,
    WrongSubject,
)
from adapters.mapping.linkage_reads import LinkageRead
from adapters.mapping.model import Read
from adapters.mapping.rows import ShapeError, read_path
from adapters.sources.base import KeepsDeadline, Slots, fill, require_depth
from adapters.sources.exchange import Exchanged, exchange, require_tls
from adapters.sources.linkage_tokens import LinkageClient, LinkageTokens, Token

RULES: Final = {
    "E0001": "a required parameter is not there",
    "E0002": "a parameter has characters of another class",
    "E0003": "a parameter has another length",
    "E0004": "a parameter needs another one beside it",
}
"""What the error codes of the nation say. Source: API仕様 2.0, エラーコード一覧."""

_CODE: Final = re.compile(r"[A-Z][0-9]{4}", re.ASCII)


class LinkageSource(KeepsDeadline):
    """A provider of the linkage API. The person's number travels in bodies only.

    Args:
        http: lent by the host.
        base_url: scheme, host and, where there is one, a path before the call; no final slash.
        client: what the authorization server knows us by; one token is good for one scope.
        now: the host's clock.
        settings: what ``{settings.x}`` in bodies stands for.
        ping: a read about a number that is never issued.

    Raises:
        ConfigurationError: an address is not one of HTTPS.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        client: LinkageClient,
        *,
        now: Callable[[], dt.datetime],
        settings: Mapping[str, str],
        ping: LinkageRead,
    ) -> None:
        require_tls(base_url, "base_url")
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._tokens = LinkageTokens(http, client, now)
        self._settings = {f"settings.{name}": value for name, value in settings.items()}
        self._ping = ping

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the answer with the results of all its pages; None if the person is unknown."""
        if read.linkage is None:
            raise Unsupported("the read is not one of this transport")
        return await self._all_pages(read.linkage, slots, deadline)

    async def ping(self, deadline: Deadline) -> str | None:
        """Ask about nobody; that the provider answers is what matters."""
        await self._all_pages(self._ping, {}, deadline)
        return None

    async def aclose(self) -> None:
        """Do nothing: the client belongs to the host."""

    async def _all_pages(self, read: LinkageRead, slots: Slots, deadline: Deadline) -> Any:
        body = fill(read.body, {**self._settings, **slots})
        url = f"{self._base_url}/{read.call}"
        answer = await self._call(read, url, body, deadline)
        if answer is None:
            return None
        results = list(answer["result"])
        page, seen = answer, {url}
        while (following := self._next(read, url, page, body)) is not None:
            if following in seen or len(seen) >= read.max_pages:
                raise BadAnswer("the pages of the answer do not come to an end")
            seen.add(following)
            page = await self._call(read, following, body, deadline)
            if page is None:
                raise BadAnswer("a further page says that the person is unknown")
            results += page["result"]
        _require_one_subject(read, results)
        return {**answer, "result": results}

    def _next(self, read: LinkageRead, url: str, page: Mapping[str, Any], body: Any) -> str | None:
        """Return the address of the page behind, None after the last.

        It is followed only to the same call of the same provider, which alone may see the token,
        and only if it does not carry what the body keeps out of addresses.
        """
        link = page["_links"].get("next")
        href = link.get("href") if isinstance(link, Mapping) else link
        if href is None:
            return None
        if not isinstance(href, str):
            raise BadAnswer("the link to the next page is none")
        target = urlsplit(urljoin(url, href))
        own = urlsplit(url)
        if (target.scheme, target.netloc) != (own.scheme, own.netloc) or not target.path.endswith(
            f"/{read.call}"
        ):
            raise BadAnswer("the link to the next page leads elsewhere")
        if any(text in unquote_plus(target.query) for text in _texts(body) if len(text) >= 4):
            raise BadAnswer("the link to the next page carries what was asked for")
        # A path of the gateway in front may be missing in the link; the call is the same.
        return f"{url}?{target.query}" if target.query else url

    async def _call(self, read: LinkageRead, url: str, body: Any, deadline: Deadline) -> Any:
        token = await self._tokens.token(read.scope, deadline)
        exchanged = await self._send(url, body, token, deadline)
        if exchanged.status == 401:
            token = await self._tokens.token(read.scope, deadline, refused=token)
            exchanged = await self._send(url, body, token, deadline)
        return _judge(read, exchanged)

    async def _send(self, url: str, body: Any, token: Token, deadline: Deadline) -> Exchanged:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {token.text}",
            "Content-Type": "application/json",
        }
        request = self._http.build_request("POST", url, headers=headers, content=orjson.dumps(body))
        return await exchange(self._http, request, deadline)


def _judge(read: LinkageRead, exchanged: Exchanged) -> Any:
    """Return an answer of the promised shape, None for an unknown person."""
    answer = _json(exchanged)
    if exchanged.status == 400 and answer is not None:
        codes = _codes(answer)
        if set(codes) <= set(read.unknown_person):
            return None
        rules = "; ".join(RULES[code] for code in codes if code in RULES)
        raise Rejected(rules or "the provider refuses the call", vendor_code=",".join(codes))
    _refuse_status(exchanged)
    if answer is None:
        raise BadAnswer("the answer is not JSON")
    links = answer.get("_links")
    own = links.get("self") if isinstance(links, Mapping) else None
    href = own.get("href") if isinstance(own, Mapping) else None
    if not isinstance(answer.get("metadata"), Mapping) or not isinstance(href, str):
        raise BadAnswer("the answer has no metadata or no link to itself")
    if not urlsplit(href).path.endswith(f"/{read.call}"):
        raise BadAnswer("the answer is that of another call")
    results = answer.get("result")
    if not isinstance(results, list) or not all(isinstance(r, Mapping) for r in results):
        raise BadAnswer("the answer has no list of results")
    return answer


def _refuse_status(exchanged: Exchanged) -> None:
    status = exchanged.status
    if status in {401, 403}:
        raise AuthenticationFailed(f"status {status}")
    if status in {404, 405}:
        raise ConfigurationError(f"the provider does not have this call (status {status})")
    if status in {408, 504}:
        raise SourceTimeout(f"status {status}")
    if status == 429:
        raise RateLimited("status 429", retry_after_s=exchanged.retry_after_s)
    if status >= 500:
        raise Unavailable(f"status {status}", retry_after_s=exchanged.retry_after_s)
    if status != 200:
        raise BadAnswer(f"status {status}")


def _json(exchanged: Exchanged) -> dict[str, Any] | None:
    """Return the object of an answer; None where it is none, which a 5xx need not be."""
    if exchanged.media_type != "application/json":
        return None
    try:
        answer = orjson.loads(exchanged.body)
    except orjson.JSONDecodeError:
        return None
    require_depth(answer)
    return answer if isinstance(answer, dict) else None


def _codes(answer: Mapping[str, Any]) -> list[str]:
    """Return the error codes, each once and in order; messages may quote what was sent."""
    errors = answer.get("errors")
    codes = [
        error.get("code") if isinstance(error, Mapping) else None
        for error in (errors if isinstance(errors, list) else ())
    ]
    known = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    if not codes or len(known) != len(codes):
        raise BadAnswer("a refusal without the error codes of the specification")
    return list(dict.fromkeys(known))


def _require_one_subject(read: LinkageRead, results: list[Mapping[str, Any]]) -> None:
    """Do nothing unless the results differ in what each must repeat.

    Raises:
        BadAnswer: one does not have it.
        WrongSubject: they are of several people.
    """
    try:
        facts = [tuple(read_path(result, path) for path in read.same) for result in results]
    except ShapeError as error:
        raise BadAnswer(str(error)) from None
    if any(fact != facts[0] for fact in facts):
        raise WrongSubject("the results belong to several answers")


def _texts(body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _texts(value)
