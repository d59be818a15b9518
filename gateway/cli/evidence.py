"""``hitotsu evidence``: verify statements without a gateway; keep what that needs."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.cli.options import moment_option
from gateway.cli.session import REFUSED, fail, new_table, out, read_settings, refuse_existing, say
from gateway.clock import TOKYO, SystemClock
from gateway.evidence import Finding, verify
from gateway.evidence.content import in_words, recorded
from gateway.evidence.messages import verify_message
from gateway.evidence.view import verifier_page
from gateway.keys import FileKeyStore, KeysError

app = typer.Typer(help="電子署名つきの証明 / Signed statements.", no_args_is_help=True)

_IN_FILE = re.compile(r'id="evidence">([^<]+)</p>')
WORDS: dict[Finding, tuple[str, str]] = {
    Finding.MALFORMED: ("証明として読めません", "not a statement"),
    Finding.KEY_UNKNOWN: ("鍵一覧にない鍵の署名です", "signed with a key that is not listed"),
    Finding.KEY_REVOKED: ("署名した鍵は取り消されています", "its key was revoked"),
    Finding.SIGNATURE_BROKEN: ("署名が正しくありません", "the signature is wrong"),
    Finding.ALTERED: ("開示された項目が署名と合いません", "a disclosed item was altered"),
    Finding.EXPIRED: ("有効期限が切れています", "it has expired"),
    Finding.WITHDRAWN: ("取り消されています", "it was taken back"),
    Finding.STATUS_UNKNOWN: ("取り消しの有無は確かめていません", "not compared with a status list"),
    Finding.STATUS_UNUSABLE: (
        "渡された取消一覧は使えません（別の一覧、7 日を過ぎた、または壊れている）",
        "the status list is another one, older than 7 days, or damaged",
    ),
}
_STOPS = frozenset({Finding.EXPIRED, Finding.STATUS_UNUSABLE})
"""Nobody should go on with such a statement without looking."""


@app.command("verify")
def verify_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="証明（文字か HTML） / Statement."),
    ],
    keys: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="保存した /.well-known/jwt-vc-issuer / The keys.",
        ),
    ],
    status: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="保存した取消一覧 / The status list."),
    ] = None,
    at: Annotated[dt.datetime | None, moment_option("この時点で", "As of this time.")] = None,
) -> None:
    """証明をネットワークなしで確かめる。期限切れ、使えない取消一覧も終了コード 1 / Verify."""
    found = verify(
        _statement(file), _jwks(keys), at or SystemClock().now(), _text(status) if status else None
    )
    for finding in found.findings:
        out().print(" / ".join(WORDS[finding]), markup=False)
    if not found.genuine:
        fail("正しい証明と確かめられません。", "the statement is not verified")
    claims = found.claims
    texts = claims["texts"]
    say(
        f"{claims['title']['ja']}　発行者 {texts['issuer']}　発行 {texts['issued']}　"
        f"有効期限 {texts['expires']}　番号 {claims['jti']}　伏せた項目 {found.hidden}",
        f"{claims['title']['en']}, genuine; hidden items: {found.hidden}",
    )
    for part in claims["parts"]:
        time = f"{part['system'] or ''}　{part['as_of_text']}"
        table = new_table(part["name"], time, "記録の値 / recorded")
        for record in part["records"]:
            for said in record.values():
                table.add_row(said["name"], in_words(said), recorded(said))
        out().print(table)
    if not _STOPS.isdisjoint(found.findings):
        raise typer.Exit(REFUSED)


@app.command("verify-message")
def verify_message_(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="保存した応答（curl --include の出力） / The answer as curl --include writes it.",
        ),
    ],
    keys: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="保存した /.well-known/jwt-vc-issuer / The keys.",
        ),
    ],
    at: Annotated[dt.datetime | None, moment_option("この時点で", "As of this time.")] = None,
) -> None:
    """保存した応答の署名（RFC 9421）をネットワークなしで確かめる / Verify a kept answer."""
    found = verify_message(_bytes(file), _jwks(keys), at or SystemClock().now())
    if isinstance(found, Finding):
        fail("応答を確かめられません。" + WORDS[found][0], WORDS[found][1])
    made = found.created.astimezone(TOKYO)
    say(
        f"署名のときのままの応答です。署名 {made:%Y-%m-%d %H:%M:%S}　鍵 {found.kid}",
        f"genuine, signed at {made.isoformat()}",
    )


@app.command()
def page(
    file: Annotated[Path, typer.Argument(help="書き出す HTML / The file to write.")],
) -> None:
    """ブラウザで（ネットワークなしで）確かめるページを書き出す / Write the verification page."""
    refuse_existing(file)
    try:
        jwks = FileKeyStore(read_settings().keys_dir).keys().evidence_jwks()
    except KeysError as error:
        fail(error.detail_ja, error.detail_en)
    file.write_text(verifier_page(jwks)[0], "utf-8")
    say(f"{file} を書きました。", f"{file} written.")


def _statement(path: Path) -> str:
    text = _text(path)
    found = _IN_FILE.search(text)
    return found[1] if found else "".join(text.split())


def _jwks(path: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(_text(path))
        jwks: dict[str, Any] = document.get("jwks", document)
        _ = jwks["keys"]
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError):
        fail(f"{path} は鍵一覧ではありません。", f"{path} is no set of keys")
    return jwks


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        fail(f"{path} を読めません。", f"{path} cannot be read")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        fail(f"{path} を読めません。", f"{path} cannot be read")
