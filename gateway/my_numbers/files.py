"""A file of 宛名番号 and 個人番号, and nothing else. Pure.

A file that also has names or birth dates is refused: nothing here is ever linked by them (MN-6),
and what is not needed is not taken in. What is wrong in a line is told without any number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.subjects.links import BadRow, LinkFileError
from standard_models.values.identifiers import MyNumber

NUMBER_COLUMN: Final = "宛名番号"
MY_NUMBER_COLUMN: Final = "個人番号"
NUMBER_SHAPE: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
_WRONG: Final[Mapping[str, tuple[str, str]]] = {
    "CHECK_DIGIT_WRONG": ("検査用数字が合いません。", "The check digit is wrong."),
    "IDENTIFIER_MALFORMED": ("12 桁の数字ではありません。", "Not twelve digits."),
}


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One line: whose number it is. ``line`` counts from 1, the header included."""

    line: int
    number: str = field(repr=False)
    my_number: MyNumber


@dataclass(frozen=True, slots=True)
class NumberFile:
    """What a file holds: lines with a number, how many of them say the same again, and blanks."""

    rows: Sequence[NumberRow]
    repeated: int
    blank: int

    @property
    def read(self) -> int:
        """Return how many lines there are below the header."""
        return len(self.rows) + self.repeated + self.blank


def read_number_file(content: bytes, *, encoding: str = "cp932") -> NumberFile:
    """Return the lines of a CSV file with a header. Numbers may be in full width or padded.

    A line without a My Number is counted: not everybody has one.

    Raises:
        LinkFileError: with every bad line, also where one 宛名番号 has two numbers.

    """
    try:
        reader = csv.reader(io.StringIO(content.decode(encoding), newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LinkFileError(
            [_bad(line, f"{encoding} として読めません。", "Not readable.")]
        ) from None
    except csv.Error:
        raise LinkFileError([_bad(1, "CSV の形が壊れています。", "Not well-formed CSV.")]) from None
    header = lines[0][1] if lines else []
    if sorted(header) != sorted((NUMBER_COLUMN, MY_NUMBER_COLUMN)):
        raise LinkFileError(
            [
                _bad(
                    1,
                    f"見出しは {NUMBER_COLUMN} と {MY_NUMBER_COLUMN} だけにしてください。",
                    f"The headings must be {NUMBER_COLUMN} and {MY_NUMBER_COLUMN}, and no others.",
                )
            ]
        )
    return _collected(header, lines[1:])


def _collected(header: Sequence[str], lines: Sequence[tuple[int, list[str]]]) -> NumberFile:
    bad: list[BadRow] = []
    found: dict[str, NumberRow] = {}
    repeated = blank = 0
    for line, cells in lines:
        row = _row(line, header, cells)
        if isinstance(row, BadRow):
            bad.append(row)
        elif row is None:
            blank += 1
        elif row.number not in found:
            found[row.number] = row
        elif found[row.number].my_number == row.my_number:
            repeated += 1
        else:
            bad.append(
                _bad(
                    line,
                    f"{found[row.number].line} 行目と同じ宛名番号に、別の個人番号があります。",
                    f"The 宛名番号 of line {found[row.number].line}, with another number.",
                )
            )
    if bad:
        raise LinkFileError(bad)
    return NumberFile(list(found.values()), repeated, blank)


def _row(line: int, header: Sequence[str], cells: Sequence[str]) -> NumberRow | BadRow | None:
    """Return what a line says, what is wrong with it, or None without a My Number."""
    if len(cells) != len(header):
        return _bad(line, "列の数が見出しと違います。", "The number of cells differs.")
    said = dict(zip(header, (cell.strip(" \u3000") for cell in cells), strict=True))
    number = said[NUMBER_COLUMN]
    if not NUMBER_SHAPE.fullmatch(number):
        return _bad(
            line,
            "番号は半角の英数字とハイフン 40 文字以内です。",
            "A number has up to 40 half-width letters, digits and hyphens.",
            NUMBER_COLUMN,
        )
    reading = MyNumber.parse(said[MY_NUMBER_COLUMN])
    if reading.quality:
        return _bad(line, *_WRONG[reading.quality[0].code], MY_NUMBER_COLUMN)
    return None if reading.number is None else NumberRow(line, number, reading.number)


def _bad(line: int, reason_ja: str, reason_en: str, column: str = "") -> BadRow:
    return BadRow(line, column, reason_ja, reason_en)
