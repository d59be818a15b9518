"""Every operation of the description, with whatever its schema allows and forbids, by every role.

No server error, and no answer that the description does not name: neither its status, nor its
media type, nor its shape.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.access import OWN_ACCESSES, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.tokens import Access, issue_token, new_token_id
from gateway.api.server import server_config
from gateway.app import create_app
from gateway.clock import SystemClock
from gateway.editions import open_dictionary
from gateway.keys import FileKeyStore
from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.store.migrate import upgrade
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from tests.gateway.access.consumers import CLIENT, EC, FOREIGN, TOWN, proof, public_jwks
from tests.size import size_of

PURPOSE = "jidoteate-ninteiseikyu"
ITEMS = (
    "001.juminkihonjoho.shimei",
    "001.juminkihonjoho.seinengappi",
    "001.juminkihonjoho.jusho_choaza",
    "027.jukyushikakujoho",
    OWN_ACCESSES,
)
load_all_checks()
DESCRIPTION = schemathesis.openapi.from_path(
    Path(__file__).parent.parent.parent / "docs" / "openapi.json"
)
CHECKS = (
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


class Role(StrEnum):
    """Who calls."""

    NOBODY = "nobody"
    CONSUMER = "consumer"
    EXPIRED = "with an expired token"
    THIEF = "with a token whose key somebody else holds"
    OTHER_TOWN = "of another town"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, with a consumer and one resident."""

    url: str
    keys: FileKeyStore
    handle: str

    def headers(self, role: Role, method: str, address: str) -> dict[str, str]:
        """Return what a caller of this role sends."""
        if role is Role.NOBODY:
            return {}
        town = "999998" if role is Role.OTHER_TOWN else TOWN
        now = dt.datetime.now(dt.UTC)
        token = issue_token(
            Access(CLIENT, town, PURPOSE, new_token_id(), EC.thumbprint()),
            self.keys.keys(),
            issuer=self.url,
            now=now - dt.timedelta(hours=1) if role is Role.EXPIRED else now,
            lifetime_s=300,
        )
        shown = proof(
            time.time(),
            key=FOREIGN if role is Role.THIEF else EC,
            htm=method,
            htu=address.partition("?")[0],
            ath=urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode(),
            nonce=self._nonce(),
        )
        return {"Authorization": f"DPoP {token}", "DPoP": shown}

    def _nonce(self) -> str | None:
        return _NONCES.get(self.url)


_NONCES: dict[str, str] = {}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Run a gateway over loopback, whose sources are not there."""
    folder = tmp_path_factory.mktemp("gateway")
    keys = FileKeyStore(folder / "keys")
    keys.create()
    app_settings = Settings(
        database_url=f"sqlite:///{folder / 'hitotsu.db'}",
        keys_dir=folder / "keys",
        adapters_file=folder / "adapters.yaml",
        certificates_dir=folder / "certificates",
        editions_dir=folder / "editions",
        log_level="error",
        # Everything is asked about one person; 429 is described, and would hide what is not.
        subject_quota=1_000_000,
    )
    handle = asyncio.run(_prepare(app_settings, keys))
    listener = uvicorn.Config("x", port=0, log_config=None).bind_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(app_settings.model_copy(update={"public_url": url}))
    server = uvicorn.Server(server_config(app, public_url=url, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive()
    try:
        yield Gateway(url, keys, handle)
    finally:
        server.should_exit = True
        thread.join(20)


async def _prepare(app_settings: Settings, keys: FileKeyStore) -> str:
    store = open_store(app_settings.database_url)
    clock = SystemClock()
    try:
        await upgrade(store)
        dictionary = open_dictionary(app_settings)
        first, second = (
            AccessRegistry(AccessStore(store), dictionary, clock=clock, actor=actor)
            for actor in ("first", "second")
        )
        await first.add_client(CLIENT, name="Online", contact="ict", jwks=public_jwks())
        await first.add_purpose(
            TOWN, PURPOSE, name_ja="児童手当", name_en="Allowance", legal_basis="法", organ="課"
        )
        row = await first.propose_grant(
            TOWN, CLIENT, PURPOSE, GrantTerms(items=ITEMS, valid_from=clock.now().date())
        )
        await second.approve_grant(TOWN, row.grant_id)
        subjects = SubjectService(SubjectStore(store), keys, clock=clock)
        link = LinkRow(2, (("resident", "R1"),), "staff-confirmed")
        await subjects.import_links(TOWN, [link], anchor="resident", actor="test")
        found = await subjects.find_by_number(TOWN, "resident", "R1")
        assert found is not None
        return subjects.handle_for(TOWN, CLIENT, found.subject_id)
    finally:
        await store.aclose()


HEALTH = list(HealthCheck)


@DESCRIPTION.parametrize()
@settings(
    max_examples=size_of(ordinary=6, nightly=60),
    deadline=None,
    phases=[Phase.explicit, Phase.generate][size_of(ordinary=1, nightly=0) :],
    suppress_health_check=HEALTH,
)
def test_a_consumer_finds_no_answer_that_is_not_described(
    case: schemathesis.Case, gateway: Gateway
) -> None:
    """500 never; whatever else comes is what the description says."""
    _call(case, gateway, Role.CONSUMER)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CONSUMER])
@DESCRIPTION.parametrize()
@settings(
    max_examples=size_of(ordinary=2, nightly=20),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=HEALTH,
)
def test_whoever_has_no_good_token_finds_neither_that_nor_anything_of_a_person(
    case: schemathesis.Case, gateway: Gateway, role: Role
) -> None:
    """Open pages apart, no answer but a refusal."""
    answer = _call(case, gateway, role)
    if answer.status_code >= 300 or not case.path.startswith("/v1/"):
        return
    own = {"/v1/explain", "/v1/events"} if role is Role.OTHER_TOWN else frozenset()
    assert case.path.startswith("/v1/catalogue") or case.path in own
    if case.path == "/v1/explain":
        assert answer.json()["verdict"] == "refused"
    if case.path == "/v1/events":
        assert answer.json()["events"] == []


def _call(case: schemathesis.Case, gateway: Gateway, role: Role) -> Any:
    """Send the case as ``role``, of the person who is there; check and return the answer."""
    body: Any = case.body
    if isinstance(body, dict) and isinstance(body.get("subject"), str):
        body["subject"] = gateway.handle
    address = f"{gateway.url}{case.formatted_path}"
    answer = case.call(base_url=gateway.url, headers=gateway.headers(role, case.method, address))
    if nonce := answer.headers.get("dpop-nonce"):
        _NONCES[gateway.url] = nonce[0]
    assert answer.status_code != 500
    case.validate_response(answer, checks=CHECKS)
    return answer
