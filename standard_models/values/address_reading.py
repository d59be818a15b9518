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
from standard_models.reference.former_municipalities import (
    FormerMunicipalities,
    FormerMunicipality,
    MunicipalityState,
    former_municipalities,
)
from standard_models.reference.municipalities import Municipality, municipalities
from standard_models.reference.town_blocks import TownTable
from standard_models.values.addresses import (
    Address,
    AddressKind,
    AddressReading,
    another_person,
)
from standard_models.values.block_numbers import Numbering, parse_block_number
from standard_models.values.text import trim_padding

_NOWHERE = re.compile("(?:住所|住居|居所)?(?:不定|不明|不詳)|無")
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
    national table. ``former`` are the abolished municipalities, those of the package without it.
    ``day`` picks what was in force; without it all blocks count, and every abolition is past.
    """

    towns: TownTable | None = None
    countries: Mapping[str, str] = field(default_factory=dict)
    day: dt.date | None = None
    former: FormerMunicipalities | None = None


NO_TABLES: Final = AddressTables()


def parse_address(raw: str, tables: AddressTables = NO_TABLES) -> AddressReading:
    """Read an address that stands in one field. Never raises.

    It is split only if the municipality is the only one of that name, and where the number part
    begins is certain: by itself (番地, or 番 and 号), or because exactly one block of the town
    table leaves a number. Otherwise the whole stays and ``ADDRESS_NOT_SPLIT`` (W) says so. A
    recorded absence of an address is ``unknown`` (``ADDRESS_UNKNOWN``, I); a text that begins with
    a country of the table is abroad.
    An abolished municipality is told (``MUNICIPALITY_ABOLISHED``, I) and never replaced. A building
    part that may name another person is told: ``NAMES_ANOTHER_PERSON`` (I).
    """
    whole = trim_padding(raw)
    if whole is None:
        return AddressReading(None, (Quality("MISSING", Severity.INFORMATION),))
    if _NOWHERE.fullmatch(whole):
        unknown = Address(AddressKind.UNKNOWN, whole)
        return AddressReading(unknown, (Quality("ADDRESS_UNKNOWN", Severity.INFORMATION),))
    if abroad := _country_at_start(whole, tables.countries):
        return AddressReading(abroad)
    places = list(_places(whole))
    rest = _certain_rest(places[0], tables) if len(places) == 1 else None
    if rest is None or _STREETS.search(whole):
        abolished = () if places else _abolished(whole, tables)
        not_split = Quality("ADDRESS_NOT_SPLIT", Severity.WARNING)
        return AddressReading(Address(AddressKind.DOMESTIC, whole), (not_split, *abolished))
    place = places[0]
    address = Address(
        AddressKind.DOMESTIC,
        whole,
        municipality_code=place.code,
        town_id=rest.town_id,
        prefecture=place.prefecture if whole.startswith(place.prefecture) else None,
        municipality=place.written,
        town=rest.town or None,
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


def municipality_quality(
    code: str, day: dt.date, former: FormerMunicipalities | None = None
) -> tuple[Quality, ...]:
    """Tell of a recorded 団体コード of a municipality that was no more on ``day``.

    Code and strings stay as they are: ``MUNICIPALITY_ABOLISHED`` (I). ``former`` is the table of
    the package without one.
    """
    found = (former or former_municipalities()).find(code, day)
    if found.state is MunicipalityState.ABOLISHED and found.former is not None:
        return _told(found.former)
    return ()


def _told(row: FormerMunicipality) -> tuple[Quality, ...]:
    params: dict[str, str | int] = {"abolished_on": row.abolished_on.isoformat()}
    return (Quality("MUNICIPALITY_ABOLISHED", Severity.INFORMATION, params),)


def _abolished(whole: str, tables: AddressTables) -> tuple[Quality, ...]:
    """Tell of the one abolished municipality at the start: its address is no error."""
    prefecture, after, starts = _starts(whole)
    former = tables.former or former_municipalities()
    found = [row for start in starts for row in former.at_start(prefecture, after[start:])]
    if len(found) != 1 or (tables.day is not None and tables.day < found[0].abolished_on):
        return ()
    return _told(found[0])


@dataclass(frozen=True, slots=True)
class _Rest:
    """Town, number and building, verbatim; ``town_id`` where the table knows the block."""

    town: str
    number: str
    building: str | None
    town_id: str | None = None


def _certain_rest(place: _Place, tables: AddressTables) -> _Rest | None:
    readings = set(_by_blocks(place, tables.towns, tables.day)) if tables.towns else set()
    if readings:
        return readings.pop() if len(readings) == 1 else None
    split = next((found for form in _RESTS if (found := form.fullmatch(place.rest))), None)
    if split is None or not _is_certain(split["number"]):
        return None
    return _Rest(split["town"], split["number"], split["building"])


def _by_blocks(place: _Place, towns: TownTable, day: dt.date | None) -> Iterator[_Rest | None]:
    """Yield what each block makes of the text, None for a reading that is not certain itself.

    A bare number behind a name that also has 丁目 may begin with one of them, and a name that ends
    with a figure may be what looks like the number behind a shorter name.
    """
    for name, town in towns.at_start(place.code, place.rest, day):
        found = _NUMBER_AND_BUILDING.fullmatch(place.rest, len(name))
        if found is None:
            if name[-1:].isdecimal():
                yield None
            continue
        numbering = parse_block_number(found["number"]).numbering
        bare = numbering is Numbering.BARE
        hidden = bare and not town.chome and towns.is_divided(place.code, town.large, day)
        if numbering is Numbering.UNREAD or hidden:
            yield None
        else:
            yield _Rest(name, found["number"], found["building"], town.town_id)


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
    prefecture, after, starts = _starts(whole)
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


def _starts(whole: str) -> tuple[str | None, str, set[int]]:
    """Return the prefecture, the text behind it, and where in it a name can begin."""
    prefecture = next((p for p in _prefectures() if whole.startswith(p)), None)
    after = whole.removeprefix(prefecture or "")
    district = _DISTRICT.match(after)
    return prefecture, after, {0, district.end() if district else 0}


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
