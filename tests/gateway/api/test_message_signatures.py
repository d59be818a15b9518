"""AT-7: messages that are signed, by the vectors of RFC 9421 and byte by byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import HTTPMessageSigner, InvalidSignature, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519, RSA_PSS_SHA512
from starlette.responses import Response

from gateway.api.message_signatures import (
    OF_REQUESTS,
    REQUEST_TAG,
    GivenAnswer,
    Lines,
    SentRequest,
    SignatureRefused,
    _Verifier,
    sign_answer,
    verify_answer,
    verify_request,
)

NOW = dt.datetime(2026, 10, 1, 1, 0, tzinfo=dt.UTC)
EC = generate_private_key(SECP256R1())
ED = Ed25519PrivateKey.generate()
RSA = generate_rsa(65_537, 2_048)
BODY = b'{"evidence_id": "0"}'

# Source: RFC 9421, appendix B.1.3, B.1.4 (keys) and B.2.4, B.2.6 (a response, a request).
RFC_EC = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----"""
RFC_ED = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----"""
RFC_AT = dt.datetime.fromtimestamp(1_618_884_473, dt.UTC)
RESPONSE = (
    ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
    ("Content-Type", "application/json"),
    (
        "Content-Digest",
        (
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0"
            "rjJuahq4l5aGgfLQ==:"
        ),
    ),
    ("Content-Length", "23"),
    (
        "Signature-Input",
        (
            'sig-b24=("@status" "content-type" "content-digest" "content-length")'
            ';created=1618884473;keyid="test-key-ecc-p256"'
        ),
    ),
    (
        "Signature",
        (
            "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkL"
            "Ij+32oiasw==:"
        ),
    ),
)
REQUEST = (
    ("Host", "example.com"),
    ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    ("Content-Type", "application/json"),
    ("Content-Length", "18"),
    (
        "Signature-Input",
        (
            'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        ),
    ),
    (
        "Signature",
        (
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lI"
            "p5WPpBKRCw==:"
        ),
    ),
)


def test_the_response_of_the_rfc_verifies_and_no_other_status_does() -> None:
    """Appendix B.2.4: ecdsa-p256-sha256."""
    verifier = _Verifier(
        ECDSA_P256_SHA256, {"test-key-ecc-p256": load_pem_public_key(RFC_EC)}, RFC_AT, None
    )
    body = b'{"message": "good dog"}'
    (found,) = verifier.verify(GivenAnswer(200, Lines(RESPONSE)), max_age=None, body=body)
    assert found.parameters["keyid"] == "test-key-ecc-p256"
    for status, text in ((201, body), (200, body + b"\n")):
        with pytest.raises(InvalidSignature):
            verifier.verify(GivenAnswer(status, Lines(RESPONSE)), max_age=None, body=text)


def test_the_request_of_the_rfc_verifies_and_no_other_path_does() -> None:
    """Appendix B.2.6: ed25519."""
    keys = {"test-key-ed25519": load_pem_public_key(RFC_ED)}
    verifier = _Verifier(ED25519, keys, RFC_AT, None)
    url = "https://example.com/foo?param=Value&Pet=dog"
    assert verifier.verify(SentRequest("POST", url, Lines(REQUEST)), max_age=None)
    other = SentRequest("POST", url.replace("foo", "fool"), Lines(REQUEST))
    with pytest.raises(InvalidSignature):
        verifier.verify(other, max_age=None)


def answered() -> tuple[Lines, bytes]:
    """Return a signed answer."""
    response = Response(BODY, 201, media_type="application/json")
    sign_answer(response, EC, "k", NOW)
    return Lines(tuple(response.headers.items())), bytes(response.body)


def test_a_signed_answer_verifies_for_as_long_as_the_key_is_known() -> None:
    """Also after a year; not with another key, not for a time before it was made."""
    headers, body = answered()
    keys = {"other": ED.public_key(), "k": EC.public_key()}
    for at in (NOW, NOW + dt.timedelta(days=400)):
        signed = verify_answer(GivenAnswer(201, headers), body, keys, at)
        assert (signed.kid, signed.created) == ("k", NOW)
    with pytest.raises(SignatureRefused):
        verify_answer(GivenAnswer(201, headers), body, {"k": RSA.public_key()}, NOW)
    with pytest.raises(SignatureRefused):
        verify_answer(GivenAnswer(201, headers), body, keys, NOW - dt.timedelta(days=1))


def flipped(text: bytes) -> list[bytes]:
    """Return the text with each byte changed in turn."""
    return [text[:i] + bytes([text[i] ^ 1]) + text[i + 1 :] for i in range(len(text))]


def test_an_answer_with_any_byte_flipped_does_not_verify() -> None:
    """AT-7: of the body and of every header that is covered or says what is."""
    headers, body = answered()
    keys = {"k": EC.public_key()}
    covered = ("content-type", "content-digest", "signature-input", "signature")
    tried = 0
    for altered in flipped(body):
        with pytest.raises(SignatureRefused):
            verify_answer(GivenAnswer(201, headers), altered, keys, NOW)
    for name, value in headers.items():
        for altered in flipped(value.encode()) if name in covered else []:
            lines = tuple(
                (n, altered.decode("latin-1") if n == name else v) for n, v in headers.items()
            )
            if value.encode()[:8] == b"hitotsu=" and altered[:8] != b"hitotsu=":
                continue  # the label alone is not signed (RFC 9421, 7.2.5)
            with pytest.raises(SignatureRefused):
                verify_answer(GivenAnswer(201, Lines(lines)), body, keys, NOW)
            tried += 1
    assert tried > 250


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [(n, v) for n, v in lines if n != "signature"],
        lambda lines: [(n, v) for n, v in lines if n != "signature-input"],
        lambda lines: [(n, v) for n, v in lines if n != "content-digest"],
        lambda lines: [*lines, ("content-type", "text/html")],
        lambda lines: [*lines, ("content-digest", "md5=:AAAA:")],
        lambda lines: [(n, v.replace(' "content-digest"', "")) for n, v in lines],
        lambda lines: [(n, v.replace("hitotsu-evidence", "hitotsu-other")) for n, v in lines],
        lambda lines: [(n, "[" * 9_000 if n == "signature-input" else v) for n, v in lines],
        lambda lines: [(n, "\u00e9" if n == "signature" else v) for n, v in lines],
        lambda lines: [
            (n, f"{v}, b={v.partition('=')[2]}" if n.startswith("signature") else v)
            for n, v in lines
        ],
    ],
    ids=range(10),
)
def test_an_answer_that_is_taken_apart_does_not_verify(spoil: Callable) -> None:
    """Left out, added, covered less, for another use, twice."""
    headers, body = answered()
    lines = Lines(tuple(spoil(list(headers.items()))))
    with pytest.raises(SignatureRefused):
        verify_answer(GivenAnswer(201, lines), body, {"k": EC.public_key()}, NOW)


URL = "https://gateway.test/v1/evidence"
SENT = {"authorization": "DPoP t", "dpop": "p", "content-type": "application/json"}


def sent(
    key: object = EC,
    algorithm: type = ECDSA_P256_SHA256,
    *,
    covered: tuple[str, ...] = (*OF_REQUESTS[:-1], "dpop"),
    at: dt.datetime = NOW,
    tag: str = REQUEST_TAG,
) -> SentRequest:
    """Return a request that a client signed."""

    class Message:
        method, url, headers = "POST", URL, dict(SENT)

    resolver = MappingKeyResolver(public_keys={}, private_keys={"k": key})
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver)
    signer.sign(Message, key_id="k", created=at, tag=tag, covered_component_ids=covered, body=BODY)
    return SentRequest("POST", URL, Lines(tuple(Message.headers.items())))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(EC, ECDSA_P256_SHA256), (ED, ED25519), (RSA, RSA_PSS_SHA512)],
    ids=["EC", "Ed25519", "RSA"],
)
def test_a_request_verifies_with_each_kind_of_registered_key(key: object, algorithm: type) -> None:
    """And not with the key of somebody else under the same name."""
    keys = {"k": key.public_key(), "other": EC.public_key()}
    assert verify_request(sent(key, algorithm), BODY, keys, NOW).kid == "k"
    stranger = {"k": generate_private_key(SECP256R1()).public_key()}
    with pytest.raises(SignatureRefused):
        verify_request(sent(key, algorithm), BODY, stranger, NOW)


@pytest.mark.parametrize("missing", [*OF_REQUESTS[:-1], "dpop"])
def test_a_request_that_signs_too_little_is_refused(missing: str) -> None:
    """Each part that must be covered, left out in turn."""
    covered = tuple(name for name in (*OF_REQUESTS[:-1], "dpop") if name != missing)
    with pytest.raises(SignatureRefused):
        verify_request(sent(covered=covered), BODY, {"k": EC.public_key()}, NOW)


def test_a_request_is_good_for_a_minute_at_the_address_that_it_names() -> None:
    """Older, newer, elsewhere, otherwise, for another use or with another body: refused."""
    keys = {"k": EC.public_key()}
    verify_request(sent(at=NOW - dt.timedelta(seconds=60)), BODY, keys, NOW)
    good = sent()
    for wrong, body in (
        (sent(at=NOW - dt.timedelta(seconds=61)), BODY),
        (sent(at=NOW + dt.timedelta(seconds=61)), BODY),
        (sent(tag="other"), BODY),
        (SentRequest("PUT", URL, good.headers), BODY),
        (SentRequest("POST", f"{URL}/revoke", good.headers), BODY),
        (SentRequest("POST", "https://evil.example/v1/evidence", good.headers), BODY),
        (good, BODY + b" "),
        (good, b""),
    ):
        with pytest.raises(SignatureRefused):
            verify_request(wrong, body, keys, NOW)
