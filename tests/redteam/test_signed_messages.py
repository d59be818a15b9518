"""AT-7: what is high at stake is signed, byte for byte, in both directions."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import httpx
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256

from gateway.access import AccessRegistry, AccessStore
from gateway.api.message_signatures import OF_REQUESTS, REQUEST_TAG, Signed
from gateway.audit import NO_MUNICIPALITY, AuditKind, AuditQuery, AuditStore
from gateway.evidence.messages import verify_message
from gateway.evidence.sd_jwt import Finding
from gateway.keys import FileKeyStore
from tests.gateway.access.consumers import EC, FOREIGN
from tests.gateway.questions.conftest import CLIENT
from tests.redteam.siege import Siege
from tests.redteam.siege_rooms import ISSUER

WRITES = {
    "/v1/evidence",
    "/v1/evidence/revoke",
    "/v1/submissions",
    "/v1/submissions/withdraw",
    "/v1/consents",
    "/v1/consents/withdraw",
}


async def signed_call(
    siege: Siege,
    path: str,
    body: dict[str, Any],
    *,
    key: Any = EC,
    covered: tuple[str, ...] = (*OF_REQUESTS[:-1], "dpop"),
    late: dt.timedelta = dt.timedelta(),
    **changes: Any,
) -> httpx.Response:
    """Send a signed write; ``changes`` are made to the request after it was signed."""
    token = await siege.token()
    if siege.nonce is None:
        await siege.call("GET", "/v1/events")
    request = siege.http.build_request(
        "POST",
        ISSUER + path,
        json=body,
        headers={
            "Authorization": f"DPoP {token}",
            "DPoP": siege.proof_for("POST", path, token, EC),
            "Idempotency-Key": changes.pop("idempotency_key", "signed-write"),
        },
    )
    resolver = MappingKeyResolver(public_keys={}, private_keys={"k": key.get_op_key("sign")})
    signer = HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=resolver)
    signer.sign(
        request,
        key_id="k",
        created=siege.world.clock.now() - late,
        tag=REQUEST_TAG,
        covered_component_ids=(*covered, "idempotency-key"),
        body=request.content,
    )
    headers = {**request.headers, **changes.pop("headers", {})}
    headers.pop("host")
    headers.pop("content-length")
    content = changes.pop("content", request.content)
    answer = await siege.http.post(changes.pop("to", path), content=content, headers=headers)
    siege.nonce = answer.headers.get("DPoP-Nonce", siege.nonce)
    return answer


async def require(siege: Siege, *, required: bool = True) -> None:
    """Have the consumer's writes signed from now on."""
    dictionary = siege.world.questions._rooms.dictionary
    store = AccessStore(siege.world.store)
    registry = AccessRegistry(store, dictionary, clock=siege.world.clock, actor="test")
    await registry.require_signatures(CLIENT, required=required)


async def test_an_unsigned_write_is_refused_where_signatures_are_required(siege: Siege) -> None:
    """401 and what to sign, for each write and before anything is done; reads go on."""
    await require(siege)
    for (method, path), body in siege.bodies(siege.handle()).items():
        answer = await siege.call(method, path, body, headers={"Idempotency-Key": "unsigned-1"})
        if path in WRITES:
            assert answer.status_code == 401, path
            assert answer.json()["type"].endswith("/signature-invalid")
            assert '"content-digest"' in answer.headers["accept-signature"]
        else:
            assert answer.status_code != 401, path
    query = AuditQuery(municipality=NO_MUNICIPALITY, kind=AuditKind.AUTHENTICATION)
    rows = await AuditStore(siege.world.store).list(query)
    refused = [row for row in rows if json.loads(row.entry)["problem"] == "signature-invalid"]
    assert [row.client_id for row in refused] == [CLIENT] * len(WRITES)


async def test_a_signed_write_is_done_and_a_change_on_its_way_is_not(siege: Siege) -> None:
    """Body, address, covered headers, key, age: each alone is refused and nothing is kept."""
    await require(siege)
    body = siege.bodies(siege.handle())["POST", "/v1/submissions"]
    good = await signed_call(siege, "/v1/submissions", body)
    assert good.status_code == 201, good.text
    altered = good.request.content.replace("みどり".encode(), "あおば".encode())
    assert altered != good.request.content
    token, consents = await siege.token(), "/v1/consents"
    for changes in (
        {"content": altered},
        {"to": consents, "headers": {"dpop": siege.proof_for("POST", consents, token, EC)}},
        {"headers": {"idempotency-key": "another-key"}},
        {"headers": {"dpop": siege.proof_for("POST", "/v1/submissions", token, EC)}},
        {"headers": {"content-type": "application/json; charset=utf-8"}},
        {"headers": {"signature": "hitotsu=:AAAA:"}},
        {"headers": {"signature-input": "x"}},
        {"key": FOREIGN},
        {"late": dt.timedelta(seconds=61)},
        {"covered": OF_REQUESTS[:-1]},
        {"covered": ("@method", "authorization", "dpop", "content-type")},
    ):
        answer = await signed_call(
            siege, "/v1/submissions", body, idempotency_key="spoilt-write", **changes
        )
        assert answer.status_code == 401, changes
        assert answer.json()["type"].endswith("/signature-invalid"), changes


async def test_a_wrong_signature_is_refused_though_none_is_required(siege: Siege) -> None:
    """Whoever signs means it; unsigned writes are taken again when the officer says so."""
    body = siege.bodies(siege.handle())["POST", "/v1/submissions"]
    answer = await signed_call(siege, "/v1/submissions", body, key=FOREIGN)
    assert answer.status_code == 401
    await require(siege)
    await require(siege, required=False)
    unsigned = await siege.call(
        "POST", "/v1/submissions", body, headers={"Idempotency-Key": "unsigned-2"}
    )
    assert unsigned.status_code == 201


def kept(answer: httpx.Response) -> bytes:
    """Return an answer as ``curl --include`` writes it."""
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.multi_items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.content


async def test_every_answer_about_evidence_is_signed_and_verifies_a_year_later(
    siege: Siege, keys: FileKeyStore
) -> None:
    """With the keys that were kept, also after they retired; not after they were revoked."""
    wanted = siege.bodies(siege.handle())["POST", "/v1/evidence/previews"]
    preview = await siege.call("POST", "/v1/evidence/previews", wanted)
    released = wanted | {"preview": preview.json()["preview"]}
    release = await siege.call("POST", "/v1/evidence", released)
    taken_back = {
        "subject": siege.handle(),
        "evidence_id": release.json()["evidence_id"],
    }
    revoked = await siege.call("POST", "/v1/evidence/revoke", taken_back)
    first = keys.keys().evidence_key.kid
    now = siege.world.clock.now()
    keys.rotate_evidence(now)
    published = (await siege.http.get("/.well-known/jwt-vc-issuer")).json()["jwks"]
    later = now + dt.timedelta(days=366)
    for answer in (preview, release, revoked):
        assert answer.status_code < 300
        signed = verify_message(kept(answer), published, later)
        assert isinstance(signed, Signed)
        assert signed.kid == first
    text = kept(release)
    assert verify_message(text[:-2] + b"x}", published, later) is Finding.SIGNATURE_BROKEN
    status = text.replace(b"201 Created", b"200 OK")
    assert verify_message(status, published, later) is Finding.SIGNATURE_BROKEN
    assert verify_message(text, {"keys": []}, later) is Finding.KEY_UNKNOWN
    assert verify_message(b"HTTP/1.1 201\r\nx", published, later) is Finding.MALFORMED
    assert verify_message(text.replace(b"\r\n", b"\n"), published, later) == signed
    keys.revoke_evidence(first, now)
    published = keys.keys().evidence_jwks()
    assert verify_message(text, published, later) is Finding.KEY_REVOKED
