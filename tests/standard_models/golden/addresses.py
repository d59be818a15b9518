"""What is done in the examples of addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.reference.former_municipalities import former_municipalities
from standard_models.reference.town_blocks import Town, TownTable
from standard_models.values.address_reading import (
    AddressTables,
    municipality_quality,
    parse_address,
)
from standard_models.values.addresses import AddressKind, foreign_address
from standard_models.values.block_numbers import parse_block_number

Outcome = tuple[str, Sequence[Quality]]


def _block(town_id: str, large: str, chome: str = "", number: str = "", small: str = "") -> Town:
    return Town("131016", town_id, large, chome, number, small, False, None, None)


TOWNS = TownTable(
    (
        _block("0001000", "緑町"),
        _block("0002000", "霞"),
        _block("0002002", "霞", "２丁目", "2"),
        _block("0002023", "霞", "２３丁目", "23"),
        _block("0003000", "大町"),
        _block("0004000", "大町東"),
        _block("0006101", "大字山", small="字川上"),
        _block("0007000", "大字原"),
        _block("0007101", "大字原", small="１０"),
    )
)


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


def by_blocks(raw: str) -> Outcome:
    reading = parse_address(f"東京都千代田区{raw}", AddressTables(TOWNS))
    found = reading.address
    assert found is not None
    if not found.is_split:
        assert found.whole == f"東京都千代田区{raw}"
        return "", reading.quality
    parts = found.town_id, found.town, found.block_number, found.building
    return " / ".join(part or "" for part in parts).rstrip(" "), reading.quality


def former(raw: str) -> Outcome:
    code, _, text = raw.partition(" ")
    day = dt.date.fromisoformat(text)
    found = former_municipalities().find(code, day)
    quality = municipality_quality(code, day)
    successors = found.former.successors if found.former and quality else ()
    return " ".join((found.state.value, *successors)), quality


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "split": split,
    "block": block,
    "same": same,
    "abroad": abroad,
    "by-blocks": by_blocks,
    "former": former,
}
