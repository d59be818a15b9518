"""``hitotsu client``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.access.certificates import Certificate
from gateway.access.grants import GrantTerms, Relation
from gateway.api.lifecycle import Line, line_of, read_lifecycle, version_of
from gateway.calls import CallStore
from gateway.cli.options import ClientId, Municipality, day_option, read_jwks
from gateway.cli.session import IDS_WITH_DASHES, new_table, opened, out, read_settings, run, say
from gateway.clock import TOKYO, SystemClock
from gateway.store.tables import ClientCertificateRow, ClientRow, GrantRow

app = typer.Typer(help="連携先と利用許可 / Consumers and their grants.", no_args_is_help=True)

JwksFile = Annotated[
    Path,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="公開鍵（JWK または JWK Set）の JSON ファイル / JSON file of the public keys.",
    ),
]


@app.command()
def add(
    client_id: ClientId,
    name: Annotated[str, typer.Option(help="連携先の名称 / Name.")],
    contact: Annotated[str, typer.Option(help="連絡先 / Whom to call.")],
    jwks: JwksFile,
) -> None:
    """連携先を公開鍵とともに登録する / Register a consumer with its public keys."""
    settings, keys = read_settings(), read_jwks(jwks)

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.add_client(client_id, name=name, contact=contact, jwks=keys)

    run(work())
    say(f"連携先 {client_id} を登録しました。", f"Consumer {client_id} registered.")


@app.command("list")
def list_() -> None:
    """連携先の一覧 / List the consumers."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("ID", "名称 / Name", "連絡先 / Contact", "状態 / State")
        async with opened(settings) as session:
            for row in await session.registry.list_clients():
                table.add_row(row.client_id, row.name, row.contact, _state(row.revoked_at))
        return table

    out().print(run(work()))


@app.command()
def show(client_id: ClientId) -> None:
    """連携先の鍵と許可を表示する / Show keys and grants of a consumer."""
    settings = read_settings()

    async def work() -> tuple[ClientRow, Iterable[GrantRow], Iterable[ClientCertificateRow]]:
        async with opened(settings) as session:
            found = await session.registry.show_client(client_id)
            return *found, await session.registry.certificates(client_id)

    client, grants, certificates = run(work())
    kids = ", ".join(key["kid"] for key in client.jwks["keys"])
    say(f"{client.client_id}（{client.name}）{_state(client.revoked_at)}", f"keys: {kids}")
    if client.signs_writes:
        say("申告・同意・証明の登録には署名が要ります。", "high-stakes writes must be signed")
    for held in certificates:
        until = held.not_after.astimezone(TOKYO).date().isoformat()
        say(
            f"証明書 {held.thumbprint}（{held.subject}、{until} まで）{_state(held.retired_at)}",
            f"certificate until {until}",
        )
    table = new_table("許可 / Grant", "団体", "利用目的 / Purpose", "期間 / Period", "項目 / Items")
    for grant in grants:
        period = f"{grant.valid_from} – {grant.valid_to or ''}".rstrip()
        if grant.relation != Relation.SELF:
            period += f"（{grant.relation}）"
        if grant.revoked_at is not None:
            period += "（取消 / revoked）"
        elif grant.approved_at is None:
            period += "（承認待ち / proposed）"
        table.add_row(grant.grant_id, grant.municipality, grant.purpose_id, period, _items(grant))
    out().print(table)


@app.command()
def revoke(client_id: ClientId) -> None:
    """連携先を停止する（60 秒以内に効く） / Refuse a consumer, within 60 seconds."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.revoke_client(client_id)

    run(work())
    say(f"連携先 {client_id} を停止しました。", f"Consumer {client_id} revoked.")


@app.command()
def calls(
    since: Annotated[
        dt.date | None, day_option("この日から（既定：30 日前）", "From this day; 30 days ago.")
    ] = None,
    until: Annotated[
        dt.date | None, day_option("この日まで（既定：今日）", "To this day; today.")
    ] = None,
    *,
    ending: Annotated[
        bool,
        typer.Option("--ending", help="非推奨の操作だけ / Only what is deprecated."),
    ] = False,
) -> None:
    """どの連携先がどの版・操作を何回呼んだか / Who calls which version and operation."""
    settings, lines = read_settings(), read_lifecycle()
    today = SystemClock().now().astimezone(TOKYO).date()
    first, last = since or today - dt.timedelta(days=30), until or today

    async def work() -> Table:
        table = new_table(
            "連携先 / Consumer", "版 / Version", "操作 / Operation", "回数 / Calls",
            "最後の日 / Last day", "状態 / State",
        )  # fmt: skip
        async with opened(settings) as session:
            for found in await CallStore(session.store).between(first, last):
                method, _, path = found.operation.partition(" ")
                line = line_of(lines, (method, path))
                if ending and line is None:
                    continue
                state = "現行 / current" if line is None else _ending(line)
                table.add_row(
                    found.client_id, version_of(path), found.operation, str(found.calls),
                    found.day.isoformat(), state,
                )  # fmt: skip
        return table

    out().print(run(work()))


def _ending(line: Line) -> str:
    said = f"{_day(line.deprecated)} から非推奨 / deprecated"
    return f"{said}、{_day(line.sunset)} に終了 / ends" if line.sunset else said


def _day(time: dt.datetime) -> str:
    return time.astimezone(TOKYO).date().isoformat()


@app.command("require-signatures")
def require_signatures(
    client_id: ClientId,
    *,
    off: Annotated[bool, typer.Option("--off", help="求めるのをやめる / No longer.")] = False,
) -> None:
    """重い登録（申告・同意・証明）に署名を求める / Have high-stakes writes signed (RFC 9421)."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.require_signatures(client_id, required=not off)

    run(work())
    if off:
        say(f"{client_id} に署名を求めません。", f"{client_id} need not sign its writes.")
    else:
        say(f"{client_id} に署名を求めます。", f"{client_id} must sign its writes.")


@app.command("rotate-key")
def rotate_key(
    client_id: ClientId,
    jwks: Annotated[
        Path | None,
        typer.Option("--add", exists=True, dir_okay=False, help="加える公開鍵 / Keys to add."),
    ] = None,
    retire: Annotated[
        list[str] | None,
        typer.Option(help="外す鍵の kid（繰り返し可） / kid of a key to take away."),
    ] = None,
) -> None:
    """鍵を加え、古い鍵を外す / Add keys and take away old ones."""
    if jwks is None and not retire:
        raise typer.BadParameter("--add か --retire が必要です / --add or --retire is needed")
    settings, keys = read_settings(), read_jwks(jwks) if jwks else None

    async def work() -> str:
        async with opened(settings) as session:
            kids = await session.registry.rotate_keys(client_id, add=keys, retire=retire or ())
            return ", ".join(kids)

    kids = run(work())
    say(f"有効な鍵：{kids}", f"keys that work: {kids}")


@app.command("add-certificate")
def add_certificate(
    client_id: ClientId,
    certificate: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="証明書（PEM） / Certificate (PEM)."),
    ],
) -> None:
    """TLS クライアント証明書を登録する / Register a certificate that a consumer shows in TLS."""
    settings, pem = read_settings(), certificate.read_bytes()

    async def work() -> Certificate:
        async with opened(settings) as session:
            return await session.registry.add_certificate(client_id, pem)

    found = run(work())
    until = found.not_after.astimezone(TOKYO).date().isoformat()
    say(
        f"証明書 {found.thumbprint} を登録しました（{until} まで）。",
        f"Certificate {found.thumbprint} registered, good until {until}.",
    )


@app.command("retire-certificate", context_settings=IDS_WITH_DASHES)
def retire_certificate(
    client_id: ClientId,
    thumbprint: Annotated[
        str, typer.Argument(help="証明書の拇印（client show に出る） / Thumbprint of it.")
    ],
) -> None:
    """証明書の使用を終える（60 秒以内に効く） / Refuse a certificate, within 60 seconds."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.retire_certificate(client_id, thumbprint)

    run(work())
    say("証明書の使用を終えました。", "The certificate is refused from now on.")


@app.command()
def grant(  # noqa: PLR0913, PLR0917 - each is an option of the command
    client_id: ClientId,
    municipality: Municipality,
    purpose: Annotated[str, typer.Option(help="利用目的の ID / Id of the purpose.")],
    item: Annotated[
        list[str] | None,
        typer.Option(
            help="項目またはグループの参照名（繰り返し可）。グループは今の項目に展開される / "
            "Reference of an item or a group; a group stands for its items of today."
        ),
    ] = None,
    field_set: Annotated[
        list[str] | None,
        typer.Option(help="登録した項目セットの ID（繰り返し可） / Id of a named set of items."),
    ] = None,
    valid_from: Annotated[
        dt.date | None, day_option("開始日（既定：今日）", "First day, today by default.")
    ] = None,
    valid_to: Annotated[
        dt.date | None, day_option("最後の日（含む）。なしは無期限", "Last day, included.")
    ] = None,
    intersect: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option(
            "--intersect",
            help="許可の外の項目を含む照会（mode: intersect）に、許可の分だけ答える / "
            "Answer what is granted of a question that asks for more.",
        ),
    ] = False,
    consent: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option(
            "--consent",
            help="対象者の同意（POST /v1/consents）があるときだけ答える / "
            "Answer only of persons who have agreed.",
        ),
    ] = False,
    relation: Annotated[
        Relation,
        typer.Option(
            help="だれの情報か：self 本人・household 同じ世帯の人（--basis が要る）・"
            "represented ログインした代理人が代わる人 / Whose data: the person's own, everybody's "
            "of the household, or of whomever the login may act for."
        ),
    ] = Relation.SELF,
    basis: Annotated[
        list[str] | None,
        typer.Option(
            help="世帯の基礎（繰り返し可）：register・tax など / "
            "Basis of the household: register, tax and others."
        ),
    ] = None,
    login_level: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3,
            help="本人のログインの水準（1 単要素・2 多要素・3 公的個人認証）。なしは不要 / "
            "Level of the citizen's login; none by default.",
        ),
    ] = None,
    login_max_age: Annotated[
        int | None,
        typer.Option(help="ログインからの秒数の上限（既定 300） / Age of the login in seconds."),
    ] = None,
) -> None:
    """許可を登録する。別の職員の承認で有効になる / Propose a grant; somebody else approves it."""
    settings = read_settings()
    first = valid_from or SystemClock().now().astimezone(TOKYO).date()

    async def work() -> GrantRow:
        async with opened(settings) as session:
            return await session.registry.propose_grant(
                municipality,
                client_id,
                purpose,
                GrantTerms(
                    items=item or (),
                    field_sets=tuple(field_set or ()),
                    valid_from=first,
                    valid_to=valid_to,
                    intersect=intersect,
                    consent=consent,
                    relation=relation,
                    bases=tuple(basis or ()),
                    login_level=login_level,
                    login_max_age_s=login_max_age,
                ),
            )

    row = run(work())
    say(
        f"許可 {row.grant_id} を登録しました（{len(row.items)} 項目）。別の職員が"
        " client approve-grant で承認すると有効になります。",
        f"Grant {row.grant_id} proposed ({len(row.items)} items); somebody else approves it.",
    )


@app.command("approve-grant")
def approve_grant(
    grant_id: Annotated[str, typer.Argument(help="許可の ID / Id of the grant.")],
    municipality: Municipality,
) -> None:
    """ほかの職員が登録した許可を承認する / Put somebody else's grant in force."""
    settings = read_settings()

    async def work() -> GrantRow:
        async with opened(settings) as session:
            return await session.registry.approve_grant(municipality, grant_id)

    row = run(work())
    say(
        f"{row.proposed_by} さんが登録した許可 {grant_id} を承認しました。",
        f"Grant {grant_id} of {row.proposed_by} is in force.",
    )


@app.command("revoke-grant")
def revoke_grant(
    grant_id: Annotated[str, typer.Argument(help="許可の ID / Id of the grant.")],
    municipality: Municipality,
) -> None:
    """許可を取り消す（すぐに効く） / Take a grant back, at once."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.revoke_grant(municipality, grant_id)

    run(work())
    say(f"許可 {grant_id} を取り消しました。", f"Grant {grant_id} revoked.")


def _state(revoked_at: dt.datetime | None) -> str:
    if revoked_at is None:
        return "有効 / active"
    return f"停止 / revoked {revoked_at.astimezone(TOKYO).isoformat(timespec='minutes')}"


def _items(grant: GrantRow) -> str:
    """Return the sets of a grant by name, then its items one by one; households by their bases."""
    of_whom = [f"世帯 / household：{'、'.join(grant.bases)}"] if grant.bases else []
    sets = [f"［{set_id}］" for set_id in grant.field_sets]
    return "\n".join([*of_whom, *sets, *grant.items])
