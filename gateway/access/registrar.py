"""What every registration has: it is written together with the audit record of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.contract import Clock
from gateway.access.registration import RegistrationError
from gateway.access.store import AccessStore, AlreadyThereError, Registered
from gateway.audit import NO_MUNICIPALITY, AuditRecord, settings_entry, to_record
from standard_models.dictionary import Dictionary


class Registrar:
    """Writes registrations. ``actor`` is who does it, for the audit record."""

    def __init__(
        self, store: AccessStore, dictionary: Dictionary, *, clock: Clock, actor: str
    ) -> None:
        self._store = store
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def _add(self, row: Registered, audit: AuditRecord) -> None:
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
            settings_entry(
                municipality,
                self._clock.now(),
                self._actor,
                function,
                client_id=client_id,
                purpose=purpose,
                before=before,
                after=after,
            )
        )


def kids_of(jwks: Mapping[str, Any]) -> list[str]:
    """Return the ids of the keys of a set."""
    return [key["kid"] for key in jwks["keys"]]
