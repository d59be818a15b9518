"""What is done in the examples of addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.address_reading import parse_address
from standard_models.values.addresses import AddressKind, foreign_address
from standard_models.values.block_numbers import parse_block_number

Outcome = tuple[str, Sequence[Quality]]


def split(raw: str) -> Outcome:
    found = parse_address(raw)
    address = found.address
    if address is None or address.kind is AddressKind.UNKNOWN:
        return (address.kind.value if address else ""), found.quality
    if not address.is_split:
        assert address.whole == raw
        return "", found.quality
    parts = (
        address.municipality_code,
        address.municipality,
        address.town,
        address.block_number,
        address.building,
    )
    return " / ".join(part or "" for part in parts).rstrip(" "), found.quality


def block(raw: str) -> Outcome:
    found = parse_block_number(raw)
    return " ".join((found.numbering.value, *map(str, found.numbers))), ()


def same(raw: str) -> Outcome:
    one, _, other = raw.partition(" | ")
    equal = parse_block_number(one).key() == parse_block_number(other).key()
    return ("yes" if equal else "no"), ()


def abroad(raw: str) -> Outcome:
    code, country, text = raw.split(" | ")
    reading = foreign_address(code, country, text, {"265": "アメリカ合衆国"})
    assert reading.address is not None
    found = reading.address
    return f"{found.whole} / {found.country_code} / {found.country}", reading.quality


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "split": split,
    "block": block,
    "same": same,
    "abroad": abroad,
}
