"""NZ-5: who signed a list of a delivery, for whom, and when. Expected texts are written out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.sources.files import UntrustedList
from gateway.clock import TOKYO
from gateway.deliveries import (
    DelivererKeys,
    DeliveryKeyError,
    new_delivery_key,
    sign_list,
    written_list,
)

NOW = dt.datetime(2026, 10, 1, 6, 0, tzinfo=TOKYO)
LIST = written_list("999997", "reference-pension", NOW, {"B.DAT": "b" * 64, "A.DAT": "a" * 64})


def keys_of(*keys: Any) -> DelivererKeys:
    jwks = {"keys": [key.as_dict(private=False) for key in keys]}
    return DelivererKeys(jwks, "999997", "reference-pension")


def test_a_list_is_what_sha256sum_checks_and_says_for_whom_it_is() -> None:
    """By name, behind a comment."""
    assert LIST.decode() == (
        "# hitotsu-delivery 999997 reference-pension 2026-10-01T06:00:00+09:00\n"
        f"{'a' * 64}  A.DAT\n"
        f"{'b' * 64}  B.DAT\n"
    )


def test_a_new_key_signs_and_its_public_part_tells_the_time() -> None:
    """The public file holds nothing private."""
    private, public = new_delivery_key("vendor-1")
    assert "d" not in json.loads(public)["keys"][0]
    signature = sign_list(LIST, json.loads(private))
    keys = DelivererKeys(json.loads(public), "999997", "reference-pension")
    assert keys.check(LIST, f"{signature}\n".encode()) == NOW
    with pytest.raises(UntrustedList):
        keys.check(LIST + b"x", signature.encode())


def test_keys_of_p_256_sign_as_well_and_two_may_be_registered_side_by_side() -> None:
    """While one is replaced by the next."""
    old = OKPKey.generate_key("Ed25519", {"kid": "old"})
    new = ECKey.generate_key("P-256", {"kid": "new"})
    for key in (old, new):
        signature = sign_list(LIST, key.as_dict(private=True)).encode()
        assert keys_of(old, new).check(LIST, signature) == NOW
    with pytest.raises(UntrustedList):
        keys_of(old).check(LIST, sign_list(LIST, new.as_dict(private=True)).encode())


def _signed(key: Any, content: bytes = LIST, **header: Any) -> bytes:
    """Sign with any header and detach the content."""
    whole = {"alg": "Ed25519", "kid": "vendor", "typ": "hitotsu-delivery+jws", **header}
    text = jws.serialize_compact(whole, content, key, algorithms=[whole["alg"]])
    return jws.detach_content(text).encode()


def test_what_is_no_signature_of_a_list_is_refused() -> None:
    """Another kind of message, other algorithms, no name, noise; none ends in a trace."""
    key = OKPKey.generate_key("Ed25519", {"kid": "vendor"})
    keys = keys_of(key)
    assert keys.check(LIST, _signed(key)) == NOW
    public = json.dumps(key.as_dict(private=False)).encode()
    confused = OctKey.import_key(public)
    whole = jws.serialize_compact(
        {"alg": "Ed25519", "kid": "vendor", "typ": "hitotsu-delivery+jws"},
        b"another list",
        key,
        algorithms=["Ed25519"],
    )
    for wrong in (
        _signed(key, typ="JWT"),
        _signed(key, kid="nobody"),
        _signed(key, cty="text"),
        _signed(confused, alg="HS256"),
        whole.encode(),
        b"",
        b"..",
        b"e30..",
        b"bnVsbA..AA",
        b"\xff\xfe..\x00",
        _signed(key)[:-2],
        b"{}",
    ):
        with pytest.raises(UntrustedList):
            keys.check(LIST, wrong)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"# hitotsu-delivery 999998 reference-pension 2026-10-01T06:00:00+09:00\n",
        b"# hitotsu-delivery 999997 reference-resident 2026-10-01T06:00:00+09:00\n",
        b"# hitotsu-delivery 999997 reference-pension 2026-13-01T06:00:00+09:00\n",
        b"# hitotsu-delivery 999997 reference-pension\n",
    ],
)
def test_a_list_that_says_something_else_in_its_first_line_is_refused(head: bytes) -> None:
    """Though it is signed: another town, another adapter, no time."""
    key = OKPKey.generate_key("Ed25519", {"kid": "vendor"})
    content = head + LIST.partition(b"\n")[2]
    with pytest.raises(UntrustedList):
        keys_of(key).check(content, _signed(key, content))


def test_keys_that_may_not_sign_or_be_registered_are_refused() -> None:
    """No private one is registered; no public or RSA one, and none without a name, signs."""
    key = OKPKey.generate_key("Ed25519", {"kid": "vendor"})
    for wrong in ({}, [], {"keys": [key.as_dict(private=True)]}, {"keys": [{"kid": "x"}]}):
        with pytest.raises(DeliveryKeyError):
            DelivererKeys(wrong, "999997", "reference-pension")
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
    nameless = {k: v for k, v in key.as_dict(private=True).items() if k != "kid"}
    for unfit in (
        key.as_dict(private=False),
        rsa.as_dict(private=True),
        nameless,
        {**key.as_dict(private=True), "d": "!"},
        "text",
    ):
        with pytest.raises(DeliveryKeyError):
            sign_list(LIST, unfit)
