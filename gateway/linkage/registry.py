"""Registering systems of the linkage face."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Clock
from gateway.access.registration import RegistrationError, checked_text, require_municipality
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.keys import KeyStore
from gateway.linkage.number_calls import SCOPES
from gateway.linkage.store import LinkageStore
from gateway.predicates.predicates import BUSINESS as PREDICATES
from gateway.store.tables import ClientRow, LinkageSystemRow
from gateway.submissions.sealing import seal
from standard_models.dictionary import Dictionary

SECRET_CHARS: Final = 48
_LETTERS: Final = string.ascii_letters + string.digits
_BUSINESS: Final = re.compile(r"[0-9A-Za-z]{3}", re.ASCII)
SCOPE: Final = re.compile(
    r"(?P<business>[0-9]{3}):(?P<call>[a-z_]+/v[0-9]+/[a-z0-9_]+):(?P<operation>Create|Read)",
    re.ASCII,
)
"""Source: 共通機能標準仕様書 2.1, 2.2.5: 業務ID, API call name, operation."""


@dataclass(frozen=True, slots=True)
class NewSystem:
    """A registered system. ``client_secret`` is shown this once."""

    client_id: str
    client_secret: str = field(repr=False)


class LinkageRegistry:
    """Adds, lists and revokes systems; every change stands in the audit record."""

    def __init__(
        self,
        store: LinkageStore,
        keys: KeyStore,
        dictionary: Dictionary,
        *,
        clock: Clock,
        actor: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def add(
        self,
        municipality: str,
        *,
        name: str,
        business: str,
        scopes: Sequence[str],
        purpose: str,
        numbering: str,
        contact: str = "-",
    ) -> NewSystem:
        """Register one using system and return its id and its secret.

        The scopes say what it may call; which items of a group it is given, its grants say.

        Raises:
            RegistrationError: a text of the wrong shape, no scope, one of a call that there is not,
                or a purpose that is not registered.

        """
        require_municipality(municipality)
        if not _BUSINESS.fullmatch(business):
            raise RegistrationError(
                "業務ID・独自施策システム等ID は半角 3 文字です。",
                "The id of a business or own system has 3 characters.",
            )
        if not scopes or not all(SCOPE.fullmatch(scope) for scope in scopes):
            raise RegistrationError(
                "スコープは「業務ID:APIコール名:Create または Read」の形で一つ以上必要です。",
                "At least one scope is needed: business:call:Create or Read.",
            )
        self._require_calls(scopes)
        if not await self._store.has_purpose(municipality, purpose):
            raise RegistrationError(
                "登録されていない利用目的です。先に hitotsu purpose add で登録してください。",
                "The municipality has no such purpose: register it first (hitotsu purpose add).",
            )
        new = NewSystem(_random(32), _random(SECRET_CHARS))
        now = self._clock.now()
        sealing = self._keys.keys().sealing_secret
        client = ClientRow(
            client_id=new.client_id,
            name=checked_text(name),
            contact=checked_text(contact),
            jwks={"keys": []},
            created_at=now,
            revoked_at=None,
        )
        system = LinkageSystemRow(
            client_id=new.client_id,
            municipality=municipality,
            business=business,
            numbering=checked_text(numbering, limit=40),
            purpose_id=checked_text(purpose, limit=64),
            scopes=sorted(set(scopes)),
            secret_version=sealing.version,
            sealed_secret=seal(
                sealing, ("linkage", new.client_id), {"client_secret": new.client_secret}
            ),
            created_at=now,
            revoked_at=None,
        )
        facts = {"business": business, "scopes": list(system.scopes), "purpose": purpose}
        await self._store.add_system(
            client, system, self._change("linkage-system-add", system, facts)
        )
        return new

    async def list(self, municipality: str) -> Sequence[tuple[LinkageSystemRow, str]]:
        """Return every system of the municipality, revoked ones too, with its name."""
        return await self._store.systems(municipality)

    async def revoke(self, municipality: str, client_id: str) -> None:
        """Refuse a system at once, with every token it holds.

        Raises:
            RegistrationError: the municipality has no such system in use.

        """
        system = await self._store.find_system(client_id)
        if system is None or system.municipality != municipality:
            raise RegistrationError(
                "使用中の連携システムが見つかりません。", "There is no such system in use."
            )
        now = self._clock.now()
        audit = self._change("linkage-system-revoke", system, {"revoked_at": now.isoformat()})
        await self._store.revoke_system(client_id, now, audit)

    def _require_calls(self, scopes: Sequence[str]) -> None:
        """Refuse a scope with which nothing can be called: its system would get 401 for ever."""
        unknown = [scope for scope in scopes if not self._can_be_called(scope)]
        if unknown:
            raise RegistrationError(
                f"この APIコールはありません：{'、'.join(unknown)}。グループの照会は"
                "「業務ID:app_submit/v10/グループ:Read」です。",
                f"There is no such call: {', '.join(unknown)}. A group is read by "
                "business:app_submit/v10/group:Read.",
            )

    def _can_be_called(self, scope: str) -> bool:
        business, call, operation = scope.split(":")
        way, _, group = call.rpartition("/")
        return scope in SCOPES.values() or (
            (way, operation) == ("app_submit/v10", "Read")
            and business != PREDICATES
            and self._dictionary.find_group(f"{business}.{group}") is not None
        )

    def _change(
        self, function: str, system: LinkageSystemRow, after: Mapping[str, object]
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                system.municipality,
                self._clock.now(),
                self._actor,
                function,
                client_id=system.client_id,
                after=after,
            )
        )


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
