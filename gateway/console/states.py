"""What the open adapters and the copies of the flags say, for the state page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.connections import Connection, Connections, RefusedAdapter, SourceState
from gateway.console.schemas import AdapterCondition, AdapterState, SuppliedGroup
from gateway.protection import ProtectionService
from standard_models.dictionary import Dictionary

_CONDITIONS: Final = {
    SourceState.UNKNOWN: AdapterCondition.UNKNOWN,
    SourceState.ONLINE: AdapterCondition.ONLINE,
    SourceState.CLOSED: AdapterCondition.CLOSED,
    SourceState.DOWN: AdapterCondition.DOWN,
    SourceState.SUSPECT: AdapterCondition.SUSPECT,
}

_WORDS: Final = {
    "adapter-configuration": (
        "設定が正しくありません。", "アダプターの設定ファイルを確かめてください。"
    ),
    "source-authentication-failed": (
        "接続先に認証を断られました。", "接続先の利用者・鍵を確かめてください。"
    ),
    "source-unavailable": ("", "接続先のシステムが動いているか確かめてください。"),
    "source-closed": ("", ""),
    "source-rate-limited": ("接続先が混み合っています。", ""),
    "source-timeout": ("時間内に応答がありません。", "接続先の負荷を確かめてください。"),
    "source-bad-answer": (
        "応答の形が仕様と違います。", "接続先の変更がなかったか、ベンダーに確かめてください。"
    ),
    "source-wrong-subject": (
        "別の人の記録が返されたため捨てました。",
        "接続先のベンダーに至急連絡し、解決後にゲートウェイを再起動してください。",
    ),
    "source-rejected": ("接続先が照会を断りました。", "ベンダーに結果コードを確かめてください。"),
    "adapter-crashed": (
        "アダプターが異常終了しました。", "アダプターのベンダーに連絡してください。"
    ),
}  # fmt: skip
_OTHER: Final = ("", "")


class ConnectionStates:
    """Implements ``AdapterStates``; asks no source."""

    def __init__(
        self, connections: Connections, protection: ProtectionService, dictionary: Dictionary
    ) -> None:
        self._connections = connections
        self._protection = protection
        self._dictionary = dictionary

    async def adapter_states(self) -> Sequence[AdapterState]:
        """Return every adapter that is switched on, refused ones included."""
        opened = [await self._opened(connection) for connection in self._connections.all()]
        return [*opened, *(_refused(adapter) for adapter in self._connections.refused)]

    async def _opened(self, connection: Connection) -> AdapterState:
        manifest, health = connection.manifest, connection.health
        # The page says in its own words what a state means; only what goes beyond it is added.
        message, remedy = _WORDS.get(health.code or "", _OTHER)
        age = None
        if connection.is_flag_authority:
            ages = await self._protection.copy_ages(connection.municipality)
            found = ages.get(connection.adapter_id)
            age = found.total_seconds() if found is not None else None
        return AdapterState(
            adapter_id=connection.adapter_id,
            municipality=connection.municipality,
            system_name=manifest.product.name_ja,
            version=manifest.version,
            mapping_version=connection.mapping_version,
            state=_CONDITIONS[health.state],
            message=message,
            checked_at=health.learnt_at,
            as_of=health.as_of,
            groups=tuple(self._group(ref) for ref in manifest.groups),
            flag_copy_age_s=age,
            is_flag_authority=connection.is_flag_authority,
            in_flight=connection.in_flight,
            opens_at=health.opens_at,
            remedy=remedy,
            alarms=connection.alarms,
        )

    def _group(self, ref: str) -> SuppliedGroup:
        group = self._dictionary.groups[ref]
        edition = self._dictionary.find_edition(group.business_id)
        return SuppliedGroup(ref, edition.name if edition else "", group.name)


def _refused(adapter: RefusedAdapter) -> AdapterState:
    return AdapterState(
        adapter_id=adapter.adapter_id,
        municipality=adapter.municipality,
        system_name=adapter.adapter_id,
        version="",
        mapping_version="",
        state=AdapterCondition.QUARANTINED,
        message=adapter.reason,
        checked_at=None,
        as_of=None,
        groups=(),
        remedy="理由を直してから、ゲートウェイを再起動してください。",
    )
