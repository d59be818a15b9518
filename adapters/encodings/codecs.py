"""The encodings as Python codecs: ``b"...".decode("hitotsu-jef")`` after ``register()``.

Strict only: an undefined code, a cut character or a shift that does not come back is an error with
its place, never a replacement mark. Shapes are kept by variation selectors (Hanyo-Denshi). A code
page takes the writing of symbols behind its name: ``hitotsu-cp932-jis``, ``hitotsu-cp932-either``.
"""

from __future__ import annotations

import codecs
from typing import Final

from adapters.encodings.host import HostEncoding, host_encoding, host_encodings
from adapters.encodings.named import FieldEncoding
from adapters.encodings.pages import (
    CodePage,
    PagePolicy,
    Symbols,
    code_page,
    code_pages,
    tells_symbols_apart,
)

PREFIX: Final = "hitotsu_"


def register() -> None:
    """Let Python find the codecs by name. Harmless when called twice."""
    codecs.unregister(_find)
    codecs.register(_find)


def _find(name: str) -> codecs.CodecInfo | None:
    own = name.lower().replace("-", "_")
    encoding = _encoding(own.removeprefix(PREFIX)) if own.startswith(PREFIX) else None
    if encoding is None:
        return None

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        _require_strict(errors)
        return encoding.encode_field(text), len(text)

    def decode(raw: bytes, errors: str = "strict") -> tuple[str, int]:
        _require_strict(errors)
        return _decode(encoding, bytes(raw)), len(raw)

    def in_pieces(errors: str = "strict") -> codecs.IncrementalDecoder:
        if isinstance(encoding, HostEncoding):
            return IncrementalDecoder(encoding, errors)
        return IncrementalPageDecoder(encoding, errors)

    return codecs.CodecInfo(encode, decode, name=own, incrementaldecoder=in_pieces)  # type: ignore[arg-type]


def _encoding(own: str) -> HostEncoding | CodePage | None:
    hosts = {known.replace("-", "_"): known for known in host_encodings()}
    if own in hosts:
        return host_encoding(hosts[own])
    for page in code_pages():
        plain = page.replace("-", "_")
        if own == plain:
            return code_page(page)
        symbols = own.removeprefix(f"{plain}_")
        if own != symbols and symbols in [*Symbols] and not tells_symbols_apart(page):
            return code_page(page, PagePolicy(Symbols(symbols)))
    return None


def _require_strict(errors: str) -> None:
    if errors != "strict":
        raise ValueError("the encodings are strict: nothing is put in the place of a character")


def _decode(encoding: FieldEncoding, raw: bytes) -> str:
    found = encoding.decode_field(raw)
    for quality in found.quality:
        if found.text is None:
            place = min(int(quality.params["byte"]), max(len(raw) - 1, 0))
            raise UnicodeDecodeError(encoding.name, raw, place, place + 1, quality.code)
    return found.text or ""


class IncrementalDecoder(codecs.IncrementalDecoder):
    """Decodes piece by piece: what a chunk cuts waits for the next one."""

    def __init__(self, encoding: HostEncoding, errors: str = "strict") -> None:
        _require_strict(errors)
        super().__init__(errors)
        self._encoding = encoding
        self.reset()

    def reset(self) -> None:
        """Begin anew, in single bytes."""
        self._waiting = b""
        self._double = False

    def decode(self, raw: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: FBT001, FBT002
        """Return the text that is complete.

        Raises:
            UnicodeDecodeError: a code is undefined, or, at the end, a character or shift is cut.
        """
        whole = self._waiting + bytes(raw)
        end = len(whole) if final else self._complete(whole)
        texts = []
        for piece in self._encoding.pieces(whole[:end], double=self._double):
            if piece.code in {*self._encoding.to_double, *self._encoding.to_single}:
                self._double = piece.code in self._encoding.to_double
                continue
            if piece.broken:
                raise self._error(whole, piece.place, piece.broken)
            texts.append(piece.text)
        self._waiting = whole[end:]
        if final and self._double:
            raise self._error(whole, max(len(whole) - 1, 0), "SHIFT_UNBALANCED")
        return "".join(texts)

    def _error(self, raw: bytes, place: int, rule: str) -> UnicodeDecodeError:
        return UnicodeDecodeError(self._encoding.name, raw or b" ", place, place + 1, rule)

    def _complete(self, whole: bytes) -> int:
        """Return up to where ``whole`` holds whole characters and shifts."""
        longest = max(map(len, (*self._encoding.to_double, *self._encoding.to_single)))
        end = 0
        for piece in self._encoding.pieces(whole, double=self._double):
            length = max(len(piece.code), 1)
            if piece.broken == "CHARACTER_CUT" or piece.place + length > len(whole):
                break
            rest = whole[piece.place :]
            cut = len(rest) < longest and any(
                shift.startswith(rest) and len(shift) > len(rest)
                for shift in (*self._encoding.to_double, *self._encoding.to_single)
            )
            if cut:
                break
            end = piece.place + length
        return end


class IncrementalPageDecoder(codecs.IncrementalDecoder):
    """Decodes a code page piece by piece: a character that a chunk cuts waits for the next one."""

    def __init__(self, page: CodePage, errors: str = "strict") -> None:
        _require_strict(errors)
        super().__init__(errors)
        self._page = page
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._waiting = b""

    def decode(self, raw: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: FBT001, FBT002
        """Return the text that is complete.

        Raises:
            UnicodeDecodeError: a code is undefined, or, at the end, a character is cut.
        """
        whole = self._waiting + bytes(raw)
        end = len(whole)
        if not final:
            cut = (p.place for p in self._page.pieces(whole) if p.broken == "CHARACTER_CUT")
            end = next(cut, end)
        text = _decode(self._page, whole[:end])
        self._waiting = whole[end:]
        return text
