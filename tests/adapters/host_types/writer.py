"""Writes a file of several types of record as a host keeps it. Synthetic persons only."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from adapters.encodings.decimals import NumberRules, packed
from adapters.encodings.host import host_encoding

JEF = host_encoding("jef")
BLOCK = 43
_UNSIGNED = NumberRules(signed=False)


def head(day: str = "20261001") -> bytes:
    """Return the header: the day of the data."""
    return JEF.encode_field("0" + day)


def shikaku(number: int, *, kind: str = "1", since: int = 4120615) -> bytes:
    """Return the head record of a person."""
    text = f"1{number:012d}001123456789{number % 10}{kind}"
    date = packed(Decimal(since), 4, _UNSIGNED)
    name = JEF.encode_field("架空花子　", double=True)
    return JEF.encode_field(text) + date + JEF.encode_field("01") + name


def menjo(number: int, *, kind: str = "A", month: str = "202604", amount: int = 1000) -> bytes:
    """Return a record of an exemption."""
    return JEF.encode_field(f"2{number:012d}{kind}{month}") + packed(Decimal(amount), 4)


def tail(records: int, exemptions: int, amount: int) -> bytes:
    """Return the trailer: how many records, how many exemptions, the sum of their amounts."""
    return JEF.encode_field("9") + b"".join(
        (
            packed(Decimal(records), 4, _UNSIGNED),
            packed(Decimal(exemptions), 4, _UNSIGNED),
            packed(Decimal(amount), 5),
        )
    )


def blocks(records: Iterable[bytes]) -> bytes:
    """Return records as blocks of one length, filled with blanks of the host."""
    return b"".join(record.ljust(BLOCK, b"\x40") for record in records)


def rdw(records: Iterable[bytes]) -> bytes:
    """Return records with a record descriptor word before each."""
    return b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records)
