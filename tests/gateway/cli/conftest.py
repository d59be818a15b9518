"""The command line against both databases, with everything it needs in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.settings import Settings
from gateway.store.engine import open_store
from tests.furnished import furnished

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


@pytest.fixture(scope="session")
def first_installations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the files that belong to the rows of ``ready``, for each database."""
    return tmp_path_factory.mktemp("first")


@pytest.fixture
def ready(
    hitotsu: Hitotsu, installation: Path, database_url: str, first_installations: Path
) -> Hitotsu:
    """An installation with keys, a purpose, a consumer and two linked persons."""

    async def furnish() -> None:
        store = open_store(database_url)
        first = first_installations / store.dialect
        try:
            await furnished(store, "ready", lambda: asyncio.to_thread(_set_up, hitotsu, first))
        finally:
            await store.aclose()
        shutil.copytree(first, installation, dirs_exist_ok=True)

    asyncio.run(furnish())
    return hitotsu


def _set_up(hitotsu: Hitotsu, folder: Path) -> None:
    """Set up an installation whose keys are in ``folder``, for those that are made like it."""
    from tests.gateway.access.consumers import public_jwks

    folder.mkdir()
    (folder / "public.json").write_text(json.dumps(public_jwks()))
    (folder / "links.csv").write_bytes(
        "宛名番号,税個人番号,福祉個人番号,照合根拠\r\n"
        "000000000019,10000001,,個人番号一致\r\n"
        "000000000027,,,\r\n".encode("cp932")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HITOTSU_KEYS_DIR", str(folder / "keys"))
        done = [
            hitotsu("keys", "init"),
            hitotsu(
                *("purpose", "add", "jidoteate", "-m", "999997", "--name", "児童手当の認定請求"),
                *("--name-en", "Child allowance", "--legal-basis", "児童手当法第7条"),
                *("--organ", "子育て支援課", "--tax-basis", "児童手当法第28条"),
            ),
            hitotsu(
                *("client", "add", "online", "--name", "オンライン申請", "--contact", "ict"),
                *("--jwks", str(folder / "public.json")),
            ),
            hitotsu("subject", "import", str(folder / "links.csv"), "-m", "999997"),
        ]
    assert [result.exit_code for result in done] == [0, 0, 0, 0]
