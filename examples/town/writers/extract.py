"""Writes the nightly extract of the resident product: 800-byte records in code page 932."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from examples.town.writers import cp932

FILE_NAME: Final = "JUKI_20261001.DAT"
RECORD_LENGTH: Final = 800
LAYOUT: Final = (
    ("REC_KBN", 1, "half"), ("ATENA_NO", 15, "half"), ("RIREKI_NO", 3, "number"),
    ("SETAI_NO", 15, "half"), ("JUMIN_SBT", 1, "half"), ("JUMIN_JOTAI", 2, "half"),
    ("SIMEI", 60, "full"), ("KANA", 50, "half"), ("KANA_KAKUNIN", 1, "half"),
    ("ALPHA_NM", 50, "half"), ("KANJI_NM", 30, "full"), ("TUSYO", 40, "full"),
    ("TUSYO_KANA", 40, "half"), ("KYUSI", 20, "full"), ("KYUSI_KANA", 20, "half"),
    ("SEIBETU", 1, "half"), ("SEI_YMD", 7, "half"), ("SEI_FUSYO", 72, "full"),
    ("ZOKU", 8, "half"), ("JUMIN_YMD", 7, "half"), ("JUMIN_FUSYO", 40, "full"),
    ("JUSYO_YMD", 7, "half"), ("TODOKE_YMD", 7, "half"), ("IDO_JIYU", 2, "half"),
    ("IDO_YMD", 7, "half"), ("IDO_FUSYO", 40, "full"), ("SYORI_YMD", 7, "half"),
    ("SI_CD", 6, "half"), ("CYO_CD", 7, "half"), ("KEN_NM", 8, "full"), ("SI_NM", 24, "full"),
    ("CYO_NM", 40, "full"), ("BANTI", 30, "full"), ("KATAGAKI", 60, "full"),
    ("YUBIN", 7, "half"), ("KOKUSEKI", 3, "half"), ("ZAIRYU", 2, "half"),
    ("ZAIRYU_MANRYO", 8, "half"), ("GAI_JUMIN_YMD", 7, "half"), ("SIEN_KBN", 1, "half"),
    ("KOSIN_TS", 14, "half"), ("YOBI", 28, "half"),
)  # fmt: skip
"""Name, length in bytes, kind of each item of a data record, before CR LF."""

_FULL_BLANK = "　".encode("cp932")
_END = b"\r\n"


class ExtractWriter:
    """Writes header, data records and, on closing, the trailer with the count."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._count = 0
        self._put(b"1" + b"999997" + b"20261001" + b"20261001220500" + b"JUKI")

    def write(self, row: dict[str, str], foreign: list[str] | None, level: str) -> None:
        """Write the current state of one person; ``level`` is SIEN_KBN."""
        values = row | {
            "REC_KBN": "2",
            "SIEN_KBN": level,
            "YOBI": "",
            "KOKUSEKI": foreign[1] if foreign else "",
            "ZAIRYU": foreign[2] if foreign else "",
            "ZAIRYU_MANRYO": foreign[3] if foreign else "00000000",
            "GAI_JUMIN_YMD": foreign[4] if foreign else "0000000",
        }
        self._put(b"".join(field(values[name], length, kind) for name, length, kind in LAYOUT))
        self._count += 1

    def close(self) -> None:
        """Write the trailer and close the file."""
        self._put(b"9" + f"{self._count:08d}".encode("ascii"))
        self._file.close()

    def _put(self, body: bytes) -> None:
        self._file.write(body.ljust(RECORD_LENGTH - len(_END)) + _END)


def field(value: str, length: int, kind: str) -> bytes:
    """Return one item: numbers right-aligned with zeros, the rest left-aligned with blanks.

    Raises:
        ValueError: the value does not fit; it is never cut.

    """
    if kind == "number":
        return value.rjust(length, "0").encode("ascii")
    raw = cp932.encode(value)
    if len(raw) > length:
        raise ValueError(f"an item of {length} bytes cannot hold {len(raw)} bytes")
    if kind == "full":
        return raw + _FULL_BLANK * ((length - len(raw)) // 2)
    return raw.ljust(length)
