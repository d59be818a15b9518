"""One text as an address: split only where every part is certain.

Source: our rule (D): never guess; names of municipalities by 総務省, blocks by the registry.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.reference.address_base import Town, TownTable
from standard_models.reference.former_municipalities import former_municipalities
from standard_models.reference.municipalities import Municipality, municipalities
from standard_models.values.addresses import (
    Address,
    AddressKind,
    AddressReading,
    another_person,
)
from standard_models.values.block_numbers import Numbering, parse_block_number
from standard_models.values.text import to_full_width, trim_padding

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
_NUMBER_AND_BUILDING = re.compile(
    rf"(?P<number>{_ARABIC}(?:[^ 　丁]*(?:{_ARABIC}|番地|番|号))?|{_KANJI}[^ 　丁]*(?:番地|号))"
    rf"{_BUILDING}"
)


@dataclass(frozen=True, slots=True)
class AddressTables:
    """What a reader of addresses may rely on, and the day for which it reads.

    ``towns`` are the blocks of the address registry. ``countries`` are names by code of the
    national table. ``day`` picks the blocks in force; without it all count.
    """

    towns: TownTable | None = None
    countries: Mapping[str, str] = field(default_factory=dict)
    day: dt.date | None = None


NO_TABLES: Final = AddressTables()


def parse_address(raw: str, tables: AddressTables = NO_TABLES) -> AddressReading:
    """Read an address that stands in one field. Never raises.

    It is split only if the municipality is the only one of that name, and where the number part
    begins is certain: by itself (番地, or 番 and 号), or because exactly one block of the town
    table leaves a number. Otherwise the whole stays and ``ADDRESS_NOT_SPLIT`` (W) says so. A
    recorded absence of an address is ``unknown``; a text that begins with a country of the table is
    abroad.
    An abolished municipality is told (``MUNICIPALITY_ABOLISHED``, I) and never replaced. A building
    part that may name another person is told: ``NAMES_ANOTHER_PERSON`` (I).
    """
    whole = trim_padding(raw)
    if whole is None:
        return AddressReading(None, (Quality("MISSING", Severity.INFORMATION),))
    if _NOWHERE.fullmatch(whole):
        return AddressReading(Address(AddressKind.UNKNOWN, whole))
    if abroad := _country_at_start(whole, tables.countries):
        return AddressReading(abroad)
    places = list(_places(whole))
    rest = _certain_rest(places[0], tables) if len(places) == 1 else None
    if rest is None or _STREETS.search(whole):
        address = Address(AddressKind.DOMESTIC, whole)
        return AddressReading(
            address, (Quality("ADDRESS_NOT_SPLIT", Severity.WARNING), *_abolished(whole))
        )
    place = places[0]
    address = Address(
        AddressKind.DOMESTIC,
        whole,
        municipality_code=place.code,
        town_id=rest.town_id,
        prefecture=place.prefecture if whole.startswith(place.prefecture) else None,
        municipality=place.written,
        town=rest.town,
        block_number=rest.number,
        building=rest.building,
    )
    return AddressReading(address, another_person(rest.building))


def _country_at_start(whole: str, countries: Mapping[str, str]) -> Address | None:
    found = {name for name in countries.values() if name and whole.startswith(name)}
    if not found:
        return None
    codes = [code for code, name in countries.items() if name == max(found, key=len)]
    code = codes[0] if len(codes) == 1 else None
    return Address(AddressKind.ABROAD, whole, country_code=code, country=max(found, key=len))


def _abolished(whole: str) -> tuple[Quality, ...]:
    """Tell of an abolished municipality at the start: its address is no error."""
    for row in former_municipalities().rows:
        if whole.startswith((f"{row.prefecture}{row.name}", row.name)):
            params: dict[str, str | int] = {"abolished_on": row.abolished_on.isoformat()}
            return (Quality("MUNICIPALITY_ABOLISHED", Severity.INFORMATION, params),)
    return ()


@dataclass(frozen=True, slots=True)
class _Rest:
    """Town, number and building, verbatim; ``town_id`` where the table knows the block."""

    town: str
    number: str
    building: str | None
    town_id: str | None = None


def _certain_rest(place: _Place, tables: AddressTables) -> _Rest | None:
    if tables.towns is not None and tables.towns.covers(place.code):
        blocks = tables.towns.of_municipality(place.code, tables.day)
        if readings := list(_by_blocks(place.rest, blocks)):
            return readings[0] if len(readings) == 1 else None
    split = next((found for form in _RESTS if (found := form.fullmatch(place.rest))), None)
    if split is None or not _is_certain(split["number"]):
        return None
    return _Rest(split["town"], split["number"], split["building"])


def _by_blocks(rest: str, blocks: tuple[Town, ...]) -> Iterator[_Rest | None]:
    """Yield what each block makes of the text, None for a reading that is not certain itself.

    A bare number behind a name that also has 丁目 may begin with one of them.
    """
    divided = {town.large for town in blocks if town.chome}
    for town in blocks:
        for name in _spellings(town):
            if not rest.startswith(name):
                continue
            found = _NUMBER_AND_BUILDING.fullmatch(rest, len(name))
            if found is None:
                continue
            number = parse_block_number(found["number"])
            bare = number.numbering is Numbering.BARE and len(number.numbers) > 1
            hidden = bare and not town.chome and town.large in divided
            if number.numbering is Numbering.UNREAD or hidden:
                yield None
            else:
                yield _Rest(name, found["number"], found["building"], town.town_id)


def _spellings(town: Town) -> frozenset[str]:
    """Return how a block is written: its 丁目 as the registry has it, or in figures."""
    if not town.chome_number:
        return frozenset({town.name})
    figures = town.chome_number, to_full_width(town.chome_number)
    return frozenset({town.name, *(f"{town.large}{n}丁目{town.small}" for n in figures)})


def _is_certain(number: str) -> bool:
    return parse_block_number(number).numbering in {Numbering.LOT, Numbering.RESIDENCE}


@dataclass(frozen=True, slots=True)
class _Place:
    """A municipality that a text can begin with, its spelling, and what follows."""

    code: str
    prefecture: str
    written: str
    rest: str


def _places(whole: str) -> Iterator[_Place]:
    """Yield the municipalities that the text can begin with.

    A ward goes before its own city, because the rest of its name could be no town. Other names of
    which one begins another (as 大町 in 大町町) are all yielded: nobody decides between them.
    """
    prefecture = next((p for p in _prefectures() if whole.startswith(p)), None)
    after = whole.removeprefix(prefecture or "")
    district = _DISTRICT.match(after)
    starts = {0, district.end() if district else 0}
    found = []
    for start in starts:
        for place in _by_first_two().get(after[start : start + 2], ()):
            if prefecture is not None and place.prefecture != prefecture:
                continue
            if after.startswith(place.name, start) and (start == 0 or place.name[-1] in "町村"):
                end = start + len(place.name)
                found.append((place, after[:end], after[end:]))
    names = {place.name for place, _, _ in found}
    for place, written, rest in found:
        wards = any(n != place.name and n.startswith(place.name) and n[-1] == "区" for n in names)
        if not wards:
            yield _Place(place.code, place.prefecture, written, rest)


@cache
def _by_first_two() -> Mapping[str, tuple[Municipality, ...]]:
    """Return the municipalities by the first two characters of their names."""
    found: dict[str, tuple[Municipality, ...]] = {}
    for place in municipalities().values():
        found[place.name[:2]] = (*found.get(place.name[:2], ()), place)
    return found


@cache
def _prefectures() -> frozenset[str]:
    return frozenset(place.prefecture for place in municipalities().values())
