"""The signed list of whom a consumer's window concerns: NDJSON whose last line is a signature."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.audit.entries import canonical_json
from gateway.audit.searches.report_clocks import Due
from gateway.audit.searches.store import Concerned, Window
from gateway.audit.signed_files import SignedKind, SigningFile
from gateway.keys import HeadKey


async def write_list(
    path: Path,
    found: AsyncIterator[Concerned],
    key: HeadKey,
    *,
    window: Window,
    client: str,
    made_at: dt.datetime,
    numbers: Mapping[str, Sequence[str]] | None = None,
    reports: Due | None = None,
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
        reports: until when the leak is reported, which then stands in the first line.

    Raises:
        OSError: the file exists or cannot be written.
    """
    count = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        signing = SigningFile(file)
        about: dict[str, Any] = {
            "type": SignedKind.CONCERNED.value,
            "municipality": window.municipality,
            "client_id": client,
            "since": _utc(window.since),
            "until": _utc(window.until),
            "made_at": _utc(made_at),
        }
        if reports is not None:
            about["reports"] = reports.members()
        signing.put(canonical_json(about))
        async for person in found:
            members: dict[str, Any] = {
                "person": person.subject_key,
                "count": person.count,
                "first": _utc(person.first),
                "last": _utc(person.last),
            }
            if numbers is not None:
                members["numbers"] = list(numbers.get(person.subject_key, ()))
            signing.put(canonical_json(members))
            count += 1
        signing.sign(key, SignedKind.CONCERNED, count)
    return count


def _utc(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="seconds")
