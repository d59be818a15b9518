"""Backups that only the holder of a key can read, in the format of age (age-encryption.org/v1).

The gateway knows public keys alone. age seals pieces of 64 KiB with ChaCha20-Poly1305 under a key
of the file, each with its number and the last one marked: what was changed, cut off, added or put
in another order does not open. Both ways stream, so memory stays bounded.

Source: C2SP, age.md, "The age file encryption format, version 1".
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyrage import (
    DecryptError,
    EncryptError,
    IdentityError,
    RecipientError,
    decrypt_io,
    encrypt_io,
    x25519,
)

from gateway.store.backup import BackupError

MARK: Final = b"age-encryption.org/v1\n"
"""First line of an encrypted file."""


def new_backup_key() -> tuple[str, str]:
    """Return a private key, as a file of `age-keygen` has it, and its public key."""
    private = x25519.Identity.generate()
    public = str(private.to_public())
    return f"# public key: {public}\n{private}\n", f"{public}\n"


def read_recipients(path: Path) -> Sequence[x25519.Recipient]:
    """Return the public keys of a file, one a line; none where there is no file.

    Raises:
        BackupError: a line is no public key, or there is none in the file.
    """
    if not path.exists():
        return ()
    try:
        found = [x25519.Recipient.from_str(line) for line in _lines(path)]
    except (RecipientError, ValueError, OSError):
        found = []
    if not found:
        raise BackupError(
            f"{path} に、行ごとに一つの公開鍵（age1…）がありません。",
            f"{path} has not one public key (age1…) a line.",
        )
    return found


@contextmanager
def encrypted(file: BinaryIO, recipients: Sequence[x25519.Recipient]) -> Iterator[BinaryIO]:
    """Yield a writer; what is written to it stands in ``file``, encrypted, when it is closed.

    Raises:
        BackupError: ``file`` cannot be written.
    """
    out_of_pipe, into_pipe = os.pipe()

    def encrypt() -> None:
        with os.fdopen(out_of_pipe, "rb") as plain:
            encrypt_io(plain, _buffered(file), recipients)

    with ThreadPoolExecutor(1) as beside:
        work = beside.submit(encrypt)
        try:
            try:
                with os.fdopen(into_pipe, "wb") as plain:
                    yield plain
            except BrokenPipeError:
                work.result()  # says why it reads no further
                raise
            work.result()
        except EncryptError:
            raise BackupError(
                "暗号化したファイルを書けません。空き容量を確かめてください。",
                "The encrypted file cannot be written: is the disk full?",
            ) from None


@contextmanager
def opened_backup(path: Path, key: Path | None) -> Iterator[BinaryIO]:
    """Yield the archive of a backup, decrypted as a whole before anything of it is used.

    Meanwhile it lies in ``TMPDIR``, in a file without a name that is gone with the process.

    Raises:
        BackupError: it does not open with ``key``, was changed or cut, or needs a key or none.
    """
    with _opened(path) as file:
        is_encrypted = file.read(len(MARK)) == MARK
        file.seek(0)
        if is_encrypted:
            with tempfile.TemporaryFile() as plain:
                _decrypt(file, plain, key)
                yield plain
            return
        if key is not None:
            raise BackupError(
                "鍵を指定しましたが、このファイルは暗号化されていません。作った人に確かめてください。",
                "A key was given and the file is not encrypted: ask whoever made it.",
            )
        yield file


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BackupError(
            f"バックアップを読めません（{error.strerror}）。",
            f"It cannot be read: {error.strerror}.",
        ) from None


def _decrypt(file: BinaryIO, plain: BinaryIO, key: Path | None) -> None:
    if key is None:
        raise BackupError(
            "暗号化されています。--key で秘密鍵のファイルを指定してください。",
            "It is encrypted: name the file of the private key with --key.",
        )
    identities = _identities(key)
    try:
        decrypt_io(_buffered(file), _buffered(plain), identities)
    except DecryptError:
        raise BackupError(
            "この鍵では開けません。別の鍵のバックアップか、先頭が壊れています。",
            "It does not open with this key: it was made for another, or its head is damaged.",
        ) from None
    except OSError:
        raise BackupError(
            "壊れているか、途中で切れているか、一時フォルダー（TMPDIR）に書けません。",
            "It is damaged or cut off, or TMPDIR cannot take it.",
        ) from None
    plain.seek(0)


def _identities(key: Path) -> Sequence[x25519.Identity]:
    try:
        found = [x25519.Identity.from_str(line) for line in _lines(key)]
    except (IdentityError, ValueError, OSError):
        found = []
    if not found:
        raise BackupError(
            "--key のファイルに秘密鍵（AGE-SECRET-KEY-1…）がありません。",
            "The file of --key has no private key (AGE-SECRET-KEY-1…).",
        )
    return found


def _buffered(file: BinaryIO) -> BufferedIOBase:
    """Return the same file; the typing of the library has another name for its kind."""
    return cast("BufferedIOBase", file)


def _lines(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
