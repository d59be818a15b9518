"""The command line against both databases, with everything it needs in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.settings import Settings

Hitotsu = Callable[..., Result]


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Path:
    """Settings of an installation with a migrated database and no keys yet."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HITOTSU_{name.upper()}", raising=False)
    monkeypatch.setenv("HITOTSU_DATABASE_URL", database_url)
    monkeypatch.setenv("HITOTSU_KEYS_DIR", str(tmp_path / "keys"))
    monkeypatch.setenv("HITOTSU_ADAPTERS_FILE", str(tmp_path / "adapters.yaml"))
    return tmp_path


@pytest.fixture
def hitotsu(installation: Path) -> Hitotsu:
    """Run a command; the answer has exit_code, stdout and stderr."""

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=typed)

    return run


@pytest.fixture
def ready(hitotsu: Hitotsu, installation: Path) -> Hitotsu:
    """An installation with keys, a purpose, a consumer and two linked persons."""
    import json

    from tests.gateway.access.consumers import public_jwks

    (installation / "public.json").write_text(json.dumps(public_jwks()))
    (installation / "links.csv").write_bytes(
        "宛名番号,税個人番号,福祉個人番号,照合根拠\r\n"
        "000000000019,10000001,,個人番号一致\r\n"
        "000000000027,,,\r\n".encode("cp932")
    )
    done = [
        hitotsu("keys", "init"),
        hitotsu(
            *("purpose", "add", "jidoteate", "-m", "999997", "--name", "児童手当の認定請求"),
            *("--name-en", "Child allowance", "--legal-basis", "児童手当法第7条"),
            *("--organ", "子育て支援課", "--tax-basis", "児童手当法第28条"),
        ),
        hitotsu(
            *("client", "add", "online", "--name", "オンライン申請", "--contact", "ict"),
            *("--jwks", str(installation / "public.json")),
        ),
        hitotsu("subject", "import", str(installation / "links.csv"), "-m", "999997"),
    ]
    assert [result.exit_code for result in done] == [0, 0, 0, 0]
    return hitotsu
