"""A gateway with everything that a consumer can call, on a loopback port, and who besieges it.

Three scripted systems; everything else is real: tokens, proofs, rights, rooms, HTTP. Two
consumers with the same rights in one town, and one of them in another town as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from gateway.access import OWN_ACCESSES, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.access.registration import MATCH_SUBJECTS
from gateway.api.application import ApiOptions, build_api
from gateway.api.proxies import Proxies
from gateway.api.server import server_config
from gateway.app import tell_of_outages
from gateway.keys import FileKeyStore
from gateway.subjects import LinkRow
from tests.gateway.access.consumers import EC, ED, Key, proof, public_jwks, sign
from tests.gateway.questions.conftest import BLOCK, CLIENT, MAIL, NAME, PURPOSE, TAX, TOWN, World
from tests.redteam.siege_rooms import ISSUER, routers_of

OTHER_CLIENT = "other-service"
OTHER_TOWN = "999998"
BY_CONSENT = "001.juminkihonjoho.seibetsu"
ITEMS = (NAME, BLOCK, TAX, MAIL, MATCH_SUBJECTS, OWN_ACCESSES)
KEYS: Mapping[str, Key] = {CLIENT: EC, OTHER_CLIENT: ED}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Siege:
    """What attackers have: an address, and each its own key."""

    world: World
    http: httpx.AsyncClient
    handles: Mapping[tuple[str, str, str], str]
    nonce: str | None = None
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """Return the gateway's time."""
        return self.world.clock.now().timestamp()

    def handle(self, who: str = "ordinary", client: str = CLIENT, town: str = TOWN) -> str:
        """Return the handle that a consumer has of a named person."""
        return self.handles[town, client, who]

    def assertion(self, client: str = CLIENT, **changes: Any) -> str:
        """Return a good assertion of the consumer, with ``changes``."""
        header = {"alg": "ES256" if client == CLIENT else "EdDSA", "kid": "k"}
        header |= changes.pop("header", {})
        claims = {
            "iss": client,
            "sub": client,
            "aud": ISSUER,
            "iat": int(self.now),
            "exp": int(self.now) + 60,
            "jti": secrets.token_hex(8),
        } | changes
        return sign(claims, key=KEYS[client], header=header)

    async def ask_token(
        self, client: str = CLIENT, town: str = TOWN, assertion: str | None = None, **form: str
    ) -> httpx.Response:
        """Ask for a token as the consumer does."""
        detail = {"type": "hitotsu_purpose", "municipality": town, "purpose": PURPOSE}
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(client),
            "authorization_details": json.dumps([detail]),
        } | form
        shown = proof(self.now, key=KEYS[client], htu=f"{ISSUER}/oauth/token")
        return await self.http.post("/oauth/token", data=fields, headers={"DPoP": shown})

    async def token(self, client: str = CLIENT, town: str = TOWN) -> str:
        """Return a token of the consumer for the town."""
        if (client, town) not in self.tokens:
            answer = await self.ask_token(client, town)
            assert answer.status_code == 200, answer.text
            self.tokens[client, town] = answer.json()["access_token"]
        return self.tokens[client, town]

    def proof_for(self, method: str, path: str, token: str, key: Key, **changes: Any) -> str:
        """Return a good proof of a call, with ``changes``."""
        digest = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        claims = {"htm": method, "htu": ISSUER + path, "ath": digest, "nonce": self.nonce}
        return proof(self.now, key=key, **{**claims, **changes})

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        client: str = CLIENT,
        town: str = TOWN,
        headers: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> httpx.Response:
        """Make a call with a good token and proof; ``changes`` are of the proof."""
        token = await self.token(client, town)
        plain = path.partition("?")[0]
        for _ in range(2):
            shown = self.proof_for(method, plain, token, KEYS[client], **changes)
            sent = {"Authorization": f"DPoP {token}", "DPoP": shown, **(headers or {})}
            answer = await self.http.request(method, path, json=body, headers=sent)
            self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
            if not answer.is_client_error or "use_dpop_nonce" not in answer.text:
                break
        return answer

    def bodies(self, subject: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Return a good body for every operation that takes one, of the person ``subject``."""
        about = {"subject": subject, "purpose": PURPOSE}
        day = "2026-10-01T09:59:00+09:00"
        statement = about | {"items": [NAME], "statement": "record"}
        return {
            ("POST", "/v1/questions"): about | {"items": [NAME, TAX]},
            ("POST", "/v1/explain"): {"purpose": PURPOSE, "items": [NAME]},
            ("POST", "/v1/subjects/match"): {
                "shimei": "見本　花子",
                "seinengappi": "1990-04-01",
                "jusho": "見本県見本市みどり一丁目２番３号",
            },
            ("POST", "/v1/receipts/verify"): {
                "receipt": "x.y.z",
                "subject": subject,
                "items": [{"item": NAME, "value": "見本　花子"}],
            },
            ("POST", "/v1/submissions"): about
            | {
                "items": [{"item": MAIL, "value": "みどり一丁目"}],
                "consent": {"text": "v1", "given_at": day},
            },
            ("POST", "/v1/submissions/withdraw"): {"subject": subject, "submission_id": "0" * 32},
            ("POST", "/v1/consents"): about | {"items": [BY_CONSENT], "text": "1", "given_at": day},
            ("POST", "/v1/consents/withdraw"): {"subject": subject, "consent_id": "0" * 32},
            ("POST", "/v1/evidence/previews"): statement,
            ("POST", "/v1/evidence"): statement | {"preview": "x.y.z"},
            ("POST", "/v1/evidence/revoke"): {"subject": subject, "evidence_id": "0" * 32},
        }


async def register(world: World) -> None:
    """Register both consumers with their keys, and what each may ask where."""
    dictionary = world.questions._rooms.dictionary
    first, second = (
        AccessRegistry(AccessStore(world.store), dictionary, clock=world.clock, actor=actor)
        for actor in ("first", "second")
    )
    await first.rotate_keys(CLIENT, add=public_jwks(k=EC))
    await first.add_client(OTHER_CLIENT, name="別", contact="課", jwks=public_jwks(k=ED))
    await first.add_purpose(
        OTHER_TOWN,
        PURPOSE,
        name_ja="児童手当",
        name_en="Child allowance",
        legal_basis="法",
        organ="市長",
        bases=Bases(tax="法28条"),
    )
    today = world.clock.now().date()
    for town, client in ((TOWN, CLIENT), (TOWN, OTHER_CLIENT), (OTHER_TOWN, CLIENT)):
        for terms in (
            GrantTerms(items=ITEMS, valid_from=today),
            GrantTerms(items=[BY_CONSENT], valid_from=today, consent=True),
        ):
            row = await first.propose_grant(town, client, PURPOSE, terms)
            await second.approve_grant(town, row.grant_id)


async def people(world: World) -> dict[tuple[str, str, str], str]:
    """Return the handles of the town's people and of one of another town, for each consumer."""
    elsewhere = LinkRow(2, (("resident", "R1"),), "my-number-match")
    await world.subjects.import_links(OTHER_TOWN, [elsewhere], anchor="resident", actor="test")
    handles = {}
    named = ((TOWN, "ordinary", "R1"), (TOWN, "protected", "R2"), (TOWN, "newcomer", "R3"))
    for town, who, number in (*named, (OTHER_TOWN, "ordinary", "R1")):
        subject = await world.subjects.find_by_number(town, "resident", number)
        assert subject is not None
        for client in KEYS:
            handle = world.subjects.handle_for(town, client, subject.subject_id)
            handles[town, client, who] = handle
    return handles


@asynccontextmanager
async def besieged(
    world: World, keys: FileKeyStore, proxies: Proxies | None = None
) -> AsyncIterator[Siege]:
    """Serve the gateway on a free loopback port while the block runs."""
    await register(world)
    handles = await people(world)
    app = build_api(
        ApiOptions(ISSUER, "0.1.0", proxies=proxies or Proxies()),
        routers=routers_of(world, keys),
        log=world.log,
        metrics=world.metrics,
    )
    tell_of_outages(app, world.log)
    config = server_config(app, public_url=ISSUER, port=0, log_config=None, lifespan="off")
    listener = config.bind_socket()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            yield Siege(world, http, handles)
    finally:
        server.should_exit = True
        await serving
