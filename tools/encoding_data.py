"""Writes the tables of `adapters/encodings/data` from published mapping lists.

Usage: ``python tools/encoding_data.py LISTS OUT``, where LISTS holds ``fujitsu_jef_mapping.json``
and its neighbours (rows with code, unicode, hd, aj1, sp, options). IBM tables and code pages are
made by converting every code with the C library's ``iconv``.

Directions: ``=`` both ways, ``<`` from the host only, ``>`` to the host only. Rows that fold what a
host cannot hold (small letters to capitals) are left out: what cannot come back is not written.
"""

from __future__ import annotations

import ctypes
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SINGLE = {
    "fujitsu-ascii": "fujitsu_ascii_mapping",
    "fujitsu-ebcdic": "fujitsu_ebcdic_mapping",
    "fujitsu-ebcdik": "fujitsu_ebcdik_mapping",
    "hitachi-ebcdic": "hitachi_ebcdic_mapping",
    "hitachi-ebcdik": "hitachi_ebcdik_mapping",
    "nec-ebcdik": "nec_ebcdik_mapping",
    "nec-jis8": "nec_jis8_mapping",
}
DOUBLE = {
    "jef": "fujitsu_jef_mapping",
    "keis78": "hitachi_keis78_mapping",
    "keis83": "hitachi_keis83_mapping",
    "jips": "nec_jips_mapping",
}
IBM = {"930": "ibm-290", "939": "ibm-1027", "1399": "ibm-5123"}
SHIFTED = [*range(0x81, 0xA0), *range(0xE0, 0xFD)]
EUC = range(0xA1, 0xFF)
PAGES = {
    "cp932": "CP932", "ibm-943": "IBM943", "shift-jis": "SJIS", "shift-jis-2004": "SHIFT_JISX0213",
    "eucjp-ms": "EUC-JP-MS", "euc-jp": "EUC-JP", "euc-jis-2004": "EUC-JISX0213",
}  # fmt: skip
FROM_HOST = {"oneway", "decode_only", "substitution"}
Line = tuple[str, str, str, str, str]
"""Code, text, direction, selector of Hanyo-Denshi, selector of Adobe-Japan1; all hexadecimal."""


def _rows(rows: list[dict[str, Any]]) -> Iterator[Line]:
    listed = Counter(row["code"] for row in rows)
    for row in rows:
        options = set(row["options"])
        if "unmappable" in options or ("encode_only" in options):
            continue
        second = "cjk_ci" in options and listed[row["code"]] > 1
        direction = ">" if second else "<" if options & FROM_HOST else "="
        text = " ".join(filter(None, (row["unicode"], row.get("sp"))))
        yield row["code"], text, direction, row.get("hd", ""), row.get("aj1", "")


def _put_right(lines: list[Line]) -> list[Line]:
    """Move the first of two rows with one code to the code before, where the list skips that."""
    width = len(lines[0][0])
    known = {line[0] for line in lines}
    both = Counter(line[0] for line in lines if line[2] != ">")
    found, moved = [], set()
    for code, *rest in lines:
        before = f"{int(code, 16) - 1:0{width}X}"
        astray = both[code] > 1 and code not in moved and before not in known
        if astray:
            moved.add(code)
        text, direction, hd, aj1 = rest
        found.append((before if astray else code, text, direction, hd, aj1))
    return found


def _of_jis(code: str) -> str:
    raw = bytes.fromhex(code)
    text = (b"\x1b$B" + raw + b"\x1b(B").decode("iso2022_jp", "ignore")
    return " ".join(f"{ord(c):04X}" for c in text)


def _decided(lines: list[Line]) -> list[Line]:
    """Leave out rows that contradict another one of their code, unless JIS X 0208 says so too."""
    texts: dict[str, set[str]] = {}
    for code, text, direction, *_ in lines:
        if direction != ">":
            texts.setdefault(code, set()).add(text)
    return [
        line
        for line in lines
        if len(texts.get(line[0], ())) < 2 or line[2] == ">" or line[1] == _of_jis(line[0])
    ]


def _single_direction(lines: list[Line]) -> Iterator[Line]:
    """Yield rows so that each text has at most one code to go to; the first one listed counts."""
    taken: set[str] = set()
    for code, text, direction, hd, aj1 in dict.fromkeys(lines):
        second = direction != "<" and text in taken
        if direction != "<":
            taken.add(text)
        yield code, text, "<" if second else direction, hd, aj1


def _ibm(number: str, codes: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for code in codes:
        wrapped = b"\x0e" + code + b"\x0f" if len(code) == 2 else code
        command = ["iconv", "-f", f"IBM{number}", "-t", "UTF-8"]
        done = subprocess.run(command, input=wrapped, capture_output=True, check=False)
        text = done.stdout.decode()
        if done.returncode == 0 and text and not 0xE000 <= ord(text[0]) < 0xF900:
            yield code.hex().upper(), " ".join(f"{ord(c):04X}" for c in text)


def _write(path: Path, lines: Iterable[Line]) -> None:
    content = "".join("\t".join(line) + "\n" for line in sorted(set(lines)))
    with path.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(content.encode())


def main(lists: Path, out: Path) -> None:
    """Write every table."""
    write_lists(lists, out)
    write_ibm(out)
    write_pages(out)


def write_lists(lists: Path, out: Path) -> None:
    """Write the tables of the published lists."""
    for name, source in {**SINGLE, **DOUBLE}.items():
        rows = json.loads((lists / f"{source}.json").read_text("utf-8"))
        lines = list(dict.fromkeys(_rows(rows)))
        if name in SINGLE:
            lines = _put_right(lines)
        _write(out / f"{name}.tsv.gz", _single_direction(_decided(lines)))


def write_ibm(out: Path) -> None:
    """Write the tables that the C library knows; a call for each code, some minutes."""
    for number, name in IBM.items():
        singles = (bytes([code]) for code in range(256) if code not in {0x0E, 0x0F})
        lines = [(code, text, "=", "", "") for code, text in _ibm(number, singles)]
        _write(out / f"{name}.tsv.gz", _single_direction(lines))
    for number, name in {"930": "ibm-300", "1399": "ibm-16684"}.items():
        codes = (bytes([a, b]) for a in range(0x40, 0xFF) for b in range(0x40, 0xFF))
        lines = [(code, text, "=", "", "") for code, text in _ibm(number, codes)]
        _write(out / f"{name}.tsv.gz", _single_direction(lines))


def write_pages(out: Path) -> None:
    """Write the code pages. A code that its text does not go back to is read only."""
    for name, library_name in PAGES.items():
        read = _conversion("UTF-32LE", library_name)
        write = _conversion(library_name, "UTF-32LE")
        lines: list[Line] = []
        for code in _codes_of_page(euc="euc" in name):
            text = (read(code) or b"").decode("utf-32-le")
            if not text or "\ue000" <= text[0] <= "\uf8ff" or "\x80" <= text[0] <= "\x9f":
                continue
            if (len(code) == 1 and code < b"\x20") or code == b"\x7f":
                text = code.decode("ascii")  # IBM 943 exchanges control characters, 943C does not
            back = code if text.isascii() and len(code) == 1 else write(text.encode("utf-32-le"))
            direction = "=" if back == code else "<"
            lines.append((code.hex().upper(), _hex(text), direction, "", ""))
        _write(out / f"{name}.tsv.gz", lines)


def _hex(text: str) -> str:
    return " ".join(f"{ord(c):04X}" for c in text)


def _codes_of_page(*, euc: bool) -> Iterator[bytes]:
    yield from (bytes([code]) for code in range(256))
    if not euc:
        yield from (bytes([a, b]) for a in SHIFTED for b in range(0x40, 0xFD))
        return
    yield from (bytes([0x8E, b]) for b in EUC)
    yield from (bytes([a, b]) for a in EUC for b in EUC)
    yield from (bytes([0x8F, a, b]) for a in EUC for b in EUC)


def _conversion(to: str, origin: str) -> Callable[[bytes], bytes | None]:
    """Return what converts one character with the C library; None for what it does not know."""
    library = ctypes.CDLL("libc.so.6")
    library.iconv_open.restype = ctypes.c_void_p
    library.iconv.restype = ctypes.c_size_t
    library.iconv.argtypes = [ctypes.c_void_p] * 5
    handle = library.iconv_open(to.encode(), origin.encode())

    def convert(raw: bytes) -> bytes | None:
        given, made = ctypes.create_string_buffer(raw, len(raw)), ctypes.create_string_buffer(64)
        at, to_make = (ctypes.c_void_p(ctypes.addressof(b)) for b in (given, made))
        left, free = ctypes.c_size_t(len(raw)), ctypes.c_size_t(64)
        by = ctypes.byref
        library.iconv(handle, None, None, None, None)
        failed = library.iconv(handle, by(at), by(left), by(to_make), by(free))
        if failed == ctypes.c_size_t(-1).value or left.value:
            return None
        library.iconv(handle, None, None, by(to_make), by(free))  # what it held back
        return made.raw[: 64 - free.value]

    return convert


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
