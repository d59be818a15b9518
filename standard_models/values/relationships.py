"""続柄: how a member of a household is related to its head.

The register knows the head, twelve relations, chains of up to four of them joined by の, 縁故者 and
同居人. Everything else is not made to fit: candidates are offered to people.

Source: resident specification 1.0, relationships (1.1.11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from standard_models.answers import Quality, Severity
from standard_models.values.text import BLANK_WIDE, to_full_width, trim_padding

HEAD: Final = "世帯主"
RELATIVE: Final = "縁故者"
LODGER: Final = "同居人"
LINKS: Final = (
    "夫", "妻", "夫（未届）", "妻（未届）", "子", "子（子の夫）", "子（子の妻）", "父", "母", "兄",
    "姉", "弟", "妹",
)  # fmt: skip
MAX_LINKS: Final = 4

_ALONE: Final = frozenset({HEAD, RELATIVE, LODGER})
_UNREGISTERED = re.compile("未届け?の?([夫妻])|([夫妻])(?:（未届け?）|未届け?)")
_NUMBER: Final = "[一二三四五六七八九十１２３４５６７８９]"
_CHILD = re.compile(rf"(?:長|次|{_NUMBER}{{1,2}})(?:男|女)|養子|養女|養男")
_CANDIDATES: Final[Mapping[str, tuple[str, ...]]] = {
    "祖父": ("父の父", "母の父"),
    "祖母": ("父の母", "母の母"),
    "孫": ("子の子",),
    "孫の妻": ("子の子の妻",),
    "孫の夫": ("子の子の夫",),
    "曾孫": ("子の子の子",),
    "ひ孫": ("子の子の子",),
    "おじ": ("父の兄", "父の弟", "母の兄", "母の弟"),
    "おば": ("父の姉", "父の妹", "母の姉", "母の妹"),
    "伯父": ("父の兄", "母の兄"),
    "叔父": ("父の弟", "母の弟"),
    "伯母": ("父の姉", "母の姉"),
    "叔母": ("父の妹", "母の妹"),
    "甥": ("兄の子", "姉の子", "弟の子", "妹の子"),
    "姪": ("兄の子", "姉の子", "弟の子", "妹の子"),
    "いとこ": ("父の兄の子", "父の弟の子", "父の姉の子", "父の妹の子",
               "母の兄の子", "母の弟の子", "母の姉の子", "母の妹の子"),
    "義父": ("夫の父", "妻の父"),
    "義母": ("夫の母", "妻の母"),
    "男": ("子",),
    "女": ("子",),
    "連れ子": ("夫の子", "妻の子"),
    "内縁の夫": ("夫（未届）",),
    "内縁の妻": ("妻（未届）",),
    "婿": ("子の夫", "子（子の夫）"),
    "嫁": ("子の妻", "子（子の妻）"),
}  # fmt: skip
_BLANKS = re.compile(f"[ {BLANK_WIDE}]+")


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship as the register writes it: one to four links, or one of the words alone."""

    links: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what the register cannot hold.

        Raises:
            ValueError: no link, too many, or a word that is none.
        """
        alone = len(self.links) == 1 and self.links[0] in _ALONE
        chain = 1 <= len(self.links) <= MAX_LINKS and all(link in LINKS for link in self.links)
        if not (alone or chain):
            raise ValueError("a relationship is one to four links of the official list")

    @property
    def is_head(self) -> bool:
        """Tell whether this is the head of the household."""
        return self.links == (HEAD,)

    def __str__(self) -> str:
        """Return the register's wording: ``子の妻``."""
        return "の".join(self.links)

    def to_json(self) -> str:
        """Return the wording."""
        return str(self)


@dataclass(frozen=True, slots=True)
class RelationshipReading:
    """A relationship, or None with the candidates for a person to choose from."""

    relationship: Relationship | None
    quality: tuple[Quality, ...] = ()
    candidates: tuple[Relationship, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return ``{relationship[, candidates]}`` in the register's wording."""
        data: dict[str, Any] = {"relationship": str(self.relationship or "") or None}
        if self.candidates:
            data["candidates"] = [str(candidate) for candidate in self.candidates]
        return data


def parse_relationship(raw: str) -> RelationshipReading:
    """Read a relationship as systems write it. Never raises.

    A blank is ``MISSING`` (I). Other spellings of 未届, half-width brackets and blanks are
    ``RELATIONSHIP_RESPELLED`` (I); 長男, 二女, 養子 become 子 with the same code. A chain of more
    than four links is 縁故者, ``RELATIONSHIP_TOO_FAR`` (I), as the specification says. Any other
    word is ``UNMAPPED`` (W) with candidates where they are known; none is chosen.
    """
    text = trim_padding(raw)
    if text is None:
        return RelationshipReading(None, (Quality("MISSING", Severity.INFORMATION),))
    wide = _BLANKS.sub("", to_full_width(text))
    links = [_link(part) for part in _parts(wide)]
    if len(links) > MAX_LINKS and all(link in LINKS for link in links):
        far = Quality("RELATIONSHIP_TOO_FAR", Severity.INFORMATION, {"links": len(links)})
        return RelationshipReading(Relationship((RELATIVE,)), (far,))
    try:
        found = Relationship(tuple(links))
    except ValueError:
        candidates = tuple(_chain(words) for words in _CANDIDATES.get(wide, ()))
        return RelationshipReading(None, (Quality("UNMAPPED", Severity.WARNING),), candidates)
    if str(found) == text:
        return RelationshipReading(found)
    return RelationshipReading(found, (Quality("RELATIONSHIP_RESPELLED", Severity.INFORMATION),))


def _parts(wide: str) -> list[str]:
    """Return the links of a chain: の joins them, but not inside brackets."""
    parts, depth = [""], 0
    for character in _UNREGISTERED.sub(lambda m: f"{m[1] or m[2]}（未届）", wide):
        depth += (character == "（") - (character == "）")
        if character == "の" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _link(part: str) -> str:
    return "子" if _CHILD.fullmatch(part) else part


def _chain(words: str) -> Relationship:
    return Relationship(tuple(_parts(words)))
