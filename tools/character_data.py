"""Makes the character data of the package from the published tables, byte for byte the same.

    python tools/character_data.py TABLES OUT

TABLES holds the list of the MJ character set (mji.00602 as TSV), readings and strokes (moji.csv,
moji_ivs.csv) and the shrink map (reduce_by_ucs.json, reduce_by_ivs.json); see the README of the
data for where they come from.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path


def main(tables: Path, out: Path) -> None:
    """Write ``mj.tsv.gz`` and ``mj_shrink.tsv.gz``."""
    readings = _readings(tables)
    lines = ["glyph\tucs\timplemented\tivs\tsvs\tcompatibility\tx0213\tstrokes\treadings"]
    with (tables / "mji_00602_list.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t")
        next(rows)
        for glyph, ucs, implemented, ivs, svs, compatibility, x0213, _policy in rows:
            strokes, reading = readings.get(int(glyph[2:]), ("", ""))
            cells = (glyph, _hex(ucs), _hex(implemented), ivs, svs, _hex(compatibility), x0213)
            lines.append("\t".join((*cells, strokes, reading)))
    _write(out / "mj.tsv.gz", lines)
    _write(out / "mj_shrink.tsv.gz", _shrink(tables))


def _hex(written: str) -> str:
    return written.removeprefix("U+")


def _readings(tables: Path) -> dict[int, tuple[str, str]]:
    found = {}
    for name in ("mj_moji.csv", "mj_moji_ivs.csv"):
        with (tables / name).open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                found[int(row["mj"])] = (row["lines"], row["yomi"])
    return found


def _shrink(tables: Path) -> list[str]:
    """Return source, target, bits of the basis, rank and hops, one line for each way down."""
    ways = {}
    for name in ("mj_shrink_reduce_by_ucs.json", "mj_shrink_reduce_by_ivs.json"):
        ways.update(json.loads((tables / name).read_text("utf-8")))
    lines = []
    for source in sorted(ways, key=lambda key: [int(part, 16) for part in key.split("_")]):
        for target, basis, rank, hops in ways[source]:
            cells = (source, target, basis, rank, hops)
            lines.append("\t".join("" if cell is None else str(cell) for cell in cells))
    return ["source\ttarget\tbasis\trank\thops", *lines]


def _write(path: Path, lines: list[str]) -> None:
    content = ("\n".join(lines) + "\n").encode()
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
        stream.write(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
