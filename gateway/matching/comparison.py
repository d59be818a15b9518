"""Whether a record of the register is of the person whose 基本4情報 were stated. Pure.

Source of what is folded: resident specification 1.0, fuzzy search (2.1.2), through ``name_key``;
numbers of addresses and parts that people leave out: our rule (D). A fact that cannot be compared
does not agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from adapters.contract import FourFacts
from standard_models.answers import Answer, Value
from standard_models.values.block_numbers import folded
from standard_models.values.search_keys import name_key

GROUP: Final = "001.juminkihonjoho"
NAMES: Final = ("shimei", "shimei_gaikokujinkanji", "shimei_gaikokujinromaji", "tsusho")
READINGS: Final = ("shimei_furigana", "tsusho_furigana")
BIRTH: Final = ("seinengappi", "seinengappi_fushofuragu")
SEX: Final = "seibetsu"
STATE: Final = "juminjotai"
PLACE: Final = ("jusho_todofuken", "jusho_shikugunchosonmei")
BLOCK: Final = ("jusho_choaza", "jusho_banchigohyoki")
BUILDING: Final = "jusho_katagaki"
FIELDS: Final = frozenset(
    {"atenabango", *NAMES, *READINGS, *BIRTH, SEX, STATE, *PLACE, *BLOCK, BUILDING}
)
RESIDENT: Final = "1"
"""Code 102, 住民: whoever has moved away or died is not found."""
_CERTAIN: Final = frozenset({None, "", "0"})

_AFTER_A_NUMBER = re.compile(r"(?<=\d)(?:丁目|番地|番|号室|号|室|[のノ之/-])+")
_SEPARATOR = re.compile(r"(?<!\d)/|/(?!\d)")
_BIG_SECTION: Final = "大字"
_OF_PLACES = re.compile("[ケカ](?=[一-鿿])")


def agrees(record: Mapping[str, Answer], facts: FourFacts) -> bool:
    """Tell whether a resident's record holds every fact that was stated."""
    return (
        _text(record, STATE) == RESIDENT
        and (facts.shimei is None or _named(record, NAMES, facts.shimei))
        and (facts.shimei_kana is None or _named(record, READINGS, facts.shimei_kana))
        and (facts.seinengappi is None or _born(record, facts.seinengappi.isoformat()))
        and (facts.seibetsu is None or _text(record, SEX) == facts.seibetsu)
        and (facts.jusho is None or _lives(record, facts.jusho))
    )


def address_key(text: str) -> str:
    """Return what written addresses are compared by; never shown.

    ``霞が関一丁目２番３号``, ``霞ヶ関1-2-3`` and ``霞が関１丁目２－３`` have one key.
    """
    numbers = _AFTER_A_NUMBER.sub("/", folded(text).replace(_BIG_SECTION, ""))
    return _OF_PLACES.sub("カ", name_key(_SEPARATOR.sub("", numbers)))


def _named(record: Mapping[str, Answer], fields: Iterable[str], stated: str) -> bool:
    wanted = name_key(stated)
    return bool(wanted) and any(name_key(_text(record, field)) == wanted for field in fields)


def _born(record: Mapping[str, Answer], stated: str) -> bool:
    day, uncertain = (_text(record, field) for field in BIRTH)
    return day == stated and uncertain in _CERTAIN


def _lives(record: Mapping[str, Answer], stated: str) -> bool:
    """Tell whether the address is the recorded one; people leave out prefecture and building."""
    prefecture, city = (_text(record, field) for field in PLACE)
    block = "".join(_text(record, field) for field in BLOCK)
    if not address_key(block):
        # Nothing, or blanks: the city alone is nobody's address.
        return False
    building = _text(record, BUILDING)
    written = {
        address_key(before + block + after)
        for before in (prefecture + city, city, "")
        for after in (building, "")
    }
    return address_key(stated) in written


def _text(record: Mapping[str, Answer], field: str) -> str:
    answer = record.get(field)
    return str(answer.value) if isinstance(answer, Value) else ""
