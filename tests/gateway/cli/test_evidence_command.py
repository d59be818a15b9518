"""``hitotsu evidence``: on another machine, with files alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from starlette.responses import Response
from typer.testing import CliRunner

from gateway.api.message_signatures import sign_answer
from gateway.cli.commands import app
from gateway.evidence.content import statement_texts
from gateway.evidence.sd_jwt import conceal, make_status_list, sign
from gateway.evidence.view import render_view
from gateway.keys import FileKeyStore

ISSUED = dt.datetime(2026, 10, 1, 10, 0, tzinfo=dt.UTC)
URI = "https://gateway.test/evidence/status/2026"


@pytest.fixture
def folder(tmp_path: Path, keys: FileKeyStore) -> Path:
    """A statement as text and as HTML, the published keys, two status lists."""
    record = {
        "shimei": {"id": "1", "name": "氏名", "value": "見本　花子"},
        "nenzeigaku": {"id": "2", "name": "年税額", "value": 4421000, "text": "4,421,000円"},
    }
    digests, disclosures = conceal(record)
    part = {
        "name": "住民基本情報",
        "system": "住民記録システム",
        "as_of": "2026-10-01T09:15:00+09:00",
        "as_of_text": "令和8年10月1日 9時15分",
    }
    payload = {
        "iss": "https://gateway.test",
        "iat": int(ISSUED.timestamp()),
        "exp": int(ISSUED.timestamp()) + 86_400,
        "jti": "0" * 32,
        "municipality": "999997",
        "title": {"ja": "記録の内容に関する証明", "en": "Statement"},
        "texts": statement_texts("131016", ISSUED, ISSUED + dt.timedelta(days=1)),
        "status": {"status_list": {"idx": 3, "uri": URI}},
        "parts": [{**part, "records": [digests]}],
    }
    key = keys.keys().evidence_key
    text = sign(payload, disclosures, key.jwk, key.kid)
    view = render_view(text, payload, [{**part, "records": [record]}])
    published = {"issuer": "https://gateway.test", "jwks": keys.keys().evidence_jwks()}
    files = {
        "statement.txt": text + "\n",
        "statement.html": view,
        "altered.txt": text.replace(disclosures[0], disclosures[0][:-3] + "AAA"),
        "keys.json": orjson.dumps(published).decode(),
        "good.jwt": make_status_list(URI, [], 64, ISSUED, 300, key.jwk, key.kid),
        "other.jwt": make_status_list(f"{URI}0", [], 64, ISSUED, 300, key.jwk, key.kid),
        "withdrawn.jwt": make_status_list(URI, [3], 64, ISSUED, 300, key.jwk, key.kid),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "options", "code", "words"),
    [
        ("statement.txt", ["--status", "good.jwt"], 0, "見本　花子"),
        ("statement.txt", [], 0, "発行者 東京都千代田区（団体コード 131016）"),
        ("statement.txt", [], 0, "発行 令和8年10月1日 19時00分　有効期限 令和8年10月2日 19時00分"),
        ("statement.txt", [], 0, "令和8年10月1日 9時15分"),
        ("statement.html", [], 0, "取り消しの有無は確かめていません"),
        ("statement.txt", ["--status", "withdrawn.jwt"], 1, "取り消されています"),
        ("statement.txt", ["--status", "keys.json"], 1, "渡された取消一覧は使えません"),
        ("statement.txt", ["--status", "other.jwt"], 1, "渡された取消一覧は使えません"),
        ("altered.txt", [], 1, "開示された項目が署名と合いません"),
        ("statement.txt", ["--at", "2026-10-03"], 1, "有効期限が切れています"),
        ("keys.json", [], 1, "証明として読めません"),
    ],
)
def test_a_statement_is_verified_without_a_gateway(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, options: list[str], code: int,
    words: str,
) -> None:  # fmt: skip
    """RC-4: no database, no settings, no network."""
    monkeypatch.chdir(folder)
    at = [] if "--at" in options else ["--at", "2026-10-01T21:00"]
    arguments = ["evidence", "verify", file, "--keys", "keys.json", *options, *at]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda kept: kept, 0, "署名のときのままの応答です"),
        (lambda kept: kept.replace(b'"a"', b'"b"'), 1, "署名が正しくありません"),
        (lambda kept: kept.replace(b" 201 ", b" 200 "), 1, "署名が正しくありません"),
        (lambda kept: kept.replace(b'keyid="', b'keyid="x'), 1, "鍵一覧にない鍵"),
        (lambda kept: kept[20:], 1, "読めません"),
    ],
    ids=["as-it-came", "body", "status", "key", "cut"],
)
def test_a_kept_answer_is_verified_without_a_gateway(
    folder: Path, keys: FileKeyStore, spoil: Callable[[bytes], bytes], code: int, words: str
) -> None:
    """AT-7: years later, from the file that curl wrote."""
    key = keys.keys().evidence_key
    response = Response('{"evidence_id": "a"}', 201, media_type="application/json")
    sign_answer(response, key.jwk.get_op_key("sign"), key.kid, ISSUED)
    lines = [b"HTTP/1.1 201 Created", *(n + b": " + v for n, v in response.raw_headers)]
    kept = b"\r\n".join([*lines, b"", bytes(response.body)])
    (folder / "answer.http").write_bytes(spoil(kept))
    arguments = ["evidence", "verify-message", str(folder / "answer.http")]
    options = ["--keys", str(folder / "keys.json"), "--at", "2028-10-01T21:00"]
    result = CliRunner().invoke(app, [*arguments, *options])
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_the_words_stand_beside_the_value_of_the_record(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RC-4: who compares sees both; a value that reads as it is stands once."""
    monkeypatch.chdir(folder)
    arguments = ["statement.txt", "--keys", "keys.json", "--at", "2026-10-01T21:00"]
    lines = CliRunner().invoke(app, ["evidence", "verify", *arguments]).output.splitlines()
    rows = [line.split() for line in lines if line.strip().startswith(("氏名", "年税額"))]
    assert rows == [
        ["氏名", "見本", "花子"],
        ["年税額", "4,421,000円", "4421000"],
    ]


def test_something_else_than_keys_is_refused(folder: Path) -> None:
    """In one line."""
    arguments = ["evidence", "verify", str(folder / "statement.txt")]
    for name in ("good.jwt", "statement.html"):
        result = CliRunner().invoke(app, [*arguments, "--keys", str(folder / name)])
        assert result.exit_code == 1
        assert "鍵一覧ではありません" in result.output


def test_the_verification_page_is_written_once(
    folder: Path, keys: FileKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the keys in it, public parts alone."""
    monkeypatch.setenv("HITOTSU_KEYS_DIR", str(keys.path.parent))
    page = folder / "verify.html"
    assert CliRunner().invoke(app, ["evidence", "page", str(page)]).exit_code == 0
    text = page.read_text("utf-8")
    assert keys.keys().evidence_key.kid in text
    assert '"d":' not in text
    assert CliRunner().invoke(app, ["evidence", "page", str(page)]).exit_code == 1
