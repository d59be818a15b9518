"""Town blocks (町字) of municipalities, by 町字ID, by name and by day.

Source: デジタル庁, アドレス・ベース・レジストリ, 町字マスター.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_KANJI = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Town:
    """A town block (町字) of a municipality, in force from and until inclusive days.

    ``chome_number`` is the figure of 丁目 (``2``), empty without. ``residence_numbering`` is None
    where parts of the block have residence numbers (住居表示) and others have not. ``until`` is the
    last day on which it was in force, None while it is.
    """

    municipality_code: str
    town_id: str
    large: str
    chome: str
    chome_number: str
    small: str
    residence_numbering: bool | None
    since: dt.date | None
    until: dt.date | None

    @property
    def name(self) -> str:
        """Return the name as the registry writes it: ``霞が関二丁目``."""
        return f"{self.large}{self.chome}{self.small}"

    def spellings(self) -> frozenset[str]:
        """Return the name with its 丁目 as the registry has it, in figures and in kanji."""
        number = self.chome_number
        if not number.isdecimal():
            return frozenset({self.name})
        figures = {number, number.translate(_FULL_WIDTH), _in_kanji(int(number))}
        return frozenset({self.name, *(f"{self.large}{n}丁目{self.small}" for n in figures)})

    def holds(self, day: dt.date | None) -> bool:
        """Tell whether the block was in force on ``day``; without a day every block counts."""
        if day is None:
            return True
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


def _in_kanji(number: int) -> str:
    """Return a number below 100 in kanji by places (二十三); a larger one digit by digit."""
    if number >= 100:
        return "".join(_KANJI[int(digit)] for digit in str(number))
    tens, ones = divmod(number, 10)
    head = f"{_KANJI[tens] if tens > 1 else ''}十" if tens else ""
    return head + (_KANJI[ones] if ones or not tens else "")


@dataclass(frozen=True, slots=True)
class TownTable:
    """The town blocks of one or more municipalities."""

    towns: tuple[Town, ...]
    _by_id: dict[tuple[str, str], list[Town]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _by_spelling: dict[str, dict[str, list[Town]]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _by_large: dict[tuple[str, str], list[Town]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Index the blocks."""
        for town in self.towns:
            code = town.municipality_code
            self._by_id.setdefault((code, town.town_id), []).append(town)
            self._by_large.setdefault((code, town.large), []).append(town)
            for spelling in town.spellings():
                names = self._by_spelling.setdefault(code, {})
                names.setdefault(spelling, []).append(town)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> TownTable:
        """Return the blocks of rows of ``mt_town_all`` or ``mt_town_fullset_all``.

        Rows that are only another name of a block (通称) are left out: the registry's own name is
        what codes belong to. A block that is listed once with residence numbers and once without is
        one block.
        """
        found: dict[Town, bool | None] = {}
        for town in (_town(row) for row in rows if not _is_alias(row)):
            block = replace(town, residence_numbering=None)
            numbering = found.setdefault(block, town.residence_numbering)
            found[block] = numbering if numbering is town.residence_numbering else None
        return cls(tuple(replace(b, residence_numbering=n) for b, n in found.items()))

    def covers(self, municipality_code: str) -> bool:
        """Tell whether the table holds blocks of the municipality."""
        return municipality_code in self._by_spelling

    def find(self, code: str, town_id: str, day: dt.date | None = None) -> Town | None:
        """Return the block of 団体コード and 町字ID; None without one, or if ``day`` is needed."""
        found = [t for t in self._by_id.get((code, town_id), ()) if t.holds(day)]
        return found[0] if len(found) == 1 else None

    def named(self, code: str, name: str, day: dt.date | None = None) -> tuple[Town, ...]:
        """Return the blocks of a name, its 丁目 in figures or kanji; several if it had some."""
        found = self._by_spelling.get(code, {}).get(name, ())
        return tuple(town for town in found if town.holds(day))

    def at_start(
        self, code: str, text: str, day: dt.date | None = None
    ) -> Iterator[tuple[str, Town]]:
        """Yield the spellings that the text begins with, and their blocks."""
        for end in range(len(text) + 1):
            for town in self.named(code, text[:end], day):
                yield text[:end], town

    def is_divided(self, code: str, large: str, day: dt.date | None = None) -> bool:
        """Tell whether a 大字・町 has 丁目."""
        found = self._by_large.get((code, large), ())
        return any(town.chome and town.holds(day) for town in found)


def _is_alias(row: Mapping[str, str]) -> bool:
    return row["oaza_cho_aka_flg"] == "1" or row["koaza_aka_code"] in {"1", "2", "3"}


def _town(row: Mapping[str, str]) -> Town:
    since, abolished = row["efct_date"], row["ablt_date"]
    until = dt.date.fromisoformat(abolished) - dt.timedelta(days=1) if abolished else None
    return Town(
        row["lg_code"],
        row["machiaza_id"],
        row["oaza_cho"],
        row["chome"],
        row["chome_number"],
        row["koaza"],
        row["rsdt_addr_flg"] == "1",
        dt.date.fromisoformat(since) if since else None,
        until,
    )
