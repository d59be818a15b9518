"""A legacy service that answers with anything but what its interface promises.

Whatever comes, the adapter returns an error of the contract's tree in time, says nothing of what
was in the answer, and never a record.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.contract import Adapter, Deadline, Fetch, FetchRequest, Host
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    PlannedUnavailable,
    RateLimited,
    Rejected,
    SourceTimeout,
    Unavailable,
    WrongSubject,
)
from adapters.registry import InstalledAdapter, discover
from tests.adapters.sources import Reply, answering, raw, server, silence

CANARY = "架空　禁句"
TAX = {"number": "20000017", "group": "010.sofusakijoho", "field": "sofusaki_shimei"}
WELFARE = {"number": "F0000123", "group": "022.techojoho", "field": "techobango"}
NS = "urn:kakuu-fukushi:shokai:v5"


@asynccontextmanager
async def opened(adapter_id: str, host: Host, address: str) -> AsyncIterator[Adapter]:
    """Open a reference adapter on a service at ``address``."""
    (found,) = (a for a in discover() if a.id == adapter_id)
    assert isinstance(found, InstalledAdapter)
    settings: dict[str, Any] = {"address": f"{address}/soap", "riyosha_id": "MACHI01"}
    if adapter_id == "reference-tax":
        settings = {"base_url": address, "api_key": "k"}
    adapter = found.open(host, settings)
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def outcome(host: Host, reply: Reply, ask: dict[str, str], *, deadline_s: float = 5.0) -> Any:
    """Return what one question gets from a service that replies like this."""
    adapter_id = "reference-tax" if ask is TAX else "reference-welfare"
    async with server(reply) as address, opened(adapter_id, host, address) as adapter:
        assert isinstance(adapter, Fetch)
        groups = {ask["group"]: frozenset({ask["field"]})}
        request = FetchRequest(ask["number"], groups, Deadline.after(deadline_s), "trace")
        return (await adapter.fetch(request)).groups[ask["group"]]


def person(**changes: Any) -> dict[str, Any]:
    """Return an answer of the tax service about the person who is asked for."""
    return {
        "kekka": {"cd": "0000", "msg": "正常"},
        "dataKijunNichiji": "R08.10.01 09:15:00",
        "genNendo": "R08",
        "kojinNo": "20000017",
        "atenaNo": "000000047112",
        "kojin": {"shimei": CANARY, "jutogaiKbn": "0"},
        "sofusaki": {"shimei": CANARY},
        "jutogai": None,
        **changes,
    }


def as_json(content: Any) -> bytes:
    """Return JSON in UTF-8, Japanese as it is."""
    return json.dumps(content, ensure_ascii=False).encode()


def envelope(body: str) -> bytes:
    """Return a SOAP envelope around ``body``."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope '
        'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f"{body}</soap:Body></soap:Envelope>"
    ).encode()


def certificates(*, number: str = "F0000123", more: str = "") -> bytes:
    """Return an answer of the welfare service with one certificate."""
    return envelope(
        f'<TechoShokaiResponse xmlns="{NS}"><FukushiNo>{number}</FukushiNo>'
        "<AtenaNo>000000047112</AtenaNo><DataKijun>20261001091500</DataKijun><Techo>"
        "<Shubetsu>SIN</Shubetsu><TechoNo>2018000123</TechoNo><Tokyu>2</Tokyu>"
        f"<KofuBi>20180601</KofuBi><YukoKigen>99999999</YukoKigen></Techo>{more}"
        "</TechoShokaiResponse>"
    )


def fault(code: str, more: str = "") -> bytes:
    """Return a fault of the welfare service."""
    return envelope(
        "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>"
        f'{CANARY}</faultstring><detail><FukushiFault xmlns="{NS}"><Code>{code}</Code>'
        f"<Message>{CANARY}</Message>{more}</FukushiFault></detail></soap:Fault>"
    )


HTML = f"<html><body>{CANARY}</body></html>".encode()
DEEP = b'{"kekka":{"cd":"0000"},"a":' + b"[" * 900 + b"]" * 900 + b"}"
VERY_DEEP = b"[" * 200_000 + b"]" * 200_000
BOMB = gzip.compress(b'{"a": "' + b"x" * 60_000_000 + b'"}')
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"

HOSTILE_JSON: list[tuple[str, Reply, type[AdapterError]]] = [
    ("a page for people", answering(HTML, media_type="text/html"), BadAnswer),
    ("a page that says it is JSON", answering(HTML), BadAnswer),
    ("nothing", answering(b""), BadAnswer),
    ("half of a body", answering(as_json(person())[:-40]), BadAnswer),
    ("less than announced", raw(CUT + as_json(person())), BadAnswer),
    ("no HTTP at all", raw(CANARY.encode() * 50), BadAnswer),
    ("the wrong code page", answering(json.dumps(person(), ensure_ascii=False).encode("cp932")),
     BadAnswer),
    ("a byte order mark", answering(b"\xef\xbb\xbf" + as_json(person())), BadAnswer),
    ("unpaired surrogates", answering(rb'{"kekka":{"cd":"0000"},"kojinNo":"\ud800"}'), BadAnswer),
    ("not a number", answering(b'{"kekka": {"cd": NaN}}'), BadAnswer),
    ("a list for an object", answering(b"[]"), BadAnswer),
    ("null", answering(b"null"), BadAnswer),
    ("text for an object", answering(as_json(CANARY)), BadAnswer),
    ("no result code", answering(b"{}"), BadAnswer),
    ("a missing part", answering(as_json({"kekka": {"cd": "0000"}, "kojinNo": "20000017"})),
     BadAnswer),
    ("text for a part", answering(as_json(person(sofusaki=CANARY))), BadAnswer),
    ("deep nesting", answering(DEEP), BadAnswer),
    ("very deep nesting", answering(VERY_DEEP), BadAnswer),
    ("nine megabytes", answering(b'{"a": "' + b"x" * 9_000_000 + b'"}'), BadAnswer),
    ("a small body that unpacks to a huge one",
     answering(BOMB, headers="Content-Encoding: gzip\r\n"), BadAnswer),
    ("an address elsewhere",
     answering(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), BadAnswer),
    ("401", answering(as_json({"kekka": {"cd": "E401", "msg": CANARY}}), status="401 No"),
     AuthenticationFailed),
    ("403 as a page", answering(HTML, status="403 No", media_type="text/html"),
     AuthenticationFailed),
    ("404 of a wrong path", answering(as_json({"kekka": {"cd": "E404", "msg": CANARY}}),
     status="404 No"), Rejected),
    ("404 as a page", answering(HTML, status="404 No", media_type="text/html"), BadAnswer),
    ("408", answering(b"", status="408 Late"), SourceTimeout),
    ("422", answering(as_json({"kekka": {"cd": "E422", "msg": CANARY}}), status="422 No"),
     Rejected),
    ("429", answering(b"", status="429 Slow", headers="Retry-After: 7\r\n"), RateLimited),
    ("500", answering(as_json({"kekka": {"cd": "E500", "msg": CANARY}}), status="500 No"),
     Unavailable),
    ("502 as a page", answering(HTML, status="502 No", media_type="text/html"), Unavailable),
    ("503", answering(HTML, status="503 No", media_type="text/html",
     headers="Retry-After: 3\r\n"), Unavailable),
    ("a refusal with 200", answering(as_json(person(kekka={"cd": "E422", "msg": CANARY}))),
     Rejected),
]  # fmt: skip

EXPANSION = (
    b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "xxxxxxxxxx">'
    + b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (c, *[c - 1] * 8)
        for c in range(ord("b"), ord("k"))
    )
    + b"]><s>&j;</s>"
)
FILE = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
HOSTILE_XML: list[tuple[str, bytes, type[AdapterError]]] = [
    ("a page for people", HTML, BadAnswer),
    ("nothing", b"", BadAnswer),
    ("half of a body", certificates()[:-60], BadAnswer),
    ("the wrong code page", certificates().replace(b"2018000123", "禁句".encode("cp932")),
     BadAnswer),
    ("no envelope", b"<a>x</a>", BadAnswer),
    ("an envelope without a body", envelope("").replace(b"Body", b"Header"), BadAnswer),
    ("an empty body", envelope(""), BadAnswer),
    ("an answer to another question", envelope(f'<KaigoShokaiResponse xmlns="{NS}"/>'), BadAnswer),
    ("an unknown element", certificates(more=f"<Naisho>{CANARY}</Naisho>"), BadAnswer),
    ("elements in another order", certificates(more="<AtenaNo>1</AtenaNo>"), BadAnswer),
    ("a missing element", certificates().replace(b"<Tokyu>2</Tokyu>", b""), BadAnswer),
    ("entities that expand", EXPANSION, BadAnswer),
    ("an entity that reads a file", FILE + certificates()[38:], BadAnswer),
    ("a document type", b"<!DOCTYPE x>" + certificates()[38:], BadAnswer),
    ("deep nesting", envelope("<a>" * 200 + "</a>" * 200), BadAnswer),
    ("very deep nesting", envelope("<a>" * 100_000), BadAnswer),
    ("nine megabytes", certificates(more=" " * 9_000_000), BadAnswer),
    ("a fault that nobody knows", fault("FK-7777"), Unavailable),
    ("a fault without a code", envelope("<soap:Fault/>"), Unavailable),
    ("an internal error", fault("FK-5001"), Unavailable),
    ("a refused account", fault("FK-2002"), AuthenticationFailed),
    ("a refused request", fault("FK-2001"), Rejected),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "ours"), [c[1:] for c in HOSTILE_JSON], ids=[c[0] for c in HOSTILE_JSON]
)
async def test_a_json_service_that_breaks_its_interface(
    host: Host, reply: Reply, ours: type[AdapterError]
) -> None:
    """The error is the one that tells the engine what to do, and repeats nothing."""
    found = await outcome(host, reply, TAX)
    assert type(found) is ours
    assert CANARY not in f"{found!r} {found.detail}"
    assert "禁句" not in f"{found!r} {found.__cause__!r}"


@pytest.mark.parametrize(
    ("body", "ours"), [c[1:] for c in HOSTILE_XML], ids=[c[0] for c in HOSTILE_XML]
)
async def test_a_soap_service_that_breaks_its_interface(
    host: Host, body: bytes, ours: type[AdapterError]
) -> None:
    """Entities, types and the network stay shut; the WSDL is the measure of an answer."""
    found = await outcome(host, answering(body, media_type="text/xml; charset=utf-8"), WELFARE)
    assert type(found) is ours
    assert "禁句" not in f"{found!r} {found.detail} {found.__cause__!r}"


@pytest.mark.parametrize("ask", [TAX, WELFARE], ids=["json", "soap"])
async def test_a_service_that_never_answers_is_left_at_the_deadline(
    host: Host, ask: dict[str, str]
) -> None:
    """Not before, and not much later."""
    begun = time.monotonic()
    assert type(await outcome(host, silence, ask, deadline_s=0.3)) is SourceTimeout
    assert 0.25 < time.monotonic() - begun < 3


async def test_a_slow_drip_does_not_outlive_the_deadline(host: Host) -> None:
    """A byte now and then keeps a connection busy but not the question waiting."""

    async def drip(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)  # the pace of the drip; no test waits for it

    begun = time.monotonic()
    assert type(await outcome(host, drip, TAX, deadline_s=0.4)) is SourceTimeout
    assert time.monotonic() - begun < 3


async def test_a_deadline_that_has_passed_asks_nobody(host: Host) -> None:
    """The service is not called for an answer that nobody waits for."""
    asked = []

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        writer.close()

    assert type(await outcome(host, reply, TAX, deadline_s=0)) is SourceTimeout
    assert asked == []


@pytest.mark.parametrize("adapter_id", ["reference-tax", "reference-welfare"])
async def test_nobody_listening_is_unavailable(host: Host, adapter_id: str) -> None:
    """A refused connection is a system that is down."""
    async with server(silence) as address:
        pass
    ask = TAX if adapter_id == "reference-tax" else WELFARE
    async with opened(adapter_id, host, address) as adapter:
        assert isinstance(adapter, Fetch)
        groups = {ask["group"]: frozenset({ask["field"]})}
        result = await adapter.fetch(FetchRequest(ask["number"], groups, Deadline.after(5), "t"))
        checked = await adapter.check(Deadline.after(5))
    assert type(result.groups[ask["group"]]) is Unavailable
    assert checked.ok is False


async def test_a_question_that_is_given_up_ends_the_call_to_the_service(host: Host) -> None:
    """Cancelling closes the connection, so that the service can stop as well."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def reply(_request: bytes, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    task = asyncio.create_task(outcome(host, reply, TAX))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await left.wait()


async def test_hints_of_the_source_are_kept(host: Host) -> None:
    """How long to wait, and when it opens again."""
    busy = answering(b"", status="429 Slow", headers="Retry-After: 7\r\n")
    found = await outcome(host, busy, TAX)
    assert isinstance(found, RateLimited)
    assert found.retry_after_s == 7
    opens = "<SaikaiNichiji>2026-10-02T06:00:00+09:00</SaikaiNichiji>"
    closed = answering(fault("FK-9001", opens), status="500 No", media_type="text/xml")
    found = await outcome(host, closed, WELFARE)
    assert isinstance(found, PlannedUnavailable)
    assert found.until is not None
    assert found.until.isoformat() == "2026-10-02T06:00:00+09:00"


async def test_a_service_that_is_closed_says_so_when_it_is_looked_at(host: Host) -> None:
    """The state page shows until when, not that the system is broken."""
    opens = "<SaikaiNichiji>2026-10-02T06:00:00+09:00</SaikaiNichiji>"
    closed = answering(fault("FK-9001", opens), status="500 No", media_type="text/xml")
    async with (
        server(closed) as address,
        opened("reference-welfare", host, address) as adapter,
    ):
        checked = await adapter.check(Deadline.after(5))
    assert checked.ok is False
    assert checked.opens_at is not None
    assert checked.opens_at.isoformat() == "2026-10-02T06:00:00+09:00"


@pytest.mark.parametrize(
    ("reply", "ask"),
    [
        (answering(as_json({"kekka": {"cd": "N001", "msg": ""}}), status="404 No"), TAX),
        (answering(fault("FK-1001"), status="500 No", media_type="text/xml"), WELFARE),
    ],
    ids=["json", "soap"],
)
async def test_a_person_whom_the_service_does_not_know_has_no_records(
    host: Host, reply: Reply, ask: dict[str, str]
) -> None:
    """That is an answer, not an error."""
    found = await outcome(host, reply, ask)
    assert found.records == ()
    assert found.lost == 0


@pytest.mark.parametrize(
    ("reply", "ask"),
    [
        (answering(as_json(person(kojinNo="20000025"))), TAX),
        (answering(certificates(number="F0000124"), media_type="text/xml"), WELFARE),
    ],
    ids=["json", "soap"],
)
async def test_somebody_elses_record_keeps_the_number_that_the_service_echoed(
    host: Host, reply: Reply, ask: dict[str, str]
) -> None:
    """The guard must be able to see it: our own number is never put in its place."""
    (record,) = (await outcome(host, reply, ask)).records
    assert record.subject_number in {"20000025", "F0000124"}


async def test_somebody_elses_empty_answer_is_not_ours(host: Host) -> None:
    """Without a record nothing carries the echoed number to the guard, so it is looked at here."""
    other = answering(as_json(person(kojinNo="20000025", sofusaki=None)))
    assert type(await outcome(host, other, TAX)) is WrongSubject
    ours = answering(as_json(person(sofusaki=None)))
    assert (await outcome(host, ours, TAX)).records == ()


def page(rows: int, next_page: str | None, **changes: Any) -> bytes:
    """Return one page of assessments."""
    row = {"nendo": "R08", "sotoNendo": "R08", "rirekiNo": 1, "shotoku": {"meisai": []}}
    return as_json(person(kazei=[row] * rows, nextPage=next_page, **changes))


PAGES: list[tuple[str, list[bytes], type[AdapterError]]] = [
    ("the same page for ever", [page(1, "a")] * 4, BadAnswer),
    ("pages without an end", [page(1, f"p{n}") for n in range(60)], BadAnswer),
    ("a page of somebody else", [page(1, "a"), page(1, None, kojinNo="20000025")], WrongSubject),
    ("a page about nobody", [page(1, "a"), as_json({"kekka": {"cd": "N001"}})], BadAnswer),
    ("a page token that is no text", [page(1, "a").replace(b'"a"', b"17")], BadAnswer),
    ("a page without rows", [page(1, "a"), as_json(person(nextPage=None))], BadAnswer),
]


@pytest.mark.parametrize(("pages", "ours"), [c[1:] for c in PAGES], ids=[c[0] for c in PAGES])
async def test_paging_that_goes_wrong_gives_no_half_list(
    host: Host, pages: list[bytes], ours: type[AdapterError]
) -> None:
    """All pages of one person, or an error."""
    left = iter(pages)

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        await answering(next(left))(request, writer)

    ask = {**TAX, "group": "010.kazeikihonjoho", "field": "kazeinendo"}
    async with server(reply) as address, opened("reference-tax", host, address) as adapter:
        assert isinstance(adapter, Fetch)
        groups = {ask["group"]: frozenset({ask["field"]})}
        request = FetchRequest(ask["number"], groups, Deadline.after(5), "trace")
        found = (await adapter.fetch(request)).groups[ask["group"]]
    assert type(found) is ours


async def test_the_number_of_a_person_is_in_no_address(host: Host) -> None:
    """Addresses end up in logs of every machine on the way."""
    lines: list[bytes] = []

    async def reply(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    original = host.http.send

    async def watched(request: Any, **options: Any) -> Any:
        lines.append(str(request.url).encode() + repr(request.headers).encode())
        return await original(request, **options)

    host.http.send = watched  # type: ignore[method-assign]
    await outcome(host, reply, TAX)
    await outcome(host, reply, WELFARE)
    assert len(lines) == 2
    assert not re.search(rb"20000017|F0000123", b"".join(lines))
