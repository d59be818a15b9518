"""Character tables of host systems, from ``data/*.tsv.gz`` (see ``data/LICENCES.md``)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Selectors(StrEnum):
    """By which collection of variation selectors the shape of a character is kept.

    ``none`` keeps the base character alone: what was another shape is told, not kept.
    """

    NONE = "none"
    HANYO_DENSHI = "hanyo-denshi"
    ADOBE_JAPAN1 = "adobe-japan1"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One code: its text without selector, whether text goes to and comes from it, selectors."""

    code: bytes
    text: str
    from_host: bool
    to_host: bool
    hanyo_denshi: str
    adobe_japan1: str

    def shaped(self, selectors: Selectors) -> str:
        """Return the text with its selector of the collection, without one where it has none.

        The one code that a text goes to needs no selector: it is the usual shape.
        """
        match selectors:
            case Selectors.HANYO_DENSHI:
                return self.text + self.hanyo_denshi
            case Selectors.ADOBE_JAPAN1:
                return self.text + self.adobe_japan1
            case _:
                return self.text


@dataclass(frozen=True, slots=True)
class CharacterTable:
    """One table. ``decode`` maps a code to its text, ``encode`` a text to its one code.

    ``folded`` are the codes whose text stands for another shape than its own code: without
    selectors the difference is lost.
    """

    name: str
    decode: Mapping[bytes, str]
    encode: Mapping[str, bytes]
    folded: frozenset[bytes]


@cache
def rows(name: str) -> tuple[TableRow, ...]:
    """Return the rows of a table.

    Raises:
        FileNotFoundError: there is no such table.
    """
    return tuple(_rows(name))


def _rows(name: str) -> Iterator[TableRow]:
    path = files("adapters.encodings").joinpath("data", f"{name}.tsv.gz")
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        code, text, direction, hanyo_denshi, adobe_japan1 = line.split("\t")
        yield TableRow(
            bytes.fromhex(code),
            _text(text),
            direction != ">",
            direction != "<",
            _text(hanyo_denshi),
            _text(adobe_japan1),
        )


def _text(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


@cache
def table(name: str, selectors: Selectors = Selectors.NONE) -> CharacterTable:
    """Return a table with the shapes of ``selectors``.

    The usual code of a text is the one that the text goes to. Another code of it is told apart by a
    selector, and a text with that selector goes to that code.

    Raises:
        FileNotFoundError: there is no such table.
    """
    usual = {row.text: row for row in rows(name) if row.to_host}
    decode: dict[bytes, str] = {}
    folded: set[bytes] = set()
    for row in rows(name):
        if not row.from_host:
            continue
        one = usual.get(row.text)
        same = one is not None and row.shaped(selectors) == one.shaped(selectors)
        decode[row.code] = row.text if same else row.shaped(selectors)
        shape = one.hanyo_denshi if one is not None else ""
        if decode[row.code] == row.text and row.hanyo_denshi != shape:
            folded.add(row.code)
    encode = {text: row.code for text, row in usual.items()}
    for row in rows(name):
        if row.from_host:
            encode.setdefault(row.shaped(selectors), row.code)
    return CharacterTable(name, decode, encode, frozenset(folded))


@cache
def byte_exchange(name: str) -> tuple[bytes, bytes]:
    """Return two tables for ``bytes.translate``: JIS8 to EBCDIK and back, of ``data/NAME.tsv``."""
    path = files("adapters.encodings").joinpath("data", f"{name}.tsv")
    there, back = bytearray(range(256)), bytearray(range(256))
    for line in path.read_text("ascii").splitlines():
        one, other = (int(code, 16) for code in line.split("\t"))
        there[one], back[other] = other, one
    return bytes(there), bytes(back)
