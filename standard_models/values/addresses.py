"""Addresses: codes and the strings beside them; one text is split only where every part is certain.

Source: item list 031, 住所_… (団体コード, 町字ID and strings side by side); our rule (D): never
guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.reference.municipalities import Municipality, municipalities
from standard_models.values.block_numbers import Numbering, folded, parse_block_number
from standard_models.values.text import trim_padding

NO_TOWN: Final = "0000000"
"""町字コード of an address without a town block."""
TOWN_NOT_LISTED: Final = "9999999"
"""町字コード of a town block that the address registry does not have."""

_NOWHERE = re.compile("住所不定|住居不定|住所不明|不明|不詳|無")
_STREETS = re.compile("上る|上ル|下る|下ル|東入|西入")
_DISTRICT = re.compile("[^0-9０-９市区町村]{1,6}?郡")
_ARABIC: Final = "[0-9０-９]"
_KANJI: Final = "[一二三四五六七八九十百千]"
_BUILDING: Final = "(?:[ 　]+(?P<building>[^ 　].*))?"


def _rest(town: str, digit: str) -> re.Pattern[str]:
    lot = f"番地(?:[のノ之－-]?{digit}+)*"
    number = f"{digit}+(?:{lot}|番{digit}+号)"
    return re.compile(f"(?P<town>{town})(?P<number>{number}){_BUILDING}")


_RESTS: Final = (
    _rest(f"[^0-9０-９]+(?:{_ARABIC}{{1,2}}丁目)?", _ARABIC),
    _rest("[^0-9０-９]+(?:丁目|町)", _KANJI),
)
"""Kanji figures are taken only behind 丁目 or 町, because names hold them too."""
_ANOTHER_PERSON = re.compile("[様方]方|[^ 　]方$|様$")


class AddressKind(StrEnum):
    """What an address is."""

    DOMESTIC = "domestic"
    ABROAD = "abroad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """An address with codes and strings as recorded; None where nothing is recorded.

    ``whole`` is the text as the source has it; the parts are slices of it, verbatim.
    ``country_code`` is of the national table, which is not ISO 3166.
    """

    kind: AddressKind
    whole: str
    municipality_code: str | None = None
    town_id: str | None = None
    prefecture: str | None = None
    municipality: str | None = None
    town: str | None = None
    block_number: str | None = None
    building: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    country: str | None = None

    @property
    def is_split(self) -> bool:
        """Tell whether the parts are known, not only the whole."""
        return self.municipality is not None

    def to_json(self) -> dict[str, str]:
        """Return what is recorded, by the names of the fields."""
        written = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: str(value) for name, value in written.items() if value is not None}

    def key(self) -> tuple[str, ...]:
        """Return what addresses are compared by: width, numerals, の and dashes folded.

        An address that is not split equals only one with the same folded whole.
        """
        if not self.is_split or self.block_number is None:
            return ("", folded(self.whole))
        number = parse_block_number(self.block_number).key()
        parts = self.municipality_code or "", folded(self.town or ""), number
        return (*parts, folded(self.building or ""))


@dataclass(frozen=True, slots=True)
class AddressReading:
    """An address, None for a blank, and what was seen. Parts are personal: never in quality."""

    address: Address | None
    quality: tuple[Quality, ...] = ()


def parse_address(raw: str) -> AddressReading:
    """Read an address that stands in one field. Never raises.

    It is split only if the municipality is the only one of that name, and the number part says by
    itself (番地, or 番 and 号) where it begins; otherwise the whole stays and ``ADDRESS_NOT_SPLIT``
    (W) says so. A recorded absence of an address is ``unknown``. A building part that may name
    another person is told: ``NAMES_ANOTHER_PERSON`` (I).
    """
    whole = trim_padding(raw)
    if whole is None:
        return AddressReading(None, (Quality("MISSING", Severity.INFORMATION),))
    if _NOWHERE.fullmatch(whole):
        return AddressReading(Address(AddressKind.UNKNOWN, whole))
    places = list(_places(whole))
    rest = _split_rest(places[0][2]) if len(places) == 1 else None
    if rest is None or _STREETS.search(whole) or not _is_certain(rest["number"]):
        address = Address(AddressKind.DOMESTIC, whole)
        return AddressReading(address, (Quality("ADDRESS_NOT_SPLIT", Severity.WARNING),))
    municipality, written, _ = places[0]
    building = rest["building"]
    address = Address(
        AddressKind.DOMESTIC,
        whole,
        municipality_code=municipality.code,
        prefecture=municipality.prefecture,
        municipality=written,
        town=rest["town"],
        block_number=rest["number"],
        building=building,
    )
    return AddressReading(address, another_person(building))


def _split_rest(rest: str) -> re.Match[str] | None:
    return next((found for form in _RESTS if (found := form.fullmatch(rest))), None)


def _is_certain(number: str) -> bool:
    return parse_block_number(number).numbering in {Numbering.LOT, Numbering.RESIDENCE}


def another_person(building: str | None) -> tuple[Quality, ...]:
    """Return ``NAMES_ANOTHER_PERSON`` (I) if a building part may name somebody (…様方)."""
    if building and _ANOTHER_PERSON.search(unicodedata.normalize("NFKC", building)):
        return (Quality("NAMES_ANOTHER_PERSON", Severity.INFORMATION),)
    return ()


def _places(whole: str) -> Iterator[tuple[Municipality, str, str]]:
    """Yield the municipalities that the text can begin with, their spelling, and what follows.

    A ward goes before its own city, because the rest of its name could be no town. Other names of
    which one begins another (as 大町 in 大町町) are all yielded: nobody decides between them.
    """
    prefecture = next((p for p in _prefectures() if whole.startswith(p)), None)
    after = whole.removeprefix(prefecture or "")
    district = _DISTRICT.match(after)
    starts = {0, district.end() if district else 0}
    found = []
    for place in municipalities().values():
        if prefecture is not None and place.prefecture != prefecture:
            continue
        for start in starts:
            if after.startswith(place.name, start) and (start == 0 or place.name[-1] in "町村"):
                end = start + len(place.name)
                found.append((place, after[:end], after[end:]))
    names = {place.name for place, _, _ in found}
    for place, written, rest in found:
        wards = any(n != place.name and n.startswith(place.name) and n[-1] == "区" for n in names)
        if not wards:
            yield place, written, rest


@cache
def _prefectures() -> frozenset[str]:
    return frozenset(place.prefecture for place in municipalities().values())
