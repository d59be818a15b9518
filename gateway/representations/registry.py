"""Registration of who may act for whom, by two officers who have seen the proof.

Nothing is ever concluded from names, birth dates or households: a parent is registered like
everybody else. Every change is written together with its audit record, which names nobody.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Clock
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.clock import TOKYO
from gateway.errors import ExplainedError
from gateway.representations.kinds import Kind, last_day_of_minority, representing
from gateway.representations.store import RepresentationStore
from gateway.store.tables import RepresentationRow
from standard_models.dictionary import Dictionary


class RepresentationRefusedError(ExplainedError):
    """A representation cannot be registered or changed; the texts say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentationTerms:
    """What somebody shall be able to do in another's place. Both days are inclusive, in Tokyo.

    ``purposes`` and ``items`` are all that it is for; empty where the law sets no such limit.
    ``document`` names the proof (a number of it, never a person). ``birth`` is that of a minor;
    where it is not known to the day, the earliest day that is possible.
    """

    kind: str
    document: str
    purposes: Sequence[str] = ()
    items: Sequence[str] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    birth: dt.date | None = field(default=None, repr=False)


class RepresentationRegistry:
    """Registers and ends representations. ``actor`` is the officer, as the audit record says."""

    def __init__(
        self, store: RepresentationStore, dictionary: Dictionary, *, clock: Clock, actor: str
    ) -> None:
        self._store = store
        self._dictionary = dictionary
        self._clock = clock
        self._actor = actor

    async def propose(
        self,
        municipality: str,
        represented_id: str,
        representative_id: str,
        terms: RepresentationTerms,
    ) -> RepresentationRow:
        """Propose that ``representative_id`` may act for ``represented_id``.

        Raises:
            RepresentationRefusedError: one person for both; unknown kind, purpose or item; what
                the kind needs is missing; days in the wrong order, or over already.
        """
        if represented_id == representative_id:
            raise RepresentationRefusedError(
                "本人は本人の代理人になれません。", "Nobody represents themselves."
            )
        kind = _kind(terms.kind)
        first = terms.valid_from or self._today()
        row = RepresentationRow(
            representation_id=secrets.token_hex(8),
            municipality=municipality,
            representative_id=representative_id,
            represented_id=represented_id,
            kind=kind.kind_id,
            purposes=await self._purposes(municipality, kind, terms),
            items=self._items(terms),
            document=_document(kind, terms),
            valid_from=first,
            valid_to=self._last_day(kind, terms, first),
            proposed_by=self._actor,
            proposed_at=self._clock.now(),
            approved_by=None,
            approved_at=None,
            ended_by=None,
            ended_at=None,
        )
        await self._store.add(row, self._record(row, "representation-propose", None, _facts(row)))
        return row

    async def approve(self, municipality: str, representation_id: str) -> RepresentationRow:
        """Put a representation in force, as another officer who has seen the proof.

        Raises:
            RepresentationRefusedError: no such proposal; one's own; somebody changed it meanwhile.
        """
        row = await self._find(municipality, representation_id)
        if row.approved_by is not None:
            raise RepresentationRefusedError(
                "すでに承認されています。", "It has been approved already."
            )
        if row.proposed_by == self._actor:
            raise RepresentationRefusedError(
                "自分が登録した代理は承認できません。別の職員が書類を確かめて承認してください。",
                "Nobody can approve a representation of their own: another officer must.",
            )
        changes = {"approved_by": self._actor, "approved_at": self._clock.now()}
        await self._change(row, "representation-approve", changes)
        return row

    async def end(self, municipality: str, representation_id: str) -> None:
        """End a representation at once, or turn a proposal down; one officer is enough.

        Raises:
            RepresentationRefusedError: there is none that has not been ended.
        """
        row = await self._find(municipality, representation_id)
        changes = {"ended_by": self._actor, "ended_at": self._clock.now()}
        await self._change(row, "representation-end", changes)

    async def all(self, municipality: str) -> Sequence[RepresentationRow]:
        """Return what was proposed or approved and not ended, oldest first; also what is over."""
        return await self._store.all(municipality)

    async def _purposes(
        self, municipality: str, kind: Kind, terms: RepresentationTerms
    ) -> list[str] | None:
        if kind.scoped and not terms.purposes:
            raise RepresentationRefusedError(
                f"{kind.name_ja}の代理は書類にある事務に限られます。--purpose を指定してください。",
                "Name the purposes that the document lists (--purpose).",
            )
        unknown = await self._store.unknown_purposes(municipality, terms.purposes)
        if unknown:
            listed = "、".join(sorted(unknown))
            raise RepresentationRefusedError(
                f"この団体に登録されていない利用目的です：{listed}",
                f"The municipality has no such purpose: {listed}",
            )
        return sorted(set(terms.purposes)) or None

    def _items(self, terms: RepresentationTerms) -> list[str] | None:
        unknown = [ref for ref in terms.items if self._dictionary.find_item(ref) is None]
        if unknown:
            listed = "、".join(unknown)
            raise RepresentationRefusedError(
                f"項目がありません：{listed}", f"There is no such item: {listed}"
            )
        return sorted(set(terms.items)) or None

    def _last_day(self, kind: Kind, terms: RepresentationTerms, first: dt.date) -> dt.date | None:
        last = terms.valid_to
        if kind.until_majority:
            if terms.birth is None or terms.birth > self._today():
                raise RepresentationRefusedError(
                    "未成年者の生年月日が必要です。", "The birth date of the minor is needed."
                )
            minor = last_day_of_minority(terms.birth, representing().majority)
            last = minor if last is None else min(last, minor)
        if kind.dated and last is None:
            raise RepresentationRefusedError(
                f"{kind.name_ja}には最後の日（--until）が必要です。",
                "A last day is needed (--until).",
            )
        if last is not None and (last < first or last < self._today()):
            raise RepresentationRefusedError(
                "期間が終わっています（成年に達した人を含む）。",
                "It is over already, as for whoever has come of age.",
            )
        return last

    async def _find(self, municipality: str, representation_id: str) -> RepresentationRow:
        row = await self._store.find(municipality, representation_id)
        if row is None or row.ended_at is not None:
            raise RepresentationRefusedError(
                "この代理は見つかりません。", "There is no such representation."
            )
        return row

    async def _change(
        self, row: RepresentationRow, function: str, values: Mapping[str, Any]
    ) -> None:
        after = _facts(row) | {name: _text(value) for name, value in values.items()}
        if not await self._store.change(
            row, values, self._record(row, function, _facts(row), after)
        ):
            raise RepresentationRefusedError(
                "ほかの職員が先に変更しました。もう一度確かめてください。",
                "Somebody has changed it meanwhile; look again.",
            )

    def _today(self) -> dt.date:
        return self._clock.now().astimezone(TOKYO).date()

    def _record(
        self,
        row: RepresentationRow,
        function: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                row.municipality,
                self._clock.now(),
                self._actor,
                function,
                before=before,
                after=after,
            )
        )


def _kind(kind_id: str) -> Kind:
    kind = representing().kinds.get(kind_id)
    if kind is None:
        listed = "・".join(representing().kinds)
        raise RepresentationRefusedError(
            f"代理の種類は {listed} のいずれかです。", f"The kind must be one of {listed}."
        )
    return kind


def _document(kind: Kind, terms: RepresentationTerms) -> str:
    text = terms.document.strip()
    if not 1 <= len(text) <= 200:
        raise RepresentationRefusedError(
            f"確かめた書類（{kind.proof_ja}）の番号などを指定してください（200 文字まで）。",
            f"Name the document that was seen ({kind.proof_en}), in 200 characters.",
        )
    return text


def _facts(row: RepresentationRow) -> dict[str, Any]:
    """Return what the audit record says: nobody, and no day from which a birth date follows."""
    until_majority = representing().kinds[row.kind].until_majority
    return {
        "representation": row.representation_id,
        "kind": row.kind,
        "purposes": row.purposes,
        "items": row.items,
        "valid_from": _text(row.valid_from),
        "valid_to": "majority" if until_majority else _text(row.valid_to),
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
    }


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
