"""Code page 932 as Windows writes it."""

from __future__ import annotations

from examples.town.model.characters import GAIJI

_IBM_LEADS = range(0xFA, 0xFD)


def _ibm_extensions() -> dict[str, bytes]:
    """Return the characters that Python writes in the NEC-selected area and Windows does not."""
    table: dict[str, bytes] = {}
    for lead in _IBM_LEADS:
        for trail in range(0x40, 0xFD):
            code = bytes((lead, trail))
            try:
                character = code.decode("cp932")
            except UnicodeDecodeError:
                continue
            if character.encode("cp932")[0] in {0xED, 0xEE}:
                table[character] = code
    return table


_OVERRIDES = _ibm_extensions()
_BY_REAL = {real: code for code, (real, _) in GAIJI.items() if len(real) == 1}
_GETA = "〓".encode("cp932")
_SELECTORS = range(0xE0100, 0xE01F0)


def encode(text: str) -> bytes:
    """Return the text in code page 932.

    Private-use characters go to the user-defined area from F040 on. What the page lacks is
    written as the town's own character where there is one, else as 〓; selectors are dropped.
    """
    try:
        if text.isascii():
            return text.encode("ascii")
        raw = text.encode("cp932")
    except UnicodeEncodeError:
        return b"".join(_one(character) for character in text)
    if not any(character in _OVERRIDES for character in text):
        return raw
    return b"".join(_one(character) for character in text)


def _one(character: str) -> bytes:
    if character in _OVERRIDES:
        return _OVERRIDES[character]
    if ord(character) in _SELECTORS:
        return b""
    try:
        return _BY_REAL.get(character, character).encode("cp932")
    except UnicodeEncodeError:
        return _GETA
