"""Receipts over HTTP: what came back is compared with what was delivered."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.keys import FileKeyStore
from gateway.receipts.canonical import canonical_value
from gateway.receipts.digests import Digester, iter_digests
from standard_models.dictionary import DataType
from tests.doubles import stands_in
from tests.gateway.questions.conftest import (
    BLOCK,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    TOWN,
    World,
)
from tests.gateway.questions.scripted import failing, holding, knowing_nobody
from tests.gateway.receipts.over_http import served

ITEMS = [NAME, BLOCK, TAX, STATE]


async def answer_of(http: httpx.AsyncClient, world: World, **changes: Any) -> dict[str, Any]:
    """Ask and return the answer."""
    handle = world.handles[changes.pop("who", "ordinary")]
    body = {"subject": handle, "purpose": PURPOSE, "items": ITEMS, **changes}
    response = await http.post("/v1/questions", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def returned(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every item of an answer as a form hands it back."""
    for part in answer["parts"]:
        for place, record in enumerate(part["records"] or [part["absences"]]):
            for name, held in record.items():
                kept = {k: held[k] for k in ("value", "absent", "uncertain") if k in held}
                yield {"item": f"{part['group']}.{name}", "record": place, **kept}


async def verify(
    http: httpx.AsyncClient,
    world: World,
    answer: dict[str, Any],
    items: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Verify ``items``, everything delivered by default; return the verdicts."""
    body = {
        "receipt": answer["receipt"],
        "subject": world.handles["ordinary"],
        "items": list(returned(answer)) if items is None else items,
        **changes,
    }
    response = await http.post("/v1/receipts/verify", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    """Return the verdict of each item by its field."""
    return {i["item"].rpartition(".")[2]: i["verdict"] for i in found["items"]}


async def test_values_that_come_back_as_they_were_are_unchanged(
    http: httpx.AsyncClient, world: World
) -> None:
    """RC-1: with where each had come from."""
    answer = await answer_of(http, world)
    found = await verify(http, world, answer)
    assert found["receipt"] == "genuine"
    assert found["outcome"] == "unchanged"
    assert found["question_id"] == answer["question_id"]
    assert set(verdicts(found).values()) == {"unchanged"}
    assert found["items"][0] == {
        "item": NAME,
        "record": 0,
        "verdict": "unchanged",
        "source": "scripted-resident",
        "as_of": "2026-10-01T09:15:00+09:00",
        "edition": "provisional-2026",
    }


async def test_another_notation_is_unchanged(http: httpx.AsyncClient, world: World) -> None:
    """RC-2: over the wire too."""
    answer = await answer_of(http, world)
    items = [{"item": NAME, "value": "見本 花子"}, {"item": TAX, "value": "150,000円"}]
    found = verdicts(await verify(http, world, answer, items))
    assert found["shimei"] == found["nenzeigaku"] == "unchanged"


async def test_edited_dropped_added_and_swapped_items_are_told_apart(
    http: httpx.AsyncClient, world: World
) -> None:
    """RC-1: each by its place."""
    answer = await answer_of(http, world)
    items = [
        {"item": NAME, "value": "みどり一丁目"},
        {"item": BLOCK, "value": "見本　花子"},
        {"item": TAX, "value": 150001},
        {"item": TAX, "record": 1, "value": 150000},
        {"item": "001.juminkihonjoho.seibetsu", "value": "1"},
        {"item": "no.such.item", "value": "1"},
    ]
    found = await verify(http, world, answer, items)
    assert [(i["item"], i["record"], i["verdict"]) for i in found["items"]] == [
        (NAME, 0, "edited"),
        (BLOCK, 0, "edited"),
        (TAX, 0, "edited"),
        (TAX, 1, "never-issued"),
        ("001.juminkihonjoho.seibetsu", 0, "never-issued"),
        ("no.such.item", 0, "never-issued"),
        (STATE, 0, "missing"),
    ]
    assert found["outcome"] == "changed"


async def test_an_item_named_twice_counts_once(http: httpx.AsyncClient, world: World) -> None:
    """RC-1: the second may not hide behind the first."""
    answer = await answer_of(http, world, items=[NAME])
    items = [{"item": NAME, "value": "見本　花子"}, {"item": NAME, "value": "別人"}]
    found = await verify(http, world, answer, items)
    assert [i["verdict"] for i in found["items"]] == ["unchanged", "never-issued"]


async def test_an_absence_is_signed_with_its_reason(http: httpx.AsyncClient, world: World) -> None:
    """RC-5: nothing recorded, not reachable, not asked and a value cannot be exchanged."""
    world.systems["tax"].script = knowing_nobody()
    answer = await answer_of(http, world, items=[NAME, TAX])
    for stated, verdict in (
        ({"item": TAX, "absent": "not-recorded"}, "unchanged"),
        ({"item": TAX, "absent": "unavailable"}, "edited"),
        ({"item": TAX, "absent": "ask-office"}, "edited"),
        ({"item": TAX, "value": "not-recorded"}, "edited"),
        ({"item": TAX, "value": 0}, "edited"),
        ({"item": STATE, "absent": "not-recorded"}, "never-issued"),
    ):
        found = await verify(http, world, answer, [stated])
        assert found["items"][0]["verdict"] == verdict, stated


async def test_a_failed_system_is_signed_as_such(http: httpx.AsyncClient, world: World) -> None:
    """RC-5: nobody can make "down" into "nothing recorded"."""
    from adapters.errors import Unavailable

    world.systems["tax"].script = failing(Unavailable("down"))
    answer = await answer_of(http, world, items=[NAME, TAX])
    found = await verify(http, world, answer, [{"item": TAX, "absent": "not-recorded"}])
    assert verdicts(found)["nenzeigaku"] == "edited"


async def test_a_receipt_speaks_for_one_person_alone(http: httpx.AsyncClient, world: World) -> None:
    """RC-1: also when both have the same values."""
    answer = await answer_of(http, world)
    found = await verify(http, world, answer, subject=world.handles["newcomer"])
    assert found["receipt"] == "other-subject"
    assert set(verdicts(found).values()) == {"never-issued"}


async def test_a_receipt_speaks_for_one_consumer_and_purpose_alone(world: World) -> None:
    """RC-1: neither can be borrowed."""
    subject = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert subject is not None
    theirs = world.subjects.handle_for(TOWN, "elsewhere", subject.subject_id)
    async with served(world) as http:
        answer = await answer_of(http, world)
    async with served(world, client="elsewhere") as http:
        found = await verify(http, world, answer, subject=theirs)
    assert found["receipt"] == "other-consumer"
    async with served(world, purpose="other") as http:
        found = await verify(http, world, answer)
    assert found["receipt"] == "other-purpose"
    assert set(verdicts(found).values()) == {"never-issued"}


async def test_every_altered_byte_is_noticed(http: httpx.AsyncClient, world: World) -> None:
    """RC-1: one bit in every character of the receipt, header and signature included."""
    answer = await answer_of(http, world, items=[NAME])
    receipt = answer["receipt"]
    receipts = world.questions._rooms.receipts
    from gateway.receipts.tokens import read_receipt

    keys = receipts._keys.keys()
    assert read_receipt(receipt, keys, "https://gateway.test") is not None
    for place in range(len(receipt)):
        altered = receipt[:place] + chr(ord(receipt[place]) ^ 1) + receipt[place + 1 :]
        found = read_receipt(altered, keys, "https://gateway.test")
        # The last character of base64url has bits that say nothing.
        same_bytes = [_raw(part) for part in altered.split(".")] == [
            _raw(part) for part in receipt.split(".")
        ]
        assert found is None or same_bytes, place
    for nothing in ("", "a.b.c", "…", receipt[:-10], f"{receipt}.x"):
        assert read_receipt(nothing, keys, "https://gateway.test") is None
    found_over_http = await verify(
        http, world, {**answer, "receipt": receipt[:-8] + "AAAAAAAA"}, [{"item": NAME, "value": ""}]
    )
    assert found_over_http["receipt"] == "not-genuine"


def _raw(part: str) -> bytes | None:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None


async def test_nobody_else_can_write_a_receipt(http: httpx.AsyncClient, world: World) -> None:
    """RC-1: an access token, another key, no algorithm and a shared secret are no signature."""
    from joserfc import jws
    from joserfc.jwk import ECKey, OctKey

    answer = await answer_of(http, world, items=[NAME])
    head, payload, _ = answer["receipt"].split(".")
    header = json.loads(_raw(head) or b"")
    content = _raw(payload) or b""
    public = world.questions._rooms.receipts._keys.keys().evidence_jwks()
    stranger = ECKey.generate_key("P-256")
    shared = OctKey.import_key(json.dumps(public["keys"][0]).encode())
    forged = [
        jws.serialize_compact(header, content, stranger, algorithms=["ES256"]),
        jws.serialize_compact({**header, "alg": "HS256"}, content, shared, algorithms=["HS256"]),
        urlsafe_b64encode(json.dumps({**header, "alg": "none"}).encode()).decode().rstrip("=")
        + f".{payload}.",
        jws.serialize_compact(
            {**header, "typ": "at+jwt"},
            content,
            world.questions._rooms.receipts._keys.keys().evidence_key.jwk,
            algorithms=["ES256"],
        ),
    ]
    for receipt in forged:
        found = await verify(http, world, {**answer, "receipt": receipt}, list(returned(answer)))
        assert found["receipt"] == "not-genuine"
        assert set(verdicts(found).values()) == {"never-issued"}


async def test_a_receipt_holds_no_value_and_allows_no_guessing(
    http: httpx.AsyncClient, world: World
) -> None:
    """RC-3: every birth date of 120 years and both sexes are tried in vain."""
    world.systems["resident"].script = holding(shimei="見本　花子", jusho_choaza="2")
    answer = await answer_of(http, world, items=[NAME, BLOCK])
    content = (_raw(answer["receipt"].split(".")[1]) or b"").decode()
    assert "見本" not in content
    assert not stands_in("R1", content)
    issued = {digest for _, _, digest in iter_digests(json.loads(content)["parts"][0])}
    receipt_id = answer["question_id"]
    # All that a holder of the receipt knows: its id, and how digests are made.
    guesses = [canonical_value(DataType.HALF_WIDTH, str(n)) for n in range(10)]
    for secret in (b"", receipt_id.encode(), b"\x00" * 32):
        digester = Digester(secret, receipt_id)
        tried = {digester.digest(BLOCK, 0, guess) for guess in guesses}
        tried |= {
            digester.digest(BLOCK, 0, f"V{year}-{month:02}-{day:02}")
            for year in range(1906, 2027, 10)
            for month in range(1, 13)
            for day in range(1, 29)
        }
        assert not tried & issued


async def test_equal_values_have_different_digests(http: httpx.AsyncClient, world: World) -> None:
    """RC-3: in two items, and in two answers."""
    world.systems["resident"].script = holding(shimei="同じ", jusho_choaza="同じ")
    seen = set()
    for _ in range(2):
        answer = await answer_of(http, world, items=[NAME, BLOCK])
        (part,) = json.loads(_raw(answer["receipt"].split(".")[1]) or b"")["parts"]
        seen |= {digest for _, _, digest in iter_digests(part)}
    assert len(seen) == 4


async def test_values_grow_stale(http: httpx.AsyncClient, world: World) -> None:
    """RC-1: by what the caller allows, and at last by the life of the receipt."""
    answer = await answer_of(http, world, items=[NAME])
    edited = [{"item": NAME, "value": "別人"}]
    age = 45 * 60
    assert verdicts(await verify(http, world, answer, max_age=age))["shimei"] == "unchanged"
    assert verdicts(await verify(http, world, answer, max_age=age - 1))["shimei"] == "stale"
    world.clock.advance(seconds=86_399)
    assert verdicts(await verify(http, world, answer))["shimei"] == "unchanged"
    world.clock.advance(seconds=1)
    assert verdicts(await verify(http, world, answer))["shimei"] == "stale"
    assert verdicts(await verify(http, world, answer, edited))["shimei"] == "edited"


async def test_keys_are_renewed_and_revoked(
    http: httpx.AsyncClient, world: World, keys: FileKeyStore
) -> None:
    """AT-7: what a retired key signed stays good; what a revoked one signed is worth nothing."""
    answer = await answer_of(http, world)
    kid = keys.keys().evidence_key.kid
    keys.rotate_evidence(world.clock.now())
    keys.rotate_sealing()
    assert (await verify(http, world, answer))["outcome"] == "unchanged"
    newer = await answer_of(http, world)
    keys.revoke_evidence(kid, world.clock.now())
    assert (await verify(http, world, answer))["receipt"] == "not-genuine"
    assert (await verify(http, world, newer))["outcome"] == "unchanged"


async def test_a_renewed_handle_is_still_the_same_person(
    http: httpx.AsyncClient, world: World, keys: FileKeyStore
) -> None:
    """RC-1: the person counts."""
    import datetime as dt

    answer = await answer_of(http, world)
    keys.rotate_handles(world.clock.now() + dt.timedelta(days=1))
    subject = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert subject is not None
    handle = world.subjects.handle_for(TOWN, "online-service", subject.subject_id)
    assert handle != world.handles["ordinary"]
    assert (await verify(http, world, answer, subject=handle))["outcome"] == "unchanged"


async def test_who_needs_no_receipt_says_so(http: httpx.AsyncClient, world: World) -> None:
    """The question decides."""
    assert (await answer_of(http, world, receipt=False))["receipt"] is None


async def test_verifications_are_recorded_without_values(
    http: httpx.AsyncClient, world: World
) -> None:
    """AU-1: who, of whom, which items, with what outcome; refusals too."""
    answer = await answer_of(http, world, items=[NAME])
    found = await verify(http, world, answer, [{"item": NAME, "value": "秘密の値"}])
    body = {"receipt": answer["receipt"], "subject": "nobody", "items": [{"item": NAME}]}
    assert (await http.post("/v1/receipts/verify", json=body)).status_code == 422
    body["items"] = [{"item": NAME, "value": "秘密の値"}]
    assert (await http.post("/v1/receipts/verify", json=body)).status_code == 404
    question, verified, malformed, unknown = await world.audit()
    assert verified["audit_id"] == found["verification_id"]
    assert verified["function"] == "receipt-verify"
    assert verified["outcome"] == "changed"
    assert verified["items_asked"] == question["items_asked"]
    assert verified["subject_key"] == question["subject_key"]
    assert (malformed["problem"], unknown["problem"]) == ("invalid-body", "unknown-subject")
    assert "秘密" not in repr(await world.audit()) + world.log.text


@pytest.mark.parametrize(
    "item",
    [
        {"item": NAME},
        {"item": NAME, "value": "a", "absent": "not-recorded"},
        {"item": NAME, "value": ["a"]},
        {"item": NAME, "absent": "no-such-reason"},
        {"item": NAME, "value": "a", "record": -1},
        {"item": NAME, "value": "a" * 9_000},
        {"item": NAME, "value": "a", "extra": 1},
    ],
)
async def test_what_is_no_item_is_refused_by_its_place(
    http: httpx.AsyncClient, world: World, item: dict[str, Any]
) -> None:
    """A typed problem, before anything is compared."""
    body = {"receipt": "x", "subject": world.handles["ordinary"], "items": [item]}
    response = await http.post("/v1/receipts/verify", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/items/0")
