"""``hitotsu delivery``: for those who hand files over in a folder or on a medium."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.errors import AdapterError
from adapters.files.delivery_manifest import ManifestError, read_checksums
from adapters.manifest import Manifest
from adapters.sources.files import LIST_SUFFIX, SIGNATURE_SUFFIX
from gateway.api.limits import text_holds_number
from gateway.audit import AuditKind
from gateway.cli.options import Municipality
from gateway.cli.session import Session, fail, refuse_existing, say
from gateway.cli.whole_files import whole_files
from gateway.clock import SystemClock
from gateway.connections.config import EnabledAdapter
from gateway.deliveries import (
    DeliveryKeyError,
    Reception,
    Use,
    new_delivery_key,
    sign_list,
    written_list,
)

app = typer.Typer(
    help="ファイルを渡す側の鍵と署名 / Keys and signatures of those who hand files over.",
    no_args_is_help=True,
)


@app.command()
def key(
    private: Annotated[
        Path, typer.Argument(dir_okay=False, help="書く秘密鍵のファイル / Private key to write.")
    ],
    public: Annotated[
        Path, typer.Argument(dir_okay=False, help="書く公開鍵のファイル / Public key to write.")
    ],
    kid: Annotated[str, typer.Option(help="鍵の名前 / Name of the key.")] = "delivery-1",
) -> None:
    """渡す側の鍵を作る。公開鍵だけを自治体に渡す / Make keys; the public one goes to the town."""
    for path in (private, public):
        refuse_existing(path)
    secret, shown = new_delivery_key(kid)
    with whole_files(private, public) as (own, for_the_town):
        own.write(secret.encode())
        for_the_town.write(shown.encode())
    say(
        f"{public} を自治体に渡し、{private} は渡す機械だけに置きます。",
        f"{public} goes to the municipality, {private} stays with you.",
    )


@app.command()
def sign(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="渡すファイルのフォルダー / Folder to hand over."
        ),
    ],
    adapter: Annotated[str, typer.Option(help="受け取るアダプターの ID / Adapter that reads it.")],
    municipality: Municipality,
    private: Annotated[
        Path,
        typer.Option("--key", dir_okay=False, help="秘密鍵（JWK） / Private key."),
    ],
    name: Annotated[
        str, typer.Option(help="一覧の名前（拡張子なし） / Name of the list, without its end.")
    ] = "delivery",
) -> None:
    """フォルダーの全ファイルのチェックサムを一覧に書き、署名する / List every file and sign."""
    path = folder / f"{name}{LIST_SUFFIX}"
    signature = folder / f"{path.name}{SIGNATURE_SUFFIX}"
    for one in (path, signature):
        refuse_existing(one)
    files = [
        one
        for one in sorted(folder.iterdir())
        if one.is_file() and not one.name.endswith((LIST_SUFFIX, SIGNATURE_SUFFIX))
    ]
    if not files:
        fail("署名するファイルがありません。", f"no file to sign in {folder}")
    content = _listed(municipality, adapter, {one.name: _checksum(one) for one in files})
    try:
        signed = sign_list(content, json.loads(private.read_text("utf-8")))
    except (OSError, ValueError):
        fail("秘密鍵のファイルを読めません。", "the file of the private key cannot be read")
    except DeliveryKeyError as error:
        fail(error.detail_ja, error.detail_en)
    with whole_files(path, signature) as (listed, sealed):
        listed.write(content)
        sealed.write(f"{signed}\n".encode())
    say(
        f"{len(files)} 件のファイルに署名しました（{path.name}）。",
        f"{len(files)} files are signed for in {path.name}.",
    )


def reception_of(
    session: Session, entry: EnabledAdapter, manifest: Manifest, use: Use = Use.LOAD
) -> Reception:
    """Return what takes deliveries of an adapter, with its records in the session's audit."""

    async def record(function: str, outcome: str, after: Mapping[str, Any]) -> None:
        await session.record(
            function,
            outcome,
            municipality=entry.municipality,
            kind=AuditKind.OPERATION,
            after=after,
        )

    return Reception(entry, manifest, clock=session.clock, record=record, use=use)


def told_of(error: AdapterError) -> str:
    """Return what an operator is told of an error; no words that might hold a number (MN-3)."""
    return error.code if text_holds_number(error.detail) else f"{error.code}: {error.detail}"


def _listed(municipality: str, adapter: str, checksums: Mapping[str, str]) -> bytes:
    """Return the list of a delivery, or end the command if it would not be read as it is meant."""
    try:
        content = written_list(municipality, adapter, SystemClock().now(), checksums)
        is_read = read_checksums(content).keys() == checksums.keys()
    except (ManifestError, UnicodeError):
        is_read = False
    if not is_read:
        fail(
            "一覧に書けない名前（改行、先頭の空白、UTF-8 でない文字）のファイルがあります。",
            "a file has a name that no list can hold (line break, blank in front, not UTF-8)",
        )
    return content


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
