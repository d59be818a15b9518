"""The linkage face of a gateway with scripted systems, and a registered system that calls it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.routes import token_router
from gateway.api.application import ApiOptions, build_api
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.keys import FileKeyStore
from gateway.linkage import LinkageRegistry, LinkageService, LinkageStore, NewSystem
from gateway.linkage.group_calls import GroupCalls
from gateway.linkage.number_calls import SCOPES, NumberCalls
from gateway.linkage.routes import LinkageRooms, linkage_router
from gateway.my_numbers import MyNumbers, MyNumberStore
from gateway.numbers import NumberService, NumberStore
from gateway.numbers.service import open_series
from gateway.questions.routes import question_router
from gateway.store.engine import Store
from gateway.store.tables import NumberSeriesRow
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import BLOCK, NAME, PURPOSE, TOWN, World, world

__all__ = ["world"]

PUBLIC = "http://127.0.0.1"
TOKEN_URL = f"{PUBLIC}/linkage/oauth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESIDENT = "001:app_submit/v10/juminkihonjoho:Read"
HOUSEHOLD = "001:app_submit/v10/setaiinjoho:Read"


@dataclass
class Face:
    """The face over HTTP, and what a test needs to call it."""

    http: httpx.AsyncClient
    world: World
    registry: LinkageRegistry
    numbers: NumberService
    system: NewSystem
    other: NewSystem
    app: Any
    service: LinkageService
    my_numbers: MyNumbers
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def assertion(self, system: NewSystem | None = None, **changes: Any) -> str:
        """Return a good assertion of the system with ``changes``; None takes a claim away."""
        who = system or self.system
        now = int(self.world.clock.now().timestamp())
        secret = changes.pop("secret", who.client_secret)
        claims = {
            "iss": who.client_id,
            "sub": who.client_id,
            "aud": TOKEN_URL,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "HS256"}, kept, OctKey.import_key(secret))

    async def ask_token(
        self, wanted: str, system: NewSystem | None = None, **form: Any
    ) -> httpx.Response:
        """Ask for a token."""
        fields = {
            "grant_type": "client_credentials",
            "scope": wanted,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(system),
        } | form
        return await self.http.post("/linkage/oauth/token", data=fields)

    async def token(self, scope: str, system: NewSystem | None = None) -> str:
        """Return a token that is good for ``scope``."""
        kept = (scope, (system or self.system).client_id)
        if kept not in self.tokens:
            self.tokens[kept] = (await self.ask_token(scope, system)).json()["access_token"]
        return self.tokens[kept]

    async def introspect(self, token: str, system: NewSystem | None = None) -> httpx.Response:
        """Ask what a token is good for."""
        fields = {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(system),
            "token": token,
        }
        return await self.http.post("/linkage/oauth/introspect", data=fields)

    async def call(
        self,
        scope: str,
        body: Any,
        *,
        system: NewSystem | None = None,
        token: str | None = None,
        query: str = "",
    ) -> httpx.Response:
        """Make the call of ``scope``."""
        business, name, _ = scope.split(":")
        bearer = token if token is not None else await self.token(scope, system)
        return await self.http.post(
            f"/linkage/{business}/{name}{query}",
            json=body,
            headers={"Authorization": f"Bearer {bearer}"},
        )

    def publish(self, address: str) -> None:
        """Say under which address the face is reached from now on."""
        self.service.token_url = f"{address}/linkage/oauth/token"

    async def open_series(self, first: int, last: int) -> None:
        """Let the town number with these serials."""
        row = NumberSeriesRow(
            municipality=TOWN,
            next_serial=first,
            last_serial=last,
            width=10,
            remainder_one="not-issued",
            numbering="resident",
        )
        entry = AuditEntry(TOWN, self.world.clock.now(), AuditKind.SETTINGS, "changed", "")
        await open_series(NumberStore(self.world.store), row, entry)


async def add_system(
    face_registry: LinkageRegistry, access: AccessRegistry, business: str, *, granted: bool = True
) -> NewSystem:
    """Register a system that may make every call, and grant it two items."""
    new = await face_registry.add(
        TOWN,
        name="児童手当システム",
        business=business,
        scopes=[*SCOPES.values(), RESIDENT, HOUSEHOLD],
        purpose=PURPOSE,
        numbering="resident",
    )
    if granted:
        row = await access.propose_grant(
            TOWN,
            new.client_id,
            PURPOSE,
            GrantTerms(
                items=[NAME, BLOCK, "001.setaiinjoho.setaiin_shimei"],
                valid_from=access._clock.now().date(),
                valid_to=None,
            ),
        )
        await approve(access, row.grant_id)
    return new


@pytest.fixture
async def face(
    world: World, keys: FileKeyStore, audit_log: AuditLog, my_number_store: Store
) -> AsyncIterator[Face]:
    """The face beside the gateway's own API, a series of numbers, two systems."""
    dictionary, store, clock = load_builtin(), world.store, world.clock
    rooms = world.questions._rooms
    access = AccessRegistry(AccessStore(store), dictionary, clock=clock, actor="test")
    linkage = LinkageStore(store)
    registry = LinkageRegistry(linkage, keys, dictionary, clock=clock, actor="test")
    system = await add_system(registry, access, "027")
    other = await add_system(registry, access, "010", granted=False)
    my_numbers = MyNumbers(MyNumberStore(my_number_store), keys, clock=clock)
    numbers = NumberService(
        NumberStore(store), world.subjects, audit_log, keys, my_numbers, clock=clock
    )
    parts = LinkageRooms(
        service=LinkageService(
            linkage,
            keys,
            audit_log,
            clock=clock,
            issuer=PUBLIC,
            token_lifetime_s=300,
            quotas=world.quotas,
        ),
        groups=GroupCalls(world.questions, rooms.access, world.subjects),
        numbers=NumberCalls(numbers, world.protection, audit_log, dictionary, clock=clock),
        dictionary=dictionary,
        networks=[ip_network("127.0.0.0/8")],
        public_url=PUBLIC,
        log=world.log,
    )
    app = build_api(
        ApiOptions(PUBLIC, "0.1.0"),
        routers=[
            linkage_router(parts),
            question_router(world.questions, rooms.access),
            token_router(rooms.access),
        ],
        log=world.log,
        metrics=world.metrics,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as http:
        served = Face(http, world, registry, numbers, system, other, app, parts.service, my_numbers)
        await served.open_series(900_000_000, 900_000_999)
        yield served


def registration(**changes: Any) -> Mapping[str, Any]:
    """Return a body of 付番 that is accepted, with ``changes``; None takes a parameter away."""
    body = {
        "shorikubun": "0",
        "shikuchosonkodo": TOWN,
        "shimei": "見本　太郎",
        "seibetsu": "1",
        "seinengappi": "1964-07-01",
        "jusho_choaza": "霞が関二丁目",
        "nayosemotofuragu": "0",
        "tagyomusanshofukafuragu": "0",
        "sosashaid": "123456",
        "sosanengappi": "2026-10-01",
        "sosajikoku": "09:00:00",
    } | changes
    return {name: value for name, value in body.items() if value is not None}
