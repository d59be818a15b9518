"""外字: characters that a town made itself. A code means nothing without its system.

Source: our rule (D): key by (source system, code); no local private-use character in any output.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.characters.repertoire import Repertoire
from standard_models.values.text import GETA, iter_characters, private_use_characters

COLUMNS: Final = ("system", "code", "character", "decided_by", "decided_on", "note")
_CODE = re.compile(r"[0-9A-F]{2,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GaijiDecision:
    """What somebody decided that a code of a system is. ``decided_on`` is an ISO day."""

    system: str
    code: str
    character: str
    decided_by: str
    decided_on: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class GaijiText:
    """A text without local characters, and what stood where."""

    text: str
    quality: tuple[Quality, ...] = ()


class GaijiTable:
    """Decisions by (system, code): two systems' same code are two characters."""

    def __init__(self, decisions: tuple[GaijiDecision, ...]) -> None:
        self._known: Mapping[tuple[str, str], str] = {
            (decision.system, decision.code): decision.character for decision in decisions
        }
        if len(self._known) != len(decisions):
            raise ValueError("a code of a system is decided twice")

    @classmethod
    def of_system(cls, system: str, characters: Mapping[str, str]) -> GaijiTable:
        """Return what the mapping of one system says: its codes (hexadecimal) to characters."""
        table = cls(())
        table._known = {(system, code.upper()): to for code, to in characters.items()}
        return table

    @classmethod
    def read(cls, path: Path) -> GaijiTable:
        """Read decisions from a CSV file with the columns of ``COLUMNS``.

        Raises:
            ValueError: naming row and column of what is malformed, or a code decided twice.
        """
        content = path.read_text("utf-8-sig")
        reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: the columns must be {', '.join(COLUMNS)}")
        found = []
        for row, cells in enumerate(reader, start=2):
            place = f"{path.name}, row {row}, column"
            if not _CODE.fullmatch(cells["code"] or ""):
                raise ValueError(f"{place} code: must be hexadecimal in capitals")
            if len(list(iter_characters(cells["character"] or ""))) != 1:
                raise ValueError(f"{place} character: must be one character")
            if private_use_characters(cells["character"]):
                raise ValueError(f"{place} character: must not be a private-use character")
            found.append(GaijiDecision(**{column: cells[column] or "" for column in COLUMNS}))
        return cls(tuple(found))

    def find(self, system: str, code: str) -> str | None:
        """Return the character that a code of ``system`` stands for, None if nobody decided."""
        return self._known.get((system, code.upper()))

    def resolve(self, system: str, text: str, receiver: Repertoire | None = None) -> GaijiText:
        """Replace every private-use character of ``text``, keyed by its own code point.

        Known ones become their character; others 〓 with ``GAIJI_UNMAPPED`` (W), the system and
        the code. A character that the declared repertoire of ``receiver`` holds is national, not
        local, and stays.
        """
        characters, quality = [], []
        for character in iter_characters(text):
            local = private_use_characters(character)
            if not local or (receiver is not None and character in receiver):
                characters.append(character)
                continue
            code = f"{ord(local[0]):04X}"
            known = self.find(system, code)
            characters.append(known or GETA)
            if known is None:
                params: dict[str, str | int] = {"system": system, "code": code}
                quality.append(Quality("GAIJI_UNMAPPED", Severity.WARNING, params))
        return GaijiText("".join(characters), tuple(quality))
