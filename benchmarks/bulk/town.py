"""The made-up town of the benchmark: 80 fields in 637 bytes, one record in a hundred in error."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from adapters.bulk.conversion import Conversion
from adapters.encodings.named import encoding_named
from adapters.mapping.model import Mapping
from standard_models.dictionary import Cardinality, Condition, DataItem, DataType, Group

GROUP = "999.bench"
ERAS = {"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"}
LAST_YEAR = {"3": 63, "4": 30, "5": 8}
KANJI = "".join(chr(c) for c in range(0x4E00, 0x9FA0) if chr(c).encode("cp932", "ignore"))[:999]
KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
TEXTS = ((30, "kana"), (30, "name"), (30, "kana"), (30, "name"), (60, "text"), (60, "text"),
         (40, "text"), (20, "kana"))  # fmt: skip
DATES, CODES, NUMBERS, FLAGS = 12, 24, 25, 10


class Town:
    """The made-up layout: copybook, mapping, group, and pools of contents for its fields."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.rng = random.Random(20261123)
        self.lines: list[str] = []
        self.pools: list[Callable[[], tuple[list[bytes], list[bytes]]]] = []
        self.items: list[DataItem] = []
        self.rules: dict[str, dict[str, Any]] = {}
        self.dates: dict[str, dict[str, Any]] = {}
        self.kinds: list[str] = []
        self.sizes: dict[str, int] = {}
        """Bytes of each field, where digits and half-width characters have one."""
        self._subject()
        for size, kind in TEXTS:
            self._text(size, kind)
        for _ in range(DATES):
            self._date()
        for _ in range(CODES):
            self._code()
        for n in range(NUMBERS):
            self._number(5 + n % 6)
        for _ in range(FLAGS):
            self._flag()

    def encode(self, text: str) -> bytes:
        return encoding_named(self.encoding).encode_field(text)

    def _add(self, picture: str, kind: DataType, length: int, rule: dict[str, Any]) -> str:
        name = f"f{len(self.lines)}"
        self.lines.append(f"     05  {name.upper()}  PIC {picture}.")
        found = re.search(r"\((\d+)\)", picture)
        self.sizes[name] = int(found[1]) if found else 1
        item = DataItem(
            f"999A{len(self.items):04d}", "999", "bench", name, name, name, kind, length, 0, None,
            None, None, Condition.OPTIONAL, primary_key=False, foreign_key=False,
            allows_unknown_date=True, address_class=False, definition="", sample="",
            provisional=True,
        )  # fmt: skip
        self.items.append(item)
        self.rules[name] = {"field": name} | rule if "date" not in rule else rule
        return name

    def _pool(self, clean: Callable[[], Iterable[bytes]], dirty: Iterable[bytes]) -> None:
        self.pools.append(lambda: (list(clean()), list(dirty)))

    def _subject(self) -> None:
        self._add("9(10)", DataType.HALF_WIDTH, 15, {})
        self.kinds.append("id")
        self._pool(
            lambda: (self.encode(f"{n:010d}") for n in range(200_000)), [self.encode("0" * 10)]
        )

    def _text(self, size: int, kind: str) -> None:
        most = size // 2 - 2 if kind != "kana" else size
        style = "full-width-name" if kind != "text" else "full-width"
        self._add(f"X({size})", DataType.FULL_WIDTH, 60, {"text": style})
        self.kinds.append(kind)
        letters, blank = (KANA, " ") if kind == "kana" else (KANJI, "　")
        choose = self.rng.choices

        def one() -> str:
            n = self.rng.randint(4, most - 1)
            text = "".join(choose(letters, k=n))
            return text if kind == "text" else text[: n // 2] + blank + text[n // 2 :]

        pad = self.encode(" ")

        def clean() -> Iterator[bytes]:
            for _ in range(60_000):
                made = self.encode(one())
                if len(made) <= size:
                    yield (made + pad * size)[:size]

        odd = self.encode(one()[:4] + blank * 2 + "亜")
        self._pool(clean, [(odd + pad * size)[:size]])

    def _date(self) -> None:
        key = f"d{len(self.dates)}"
        name = self._add("X(7)", DataType.DATE, 10, {"date": key})
        self.dates[key] = {
            "field": name, "format": "era-digits", "eras": ERAS, "zeros": "not-recorded",
        }  # fmt: skip
        self.kinds.append("date")
        odd = ["4310230", "3640132", "9010101", "4311301", "43A0101"]
        self._pool(lambda: map(self.encode, self._days()), map(self.encode, odd))

    def _days(self) -> Iterator[str]:
        yield from ["0000000"] * 4_000
        for _ in range(20_000):
            era = self.rng.choice("345")
            year, month = self.rng.randint(1, LAST_YEAR[era]), self.rng.randint(1, 12)
            first = 9 if era == "4" and (year, month) == (1, 1) else 5 if year == 1 else 1
            month = max(month, 5) if era == "5" and year == 1 else month
            month = 12 if era == "3" and year == 1 else month
            day = self.rng.randint(26 if era == "3" and year == 1 else max(first, 8), 28)
            yield f"{era}{year:02d}{month:02d}{day:02d}"

    def _code(self) -> None:
        self._add("X(2)", DataType.HALF_WIDTH, 2, {"codes": "codes"})
        self.kinds.append("code")
        self._pool(lambda: (self.encode(f"{n:02d}") for n in range(40)), [self.encode("99")])

    def _number(self, digits: int) -> None:
        self._add(f"9({digits})", DataType.INTEGER, 12, {})
        self.kinds.append("number")
        bad = self.encode("1" * (digits - 1)) + self.encode("A")

        def clean() -> Iterator[bytes]:
            for _ in range(20_000):
                yield self.encode(f"{self.rng.randrange(10**digits):0{digits}d}")

        self._pool(clean, [bad])

    def _flag(self) -> None:
        self._add("X", DataType.HALF_WIDTH, 1, {"codes": "flags"})
        self.kinds.append("flag")
        self._pool(lambda: map(self.encode, "01"), [self.encode("8")])

    def conversion(self, folder: Path, **options: Any) -> Conversion:
        lines = ["01  BENCH.", *self.lines]
        copybook = "".join(f"{n:06d} {line.strip()}\n" for n, line in enumerate(lines))
        (folder / f"{self.encoding}.cpy").write_text(copybook, "utf-8")
        host = self.encoding != "cp932"
        codes = [{"from": f"{n:02d}", "to": f"{n:02d}"} for n in range(40)]
        mapping = Mapping.model_validate({
            "language": 1, "system": "bench", "version": "1.0.0",
            "reads": {"file": {"file": {"fixed": {
                "copybook": f"{self.encoding}.cpy", "encoding": self.encoding,
                "ascii_digits": not host,
            }}}},
            "code_tables": {
                "codes": {"rows": codes},
                "flags": {"rows": [{"from": f, "to": f} for f in "01"]},
            },
            "groups": {GROUP: {
                "read": "file", "subject": "f0", "dates": self.dates, "items": self.rules,
            }},
        })  # fmt: skip
        group = Group(
            "999", "bench", "bench", "bench", Cardinality.ONE, "v0",
            provisional=True, items=tuple(self.items),
        )  # fmt: skip
        return Conversion(mapping, folder, group, **options)

    def write(self, path: Path, records: int) -> int:
        """Write the file; one record in a hundred has a field that is in error."""
        rng = np.random.default_rng(1)
        pools = [[np.array(part, dtype=np.bytes_) for part in pool()] for pool in self.pools]
        widths = [clean.dtype.itemsize for clean, _ in pools]
        with path.open("wb") as file:
            for first in range(0, records, 50_000):
                n = min(50_000, records - first)
                block = np.empty((n, sum(widths)), np.uint8)
                at = 0
                odd = rng.integers(1, len(pools), n) * (rng.random(n) < 0.01)
                for f, (clean, dirty) in enumerate(pools):
                    chosen = clean[rng.integers(0, len(clean), n)]
                    if f:
                        wrong = odd == f
                        chosen[wrong] = dirty[rng.integers(0, len(dirty), int(wrong.sum()))]
                    cells = np.frombuffer(chosen.tobytes(), np.uint8).reshape(n, widths[f])
                    block[:, at : at + widths[f]] = cells
                    at += widths[f]
                file.write(block.tobytes())
        return sum(widths)
