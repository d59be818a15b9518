"""Who may have an address although a measure protects it: named exemptions and timed lifts.

An exemption opens items to one client for one purpose, for everybody protected, between two times
and on a legal basis. A lift does so for one person and minutes only. Both need two officers, both
return by themselves, and neither is told to any other system. Source: rule DV-6.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract import Clock
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.errors import ExplainedError
from gateway.protection.officers import require_second
from gateway.protection.store import OpeningStore
from gateway.store.tables import ProtectionOpeningRow
from standard_models.dictionary import Dictionary

LONGEST_LIFT: Final = dt.timedelta(hours=24)
"""A lift that is needed for longer is an exemption, which names its legal basis."""

LONGEST_WAIT: Final = dt.timedelta(hours=24)
"""A proposed lift that nobody has approved by then is void: what it was for has passed."""


class OpeningRefusedError(ExplainedError):
    """An exemption or a lift cannot be made or changed; the texts say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTerms:
    """To whom what is opened. ``items`` are references of items of the address class.

    ``legal_basis`` is the provision of an exemption, or the reason of a lift; never a name.
    """

    client_id: str
    purpose_id: str
    items: Iterable[str]
    legal_basis: str


class Openings:
    """Makes and ends exemptions and lifts. ``actor`` is the officer, as the audit record says."""

    def __init__(
        self, store: OpeningStore, dictionary: Dictionary, *, clock: Clock, actor: str
    ) -> None:
        self._store = store
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def propose_exemption(
        self, municipality: str, terms: OpeningTerms, opens_at: dt.datetime, closes_at: dt.datetime
    ) -> ProtectionOpeningRow:
        """Propose an exemption from ``opens_at`` until before ``closes_at``.

        Raises:
            OpeningRefusedError: no such client or purpose, items that are none of the address
                class, no legal basis, or an end that is not after the start.
        """
        if closes_at <= opens_at or closes_at <= self._clock.now():
            raise OpeningRefusedError(
                "終わりは、始まりといまより後にしてください。",
                "The end must lie after the start and after now.",
            )
        row = await self._new(municipality, terms)
        row.opens_at, row.closes_at = opens_at, closes_at
        await self._store.add(row, self._record(row, "protection-exemption-propose", None))
        return row

    async def propose_lift(
        self,
        municipality: str,
        terms: OpeningTerms,
        person: tuple[str, str],
        lasts: dt.timedelta,
        *,
        subject_key: str | None = None,
    ) -> ProtectionOpeningRow:
        """Propose a lift for one person (numbering, number), to last from its approval on.

        Raises:
            OpeningRefusedError: as of an exemption; or it would last longer than ``LONGEST_LIFT``.
        """
        if not dt.timedelta(0) < lasts <= LONGEST_LIFT:
            raise OpeningRefusedError(
                "一時解除は 24 時間までです。", "A lift lasts for 24 hours at the most."
            )
        row = await self._new(municipality, terms)
        row.numbering, row.number = person
        row.lasts_s = int(lasts.total_seconds())
        await self._store.add(row, self._record(row, "protection-lift-propose", None, subject_key))
        return row

    async def approve(self, municipality: str, opening_id: str) -> ProtectionOpeningRow:
        """Put an exemption or a lift in force, as another officer than who proposed it.

        Raises:
            OpeningRefusedError: no such proposal; one's own; one from another place of work; a lift
                proposed too long ago.
        """
        row = await self._find(municipality, opening_id)
        now = self._clock.now()
        require_second(
            row.proposed_by,
            self._actor,
            OpeningRefusedError,
            alone=(
                "自分が申し出たものは承認できません。別の職員が実行してください。",
                "Nobody can open an address alone: another officer must agree.",
            ),
            elsewhere=(
                "申し出たのと同じ所（コマンドまたは職員画面）で承認してください。",
                "Approve where it was proposed: by command, or in the console.",
            ),
        )
        if row.approved_by is not None:
            raise OpeningRefusedError("すでに承認されています。", "It has been approved already.")
        changes: dict[str, Any] = {"approved_by": self._actor, "approved_at": now}
        if row.lasts_s is not None:
            if now - row.proposed_at > LONGEST_WAIT:
                raise OpeningRefusedError(
                    "申し出から 24 時間を過ぎました。改めて申し出てください。",
                    "It was proposed more than 24 hours ago; propose it anew.",
                )
            changes |= {"opens_at": now, "closes_at": now + dt.timedelta(seconds=row.lasts_s)}
        await self._change(row, "protection-opening-approve", changes)
        return await self._find(municipality, opening_id)

    async def end(self, municipality: str, opening_id: str) -> None:
        """Take an exemption or a lift back at once; one officer is enough to protect.

        Raises:
            OpeningRefusedError: there is none that has not been taken back.
        """
        row = await self._find(municipality, opening_id)
        changes = {"ended_by": self._actor, "ended_at": self._clock.now()}
        await self._change(row, "protection-opening-end", changes)

    async def all(self, municipality: str) -> Sequence[ProtectionOpeningRow]:
        """Return what was proposed or is open and not over, oldest first."""
        return await self._store.all(municipality, self._clock.now())

    async def _new(self, municipality: str, terms: OpeningTerms) -> ProtectionOpeningRow:
        if not terms.legal_basis.strip():
            raise OpeningRefusedError("根拠を指定してください。", "Name the legal basis.")
        if not await self._store.is_registered(municipality, terms.client_id, terms.purpose_id):
            raise OpeningRefusedError(
                "この連携先、または利用目的は登録されていません。",
                "There is no such client or no such purpose.",
            )
        return ProtectionOpeningRow(
            opening_id=secrets.token_hex(8),
            municipality=municipality,
            client_id=terms.client_id,
            purpose_id=terms.purpose_id,
            items=self._address_items(terms.items),
            legal_basis=terms.legal_basis.strip(),
            proposed_by=self._actor,
            proposed_at=self._clock.now(),
        )

    def _address_items(self, references: Iterable[str]) -> list[str]:
        named = sorted(set(references))
        found = {reference: self._dictionary.find_item(reference) for reference in named}
        wrong = [ref for ref, item in found.items() if item is None or not item.address_class]
        if wrong or not named:
            listed = "、".join(wrong) or "―"
            raise OpeningRefusedError(
                f"住所類の項目を一つずつ指定してください：{listed}",
                f"Name items of the address class, one by one: {', '.join(wrong) or 'none given'}",
            )
        return named

    async def _find(self, municipality: str, opening_id: str) -> ProtectionOpeningRow:
        row = await self._store.find(municipality, opening_id)
        if row is None or row.ended_at is not None:
            raise OpeningRefusedError("この ID は見つかりません。", "There is no such opening.")
        return row

    async def _change(
        self, row: ProtectionOpeningRow, function: str, values: Mapping[str, Any]
    ) -> None:
        after = _facts(row) | {name: _text(value) for name, value in values.items()}
        if not await self._store.change(row, values, self._record(row, function, after)):
            raise OpeningRefusedError(
                "ほかの職員が先に変更しました。もう一度確かめてください。",
                "Somebody has changed it meanwhile; look again.",
            )

    def _record(
        self,
        row: ProtectionOpeningRow,
        function: str,
        after: Mapping[str, Any] | None,
        subject_key: str | None = None,
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                row.municipality,
                self._clock.now(),
                self._actor,
                function,
                client_id=row.client_id,
                purpose=row.purpose_id,
                subject_key=subject_key,
                before=None if after is None else _facts(row),
                after=_facts(row) if after is None else after,
            )
        )


def _facts(row: ProtectionOpeningRow) -> dict[str, Any]:
    """Return what the audit record says of an opening: nothing of who it is for."""
    return {
        "opening": row.opening_id,
        "items": list(row.items),
        "legal_basis": row.legal_basis,
        "lasts_s": row.lasts_s,
        "opens_at": _text(row.opens_at),
        "closes_at": _text(row.closes_at),
    }


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value
