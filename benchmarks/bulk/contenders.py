"""The contenders, each in a process of its own: ``python -m benchmarks.bulk.contenders NAME …``.

A contender converts the first records of a file and prints seconds, records and the most memory
(MB). What happens once in a process (starting it, loading machine code) is told by itself.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Annotated, Any

from benchmarks.bulk.town import ERAS, Town

FIRST_YEAR = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
HALF = "ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
FULL = (
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソ"
    "タチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
)
WIDE = str.maketrans(HALF + " ", FULL + "\u3000")


class _Repeated(RawIOBase):
    """A file that begins anew at its end until so many bytes are read."""

    def __init__(self, path: Path, size: int) -> None:
        self._file = path.open("rb")
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        raw = self._file.read(size)
        while len(raw) < size:
            self._file.seek(0)
            raw += self._file.read(size - len(raw))
        self._left -= len(raw)
        return raw


def conversion(path: Path, out: Path, records: int, **options: Any) -> float:
    """Convert by the product and return the seconds, without the start of the process."""
    town = Town(path.stem)
    length = path.stat().st_size // int(path.with_suffix(".records").read_text())
    warm = path.open("rb").read(length * 20)
    made = town.conversion(path.parent, **options)
    made.run(BytesIO(warm), BytesIO(), BytesIO())
    source: Any = _Repeated(path, length * records)
    with (
        out.open("wb") as target,
        (out if str(out) == os.devnull else Path(f"{out}.findings")).open("wb") as findings,
    ):
        begun = time.perf_counter()
        done = town.conversion(path.parent, **options).run(source, target, findings)
        seconds = time.perf_counter() - begun
    if done.counts.read != records or bool(done.by_rows) != bool(options.get("by_rows")):
        raise SystemExit(f"{done}")
    return seconds


def iconv(path: Path, out: Path, _records: int) -> float:
    begun = time.perf_counter()
    with out.open("wb") as target:
        subprocess.run(
            ["iconv", "-f", "cp932", "-t", "utf-8", str(path)], stdout=target, check=True
        )
    return time.perf_counter() - begun


def _kana(raw: bytes) -> str:
    return raw.decode("cp932").rstrip(" \u3000").translate(WIDE)


def _name(raw: bytes) -> str:
    text = raw.decode("cp932").rstrip(" \u3000")
    if "\u3000\u3000" in text:
        raise ValueError("blanks")
    return text


def _text(raw: bytes) -> str:
    return raw.decode("cp932").rstrip(" \u3000")


def _date(raw: bytes) -> str | None:
    if raw == b"0000000":
        return None
    text = raw.decode("ascii")
    era = ERAS[text[0]]
    return time.strftime(
        "%Y-%m-%d",
        time.strptime(f"{FIRST_YEAR[era] + int(text[1:3])}{text[3:]}", "%Y%m%d"),
    )


def _code(raw: bytes) -> str:
    return CODES[raw]


def _flag(raw: bytes) -> str:
    return {b"0": "0", b"1": "1"}[raw]


def _number(raw: bytes) -> int:
    if not raw.isdigit():
        raise ValueError("digits")
    return int(raw)


CODES = {f"{n:02d}".encode(): f"{n:02d}" for n in range(40)}
READERS: dict[str, Callable[[bytes], Any]] = {
    "id": lambda raw: raw.decode("ascii"), "kana": _kana, "name": _name, "text": _text,
    "date": _date, "code": _code, "number": _number, "flag": _flag,
}  # fmt: skip


def _fields(path: Path) -> list[tuple[str, str, int, int]]:
    town = Town(path.stem)
    made, at = [], 0
    for (name, size), kind in zip(town.sizes.items(), town.kinds, strict=True):
        made.append((name, kind, at, at + size))
        at += size
    return made


def _records(path: Path, records: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        for _ in range(records):
            yield file.read(length)


def pydantic_rows(path: Path, out: Path, records: int) -> float:
    """Validate each record by a model with a reader for each field; errors are left out."""
    import pydantic

    fields = _fields(path)

    def reader(kind: str) -> Callable[[bytes], Any]:
        read = READERS[kind]

        def checked(raw: bytes) -> Any:
            try:
                return read(raw)
            except (KeyError, UnicodeDecodeError) as error:
                raise ValueError(kind) from error

        return checked

    kinds: dict[str, Any] = {
        name: (Annotated[Any, pydantic.BeforeValidator(reader(kind))], None)
        for name, kind, _, _ in fields
    }
    model = pydantic.create_model("Record", **kinds)
    begun = time.perf_counter()
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for raw in _records(path, records, fields[-1][3]):
            cells = {name: raw[start:end] for name, _, start, end in fields}
            try:
                made = model.model_validate(cells)
            except pydantic.ValidationError as error:
                wrong = {found["loc"][0] for found in error.errors()}
                made = model.model_validate({n: c for n, c in cells.items() if n not in wrong})
            writer.writerow(made.model_dump().values())
    return time.perf_counter() - begun


def polars_pipeline(path: Path, out: Path, records: int) -> float:
    """Convert columns by expressions; numpy and Python slice and decode, which Polars lacks."""
    import numpy as np
    import polars as pl  # type: ignore[import-not-found]

    fields = _fields(path)
    length = fields[-1][3]
    begun = time.perf_counter()
    first = True
    with path.open("rb") as file, out.open("wb") as target:
        for start in range(0, records, 20_000):
            n = min(20_000, records - start)
            block = np.frombuffer(file.read(n * length), np.uint8).reshape(n, length)
            columns = {}
            for name, _, begin, end in fields:
                cells = np.full((n, end - begin + 1), 10, np.uint8)
                cells[:, :-1] = block[:, begin:end]
                columns[name] = cells.tobytes().decode("cp932").split("\n")[:-1]
            frame = pl.DataFrame(columns)
            frame.select([_expression(pl, name, kind) for name, kind, _, _ in fields]).write_csv(
                target, include_header=first
            )
            first = False
    return time.perf_counter() - begun


def _expression(pl: Any, name: str, kind: str) -> Any:
    column = pl.col(name)
    match kind:
        case "kana":
            text = column.str.strip_chars_end(" \u3000")
            made = text.str.replace_many(list(HALF + " "), list(FULL + "\u3000"))
        case "name" | "text":
            made = column.str.strip_chars_end(" \u3000")
        case "date":
            years = {code: FIRST_YEAR[era] for code, era in ERAS.items()}
            first = column.str.slice(0, 1).replace_strict(years, default=None)
            year = first + column.str.slice(1, 2).cast(pl.Int32, strict=False)
            month = column.str.slice(3, 2).cast(pl.Int32, strict=False)
            day = column.str.slice(5, 2).cast(pl.Int32, strict=False)
            text = pl.format("{}{}{}", year, month.cast(pl.String).str.zfill(2),
                             day.cast(pl.String).str.zfill(2))  # fmt: skip
            made = text.str.to_date("%Y%m%d", strict=False)
        case "code":
            made = column.replace_strict({c.decode(): v for c, v in CODES.items()}, default=None)
        case "flag":
            made = column.replace_strict({"0": "0", "1": "1"}, default=None)
        case "number":
            made = column.cast(pl.Int64, strict=False)
        case _:
            made = column
    return made.alias(name)


CONTENDERS: dict[str, Callable[[Path, Path, int], float]] = {
    "iconv": iconv,
    "block1": lambda path, out, records: conversion(path, out, records, threads=1),
    "block2": lambda path, out, records: conversion(path, out, records, threads=2),
    "rows": lambda path, out, records: conversion(path, out, records, by_rows=True),
    "pydantic": pydantic_rows,
    "polars": polars_pipeline,
}


def main(name: str, path: Path, out: Path, records: int) -> None:
    """Run one contender and print what it took."""
    begun = time.perf_counter()
    seconds = CONTENDERS[name](path, out, records)
    others = time.perf_counter() - begun - seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "records": records, "memory": memory, "start": others}))
    os._exit(0)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
