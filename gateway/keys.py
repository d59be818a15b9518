"""The gateway's own keys: tokens, handles, audit record and heads, evidence, sealing, My Numbers.

``KeyStore`` is the interface; ``FileKeyStore`` keeps everything in one file of mode 0600 that
``hitotsu keys init`` makes. Secrets show in no ``repr`` and in no error.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from joserfc.jwk import ECKey, OKPKey

from gateway.errors import ExplainedError

SECRET_BYTES: Final = 32
SIGNING_ALGORITHM: Final = "ES256"


class KeysError(ExplainedError):
    """The keys cannot be used; the texts say what to do and repeat none of them."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs access tokens. ``accepted_until`` is None for the current one."""

    kid: str
    jwk: ECKey = field(repr=False)
    accepted_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class HandleSecret:
    """The secret of one version of handles. ``accepted_until`` is None for the current one."""

    version: int
    secret: bytes = field(repr=False)
    accepted_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class HeadKey:
    """An Ed25519 key that signs tree heads. What it signed stays verifiable for ever."""

    kid: str
    jwk: OKPKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A key that signs receipts and evidence. Its public part is published for good.

    ``retired_at`` is when another one took its place: what it had signed stays good. With
    ``revoked_at`` nothing that it signed is good any more.
    """

    kid: str
    jwk: ECKey = field(repr=False)
    retired_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SealingSecret:
    """The secret of one version of digests in receipts and of values at rest; kept for good."""

    version: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys at one time. The last of a list is the current one, the others run out.

    ``heads`` is empty in a file that was made before there were tree heads.
    """

    signing: tuple[SigningKey, ...]
    handles: tuple[HandleSecret, ...]
    audit: bytes = field(repr=False)
    heads: tuple[HeadKey, ...] = ()
    evidence: tuple[EvidenceKey, ...] = ()
    sealing: tuple[SealingSecret, ...] = ()
    my_numbers: tuple[SealingSecret, ...] = ()

    @property
    def evidence_key(self) -> EvidenceKey:
        """Return the key that signs new receipts and evidence.

        Raises:
            KeysError: it was revoked, or the file is of an earlier version.

        """
        if not self.evidence or self.evidence[-1].revoked_at is not None:
            raise _incomplete()
        return self.evidence[-1]

    @property
    def sealing_secret(self) -> SealingSecret:
        """Return the secret with which new values are sealed.

        Raises:
            KeysError: the file is of an earlier version.

        """
        if not self.sealing:
            raise _incomplete()
        return self.sealing[-1]

    @property
    def my_number_secret(self) -> SealingSecret:
        """Return the secret with which My Numbers are sealed and found; it serves nothing else.

        Raises:
            KeysError: the file is of an earlier version.

        """
        if not self.my_numbers:
            raise _incomplete()
        return self.my_numbers[-1]

    def find_evidence_key(self, kid: object) -> EvidenceKey | None:
        """Return the evidence key ``kid``, also a retired or revoked one."""
        return next((key for key in self.evidence if key.kid == kid), None)

    def find_sealing_secret(self, version: object) -> SealingSecret | None:
        """Return the sealing secret of ``version``."""
        return next((s for s in self.sealing if s.version == version), None)

    @property
    def signing_key(self) -> SigningKey:
        """Return the key that signs new tokens."""
        return self.signing[-1]

    @property
    def handle_secret(self) -> HandleSecret:
        """Return the secret of new handles."""
        return self.handles[-1]

    @property
    def head_key(self) -> HeadKey:
        """Return the key that signs new tree heads.

        Raises:
            KeysError: there is none yet.
        """
        if not self.heads:
            raise KeysError(
                "監査記録の木の署名鍵がありません。hitotsu keys rotate heads を実行してください。",
                "there is no key for tree heads: run `hitotsu keys rotate heads`",
            )
        return self.heads[-1]

    def find_signing_key(self, kid: object, at: dt.datetime) -> SigningKey | None:
        """Return the key ``kid`` if tokens signed with it are still accepted at ``at``."""
        for key in self.signing:
            if key.kid == kid and _accepted(key.accepted_until, at):
                return key
        return None

    def find_handle_secret(self, version: int, at: dt.datetime) -> HandleSecret | None:
        """Return the secret of ``version`` if its handles are still accepted at ``at``."""
        for secret in self.handles:
            if secret.version == version and _accepted(secret.accepted_until, at):
                return secret
        return None

    def public_jwks(self, at: dt.datetime) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set (RFC 7517) of the public keys that are accepted at ``at``."""
        return {
            "keys": [
                {
                    **key.jwk.as_dict(private=False),
                    "kid": key.kid,
                    "use": "sig",
                    "alg": SIGNING_ALGORITHM,
                }
                for key in self.signing
                if _accepted(key.accepted_until, at)
            ]
        }

    def evidence_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set of every evidence key that there ever was.

        ``exp`` is when a key retired and ``revoked`` since when it is not to be trusted.
        Source: OpenID Federation 1.0, 8.7 (historical keys), for the names of the members.
        """
        return {"keys": [_evidence_member(key) for key in self.evidence]}


class KeyStore(Protocol):
    """Where the keys come from: a file, or later a hardware module or a key service."""

    def keys(self) -> Keys:
        """Return the keys as they are now; a rotation shows without a restart.

        Raises:
            KeysError: there are none, or they cannot be trusted.

        """
        ...


class FileKeyStore:
    """Keys in the file ``keys.json`` of one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._seen: tuple[int, int, int] | None = None
        self._keys: Keys | None = None

    def keys(self) -> Keys:
        """Return the keys; the file is read again only when it was replaced.

        Raises:
            KeysError: no file, readable by others than its owner, or damaged.

        """
        try:
            state = self.path.stat()
        except OSError:
            raise KeysError(
                "鍵がありません。hitotsu keys init を実行してください。",
                "there are no keys: run `hitotsu keys init`",
            ) from None
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._keys is None or seen != self._seen:
            if stat.S_IMODE(state.st_mode) & 0o077:
                raise KeysError(
                    "鍵ファイルをほかの利用者も読めます。権限を 0600 にしてください。",
                    "the key file is open to other users: set its mode to 0600",
                )
            self._keys = _read(self.path)
            self._seen = seen
        return self._keys

    def create(self) -> None:
        """Make new keys; in a file of an earlier version, those of the kinds that it lacks.

        Raises:
            KeysError: every key is there already; none is ever overwritten.

        """
        with self._alone():
            if self.path.exists():
                self._complete(self.keys())
                return
            self._write(
                Keys(
                    (_new_signing_key(),),
                    (_new_handle_secret(1),),
                    secrets.token_bytes(SECRET_BYTES),
                    (_new_head_key(),),
                    (_new_evidence_key(),),
                    (_new_sealing_secret(1),),
                    (_new_sealing_secret(1),),
                )
            )

    def _complete(self, keys: Keys) -> None:
        if keys.heads and keys.evidence and keys.sealing and keys.my_numbers:
            raise KeysError(
                "すでに鍵があります。上書きはしません。",
                "there are keys already; they are not overwritten",
            )
        self._write(
            replace(
                keys,
                heads=keys.heads or (_new_head_key(),),
                evidence=keys.evidence or (_new_evidence_key(),),
                sealing=keys.sealing or (_new_sealing_secret(1),),
                my_numbers=keys.my_numbers or (_new_sealing_secret(1),),
            )
        )

    def rotate_signing(self, accept_old_until: dt.datetime) -> None:
        """Sign with a new key from now on; tokens of earlier ones are accepted until then at most.

        Whoever has stolen the file has all that stood in it: a time that is over ends every one.
        """
        with self._alone():
            keys = self.keys()
            kept = tuple(
                replace(k, accepted_until=_earlier(k.accepted_until, accept_old_until))
                for k in keys.signing
            )
            self._write(replace(keys, signing=(*kept, _new_signing_key())))

    def rotate_handles(self, accept_old_until: dt.datetime) -> None:
        """Issue handles of a new version from now on; earlier ones work until then at most."""
        with self._alone():
            keys = self.keys()
            kept = tuple(
                replace(h, accepted_until=_earlier(h.accepted_until, accept_old_until))
                for h in keys.handles
            )
            new = _new_handle_secret(keys.handles[-1].version + 1)
            self._write(replace(keys, handles=(*kept, new)))

    def rotate_heads(self) -> None:
        """Sign tree heads with a new key from now on; the public part of the last one is kept."""
        with self._alone():
            keys = self.keys()
            self._write(replace(keys, heads=(*keys.heads, _new_head_key())))

    def rotate_evidence(self, at: dt.datetime) -> None:
        """Sign receipts and evidence with a new key from ``at`` on; what is signed stays good."""
        with self._alone():
            keys = self.keys()
            kept = tuple(replace(k, retired_at=k.retired_at or at) for k in keys.evidence)
            self._write(replace(keys, evidence=(*kept, _new_evidence_key())))

    def revoke_evidence(self, kid: str, at: dt.datetime) -> None:
        """Take back everything that the evidence key ``kid`` ever signed.

        Raises:
            KeysError: there is no such key, or it is the current one; rotate first.

        """
        with self._alone():
            keys = self.keys()
            if kid not in {key.kid for key in keys.evidence[:-1]}:
                raise KeysError(
                    "その名前の以前の鍵はありません。先に hitotsu keys rotate evidence を実行し、"
                    "その後で以前の鍵を取り消してください。",
                    "no retired evidence key of this name: rotate first, then revoke the old one",
                )
            changed = tuple(
                replace(k, revoked_at=k.revoked_at or at) if k.kid == kid else k
                for k in keys.evidence
            )
            self._write(replace(keys, evidence=changed))

    def rotate_sealing(self) -> None:
        """Seal with a new secret from now on; what the last ones sealed can still be opened."""
        with self._alone():
            keys = self.keys()
            version = keys.sealing_secret.version + 1
            self._write(replace(keys, sealing=(*keys.sealing, _new_sealing_secret(version))))

    def rotate_my_numbers(self) -> None:
        """Seal My Numbers with a new secret from now on; those of the last ones are still found."""
        with self._alone():
            keys = self.keys()
            new = _new_sealing_secret(keys.my_number_secret.version + 1)
            self._write(replace(keys, my_numbers=(*keys.my_numbers, new)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else change the file between the reading of it and the writing."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _write(self, keys: Keys) -> None:
        draft = self.path.with_name(f".keys.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(_to_json(keys), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _earlier(until: dt.datetime | None, other: dt.datetime) -> dt.datetime:
    return other if until is None else min(until, other)


def _accepted(until: dt.datetime | None, at: dt.datetime) -> bool:
    return until is None or at < until


def _new_signing_key() -> SigningKey:
    key = ECKey.generate_key("P-256", private=True)
    return SigningKey(key.thumbprint(), key, None)


def _new_head_key() -> HeadKey:
    key = OKPKey.generate_key("Ed25519", private=True)
    return HeadKey(key.thumbprint(), key)


def _new_handle_secret(version: int) -> HandleSecret:
    return HandleSecret(version, secrets.token_bytes(SECRET_BYTES), None)


def _new_evidence_key() -> EvidenceKey:
    key = ECKey.generate_key("P-256", private=True)
    return EvidenceKey(key.thumbprint(), key)


def _new_sealing_secret(version: int) -> SealingSecret:
    return SealingSecret(version, secrets.token_bytes(SECRET_BYTES))


def _evidence_member(key: EvidenceKey) -> dict[str, Any]:
    public = key.jwk.as_dict(private=False)
    member: dict[str, Any] = {**public, "kid": key.kid, "use": "sig", "alg": SIGNING_ALGORITHM}
    if key.retired_at is not None:
        member["exp"] = int(key.retired_at.timestamp())
    if key.revoked_at is not None:
        member["revoked"] = {"revoked_at": int(key.revoked_at.timestamp())}
    return member


def _incomplete() -> KeysError:
    return KeysError(
        "新しい種類の鍵がありません。hitotsu keys init を実行してください。",
        "keys of newer kinds are missing: run `hitotsu keys init`",
    )


def _to_json(keys: Keys) -> dict[str, Any]:
    return {
        "signing": [
            {"kid": k.kid, "jwk": k.jwk.as_dict(private=True), "until": _iso(k.accepted_until)}
            for k in keys.signing
        ],
        "handles": [
            {
                "version": h.version,
                "secret": b64encode(h.secret).decode(),
                "until": _iso(h.accepted_until),
            }
            for h in keys.handles
        ],
        "audit": b64encode(keys.audit).decode(),
        "heads": [{"kid": k.kid, "jwk": k.jwk.as_dict(private=True)} for k in keys.heads],
        "evidence": [
            {
                "kid": k.kid,
                "jwk": k.jwk.as_dict(private=True),
                "retired_at": _iso(k.retired_at),
                "revoked_at": _iso(k.revoked_at),
            }
            for k in keys.evidence
        ],
        "sealing": _plain_secrets(keys.sealing),
        "my_numbers": _plain_secrets(keys.my_numbers),
    }


def _read(path: Path) -> Keys:
    try:
        data = json.loads(path.read_text("utf-8"))
        return Keys(
            tuple(
                SigningKey(k["kid"], ECKey.import_key(k["jwk"]), _time(k["until"]))
                for k in data["signing"]
            ),
            tuple(
                HandleSecret(h["version"], b64decode(h["secret"]), _time(h["until"]))
                for h in data["handles"]
            ),
            b64decode(data["audit"]),
            tuple(HeadKey(k["kid"], OKPKey.import_key(k["jwk"])) for k in data.get("heads", ())),
            tuple(
                EvidenceKey(
                    k["kid"],
                    ECKey.import_key(k["jwk"]),
                    _time(k["retired_at"]),
                    _time(k["revoked_at"]),
                )
                for k in data.get("evidence", ())
            ),
            _sealing_secrets(data.get("sealing", ())),
            _sealing_secrets(data.get("my_numbers", ())),
        )
    except Exception:  # noqa: BLE001 - whatever is wrong, its message may hold a key
        raise KeysError(
            "鍵ファイルが壊れています。バックアップから戻してください。",
            "the key file is damaged: restore it from the backup",
        ) from None


def _plain_secrets(kept: tuple[SealingSecret, ...]) -> list[dict[str, Any]]:
    return [{"version": s.version, "secret": b64encode(s.secret).decode()} for s in kept]


def _sealing_secrets(plain: Iterable[dict[str, Any]]) -> tuple[SealingSecret, ...]:
    return tuple(SealingSecret(s["version"], b64decode(s["secret"])) for s in plain)


def _iso(time: dt.datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
