"""JSON over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from adapters.deadline import Deadline
from adapters.errors import (
    AuthenticationFailed,
    BadAnswer,
    RateLimited,
    Rejected,
    SourceTimeout,
    Unavailable,
    Unsupported,
    WrongSubject,
)
from adapters.mapping.model import Paging, Read, RestRead
from adapters.mapping.rows import ShapeError, read_path, write_path
from adapters.sources.base import MAX_DEPTH, KeepsDeadline, Slots, fill, require_depth
from adapters.sources.exchange import Exchanged, Target


class RestSource(KeepsDeadline):
    """A JSON service. The person's number travels in bodies only, never in an address.

    Args:
        client: lent by the host.
        base_url: without a final slash.
        headers: sent with every call, such as a key.
        ping: a read without a number that shows that the service answers.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        *,
        headers: Mapping[str, str],
        ping: RestRead,
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._headers = {**headers, "Accept": "application/json"}
        self._targets: dict[tuple[str, str], Target] = {}
        self._ping = ping

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the JSON answer, all its pages joined; None if the person is unknown."""
        if read.rest is None:
            raise Unsupported("the read is not one of this transport")
        rest = read.rest
        body = fill(rest.body, slots)
        first = await self._call(rest, body, deadline)
        if first is None or rest.paging is None:
            return first
        try:
            return await self._all_pages(rest, rest.paging, body, first, deadline)
        except ShapeError as error:
            raise BadAnswer(str(error)) from None

    async def ping(self, deadline: Deadline) -> str | None:
        """Ask the service how it is."""
        await self._call(self._ping, self._ping.body, deadline)
        return None

    async def aclose(self) -> None:
        """Do nothing: the client belongs to the host."""

    async def _all_pages(
        self,
        rest: RestRead,
        paging: Paging,
        body: Mapping[str, Any],
        answer: Any,
        deadline: Deadline,
    ) -> Any:
        """Return the first answer with the rows of every further page behind its own."""
        rows = list(read_path(answer, paging.rows) or ())
        token = read_path(answer, paging.next)
        seen: set[str] = set()
        while token is not None:
            if not isinstance(token, str) or token in seen or len(seen) + 1 >= paging.max_pages:
                raise BadAnswer("the pages of the answer do not come to an end")
            seen.add(token)
            page = await self._call(rest, {**body, paging.send_as: token}, deadline)
            if page is None:
                raise BadAnswer("a further page says that the person is unknown")
            if any(read_path(page, path) != read_path(answer, path) for path in paging.same):
                raise WrongSubject("a further page belongs to another answer")
            rows += read_path(page, paging.rows) or ()
            token = read_path(page, paging.next)
        return write_path(answer, paging.rows, rows)

    async def _call(self, rest: RestRead, body: Mapping[str, Any], deadline: Deadline) -> Any:
        content = orjson.dumps(body) if rest.method == "POST" else b""
        exchanged = await self._target(rest).exchange(self._client, content, deadline)
        answer = _json(exchanged) if _is_json(exchanged) else None
        return self._judge(rest, exchanged, answer)

    def _target(self, rest: RestRead) -> Target:
        """Return where a read goes, written once for all calls."""
        place = (rest.method, rest.path)
        target = self._targets.get(place)
        if target is None:
            posted = {"Content-Type": "application/json"} if rest.method == "POST" else {}
            target = self._targets[place] = Target(
                rest.method, self._base_url + rest.path, {**self._headers, **posted}
            )
        return target

    @staticmethod
    def _judge(rest: RestRead, exchanged: Exchanged, answer: Any) -> Any:
        """Return the answer of a call that went well, None for an unknown person."""
        code = _outcome(rest, answer)
        if rest.outcome and code in rest.outcome.unknown_person:
            return None
        _refuse_status(exchanged, code)
        if answer is None:
            raise BadAnswer("the answer is not JSON")
        if rest.outcome and not code:
            raise BadAnswer("the answer does not say how the call went")
        if rest.outcome and code not in rest.outcome.ok:
            raise Rejected("the source refuses the call", vendor_code=code)
        return answer


def _refuse_status(exchanged: Exchanged, code: str) -> None:
    status = exchanged.status
    if status in {401, 403}:
        raise AuthenticationFailed(f"status {status}")
    if status == 408:
        raise SourceTimeout("status 408")
    if status == 429:
        raise RateLimited("status 429", retry_after_s=exchanged.retry_after_s)
    if status >= 500:
        raise Unavailable(f"status {status}", retry_after_s=exchanged.retry_after_s)
    if status >= 400 and code:
        raise Rejected(f"status {status}", vendor_code=code)
    if status != 200:
        raise BadAnswer(f"status {status}")


def _is_json(exchanged: Exchanged) -> bool:
    return exchanged.media_type == "application/json" or exchanged.media_type.endswith("+json")


def _json(exchanged: Exchanged) -> Any:
    try:
        answer = orjson.loads(exchanged.body)
    except orjson.JSONDecodeError:
        if exchanged.status != 200:
            return None
        raise BadAnswer("the answer is cut off or not JSON") from None
    # Fewer brackets than levels: that deep it cannot be.
    if exchanged.body.count(b"[") + exchanged.body.count(b"{") > MAX_DEPTH:
        require_depth(answer)
    return answer


def _outcome(rest: RestRead, answer: Any) -> str:
    if rest.outcome is None or answer is None:
        return ""
    try:
        return str(read_path(answer, rest.outcome.field))
    except ShapeError:
        return ""
