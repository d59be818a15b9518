"""Every encoding that a profile can name: host encodings and code pages."""

from __future__ import annotations

from typing import Protocol

from adapters.encodings.host import Decoded, host_encoding, host_encodings
from adapters.encodings.pages import PLAIN, PagePolicy, code_page, code_pages
from adapters.encodings.tables import Selectors


class FieldEncoding(Protocol):
    """Reads and writes one field; strict."""

    @property
    def name(self) -> str:
        """Return the name by which profiles know it."""
        ...

    def decode_field(self, raw: bytes, *, double: bool = False) -> Decoded:
        """Return the text of a field and what was seen; ``double``: it holds double bytes alone."""
        ...

    def encode_field(self, text: str, *, double: bool = False) -> bytes:
        """Return the bytes of a field.

        Raises:
            UnicodeEncodeError: a character has no code here.
        """
        ...


def encoding_names() -> tuple[str, ...]:
    """Return the names of all encodings."""
    return (*host_encodings(), *code_pages())


def encoding_named(
    name: str, selectors: Selectors = Selectors.HANYO_DENSHI, policy: PagePolicy = PLAIN
) -> FieldEncoding:
    """Return an encoding by its name; ``policy`` is for code pages, ``selectors`` for hosts.

    Raises:
        KeyError: there is none of this name.
        ValueError: the policy is none for this page.
    """
    if name in code_pages():
        return code_page(name, policy)
    return host_encoding(name, selectors)
