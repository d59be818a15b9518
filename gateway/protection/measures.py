"""Measures that the town's officers set in the gateway itself, without waiting for a system.

They protect from the moment of the application (DV-4), lapse by no date (DV-5), and end only when
a second officer agrees. Whether anybody has one is as secret as a flag of a system (DV-8).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from adapters.contract import Clock
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.clock import TOKYO
from gateway.errors import ExplainedError
from gateway.protection.officers import require_second
from gateway.protection.store import MeasureStore, Wanted
from gateway.protection.terms import MeasureState, state_of, term_of
from gateway.store.tables import ProtectionMeasureRow


class MeasureKind(StrEnum):
    """Kinds of 支援措置: decided, applied for, or for those who are protected together."""

    FULL = "full"
    PROVISIONAL = "provisional"
    ACCOMPANYING = "accompanying"


class HoldCause(StrEnum):
    """Other reasons why addresses of a person are not given: no consumer learns which it is.

    Rule DV-8b. One officer ends a hold; it leaves every measure as it is.
    """

    RETURNED_MAIL = "returned-mail"
    IDENTITY_DOUBT = "identity-doubt"
    DATA_QUALITY = "data-quality"


class MeasureRefusedError(ExplainedError):
    """A measure cannot be set or changed; the texts say why."""


def state_on(row: ProtectionMeasureRow, day: dt.date) -> MeasureState:
    """Return how a measure stands on a day; the reminder begins a month before its last day."""
    return state_of(row.until, row.source_said, day)


def is_hold(row: ProtectionMeasureRow) -> bool:
    """Tell whether the row withholds addresses for another reason than a measure."""
    return row.kind in {cause.value for cause in HoldCause}


class Measures:
    """Sets and ends measures. ``actor`` is the officer, who stands in the audit record."""

    def __init__(self, store: MeasureStore, *, clock: Clock, actor: str) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def set(
        self,
        municipality: str,
        numbering: str,
        number: str,
        kind: MeasureKind | HoldCause,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        subject_key: str | None = None,
        other_parties: Sequence[str] = (),
    ) -> ProtectionMeasureRow:
        """Protect the person with a number, at once; by default for a term of one year.

        ``other_parties`` are the subject ids of everybody from whom it protects. They are named
        here or never: to name them later would open what was closed to somebody else.

        Raises:
            MeasureRefusedError: the term ends before it begins.
        """
        first = since or self._clock.now().astimezone(TOKYO).date()
        row = ProtectionMeasureRow(
            measure_id=secrets.token_hex(8),
            municipality=municipality,
            numbering=numbering,
            number=number,
            kind=kind.value,
            since=first,
            until=until or term_of(first),
            set_by=self._actor,
            set_at=self._clock.now(),
            other_parties=sorted(set(other_parties)) or None,
        )
        if row.until < row.since:
            raise MeasureRefusedError(
                "期間の終わりが始まりより前です。", "The term ends before it begins."
            )
        audit = self._record(row, "protection-set", None, _facts(row), subject_key)
        await self._store.add(row, audit)
        return row

    async def extend(self, municipality: str, measure_id: str, until: dt.date) -> None:
        """Set a later last day, and take back what was said of its end.

        Raises:
            MeasureRefusedError: no such measure, or the day is not later.
        """
        row = await self._find(municipality, measure_id)
        if until <= row.until:
            raise MeasureRefusedError(
                "いまの期限より後の日を指定してください。",
                "The day must lie after the present one.",
            )
        changes: dict[str, Any] = {"until": until, "end_proposed_by": None, "source_said": None}
        await self._change(row, "protection-extend", changes)

    async def end(self, municipality: str, measure_id: str) -> bool:
        """Propose to end a measure or, as another officer, end it; return whether it is ended.

        A hold is ended at once.

        Raises:
            MeasureRefusedError: no such measure; one's own proposal, or one from another place of
                work; somebody changed it meanwhile.
        """
        row = await self._find(municipality, measure_id)
        if row.end_proposed_by is None and not is_hold(row):
            await self._change(row, "protection-end-propose", {"end_proposed_by": self._actor})
            return False
        if row.end_proposed_by is not None:
            require_second(
                row.end_proposed_by,
                self._actor,
                MeasureRefusedError,
                alone=(
                    "自分が申し出た終了は承認できません。別の職員が実行してください。",
                    "Nobody can end a measure alone: another officer must agree.",
                ),
                elsewhere=(
                    "申し出たのと同じ所（コマンドまたは職員画面）で終えてください。",
                    "End it where that was proposed: by command, or in the console.",
                ),
            )
        changes = {"ended_by": self._actor, "ended_at": self._clock.now()}
        await self._change(row, "protection-end", changes)
        return True

    async def all(self, municipality: str) -> Sequence[tuple[ProtectionMeasureRow, MeasureState]]:
        """Return the measures that have not been ended, with their states, by the end of term."""
        today = self._clock.now().astimezone(TOKYO).date()
        return [(row, state_on(row, today)) for row in await self._store.all(municipality)]

    async def page(
        self, municipality: str, wanted: Wanted, *, limit: int, offset: int
    ) -> tuple[Sequence[tuple[ProtectionMeasureRow, MeasureState]], int]:
        """Return a part of those that are looked for, by the end of term, and how many there are.

        In the time of one lookup, whether there are three or thousands.
        """
        today = self._clock.now().astimezone(TOKYO).date()
        rows, total = await self._store.page(
            municipality, wanted, today, limit=limit, offset=offset
        )
        return [(row, state_on(row, today)) for row in rows], total

    async def get(
        self, municipality: str, measure_id: str
    ) -> tuple[ProtectionMeasureRow, MeasureState]:
        """Return one measure that has not been ended.

        Raises:
            MeasureRefusedError: there is none.
        """
        row = await self._find(municipality, measure_id)
        return row, state_on(row, self._clock.now().astimezone(TOKYO).date())

    async def _find(self, municipality: str, measure_id: str) -> ProtectionMeasureRow:
        row = await self._store.find(municipality, measure_id)
        if row is None or row.ended_at is not None:
            raise MeasureRefusedError("この措置は見つかりません。", "There is no such measure.")
        return row

    async def _change(
        self, row: ProtectionMeasureRow, function: str, values: Mapping[str, Any]
    ) -> None:
        after = _facts(row) | {name: _text(value) for name, value in values.items()}
        audit = self._record(row, function, _facts(row), after, None)
        if not await self._store.change(row, values, audit):
            raise MeasureRefusedError(
                "ほかの職員が先に変更しました。もう一度確かめてください。",
                "Somebody has changed the measure meanwhile; look again.",
            )

    def _record(
        self,
        row: ProtectionMeasureRow,
        function: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
        subject_key: str | None,
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                row.municipality,
                self._clock.now(),
                self._actor,
                function,
                subject_key=subject_key,
                before=before,
                after=after,
            )
        )


def _facts(row: ProtectionMeasureRow) -> dict[str, Any]:
    """Return what the audit record says of a measure: nothing of who it is for."""
    return {
        "measure": row.measure_id,
        "kind": row.kind,
        "since": _text(row.since),
        "until": _text(row.until),
        "source_said": row.source_said,
        "end_proposed_by": row.end_proposed_by,
    }


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
