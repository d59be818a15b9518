"""API1, API3 and API5: handles of others, more than what is asked for, rights of others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx

from tests.gateway.questions.conftest import CLIENT, NAME, TAX, TOWN
from tests.redteam.siege import OTHER_CLIENT, OTHER_TOWN, Siege

UNGRANTED = "001.juminkihonjoho.shimei_furigana"
HEADERS = {"Idempotency-Key": "story-of-a-burglar"}


def said(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem without what is of the one call alone."""
    return {n: v for n, v in answer.json().items() if n not in {"instance", "trace_id"}}


async def test_the_bodies_of_these_stories_are_those_of_the_description(siege: Siege) -> None:
    """API9: whoever adds an operation with a body must add it here."""
    app_paths = (await siege.http.get("/openapi.json")).json()["paths"]
    with_body = {
        (method.upper(), path)
        for path, operations in app_paths.items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert siege.bodies("h").keys() == with_body


async def test_ones_own_handle_opens_what_anothers_must_not(siege: Siege) -> None:
    """The control of the stories below: the same bodies with a good handle are answered."""
    answers = {
        path: (await siege.call(method, path, body, headers=HEADERS)).status_code
        for (method, path), body in siege.bodies(siege.handle()).items()
        if path not in {"/v1/subjects/match", "/v1/evidence"}
    }
    assert answers == {
        "/v1/questions": 200,
        "/v1/explain": 200,
        "/v1/receipts/verify": 200,
        "/v1/submissions": 201,
        "/v1/submissions/withdraw": 404,
        "/v1/consents": 201,
        "/v1/consents/withdraw": 404,
        "/v1/evidence/previews": 200,
        "/v1/evidence/revoke": 404,
    }


async def test_no_operation_takes_the_handle_of_somebody_else(siege: Siege) -> None:
    """API1: another consumer's, another town's, a forged one, a number: one answer for all."""
    own = siege.handle()
    stolen = {
        "other consumer": siege.handle("ordinary", OTHER_CLIENT),
        "other consumer, protected": siege.handle("protected", OTHER_CLIENT),
        "other town": siege.handle("ordinary", CLIENT, OTHER_TOWN),
        "forged": own[:-2] + ("A" if own[-2] != "A" else "B") + own[-1],
        "number": "R1",
        "made up": "h1-" + "A" * 43,
        "other version": "h2" + own[2:],
        "wildcard": "*",
        "path": "../" + own,
        "several": f"{own},{siege.handle('newcomer')}",
    }
    before = {name: len(system.requests) for name, system in siege.world.systems.items()}
    for method, path in siege.bodies("h"):
        refusals = []
        for name, handle in stolen.items():
            body = siege.bodies(handle)[method, path]
            if "subject" not in body or path == "/v1/evidence":
                continue
            answer = await siege.call(method, path, body, headers=HEADERS)
            assert answer.status_code == 404, (path, name)
            refusals.append(said(answer))
        assert all(refusal == refusals[0] for refusal in refusals), path
    assert {n: len(s.requests) for n, s in siege.world.systems.items()} == before


async def test_nobody_reads_anothers_list_of_accesses(siege: Siege) -> None:
    """API1: the list of one person through the handle of another consumer, or a path."""
    for handle in (
        siege.handle("ordinary", OTHER_CLIENT),
        siege.handle("ordinary", CLIENT, OTHER_TOWN),
        "R1",
        "%2e%2e%2fhealth",
        "*",
    ):
        answer = await siege.call("GET", f"/v1/subjects/{handle}/accesses")
        assert answer.status_code in {401, 404}, handle
        assert "accesses" not in answer.json()


async def test_one_consumer_does_not_take_back_what_another_has_got(siege: Siege) -> None:
    """API1: submission, consent and statement of one consumer by the other, by their true ids."""
    bodies = siege.bodies(siege.handle())
    kept = (
        await siege.call("POST", "/v1/submissions", bodies["POST", "/v1/submissions"],
                         headers=HEADERS)
    ).json()  # fmt: skip
    consent = (await siege.call("POST", "/v1/consents", bodies["POST", "/v1/consents"])).json()
    wanted = bodies["POST", "/v1/evidence/previews"]
    preview = (await siege.call("POST", "/v1/evidence/previews", wanted)).json()["preview"]
    issued = (await siege.call("POST", "/v1/evidence", wanted | {"preview": preview})).json()
    thief = siege.handle("ordinary", OTHER_CLIENT)
    for path, of in (
        ("/v1/submissions/withdraw", {"submission_id": kept["submission_id"]}),
        ("/v1/consents/withdraw", {"consent_id": consent["consent_id"]}),
        ("/v1/evidence/revoke", {"evidence_id": issued["evidence_id"]}),
    ):
        tried = await siege.call("POST", path, {"subject": thief, **of}, client=OTHER_CLIENT)
        assert tried.status_code == 404, path
        own = await siege.call("POST", path, {"subject": siege.handle("newcomer"), **of})
        assert own.status_code == 404, path
        good = await siege.call("POST", path, {"subject": siege.handle(), **of})
        assert good.status_code == 200, path


async def test_a_preview_releases_nothing_for_anybody_else(siege: Siege) -> None:
    """API1 and RC-4: of another consumer, of another person, or for other items."""
    wanted = siege.bodies(siege.handle())["POST", "/v1/evidence/previews"]
    preview = (await siege.call("POST", "/v1/evidence/previews", wanted)).json()["preview"]
    thief = wanted | {"subject": siege.handle("ordinary", OTHER_CLIENT), "preview": preview}
    answer = await siege.call("POST", "/v1/evidence", thief, client=OTHER_CLIENT)
    assert answer.json()["type"].endswith("preview-invalid")
    for changes in ({"subject": siege.handle("newcomer")}, {"items": [NAME, TAX]}):
        tried = await siege.call("POST", "/v1/evidence", wanted | {"preview": preview} | changes)
        assert tried.status_code == 409, changes
        assert "evidence" not in tried.json()


def with_unknown_members(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield the body with one member more, at every place where there is an object."""
    if isinstance(body, dict):
        yield "", {**body, "is_admin": True}
        for name, inner in body.items():
            for place, changed in with_unknown_members(inner):
                yield f"/{name}{place}", {**body, name: changed}
    if isinstance(body, list):
        for number, inner in enumerate(body):
            for place, changed in with_unknown_members(inner):
                yield f"/{number}{place}", [*body[:number], changed, *body[number + 1 :]]


async def test_a_member_that_nobody_knows_is_refused_wherever_it_stands(siege: Siege) -> None:
    """API3: 422 for each object of each body, by its place, and nothing is done."""
    tried = 0
    before = {name: len(system.requests) for name, system in siege.world.systems.items()}
    for (method, path), body in siege.bodies(siege.handle()).items():
        for place, changed in with_unknown_members(body):
            answer = await siege.call(method, path, changed, headers=HEADERS)
            assert answer.status_code == 422, (path, place)
            assert place + "/" in "".join(e["pointer"] + "/" for e in answer.json()["errors"])
            tried += 1
    assert tried >= 14
    assert {n: len(s.requests) for n, s in siege.world.systems.items()} == before


SPELLINGS = (
    ["*"],
    ["001.*"],
    ["001.juminkihonjoho.*"],
    ["001.juminkihonjoho"],
    ["001.juminkihonjoho.shimei/../seibetsu"],
    ["001.juminkihonjoho.%73eibetsu"],
    ["001.juminkihonjoho.SHIMEI"],
    ["001.juminkihonjoho.shimei "],
    [UNGRANTED],
    [NAME, UNGRANTED],
    ["001.setaiinjoho.shimei"],
)
NO_TEXT = [NAME + "\u0000"]
"""What no database of ours can hold is no text at all."""


async def test_no_spelling_of_an_item_opens_more_than_was_granted(siege: Siege) -> None:
    """API3, PL-2, PL-6: wildcards, groups, paths, cases; refused before any system is asked."""
    for items in SPELLINGS:
        body = siege.bodies(siege.handle())["POST", "/v1/questions"] | {"items": items}
        answer = await siege.call("POST", "/v1/questions", body)
        assert answer.status_code in {403, 422}, items
    body = siege.bodies(siege.handle())["POST", "/v1/questions"] | {"items": NO_TEXT}
    assert (await siege.call("POST", "/v1/questions", body)).status_code == 400
    assert all(not system.requests for system in siege.world.systems.values())


async def test_intersect_gives_nothing_that_the_grant_does_not_allow(siege: Siege) -> None:
    """PL-4: it is asked for and not allowed, so it is refused, not served in part."""
    body = siege.bodies(siege.handle())["POST", "/v1/questions"]
    body |= {"items": [NAME, UNGRANTED], "mode": "intersect"}
    answer = await siege.call("POST", "/v1/questions", body)
    assert answer.status_code == 403
    assert all(not system.requests for system in siege.world.systems.values())


async def test_a_token_of_one_town_opens_nothing_in_another(siege: Siege) -> None:
    """API5 and AT-5: neither by a handle of the other town nor by one that means the same person.

    The same 宛名番号 in both towns is two people.
    """
    for town, other in itertools.permutations((TOWN, OTHER_TOWN)):
        body = siege.bodies(siege.handle("ordinary", CLIENT, other))["POST", "/v1/questions"]
        answer = await siege.call("POST", "/v1/questions", body, town=town)
        assert answer.status_code == 404


async def test_the_purpose_of_a_token_cannot_be_exchanged_for_another(siege: Siege) -> None:
    """AT-5: what the token is bound to counts, not what the body says."""
    body = siege.bodies(siege.handle())["POST", "/v1/questions"] | {"purpose": "other"}
    answer = await siege.call("POST", "/v1/questions", body)
    assert answer.status_code == 403
    assert all(not system.requests for system in siege.world.systems.values())
