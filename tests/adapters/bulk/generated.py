"""Mappings and files made up from a number: every kind of field and item, clean and dirty."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.bulk.conversion import Conversion
from adapters.encodings.decimals import NumberRules, packed
from adapters.encodings.named import encoding_named
from adapters.mapping.model import Mapping
from standard_models.dictionary import (
    Cardinality,
    CodeTable,
    Condition,
    DataItem,
    DataType,
    Group,
)

GROUP = "999.seiseigroup"
SEX = CodeTable("1", "性別", {"1": "男", "2": "女", "0": "不明"})
ERAS = {"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"}
YEARS = {"1": 45, "2": 15, "3": 64, "4": 31, "5": 12}
WIDE = "山田太郎東京都港区芝公園一丁目ヴァンガード花子髙﨑，－～々ヶ１２３ＡＢ亜唖娃阿哀愛"
KANA = "ｱｲｳｶｷｸﾊﾋﾌｶﾞﾊﾟﾎﾞｳﾞｰ･ｬｯﾞ"
HALF = "ABCxyz0123456789-/.,\"'()"


def item(
    number: int, name: str, kind: DataType, length: int, codes: CodeTable | None = None
) -> DataItem:
    """Return a data item of the made-up group."""
    return DataItem(
        f"999A{number:04d}", "999", "seiseigroup", name, name, name, kind, length, 2,
        codes.code_id if codes else None, codes, None, Condition.OPTIONAL,
        primary_key=False, foreign_key=False, allows_unknown_date=True, address_class=False,
        definition="", sample="", provisional=True,
    )  # fmt: skip


@dataclass
class Made:
    """A mapping under way: the lines of its copybook, its rules, and what fills its fields."""

    rng: random.Random
    csv: bool
    encoding: str
    copybook: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    fill: list[Callable[[bool], bytes]] = field(default_factory=list)
    items: list[DataItem] = field(default_factory=list)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    dates: dict[str, dict[str, Any]] = field(default_factory=dict)
    invariants: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    nulls: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_host(self) -> bool:
        """Tell whether numbers are EBCDIC."""
        return self.encoding.startswith(("jef", "keis", "ibm-9", "ibm-1", "jips"))

    def encode(self, text: str, *, double: bool = False) -> bytes:
        """Return a text in the encoding of the file, without what it does not have."""
        if self.encoding == "utf-8":
            return text.encode()
        encoding = encoding_named(self.encoding)
        try:
            return encoding.encode_field(text, double=double)
        except UnicodeEncodeError:
            kept = []
            for character in text:
                try:
                    encoding.encode_field(character, double=double)
                except UnicodeEncodeError:
                    continue
                kept.append(character)
            return encoding.encode_field("".join(kept), double=double)

    def text_field(
        self, length: int, make: Callable[[bool], str | bytes], *, double: bool = False
    ) -> str:
        """Add a field of text and return its name; ``make`` gives clean or dirty contents."""
        name = f"f{len(self.columns)}"
        self.columns.append(name)
        self.copybook.append(f"     05  {name.upper()}  PIC {'N' if double else 'X'}({length}).")
        size = length * (2 if double else 1)

        def fill(dirty: bool) -> bytes:
            made = make(dirty)
            raw = made if isinstance(made, bytes) else self.encode(made, double=double)
            return raw if self.csv else self.padded(raw, size, double=double, dirty=dirty)

        self.fill.append(fill)
        return name

    def padded(self, raw: bytes, size: int, *, double: bool, dirty: bool) -> bytes:
        """Return a content with blanks to its size; one that is too long is cut only if dirty."""
        blank = self.encode("\u3000", double=True) if double else self.encode(" ")
        if len(raw) > size and not dirty:
            raw = b""
        return (raw + blank * size)[:size]

    def number_field(self, usage: str, digits: int, make: Callable[[bool], int | bytes]) -> str:
        """Add a field of numbers: 9, S9, COMP-3, S-COMP-3, COMP."""
        name = f"f{len(self.columns)}"
        self.columns.append(name)
        signed = usage.startswith("S")
        clause = {"9": "", "S9": "", "S9T": " SIGN TRAILING SEPARATE", "COMP-3": " COMP-3",
                  "SCOMP-3": " COMP-3", "COMP": " COMP"}[usage]  # fmt: skip
        self.copybook.append(
            f"     05  {name.upper()}  PIC {'S' if signed else ''}9({digits}){clause}."
        )

        def fill(dirty: bool) -> bytes:
            made = make(dirty)
            return made if isinstance(made, bytes) else self.number(usage, digits, made)

        self.fill.append(fill)
        return name

    def number(self, usage: str, digits: int, value: int) -> bytes:
        """Return a number as a field of ``usage`` holds it."""
        if usage.endswith("COMP-3"):
            rules = NumberRules(signed=usage.startswith("S"))
            return packed(rules_value(value), digits // 2 + 1, rules)
        if usage == "COMP":
            return value.to_bytes(2 if digits <= 4 else 4 if digits <= 9 else 8, "big")
        text = f"{abs(value):0{digits}d}"[-digits:]
        zone = 0xF0 if self.is_host else 0x30
        raw = bytes(zone | int(digit) for digit in text)
        if usage == "S9T":
            plus, minus = (0x4E, 0x60) if self.is_host else (0x2B, 0x2D)
            return raw + bytes([minus if value < 0 else plus])
        if usage == "S9" and value < 0:
            raw = raw[:-1] + bytes([raw[-1] & 15 | (0xD0 if self.is_host else 0x70)])
        return raw

    def add(
        self, kind: DataType, length: int, rule: dict[str, Any], codes: CodeTable | None = None
    ) -> str:
        """Add an item made by ``rule`` and return its romaji name."""
        name = f"komoku{len(self.items)}"
        self.items.append(item(len(self.items), name, kind, length, codes))
        self.rules[name] = rule
        return name


def rules_value(value: int) -> Any:
    """Return a whole number as the packed decimals take it."""
    return Decimal(value)


def wide(rng: random.Random, most: int, *, dirty: bool) -> str:
    """Return a full-width text; dirty: odd characters, double blanks, blanks before, too long."""
    text = "".join(rng.choices(WIDE, k=rng.randint(0, most)))
    if rng.random() < 0.3:
        text = text[: most // 2] + "\u3000" + text[most // 2 + 1 :]
    if not dirty:
        return text[:most]
    odd = [
        "\ue000",
        "\u3000\u3000花",
        " ",
        "　",
        "ｶﾞ",
        "\u0000",
        "a,b",
        '"',
        "⑪",
        "👪",
        "𠮷",
        "葛\U000e0100",
    ]
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(odd) + text[at:] + rng.choice(["", "花" * most])


def half(rng: random.Random, most: int, letters: str, *, dirty: bool) -> str:
    """Return a half-width text."""
    text = "".join(rng.choices(letters, k=rng.randint(0, most)))[:most]
    return text + rng.choice(["花", " x", "\x07", "   ", "ﾞ", "\ue001"]) if dirty else text


def era_digits(rng: random.Random, *, dirty: bool) -> str:
    """Return GYYMMDD; dirty: null values, unknown parts, days that are none."""
    era = rng.choice("12345")
    text = f"{era}{rng.randint(1, YEARS[era]):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    if not dirty:
        return text
    odd = ["0000000", "9999999", "", "3640108", "4310501", "3640000", "4100230", "4100200",
           "6010101", "430A101", "４３０１１０１", "43010", "43099011", text[:5] + "31",
           text[:5] + "00"]  # fmt: skip
    return rng.choice(odd)


def western(rng: random.Random, *, dirty: bool) -> str:
    """Return YYYYMMDD; dirty as ``era_digits``."""
    text = f"{rng.randint(1890, 2030)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    odd = ["00000000", "99999999", "", "20010229", "20000229", "19000000", "2001021", "1899xx01"]
    return rng.choice(odd) if dirty else text


def digits(rng: random.Random, length: int) -> int:
    """Return a number of at most ``length`` digits, small ones often."""
    return rng.choice([0, 1, rng.randrange(10), rng.randrange(10**length)])


def noise(rng: random.Random, size: int) -> bytes:
    """Return bytes of no meaning."""
    return bytes(rng.randrange(256) for _ in range(size))


Part = Callable[[Made, random.Random], None]


def _wide_text(made: Made, rng: random.Random) -> None:
    most = rng.randint(2, 12)
    double = not made.csv and rng.random() < 0.3
    size = most if double else most * 2 + 4
    style = rng.choice([None, "full-width", "full-width-name", "as-is"])
    name = made.text_field(size, lambda dirty: wide(rng, most, dirty=dirty), double=double)
    rule: dict[str, Any] = {"field": name, **({"text": style} if style else {})}
    if rng.random() < 0.2:
        rule["null"] = ["山田", "＊"]
    made.add(DataType.FULL_WIDTH, rng.choice([most, max(1, most - 2), 40]), rule)
    if rng.random() < 0.2:
        made.add(DataType.FULL_WIDTH, 20, {"field": name, "split": {"at": "　", "part": 2}})


def _kana_text(made: Made, rng: random.Random) -> None:
    most = rng.randint(3, 20)
    name = made.text_field(most, lambda dirty: half(rng, most, KANA + " ", dirty=dirty))
    style = rng.choice(["full-width", "full-width-name", None, "bank-kana"])
    rule: dict[str, Any] = {"field": name, **({"text": style} if style else {})}
    kind = DataType.HALF_WIDTH if style == "bank-kana" else DataType.FULL_WIDTH
    made.add(kind, 40, rule)


def _half_text(made: Made, rng: random.Random) -> None:
    most = rng.randint(1, 12)
    name = made.text_field(most, lambda dirty: half(rng, most, HALF, dirty=dirty))
    rule: dict[str, Any] = {"field": name}
    if rng.random() < 0.3:
        rule["default"] = {"value": "X", "reason": "made up"}
    if rng.random() < 0.3:
        rule["null"] = ["0", "x"]
    if rng.random() < 0.2:
        rule["steps"] = [{"strip_left": {"character": "0"}}]
    if rng.random() < 0.1:
        rule["slice"] = [0, 1]
    if rng.random() < 0.3:
        rule["text"] = "half-width"
    made.add(DataType.HALF_WIDTH, most, rule)


def _code(made: Made, rng: random.Random) -> None:
    size = rng.choice([1, 2, 3])
    known = [f"{n:0{size}d}" for n in range(4)]
    table = f"t{len(made.tables)}"
    made.tables[table] = {
        "rows": [{"from": code, "to": rng.choice(["1", "2", "0", None])} for code in known]
    }

    def make(dirty: bool) -> str:
        return rng.choice(["", "9" * size, "x"]) if dirty else rng.choice(known)

    if made.csv or rng.random() < 0.6:
        name = made.text_field(size, make)
    else:
        name = made.number_field("9", size, lambda dirty: 7 if dirty else int(rng.choice(known)))
    rule: dict[str, Any] = {"field": name, "codes": table}
    if rng.random() < 0.3:
        rule["blank"] = "not-applicable"
    made.add(DataType.HALF_WIDTH, 1, rule, SEX)
    if rng.random() < 0.5:
        other = made.text_field(4, lambda dirty: half(rng, 4, "0123456789", dirty=dirty))
        condition = {"field": name, "among": known[:2]}
        made.add(DataType.HALF_WIDTH, 4, {"field": other, "applies_when": condition})


def _text_number(made: Made, rng: random.Random) -> None:
    length = rng.randint(1, 9)

    def make(dirty: bool) -> str:
        if dirty:
            return rng.choice(["", "1,234", "-5", "12.5", "(3)", "***", "１２", "x", "+1", "-0"])
        return str(digits(rng, length)).zfill(rng.choice([1, length]))

    name = made.text_field(max(length, 5), make)
    kind = rng.choice([DataType.INTEGER, DataType.SIGNED_INTEGER])
    rule: dict[str, Any] = {"field": name}
    if rng.random() < 0.5:
        unit = rng.choice(["yen", "thousand-yen"])
        rule["amount"] = {"unit": unit, "placeholders": ["***"], "brackets_negative": True}
    if rng.random() < 0.2:
        rule["null"] = ["0", "7"]
    made.add(kind, rng.choice([length, 12]), rule)


def _host_number(made: Made, rng: random.Random) -> None:
    if made.csv:
        return _text_number(made, rng)
    usage = rng.choice(["9", "S9", "S9T", "COMP-3", "SCOMP-3", "COMP"])
    length = rng.choice([4, 9]) if usage == "COMP" else rng.choice([1, 3, 5, 7, 9])
    size = {"COMP": 2 if length <= 4 else 4, "S9T": length + 1}.get(
        usage, length // 2 + 1 if "COMP-3" in usage else length
    )

    def make(dirty: bool) -> int | bytes:
        if dirty:
            return noise(rng, size)
        value = digits(rng, length)
        return -value if usage.startswith("S") and rng.random() < 0.3 else value

    name = made.number_field(usage, length, make)
    if rng.random() < 0.3:
        made.nulls[name] = [bytes(size).hex().upper(), "40" * size]
    kind = rng.choice([DataType.INTEGER, DataType.SIGNED_INTEGER, DataType.HALF_WIDTH])
    rule: dict[str, Any] = {"field": name}
    if kind is not DataType.HALF_WIDTH and rng.random() < 0.5:
        rule["amount"] = {"unit": rng.choice(["yen", "thousand-yen", "million-yen"])}
    if kind is DataType.HALF_WIDTH and rng.random() < 0.3:
        rule["number"] = {"kind": "addressee", "width": length}
    if length == 1 and "number" in rule:
        del rule["number"]
    if rng.random() < 0.2:
        rule["null"] = ["0" * length, "7"]
    made.add(kind, rng.choice([length, 15]), rule)
    return None


def _local_number(made: Made, rng: random.Random) -> None:
    length = rng.randint(3, 12)

    def make(dirty: bool) -> str:
        full = "".join(rng.choices("0123456789", k=length))
        return rng.choice([full[1:], " " + full[1:], "A" + full[1:], "x-1"]) if dirty else full

    name = made.text_field(length + 1, make)
    kind = rng.choice(["addressee", "household"])
    number = {"kind": kind, **({"width": length} if rng.random() < 0.7 else {})}
    made.add(DataType.HALF_WIDTH, 15, {"field": name, "number": number})


def _date(made: Made, rng: random.Random) -> None:
    shape, make, width = rng.choice([("era-digits", era_digits, 7), ("western-digits", western, 8)])
    if made.csv or rng.random() < 0.6:
        name = made.text_field(width, lambda dirty: make(rng, dirty=dirty))
    else:
        usage = rng.choice(["9", "COMP-3"])

        def number(dirty: bool) -> int:
            text = make(rng, dirty=dirty)
            return int(text) if text.isascii() and text.isdecimal() else 0

        digits_of = width + (usage == "COMP-3" and width % 2 == 0)
        name = made.number_field(usage, digits_of, lambda d: number(d) % 10**digits_of)
    date: dict[str, Any] = {"field": name, "format": shape}
    if shape == "era-digits":
        date["eras"] = ERAS
    date["zeros"] = rng.choice(["error", "not-recorded", "unknown"])
    date["nines"] = rng.choice(["error", "open-ended", "not-set"])
    date["parts_unknown"] = rng.random() < 0.5
    if rng.random() < 0.3:
        texts = ["", "", "昭和６３年頃", "不詳", "令和元年５月"]
        date["text_field"] = made.text_field(30, lambda dirty: rng.choice(texts) if dirty else "")
    key = f"d{len(made.dates)}"
    made.dates[key] = date
    rules: list[tuple[DataType, int, dict[str, Any]]] = [(DataType.DATE, 10, {"date": key})]
    if rng.random() < 0.5:
        rules.append((DataType.HALF_WIDTH, 1, {"date_flag": key}))
    if rng.random() < 0.5:
        rules.append((DataType.FULL_WIDTH, 72, {"date_text": key}))
    rng.shuffle(rules)
    for kind, length, rule in rules:
        made.add(kind, length, rule)


def _others(made: Made, rng: random.Random) -> None:
    kind = rng.randrange(5)
    if kind == 0:
        name = made.text_field(
            4, lambda d: rng.choice(["2025", "R07", "0000", "7"]) if d else "2024"
        )
        made.add(DataType.YEAR, 4, {"field": name, "fiscal_year": True})
    elif kind == 1:
        name = made.text_field(6, lambda d: rng.choice(["202513", "", "50701"]) if d else "202504")
        made.add(DataType.HALF_WIDTH, 7, {"field": name, "year_month": True})
    elif kind == 2:
        name = made.text_field(
            12, lambda d: rng.choice(["孫の孫", "", "友"]) if d else rng.choice(["子", "妻"])
        )
        made.add(DataType.FULL_WIDTH, 12, {"field": name, "relationship": {}})
    elif kind == 3:
        one = made.text_field(3, lambda d: half(rng, 3, "0123456789", dirty=d))
        two = made.text_field(4, lambda d: half(rng, 4, "0123456789", dirty=d))
        made.add(DataType.HALF_WIDTH, 8, {"fields": [one, two], "join": {"separator": "-"}})
    else:
        made.add(DataType.HALF_WIDTH, 1, {"constant": "1"})
        made.add(DataType.HALF_WIDTH, 1, {"absent": "not-supplied"})
        made.text_field(5, lambda d: noise(rng, 5) if d else "")


def _sums(made: Made, rng: random.Random) -> None:
    lengths = 4
    parts: list[int] = []

    def part(dirty: bool) -> str:
        parts.append(digits(rng, lengths))
        return "" if dirty else str(parts[-1])

    def total(dirty: bool) -> str:
        found = sum(parts) + (1 if dirty else 0)
        parts.clear()
        return str(found)

    names = [made.text_field(6, part), made.text_field(6, part), made.text_field(6, total)]
    items = [made.add(DataType.INTEGER, 6, {"field": name}) for name in names]
    made.invariants["sum"] = {"sum": {"total": items[2], "of": items[:2]}}
    made.invariants["bounds"] = {"bounds": {"item": items[0], "least": 0, "most": 9000}}
    if rng.random() < 0.5:
        made.invariants["order"] = {"order": {"items": [items[0], items[2]]}}


PARTS: tuple[Part, ...] = (
    _wide_text, _kana_text, _half_text, _code, _text_number, _host_number, _local_number, _date,
    _others, _date, _host_number, _sums,
)  # fmt: skip
ENCODINGS = ("cp932", "cp932", "jef", "ibm-939", "keis83", "jips-e", "eucjp-ms", "shift-jis-2004")


@dataclass(frozen=True)
class Generated:
    """A mapping with a group, and what makes files of records for it."""

    mapping: Mapping
    group: Group
    made: Made

    def conversion(self, folder: Path, **options: Any) -> Conversion:
        """Return the conversion; ``folder`` gets the copybook."""
        text = "\n".join(["01  SEISEI.", *(f"  {line}" for line in self.made.copybook)])
        lines = [f"000100 {line.strip()}" for line in text.splitlines()]
        (folder / "seisei.cpy").write_text("\n".join(lines) + "\n", "utf-8")
        return Conversion(self.mapping, folder, self.group, **options)

    def file(self, records: int, dirty: float) -> bytes:
        """Return a file; ``dirty`` is the share of fields with something odd in them."""
        return b"".join(self._records(records, dirty))

    def _records(self, records: int, dirty: float) -> Iterator[bytes]:
        rng = self.made.rng
        if self.made.csv:
            yield self.made.encode(",".join(f"列{n}" for n in range(len(self.made.fill)))) + b"\r\n"
        for _ in range(records):
            cells = [fill(rng.random() < dirty) for fill in self.made.fill]
            if not self.made.csv:
                yield b"".join(cells)
                continue
            end = rng.choice([b"\r\n", b"\n", b"\n\n"]) if rng.random() < dirty else b"\r\n"
            quoted = [_csv_cell(rng, one, dirty=rng.random() < dirty) for one in cells]
            if rng.random() < dirty / 4:
                quoted = quoted[:-1]
            yield b",".join(quoted) + end
        if rng.random() < dirty and not self.made.csv:
            yield b" " * 3


def _csv_cell(rng: random.Random, raw: bytes, *, dirty: bool) -> bytes:
    if b'"' in raw or b"," in raw or b"\n" in raw or b"\r" in raw:
        return b'"' + raw.replace(b'"', b'""') + b'"'
    if dirty:
        return rng.choice(
            [b'"' + raw + b'"', b'"' + raw + b'\n"', raw + b'"', b'"' + raw, raw + b"\xff"]
        )
    return b'"' + raw + b'"' if rng.random() < 0.1 else raw


def generate(seed: int) -> Generated:
    """Return the mapping of a number: the same for the same number."""
    rng = random.Random(seed)
    csv = rng.random() < 0.35
    encoding = rng.choice(("utf-8", "cp932", "eucjp-ms")) if csv else rng.choice(ENCODINGS)
    made = Made(rng, csv, encoding)
    subject = _subject(made)
    parts = rng.choices(PARTS[:-1], k=rng.randint(2, 9))
    for part in [*parts, *([_sums] if rng.random() < 0.2 else [])]:
        part(made, rng)
    rule: dict[str, Any] = {"read": "file", "subject": subject}
    if rng.random() < 0.2:
        kept = made.text_field(1, lambda dirty: "9" if dirty else "1")
        rule["where"] = {"field": kept, "not_among": ["9"]}
    return _generated(made, rule)


def plain(encoding: str = "cp932") -> Generated:
    """Return a mapping whose clean records have no finding at all."""
    made = Made(random.Random(1), csv=False, encoding=encoding)
    rng, subject = made.rng, _subject(made)
    name = made.text_field(20, lambda dirty: wide(rng, 8, dirty=dirty))
    made.add(DataType.FULL_WIDTH, 20, {"field": name, "text": "full-width"})
    made.tables["sex"] = {"rows": [{"from": "1", "to": "1"}, {"from": "2", "to": "2"}]}
    code = made.text_field(1, lambda dirty: "x" if dirty else rng.choice("12"))
    made.add(DataType.HALF_WIDTH, 1, {"field": code, "codes": "sex"}, SEX)
    birth = made.text_field(7, lambda dirty: "3640108" if dirty else f"3{rng.randint(10, 59)}1130")
    made.dates["birth"] = {"field": birth, "format": "era-digits", "eras": ERAS}
    made.add(DataType.DATE, 10, {"date": "birth"})
    amount = made.number_field(
        "SCOMP-3", 9, lambda dirty: noise(rng, 5) if dirty else digits(rng, 9)
    )
    made.add(DataType.SIGNED_INTEGER, 12, {"field": amount, "amount": {"unit": "yen"}})
    return _generated(made, {"read": "file", "subject": subject})


def _subject(made: Made) -> str:
    rng = made.rng
    name = made.text_field(
        10, lambda dirty: rng.choice(["", "花", "x"]) if dirty else f"{rng.randrange(10**8):010d}"
    )
    made.add(DataType.HALF_WIDTH, 15, {"field": name})
    return name


def _generated(made: Made, rule: dict[str, Any]) -> Generated:
    rule |= {"dates": made.dates, "items": made.rules, "invariants": made.invariants}
    mapping = Mapping.model_validate(
        {
            "language": 1,
            "system": "seisei",
            "version": "1.0.0",
            "reads": {"file": {"file": _shape(made)}},
            "code_tables": made.tables,
            "characters": [{"code": "E001", "to": "亜"}],
            "groups": {GROUP: rule},
        }
    )
    items = tuple(made.items)
    group = Group("999", "seiseigroup", "生成", "made up", Cardinality.ONE, "v0", True, items)
    return Generated(mapping, group, made)


def _shape(made: Made) -> dict[str, Any]:
    if made.csv:
        columns = {f"列{n}": name for n, name in enumerate(made.columns)}
        return {"csv": {"columns": columns, "encoding": made.encoding}}
    shape: dict[str, Any] = {
        "copybook": "seisei.cpy",
        "encoding": made.encoding,
        "ascii_digits": not made.is_host,
        "nulls": made.nulls,
    }
    return {"fixed": shape}
