"""What a receipt holds: one digest for each item of each record, and where it came from. Pure.

A digest is a keyed hash under a secret of the gateway and the receipt's own id, so that whoever
holds a receipt cannot try out values on it, not even for an item with two possible ones. Rule RC-3.

Source: RFC 7693 (BLAKE2 with a key).
"""

from __future__ import annotations

import datetime as dt
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from gateway.receipts.canonical import canonical_answer
from standard_models.answers import Answer
from standard_models.dictionary import Group

DIGEST_BYTES: Final = 16
MAX_DIGESTS: Final = 4_000
"""An answer with more values has no receipt; no form hands so many of them back."""


@dataclass(frozen=True, slots=True)
class IssuedPart:
    """A part as it leaves. ``records`` hold every field; without any, ``absences`` does.

    ``reference_date`` is the day for which the source was asked, None for the present.
    """

    group: Group
    fields: Sequence[str]
    records: Sequence[Mapping[str, Answer]]
    absences: Mapping[str, Answer]
    source: str | None
    as_of: dt.datetime | None
    reference_date: dt.date | None = None


class Digester:
    """Makes the digests of one receipt."""

    def __init__(self, secret: bytes, receipt_id: str) -> None:
        self._key = hmac.digest(secret, f"hitotsu receipt\x00{receipt_id}".encode(), "sha256")

    def digest(self, reference: str, record: int, canonical: str) -> bytes:
        """Return the digest of an item's canonical text: 16 bytes."""
        message = f"{reference}\x1f{record}\x1f{canonical}".encode("utf-8", "surrogatepass")
        return blake2b(message, digest_size=DIGEST_BYTES, key=self._key).digest()


def count_digests(parts: Iterable[IssuedPart]) -> int:
    """Return how many digests a receipt over these parts would hold."""
    return sum(len(part.fields) * max(1, len(part.records)) for part in parts)


def part_members(parts: Iterable[IssuedPart], digester: Digester) -> list[dict[str, Any]]:
    """Return the parts as they stand in a receipt.

    ``digests`` is base64url of one digest for each item of each record, record by record.
    """
    return [_members(part, digester) for part in parts]


def iter_digests(part: Mapping[str, Any]) -> Iterator[tuple[str, int, bytes]]:
    """Yield reference, record and digest of every item of a part in a receipt.

    Raises:
        ValueError: the part is damaged.

    """
    text, names = part["digests"], part["items"]
    held = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    digests = [held[at : at + DIGEST_BYTES] for at in range(0, len(held), DIGEST_BYTES)]
    for place, digest in enumerate(digests):
        record, item = divmod(place, len(names))
        yield f"{part['group']}.{names[item]}", record, digest


def _members(part: IssuedPart, digester: Digester) -> dict[str, Any]:
    group = part.group
    prefix, by_field = f"{group.ref}.", group.by_field
    digests = b"".join(
        digester.digest(prefix + name, record, canonical_answer(by_field[name], holder[name]))
        for record, holder in enumerate(part.records or (part.absences,))
        for name in part.fields
    )
    day = {"reference_date": part.reference_date.isoformat()} if part.reference_date else {}
    return {
        "group": group.ref,
        "edition": group.edition_id,
        "source": part.source,
        "as_of": int(part.as_of.timestamp()) if part.as_of else None,
        "items": part.fields,
        "digests": urlsafe_b64encode(digests).rstrip(b"=").decode(),
        **day,
    }
