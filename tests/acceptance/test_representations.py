"""A parent asks for a child at home, an offender does not: over real HTTP, in the demo town."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from examples.online_service.gateway_client import GatewayClient, Registration
from examples.town.demo.gateway import MUNICIPALITY, client_key, handle_of, register
from gateway.access import AccessRegistry, AccessStore, Relation
from gateway.access.grants import GrantTerms
from gateway.access.login_registry import LoginProviderRegistry
from gateway.audit import AuditQuery, AuditStore
from gateway.clock import TOKYO, SystemClock
from gateway.keys import FileKeyStore
from gateway.representations import (
    RepresentationRegistry,
    RepresentationStore,
    RepresentationTerms,
)
from gateway.store.engine import Store, open_store
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from gateway.subjects.logins import login_number
from standard_models.builtin import load_builtin
from tests.acceptance.town_under_test import Examiner, Town
from tests.gateway.access.consumers import approve

pytestmark = pytest.mark.town

PORTAL = "family-portal"
"""Client and purpose of a service for families."""
PROVIDER = "https://login.example.jp"
NAME = "001.juminkihonjoho.shimei"
BLOCK = "001.juminkihonjoho.jusho_choaza"
INCOME = "010.kazeikihonjoho.gokeishotokukingaku"


class LoggedIn(GatewayClient):
    """The portal while a citizen is there: its token is for that citizen (RFC 8693)."""

    def __init__(self, registration: Registration, key: ECKey, http: Any, citizen: str) -> None:
        super().__init__(registration, key, http)
        self._citizen = citizen
        self.handle = ""

    async def _current_token(self) -> str:
        if self._token:
            return self._token
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "subject_token": self._login(),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._assertion(),
            "authorization_details": json.dumps(
                [
                    {
                        "type": "hitotsu_purpose",
                        "municipality": self._registration.municipality,
                        "purpose": self._registration.purpose,
                    }
                ]
            ),
        }
        headers = {"DPoP": self._proof("/oauth/token")}
        answer = await self._post("/oauth/token", data=form, headers=headers)
        assert answer.status_code == 200, answer.text
        self._token, self.handle = answer.json()["access_token"], answer.json()["handle"]
        return self._token

    def _login(self) -> str:
        now = int(time.time())
        claims = {
            "iss": PROVIDER,
            "sub": self._citizen,
            "aud": self._registration.gateway_url,
            "azp": self._registration.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "acr": "card",
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode({"alg": "ES256", "kid": "login"}, claims, self._key)


@dataclass
class Portal:
    """The portal, its keys, and the gateway's store behind it."""

    town: Town
    key: ECKey
    store: Store
    subjects: SubjectService
    ids: dict[str, str]
    handles: dict[str, str]

    async def represents(self, who: str, of: str, kind: str, **terms: Any) -> None:
        """Let two officers register that somebody acts for another."""
        store, clock = RepresentationStore(self.store), SystemClock()
        first, second = (
            RepresentationRegistry(store, load_builtin(), clock=clock, actor=actor)
            for actor in ("first", "second")
        )
        named = RepresentationTerms(kind=kind, document="令和8年第12号", **terms)
        row = await first.propose(MUNICIPALITY, self.ids[of], self.ids[who], named)
        await second.approve(MUNICIPALITY, row.representation_id)

    @asynccontextmanager
    async def visited_by(self, who: str) -> AsyncIterator[Examiner]:
        """Let somebody log in; yield the portal as it asks then."""
        registration = Registration(self.town.gateway_url, PORTAL, MUNICIPALITY, PORTAL)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            client = LoggedIn(registration, self.key, http, f"citizen-{who}")
            yield Examiner(client, (), self.handles, self.town.gateway_url)


@asynccontextmanager
async def portal(town: Town, people: dict[str, str], folder: Path) -> AsyncIterator[Portal]:
    """Register the portal, its grants, a provider of logins, and whose logins they are."""
    key = client_key(folder / "portal.json")
    public = {**key.as_dict(private=False)}
    store = open_store(f"sqlite+aiosqlite:///{town.folder / 'gateway/hitotsu.db'}")
    clock, dictionary = SystemClock(), load_builtin()
    subjects = SubjectService(
        SubjectStore(store), FileKeyStore(town.folder / "gateway/keys"), clock=clock
    )
    try:
        items = [NAME, BLOCK, INCOME]
        await register(store, dictionary, PORTAL, {"keys": [public]}, PORTAL, items)
        registry = AccessRegistry(AccessStore(store), dictionary, clock=clock, actor="test")
        today = clock.now().astimezone(TOKYO).date()
        terms = GrantTerms(
            items=items, valid_from=today, login_level=2, relation=Relation.REPRESENTED
        )
        await approve(registry, (await registry.propose_grant(*_of(terms))).grant_id)
        providers = LoginProviderRegistry(AccessStore(store), dictionary, clock=clock, actor="test")
        keys = {"keys": [{**public, "kid": "login"}]}
        await providers.add(MUNICIPALITY, PROVIDER, name="n", jwks=keys, levels={"card": 3})
        links = [_link(who, number) for who, number in people.items()]
        await subjects.import_links(
            MUNICIPALITY, links, anchor="resident", actor="test", only_known=True
        )
        ids, handles = {}, {}
        for who, number in people.items():
            found = await subjects.find_by_number(MUNICIPALITY, "resident", number)
            assert found is not None
            ids[who] = found.subject_id
            handles[who] = await handle_of(subjects, PORTAL, number)
        yield Portal(town, key, store, subjects, ids, handles)
    finally:
        await store.aclose()


def _of(terms: GrantTerms) -> tuple[str, str, str, GrantTerms]:
    return MUNICIPALITY, PORTAL, PORTAL, terms


def _link(who: str, number: str) -> LinkRow:
    login = login_number(PROVIDER, f"citizen-{who}")
    return LinkRow(2, (("resident", number), login), "staff-confirmed")


def _question(handle: str, items: Sequence[str] = (NAME, BLOCK, INCOME)) -> dict[str, Any]:
    return {"subject": handle, "purpose": PORTAL, "items": list(items)}


def _problem(response: httpx.Response) -> dict[str, Any]:
    said = response.json()
    return {k: v for k, v in said.items() if k not in {"trace_id", "instance"}}


async def test_a_protected_mother_acts_for_her_child_and_the_man_they_left_does_not(
    town: Town, tmp_path: Path
) -> None:
    """DV-12, DV-18, AT-6: EX holds parental proxy for CHILD; denied while the measure names EX.

    The measure is that of the resident system. Both parents are registered alike; EX may act for
    somebody else, so that it is the measure alone that speaks.
    """
    named = town.people()
    people = {who: named[who]["resident"] for who in ("victim", "child", "ex")}
    people |= {"ward": named["two_children"]["resident"]}
    async with portal(town, people, tmp_path) as family:
        for parent in ("victim", "ex"):
            await family.represents(parent, "child", "parent", birth=dt.date(2018, 2, 17))
        tomorrow = dt.datetime.now(TOKYO).date() + dt.timedelta(days=1)
        await family.represents("ex", "ward", "mandate", purposes=[PORTAL], valid_to=tomorrow)
        async with family.visited_by("victim") as at_home:
            listed = await at_home.call("GET", "/v1/representations")
            (told,) = listed["representations"]
            assert (told["subject"], told["kind"]) == (family.handles["child"], "parent")
            answer = await at_home.call("POST", "/v1/questions", _question(told["subject"]))
            (record,) = answer["parts"][0]["records"]
            assert record["shimei"]["value"]
            # Of the protected family no address is shown at home, the own neither (DV-18).
            assert record["jusho_choaza"]["absent"] == "ask-office"
            own = await at_home.call(
                "POST", "/v1/questions", _question(family.handles["victim"], [BLOCK])
            )
            assert own["parts"][0]["records"][0]["jusho_choaza"]["absent"] == "ask-office"
        async with family.visited_by("ex") as elsewhere:
            listed = await elsewhere.call("GET", "/v1/representations")
            assert [one["subject"] for one in listed["representations"]] == [family.handles["ward"]]
            ward = _question(family.handles["ward"], [NAME])
            assert (await elsewhere.response("POST", "/v1/questions", ward)).status_code == 200
            refused = [
                await elsewhere.response("POST", "/v1/questions", _question(handle))
                for handle in (
                    family.handles["child"],
                    family.handles["victim"],
                    "h1-" + "A" * 43,
                )
            ]
            own_list = await elsewhere.response(
                "GET", f"/v1/subjects/{family.handles['child']}/accesses"
            )
        assert [response.status_code for response in refused] == [403, 403, 403]
        assert _problem(refused[0]) == _problem(refused[1]) == _problem(refused[2])
        assert refused[0].json()["type"].endswith("/login-other-subject")
        assert own_list.status_code == 403
        await _recorded(family)


async def _recorded(family: Portal) -> None:
    """Whoever reads the audit record sees in whose place was asked, and who was refused."""
    rows = await AuditStore(family.store).list(AuditQuery(MUNICIPALITY, client_id=PORTAL))
    entries = [json.loads(row.entry) for row in rows]
    asked = [e for e in entries if e["function"] == "question"]
    assert [e["representation"]["kind"] for e in asked if "representation" in e] == [
        "mandate",
        "parent",
    ]
    refused = [e for e in asked if e["outcome"] == "refused"]
    assert {e["problem"] for e in refused} == {"login-other-subject"}
    for secret in family.ids.values():
        assert secret not in json.dumps(entries)
