"""The gateway under load: its database, its consumers, and requests with tokens and proofs."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from benchmarks.online.adapters import GROUPS
from examples.online_service.gateway_client import GatewayClient, Registration
from examples.town.demo.gateway import ACTOR, MUNICIPALITY, register
from gateway.access.registration import is_my_number, is_person_number, tells_of_protection
from gateway.access.tokens import Access, issue_token, new_token_id
from gateway.clock import SystemClock
from gateway.keys import FileKeyStore
from gateway.routes.service import RouteService
from gateway.routes.store import RouteStore
from gateway.store.engine import open_store
from gateway.store.migrate import upgrade
from gateway.subjects.links import LinkRow
from gateway.subjects.service import SubjectService
from gateway.subjects.store import SubjectStore
from standard_models.builtin import load_builtin

CLIENT = "benchmark"
PERSONS = 2_000
TOKEN_S = 600


def number_of(position: int) -> str:
    """Return the number of a person in every system."""
    return f"{1_000_000_000 + position:010d}"


class Gateway:
    """One installation, with a consumer whose proofs can be made ahead."""

    def __init__(self, folder: Path, database_url: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.keys = FileKeyStore(folder / "keys")
        self._folder = folder
        self._database_url = database_url
        self._key = ECKey.generate_key("P-256")
        self._handles: list[str] = []
        self._items = tuple(
            f"{ref}.{item.field_name}"
            for ref in GROUPS.values()
            for item in [
                i
                for i in load_builtin().groups[ref].items
                if not (is_my_number(i) or is_person_number(i) or tells_of_protection(i))
            ][::2]
        )

    @property
    def items(self) -> tuple[str, ...]:
        """Return what each question asks for."""
        return self._items

    def client(self, http: httpx.AsyncClient) -> GatewayClient:
        """Return a consumer that gets its tokens from the gateway itself."""
        place = Registration(self.url, CLIENT, MUNICIPALITY, CLIENT)
        key = ECKey.import_key({**self._key.as_dict(private=True), "kid": "1"})
        return GatewayClient(place, key, http)

    def person(self, position: int) -> str:
        """Return the handle of a person."""
        return self._handles[position % PERSONS]

    async def prepare(self, systems: Mapping[str, int]) -> None:
        """Make database, keys, persons, grant and routes; ``systems`` are their ports."""
        entries = [
            {
                "adapter": f"benchmark-{system}",
                "municipality": MUNICIPALITY,
                "settings": {"base_url": f"http://127.0.0.1:{port}"},
            }
            for system, port in systems.items()
        ]
        self._adapters_file.write_text(yaml.safe_dump({"adapters": entries}))
        self.keys.create()
        store = open_store(self._database_url)
        try:
            await upgrade(store)
            jwks = {"keys": [{**self._key.as_dict(private=False), "kid": "1"}]}
            await register(store, load_builtin(), CLIENT, jwks, CLIENT, self._items)
            routes = RouteService(RouteStore(store), SystemClock())
            for system, group in GROUPS.items():
                await routes.set(MUNICIPALITY, group, f"benchmark-{system}", changed_by=ACTOR)
            subjects = SubjectService(SubjectStore(store), self.keys, clock=SystemClock())
            rows = [
                LinkRow(p + 2, tuple((s, number_of(p)) for s in GROUPS), "staff-confirmed")
                for p in range(PERSONS)
            ]
            await subjects.import_links(MUNICIPALITY, rows, anchor="resident", actor=ACTOR)
            known = await subjects.numbers_in(MUNICIPALITY, "resident")
            self._handles = [subjects.handle_for(MUNICIPALITY, CLIENT, s) for s, _ in known]
        finally:
            await store.aclose()

    def environment(self) -> dict[str, str]:
        """Return the settings of the process."""
        return {
            "HITOTSU_DATABASE_URL": self._database_url,
            "HITOTSU_PUBLIC_URL": self.url,
            "HITOTSU_KEYS_DIR": str(self._folder / "keys"),
            "HITOTSU_ADAPTERS_FILE": str(self._adapters_file),
            "HITOTSU_QUESTIONS_AT_ONCE": "512",
            # One consumer asks as much as a nation would.
            "HITOTSU_CONSUMER_QUOTA": "10000000",
            "HITOTSU_SUBJECT_QUOTA": "10000000",
        }

    def requests(
        self,
        count: int,
        port: int,
        *,
        receipt: bool,
        tokens: int,
        first: int = 0,
        ahead_s: float = 0.0,
        group: str = "",
    ) -> list[bytes]:
        """Return questions with good proofs: ``count`` of them under so many new tokens.

        They ask for the items of all groups or of ``group``, about one person after the other, from
        the ``first`` on. Proofs are good for one call each, and for a minute before and after their
        time, which is ``ahead_s`` from now.
        """
        any_token = self._token()
        refused = httpx.post(
            f"http://127.0.0.1:{port}/v1/questions",
            headers={"Authorization": f"DPoP {any_token}", "DPoP": self._proof(any_token, None)},
            trust_env=False,
            timeout=60,
        )
        nonce = refused.headers["DPoP-Nonce"]
        made = [self._token() for _ in range(tokens)]
        return [
            self._request(
                self._handles[(first + n) % PERSONS],
                made[n % tokens],
                self._proof(made[n % tokens], nonce, ahead_s),
                items=[item for item in self._items if item.startswith(group)],
                receipt=receipt,
            )
            for n in range(count)
        ]

    def _request(
        self, handle: str, token: str, proof: str, *, items: Sequence[str], receipt: bool
    ) -> bytes:
        question = {
            "subject": handle,
            "purpose": CLIENT,
            "items": items,
            "receipt": receipt,
        }
        body = json.dumps(question).encode()
        head = (
            f"POST /v1/questions HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
            f"authorization: DPoP {token}\r\ndpop: {proof}\r\n"
            "content-type: application/json\r\naccept: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _token(self) -> str:
        access = Access(CLIENT, MUNICIPALITY, CLIENT, new_token_id(), self._key.thumbprint())
        return issue_token(
            access,
            self.keys.keys(),
            issuer=self.url,
            now=dt.datetime.now(dt.UTC),
            lifetime_s=TOKEN_S,
        )

    def _proof(self, token: str, nonce: str | None, ahead_s: float = 0.0) -> str:
        public = self._key.as_dict(private=False)
        jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
        claims = {
            "jti": secrets.token_hex(16),
            "htm": "POST",
            "htu": f"{self.url}/v1/questions",
            "iat": int(time.time() + ahead_s),
            "ath": _encoded(hashlib.sha256(token.encode()).digest()),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        signed = f"{_encoded(_json(head))}.{_encoded(_json(claims))}"
        # Straight to the library below: thousands are made for every round.
        private = self._key.private_key
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32) + s.to_bytes(32))}"

    @property
    def _adapters_file(self) -> Path:
        return self._folder / "adapters.yaml"


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
