"""What a code page leaves to a profile of a file."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from adapters.encodings.pages import (
    LocalCharacters,
    PagePolicy,
    Symbols,
    code_pages,
    tells_symbols_apart,
)
from adapters.mapping.sections import Section

_ONE_CODE_FOR_TWO_SYMBOLS = tuple(page for page in code_pages() if not tells_symbols_apart(page))

CsvEncoding = Literal[
    "utf-8",
    "cp932",
    "ibm-943",
    "shift-jis",
    "shift-jis-2004",
    "eucjp-ms",
    "euc-jp",
    "euc-jis-2004",
]


class PageChoices(Section):
    """The encoding of a file, and what it leaves open.

    ``symbols`` chooses between ～〜, －−, ∥‖ and the like where a page has one code for both.
    ``local_characters`` says what the range of a town's own characters becomes.
    """

    encoding: str
    symbols: Literal["own", "windows", "jis"] = "own"
    local_characters: Literal["private-use", "refuse"] = "private-use"

    @model_validator(mode="after")
    def _page_has_the_choice(self) -> Self:
        if self.symbols != "own" and self.encoding not in _ONE_CODE_FOR_TWO_SYMBOLS:
            msg = f"symbols is for {', '.join(_ONE_CODE_FOR_TWO_SYMBOLS)}"
            raise ValueError(msg)
        if self.local_characters != "private-use" and self.encoding not in code_pages():
            msg = f"local_characters is for {', '.join(code_pages())}"
            raise ValueError(msg)
        return self

    @property
    def policy(self) -> PagePolicy:
        """Return the choices as the encodings know them."""
        return PagePolicy(Symbols(self.symbols), LocalCharacters(self.local_characters))
