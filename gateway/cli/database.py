"""``hitotsu db``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from pyrage.x25519 import Recipient
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind
from gateway.cli.session import (
    NOT_SET_UP,
    REFUSED,
    err,
    fail,
    opened,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.cli.whole_files import whole_files
from gateway.clock import TOKYO, SystemClock
from gateway.store.backup import Backup, BackupError, check_restore, restore_backup, write_backup
from gateway.store.backup import Progress as Told
from gateway.store.backup_encryption import (
    encrypted,
    new_backup_key,
    opened_backup,
    read_recipients,
)
from gateway.store.engine import open_store
from gateway.store.migrate import SchemaState, schema_state
from gateway.store.migrate import upgrade as upgrade_store
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA

app = typer.Typer(
    help="データベースの準備と確認 / Prepare and check the database.", no_args_is_help=True
)

_TITLES = {
    None: ("データベース", "Database"),
    MY_NUMBER_SCHEMA: ("個人番号のデータベース", "Database of My Numbers"),
}


@app.command()
def upgrade() -> None:
    """データベースを最新にする。何度実行してもよい / Bring the database up to date."""
    for schema, url in _databases().items():
        before, after = run(_upgrade(url, schema))
        ja, en = _TITLES[schema]
        if before.up_to_date:
            say(
                f"{ja}：すでに最新です（{after.current}）。", f"{en}: up to date ({after.current})."
            )
        else:
            say(
                f"{ja}：最新にしました（{after.current}）。",
                f"{en}: now up to date ({after.current}).",
            )


@app.command()
def check() -> None:
    """データベースが最新か確かめる / Tell whether the database is up to date."""
    for schema, url in _databases().items():
        state = run(_state(url, schema))
        ja, en = _TITLES[schema]
        if not state.up_to_date:
            fail(
                f"{ja}：最新ではありません（現在 {state.current}、必要 {state.needed}）。"
                "hitotsu db upgrade を実行してください。",
                f"{en}: not up to date (is {state.current}, needs {state.needed}): "
                "run `hitotsu db upgrade`",
                REFUSED,
            )
        say(f"{ja}：最新です（{state.current}）。", f"{en}: up to date ({state.current}).")


@app.command("backup-key")
def backup_key(
    private: Annotated[
        Path, typer.Argument(dir_okay=False, help="書く秘密鍵のファイル / Private key to write.")
    ],
    public: Annotated[
        Path, typer.Argument(dir_okay=False, help="書く公開鍵のファイル / Public key to write.")
    ],
) -> None:
    """バックアップの鍵を、金庫のある別の機械で作る / Make the keys of backups, elsewhere."""
    for path in (private, public):
        refuse_existing(path)
    secret, shown = new_backup_key()
    with whole_files(private, public) as (for_the_safe, for_the_gateway):
        for_the_safe.write(secret.encode())
        for_the_gateway.write(shown.encode())
    say(
        f"{private} は金庫に置き、{public} だけを HITOTSU_BACKUP_KEYS_FILE に置きます。"
        "秘密鍵をなくすと、どのバックアップも戻せません。",
        f"{private} belongs into the safe, {public} alone to the gateway; without the private key "
        "no backup can be restored.",
    )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="書くファイル / File to write.")],
    *,
    plain: Annotated[bool, typer.Option("--plain", help="暗号化しない / Do not encrypt.")] = False,
) -> None:
    """動かしたまま全部を写し、暗号化する。個人番号は別のファイル / Copy everything, encrypted."""
    for path in _files(file).values():
        refuse_existing(path)
    recipients = _recipients(plain=plain)
    said = {"recipients": [str(one) for one in recipients]} if recipients else {"plain": True}
    for schema, path in _files(file).items():
        run(_recorded("db-backup", schema, {"file": path.name, **said}))
        made = run(_backup(_databases()[schema], path, schema, recipients))
        say(f"{made.total:,} 行を {path} に書きました。", f"{made.total:,} rows were written.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="バックアップ / The backup.")],
    key: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="金庫の秘密鍵のファイル / Private key, from the safe."),
    ] = None,
) -> None:
    """空のデータベースに、バックアップから戻す / Fill an empty database from a backup."""
    files = _files(file)
    if not files[MY_NUMBER_SCHEMA].exists():
        say(
            f"個人番号のファイル（{files.pop(MY_NUMBER_SCHEMA)}）はありません。"
            "必要なら my-number import で取り込みます。",
            "There is no file of My Numbers.",
        )
    run(_restore(files, key))
    say(
        "それよりあとに protection set で登録した措置は入っていません。それよりあとに止めた連携先・"
        "鍵・証明書・許可・例外・職員は、また有効です。動かす前に登録し直し、止め直してください。",
        "Measures that officers set later are not among them, and what was revoked later (clients, "
        "keys, certificates, grants, exemptions, staff) is in force again: enter both before you "
        "serve.",
    )


def _databases() -> dict[str | None, str]:
    """Return the addresses of everything but My Numbers, and of these."""
    settings = read_settings()
    return {None: settings.database_url, MY_NUMBER_SCHEMA: settings.my_numbers_url}


def _files(file: Path) -> dict[str | None, Path]:
    """Return the file of a backup, and that of My Numbers beside it: never the same."""
    return {None: file, MY_NUMBER_SCHEMA: file.with_name(f"{file.name}.my-numbers")}


async def _recorded(function: str, schema: str | None, after: Mapping[str, Any]) -> None:
    """Write into the audit record that somebody copies or has put back everything.

    The one database that has audit records tells of My Numbers as well, with the mark (MN-4).
    """
    async with opened(read_settings()) as session, session.audit_log() as log:
        await log.append(
            AuditEntry(
                municipality=NO_MUNICIPALITY,
                at=session.clock.now(),
                kind=AuditKind.SETTINGS,
                outcome="changed" if function == "db-restore" else "written",
                trace_id="",
                terminal=session.actor,
                function=function,
                my_number=schema == MY_NUMBER_SCHEMA,
                after=after,
            )
        )


def _recipients(*, plain: bool) -> Sequence[Recipient]:
    """Return for whom a backup is encrypted; nobody if ``plain``. End the command without any."""
    path = read_settings().backup_keys_file
    try:
        found = () if plain else read_recipients(path)
    except BackupError as error:
        fail(error.detail_ja, error.detail_en, NOT_SET_UP)
    if not found and not plain:
        fail(
            f"バックアップの公開鍵（{path}）がありません。hitotsu db backup-key で作るか、"
            "暗号化した媒体に書くなら --plain を付けてください。",
            f"there is no public key of backups ({path}): make one with `hitotsu db backup-key`, "
            "or say --plain if the medium is encrypted",
            NOT_SET_UP,
        )
    return found


async def _backup(
    url: str, path: Path, schema: str | None, recipients: Sequence[Recipient]
) -> Backup:
    store = open_store(url, schema=schema)
    try:
        with (
            whole_files(path) as (file,),
            encrypted(file, recipients) if recipients else nullcontext(file) as archive,
            _shown() as told,
        ):
            return await write_backup(store, archive, now=SystemClock().now(), progress=told)
    finally:
        await store.aclose()


async def _restore(files: Mapping[str | None, Path], key: Path | None) -> None:
    """Put every file back into its database: all of them, or none where one cannot be used."""
    async with AsyncExitStack() as held:
        archives = {}
        for schema, path in files.items():
            store = open_store(_databases()[schema], schema=schema)
            held.push_async_callback(store.aclose)
            archive = held.enter_context(opened_backup(path, key))
            await check_restore(store, archive)
            archives[schema] = store, archive
        for schema, (store, archive) in archives.items():
            with _shown() as told:
                made = await restore_backup(store, archive, progress=told)
            at = made.made_at.astimezone(TOKYO).isoformat(timespec="minutes")
            say(f"{at} 時点の {made.total:,} 行を戻しました。", f"{made.total:,} rows as of {at}.")
            said = {"file": files[schema].name, "made_at": made.made_at.isoformat()}
            await _recorded("db-restore", schema, said)


@contextmanager
def _shown() -> Iterator[Told]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bar = progress.add_task("")
        yield lambda table, done, total: progress.update(
            bar, description=table, completed=done, total=total
        )


async def _upgrade(url: str, schema: str | None) -> tuple[SchemaState, SchemaState]:
    store = open_store(url, schema=schema)
    try:
        before = await schema_state(store)
        await upgrade_store(store)
        return before, await schema_state(store)
    finally:
        await store.aclose()


async def _state(url: str, schema: str | None) -> SchemaState:
    store = open_store(url, schema=schema)
    try:
        return await schema_state(store)
    finally:
        await store.aclose()
