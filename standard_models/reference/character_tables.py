"""The character data of the package, read when it is first asked for.

Source: MJ文字情報一覧表 mji.00602 and MJ縮退マップ 1.2.0 (CC BY-SA 2.1 JP; see the data folder).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from importlib.resources import files


class Basis(IntFlag):
    """Why one character may stand for another."""

    JIS_INCLUSION = 1
    NOTICE_582 = 2
    DICTIONARY = 4
    FAMILY_REGISTER = 8
    ANALOGY = 16


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph of the MJ character set.

    ``sequences`` are the texts that address it: a code point, or a base with its selector; empty
    for the few that only share the code point of another glyph. ``x0213`` is plane-row-cell.
    """

    name: str
    ucs: str
    sequences: tuple[str, ...]
    x0213: str
    strokes: int | None
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """One way down from a character: target, basis, rank (1 is preferred) and hops, where given."""

    target: str
    basis: Basis
    rank: int | None
    hops: int | None


@cache
def glyphs() -> tuple[Glyph, ...]:
    """Return the 58,862 glyphs in the order of their names."""
    return tuple(_glyph(cells) for cells in _rows("mj.tsv.gz"))


def _glyph(cells: list[str]) -> Glyph:
    name, ucs, implemented, ivs, svs, compatibility, x0213, strokes, readings = cells
    written = ";".join((implemented, ivs, svs, compatibility)).split(";")
    sequences = dict.fromkeys(_text(sequence) for sequence in written if sequence)
    return Glyph(
        name,
        _text(ucs) if ucs else "",
        tuple(sequences),
        x0213,
        int(strokes) if strokes else None,
        tuple(filter(None, readings.split("・"))),
    )


@cache
def reductions() -> Mapping[str, tuple[Reduction, ...]]:
    """Return the ways down by character or sequence; a character that stays names itself."""
    found: dict[str, list[Reduction]] = {}
    for source, target, basis, rank, hops in _rows("mj_shrink.tsv.gz"):
        way = Reduction(
            _text(target),
            Basis(int(basis)),
            int(rank) if rank else None,
            int(hops) if hops else None,
        )
        found.setdefault(_text(source), []).append(way)
    return {source: tuple(ways) for source, ways in found.items()}


def _rows(name: str) -> Iterator[list[str]]:
    path = files("standard_models").joinpath("reference", "characters", name)
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    return (line.split("\t") for line in lines[1:])


def _text(sequence: str) -> str:
    """Return the text of ``8FBB_E0102``."""
    return "".join(chr(int(part, 16)) for part in sequence.split("_"))
