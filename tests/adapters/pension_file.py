"""Writes the file of the pension host as its layout book has it. Invented people only."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from adapters.encodings.decimals import NumberRules, packed
from adapters.encodings.host import host_encoding

JEF = host_encoding("jef")
BLOCK = 60
_UNSIGNED = NumberRules(signed=False)


def _digits(number: int, size: int) -> bytes:
    return packed(Decimal(number), size, _UNSIGNED)


def sentou(day: str = "20261001") -> bytes:
    """Return the first record: the day of the data."""
    return JEF.encode_field("0" + day)


def shikaku(
    number: str, kiso: str, name: str, *, kind: str = "1", since: int = 4120615, until: int = 0
) -> bytes:
    """Return the record of a person's insurance."""
    return (
        JEF.encode_field(f"1{number}001{kiso}{kind}")
        + _digits(since, 4)
        + JEF.encode_field("01")
        + _digits(until, 4)
        + JEF.encode_field("05" if until else "  ")
        + JEF.encode_field("0")
        + JEF.encode_field(name.ljust(10, "　"), double=True)
    )


def menjo(number: str, place: int, kind: str, months: tuple[str, str], amount: int) -> bytes:
    """Return the record of an exemption."""
    return (
        JEF.encode_field(f"2{number}{place:03d}{kind}{months[0]}{months[1]}")
        + _digits(5080410, 4)
        + _digits(5080501, 4)
        + packed(Decimal(amount), 4)
    )


def matsubi(records: int, exemptions: int, amount: int) -> bytes:
    """Return the last record: counts, and the sum of the amounts."""
    return (
        JEF.encode_field("9")
        + _digits(records, 4)
        + _digits(exemptions, 4)
        + packed(Decimal(amount), 5)
    )


def blocks(records: Iterable[bytes]) -> bytes:
    """Return records as blocks of one length, filled with blanks of the host."""
    return b"".join(record.ljust(BLOCK, b"\x40") for record in records)


def sample() -> bytes:
    """Return the delivery that the adapter is tried with."""
    one, two, three = "000000471121", "000000471122", "000000471123"
    return blocks(
        [
            sentou(),
            shikaku(one, "0123456781", "架空花子"),
            menjo(one, 1, "Z", ("202604", "202703"), 16980),
            menjo(one, 2, "H", ("202704", "000000"), 8490),
            shikaku(two, "0123456782", "見本次郎", kind="3", since=3550401, until=5010501),
            shikaku(three, "0123456783", "例示三恵", kind="N"),
            menjo(three, 1, "G", ("202604", "202703"), 16980),
            matsubi(6, 3, 42450),
        ]
    )
