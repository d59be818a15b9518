"""AT-2: what a proxy says of the other end is believed of configured proxies alone."""

from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.api.proxies import Peer, Proxies, thumbprint_of
from gateway.problems import Problem
from gateway.settings import Settings
from tests.gateway.api.town import Town

DER = b"0\x82 the certificate of a client"
FIELD = ":" + b64encode(DER).decode() + ":"
PEM = quote(
    "-----BEGIN CERTIFICATE-----\n" + b64encode(DER).decode() + "\n-----END CERTIFICATE-----\n"
)
PROXIES = Proxies.of(["192.0.2.0/28", "2001:db8::1"])


def scope(address: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"client": (address, 40_000) if address else None, "headers": lines}


@pytest.mark.parametrize("value", [FIELD, PEM], ids=["RFC 9440", "PEM"])
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])
def test_the_certificate_that_a_proxy_hands_on_is_that_of_the_client(value: str, address: str):
    """As RFC 9440 has it, or as nginx and HAProxy write it."""
    found = PROXIES.peer(scope(address, ("Client-Cert", value)))
    assert found.certificate == thumbprint_of(DER)


@pytest.mark.parametrize("address", ["192.0.2.16", "127.0.0.1", "2001:db8::2", "testclient", None])
def test_a_forged_header_is_ignored(address: str | None):
    """AT-2: from anybody but a proxy, both headers mean nothing."""
    headers = (("Client-Cert", FIELD), ("X-Forwarded-For", "198.51.100.9"))
    assert PROXIES.peer(scope(address, *headers)) == Peer(address or "")


def test_without_proxies_nobody_is_believed():
    """The default of the settings."""
    none = Proxies.of(map(str, Settings(_env_file=None).trusted_proxies))
    assert none.peer(scope("127.0.0.1", ("Client-Cert", FIELD))) == Peer("127.0.0.1")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("203.0.113.1, 198.51.100.9", "198.51.100.9"),
        ("198.51.100.9, 192.0.2.3", "198.51.100.9"),
        ("192.0.2.3", "192.0.2.3"),
        ("nonsense", "192.0.2.7"),
        ("198.51.100.9, nonsense", "192.0.2.7"),
        ("", "192.0.2.7"),
    ],
)
def test_the_address_is_the_nearest_that_is_no_proxy(said: str, address: str):
    """What stands further left was sent by the client itself and may be made up."""
    assert PROXIES.peer(scope("192.0.2.7", ("X-Forwarded-For", said))).address == address


@pytest.mark.parametrize(
    "headers",
    [
        [("Client-Cert", FIELD), ("Client-Cert", FIELD)],
        [("Client-Cert", ":not base64:")],
        [("Client-Cert", "MIIC")],
        [("Client-Cert", ":" + "A" * 20_000 + ":")],
        [("Client-Cert", quote("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"))],
    ],
    ids=["two", "not-base64", "neither-form", "huge", "empty-pem"],
)
def test_a_certificate_that_cannot_be_read_is_refused(headers: list[tuple[str, str]]):
    """400, rather than going on as if no certificate had been shown."""
    with pytest.raises(Problem) as caught:
        PROXIES.peer(scope("192.0.2.7", *headers))
    assert caught.value.type.slug == "malformed-request"


def test_a_proxy_without_a_certificate_leaves_the_header_empty():
    """nginx sends an empty text where the client showed nothing."""
    assert PROXIES.peer(scope("192.0.2.7", ("Client-Cert", ""))).certificate is None


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_no_header_breaks_the_gateway(value: str):
    """A thumbprint, nothing, or one problem."""
    said = (("Client-Cert", value), ("X-Forwarded-For", value))
    with suppress(Problem):
        found = PROXIES.peer(scope("192.0.2.7", *said))
        assert found.certificate is None or len(found.certificate) == 43


def test_the_settings_name_a_proxy_that_is_no_address():
    """At the start, not at the first call."""
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=["the-proxy"])


async def test_the_problem_leaves_as_a_problem_document():
    """Over HTTP, from a configured proxy."""
    app = Town(proxies=Proxies.of(["192.0.2.7"])).app()
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        answer = await http.get("/health", headers={"Client-Cert": "?"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        400,
        "application/problem+json",
    )
    assert answer.json()["type"].endswith("malformed-request")
