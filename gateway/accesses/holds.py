"""Holds on disclosure: uses that residents are not shown, for a time or for ever."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from adapters.contract import Clock
from gateway.accesses.store import AccessesStore, Hidden
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.clock import TOKYO
from gateway.errors import ExplainedError
from gateway.store.tables import DisclosureHoldRow


class HoldKind(StrEnum):
    """Why a use is not shown: it may never be told, or an investigation would be harmed."""

    SEALED = "sealed"
    INVESTIGATION = "investigation"


class HoldRefused(ExplainedError):
    """A hold cannot be registered or lifted; the texts say why."""


class DisclosureHolds:
    """Registers holds and knows which are in force. ``actor`` stands in the audit record."""

    def __init__(self, store: AccessesStore, *, clock: Clock, actor: str = "") -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def hold(
        self,
        municipality: str,
        purpose_id: str,
        kind: HoldKind,
        *,
        held_from: dt.date,
        held_until: dt.date | None,
    ) -> DisclosureHoldRow:
        """Hide uses for the purpose made on ``held_from`` or later, through ``held_until``.

        After the last day the uses are shown. Uses before the first day always were and stay: if
        they vanished, the hold itself would be told.

        Raises:
            HoldRefused: unknown purpose; an investigation without an end; days in wrong order.
        """
        if not await self._store.has_purpose(municipality, purpose_id):
            raise HoldRefused(
                "この団体に登録されていない利用目的です。", "The municipality has no such purpose."
            )
        if kind is HoldKind.INVESTIGATION and held_until is None:
            raise HoldRefused(
                "捜査・調査による保留には終わりの日が必要です。延ばすときは登録し直します。",
                "A hold for an investigation needs a last day; register it anew to extend it.",
            )
        if held_until is not None and held_until < held_from:
            raise HoldRefused("終了日が開始日より前です。", "The last day lies before the first.")
        row = DisclosureHoldRow(
            hold_id=secrets.token_hex(8),
            municipality=municipality,
            purpose_id=purpose_id,
            kind=kind.value,
            held_from=held_from,
            held_until=held_until,
            created_at=self._clock.now(),
            created_by=self._actor,
            lifted_at=None,
        )
        await self._store.add_hold(row, self._record("disclosure-hold", row, after=_facts(row)))
        return row

    async def lift(self, municipality: str, hold_id: str) -> None:
        """End a hold now.

        Raises:
            HoldRefused: the municipality has no such hold, or it was lifted before.
        """
        found = [h for h in await self._store.holds(municipality) if h.hold_id == hold_id]
        if not found or found[0].lifted_at is not None:
            raise HoldRefused("有効な保留が見つかりません。", "There is no such hold in force.")
        now = self._clock.now()
        record = self._record(
            "disclosure-lift",
            found[0],
            before=_facts(found[0]),
            after={"lifted_at": now.isoformat()},
        )
        await self._store.lift_hold(hold_id, now, record)

    async def all(self, municipality: str) -> Sequence[DisclosureHoldRow]:
        """Return every hold, lifted or not, oldest first."""
        return await self._store.holds(municipality)

    async def in_force(self, municipality: str) -> list[Hidden]:
        """Return what is not shown today, a day in Asia/Tokyo."""
        today = self._clock.now().astimezone(TOKYO).date()
        return [
            Hidden(hold.purpose_id, dt.datetime.combine(hold.held_from, dt.time(), TOKYO))
            for hold in await self._store.holds(municipality)
            if hold.lifted_at is None and (hold.held_until is None or today <= hold.held_until)
        ]

    def _record(
        self,
        function: str,
        row: DisclosureHoldRow,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                row.municipality,
                self._clock.now(),
                self._actor,
                function,
                purpose=row.purpose_id,
                before=before,
                after=after,
            )
        )


def _facts(row: DisclosureHoldRow) -> dict[str, Any]:
    return {
        "hold_id": row.hold_id,
        "kind": row.kind,
        "held_from": row.held_from.isoformat(),
        "held_until": row.held_until.isoformat() if row.held_until else None,
    }
