"""A list of checksums and its detached signature: who hands what over to whom. Pure.

The list has the lines of ``sha256sum``; the first one is a comment that says for which municipality
and adapter it is and when it was made, so that no delivery is good for another town. The signature
is a JWS with detached content (RFC 7515, appendix F) over the bytes of the list.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from adapters.sources.files import UntrustedList
from gateway.access.jose import KeyRefused, algorithms_of, check_jwks, find_key
from gateway.errors import ExplainedError

TYPE: Final = "hitotsu-delivery+jws"
_HEAD: Final = re.compile(rb"# hitotsu-delivery ([0-9]{6}) ([!-~]{1,64}) ([0-9T:+-]{25})\n")


class DeliveryKeyError(ExplainedError):
    """A key of deliveries cannot be used; the texts say why."""


def new_delivery_key(kid: str) -> tuple[str, str]:
    """Return a private JWK, and the set with its public part, as texts of files."""
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"})
    public = {"keys": [key.as_dict(private=False)]}
    return f"{json.dumps(key.as_dict(private=True))}\n", f"{json.dumps(public, indent=2)}\n"


def written_list(
    municipality: str, adapter: str, now: dt.datetime, checksums: Mapping[str, str]
) -> bytes:
    """Return the list of a delivery; ``checksums`` are SHA-256 in hexadecimal, by name."""
    head = f"# hitotsu-delivery {municipality} {adapter} {now.isoformat(timespec='seconds')}\n"
    lines = (f"{checksum}  {name}\n" for name, checksum in sorted(checksums.items()))
    return (head + "".join(lines)).encode()


def sign_list(content: bytes, private_key: object) -> str:
    """Return the signature of a list by a private JWK: Ed25519 or P-256, with a ``kid``.

    Raises:
        DeliveryKeyError: it is no such key.
    """
    try:
        key, algorithm = _private(private_key)
        header = {"alg": algorithm, "kid": key.kid, "typ": TYPE}
        whole = jws.serialize_compact(header, content, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError):
        raise DeliveryKeyError(
            "署名の鍵は、kid のある秘密鍵の JWK（Ed25519 か P-256）にしてください。",
            "The key must be a private JWK (Ed25519 or P-256) with a kid.",
        ) from None
    return jws.detach_content(whole)


def _private(member: object) -> tuple[OKPKey | ECKey, str]:
    if not isinstance(member, dict) or "d" not in member or not member.get("kid"):
        raise KeyError
    if (member.get("kty"), member.get("crv")) == ("EC", "P-256"):
        return ECKey.import_key(member), "ES256"
    if (member.get("kty"), member.get("crv")) == ("OKP", "Ed25519"):
        return OKPKey.import_key(member), "Ed25519"
    raise KeyError


class DelivererKeys:
    """The public keys of those who hand over for one adapter of one municipality."""

    def __init__(self, jwks: object, municipality: str, adapter: str) -> None:
        """Take a JWK Set.

        Raises:
            DeliveryKeyError: it is none, or has keys that may not be registered.
        """
        try:
            self._jwks: dict[str, Any] = check_jwks(jwks)
        except KeyRefused as error:
            raise DeliveryKeyError(
                f"signed_by は公開鍵の JWK Set にしてください（{error}）。",
                f"signed_by must be a JWK Set of public keys: {error}.",
            ) from None
        self._whom = (municipality, adapter)

    def check(self, content: bytes, signature: bytes) -> dt.datetime:
        """Return when a list was made.

        Raises:
            UntrustedList: nobody registered has signed it, or it was made for somebody else.
        """
        detached = signature.strip()
        parts = detached.split(b".")
        if len(parts) != 3 or parts[1]:
            raise UntrustedList("the signature has another form")
        try:
            header = jws.extract_compact(detached).headers()
            algorithm = header["alg"]
            key = find_key(self._jwks, header["kid"], algorithm)
            if key is None or header.get("typ") != TYPE or header.keys() - {"alg", "kid", "typ"}:
                raise UntrustedList("it is not signed by a registered key")
            accepted = [algorithm] if algorithm in algorithms_of(key) else []
            jws.deserialize_compact(detached, key, payload=content, algorithms=accepted)
        except (JoseError, ValueError, TypeError, KeyError):
            raise UntrustedList("the signature is wrong") from None
        head = _HEAD.match(content)
        if head is None:
            raise UntrustedList("its first line does not say for whom it is")
        if (head[1].decode(), head[2].decode()) != self._whom:
            raise UntrustedList("it was signed for another municipality or adapter")
        try:
            return dt.datetime.fromisoformat(head[3].decode())
        except ValueError:
            raise UntrustedList("its first line does not say when it was made") from None
