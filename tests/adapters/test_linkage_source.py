"""Reading over the national linkage API: tokens, pages, error codes, and nothing that leaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
import respx
from aiohttp import web

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
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
from adapters.mapping.document import MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.model import LinkageRead, Read, SqlRead
from adapters.sources.linkage import LinkageSource
from adapters.sources.linkage_tokens import LinkageClient
from standard_models.builtin import load_builtin
from tests.adapters.linkage_provider import (
    CALL,
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPE,
    Provider,
    good,
    refusal,
    result,
)
from tests.doubles import StoppedClock

NUMBER = "000000047112"
BODY = {"shikuchosonkodo": "{settings.code}", "atenabango": "{number}"}
PING = LinkageRead(provider="031", call=CALL, body={"atenabango": "0"})


def inquiry(**changes: Any) -> Read:
    """Return a read about one person."""
    keys = {"provider": "031", "call": CALL, "body": BODY, "same": ["atenabango"], **changes}
    return Read.model_validate({"linkage": keys})


@pytest.fixture
async def provider(clock: StoppedClock) -> AsyncIterator[Provider]:
    """A provider that is well."""
    provider = Provider(clock)
    async with provider.serving():
        yield provider


def source(http: httpx.AsyncClient, provider: Provider, **client: Any) -> LinkageSource:
    """Return a client of the provider."""
    known = LinkageClient(f"{provider.address}/token", CLIENT_ID, CLIENT_SECRET)
    keys = {"client": known, "base_url": provider.address, **client}
    return LinkageSource(
        http,
        keys["base_url"],
        keys["client"],
        now=provider.clock.now,
        settings={"code": "999997"},
        ping=PING,
    )


async def ask(source: LinkageSource, read: Read | None = None, *, within_s: float = 5) -> Any:
    """Ask about one person."""
    return await source.read(read or inquiry(), {"number": NUMBER}, Deadline.after(within_s))


async def test_an_answer_comes_with_its_results(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """The number travels in the body and comes back in the result."""
    bodies = []

    def answer(_request: web.Request, body: Any) -> web.Response:
        bodies.append(body)
        return good([result(NUMBER), result(NUMBER, 2)])

    provider.answer = answer
    answered = await ask(source(http, provider))
    assert [r["rirekibango"] for r in answered["result"]] == [1, 2]
    assert answered["metadata"]["title"] == "住登外者宛名基本情報照会"
    assert bodies == [{"shikuchosonkodo": "999997", "atenabango": NUMBER}]
    assert provider.calls == [f"/{CALL}"]


async def test_a_token_is_asked_for_with_a_signed_assertion_and_one_scope(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """The secret itself stays here; the client id is in the assertion."""
    await ask(source(http, provider))
    (asked,) = provider.asked
    assert asked["grant_type"] == "client_credentials"
    assert asked["scope"] == SCOPE
    assert asked["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert CLIENT_SECRET not in str(asked)


async def test_the_older_authentication_works_where_it_is_declared(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """client_secret_basic is tolerated by the specification."""
    known = LinkageClient(
        f"{provider.address}/token", CLIENT_ID, CLIENT_SECRET, "client_secret_basic"
    )
    assert (await ask(source(http, provider, client=known)))["result"]
    assert "client_assertion" not in provider.asked[0]


async def test_a_token_is_kept_until_shortly_before_its_end(
    http: httpx.AsyncClient, provider: Provider, clock: StoppedClock
) -> None:
    """Thirty seconds before, or a quarter of a short life."""
    linkage = source(http, provider)
    await ask(linkage)
    clock.advance(seconds=269)
    await ask(linkage)
    assert len(provider.asked) == 1
    clock.advance(seconds=1)
    await ask(linkage)
    assert len(provider.asked) == 2
    provider.lifetime_s = 8
    clock.advance(seconds=300)
    await ask(linkage)
    clock.advance(seconds=5)
    await ask(linkage)
    assert len(provider.asked) == 3
    clock.advance(seconds=1)
    await ask(linkage)
    assert len(provider.asked) == 4


async def test_questions_side_by_side_share_one_token(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """Two hundred of them, and one again when the server has taken it back."""
    linkage = source(http, provider)
    await asyncio.gather(*(ask(linkage) for _ in range(200)))
    assert len(provider.asked) == 1
    provider.tokens.clear()
    await asyncio.gather(*(ask(linkage) for _ in range(200)))
    assert len(provider.asked) == 2


async def test_a_token_that_is_refused_is_renewed_once(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """A provider that refuses every token is not asked for ever."""
    linkage = source(http, provider)
    await ask(linkage)
    provider.tokens.clear()
    assert (await ask(linkage))["result"]
    provider.answer = lambda _request, _body: refusal(401)
    asked = len(provider.asked)
    with pytest.raises(AuthenticationFailed, match="status 401"):
        await ask(linkage)
    assert len(provider.asked) == asked + 1


async def test_waiting_for_a_token_ends_with_the_deadline(clock: StoppedClock) -> None:
    """Of whoever waits, not of whoever asks."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        begun.set()
        await go_on.wait()
        return httpx.Response(503)

    async with httpx.AsyncClient(transport=httpx.MockTransport(slow)) as http:
        linkage = LinkageSource(
            http,
            "https://provider.example",
            LinkageClient("https://auth.example/token", CLIENT_ID, CLIENT_SECRET),
            now=clock.now,
            settings={"code": "999997"},
            ping=PING,
        )
        first = asyncio.create_task(ask(linkage))
        await begun.wait()
        with pytest.raises(SourceTimeout):
            await ask(linkage, within_s=0.02)
        go_on.set()
        with pytest.raises(Unavailable):
            await first


PAGES: dict[str, tuple[list[int], str | None]] = {
    "": ([1, 2], "2"), "2": ([3], "3"), "3": ([4], None),
}  # fmt: skip


def in_pages(*, others: dict[str, str] | None = None) -> Callable[[web.Request, Any], web.Response]:
    """Return a provider's answer in three pages; ``others`` are pages about somebody else."""

    def answer(request: web.Request, body: Any) -> web.Response:
        page = request.query.get("page", "")
        versions, following = PAGES[page]
        number = (others or {}).get(page, body["atenabango"])
        link = {"href": f"/{CALL}?page={following}"} if following else None
        return good([result(number, version) for version in versions], following=link)

    return answer


async def test_every_page_of_an_answer_is_read(http: httpx.AsyncClient, provider: Provider) -> None:
    """By the link to the next one, with the same body."""
    provider.answer = in_pages()
    answered = await ask(source(http, provider))
    assert [r["rirekibango"] for r in answered["result"]] == [1, 2, 3, 4]
    assert provider.calls == [f"/{CALL}", f"/{CALL}?page=2", f"/{CALL}?page=3"]


@pytest.mark.parametrize("page", ["", "2", "3"])
async def test_a_page_about_somebody_else_ends_the_answer(
    http: httpx.AsyncClient, provider: Provider, page: str
) -> None:
    """Wherever it comes; nothing of the others is used."""
    provider.answer = in_pages(others={page: "000000099999"})
    with pytest.raises(WrongSubject):
        await ask(source(http, provider))


async def test_two_people_on_one_page_are_told(http: httpx.AsyncClient, provider: Provider) -> None:
    """The list of results may hold versions of one person only."""
    provider.answer = lambda _request, _body: good([result(NUMBER), result("000000099999")])
    with pytest.raises(WrongSubject):
        await ask(source(http, provider))


@pytest.mark.parametrize(
    ("following", "why"),
    [
        ({"href": f"/{CALL}"}, "do not come to an end"),
        ({"href": f"https://elsewhere.example/{CALL}?page=2"}, "leads elsewhere"),
        ({"href": f"//elsewhere.example/{CALL}?page=2"}, "leads elsewhere"),
        ({"href": "/app_submit/v10/another?page=2"}, "leads elsewhere"),
        ({"href": f"/{CALL}?atenabango={NUMBER}"}, "carries what was asked for"),
        ({"href": f"/{CALL}?q=%30%30%30000047112"}, "carries what was asked for"),
        ({"href": 2}, "is none"),
        (7, "is none"),
    ],
    ids=["circle", "other host", "other host 2", "other call", "number", "hidden", "int", "int 2"],
)
async def test_a_link_is_not_followed_blindly(
    http: httpx.AsyncClient, provider: Provider, following: Any, why: str
) -> None:
    """Neither to another place with the token, nor with a number in an address."""
    provider.answer = lambda _request, _body: good([result(NUMBER)], following=following)
    with pytest.raises(BadAnswer, match=why) as caught:
        await ask(source(http, provider))
    assert NUMBER not in f"{caught.value!r} {provider.calls}"
    assert len(provider.calls) == 1


async def test_pages_without_end_are_cut_off(http: httpx.AsyncClient, provider: Provider) -> None:
    """By the number of pages that the mapping allows."""

    def answer(request: web.Request, _body: Any) -> web.Response:
        page = int(request.query.get("page", "1")) + 1
        return good([result(NUMBER)], following={"href": f"/{CALL}?page={page}"})

    provider.answer = answer
    with pytest.raises(BadAnswer, match="do not come to an end"):
        await ask(source(http, provider), inquiry(max_pages=5))
    assert len(provider.calls) == 5


async def test_the_links_of_a_provider_behind_a_gateway_have_no_path_of_the_gateway(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """The call is followed where it was made."""

    def answer(request: web.Request, _body: Any) -> web.Response:
        link = None if request.query else {"href": "/inner/" + CALL + "?page=2"}
        return good([result(NUMBER)], following=link, own="inner/" + CALL)

    provider.answer = answer
    assert len((await ask(source(http, provider)))["result"]) == 2
    assert provider.calls == [f"/{CALL}", f"/{CALL}?page=2"]


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("E0001", "required parameter"),
        ("E0002", "characters"),
        ("E0003", "length"),
        ("E0004", "another one"),
    ],
)
async def test_each_error_code_says_which_rule_the_call_broke(
    http: httpx.AsyncClient, provider: Provider, code: str, rule: str
) -> None:
    """The provider's message, which may quote what was sent, is not repeated."""
    provider.answer = lambda _request, _body: refusal(400, code)
    with pytest.raises(Rejected, match=rule) as caught:
        await ask(source(http, provider))
    assert caught.value.vendor_code == code
    assert "canary" not in repr(caught.value)


async def test_all_codes_of_a_refusal_are_told(http: httpx.AsyncClient, provider: Provider) -> None:
    """Each once, with codes of the provider's own."""
    provider.answer = lambda _request, _body: refusal(400, "E0001", "E0003", "E0001", "K0042")
    with pytest.raises(Rejected) as caught:
        await ask(source(http, provider))
    assert caught.value.vendor_code == "E0001,E0003,K0042"


async def test_an_unknown_person_is_an_answer(http: httpx.AsyncClient, provider: Provider) -> None:
    """By a declared code or by an empty result; not by a code beside others."""
    linkage = source(http, provider)
    read = inquiry(unknown_person=["K0042"])
    provider.answer = lambda _request, _body: refusal(400, "K0042")
    assert await ask(linkage, read) is None
    with pytest.raises(Rejected):
        await ask(linkage)
    provider.answer = lambda _request, _body: refusal(400, "K0042", "E0001")
    with pytest.raises(Rejected):
        await ask(linkage, read)
    provider.answer = lambda _request, _body: good([])
    assert (await ask(linkage))["result"] == []


def as_json(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")


SELF = {"self": {"href": f"/{CALL}"}}
GOOD: dict[str, Any] = {"metadata": {}, "_links": SELF, "result": []}


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        (lambda: web.Response(text="<html>canary</html>", status=503), Unavailable),
        (lambda: web.Response(text="<html>canary</html>", status=500), Unavailable),
        (lambda: web.Response(text="<html>canary</html>", status=504), SourceTimeout),
        (lambda: refusal(503), Unavailable),
        (lambda: refusal(403), AuthenticationFailed),
        (lambda: refusal(404), ConfigurationError),
        (lambda: web.Response(status=429, headers={"Retry-After": "7"}), RateLimited),
        (lambda: web.Response(text="<html>canary</html>", content_type="text/html"), BadAnswer),
        (lambda: web.Response(text="canary", status=302, headers={"Location": "/x"}), BadAnswer),
        (lambda: web.Response(text='{"cut', content_type="application/json"), BadAnswer),
        (lambda: as_json([]), BadAnswer),
        (lambda: as_json({**GOOD, "result": {"canary": 1}}), BadAnswer),
        (lambda: as_json({**GOOD, "result": ["canary"]}), BadAnswer),
        (lambda: as_json({**GOOD, "metadata": None}), BadAnswer),
        (lambda: as_json({**GOOD, "_links": {}}), BadAnswer),
        (lambda: as_json({**GOOD, "_links": {"self": {"href": "/other"}}}), BadAnswer),
        (lambda: as_json({**GOOD, "result": [{"canary": 1}]}), BadAnswer),
        (lambda: as_json({"errors": []}, 400), BadAnswer),
        (lambda: as_json({"errors": [{"code": "canary"}]}, 400), BadAnswer),
        (lambda: as_json({"errors": "canary"}, 400), BadAnswer),
        (lambda: web.Response(text="canary", status=400), BadAnswer),
    ],
)
async def test_whatever_comes_has_a_meaning(
    http: httpx.AsyncClient,
    provider: Provider,
    answer: Callable[[], web.Response],
    ours: type[AdapterError],
) -> None:
    """Late, closed, broken and refused are told apart, without a word of the answer."""
    provider.answer = lambda _request, _body: answer()
    with pytest.raises(AdapterError) as caught:
        await ask(source(http, provider))
    assert type(caught.value) is ours
    assert "canary" not in repr(caught.value)
    assert NUMBER not in repr(caught.value)


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        (lambda: as_json({"error": "invalid_client"}, 401), AuthenticationFailed),
        (lambda: as_json({"error": "unauthorized_client"}, 400), AuthenticationFailed),
        (lambda: as_json({"error": "invalid_scope"}, 400), ConfigurationError),
        (lambda: web.Response(text="canary", status=502), Unavailable),
        (lambda: web.Response(status=429), RateLimited),
        (lambda: web.Response(text="canary", status=418), BadAnswer),
        (lambda: web.Response(text="canary"), BadAnswer),
        (lambda: as_json({"access_token": "", "token_type": "Bearer"}), BadAnswer),
        (lambda: as_json({"access_token": "漏", "token_type": "Bearer"}), BadAnswer),
        (lambda: as_json({"access_token": "a b\r\nX: y", "token_type": "Bearer"}), BadAnswer),
        (lambda: as_json({"access_token": "x", "token_type": "mac"}), BadAnswer),
        (lambda: as_json({"access_token": "x"}), BadAnswer),
        (
            lambda: as_json({"access_token": "x", "token_type": "Bearer", "expires_in": "5"}),
            BadAnswer,
        ),
    ],
)
async def test_whatever_the_authorization_server_says_has_a_meaning(
    http: httpx.AsyncClient,
    provider: Provider,
    answer: Callable[[], web.Response],
    ours: type[AdapterError],
) -> None:
    """Our mistakes, our credentials, its state and its nonsense are told apart."""
    provider.token_answer = answer
    with pytest.raises(AdapterError) as caught:
        await ask(source(http, provider))
    assert type(caught.value) is ours
    assert "canary" not in repr(caught.value)
    assert provider.calls == []


async def test_a_wrong_secret_is_refused_by_the_server(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """And is in no error and in no description of an object."""
    wrong = LinkageClient(f"{provider.address}/token", CLIENT_ID, "canary" * 8)
    with pytest.raises(AuthenticationFailed) as caught:
        await ask(source(http, provider, client=wrong))
    assert "canary" not in f"{caught.value!r} {wrong!r}"


async def test_neither_numbers_nor_secrets_are_logged(
    http: httpx.AsyncClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level of any library."""
    caplog.set_level(logging.DEBUG)
    provider.answer = in_pages()
    await ask(source(http, provider))
    said = caplog.text
    assert provider.calls
    for secret in (NUMBER, CLIENT_SECRET, *provider.tokens):
        assert secret not in said


@pytest.mark.parametrize("place", ["base_url", "token_url"])
async def test_records_and_secrets_travel_only_under_tls(
    http: httpx.AsyncClient, provider: Provider, place: str
) -> None:
    """An address of HTTP is refused before anything is sent."""
    token_url = "http://auth.example/token" if place == "token_url" else "https://a.example/t"
    base_url = "http://provider.example" if place == "base_url" else "https://p.example"
    with pytest.raises(ConfigurationError, match=place):
        source(
            http,
            provider,
            client=LinkageClient(token_url, CLIENT_ID, CLIENT_SECRET),
            base_url=base_url,
        )


async def test_the_ping_asks_about_nobody(http: httpx.AsyncClient, provider: Provider) -> None:
    """With a token, like any call."""
    assert await source(http, provider).ping(Deadline.after(5)) is None
    assert provider.calls == [f"/{CALL}"]


async def test_a_read_of_another_transport_is_refused(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    """A mapping and its source must speak of the same thing."""
    with pytest.raises(Unsupported):
        await ask(source(http, provider), Read(sql=SqlRead(statement="SELECT 1")))


async def test_a_call_keeps_the_headers_of_the_specification(clock: StoppedClock) -> None:
    """POST with JSON in and out, the token in the header and nowhere else."""
    with respx.mock(assert_all_called=True) as routes:
        routes.post("https://auth.example/token").respond(
            json={"access_token": "t0k", "token_type": "bearer", "expires_in": 60}
        )
        call = routes.post(f"https://provider.example/{CALL}").respond(json=GOOD)
        async with httpx.AsyncClient() as http:
            linkage = LinkageSource(
                http,
                "https://provider.example/",
                LinkageClient("https://auth.example/token", CLIENT_ID, CLIENT_SECRET),
                now=clock.now,
                settings={"code": "999997"},
                ping=PING,
            )
            await ask(linkage)
    sent = call.calls.last.request
    assert sent.headers["Authorization"] == "Bearer t0k"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Accept"] == "application/json"
    assert b"t0k" not in sent.content
    assert sent.url.query == b""


def document(read: str) -> str:
    """Return a mapping over this read."""
    return f"""
language: 1
system: renkei
version: 1.0.0
reads:
  syokai:
    linkage: {read}
groups:
  010.sofusakijoho:
    read: syokai
    records: result
    subject: atenabango
    items: {{}}
"""


@pytest.mark.parametrize(
    ("read", "place"),
    [
        (f"{{provider: '31', call: {CALL}}}", "provider"),
        ("{provider: '031', call: /app_submit/v10/x}", "call"),
        ("{provider: '031', call: 'app_submit/v10/x?y=1'}", "call"),
        (f"{{provider: '031', call: {CALL}, body: {{a: '{{number}}'}}}}", "same"),
        (f"{{provider: '031', call: {CALL}, method: GET}}", "method"),
    ],
)
def test_a_call_that_cannot_be_is_told_with_its_place(read: str, place: str) -> None:
    """Before anything is sent."""
    with pytest.raises(MappingError, match=rf"reads\.syokai\.linkage.*{place}"):
        read_document(document(read))


def test_the_linter_knows_the_slots_of_a_body() -> None:
    """A slot that nothing fills is told."""
    text = document(
        f"{{provider: '031', call: {CALL}, same: [atenabango],"
        " body: {a: '{number}', b: ['{shimei}']}}"
    ).replace("items: {}", "items: {atenabango: {field: atenabango}}")
    codes = [(f.code, f.message) for f in lint(read_document(text), load_builtin())]
    assert [message for code, message in codes if code == "unknown-slot"] == [
        "nothing fills shimei; there are number"
    ]
