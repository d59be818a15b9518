"""Records that belong together become one answer, as a source would give it for one person.

An answer has, by type, the list of its records; the head as a record of its own; and the header of
the file. An answer of which a record is damaged, missing or double goes to quarantine whole: it
would look like a person with fewer records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.files.control_totals import ControlTotals
from adapters.files.fixed import FieldFinding, Record
from adapters.files.layout import Layout
from adapters.files.typed_records import Piece, unreadable_record
from adapters.mapping.conversions import plain_text
from adapters.mapping.record_types import RecordJoin, RecordTypes
from adapters.mapping.rows import read_path
from standard_models.answers import Quality, Severity

LONGEST: Final = 10_000
"""Records that one answer can have: a file of which every key is the same is no file of people."""
_PART: Final = 1_000
"""Records of an answer in quarantine that are told at once: memory stays bounded."""
_MISSING_HEADER: Final = Quality("HEADER_MISSING", Severity.REJECT, {})


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pieces of a file that belong together.

    ``answer`` is what a mapping reads; None where they go to quarantine, and for ``control``
    records (header, trailer, and what is wrong with the file as a whole).
    """

    pieces: tuple[Piece, ...]
    answer: Record | None
    findings: tuple[FieldFinding, ...] = ()
    control: bool = False


@dataclass
class _Open:
    """An answer that further records may belong to.

    ``key`` is None as long as only a damaged head is known of it; ``wrong`` is why it cannot be
    used.
    """

    key: str | None
    pieces: list[Piece] = field(default_factory=list)
    wrong: dict[str, FieldFinding] = field(default_factory=dict)
    count: int = 0

    def take(self, piece: Piece) -> None:
        """Add a record; an answer of more than ``LONGEST`` cannot be used."""
        self.pieces.append(piece)
        self.count += 1
        if self.count > LONGEST:
            self.spoil(piece, "ANSWER_TOO_LONG")

    def spoil(self, piece: Piece, code: str) -> None:
        """Note why the answer cannot be used, by the first record that shows it."""
        self.wrong.setdefault(code, _found(piece, code))


class Gatherer:
    """Gathers the pieces of one file, in bounded memory: one answer at a time."""

    def __init__(self, types: RecordTypes, layouts: Mapping[str, Layout]) -> None:
        self._types = types
        self._layouts = layouts
        self._totals = ControlTotals(types)
        self._header: Record | None = None
        self._open: _Open | None = None
        self._last_key: str | None = None
        self._next_is_unsure = False
        self._is_closed = False

    def gather(self, pieces: Iterable[Piece]) -> Iterator[Gathered]:
        """Yield answers and control records; every piece stands in exactly one of them.

        Findings of the file: ``HEADER_MISSING``, ``TRAILER_MISSING``, ``CONTROL_TOTAL_WRONG``,
        ``RECORD_BEHIND_TRAILER``. Of answers: ``HEAD_RECORD_MISSING``, ``RECORD_REPEATED``,
        ``RECORD_KEY_MISSING``, ``RECORD_OUT_OF_ORDER``, ``ANSWER_INCOMPLETE``,
        ``ANSWER_TOO_LONG``. All R. A long answer in quarantine comes in parts.
        """
        header = self._types.header
        for place, piece in enumerate(pieces):
            if place == 0 and header is not None and piece.type != header:
                yield self._without_header(header)
            yield from self._one(piece)
        yield from self._flush()
        if self._types.trailer is not None and not self._is_closed:
            missing = Quality("TRAILER_MISSING", Severity.REJECT, {})
            yield Gathered((), None, (FieldFinding("", 0, missing),), control=True)

    def _one(self, piece: Piece) -> Iterator[Gathered]:
        trailer = self._types.trailer
        if self._is_closed:
            behind = _found(piece, "RECORD_BEHIND_TRAILER")
            yield Gathered((piece,), None, (*piece.findings, behind))
            return
        self._totals.see(piece)
        if piece.type == self._types.header:
            yield from self._flush()
            yield self._take_header(piece)
        elif trailer is not None and piece.type == trailer.type:
            yield from self._flush()
            yield self._take_trailer(piece)
        elif self._types.join is None:
            answer = None if piece.is_damaged else self._answer([piece])
            yield Gathered((piece,), answer, piece.findings)
        else:
            yield from self._joined(piece, self._types.join)

    def _take_header(self, piece: Piece) -> Gathered:
        layout = self._layouts[piece.type]
        self._header = piece.record or unreadable_record(layout, _MISSING_HEADER)
        return Gathered((piece,), None, piece.findings, control=True)

    def _without_header(self, name: str) -> Gathered:
        self._header = unreadable_record(self._layouts[name], _MISSING_HEADER)
        return Gathered((), None, (FieldFinding(name, 0, _MISSING_HEADER),), control=True)

    def _take_trailer(self, piece: Piece) -> Gathered:
        self._is_closed = True
        told = self._totals.findings(piece.record) if piece.record is not None else ()
        return Gathered((piece,), None, (*piece.findings, *told), control=True)

    def _joined(self, piece: Piece, join: RecordJoin) -> Iterator[Gathered]:
        key = _key_of(piece, join)
        if key is None:
            yield from self._unclear(piece, join)
            return
        is_head = piece.type == join.head
        if self._open is None or not self._belongs(self._open, key, is_head=is_head):
            yield from self._flush()
            self._open = self._begin(piece, key, join)
        elif is_head:
            self._open.spoil(piece, "RECORD_REPEATED")
        self._next_is_unsure = False
        self._open.key = self._last_key = key
        self._open.take(piece)
        yield from self._part()

    def _belongs(self, waiting: _Open, key: str, *, is_head: bool) -> bool:
        """Tell whether a record goes on with an answer; a damaged head waits for its details."""
        return not is_head if waiting.key is None else waiting.key == key

    def _begin(self, piece: Piece, key: str, join: RecordJoin) -> _Open:
        begun = _Open(key)
        if join.head is not None and piece.type != join.head:
            begun.spoil(piece, "HEAD_RECORD_MISSING")
        if join.ascending and _descends(self._last_key, key):
            begun.spoil(piece, "RECORD_OUT_OF_ORDER")
        if self._next_is_unsure:
            begun.spoil(piece, "ANSWER_INCOMPLETE")
        return begun

    def _unclear(self, piece: Piece, join: RecordJoin) -> Iterator[Gathered]:
        """Take a record that says not whose it is: it may belong to the answer before or behind.

        A damaged head begins an answer of its own. Without heads the next answer, too, may lack
        this record.
        """
        if join.head is not None and piece.type == join.head:
            yield from self._flush()
        self._next_is_unsure = join.head is None
        if self._open is None:
            self._open = _Open(None)
        self._open.take(piece)
        if not piece.is_damaged:
            self._open.spoil(piece, "RECORD_KEY_MISSING")
        self._open.spoil(piece, "ANSWER_INCOMPLETE")
        yield from self._part()

    def _part(self) -> Iterator[Gathered]:
        """Yield what an answer that cannot be used has so far, if that is much."""
        if self._open is not None and self._open.wrong and len(self._open.pieces) >= _PART:
            yield _quarantine(self._open)
            self._open.pieces = []

    def _flush(self) -> Iterator[Gathered]:
        """Yield the open answer, or what is wrong with it."""
        done, self._open = self._open, None
        if done is None or not done.pieces:
            return
        if done.wrong:
            yield _quarantine(done)
            return
        seen = tuple(f for piece in done.pieces for f in piece.findings)
        yield Gathered(tuple(done.pieces), self._answer(done.pieces), seen)

    def _answer(self, pieces: list[Piece]) -> Record:
        head = self._types.head
        answer: Record = {name: [] for name in self._types.data}
        for piece in pieces:
            if piece.type == head:
                answer[piece.type] = piece.record
            else:
                answer[piece.type].append(piece.record)
        if self._types.header is not None:
            answer[self._types.header] = self._header
        return answer


def _quarantine(done: _Open) -> Gathered:
    """Return the records of an answer that cannot be used; the causes stand first."""
    seen = [f for piece in done.pieces for f in piece.findings]
    causes = [f for f in seen if f.quality.severity is Severity.REJECT]
    others = [f for f in seen if f.quality.severity is not Severity.REJECT]
    return Gathered(tuple(done.pieces), None, (*causes, *done.wrong.values(), *others))


def _found(piece: Piece, code: str) -> FieldFinding:
    quality = Quality(code, Severity.REJECT, {"record": piece.number})
    return FieldFinding(piece.type, 0, quality)


def _key_of(piece: Piece, join: RecordJoin) -> str | None:
    """Return the key of a record, None where it is damaged, blank, or its type unknown."""
    path = join.key.get(piece.type)
    if path is None or piece.record is None:
        return None
    return plain_text(read_path(piece.record, path)) or None


def _descends(last: str | None, key: str) -> bool:
    """Tell whether a key of figures is below the last one; other keys have the host's own order."""
    if last is None or not (last.isdecimal() and key.isdecimal()):
        return False
    return int(key) < int(last)
