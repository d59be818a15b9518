"""``hitotsu db backup`` and ``restore``, as an operator types them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Hitotsu


def test_a_backup_is_restored_into_a_new_database(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consumers are back, and the operator is told what to enter again."""
    file = installation / "backup.zip"
    assert ready("db", "backup", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ready("db", "backup", str(file)).exit_code == 1, "nothing is written over"
    refused = ready("db", "restore", str(file))
    assert (refused.exit_code, "空ではありません" in refused.stderr) == (1, True)
    new = f"sqlite+aiosqlite:///{installation / 'new.db'}"
    monkeypatch.setenv("HITOTSU_DATABASE_URL", new)
    early = ready("db", "restore", str(file))
    assert (early.exit_code, "db upgrade" in early.stderr) == (1, True)
    assert ready("db", "upgrade").exit_code == 0
    restored = ready("db", "restore", str(file))
    assert restored.exit_code == 0, restored.stderr
    assert "登録し直し、止め直してください" in restored.stdout
    assert "オンライン申請" in ready("client", "list").stdout


def test_who_copied_everything_and_who_put_it_back_is_recorded(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-11: a copy holds every person; the record of it is in the copy itself."""
    file = installation / "backup.zip"
    assert ready("db", "backup", str(file)).exit_code == 0
    assert "db-backup written" in ready("audit", "list", "-m", "000000").stdout
    monkeypatch.setenv("HITOTSU_DATABASE_URL", f"sqlite+aiosqlite:///{installation / 'new.db'}")
    assert ready("db", "upgrade").exit_code == 0
    assert ready("db", "restore", str(file)).exit_code == 0
    listed = ready("audit", "list", "-m", "000000").stdout
    assert "db-backup written" in listed
    assert "db-restore changed" in listed
    assert listed.count("cli:") >= 2
