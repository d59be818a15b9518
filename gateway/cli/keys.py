"""``hitotsu keys``. Keys are never shown."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from gateway.audit import NO_MUNICIPALITY, settings_entry
from gateway.cli.session import IDS_WITH_DASHES, Session, opened, read_settings, run, say
from gateway.clock import SystemClock
from gateway.keys import FileKeyStore
from gateway.settings import MAX_TOKEN_LIFETIME_S

app = typer.Typer(help="ゲートウェイの鍵 / Keys of the gateway.", no_args_is_help=True)

USUAL_OVERLAP = {
    "signing": dt.timedelta(seconds=MAX_TOKEN_LIFETIME_S),
    "handles": dt.timedelta(days=365),
}
"""A token lives no longer than that; handles lie in the databases of consumers."""


class KeyKind(StrEnum):
    """Keys that can be renewed."""

    SIGNING = "signing"
    HANDLES = "handles"
    HEADS = "heads"
    EVIDENCE = "evidence"
    SEALING = "sealing"
    MY_NUMBERS = "my-numbers"


_KEPT = frozenset({KeyKind.HEADS, KeyKind.EVIDENCE, KeyKind.SEALING, KeyKind.MY_NUMBERS})
"""Kinds of which the earlier ones are kept for good, because what they made is."""


@app.command()
def init() -> None:
    """鍵を作る。すでにあれば何も変えない / Make the keys; existing ones are never overwritten."""
    store = FileKeyStore(read_settings().keys_dir)

    async def work() -> None:
        store.create()

    run(work())
    say(
        f"鍵を作りました（{store.path}）。バックアップしてください。",
        f"Keys made ({store.path}); put them into the backup.",
    )


@app.command()
def rotate(
    kind: Annotated[
        KeyKind,
        typer.Argument(
            help="signing（トークンの署名）、handles（ハンドル）、heads（監査記録の木の署名）、"
            "evidence（受領票と証明の署名）、sealing（保存する値の暗号化）、my-numbers（個人番号の"
            "暗号化。続けて hitotsu my-number reseal） / What the key is for."
        ),
    ],
    overlap_hours: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="前の鍵を受け付ける時間。盗まれたときは 0（既定：signing は 10 分、"
            "handles は 8760 時間） / Hours that earlier keys are still accepted; 0 when "
            "they were stolen.",
        ),
    ] = None,
) -> None:
    """鍵を新しくする。前の鍵もしばらく使える / Renew a key; the last one works for a while."""
    overlap = USUAL_OVERLAP.get(kind.value, dt.timedelta())
    if overlap_hours is not None:
        overlap = dt.timedelta(hours=overlap_hours)
    until = SystemClock().now() + overlap
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await _rotate(session, kind, until)

    run(work())
    shown = until.isoformat(timespec="minutes")
    if kind in _KEPT:
        say(
            "更新しました。前の鍵で作ったものは、そのまま確かめられます。",
            "Renewed; what the last key made stays good.",
        )
        return
    say(f"更新しました。前の鍵は {shown} まで有効です。", f"Renewed; the last works until {shown}.")


@app.command(context_settings=IDS_WITH_DASHES)
def revoke(
    kid: Annotated[str, typer.Argument(help="取り消す証明の鍵の名前（kid） / The key's kid.")],
) -> None:
    """証明の鍵を取り消す。その鍵で署名したものはすべて無効になる / Revoke a key of evidence."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            now = session.clock.now()
            session.keys.revoke_evidence(kid, now)
            await _record(session, "keys-revoke", {"kid": kid}, {"revoked_at": now.isoformat()})

    run(work())
    say("取り消しました。公開の鍵一覧に載ります。", "Revoked; the published keys say so.")


async def _rotate(session: Session, kind: KeyKind, until: dt.datetime) -> None:
    session.keys.keys()
    after: dict[str, str] = {"key": kind.value}
    if kind not in _KEPT:
        after["last_accepted_until"] = until.isoformat()
    await _record(session, "keys-rotate", {"key": kind.value}, after)
    if kind is KeyKind.SIGNING:
        session.keys.rotate_signing(until)
    elif kind is KeyKind.HANDLES:
        session.keys.rotate_handles(until)
    elif kind is KeyKind.HEADS:
        session.keys.rotate_heads()
    elif kind is KeyKind.EVIDENCE:
        session.keys.rotate_evidence(session.clock.now())
    elif kind is KeyKind.MY_NUMBERS:
        session.keys.rotate_my_numbers()
    else:
        session.keys.rotate_sealing()


async def _record(
    session: Session, function: str, before: dict[str, str], after: dict[str, str]
) -> None:
    async with session.audit_log() as log:
        await log.append(
            settings_entry(
                NO_MUNICIPALITY,
                session.clock.now(),
                session.actor,
                function,
                before=before,
                after=after,
            )
        )
