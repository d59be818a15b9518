"""Registration of clients, purposes and grants by the municipality's staff.

Every change is written together with its audit record (kind settings, before and after).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.contract import Clock
from gateway.access.grants import Relation
from gateway.access.registration import (
    RegistrationError,
    checked_keys,
    checked_text,
    expand_items,
    require_id,
    require_municipality,
)
from gateway.access.store import AccessStore, AlreadyThereError
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditRecord, to_record
from gateway.store.tables import ClientRow, GrantRow, PurposeRow
from standard_models.dictionary import Dictionary


class AccessRegistry:
    """What staff may register. ``actor`` is who does it, for the audit record."""

    def __init__(
        self, store: AccessStore, dictionary: Dictionary, *, clock: Clock, actor: str
    ) -> None:
        self._store = store
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def add_client(
        self, client_id: str, *, name: str, contact: str, jwks: object
    ) -> ClientRow:
        """Register a consumer with its public keys (RFC 7517).

        Raises:
            RegistrationError: an id that exists or has the wrong shape; unusable keys.

        """
        require_id(client_id)
        row = ClientRow(
            client_id=client_id,
            name=checked_text(name),
            contact=checked_text(contact),
            jwks=checked_keys(jwks),
            created_at=self._clock.now(),
            revoked_at=None,
        )
        audit = self._change("client-add", after=_client_facts(row), client_id=client_id)
        await self._add(row, audit)
        return row

    async def revoke_client(self, client_id: str) -> None:
        """Refuse the client from now on; tokens that it holds work for 60 seconds at most.

        Raises:
            RegistrationError: there is no such client, or it was revoked before.

        """
        row = await self._client(client_id)
        if row.revoked_at is not None:
            raise RegistrationError("すでに停止されています。", "It was revoked before.")
        now = self._clock.now()
        audit = self._change(
            "client-revoke",
            before={"revoked_at": None},
            after={"revoked_at": now.isoformat()},
            client_id=client_id,
        )
        await self._store.change_client(client_id, {"revoked_at": now}, audit)

    async def rotate_keys(
        self, client_id: str, *, add: object | None, retire: Iterable[str] = ()
    ) -> Sequence[str]:
        """Add keys and take away others; return the key ids that work now.

        Both may happen at different times, so that old and new keys overlap. Takes effect with
        the next token request.

        Raises:
            RegistrationError: no such client or key id; unusable keys; no key would be left.

        """
        row = await self._client(client_id)
        gone = set(retire)
        if unknown := gone - set(_kids(row.jwks)):
            raise RegistrationError(
                f"登録されていない kid があります（{len(unknown)} 件）。",
                f"Some kids are not registered ({len(unknown)}).",
            )
        kept = [key for key in row.jwks["keys"] if key["kid"] not in gone]
        new = checked_keys(add)["keys"] if add is not None else []
        jwks = checked_keys({"keys": [*kept, *new]})
        audit = self._change(
            "client-rotate-key",
            before={"kids": _kids(row.jwks)},
            after={"kids": _kids(jwks)},
            client_id=client_id,
        )
        await self._store.change_client(client_id, {"jwks": jwks}, audit)
        return _kids(jwks)

    async def list_clients(self) -> Sequence[ClientRow]:
        """Return every client."""
        return await self._store.list_clients()

    async def show_client(self, client_id: str) -> tuple[ClientRow, Sequence[GrantRow]]:
        """Return the client and its grants.

        Raises:
            RegistrationError: there is no such client.

        """
        return await self._client(client_id), await self._store.grants_of_client(client_id)

    async def add_purpose(
        self,
        municipality: str,
        purpose_id: str,
        *,
        name_ja: str,
        name_en: str,
        legal_basis: str,
        organ: str,
    ) -> PurposeRow:
        """Register a reason for asking (事務) with its legal basis and the organ that asks.

        Raises:
            RegistrationError: an id that exists, a wrong shape, or an empty text.

        """
        require_municipality(municipality)
        require_id(purpose_id)
        row = PurposeRow(
            municipality=municipality,
            purpose_id=purpose_id,
            name_ja=checked_text(name_ja),
            name_en=checked_text(name_en),
            legal_basis=checked_text(legal_basis, limit=400),
            organ=checked_text(organ),
            created_at=self._clock.now(),
        )
        facts = {"purpose": purpose_id, "legal_basis": row.legal_basis, "organ": row.organ}
        audit = self._change(
            "purpose-add", after=facts, municipality=municipality, purpose=purpose_id
        )
        await self._add(row, audit)
        return row

    async def list_purposes(self, municipality: str) -> Sequence[PurposeRow]:
        """Return the purposes of the municipality."""
        return await self._store.list_purposes(municipality)

    async def propose_grant(
        self,
        municipality: str,
        client_id: str,
        purpose_id: str,
        *,
        items: Iterable[str],
        valid_from: dt.date,
        valid_to: dt.date | None,
        intersect: bool = False,
    ) -> GrantRow:
        """Propose that the client may ask for ``items`` for the purpose, both days inclusive.

        The grant is in force when somebody else has approved it. ``items`` are references of
        items or groups; a group is written down item by item as it is today, so that an item that
        a later edition adds is not granted by itself.

        Raises:
            RegistrationError: unknown client, purpose or item; a wildcard; My Number; dates in
                the wrong order.

        """
        client = await self._client(client_id)
        if client.revoked_at is not None:
            raise RegistrationError("停止された連携先です。", "The client is revoked.")
        if await self._store.find_purpose(municipality, purpose_id) is None:
            raise RegistrationError(
                "この団体に登録されていない利用目的です。先に purpose add で登録してください。",
                "The municipality has no such purpose; register it with `purpose add` first.",
            )
        if valid_to is not None and valid_to < valid_from:
            raise RegistrationError(
                "終了日が開始日より前です。", "The last day lies before the first."
            )
        row = GrantRow(
            grant_id=secrets.token_hex(8),
            municipality=municipality,
            client_id=client_id,
            purpose_id=purpose_id,
            relation=Relation.SELF.value,
            items=expand_items(items, self._dictionary),
            intersect=intersect,
            valid_from=valid_from,
            valid_to=valid_to,
            created_at=self._clock.now(),
            proposed_by=self._actor,
            approved_by=None,
            approved_at=None,
            revoked_at=None,
        )
        audit = self._change(
            "grant-propose",
            after=_grant_facts(row),
            municipality=municipality,
            client_id=client_id,
            purpose=purpose_id,
        )
        await self._add(row, audit)
        return row

    async def approve_grant(self, municipality: str, grant_id: str) -> GrantRow:
        """Put a proposed grant in force, as somebody else than who proposed it.

        Raises:
            RegistrationError: no such proposal, or it is one's own.

        """
        row = await self._store.find_grant(municipality, grant_id)
        if row is None or row.revoked_at is not None or row.approved_at is not None:
            raise RegistrationError(
                "承認を待っている許可が見つかりません。", "There is no such grant to approve."
            )
        if row.proposed_by == self._actor:
            raise RegistrationError(
                "自分が登録した許可は承認できません。別の職員が承認してください。",
                "Nobody can approve a grant of their own: somebody else must.",
            )
        now = self._clock.now()
        audit = self._change(
            "grant-approve",
            before=_grant_facts(row),
            after=_grant_facts(row) | {"approved_by": self._actor, "approved_at": now.isoformat()},
            municipality=municipality,
            client_id=row.client_id,
            purpose=row.purpose_id,
        )
        await self._store.approve_grant(municipality, grant_id, self._actor, now, audit)
        return row

    async def revoke_grant(self, municipality: str, grant_id: str) -> None:
        """End a grant now, or turn a proposal down. One person is enough to take a right away.

        Raises:
            RegistrationError: the municipality has no such grant, or it was revoked before.

        """
        row = await self._store.find_grant(municipality, grant_id)
        if row is None or row.revoked_at is not None:
            raise RegistrationError(
                "有効な許可が見つかりません。", "There is no such grant in force."
            )
        now = self._clock.now()
        audit = self._change(
            "grant-revoke",
            before=_grant_facts(row),
            after={"revoked_at": now.isoformat()},
            municipality=municipality,
            client_id=row.client_id,
            purpose=row.purpose_id,
        )
        await self._store.revoke_grant(municipality, grant_id, now, audit)

    async def _client(self, client_id: str) -> ClientRow:
        row = await self._store.find_client(client_id)
        if row is None:
            raise RegistrationError("この連携先は登録されていません。", "There is no such client.")
        return row

    async def _add(self, row: ClientRow | PurposeRow | GrantRow, audit: AuditRecord) -> None:
        try:
            await self._store.add(row, audit)
        except AlreadyThereError:
            raise RegistrationError(
                "同じ ID がすでに登録されています。", "The id is registered already."
            ) from None

    def _change(
        self,
        function: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        municipality: str = NO_MUNICIPALITY,
        client_id: str | None = None,
        purpose: str | None = None,
    ) -> AuditRecord:
        return to_record(
            AuditEntry(
                municipality=municipality,
                at=self._clock.now(),
                kind=AuditKind.SETTINGS,
                outcome="changed",
                trace_id="",
                terminal=self._actor,
                client_id=client_id,
                purpose=purpose,
                function=function,
                before=before,
                after=after,
            )
        )


def _kids(jwks: Mapping[str, Any]) -> list[str]:
    return [key["kid"] for key in jwks["keys"]]


def _client_facts(row: ClientRow) -> dict[str, Any]:
    return {"name": row.name, "contact": row.contact, "kids": _kids(row.jwks)}


def _grant_facts(row: GrantRow) -> dict[str, Any]:
    return {
        "grant_id": row.grant_id,
        "relation": row.relation,
        "items": list(row.items),
        "intersect": row.intersect,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }
