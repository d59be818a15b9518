"""BK-1: what was encrypted opens whole, with its key, or not at all."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
from pyrage.x25519 import Recipient

from gateway.store.backup import BackupError
from gateway.store.backup_encryption import (
    encrypted,
    new_backup_key,
    opened_backup,
    read_recipients,
)

PIECE = 65_536 + 16
"""A piece of an encrypted file with its tag."""
CONTENT = os.urandom(4 * 65_536 + 1_000)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key; the public one lies beside it."""
    private, public = new_backup_key()
    (tmp_path / "public").write_text(public)
    (tmp_path / "private").write_text(private)
    return tmp_path / "private"


@pytest.fixture
def file(key: Path, tmp_path: Path) -> Path:
    """An encrypted file of five pieces."""
    path = tmp_path / "backup.age"
    with path.open("wb") as target, encrypted(target, read_recipients(tmp_path / "public")) as out:
        out.write(CONTENT)
    return path


def read(file: Path, key: Path | None) -> bytes:
    with opened_backup(file, key) as content:
        return content.read()


def test_what_was_written_is_what_is_read(file: Path, key: Path) -> None:
    """Byte by byte, and nothing of it stands in the file."""
    assert read(file, key) == CONTENT
    assert CONTENT[:16] not in file.read_bytes()


HARMS: dict[str, Callable[[bytes, list[bytes]], bytes]] = {
    "a flipped byte of the head": lambda head, p: head[:-60] + b"A" + head[-59:] + b"".join(p),
    "a flipped byte": lambda head, p: head + bytes([p[0][0] ^ 1]) + p[0][1:] + b"".join(p[1:]),
    "a byte too few": lambda head, p: head + b"".join(p)[:-1],
    "no last piece": lambda head, p: head + b"".join(p[:-1]),
    "no piece": lambda head, _: head,
    "pieces swapped": lambda head, p: head + b"".join([p[1], p[0], *p[2:]]),
    "a piece twice": lambda head, p: head + b"".join([p[0], *p]),
    "something behind": lambda head, p: head + b"".join(p) + b"x",
    "the head of another file": lambda head, p: _head_of_another(head) + b"".join(p),
}


def _head_of_another(head: bytes) -> bytes:
    """Return the head with another nonce, under which the pieces were not sealed."""
    return head[:-16] + os.urandom(16)


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_is_changed_is_seen_before_anything_is_handed_out(
    file: Path, key: Path, harm: str
) -> None:
    """Flipped, cut, in another order, repeated, longer."""
    content = file.read_bytes()
    start = content.index(b"\n--- ") + 1
    start = content.index(b"\n", start) + 1 + 16
    pieces = [content[at : at + PIECE] for at in range(start, len(content), PIECE)]
    assert len(pieces) == 5
    file.write_bytes(HARMS[harm](content[:start], pieces))
    with pytest.raises(BackupError):
        read(file, key)


def write(target: BinaryIO, recipients: Sequence[Recipient], failure: Exception | None) -> None:
    with encrypted(target, recipients) as out:
        for _ in range(20):
            out.write(CONTENT)
        if failure is not None:
            raise failure


def test_a_failure_while_writing_is_told_and_leaves_no_whole_file(
    tmp_path: Path, key: Path
) -> None:
    """What the writer raises is raised; a full disk is told in plain words."""
    recipients = read_recipients(tmp_path / "public")
    with (tmp_path / "one").open("wb") as target, pytest.raises(KeyError):
        write(target, recipients, KeyError())
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(BackupError, match="full"),
    ):
        write(full, recipients, None)


def test_memory_does_not_grow_with_the_file(file: Path, key: Path, tmp_path: Path) -> None:
    """Forty pieces a round, and no more than a few are held."""
    tracemalloc.start()
    try:
        with (
            file.open("wb") as target,
            encrypted(target, read_recipients(tmp_path / "public")) as o,
        ):
            for _ in range(100):
                o.write(CONTENT)
        with opened_backup(file, key) as content:
            assert content.read(10) == CONTENT[:10]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_file_of_keys_without_one_is_refused_and_none_is_told(tmp_path: Path) -> None:
    """Comments are passed over; a private key is no public one."""
    path = tmp_path / "keys"
    assert read_recipients(path) == ()
    private, public = new_backup_key()
    path.write_text(f"# the safe\n\n{public}")
    assert len(read_recipients(path)) == 1
    for wrong in ("", "# none\n", "age1\n", private):
        path.write_text(wrong)
        with pytest.raises(BackupError):
            read_recipients(path)


def test_a_failure_of_whoever_reads_is_not_taken_for_one_of_the_file(file: Path, key: Path) -> None:
    """A database that refuses the connection says so itself; a missing file or key is told."""
    for failure in (ConnectionRefusedError(), KeyError()):
        with pytest.raises(type(failure)), opened_backup(file, key):
            raise failure
    for path, private in ((file.with_name("none"), key), (file, file.with_name("none"))):
        with pytest.raises(BackupError):
            read(path, private)
