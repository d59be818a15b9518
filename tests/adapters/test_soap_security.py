"""WS-Security: who asks and when, signatures, and refusals; the rest of SOAP stays as it is."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from lxml import etree
from zeep.wsse import signature

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    ConfigurationError,
    Rejected,
    Unavailable,
)
from adapters.mapping.model import FaultMeaning, Read, SoapRead
from adapters.sources.soap import SoapSource
from adapters.sources.soap_security import (
    SecurityHeader,
    SigningKey,
    SoapSecurity,
    UsernameLogin,
)
from tests.adapters.sources import Reply, answering, server
from tests.adapters.test_hostile_answers import certificates, envelope
from tests.doubles import StoppedClock

WSDL = Path(str(files("adapters.reference.welfare").joinpath("welfare.wsdl")))
NUMBER = "F0000123"
PASSWORD = "canary-password"
ASK = SoapRead(operation="TechoShokai", parameters={"RiyoshaId": "M1", "FukushiNo": "{number}"})
NS = {
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
LOGIN = UsernameLogin("machi01", PASSWORD)


def source(http: httpx.AsyncClient, address: str, header: SecurityHeader | None) -> SoapSource:
    """Return a source of the welfare service."""
    return SoapSource(
        http,
        WSDL,
        address,
        settings={},
        faults={"E401": FaultMeaning.REJECTED},
        fault_code="Code",
        reopens="SaikaiNichiji",
        ping=ASK,
        security=header,
    )


async def asked(
    http: httpx.AsyncClient, header: SecurityHeader | None, times: int = 1
) -> list[etree._Element]:
    """Ask a service, which answers well, and return the requests that it got."""
    got: list[bytes] = []
    good = answering(certificates(), media_type="text/xml")

    async def reply(body: bytes, writer: asyncio.StreamWriter) -> None:
        got.append(body)
        await good(body, writer)

    async with server(reply) as address:
        soap = source(http, f"{address}/soap", header)
        for _ in range(times):
            answer = await soap.read(Read(soap=ASK), {"number": NUMBER}, Deadline.after(5))
            assert answer["FukushiNo"] == NUMBER
    return [etree.fromstring(body) for body in got]


def one(request: etree._Element, path: str) -> Any:
    """Return the one node (or text) at a path."""
    (found,) = request.xpath(path, namespaces=NS)
    return found


async def test_without_security_there_is_no_header(http: httpx.AsyncClient) -> None:
    """As services had it before."""
    (request,) = await asked(http, None)
    assert request.xpath("//wsse:Security", namespaces=NS) == []


async def test_a_login_travels_as_a_digest(http: httpx.AsyncClient, clock: StoppedClock) -> None:
    """Of nonce, time and password; the time is that of the host, in UTC."""
    (request,) = await asked(http, SecurityHeader(SoapSecurity(login=LOGIN), clock.now))
    token = "/soap:Envelope/soap:Header/wsse:Security/wsse:UsernameToken"
    assert one(request, f"{token}/wsse:Username/text()") == "machi01"
    created = one(request, f"{token}/wsu:Created/text()")
    assert created == "2026-10-01T01:00:00Z", "ten o'clock in Tokyo"
    nonce = base64.b64decode(one(request, f"{token}/wsse:Nonce/text()"))
    digest = hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()
    password = one(request, f"{token}/wsse:Password")
    assert password.text == base64.b64encode(digest).decode()
    assert password.get("Type") == f"{PROFILE}#PasswordDigest"
    assert PASSWORD.encode() not in etree.tostring(request)


async def test_each_request_has_a_nonce_and_a_time_of_its_own(
    http: httpx.AsyncClient, clock: StoppedClock
) -> None:
    """A request that is played back is refused by the service."""
    header = SecurityHeader(SoapSecurity(login=LOGIN), clock.now)
    requests = await asked(http, header, times=3)
    assert len({one(request, "//wsse:Nonce/text()") for request in requests}) == 3
    clock.advance(hours=1)
    (later,) = await asked(http, header)
    assert one(later, "//wsse:UsernameToken/wsu:Created/text()") == "2026-10-01T02:00:00Z"


@pytest.mark.parametrize(("lifetime_s", "expires"), [(300, ["2026-10-01T01:05:00Z"]), (0, [])])
async def test_a_request_says_how_long_it_is_good(
    http: httpx.AsyncClient, clock: StoppedClock, lifetime_s: int, expires: list[str]
) -> None:
    """Unless the service wants none of it."""
    security = SoapSecurity(login=LOGIN, lifetime_s=lifetime_s)
    (request,) = await asked(http, SecurityHeader(security, clock.now))
    path = "//wsse:Security/wsu:Timestamp/wsu:Expires/text()"
    assert request.xpath(path, namespaces=NS) == expires


@pytest.mark.parametrize("must_understand", [True, False])
async def test_a_service_can_be_made_to_understand_the_header(
    http: httpx.AsyncClient, clock: StoppedClock, must_understand: bool
) -> None:
    """One that does not know it refuses then, instead of answering anybody."""
    security = SoapSecurity(login=LOGIN, must_understand=must_understand)
    (request,) = await asked(http, SecurityHeader(security, clock.now))
    found = one(request, "//wsse:Security").get(f"{{{NS['soap']}}}mustUnderstand")
    assert found == ("1" if must_understand else None)


async def test_a_password_in_the_open_needs_tls(
    http: httpx.AsyncClient, clock: StoppedClock
) -> None:
    """A digest does not."""
    plain = UsernameLogin("machi01", PASSWORD, digest=False)
    header = SecurityHeader(SoapSecurity(login=plain), clock.now)
    with pytest.raises(ConfigurationError, match="address"):
        source(http, "http://fukushi.example/soap", header)
    source(http, "https://fukushi.example/soap", header)
    source(http, "http://fukushi.example/soap", SecurityHeader(SoapSecurity(LOGIN), clock.now))
    (request,) = await asked(http, header)
    password = one(request, "//wsse:Password")
    assert (password.text, password.get("Type")) == (PASSWORD, f"{PROFILE}#PasswordText")


def test_nothing_of_a_secret_is_shown() -> None:
    """Neither password nor key."""
    key = SigningKey("canary-key", "certificate", password="canary-word")
    assert "canary" not in repr(SoapSecurity(LOGIN, key))


def test_a_header_without_content_is_refused() -> None:
    """Somebody forgot something."""
    with pytest.raises(ConfigurationError, match="neither login nor signing"):
        SoapSecurity()


def security_fault(code: str, space: str = NS["wsse"]) -> bytes:
    """Return a fault of the service's security layer."""
    return envelope(
        f'<soap:Fault><faultcode xmlns:s="{space}">{code}</faultcode>'
        f"<faultstring>canary {PASSWORD}</faultstring></soap:Fault>"
    )


@pytest.mark.parametrize(
    ("fault", "ours"),
    [
        (security_fault("s:FailedAuthentication"), AuthenticationFailed),
        (security_fault("s:InvalidSecurity"), AuthenticationFailed),
        (security_fault("s:FailedCheck"), AuthenticationFailed),
        (security_fault("s:MessageExpired", NS["wsu"]), AuthenticationFailed),
        (security_fault("s:Something"), Unavailable),
        (security_fault("s:FailedAuthentication", "urn:x"), Unavailable),
        (security_fault("FailedAuthentication"), Unavailable),
        (security_fault(""), Unavailable),
        (
            envelope(
                "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>canary</faultstring>"
                "<detail><Code>E401</Code></detail></soap:Fault>"
            ),
            Rejected,
        ),
    ],
)
async def test_a_refused_header_stops_and_is_told(
    http: httpx.AsyncClient, clock: StoppedClock, fault: bytes, ours: type[AdapterError]
) -> None:
    """It is no outage that passes; what the vendor's codes say comes first."""
    reply: Reply = answering(fault, status="500 Internal Server Error", media_type="text/xml")
    header = SecurityHeader(SoapSecurity(login=LOGIN), clock.now)
    async with server(reply) as address:
        soap = source(http, f"{address}/soap", header)
        with pytest.raises(AdapterError) as caught:
            await soap.read(Read(soap=ASK), {"number": NUMBER}, Deadline.after(5))
    assert type(caught.value) is ours
    assert "canary" not in repr(caught.value)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the adapter is opened."""
    monkeypatch.setattr(signature, "xmlsec", None)
    key = SigningKey("key", "certificate")
    with pytest.raises(ConfigurationError, match=r"hitotsu\[soap-signature\]"):
        SecurityHeader(SoapSecurity(signing=key), lambda: dt.datetime.now(dt.UTC))


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NS['ds']}}}{name}")


class _Key:
    """A key of the stand-in: anything that looks like PEM."""

    @classmethod
    def from_memory(cls, content: bytes, _form: str, _password: str | None = None) -> _Key:
        if b"BEGIN" not in content:
            raise ValueError("canary")
        return cls()

    load_cert_from_memory = from_memory


class _Context:
    """Notes which nodes are registered and signs with a word."""

    key: _Key | None = None

    def register_id(self, node: etree._Element, _name: str, _space: str) -> None:
        assert node.get(f"{{{NS['wsu']}}}Id")

    def sign(self, node: etree._Element) -> None:
        assert self.key is not None
        _child(node, "SignatureValue").text = "signed"
        certificate = node.find(f".//{{{NS['ds']}}}X509Certificate")
        assert certificate is not None
        certificate.text = "certificate"


def _create(_envelope: etree._Element, _form: str, method: str) -> etree._Element:
    made = etree.Element(f"{{{NS['ds']}}}Signature")
    _child(made, "SignedInfo").set("method", method)
    return made


def _reference(made: etree._Element, digest: str, uri: str) -> etree._Element:
    found = _child(made[0], "Reference")
    found.set("URI", uri)
    found.set("digest", digest)
    return found


STAND_IN = SimpleNamespace(
    Key=_Key,
    KeyFormat=SimpleNamespace(PEM="pem"),
    SignatureContext=_Context,
    Transform=SimpleNamespace(
        EXCL_C14N="c14n", RSA_SHA1="rsa-sha1", RSA_SHA256="rsa-sha256", SHA1="sha1", SHA256="sha256"
    ),
    template=SimpleNamespace(
        create=_create,
        ensure_key_info=lambda made: _child(made, "KeyInfo"),
        add_x509_data=lambda info: _child(info, "X509Data"),
        x509_data_add_issuer_serial=lambda data: _child(data, "X509IssuerSerial"),
        x509_data_add_certificate=lambda data: _child(data, "X509Certificate"),
        add_reference=_reference,
        add_transform=lambda _reference, _form: None,
    ),
)
"""In the place of xmlsec: what is asked of it, without any cryptography."""

PEM = "-----BEGIN X-----"


@pytest.mark.parametrize(
    ("binary_token", "path"),
    [
        (False, "wsse:SecurityTokenReference/ds:X509Data/ds:X509Certificate"),
        (True, "wsse:SecurityTokenReference/wsse:Reference"),
    ],
)
async def test_body_and_time_are_signed_with_sha_256(
    http: httpx.AsyncClient,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    binary_token: bool,
    path: str,
) -> None:
    """The certificate stands beside, or in a token of its own."""
    monkeypatch.setattr(signature, "xmlsec", STAND_IN)
    key = SigningKey(PEM, PEM, binary_token=binary_token)
    (request,) = await asked(http, SecurityHeader(SoapSecurity(LOGIN, key), clock.now))
    made = one(request, "//wsse:Security/ds:Signature")
    assert made[0].get("method") == "rsa-sha256"
    references = {r.get("URI")[1:]: r.get("digest") for r in made[0]}
    ids = [one(request, f"{node}/@wsu:Id") for node in ("//soap:Body", "//wsu:Timestamp")]
    assert references == dict.fromkeys(ids, "sha256")
    assert one(made, f"ds:KeyInfo/{path}") is not None
    assert one(made, "ds:SignatureValue/text()") == "signed"
    assert one(request, "//wsse:Username/text()") == "machi01"


@pytest.mark.parametrize(
    "key", [SigningKey("canary", PEM), SigningKey(PEM, "canary"), SigningKey("鍵", PEM)]
)
def test_a_key_that_cannot_sign_is_told_when_the_adapter_is_opened(
    key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the first question; without a word of it."""
    monkeypatch.setattr(signature, "xmlsec", STAND_IN)
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        SecurityHeader(SoapSecurity(signing=key), lambda: dt.datetime.now(dt.UTC))
    assert "canary" not in repr(caught.value)
