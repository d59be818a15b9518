"""``hitotsu db backup`` and ``restore``, as an operator types them."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Hitotsu


def test_a_backup_is_restored_into_a_new_database(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consumers are back, and the operator is told what to enter again."""
    file = installation / "backup.zip"
    assert ready("db", "backup", str(file), "--plain").exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ready("db", "backup", str(file), "--plain").exit_code == 1, "nothing is written over"
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
    assert ready("db", "backup", str(file), "--plain").exit_code == 0
    assert "db-backup written" in ready("audit", "list", "-m", "000000").stdout
    monkeypatch.setenv("HITOTSU_DATABASE_URL", f"sqlite+aiosqlite:///{installation / 'new.db'}")
    assert ready("db", "upgrade").exit_code == 0
    assert ready("db", "restore", str(file)).exit_code == 0
    listed = ready("audit", "list", "-m", "000000").stdout
    assert "db-backup written" in listed
    assert "db-restore changed" in listed
    assert listed.count("cli:") >= 2


@dataclass(frozen=True)
class Safe:
    """Where the private key lies, and where what was copied is put back."""

    key: Path
    backup: Path
    new_database: str


@pytest.fixture
def safe(ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Safe:
    """An encrypted backup, a head outside, and an empty database that is up to date."""
    monkeypatch.chdir(installation)
    assert ready("audit", "head", "export", "heads.txt").exit_code == 0
    made = ready("db", "backup-key", "safe.key", "backup-keys.txt")
    assert made.exit_code == 0, made.stderr
    file = installation / "backup.age"
    written = ready("db", "backup", str(file))
    assert written.exit_code == 0, written.stderr
    new = f"sqlite+aiosqlite:///{installation / 'new.db'}"
    monkeypatch.setenv("HITOTSU_DATABASE_URL", new)
    assert ready("db", "upgrade").exit_code == 0
    return Safe(installation / "safe.key", file, new)


def test_without_a_key_of_backups_nothing_is_written_in_plain_by_mistake(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BK-1: only by a word of its own."""
    monkeypatch.chdir(installation)
    file = installation / "backup.zip"
    refused = ready("db", "backup", str(file))
    assert (refused.exit_code, "db backup-key" in refused.stderr) == (3, True)
    (installation / "backup-keys.txt").write_text("age1 is no key\n")
    assert ready("db", "backup", str(file)).exit_code == 3
    assert not file.exists()
    assert "db-backup" not in ready("audit", "list", "-m", "000000").stdout
    assert ready("db", "backup", str(file), "--plain").exit_code == 0


def test_an_encrypted_backup_tells_nobody_anything_and_is_put_back_with_the_key_of_the_safe(
    ready: Hitotsu, safe: Safe
) -> None:
    """BK-1: both files; afterwards the audit record leads to the head that was kept outside."""
    for file in (safe.backup, safe.backup.with_name("backup.age.my-numbers")):
        content = file.read_bytes()
        assert content.startswith(b"age-encryption.org/v1\n")
        assert b"jsonl" not in content
    restored = ready("db", "restore", str(safe.backup), "--key", str(safe.key))
    assert restored.exit_code == 0, restored.stderr
    assert "オンライン申請" in ready("client", "list").stdout
    compared = ready("audit", "verify", "--anchors", "heads.txt")
    assert (compared.exit_code, "外のヘッド" in compared.stdout) == (0, True), compared.output


def test_the_private_key_is_readable_for_its_owner_alone_and_not_written_over(
    ready: Hitotsu, safe: Safe
) -> None:
    """It has the form that the program age reads as well."""
    assert stat.S_IMODE(safe.key.stat().st_mode) == 0o600
    comment, secret = safe.key.read_text().splitlines()
    assert comment.startswith("# public key: age1")
    assert secret.startswith("AGE-SECRET-KEY-1")
    again = ready("db", "backup-key", str(safe.key), str(safe.key.with_name("other.txt")))
    assert again.exit_code == 1


@pytest.mark.parametrize("harm", ["no key", "other key", "no private key", "byte", "cut"])
def test_what_does_not_open_whole_is_refused_before_anything_is_changed(
    ready: Hitotsu, safe: Safe, harm: str
) -> None:
    """BK-1: without the key, with that of somebody else, a flipped byte, a file that was cut."""
    content, key = safe.backup.read_bytes(), ["--key", str(safe.key)]
    middle = len(content) // 2
    if harm == "no key":
        key = []
    elif harm == "other key":
        ready("db", "backup-key", "other.key", "other.txt")
        key = ["--key", "other.key"]
    elif harm == "no private key":
        key = ["--key", "backup-keys.txt"]
    elif harm == "byte":
        content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    elif harm == "cut":
        content = content[:-1]
    safe.backup.write_bytes(content)
    refused = ready("db", "restore", str(safe.backup), *key)
    assert refused.exit_code == 1, refused.stdout
    assert "エラー" in refused.stderr
    assert "オンライン申請" not in ready("client", "list").stdout
    assert "db-restore" not in ready("audit", "list", "-m", "000000").stdout


def test_a_damaged_file_of_my_numbers_keeps_the_other_one_from_being_put_back(
    ready: Hitotsu, safe: Safe
) -> None:
    """BK-1: half of a town cannot be put back a second time, for its database is empty no more."""
    beside = safe.backup.with_name("backup.age.my-numbers")
    whole = beside.read_bytes()
    beside.write_bytes(whole[:-1])
    refused = ready("db", "restore", str(safe.backup), "--key", str(safe.key))
    assert refused.exit_code == 1, refused.stdout
    assert "オンライン申請" not in ready("client", "list").stdout
    beside.write_bytes(whole)
    restored = ready("db", "restore", str(safe.backup), "--key", str(safe.key))
    assert restored.exit_code == 0, restored.stderr
    assert "オンライン申請" in ready("client", "list").stdout


def test_a_plain_file_in_the_place_of_an_encrypted_one_is_refused(
    ready: Hitotsu, safe: Safe
) -> None:
    """Who holds the key expects to need it."""
    plain = safe.backup.with_name("plain.zip")
    assert ready("db", "backup", str(plain), "--plain").exit_code == 0
    refused = ready("db", "restore", str(plain), "--key", str(safe.key))
    assert (refused.exit_code, "暗号化されていません" in refused.stderr) == (1, True)
