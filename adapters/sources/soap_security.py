"""WS-Security for requests: who asks, when, and a signature, where a service wants them.

The headers are written by zeep's own modules, the signature by xmlsec beneath them. Answers are
judged as without: a signature in an answer is not looked at, TLS says who answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree
from zeep import ns
from zeep.wsse import signature, utils
from zeep.wsse.username import UsernameToken

from adapters.errors import AuthenticationFailed, ConfigurationError

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
REFUSALS: Final = frozenset(
    {
        "FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken",
        "MessageExpired", "SecurityTokenUnavailable", "UnsupportedAlgorithm",
        "UnsupportedSecurityToken",
    }
)  # fmt: skip
"""Fault codes of services that refuse these headers. Source: WSS SOAP Message Security 1.1, 12."""


@dataclass(frozen=True, slots=True)
class UsernameLogin:
    """A name and a password. ``digest``: only a digest of it travels, with a nonce and the time.

    Source: WSS UsernameToken Profile 1.1.
    """

    username: str
    password: str = field(repr=False)
    digest: bool = True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its certificate, both PEM, which sign body and time by RSA with SHA-256.

    ``binary_token``: the certificate stands in a token of its own that the signature refers to.
    Source: WSS X.509 Certificate Token Profile 1.1.
    """

    private_key: str = field(repr=False)
    certificate: str
    password: str | None = field(default=None, repr=False)
    binary_token: bool = False


@dataclass(frozen=True, slots=True)
class SoapSecurity:
    """What stands in the security header. ``lifetime_s``: how long a request is good, 0 for ever.

    Raises:
        ConfigurationError: neither login nor signature.
    """

    login: UsernameLogin | None = None
    signing: SigningKey | None = None
    lifetime_s: int = 300
    must_understand: bool = True

    def __post_init__(self) -> None:
        """Refuse a header without content."""
        if self.login is None and self.signing is None:
            raise ConfigurationError("security: neither login nor signing")


class SecurityHeader:
    """Writes the header into requests.

    Args:
        security: what stands in it.
        now: the host's clock.

    Raises:
        ConfigurationError: the library for signatures is missing, or a key cannot be used.
    """

    def __init__(self, security: SoapSecurity, now: Callable[[], dt.datetime]) -> None:
        self._security = security
        self._now = now
        self._signature = _signature(security.signing) if security.signing is not None else None
        if self._signature is not None:
            self._prove()

    @property
    def shows_password(self) -> bool:
        """Tell whether the password itself stands in requests."""
        login = self._security.login
        return login is not None and not login.digest

    def write(self, envelope: etree._Element) -> None:
        """Write the header into a request; the signature last."""
        header = utils.get_security_header(envelope)
        if self._security.must_understand:
            header.set(f"{{{SOAP}}}mustUnderstand", "1")
        # zeep writes whatever time it gets as one of UTC.
        now = self._now().astimezone(dt.UTC)
        if self._security.lifetime_s:
            header.append(_timestamp(now, self._security.lifetime_s))
        if (login := self._security.login) is not None:
            token = UsernameToken(
                login.username,
                login.password,
                use_digest=login.digest,
                created=now,
                zulu_timestamp=True,
            )
            token.apply(envelope, {})
        if self._signature is not None:
            self._signature.apply(envelope, {})

    def _prove(self) -> None:
        """Sign an empty request, so that a key that cannot is told when the adapter is opened."""
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
        etree.SubElement(envelope, f"{{{SOAP}}}Body")
        try:
            self.write(envelope)
        except Exception as error:  # noqa: BLE001 - the library's own errors, and those of zeep
            raise ConfigurationError(
                f"signing: the key or the certificate cannot be used ({type(error).__name__})"
            ) from None


def refusal_of(fault: etree._Element) -> AuthenticationFailed | None:
    """Return that the service refuses the header, None if a fault says something else."""
    node = fault.find("faultcode")
    text = ((node.text if node is not None else None) or "").strip()
    prefix, _, local = text.rpartition(":")
    space = node.nsmap.get(prefix or None) if node is not None else None
    if space in {ns.WSSE, ns.WSU} and local in REFUSALS:
        return AuthenticationFailed(f"security header: {local}")
    return None


def _timestamp(now: dt.datetime, lifetime_s: int) -> etree._Element:
    stamp = utils.WSU.Timestamp(
        utils.WSU.Created(utils.get_timestamp(now, zulu_timestamp=True)),
        utils.WSU.Expires(
            utils.get_timestamp(now + dt.timedelta(seconds=lifetime_s), zulu_timestamp=True)
        ),
    )
    found: etree._Element = stamp
    return found


def _signature(key: SigningKey) -> signature.MemorySignature:
    library = getattr(signature, "xmlsec", None)
    if library is None:
        raise ConfigurationError("signing needs the extra hitotsu[soap-signature]")

    class BinaryMemorySignature(signature.MemorySignature):
        """zeep's signature with a token for the certificate, by keys that lie in no file."""

        apply = signature.BinarySignature.apply

    kind: Any = BinaryMemorySignature if key.binary_token else signature.MemorySignature
    signing: signature.MemorySignature = kind(
        key.private_key.encode(),
        key.certificate.encode(),
        key.password,
        library.Transform.RSA_SHA256,
        library.Transform.SHA256,
    )
    return signing
