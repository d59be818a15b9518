"""``hitotsu audit verify | export | verifier | prove`` and ``hitotsu audit head``."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import AsyncIterator
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from gateway.audit.tree import (
    AuditTree,
    Fault,
    Finding,
    Head,
    TreeBrokenError,
    TreeStore,
    Verdict,
    append_lines,
    read_heads,
    verify,
)
from gateway.audit.tree.export import iter_export, plan_export
from gateway.cli.audit_fhir import Resource, consents, records_as
from gateway.cli.options import moment_option, require_order
from gateway.cli.session import (
    NOT_SET_UP,
    REFUSED,
    Session,
    err,
    fail,
    new_table,
    opened,
    out,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.cli.whole_files import whole_files
from gateway.clock import TOKYO
from gateway.logs import open_log


class ExportForm(StrEnum):
    """What an export is for: to be verified elsewhere, or to be read by a FHIR program."""

    PROOF = "proof"
    FHIR = "fhir"


head_app = typer.Typer(help="監査記録の署名付きヘッド / Signed tree heads.", no_args_is_help=True)

_FAULTS = {
    Fault.EDITED: ("書き換えられています", "was edited"),
    Fault.COLUMN_EDITED: ("検索用の列が書き換えられています", "has edited columns"),
    Fault.DELETED: ("削除されています", "was deleted"),
    Fault.INSERTED: ("後から差し込まれています", "was inserted later"),
    Fault.REORDERED: ("順序が入れ替えられています", "was moved"),
    Fault.REWRITTEN: (
        "この範囲が作り直されています",
        "or a row up to the last one named was rewritten",
    ),
    Fault.ROLLED_BACK: (
        "以降が失われ、以前の状態に戻されています",
        "and later ones are gone: rolled back",
    ),
    Fault.HEAD_FORGED: (
        "のヘッドが正しく署名されていません",
        "has a head that is not rightly signed",
    ),
}

Anchors = Annotated[
    list[Path] | None,
    typer.Option(
        "--anchors",
        help="外に保管したヘッドのファイルかフォルダー（既定は設定のもの） / Heads kept outside: a "
        "file or folder; by default that of the settings.",
    ),
]


def verify_(anchors: Anchors = None) -> None:
    """監査記録をすべて読み、改ざんがないか確かめる / Read every record and look for tampering."""
    settings = read_settings()
    configured = settings.audit_anchor_dir if not anchors else None
    if configured is not None and not configured.is_dir():
        fail(
            f"外に保管したヘッドのフォルダー（{configured}）が見つかりません。",
            f"the folder of heads kept outside is not there ({configured})",
            NOT_SET_UP,
        )
    places = anchors or [place for place in [configured] if place is not None]

    async def work() -> tuple[Verdict, int]:
        async with opened(settings) as session:
            keys = session.keys.keys().heads
            held, refused = _held(session, places)
            if configured is not None and not held and await _anchored(session):
                fail(
                    f"外に保管したはずのヘッドが {configured} にひとつもありません。",
                    f"the heads that were kept outside are gone from {configured}",
                )
            with Progress(console=err(), transient=True) as progress:
                task = progress.add_task("verify", total=None)
                verdict = await verify(
                    TreeStore(session.store),
                    keys,
                    held,
                    lambda done, total: progress.update(task, completed=done, total=total),
                )
            await session.record("audit-verify", "sound" if verdict.finding is None else "fault")
            return verdict, refused

    verdict, refused = run(work())
    if refused:
        err().print(
            f"署名を確かめられないヘッドの行：{refused} / lines that are no heads: {refused}",
            markup=False,
        )
    if verdict.finding is not None:
        _tell(verdict.finding)
    if not verdict.anchors:
        err().print(
            "外に保管したヘッドと照合していません（--anchors）。全体を以前の状態に戻す改ざんは見つかりません。"
            " / Not compared with heads kept outside (--anchors): a store that was rolled back as "
            "a whole cannot be told.",
            markup=False,
        )
    say(
        f"監査記録 {verdict.rows} 件は書かれたままです（うち署名済み {verdict.sealed} 件、"
        f"ヘッド {verdict.heads} 件、外のヘッド {verdict.anchors} 件、根 {verdict.root}）。",
        f"{verdict.rows} records are as they were written ({verdict.sealed} under a head, "
        f"{verdict.heads} heads, {verdict.anchors} heads from outside).",
    )


def export(
    file: Annotated[Path, typer.Argument(help="書き出すファイル（NDJSON） / File to write.")],
    since: Annotated[dt.datetime | None, moment_option("この日時から", "From this time.")] = None,
    until: Annotated[dt.datetime | None, moment_option("この日時の前まで", "Before it.")] = None,
    anchors: Anchors = None,
    form: Annotated[
        ExportForm,
        typer.Option(
            "--format",
            help="proof（証明付き）か fhir（証明なし） / With proofs, or as FHIR R4 without.",
        ),
    ] = ExportForm.PROOF,
    resource: Annotated[
        Resource | None,
        typer.Option(
            help="fhir で書くもの：AuditEvent（既定）、Provenance（渡したものの出所）、"
            "Consent（同意） / What is written as FHIR.",
        ),
    ] = None,
) -> None:
    """監査記録を証明付きで書き出す。間の行は抜かない / Write records with their proofs."""
    if resource is not None and form is not ExportForm.FHIR:
        raise typer.BadParameter("--resource には --format fhir が要ります / needs --format fhir")
    refuse_existing(file)
    require_order(since, until)
    settings = read_settings()

    async def work() -> int:
        async with opened(settings) as session:
            tree, store = tree_of(session), TreeStore(session.store)
            await session.record("audit-export", "written")
            if resource is Resource.CONSENT:
                return await _write(file, consents(session, since, until))
            head = await _sealed(tree)
            window = await store.window(since, until) if since or until else None
            plan = (
                await plan_export(store, head, window) if window or not (since or until) else None
            )
            if plan is None:
                fail("この期間の記録はありません。", "there are no records of this time")
            held, _ = _held(session, anchors or [])
            lines = iter_export(tree, store, session.keys.keys().heads, plan, held)
            if form is ExportForm.FHIR:
                kind = resource or Resource.AUDIT_EVENT
                return await _write(file, records_as(kind, lines, settings.public_url))
            await _write(file, lines)
            return plan.end - plan.first

    count = run(work())
    say(f"{count} 件を {file} に書き出しました。", f"{count} records written to {file}.")


async def _write(file: Path, lines: AsyncIterator[str]) -> int:
    """Write a file and return how many lines it has."""
    count = 0
    with whole_files(file) as (written,):
        async for line in lines:
            written.write(line.encode())
            count += 1
    return count


def verifier() -> None:
    """書き出しを検証するプログラム（Python だけで動く一ファイル）を出す / Print the verifier."""
    program = resources.files("gateway.audit.tree").joinpath("offline_verifier.py")
    sys.stdout.write(program.read_text("utf-8"))


def prove(
    audit_id: Annotated[str, typer.Argument(help="記録の ID / Id of the record.")],
) -> None:
    """記録が木に含まれる証明を JSON で出す / Print the proof that a record is in the tree."""
    settings = read_settings()

    async def work() -> dict[str, Any] | None:
        async with opened(settings) as session:
            tree = tree_of(session)
            await session.record("audit-prove", "shown")
            await _sealed(tree)
            proof = await tree.prove(audit_id)
            if proof is None:
                return None
            return {
                "audit_id": audit_id,
                "sequence": proof.sequence,
                "index": proof.index,
                "leaf": proof.leaf.hex(),
                "path": [value.hex() for value in proof.path],
                "head": proof.head.signed,
            }

    found = run(work())
    if found is None:
        fail("この記録はありません。", "there is no such record", REFUSED)
    out().print(json.dumps(found, indent=2), markup=False, soft_wrap=True)


@head_app.command("sign")
def sign() -> None:
    """いまある記録すべてに署名する / Sign a head over every record that is there."""
    settings = read_settings()

    async def work() -> Head:
        async with opened(settings) as session:
            await session.record("audit-head-sign", "signed")
            return await _sealed(tree_of(session))

    out().print(run(work()).signed, markup=False, soft_wrap=True)


@head_app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="件数 / How many.")] = 50,
) -> None:
    """ヘッドを新しい順に表示する / List heads, newest first."""
    settings = read_settings()

    async def work() -> Any:
        table = new_table("日時 / Time", "件数 / Records", "根 / Root", "外に保管 / Kept outside")
        async with opened(settings) as session:
            for row in await TreeStore(session.store).newest_heads(limit):
                kept = (
                    row.anchored_at.astimezone(TOKYO).isoformat("T", "seconds")
                    if row.anchored_at
                    else "—"
                )
                at = row.at.astimezone(TOKYO).isoformat("T", "seconds")
                table.add_row(at, str(row.size), row.root.hex(), kept)
        return table

    out().print(run(work()))


@head_app.command("export")
def export_heads(
    place: Annotated[
        Path,
        typer.Argument(
            help="ヘッドを書き足すファイル（別の機械・媒体） / File to append heads to."
        ),
    ],
) -> None:
    """まだ書かれていないヘッドを一行ずつ書き足す / Append the heads that are not in it yet."""
    settings = read_settings()

    async def work() -> int:
        async with opened(settings) as session:
            tree, store = tree_of(session), TreeStore(session.store)
            await session.record("audit-head-export", "written")
            await _sealed(tree)
            held, _ = _held(session, [place] if place.exists() else [])
            above, count = max((h.size for h in held), default=0), 0
            while heads := await store.heads(above=above):
                append_lines(place, [head.signed for head in heads])
                await tree.note_anchored(heads)
                above, count = heads[-1].size, count + len(heads)
            return count

    count = run(work())
    say(f"ヘッド {count} 件を書き足しました。", f"{count} heads appended.")


@head_app.command("keys")
def keys() -> None:
    """ヘッドの署名鍵の指紋。検証する人に別に渡す / Fingerprints to hand to whoever verifies."""
    settings = read_settings()

    async def work() -> list[str]:
        async with opened(settings) as session:
            return [key.kid for key in session.keys.keys().heads]

    for kid in run(work()):
        out().print(kid, markup=False)


def tree_of(session: Session) -> AuditTree:
    """Return the tree of the installation that a command works with."""
    return AuditTree(
        TreeStore(session.store),
        session.keys,
        clock=session.clock,
        issuer=session.settings.public_url,
        log=open_log(session.settings.log_level),
        anchors=session.settings.audit_anchor_dir,
    )


async def _sealed(tree: AuditTree) -> Head:
    try:
        head = await tree.seal()
    except TreeBrokenError:
        fail(
            "木が最後のヘッドと合いません。hitotsu audit verify で場所を調べてください。",
            "the tree does not lead to its last head: `hitotsu audit verify` tells where",
        )
    if head is None:
        fail("監査記録がありません。", "there are no records")
    return head


def _held(session: Session, places: list[Path]) -> tuple[list[Head], int]:
    held: list[Head] = []
    refused = 0
    for place in places:
        heads, wrong = read_heads(place, session.keys.keys().heads)
        held += heads
        refused += wrong
    return held, refused


def _tell(finding: Finding) -> None:
    japanese, english = _FAULTS[finding.fault]
    rows = str(finding.sequence)
    if finding.until != finding.sequence:
        rows += f"〜{finding.until}"
    fail(
        f"監査記録の行 {rows} {japanese}（{finding.fault.value}）。",
        f"row {rows.replace('〜', ' to ')} of the record {english} ({finding.fault.value})",
    )


async def _anchored(session: Session) -> bool:
    """Tell whether a head was ever copied outside."""
    newest = await TreeStore(session.store).newest_heads(10_000)
    return any(head.anchored_at is not None for head in newest)
