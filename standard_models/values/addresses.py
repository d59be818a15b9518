"""Addresses: codes and the strings beside them, verbatim.

Source: item list 031, 住所_… (団体コード, 町字ID and strings side by side); our rule (D): never
guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.block_numbers import folded, parse_block_number
from standard_models.values.text import fold_width, trim_padding

NO_TOWN: Final = "0000000"
"""町字コード of an address without a town block."""
TOWN_NOT_LISTED: Final = "9999999"
"""町字コード of a town block that the address registry does not have."""

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
    ``ward_code`` is the 指定都市_行政区等コード (up to 12 digits). ``country_code`` is of the
    national table, which is not ISO 3166.
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
    building_kana: str | None = None
    postal_code: str | None = None
    ward_code: str | None = None
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


def foreign_address(
    country_code: str | None, country: str | None, text: str | None, countries: Mapping[str, str]
) -> AddressReading:
    """Return an address abroad of the items 国名コード, 国名等 and 国外住所, each as recorded.

    A code that ``countries`` (names by code of the national table) does not hold is told:
    ``COUNTRY_CODE_UNKNOWN`` (W); one whose name there is another: ``COUNTRY_CONFLICT`` (W), and
    both stay. No code is looked up in ISO 3166 and none is made up from a name.
    """
    whole = trim_padding(text or "") or trim_padding(country or "")
    if whole is None and not country_code:
        return AddressReading(None, (Quality("MISSING", Severity.INFORMATION),))
    address = Address(
        AddressKind.ABROAD, whole or "", country_code=country_code or None, country=country or None
    )
    known = countries.get(country_code or "")
    if country_code and known is None:
        return AddressReading(address, (Quality("COUNTRY_CODE_UNKNOWN", Severity.WARNING),))
    if known and country and folded(known) != folded(country):
        return AddressReading(address, (Quality("COUNTRY_CONFLICT", Severity.WARNING),))
    return AddressReading(address)


def another_person(building: str | None) -> tuple[Quality, ...]:
    """Return ``NAMES_ANOTHER_PERSON`` (I) if a building part may name somebody (…様方)."""
    if building and _ANOTHER_PERSON.search(fold_width(building)):
        return (Quality("NAMES_ANOTHER_PERSON", Severity.INFORMATION),)
    return ()
