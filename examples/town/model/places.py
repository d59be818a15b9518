"""Addresses in the town and in the two places around it; all of them fictitious."""

from __future__ import annotations

import random
from dataclasses import dataclass

from examples.town.model.recorded_dates import wide

TOWN_CODE = "999997"


@dataclass(frozen=True, slots=True)
class Address:
    """One address. Texts are full-width; ``building`` (方書) may be empty.

    ``block_id`` is the 7-digit id of the 町字.
    """

    municipality: str
    block_id: str
    prefecture: str
    city: str
    block: str
    lot: str
    building: str
    building_kana: str
    postcode: str


_BLOCKS = (
    ("0001001", "みどり一丁目", "9990011", True),
    ("0001002", "みどり二丁目", "9990011", True),
    ("0002001", "本町一丁目", "9990021", True),
    ("0002002", "本町二丁目", "9990021", True),
    ("0002003", "本町三丁目", "9990021", True),
    ("0003001", "港町", "9990031", True),
    ("0004000", "大字北沢", "9990101", False),
    ("0005000", "大字南沢", "9990102", False),
    ("0006000", "大字辻の上", "9990103", False),
    ("0007001", "つつじが丘一丁目", "9990041", True),
    ("0007002", "つつじが丘二丁目", "9990041", True),
    ("0008000", "新田", "9990104", False),
)
_BUILDINGS = (
    ("みどりハイツ", "ミドリハイツ"),
    ("メゾンひとつ", "メゾンヒトツ"),
    ("本町コーポ", "ホンチョウコーポ"),
    ("つつじ荘", "ツツジソウ"),
    ("港ガーデン", "ミナトガーデン"),
)
_ELSEWHERE = (
    ("999989", "見本県", "見本市", (("0011001", "見本町一丁目", "9988001"),)),
    ("999971", "例示県", "例示郡例示町", (("0021000", "大字例示", "9978002"),)),
)


def _lot(rng: random.Random, *, display_system: bool) -> str:
    if display_system:
        return f"{wide(rng.randint(1, 40))}番{wide(rng.randint(1, 30))}号"
    branch = f"の{wide(rng.randint(1, 20))}" if rng.random() < 0.4 else ""
    return f"{wide(rng.randint(1, 2400))}番地{branch}"


def in_town(rng: random.Random, *, flat: bool | None = None) -> Address:
    """Return an address in the town; ``flat`` decides whether it is in a building."""
    block_id, block, postcode, display_system = rng.choice(_BLOCKS)
    lot = _lot(rng, display_system=display_system)
    if flat is None:
        flat = rng.random() < 0.35
    building, kana = "", ""
    if flat:
        name, name_kana = rng.choice(_BUILDINGS)
        room = wide(rng.randint(1, 6) * 100 + rng.randint(1, 12))
        building, kana = f"{name}{room}号", f"{name_kana}{room}ゴウ"
    return Address(TOWN_CODE, block_id, "架空県", "ひとつ市", block, lot, building, kana, postcode)


def elsewhere(rng: random.Random) -> Address:
    """Return an address in another municipality."""
    code, prefecture, city, blocks = rng.choice(_ELSEWHERE)
    block_id, block, postcode = rng.choice(blocks)
    lot = _lot(rng, display_system=block.endswith("丁目"))
    return Address(code, block_id, prefecture, city, block, lot, "", "", postcode)


def care_of(address: Address, host: str) -> Address:
    """Return the address as that of a guest of ``host`` (…様方)."""
    return Address(
        address.municipality, address.block_id, address.prefecture, address.city, address.block,
        address.lot, f"{host}様方", "", address.postcode,
    )  # fmt: skip
