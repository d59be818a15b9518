"""A story for every operation of the gateway: how a consumer calls it about one person.

Each is a way of success with the ways of failure that belong to it. What the answers must not
hold is looked for by whoever tells the stories.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import OctKey

from gateway.linkage import NewSystem
from gateway.linkage.number_calls import HISTORY, LOOK_UP, REGISTER
from tests.acceptance.heard import Client
from tests.acceptance.town_under_test import EXAMINER

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FULL: Final = str.maketrans("0123456789", "０１２３４５６７８９")
Operation = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the calls are about: number and handles, and what is known of them elsewhere."""

    name: str
    number: str
    handle: str
    strangers_handle: str
    facts: Mapping[str, str]
    address: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Who calls, about whom, with which items."""

    client: Client
    stranger: Client
    system: NewSystem
    person: Person
    items: tuple[str, ...]


Story = Callable[[Scene], Awaitable[None]]


def operations_of(routes: Iterable[Any]) -> Iterator[Operation]:
    """Return method and path of every operation of an application, hidden ones too."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from operations_of(route.original_router.routes)
        else:
            yield from ((method, route.path) for method in sorted(route.methods))


def _question(scene: Scene, **changes: Any) -> dict[str, Any]:
    body = {"subject": scene.person.handle, "purpose": EXAMINER, "items": list(scene.items)}
    return body | changes


async def questions(scene: Scene) -> None:
    person, send = scene.person, scene.client.send
    answered = await send("POST", "/v1/questions", _question(scene, receipt=True))
    assert answered.status_code == 200, answered.text
    groups = ["001.juminkihonjoho", "010.sofusakijoho"]
    few = [item for item in scene.items if item.startswith(tuple(f"{g}." for g in groups))]
    scene = replace(scene, items=tuple(few))
    for changes in (
        {"mode": "intersect"},
        {"max_age": 0},
        {"require": groups},
        {"prefer_stated": groups},
        {"items": [*scene.items, "001.juminkihonjoho.nothing"]},
        {"items": ["001.juminkihonjoho.kojimbango"]},
        {"items": ["001.shiensochijoho.moshidesha_shimei"]},
        {"relation": {"kind": "household"}},
        {"relation": {"kind": "household", "basis": "tax"}},
        {"as_of": "2026-06-01"},
        {"include": ["removed"]},
        {"subject": person.strangers_handle},
        {"purpose": "another"},
        {"subject": person.address},
    ):
        await send("POST", "/v1/questions", _question(scene, **changes))
    other = _question(scene, subject=person.strangers_handle)
    await scene.stranger.send("POST", "/v1/questions", other)


async def explain(scene: Scene) -> None:
    body = {"purpose": EXAMINER, "items": list(scene.items)}
    for changes in ({}, {"mode": "intersect"}, {"items": ["001.nothing"]}):
        await scene.client.send("POST", "/v1/explain", body | changes)


async def accesses(scene: Scene) -> None:
    for path in (scene.person.handle, f"{scene.person.handle}?limit=100&cursor=x", "unknown"):
        handle, _, query = path.partition("?")
        await scene.client.send("GET", f"/v1/subjects/{handle}/accesses?{query}")
    await scene.stranger.send("GET", f"/v1/subjects/{scene.person.strangers_handle}/accesses")


async def match(scene: Scene) -> None:
    for facts in (scene.person.facts, {**scene.person.facts, "jusho": "見本町1番1号"}):
        await scene.client.send("POST", "/v1/subjects/match", facts)
    await scene.client.send("POST", "/v1/subjects/match", {"jusho": scene.person.address})


async def match_number(scene: Scene) -> None:
    for number in ("123456789018", "1234 5678 9018", scene.person.number):
        await scene.client.send("POST", "/v1/subjects/match-number", {"kojinbango": number})


async def representations(scene: Scene) -> None:
    for sender in (scene.client, scene.stranger):
        await sender.send("GET", "/v1/representations")


async def events(scene: Scene) -> None:
    answer = await scene.client.send("GET", "/v1/events?limit=500")
    assert answer.status_code == 200
    await scene.client.send("GET", f"/v1/events?cursor={'0' * 32}")
    for event in answer.json()["events"]:
        await scene.client.send("POST", f"/v1/events/{event['event_id']}/acknowledge")
    await scene.client.send("POST", f"/v1/events/{scene.person.handle}/acknowledge")


async def flags(scene: Scene) -> None:
    flag = {"number": scene.person.number, "state": "in-force"}
    body = {"sequence": scene.person.sequence, "numbering": "resident", "flags": [flag]}
    assert (await scene.client.send("POST", "/v1/protection/flags", body)).status_code == 200
    again = {**body, "flags": [{**flag, "state": "ended"}]}
    await scene.client.send("POST", "/v1/protection/flags", again)
    await scene.client.send("POST", "/v1/protection/flags", {**body, "numbering": "unknown"})


async def deliveries(scene: Scene) -> None:
    body = {
        "delivery_id": f"kofu-{scene.person.name}",
        "numbering": "resident",
        "number": scene.person.number,
        "kind": "johyo",
        "delivered_on": "2026-10-01",
        "copies": 1,
        "requester": "third-party",
    }
    for changes in ({}, {"requester": "professional"}, {"copies": 0}, {"jusho": "x"}):
        await scene.client.send("POST", "/v1/notices/deliveries", body | changes)


async def receipts(scene: Scene) -> None:
    block = "001.juminkihonjoho.jusho_choaza"
    asked = _question(scene, receipt=True, items=[block])
    answered = await scene.client.send("POST", "/v1/questions", asked)
    body = {
        "subject": scene.person.handle,
        "purpose": EXAMINER,
        "receipt": answered.json()["receipt"],
        "items": [{"item": block, "value": scene.person.address}],
    }
    for changes in ({}, {"receipt": "x.y.z"}, {"subject": scene.person.strangers_handle}):
        await scene.client.send("POST", "/v1/receipts/verify", body | changes)


async def submissions(scene: Scene) -> None:
    """The person states the address; nothing says it again, not even to who had stated it."""
    now = dt.datetime.now(dt.UTC).isoformat()
    mail = "010.sofusakijoho.sofusaki_choaza"
    body = {
        "subject": scene.person.handle,
        "purpose": EXAMINER,
        "items": [{"item": mail, "value": scene.person.address.translate(FULL)}],
        "consent": {"text": "once", "given_at": now, "purposes": []},
        "strength": "logged-in",
    }
    await scene.client.send("POST", "/v1/submissions", body)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    kept = await scene.client.send("POST", "/v1/submissions", body, **key)
    assert kept.status_code == 201, kept.text
    preferring = _question(scene, items=[mail], prefer_stated=["010.sofusakijoho"])
    await scene.client.send("POST", "/v1/questions", preferring)
    for submission_id in ("0" * 32, kept.json()["submission_id"]):
        withdrawal = {"subject": scene.person.handle, "submission_id": submission_id}
        await scene.client.send("POST", "/v1/submissions/withdraw", withdrawal)


async def consents(scene: Scene) -> None:
    given = {
        "subject": scene.person.handle,
        "purpose": EXAMINER,
        "items": ["001.juminkihonjoho.jusho_choaza"],
        "text": "v1",
        "given_at": dt.datetime.now(dt.UTC).isoformat(),
    }
    await scene.client.send("POST", "/v1/consents", given)
    taken_back = {"subject": scene.person.handle, "consent_id": "0" * 32}
    await scene.client.send("POST", "/v1/consents/withdraw", taken_back)


async def evidence(scene: Scene) -> None:
    group = "001.juminkihonjoho."
    wanted = _question(scene, items=[item for item in scene.items if item.startswith(group)])
    shown = await scene.client.send("POST", "/v1/evidence/previews", wanted)
    assert shown.status_code == 200, shown.text
    release = {**wanted, "preview": shown.json()["preview"]}
    released = await scene.client.send("POST", "/v1/evidence", release)
    assert released.status_code == 201, released.text
    await scene.client.send("POST", "/v1/evidence", {**release, "preview": "x"})
    for evidence_id in (released.json()["evidence_id"], "0" * 32):
        body = {"subject": scene.person.handle, "evidence_id": evidence_id}
        await scene.client.send("POST", "/v1/evidence/revoke", body)


async def tokens(scene: Scene) -> None:
    form = {"grant_type": "client_credentials", "client_id": scene.person.handle}
    await scene.client.bare("POST", "/oauth/token", data=form)
    await scene.client.bare("POST", "/oauth/revoke", data={"token": "x"})


async def linkage(scene: Scene) -> None:
    who = {"shikuchosonkodo": "999997", "atenabango": scene.person.number}
    wanted = [
        ("001", "app_submit/v10/juminkihonjoho", who),
        ("010", "app_submit/v10/sofusakijoho", who),
        ("031", LOOK_UP, who),
        ("031", HISTORY, who),
        ("031", REGISTER, {**who, "shimei": scene.person.facts.get("shimei", "")}),
    ]
    for business, call, body in wanted:
        kind = "Create" if call == REGISTER else "Read"
        scope = f"{business}:{call}:{kind}"
        answer = await scene.client.bare(
            "POST", "/linkage/oauth/token", data=_linkage_form(scene, scope)
        )
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        path = f"/linkage/{business}/{call}"
        await scene.client.bare("POST", path, json=body, headers=bearer)
        await scene.client.bare("POST", path, json={"atenabango": "x"}, headers=bearer)
        form = {"token": answer.json()["access_token"]}
        await scene.client.bare("POST", "/linkage/oauth/introspect", data=form)


def _linkage_form(scene: Scene, scope: str) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": scene.system.client_id,
        "sub": scene.system.client_id,
        "aud": f"{scene.client.asker.url}/linkage/oauth/token",
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    key = OctKey.import_key(scene.system.client_secret)
    return {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "HS256"}, claims, key),
    }


def _open(path: str) -> Story:
    """Return the story of what anybody may read, and of a path with the person's number in it."""

    async def story(scene: Scene) -> None:
        filled = path.format(group="001.juminkihonjoho", slug="ask-office", year=2026)
        await scene.client.bare("GET", filled)
        await scene.client.bare("GET", f"{filled}/{scene.person.handle}")

    return story


OPEN: Final = (
    "/v1/catalogue",
    "/v1/catalogue/{group}",
    "/oauth/jwks",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwt-vc-issuer",
    "/evidence/status/{year}",
    "/evidence/verify",
    "/linkage/openapi.json",
    "/console/adapters",
    "/health",
    "/ready",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/{slug}",
)
STORIES: Final[Mapping[Operation, Story]] = {
    ("POST", "/v1/questions"): questions,
    ("POST", "/v1/explain"): explain,
    ("GET", "/v1/subjects/{handle}/accesses"): accesses,
    ("POST", "/v1/subjects/match"): match,
    ("POST", "/v1/subjects/match-number"): match_number,
    ("GET", "/v1/representations"): representations,
    ("GET", "/v1/events"): events,
    ("POST", "/v1/events/{event_id}/acknowledge"): events,
    ("POST", "/v1/protection/flags"): flags,
    ("POST", "/v1/notices/deliveries"): deliveries,
    ("POST", "/v1/receipts/verify"): receipts,
    ("POST", "/v1/submissions"): submissions,
    ("POST", "/v1/submissions/withdraw"): submissions,
    ("POST", "/v1/consents"): consents,
    ("POST", "/v1/consents/withdraw"): consents,
    ("POST", "/v1/evidence/previews"): evidence,
    ("POST", "/v1/evidence"): evidence,
    ("POST", "/v1/evidence/revoke"): evidence,
    ("POST", "/oauth/token"): tokens,
    ("POST", "/oauth/revoke"): tokens,
    ("POST", "/linkage/oauth/token"): linkage,
    ("POST", "/linkage/oauth/introspect"): linkage,
    ("POST", "/linkage/{business}/app_submit/v10/{name}"): linkage,
    **{("GET", path): _open(path) for path in OPEN},
}
ASSETS: Final = "/assets/"
"""Style sheets and scripts of the package: files, the same whoever asks."""


def of_a_person(stories: Iterable[Story]) -> list[Story]:
    """Return the stories that differ from one person to another."""
    openly = {STORIES["GET", path] for path in OPEN}
    return [story for story in dict.fromkeys(stories) if story not in openly]


async def fail_every_way(scene: Scene) -> None:
    """Call every operation that takes a body without a token, with none, with a broken one."""
    values = {"handle": scene.person.handle, "event_id": scene.person.handle}
    for method, template in STORIES:
        if method == "POST":
            path = template.format(**values, business="001", name="juminkihonjoho")
            for body in ({"json": _question(scene)}, {"content": b"{"}):
                await scene.client.bare(method, path, **body)
            await scene.client.send(method, path, {"subject": scene.person.handle, "x": 1})
            await scene.stranger.send(method, path, _question(scene))
