"""``hitotsu login``. Ids of citizens come from standard input, never as arguments."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.cli.options import Municipality, Numbering, read_jwks
from gateway.cli.session import err, fail, new_table, opened, out, read_settings, run, say
from gateway.subjects import ImportReport, LinkRow
from gateway.subjects.links import GROUNDS
from gateway.subjects.logins import login_number

app = typer.Typer(help="本人のログイン / Logins of citizens.", no_args_is_help=True)

Issuer = Annotated[str, typer.Argument(help="発行者（iss）の URL / URL of the provider (iss).")]
JwksFile = Annotated[
    Path,
    typer.Option(
        exists=True, dir_okay=False, help="発行者の公開鍵（JWK Set） / Public keys of the provider."
    ),
]


@app.command()
def add(
    issuer: Issuer,
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="発行者の名称 / Name.")],
    jwks: JwksFile,
    level: Annotated[
        list[str],
        typer.Option(
            help="acr の値=水準（1〜3、繰り返し可） / Value of acr=level, 1 to 3, repeatable."
        ),
    ],
) -> None:
    """ログインを証明する発行者を登録する / Accept the logins that a provider signs."""
    settings, keys, levels = read_settings(), read_jwks(jwks), _levels(level)

    async def work() -> None:
        async with opened(settings) as session:
            await session.login_providers.add(
                municipality, issuer, name=name, jwks=keys, levels=levels
            )

    run(work())
    say(f"発行者 {issuer} を登録しました。", f"Provider {issuer} registered.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """発行者の一覧 / List the providers."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("発行者 / Issuer", "名称 / Name", "鍵 / Keys", "水準 / Levels", "状態")
        async with opened(settings) as session:
            for row in await session.login_providers.all(municipality):
                levels = "\n".join(f"{acr}={level}" for acr, level in row.levels.items())
                kids = "\n".join(key["kid"] for key in row.jwks["keys"])
                state = "停止 / revoked" if row.revoked_at else "有効 / active"
                table.add_row(row.issuer, row.name, kids, levels, state)
        return table

    out().print(run(work()))


@app.command("rotate-key")
def rotate_key(issuer: Issuer, municipality: Municipality, jwks: JwksFile) -> None:
    """発行者の公開鍵を入れ替える / Take the provider's keys of today."""
    settings, keys = read_settings(), read_jwks(jwks)

    async def work() -> None:
        async with opened(settings) as session:
            await session.login_providers.rotate_keys(municipality, issuer, keys)

    run(work())
    say("鍵を入れ替えました。", "The keys were replaced.")


@app.command()
def revoke(issuer: Issuer, municipality: Municipality) -> None:
    """発行者の証明を受け付けない / Accept no login of the provider any more."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.login_providers.revoke(municipality, issuer)

    run(work())
    say(f"発行者 {issuer} を停止しました。", f"Provider {issuer} revoked.")


@app.command()
def link(
    issuer: Issuer,
    municipality: Municipality,
    ground: Annotated[
        str,
        typer.Option(help="結び付けの根拠：個人番号一致・職員確認 / Ground of the links."),
    ],
    numbering: Numbering = "resident",
) -> None:
    """標準入力の「番号,ログインID」を結び付ける / Link numbers and ids of logins."""
    settings = read_settings()
    if ground not in GROUNDS:
        raise typer.BadParameter(f"--ground は {'・'.join(GROUNDS)} のいずれかです / not a ground")
    rows = _read_rows(issuer, numbering, GROUNDS[ground])

    async def work() -> ImportReport:
        async with opened(settings) as session:
            await session.login_providers.require(municipality, issuer)
            return await session.subjects.import_links(
                municipality, rows, anchor=numbering, actor=session.actor, only_known=True
            )

    report = run(work())
    say(
        f"{report.rows} 行：新しい結び付き {report.new_numbers}、変更なし {report.unchanged}",
        f"{report.rows} rows: {report.new_numbers} new links, {report.unchanged} unchanged",
    )


def _levels(pairs: Sequence[str]) -> dict[str, int]:
    levels = {}
    for pair in pairs:
        acr, _, level = pair.rpartition("=")
        if not acr or level not in {"1", "2", "3"}:
            raise typer.BadParameter("--level は acrの値=水準 の形です / acr=level, 1 to 3")
        levels[acr] = int(level)
    return levels


def _read_rows(issuer: str, numbering: str, strength: str) -> list[LinkRow]:
    if sys.stdin.isatty():
        err().print("番号,ログインID を一行にひと組（Ctrl-D で終わり） / number,login id a line")
    rows = []
    for line, cells in enumerate(csv.reader(sys.stdin), start=1):
        if len(cells) != 2 or not all(cells):
            fail(
                f"{line} 行目が「番号,ログインID」の形ではありません。何も結び付けていません。",
                f"line {line} is not a number and a login id; nothing was linked",
            )
        number, login_id = cells
        rows.append(LinkRow(line, ((numbering, number), login_number(issuer, login_id)), strength))
    if not rows:
        fail("行がありません。標準入力から渡してください。", "no line on standard input", 2)
    return rows
