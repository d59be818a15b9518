"""The ready residents in the words of the online service's first page."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DESCRIPTIONS: Final = {
    "futari-no-ko": ("{子|こ}どもが {2人|ふたり} いる {家族|かぞく}", "Family with two children"),
    "hajimete-no-ko": (
        "はじめて {赤|あか}ちゃんが {生|う}まれた {家族|かぞく}",
        "Family with a first, newborn child",
    ),
    "hitorioya": (
        "お{父|とう}さんか お{母|かあ}さんが ひとりの {家族|かぞく}",
        "Single-parent family",
    ),
    "gaikokujin": (
        "{外国人|がいこくじん}の {家族|かぞく}（{通称|つうしょう}が あります）",
        "Foreign family with a registered name for daily use",
    ),
    "fushobi": (
        "{生|う}まれた {日|ひ}が はっきり しない {親|おや}の {家族|かぞく}",
        "Parent whose day of birth is unknown",
    ),
    "mishinkoku": (
        "{税金|ぜいきん}の {申告|しんこく}を まだ していない {親|おや}の {家族|かぞく}",
        "Parent who has not filed a resident-tax return",
    ),
    "tennyu": ("ことし ひっこしてきた {家族|かぞく}", "Family that moved here this year"),
    "gaiji": (
        "{名前|なまえ}に めずらしい {字|じ}が ある {家族|かぞく}",
        "Family name with a rare character",
    ),
    "shogakusei-no-ko": (
        "{小学生|しょうがくせい}の {子|こ}どもが いる {家族|かぞく}",
        "Family with a child at primary school",
    ),
    "jukyuchu": (
        "もう {児童手当|じどうてあて}を もらっている {家族|かぞく}",
        "Family that already receives the allowance",
    ),
}


@dataclass(frozen=True, slots=True)
class TownResident:
    """A resident to choose. ``key`` is a letter that says nothing about the person."""

    key: str
    name: str
    number: str
    description: dict[str, str]


def read_residents(town: Path) -> tuple[TownResident, ...]:
    """Return the ready residents that the generator names, in its order."""
    data = json.loads((town / "residents.json").read_text("utf-8"))
    return tuple(
        TownResident(letter, entry["key"], entry["resident"], _described(entry))
        for letter, entry in zip(string.ascii_lowercase, data["residents"], strict=False)
    )


def _described(entry: dict[str, str]) -> dict[str, str]:
    easy, english = _DESCRIPTIONS.get(entry["key"], (entry["label"], entry["label"]))
    return {"ja": entry["label"], "easy": easy, "en": english}
