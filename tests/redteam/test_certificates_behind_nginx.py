"""AT-2: TLS ends at a real nginx, which hands the client's certificate on (RFC 8705)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.access import AccessRegistry, AccessStore
from gateway.api.proxies import Proxies
from gateway.keys import FileKeyStore
from tests.gateway.access.certificates import certificate
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World
from tests.nginx import PROXY, Ending, in_front_of, write
from tests.redteam.siege import Siege, besieged

pytestmark = pytest.mark.nginx

ALWAYS = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
DAYS = 36_500


@dataclass
class Behind:
    """The gateway behind nginx, and clients with certificates: the consumer's own two, a foreign.

    ``direct`` reaches the gateway past nginx.
    """

    siege: Siege
    ending: Ending
    direct: httpx.AsyncClient
    folder: Path

    def client(self, name: str | None) -> httpx.AsyncClient:
        """Return a client that shows the certificate of this name."""
        files = () if name is None else (self.folder / f"{name}.pem", self.folder / f"{name}.key")
        context = self.ending.context(*files)
        return httpx.AsyncClient(base_url=self.ending.url, verify=context, trust_env=False)

    def header(self, name: str) -> str:
        """Return what nginx would write of a certificate, as anybody can who has seen it."""
        return quote((self.folder / f"{name}.pem").read_text())

    async def token(self, http: httpx.AsyncClient, **headers: str) -> httpx.Response:
        """Ask for a token with nothing but the certificate of the connection."""
        detail = {"type": "hitotsu_purpose", "municipality": TOWN, "purpose": PURPOSE}
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "authorization_details": json.dumps([detail]),
        }
        return await http.post("/oauth/token", data=form, headers=headers)

    async def ask(self, http: httpx.AsyncClient, token: str, **headers: str) -> httpx.Response:
        """Ask a question with the token."""
        body = self.siege.bodies(self.siege.handle())["POST", "/v1/questions"]
        sent = {"Authorization": f"Bearer {token}", **headers}
        return await http.post("/v1/questions", json=body, headers=sent)


def server_certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return what nginx shows."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nginx")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ALWAYS)
        .not_valid_after(ALWAYS + dt.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return made, key


@pytest.fixture
async def behind(world: World, keys: FileKeyStore, tmp_path: Path) -> AsyncIterator[Behind]:
    """nginx at 127.0.0.2 is the only proxy that the gateway believes."""
    registry = AccessRegistry(
        AccessStore(world.store),
        world.questions._rooms.dictionary,
        clock=world.clock,
        actor="test",
    )
    write(tmp_path, "server", *server_certificate())
    for name in ("own", "second", "foreign"):
        key = ec.generate_private_key(ec.SECP256R1())
        made = certificate(ALWAYS, days=DAYS, key=key)
        write(tmp_path, name, made, key)
        if name != "foreign":
            await registry.add_certificate(CLIENT, (tmp_path / f"{name}.pem").read_bytes())
    async with besieged(world, keys, Proxies.of([PROXY])) as siege:
        with in_front_of(str(siege.http.base_url), tmp_path) as ending:
            yield Behind(siege, ending, siege.http, tmp_path)


async def test_a_bound_token_works_through_nginx_and_with_no_other_certificate(
    behind: Behind,
) -> None:
    """AT-2: stolen, it is 401 with another good certificate, a foreign one, and with none."""
    async with behind.client("own") as own:
        issued = await behind.token(own)
        assert issued.status_code == 200, issued.text
        assert issued.json()["token_type"] == "Bearer"
        token = issued.json()["access_token"]
        assert (await behind.ask(own, token)).json()["outcome"] == "complete"
    for thief in ("second", "foreign", None):
        async with behind.client(thief) as http:
            answer = await behind.ask(http, token)
            assert answer.status_code == 401, thief
            assert answer.json()["type"].endswith("/token-invalid")


async def test_a_header_from_outside_does_not_get_past_nginx(behind: Behind) -> None:
    """Forged beside a foreign certificate or none: nginx writes its own over it."""
    async with behind.client("own") as own:
        token = (await behind.token(own)).json()["access_token"]
    forged: dict[str, Any] = {"Client-Cert": behind.header("own")}
    for thief in ("foreign", None):
        async with behind.client(thief) as http:
            assert (await behind.ask(http, token, **forged)).status_code == 401
            assert (await behind.token(http, **forged)).status_code in {400, 401}
            spelled = {"client_cert": behind.header("own"), "X-Client-Cert": behind.header("own")}
            assert (await behind.ask(http, token, **spelled)).status_code == 401


async def test_a_header_that_comes_past_nginx_is_nobodys_word(behind: Behind) -> None:
    """Whoever reaches the gateway itself is no proxy, whatever addresses it claims."""
    async with behind.client("own") as own:
        token = (await behind.token(own)).json()["access_token"]
    for claimed in ({}, {"X-Forwarded-For": PROXY}, {"Forwarded": f"for={PROXY}"}):
        forged = {"Client-Cert": behind.header("own"), **claimed}
        assert (await behind.ask(behind.direct, token, **forged)).status_code == 401
        assert (await behind.token(behind.direct, **forged)).status_code in {400, 401}


async def test_no_certificate_but_a_registered_one_gives_a_token_through_nginx(
    behind: Behind,
) -> None:
    """A foreign one with the same names in it is not the one that was registered."""
    for name in ("foreign", None):
        async with behind.client(name) as http:
            assert (await behind.token(http)).status_code in {400, 401}, name
