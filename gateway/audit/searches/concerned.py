"""The signed list of whom a consumer's window concerns: NDJSON whose last line is a signature."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from gateway.audit.entries import canonical_json
from gateway.audit.searches.store import Concerned, Window
from gateway.audit.tree import sign_text
from gateway.keys import HeadKey

LIST_TYPE: Final = "hitotsu-concerned"


class ListRefused(Exception):
    """A list is not as it was signed."""


async def write_list(
    path: Path,
    found: AsyncIterator[Concerned],
    key: HeadKey,
    *,
    window: Window,
    client: str,
    made_at: dt.datetime,
    numbers: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Write the persons to a new file of mode 0600 and sign it; return how many they are.

    Args:
        path: the file, which must not exist.
        found: the persons.
        key: signs the list.
        window: the time that was asked for.
        client: the consumer that was asked for.
        made_at: when the list was made.
        numbers: the numbers to write beside each pseudonym, for the office that informs people.

    Raises:
        OSError: the file exists or cannot be written.
    """
    digest, count = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:

        def put(members: dict[str, Any]) -> None:
            line = canonical_json(members).encode() + b"\n"
            digest.update(line)
            file.write(line)

        put(
            {
                "type": LIST_TYPE,
                "municipality": window.municipality,
                "client_id": client,
                "since": _utc(window.since),
                "until": _utc(window.until),
                "made_at": _utc(made_at),
            }
        )
        async for person in found:
            members: dict[str, Any] = {
                "person": person.subject_key,
                "count": person.count,
                "first": _utc(person.first),
                "last": _utc(person.last),
            }
            if numbers is not None:
                members["numbers"] = list(numbers.get(person.subject_key, ()))
            put(members)
            count += 1
        payload = canonical_json({"count": count, "sha256": digest.hexdigest()}).encode()
        file.write(sign_text(key, payload, LIST_TYPE).encode() + b"\n")
    return count


def check_list(path: Path, keys: Iterable[HeadKey]) -> int:
    """Return how many persons a list holds.

    Raises:
        ListRefused: it is not as it was signed, or not by one of ``keys``.
        OSError: it cannot be read.
    """
    lines = path.read_bytes().splitlines(keepends=True)
    try:
        signed = lines[-1].decode().strip()
        header = jws.extract_compact(signed.encode()).headers()
        key = next(k for k in keys if k.kid == header["kid"])
        payload = jws.deserialize_compact(signed, key.jwk, algorithms=["Ed25519"]).payload
        said = json.loads(payload)
    except (JoseError, ValueError, LookupError, StopIteration):
        raise ListRefused from None
    digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    expected = {"count": len(lines) - 2, "sha256": digest}
    if said != expected or header.get("typ") != LIST_TYPE:
        raise ListRefused
    return len(lines) - 2


def _utc(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="seconds")
