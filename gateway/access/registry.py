"""Registration of clients, purposes and grants by the municipality's staff.

Every change is written together with its audit record (kind settings, before and after).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.access.certificates import Certificate, read_certificate
from gateway.access.field_sets import no_field_set
from gateway.access.grants import GrantTerms, Relation
from gateway.access.limits import Asking, Bases, OrganKind, require_lawful
from gateway.access.number_uses import require_number_use
from gateway.access.registrar import Registrar, kids_of
from gateway.access.registration import (
    MATCH_BY_NUMBER,
    RIGHTS,
    RegistrationError,
    checked_bases,
    checked_keys,
    checked_login,
    checked_text,
    expand_items,
    require_id,
    require_municipality,
)
from gateway.access.store import ClientChange
from gateway.audit import AuditRecord
from gateway.clock import TOKYO
from gateway.predicates import Predicates
from gateway.store.tables import (
    ClientCertificateRow,
    ClientRow,
    GrantRow,
    PurposeRow,
)
from standard_models.dictionary import DataItem


class AccessRegistry(Registrar):
    """What staff may register of clients, purposes and grants."""

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
        now = self._clock.now()

        def revoked(row: ClientRow) -> tuple[Mapping[str, Any], AuditRecord]:
            if row.revoked_at is not None:
                raise RegistrationError("すでに停止されています。", "It was revoked before.")
            audit = self._change(
                "client-revoke",
                before={"revoked_at": None},
                after={"revoked_at": now.isoformat()},
                client_id=client_id,
            )
            return {"revoked_at": now}, audit

        await self._change_client(client_id, revoked)

    async def rotate_keys(
        self, client_id: str, *, add: object | None, retire: Iterable[str] = ()
    ) -> Sequence[str]:
        """Add keys and take away others; return the key ids that work now.

        Both may happen at different times, so that old and new keys overlap. Takes effect with
        the next token request.

        Raises:
            RegistrationError: no such client or key id; unusable keys; no key would be left; a
                system of the linkage face.

        """
        gone = set(retire)
        new = checked_keys(add)["keys"] if add is not None else []
        left: list[str] = []

        def rotated(row: ClientRow) -> tuple[Mapping[str, Any], AuditRecord]:
            require_keys(row)
            if unknown := gone - set(kids_of(row.jwks)):
                raise RegistrationError(
                    f"登録されていない kid があります（{len(unknown)} 件）。",
                    f"Some kids are not registered ({len(unknown)}).",
                )
            kept = [key for key in row.jwks["keys"] if key["kid"] not in gone]
            jwks = checked_keys({"keys": [*kept, *new]})
            left.extend(kids_of(jwks))
            audit = self._change(
                "client-rotate-key",
                before={"kids": kids_of(row.jwks)},
                after={"kids": kids_of(jwks)},
                client_id=client_id,
            )
            return {"jwks": jwks}, audit

        await self._change_client(client_id, rotated)
        return left

    async def require_signatures(self, client_id: str, *, required: bool) -> None:
        """Let high-stakes writes of the client be signed messages, or need it no longer.

        Takes effect with the next write.

        Raises:
            RegistrationError: no such client; a system of the linkage face.

        """

        def changed(row: ClientRow) -> tuple[Mapping[str, Any], AuditRecord]:
            require_keys(row)
            audit = self._change(
                "client-require-signatures",
                before={"signs_writes": row.signs_writes},
                after={"signs_writes": required},
                client_id=client_id,
            )
            return {"signs_writes": required}, audit

        await self._change_client(client_id, changed)

    async def add_certificate(self, client_id: str, pem: bytes) -> Certificate:
        """Let the client show this certificate in TLS. Old and new ones may overlap.

        Raises:
            RegistrationError: no such client; a certificate that cannot be used or is there
                already; a system of the linkage face.

        """
        row = await self._client(client_id)
        require_keys(row)
        now = self._clock.now()
        found = read_certificate(pem, now)
        audit = self._change(
            "client-add-certificate",
            after={"thumbprint": found.thumbprint, "not_after": found.not_after.isoformat()},
            client_id=row.client_id,
        )
        certificate = ClientCertificateRow(
            client_id=row.client_id,
            thumbprint=found.thumbprint,
            subject=found.subject,
            not_after=found.not_after,
            added_at=now,
            retired_at=None,
        )
        await self._add(certificate, audit)
        return found

    async def retire_certificate(self, client_id: str, thumbprint: str) -> None:
        """Refuse the certificate; tokens that are bound to it work for 60 seconds at most.

        Raises:
            RegistrationError: the client has no such certificate in use.

        """
        now = self._clock.now()
        audit = self._change(
            "client-retire-certificate",
            before={"thumbprint": thumbprint, "retired_at": None},
            after={"thumbprint": thumbprint, "retired_at": now.isoformat()},
            client_id=client_id,
        )
        if not await self._store.retire_certificate(client_id, thumbprint, now, audit):
            raise RegistrationError(
                "使用中の証明書が見つかりません。", "The client has no such certificate in use."
            )

    async def certificates(self, client_id: str) -> Sequence[ClientCertificateRow]:
        """Return every certificate of the client, retired ones too."""
        return await self._store.certificates(client_id)

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
        organ_kind: OrganKind = OrganKind.GENERAL,
        bases: Bases | None = None,
    ) -> PurposeRow:
        """Register a reason for asking (事務) with its legal basis and the organ that asks.

        ``organ_kind`` and ``bases`` decide what the law lets be granted for it.

        Raises:
            RegistrationError: an id that exists, a wrong shape, or an empty text; an affair for
                which the law does not let My Numbers be used.

        """
        require_municipality(municipality)
        require_id(purpose_id)
        bases = bases or Bases()
        if bases.number_use is not None or bases.number_ordinance is not None:
            self._require_number_use(bases.number_use, bases.number_ordinance, organ_kind)
        row = PurposeRow(
            municipality=municipality,
            purpose_id=purpose_id,
            name_ja=checked_text(name_ja),
            name_en=checked_text(name_en),
            legal_basis=checked_text(legal_basis, limit=400),
            organ=checked_text(organ),
            organ_kind=organ_kind.value,
            tax_basis=_basis(bases.tax),
            provision_basis=_basis(bases.provision),
            number_use=bases.number_use,
            number_ordinance=_basis(bases.number_ordinance),
            created_at=self._clock.now(),
        )
        facts = {
            "purpose": purpose_id,
            "legal_basis": row.legal_basis,
            "organ": row.organ,
            "organ_kind": row.organ_kind,
            "tax_basis": row.tax_basis,
            "provision_basis": row.provision_basis,
            "number_use": row.number_use,
            "number_ordinance": row.number_ordinance,
        }
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
        terms: GrantTerms,
    ) -> GrantRow:
        """Propose that the client may ask for the items of ``terms`` for the purpose.

        The grant is in force when somebody else has approved it. A group is written down item by
        item as it is today, so that an item that a later edition adds is not granted by itself.

        Raises:
            RegistrationError: unknown client, purpose or item; a wildcard; My Number; dates in
                the wrong order; a household without basis; what the law does not let be granted
                (``require_lawful``).

        """
        client = await self._client(client_id)
        if client.revoked_at is not None:
            raise RegistrationError("停止された連携先です。", "The client is revoked.")
        purpose = await self._store.find_purpose(municipality, purpose_id)
        if purpose is None:
            raise RegistrationError(
                "この団体に登録されていない利用目的です。先に purpose add で登録してください。",
                "The municipality has no such purpose; register it with `purpose add` first.",
            )
        if terms.valid_to is not None and terms.valid_to < terms.valid_from:
            raise RegistrationError(
                "終了日が開始日より前です。", "The last day lies before the first."
            )
        in_sets = await self._of_sets(municipality, terms.field_sets)
        items = expand_items([*terms.items, *in_sets], self._dictionary)
        worked_from = Predicates.of(self._dictionary).inputs_of(items)
        asking = self._asking(purpose, terms)
        require_lawful(self._items(items), asking, worked_from=self._items(worked_from))
        if MATCH_BY_NUMBER in items:
            organ = OrganKind(purpose.organ_kind)
            self._require_number_use(purpose.number_use, purpose.number_ordinance, organ)
        login = checked_login(terms.login_level, terms.login_max_age_s)
        if terms.relation is Relation.REPRESENTED and login is None:
            raise RegistrationError(
                "代理人による照会の許可には、代理人のログインの水準（--login-level）が必要です。",
                "A grant for representatives needs the level of their login (--login-level).",
            )
        if terms.relation is Relation.REPRESENTED and RIGHTS.intersection(items):
            raise RegistrationError(
                "right: で始まる権利は、代理人による利用には許可できません。",
                "A right beside items cannot be granted to representatives.",
            )
        row = GrantRow(
            grant_id=secrets.token_hex(8),
            municipality=municipality,
            client_id=client_id,
            purpose_id=purpose_id,
            relation=terms.relation.value,
            bases=checked_bases(terms.relation, terms.bases),
            items=items,
            field_sets=sorted(set(terms.field_sets)),
            intersect=terms.intersect,
            consent=terms.consent,
            login_level=int(login.level) if login else None,
            login_max_age_s=int(login.max_age.total_seconds()) if login else None,
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
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

    async def _of_sets(self, municipality: str, set_ids: Iterable[str]) -> list[str]:
        """Return what the named sets hold.

        Raises:
            RegistrationError: the municipality has no such set in use.

        """
        found: list[str] = []
        for set_id in set_ids:
            row = await self._store.find_field_set(municipality, set_id)
            if row is None or row.retired_at is not None:
                raise no_field_set(set_id)
            found += row.items
        return found

    def _items(self, references: Iterable[str]) -> list[DataItem]:
        found = map(self._dictionary.find_item, references)
        return [item for item in found if item is not None]

    def _require_number_use(
        self, use_id: str | None, ordinance: str | None, organ: OrganKind
    ) -> None:
        day = self._clock.now().astimezone(TOKYO).date()
        require_number_use(use_id, ordinance, organ, day)

    def _asking(self, purpose: PurposeRow, terms: GrantTerms) -> Asking:
        return Asking(
            OrganKind(purpose.organ_kind),
            Bases(purpose.tax_basis, purpose.provision_basis),
            terms.consent,
            self._clock.now().astimezone(TOKYO).date(),
        )

    async def approve_grant(self, municipality: str, grant_id: str) -> GrantRow:
        """Put a proposed grant in force, as somebody else than who proposed it.

        Raises:
            RegistrationError: no such proposal, or it is one's own.

        """
        row = await self._store.find_grant(municipality, grant_id)
        if row is None or row.revoked_at is not None or row.approved_at is not None:
            raise _nothing_to_approve()
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
        if not await self._store.approve_grant(municipality, grant_id, self._actor, now, audit):
            raise _nothing_to_approve()
        return row

    async def revoke_grant(self, municipality: str, grant_id: str) -> None:
        """End a grant now, or turn a proposal down. One person is enough to take a right away.

        Raises:
            RegistrationError: the municipality has no such grant, or it was revoked before.

        """
        row = await self._store.find_grant(municipality, grant_id)
        if row is None:
            raise _no_grant()
        now = self._clock.now()
        audit = self._change(
            "grant-revoke",
            before=_grant_facts(row),
            after={"revoked_at": now.isoformat()},
            municipality=municipality,
            client_id=row.client_id,
            purpose=row.purpose_id,
        )
        if not await self._store.revoke_grant(municipality, grant_id, now, audit):
            raise _no_grant()

    async def _change_client(self, client_id: str, change: ClientChange) -> None:
        if not await self._store.change_client(client_id, change):
            raise _no_client()

    async def _client(self, client_id: str) -> ClientRow:
        row = await self._store.find_client(client_id)
        if row is None:
            raise _no_client()
        return row


def require_keys(row: ClientRow) -> None:
    """Do nothing for a client that signs with keys of its own.

    A system of the linkage face and a desk of the console have none: with keys they could get
    tokens for ``/v1``, past the networks, scopes and rights that they were registered for.

    Raises:
        RegistrationError: it has none.

    """
    if not row.jwks["keys"]:
        raise RegistrationError(
            "庁内データ連携のシステムと職員画面の窓口には、鍵や証明書を登録できません。"
            "連携先（client add）として別に登録してください。",
            "A system of the linkage face or a desk of the console has no keys or "
            "certificates; register it as a consumer of its own (client add).",
        )


def _no_client() -> RegistrationError:
    return RegistrationError("この連携先は登録されていません。", "There is no such client.")


def _nothing_to_approve() -> RegistrationError:
    return RegistrationError(
        "承認を待っている許可が見つかりません。", "There is no such grant to approve."
    )


def _no_grant() -> RegistrationError:
    return RegistrationError("有効な許可が見つかりません。", "There is no such grant in force.")


def _basis(text: str | None) -> str | None:
    return None if text is None else checked_text(text, limit=400)


def _client_facts(row: ClientRow) -> dict[str, Any]:
    return {"name": row.name, "contact": row.contact, "kids": kids_of(row.jwks)}


def _grant_facts(row: GrantRow) -> dict[str, Any]:
    return {
        "grant_id": row.grant_id,
        "relation": row.relation,
        "bases": list(row.bases),
        "items": list(row.items),
        "field_sets": list(row.field_sets),
        "intersect": row.intersect,
        "consent": row.consent,
        "login_level": row.login_level,
        "login_max_age_s": row.login_max_age_s,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }
