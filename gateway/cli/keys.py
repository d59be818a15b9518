"""``hitotsu keys``. Keys are never shown."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind
from gateway.cli.session import Session, opened, read_settings, run, say
from gateway.clock import SystemClock
from gateway.keys import FileKeyStore

app = typer.Typer(help="ゲートウェイの鍵 / Keys of the gateway.", no_args_is_help=True)

SIGNING_OVERLAP_H = 24
HANDLE_OVERLAP_H = 24 * 365


class KeyKind(StrEnum):
    """Keys that can be renewed."""

    SIGNING = "signing"
    HANDLES = "handles"
    HEADS = "heads"


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
            help="signing（トークンの署名） / handles（ハンドル） / heads（監査記録の木の署名）"
        ),
    ],
    overlap_hours: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="前の鍵を受け付ける時間（既定：signing 24、handles 8760） / "
            "Hours that the last key is still accepted.",
        ),
    ] = None,
) -> None:
    """鍵を新しくする。前の鍵もしばらく使える / Renew a key; the last one works for a while."""
    usual = SIGNING_OVERLAP_H if kind is KeyKind.SIGNING else HANDLE_OVERLAP_H
    until = SystemClock().now() + dt.timedelta(hours=overlap_hours or usual)
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await _rotate(session, kind, until)

    run(work())
    if kind is KeyKind.HEADS:
        say(
            "更新しました。前の署名はいつまでも検証できます。",
            "Renewed; old heads stay verifiable.",
        )
        return
    shown = until.isoformat(timespec="minutes")
    say(f"更新しました。前の鍵は {shown} まで有効です。", f"Renewed; the last works until {shown}.")


async def _rotate(session: Session, kind: KeyKind, until: dt.datetime) -> None:
    session.keys.keys()
    accepted = None if kind is KeyKind.HEADS else until.isoformat()
    async with session.audit_log() as log:
        await log.append(
            AuditEntry(
                municipality=NO_MUNICIPALITY,
                at=session.clock.now(),
                kind=AuditKind.SETTINGS,
                outcome="changed",
                trace_id="",
                terminal=session.actor,
                function="keys-rotate",
                before={"key": kind.value},
                after={"key": kind.value, "last_accepted_until": accepted},
            )
        )
    if kind is KeyKind.SIGNING:
        session.keys.rotate_signing(until)
    elif kind is KeyKind.HEADS:
        session.keys.rotate_heads()
    else:
        session.keys.rotate_handles(until)
