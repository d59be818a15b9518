"""Registration of those who sign the logins of citizens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.access.registrar import Registrar, kids_of
from gateway.access.registration import (
    RegistrationError,
    checked_issuer,
    checked_keys,
    checked_levels,
    checked_text,
    require_municipality,
)
from gateway.store.tables import LoginProviderRow


class LoginProviderRegistry(Registrar):
    """Whose word a municipality takes for who has logged in."""

    async def add(
        self, municipality: str, issuer: str, *, name: str, jwks: object, levels: Mapping[str, int]
    ) -> LoginProviderRow:
        """Accept the logins of citizens that ``issuer`` signs with these keys.

        ``levels`` says which of its values of ``acr`` means which level, 1 to 3.

        Raises:
            RegistrationError: an issuer that is there already; unusable keys or levels.

        """
        require_municipality(municipality)
        row = LoginProviderRow(
            municipality=municipality,
            issuer=checked_issuer(issuer),
            name=checked_text(name),
            jwks=checked_keys(jwks),
            levels=checked_levels(levels),
            created_at=self._clock.now(),
            revoked_at=None,
        )
        facts = {"issuer": issuer, "kids": kids_of(row.jwks), "levels": row.levels}
        audit = self._change("login-provider-add", after=facts, municipality=municipality)
        await self._add(row, audit)
        return row

    async def rotate_keys(self, municipality: str, issuer: str, jwks: object) -> None:
        """Take the provider's keys of today in the place of those that it had.

        Raises:
            RegistrationError: no such provider; unusable keys.

        """
        row = await self._provider(municipality, issuer)
        keys = checked_keys(jwks)
        audit = self._change(
            "login-provider-rotate",
            before={"issuer": issuer, "kids": kids_of(row.jwks)},
            after={"issuer": issuer, "kids": kids_of(keys)},
            municipality=municipality,
        )
        await self._store.change_provider(municipality, issuer, {"jwks": keys}, audit)

    async def revoke(self, municipality: str, issuer: str) -> None:
        """Accept no login of the provider any more.

        Raises:
            RegistrationError: no such provider.

        """
        await self._provider(municipality, issuer)
        now = self._clock.now()
        audit = self._change(
            "login-provider-revoke",
            before={"issuer": issuer, "revoked_at": None},
            after={"issuer": issuer, "revoked_at": now.isoformat()},
            municipality=municipality,
        )
        await self._store.change_provider(municipality, issuer, {"revoked_at": now}, audit)

    async def all(self, municipality: str) -> Sequence[LoginProviderRow]:
        """Return everybody who signs logins for the municipality."""
        return await self._store.list_providers(municipality)

    async def require(self, municipality: str, issuer: str) -> None:
        """Do nothing if the municipality accepts the logins of ``issuer``.

        Raises:
            RegistrationError: it does not.

        """
        await self._provider(municipality, issuer)

    async def _provider(self, municipality: str, issuer: str) -> LoginProviderRow:
        row = await self._store.find_provider(municipality, issuer)
        if row is None or row.revoked_at is not None:
            raise RegistrationError(
                "有効な発行者が見つかりません。", "There is no such provider in force."
            )
        return row
