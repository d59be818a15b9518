"""What is done in the examples of addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.addresses import AddressKind, parse_address
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


OPERATIONS: dict[str, Callable[[str], Outcome]] = {"split": split, "block": block, "same": same}
