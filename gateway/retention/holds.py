"""Legal holds: what a court, an audit or a complaint needs stays, whatever its rule says.

One officer sets a hold, at once. It ends when a second officer agrees, for what goes then is gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract import Clock
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.errors import ExplainedError
from gateway.protection.officers import require_second
from gateway.retention.rules import retention_rules
from gateway.retention.store import RetentionStore
from gateway.store.tables import RetentionHoldRow

LONGEST_REASON: Final = 400
"""Characters that the database has room for."""


class HoldRefusedError(ExplainedError):
    """A hold cannot be set or released; the texts say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What is held, and why: all records of a kind, or one of them; everything of one person.

    Without a ``kind`` it is over every kind. ``record`` is the name that a list of expired records
    gives it. ``person`` is subject id and pseudonym. ``reason`` is a file number; never a name.
    """

    reason: str
    kind: str | None = None
    record: str | None = None
    person: tuple[str, str] | None = None


class LegalHolds:
    """Sets and releases holds. ``actor`` is the officer, who stands in the audit record."""

    def __init__(self, store: RetentionStore, *, clock: Clock, actor: str) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def set(self, municipality: str, hold: Hold) -> RetentionHoldRow:
        """Hold back what ``hold`` says from every purge from now on.

        Raises:
            HoldRefusedError: no reason, or too long a one; no such kind or record; a record and a
                person.
        """
        if not hold.reason.strip():
            raise HoldRefusedError("理由を指定してください。", "Name the reason.")
        if len(hold.reason.strip()) > LONGEST_REASON:
            raise HoldRefusedError(
                f"理由は {LONGEST_REASON} 字までです。",
                f"A reason has {LONGEST_REASON} characters at most.",
            )
        await self._require_known(municipality, hold)
        row = RetentionHoldRow(
            hold_id=secrets.token_hex(8),
            municipality=municipality,
            kind=hold.kind,
            record=hold.record,
            subject_id=hold.person[0] if hold.person else None,
            subject_key=hold.person[1] if hold.person else None,
            reason=hold.reason.strip(),
            set_by=self._actor,
            set_at=self._clock.now(),
        )
        await self._store.add_hold(row, self._record(row, "retention-hold", None, _facts(row)))
        return row

    async def release(self, municipality: str, hold_id: str) -> bool:
        """Propose to release a hold or, as another officer, release it; return whether it is.

        Raises:
            HoldRefusedError: no such hold; one's own proposal, or one from another place of work;
                somebody changed it meanwhile.
        """
        row = await self._store.find_hold(municipality, hold_id)
        if row is None:
            raise HoldRefusedError("この保存命令は見つかりません。", "There is no such hold.")
        if row.release_proposed_by is None:
            await self._change(
                row, "retention-release-propose", {"release_proposed_by": self._actor}
            )
            return False
        require_second(
            row.release_proposed_by,
            self._actor,
            HoldRefusedError,
            alone=(
                "自分が申し出た解除は承認できません。別の職員が実行してください。",
                "Nobody can release a hold alone: another officer must agree.",
            ),
            elsewhere=(
                "申し出たのと同じ所（コマンドまたは職員画面）で解いてください。",
                "Release it where that was proposed: by command, or in the console.",
            ),
        )
        now = self._clock.now()
        await self._change(
            row, "retention-release", {"released_by": self._actor, "released_at": now}
        )
        return True

    async def all(self, municipality: str) -> Sequence[RetentionHoldRow]:
        """Return the holds that were not released, oldest first."""
        return await self._store.holds(municipality)

    async def _require_known(self, municipality: str, hold: Hold) -> None:
        kinds = retention_rules().erased
        if hold.kind is not None and hold.kind not in kinds:
            raise HoldRefusedError(
                f"種類は次のどれかです：{'、'.join(kinds)}",
                f"The kind is one of: {', '.join(kinds)}",
            )
        if hold.record is None:
            return
        if hold.kind is None or hold.person is not None:
            raise HoldRefusedError(
                "記録を一つ指定するときは、種類も指定し、人は指定しないでください。",
                "A hold over one record names its kind, and no person.",
            )
        if not await self._store.has(municipality, kinds[hold.kind], hold.record):
            raise HoldRefusedError("この記録は見つかりません。", "There is no such record.")

    async def _change(
        self, row: RetentionHoldRow, function: str, values: Mapping[str, Any]
    ) -> None:
        after = _facts(row) | {
            name: value for name, value in values.items() if isinstance(value, str)
        }
        audit = self._record(row, function, _facts(row), after)
        if not await self._store.change_hold(row, values, audit):
            raise HoldRefusedError(
                "ほかの職員が先に変更しました。もう一度確かめてください。",
                "Somebody has changed it meanwhile; look again.",
            )

    def _record(
        self,
        row: RetentionHoldRow,
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
                subject_key=row.subject_key,
                before=before,
                after=after,
            )
        )


def _facts(row: RetentionHoldRow) -> dict[str, Any]:
    """Return what the audit record says of a hold; of whom stands there as the pseudonym."""
    return {
        "hold": row.hold_id,
        "kind": row.kind,
        "record": row.record,
        "reason": row.reason,
        "release_proposed_by": row.release_proposed_by,
    }
