"""SQL of what ends: certificates of consumers that are in use, grants in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from gateway.store.engine import Store
from gateway.store.tables import ClientCertificateRow, ClientRow, GrantRow


class ExpiryStore:
    """Reads rows of other rooms; changes none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def certificates(self, until: dt.datetime) -> Sequence[Any]:
        """Return client, thumbprint and end of the certificates in use that end by ``until``."""
        query = (
            select(
                ClientCertificateRow.client_id,
                ClientCertificateRow.thumbprint,
                ClientCertificateRow.not_after,
            )
            .join(ClientRow, ClientRow.client_id == ClientCertificateRow.client_id)
            .where(
                ClientRow.revoked_at.is_(None),
                ClientCertificateRow.retired_at.is_(None),
                ClientCertificateRow.not_after <= until,
            )
        )
        async with self._store.session() as session:
            return (await session.execute(query)).all()

    async def grants(self, until: dt.date) -> Sequence[Any]:
        """Return client, id and last day of the grants in force that end by ``until``."""
        query = (
            select(GrantRow.client_id, GrantRow.grant_id, GrantRow.valid_to)
            .join(ClientRow, ClientRow.client_id == GrantRow.client_id)
            .where(
                ClientRow.revoked_at.is_(None),
                GrantRow.revoked_at.is_(None),
                GrantRow.approved_at.is_not(None),
                GrantRow.valid_to.is_not(None),
                GrantRow.valid_to <= until,
            )
        )
        async with self._store.session() as session:
            return (await session.execute(query)).all()
