"""SQL of clients, purposes, grants and used assertions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Select,
    bindparam,
    delete,
    insert,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import (
    ClientCertificateRow,
    ClientRow,
    FieldSetRow,
    GrantRow,
    LoginProviderRow,
    PurposeRow,
    RevokedTokenRow,
    UsedAssertionRow,
)
from gateway.store.together import Together, padded

USED_KEPT: Final = dt.timedelta(minutes=5)
"""How long what works once is remembered beyond its end: the clock of another gateway over the same
database may be behind, and there it has not ended yet."""
Registered: TypeAlias = (
    ClientRow | ClientCertificateRow | FieldSetRow | PurposeRow | GrantRow | LoginProviderRow
)


class AlreadyThereError(Exception):
    """A row of this key exists."""


class Standing(Enum):
    """Whether a token that is in order by itself may be used."""

    GOOD = auto()
    CLIENT_REVOKED = auto()
    TOKEN_REVOKED = auto()
    CERTIFICATE_ENDED = auto()


def _certificates_that_hold(client_id: str, now: dt.datetime) -> Select[str]:
    return select(ClientCertificateRow.thumbprint).where(
        ClientCertificateRow.client_id == client_id,
        ClientCertificateRow.retired_at.is_(None),
        ClientCertificateRow.not_after > now,
    )


_CLIENT: Final = ClientRow.__table__.c
_CERTIFICATE: Final = ClientCertificateRow.__table__.c
_REVOKED: Final = RevokedTokenRow.__table__.c
_STANDING: Final = union_all(
    select(
        literal("client").label("kind"), _CLIENT.client_id.label("name"), literal("").label("of")
    ).where(
        _CLIENT.client_id.in_(bindparam("clients", expanding=True)), _CLIENT.revoked_at.is_(None)
    ),
    select(literal("token"), _REVOKED.token_id, literal("")).where(
        _REVOKED.token_id.in_(bindparam("tokens", expanding=True))
    ),
    select(literal("certificate"), _CERTIFICATE.thumbprint, _CERTIFICATE.client_id).where(
        _CERTIFICATE.thumbprint.in_(bindparam("thumbprints", expanding=True)),
        _CERTIFICATE.retired_at.is_(None),
        _CERTIFICATE.not_after > bindparam("now"),
    ),
)
"""Clients that hold, tokens that were given back, certificates that may be shown and whose."""
_GRANT: Final = GrantRow.__table__.c
_GRANTS: Final = select(GrantRow.__table__).where(
    tuple_(_GRANT.municipality, _GRANT.client_id, _GRANT.purpose_id).in_(
        bindparam("registrations", expanding=True)
    )
)
"""Asked for with every question, so they are put together once."""
Shown: TypeAlias = tuple[str, str, str, dt.datetime]
"""A client, the id of its token, the thumbprint of its certificate or nothing, and when."""
Registration: TypeAlias = tuple[str, str, str]
"""Municipality, client, purpose."""
ClientChange: TypeAlias = Callable[[ClientRow], tuple[Mapping[str, Any], AuditRecord]]
"""From a client as it is to the values that change, and the record of it."""


class AccessStore:
    """Rows of clients, their certificates, purposes, grants, and of tokens given back.

    Every change is written in one transaction with the audit record of it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)
        self._standings = Together(self._load_standings)
        self._grants = Together(self._load_grants)

    async def find_client(self, client_id: str) -> ClientRow | None:
        """Return the client, revoked or not."""
        async with self._store.session() as session:
            return await session.get(ClientRow, client_id)

    async def list_clients(self) -> Sequence[ClientRow]:
        """Return every client by id."""
        async with self._store.session() as session:
            return (await session.scalars(select(ClientRow).order_by(ClientRow.client_id))).all()

    async def find_purpose(self, municipality: str, purpose_id: str) -> PurposeRow | None:
        """Return the purpose of the municipality."""
        async with self._store.session() as session:
            return await session.get(PurposeRow, (municipality, purpose_id))

    async def list_purposes(self, municipality: str) -> Sequence[PurposeRow]:
        """Return every purpose of the municipality by id."""
        query = (
            select(PurposeRow)
            .where(PurposeRow.municipality == municipality)
            .order_by(PurposeRow.purpose_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def grants(
        self, municipality: str, client_id: str, purpose_id: str
    ) -> tuple[bool, Sequence[Any]]:
        """Return whether the purpose is registered, and its grants to the client."""
        if rows := await self._grants.look_up((municipality, client_id, purpose_id)):
            return True, rows
        return await self.find_purpose(municipality, purpose_id) is not None, ()

    async def grants_of_client(self, client_id: str) -> Sequence[GrantRow]:
        """Return every grant of the client, in all municipalities it works for."""
        query = (
            select(GrantRow)
            .where(GrantRow.client_id == client_id)
            .order_by(GrantRow.municipality, GrantRow.purpose_id, GrantRow.valid_from)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def find_field_set(self, municipality: str, set_id: str) -> FieldSetRow | None:
        """Return the set of the municipality, retired or not."""
        async with self._store.session() as session:
            return await session.get(FieldSetRow, (municipality, set_id))

    async def list_field_sets(self, municipality: str) -> Sequence[FieldSetRow]:
        """Return every set of the municipality by id."""
        query = (
            select(FieldSetRow)
            .where(FieldSetRow.municipality == municipality)
            .order_by(FieldSetRow.set_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def retire_field_set(
        self, municipality: str, set_id: str, at: dt.datetime, audit: AuditRecord
    ) -> bool:
        """Note that the set is not used any more; return whether it was until now."""
        used = FieldSetRow.retired_at.is_(None)
        retired = (
            update(FieldSetRow)
            .where(FieldSetRow.municipality == municipality, FieldSetRow.set_id == set_id, used)
            .values(retired_at=at)
        )
        return await self._changed(retired.returning(FieldSetRow.set_id), audit)

    async def find_grant(self, municipality: str, grant_id: str) -> GrantRow | None:
        """Return the grant if it belongs to the municipality."""
        query = select(GrantRow).where(
            GrantRow.municipality == municipality, GrantRow.grant_id == grant_id
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def add(self, row: Registered, audit: AuditRecord) -> None:
        """Insert ``row``.

        Raises:
            AlreadyThereError: there is one of this key.

        """
        try:
            async with self._store.transaction() as session:
                session.add(row)
                await session.flush()
                await self._audit.append_in(session, audit)
        except IntegrityError:
            raise AlreadyThereError from None

    async def change_client(self, client_id: str, change: ClientChange) -> bool:
        """Set on the client what ``change`` makes of it, as it is now; False if there is none.

        Nobody else changes it meanwhile: a key that somebody takes away at the same time is not
        brought back. What ``change`` raises leaves everything as it was.
        """
        async with self._store.transaction() as session:
            row = await session.get(ClientRow, client_id, with_for_update=True)
            if row is None:
                return False
            values, audit = change(row)
            await session.execute(
                update(ClientRow).where(ClientRow.client_id == client_id).values(**values)
            )
            await self._audit.append_in(session, audit)
            return True

    async def approve_grant(
        self, municipality: str, grant_id: str, actor: str, at: dt.datetime, audit: AuditRecord
    ) -> bool:
        """Note who approved the grant, and when; False if it does not wait for that any more."""
        approved = (
            update(GrantRow)
            .where(GrantRow.municipality == municipality, GrantRow.grant_id == grant_id)
            .where(GrantRow.approved_at.is_(None), GrantRow.proposed_by != actor)
            .where(GrantRow.revoked_at.is_(None))
            .values(approved_by=actor, approved_at=at)
        )
        return await self._changed(approved.returning(GrantRow.grant_id), audit)

    async def revoke_grant(
        self, municipality: str, grant_id: str, at: dt.datetime, audit: AuditRecord
    ) -> bool:
        """Note that the grant ended at ``at``; False if it had ended."""
        revoked = (
            update(GrantRow)
            .where(GrantRow.municipality == municipality, GrantRow.grant_id == grant_id)
            .where(GrantRow.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        return await self._changed(revoked.returning(GrantRow.grant_id), audit)

    async def _changed(self, change: ReturningUpdate[str], audit: AuditRecord) -> bool:
        """Make a change and record it; where there is nothing to change, do neither."""
        async with self._store.transaction() as session:
            if (await session.execute(change)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def find_provider(self, municipality: str, issuer: str) -> LoginProviderRow | None:
        """Return who signs logins under this name, revoked or not."""
        async with self._store.session() as session:
            return await session.get(LoginProviderRow, (municipality, issuer))

    async def list_providers(self, municipality: str) -> Sequence[LoginProviderRow]:
        """Return everybody who signs logins for the municipality."""
        query = (
            select(LoginProviderRow)
            .where(LoginProviderRow.municipality == municipality)
            .order_by(LoginProviderRow.issuer)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def change_provider(
        self, municipality: str, issuer: str, values: dict[str, Any], audit: AuditRecord
    ) -> None:
        """Set ``values`` on the provider."""
        async with self._store.transaction() as session:
            await session.execute(
                update(LoginProviderRow)
                .where(LoginProviderRow.municipality == municipality)
                .where(LoginProviderRow.issuer == issuer)
                .values(**values)
            )
            await self._audit.append_in(session, audit)

    async def standing(
        self, client_id: str, token_id: str, certificate: str | None, now: dt.datetime
    ) -> Standing:
        """Return what speaks against a token now, beside its own dates."""
        found = await self._standings.look_up((client_id, token_id, certificate or "", now))
        return Standing.CLIENT_REVOKED if found is None else found

    async def _load_standings(self, shown: Sequence[Shown]) -> Mapping[Shown, Standing]:
        asked = padded(shown)
        rows = await self._store.look_up(
            _STANDING,
            {
                "clients": [client_id for client_id, *_ in asked],
                "tokens": [token_id for _, token_id, *_ in asked],
                "thumbprints": [thumbprint for *_, thumbprint, _ in asked],
                "now": max(now for *_, now in shown),
            },
        )
        known = {(row.kind, row.name, row.of) for row in rows}
        return {one: _standing(known, one[0], one[1], one[2]) for one in shown}

    async def _load_grants(
        self, registrations: Sequence[Registration]
    ) -> Mapping[Registration, Sequence[Any]]:
        rows = await self._store.look_up(_GRANTS, {"registrations": padded(registrations)})
        found: dict[Registration, list[Any]] = {}
        for row in rows:
            place = (row.municipality, row.client_id, row.purpose_id)
            found.setdefault(place, []).append(row)
        return found

    async def certificate_holds(self, client_id: str, thumbprint: str, now: dt.datetime) -> bool:
        """Return whether the client may show this certificate now."""
        query = _certificates_that_hold(client_id, now).where(
            ClientCertificateRow.thumbprint == thumbprint
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).first() is not None

    async def certificates(self, client_id: str) -> Sequence[ClientCertificateRow]:
        """Return every certificate of the client, the one that ends last first."""
        query = (
            select(ClientCertificateRow)
            .where(ClientCertificateRow.client_id == client_id)
            .order_by(ClientCertificateRow.not_after.desc(), ClientCertificateRow.thumbprint)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def retire_certificate(
        self, client_id: str, thumbprint: str, at: dt.datetime, audit: AuditRecord
    ) -> bool:
        """Note that the client may not show the certificate any more; False if that was so."""
        retired = (
            update(ClientCertificateRow)
            .where(ClientCertificateRow.client_id == client_id)
            .where(ClientCertificateRow.thumbprint == thumbprint)
            .where(ClientCertificateRow.retired_at.is_(None))
            .values(retired_at=at)
        )
        return await self._changed(retired.returning(ClientCertificateRow.client_id), audit)

    async def revoke_token(self, token_id: str, expires_at: dt.datetime, now: dt.datetime) -> None:
        """Note that a token was given back; those that have long run out are forgotten."""
        with suppress(IntegrityError):
            async with self._store.transaction() as session:
                await session.execute(
                    delete(RevokedTokenRow).where(RevokedTokenRow.expires_at < now - USED_KEPT)
                )
                await session.execute(
                    insert(RevokedTokenRow).values(token_id=token_id, expires_at=expires_at)
                )

    async def use_assertion(
        self, client_id: str, jti: str, expires_at: dt.datetime, now: dt.datetime
    ) -> bool:
        """Note that an assertion was used; return False if it had been used before.

        Assertions that have long run out are forgotten: nobody accepts them any more.
        """
        try:
            async with self._store.transaction() as session:
                await session.execute(
                    delete(UsedAssertionRow).where(UsedAssertionRow.expires_at < now - USED_KEPT)
                )
                await session.execute(
                    insert(UsedAssertionRow).values(
                        client_id=client_id, jti=jti, expires_at=expires_at
                    )
                )
        except IntegrityError:
            return False
        return True


def _standing(
    known: Container[tuple[str, str, str]], client_id: str, token_id: str, thumbprint: str
) -> Standing:
    if ("client", client_id, "") not in known:
        return Standing.CLIENT_REVOKED
    if ("token", token_id, "") in known:
        return Standing.TOKEN_REVOKED
    shown = not thumbprint or ("certificate", thumbprint, client_id) in known
    return Standing.GOOD if shown else Standing.CERTIFICATE_ENDED
