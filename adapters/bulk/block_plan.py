"""The block plan: blocks through the kernel, and what it does not prove through the row plan.

What the kernel reports of a record is either one item, which the row plan's own conversion then
makes from the same bytes, or the record as a whole. The outcome is put where the kernel left room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from adapters.bulk.inputs import CsvInput, FixedInput, InputField
from adapters.bulk.kernel import convert_block, find_rows, split_row
from adapters.bulk.opcodes import Role
from adapters.bulk.operations import Operation
from adapters.bulk.program import Program
from adapters.bulk.row_path import Part, RowPath
from adapters.bulk.standard_file import Counts, cell, findings_of
from adapters.bulk.tables import WORTH_A_COPY
from adapters.files.fixed import FieldFinding
from adapters.files.records import FileRecord
from adapters.mapping.conversions import Row
from standard_models.answers import Answer, Severity

Bytes = NDArray[np.uint8]
_WHOLE: Final = 1
MOST_KEPT: Final = 20_000
"""Contents with something to say about them whose outcome is kept: the same ones come often."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records: their bytes, and the number of the first (of a CSV file: its line)."""

    data: Bytes
    first: int


@dataclass(slots=True)
class _Mended:
    """One record that was mended: the cells that were missing, and what was seen."""

    cells: list[tuple[int, bytes]] = field(default_factory=list)
    fields: list[FieldFinding] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one item becomes: its cell, its letter, and the line of findings behind the number."""

    content: bytes
    state: int
    findings: bytes


class BlockPlan:
    """Converts blocks. Safe to use from several threads; each needs a buffer of its own."""

    def __init__(self, program: Program, source: FixedInput | CsvInput, rows: RowPath) -> None:
        self._program = program
        self._source = source
        self._rows = rows
        self._column: dict[int, int] = {}
        for number, op in enumerate(program.operations):
            if op.role is Role.ITEM:
                self._column[number] = len(self._column)
        self._dependent: dict[int, list[int]] = {}
        for number, op in enumerate(program.operations):
            for one in op.fields:
                self._dependent.setdefault(one.number, []).append(number)
        self._missed = WORTH_A_COPY
        self._kept: dict[tuple[int, bytes], _Kept] = {}
        self._buffers: SimpleQueue[Bytes] = SimpleQueue()

    def convert(self, block: Block) -> tuple[Part, Bytes]:
        """Return what a block becomes, and the buffer that its lines lie in: see ``release``."""
        program, data = self._program, block.data
        snapshot = program.tables.snapshot(self._missed)
        self._missed = 0
        rows, n = self._records(block)
        out = self._buffer(program.room(n, len(data)))
        starts, states = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
        whole = np.zeros(n + 1, np.uint8)
        each = len(program.operations) + len(self._source.all_fields)
        problems = np.zeros((40 * each + 4 * n, 3), np.int64)
        delimiter, quote = self._source.marks
        shape = (
            n, self._source.length, block.first, program.n_conditions, program.n_dates,
            delimiter, quote,
        )  # fmt: skip
        _, found, left_out = convert_block(
            data, shape, rows, *program.arguments(snapshot), out, starts, states, whole, problems
        )
        self._missed = int(found)
        counts = Counts(read=n, left_out=int(left_out))
        part = Part([], [], counts)
        self._assemble(_Run(block, rows, out, starts, states, whole), problems[:found], part)
        written = n - counts.left_out - counts.quarantined - counts.converted
        counts.converted += written
        counts.lines += written
        self._cut(block, n, part)
        return part, out

    def _cut(self, block: Block, n: int, part: Part) -> None:
        """Tell of the bytes at the end of a file that are no whole record."""
        if not isinstance(self._source, FixedInput):
            return
        if raw := block.data[n * self._source.length :].tobytes():
            wrong = (FieldFinding("", 0, self._source.cut(raw)),)
            own = self._rows.convert([FileRecord(block.first + n, raw, None, wrong)])
            part.findings += own.findings
            part.counts.add(own.counts)

    def release(self, buffer: Bytes) -> None:
        """Give back a buffer whose lines are written."""
        self._buffers.put(buffer)

    def _buffer(self, size: int) -> Bytes:
        try:
            found = self._buffers.get_nowait()
        except Empty:
            return np.empty(size, np.uint8)
        return found if len(found) >= size else np.empty(size, np.uint8)

    def _records(self, block: Block) -> tuple[NDArray[np.int64], int]:
        if isinstance(self._source, FixedInput):
            return np.zeros((0, 3), np.int64), len(block.data) // self._source.length
        most = int(np.count_nonzero(block.data == ord("\n"))) + 1
        rows = np.zeros((most, 3), np.int64)
        return rows, int(find_rows(block.data, self._source.marks[1], block.first, rows))

    def _assemble(self, run: _Run, problems: NDArray[np.int64], part: Part) -> None:
        """Put the lines of the kernel and those of the row plan together, in their order."""
        found = {
            record: [(number, place) for _, number, place in group]
            for record, group in groupby(problems.tolist(), key=lambda row: row[0])
        }
        odd = sorted({*found, *np.flatnonzero(run.whole[:-1] == _WHOLE).tolist()})
        view = memoryview(run.out)  # type: ignore[arg-type] # numpy arrays are buffers
        done = 0
        for record in odd:
            problems_of = found.get(record, [])
            number, place = problems_of[0] if len(problems_of) == 1 else (-1, -1)
            key = self._key(run, record, number)
            kept = self._kept.get(key) if key is not None else None
            if kept is not None:
                part.lines += [view[done:place], kept.content]
                done = place
                run.out[run.states[record] + self._column[number]] = kept.state
                if kept.findings:
                    part.findings.append(_opening(run.number(record)) + kept.findings)
                    part.counts.findings += 1
                continue
            mended = self._mend(run, record, problems_of) if problems_of else None
            if mended is None or run.whole[record]:
                part.lines.append(view[done : run.starts[record]])
                self._convert_whole(run, record, part)
                done = int(run.starts[record + 1])
                continue
            for place, content in mended.cells:
                part.lines += [view[done:place], content]
                done = place
            record_number = run.number(record)
            about = findings_of(record_number, 1, mended.fields, mended.answers, mended.answers)
            if about:
                part.findings.append(about)
                part.counts.findings += 1
            if key is not None and len(self._kept) < MOST_KEPT:
                ((_, content),) = mended.cells
                state = int(run.out[run.states[record] + self._column[number]])
                self._kept[key] = _Kept(content, state, about[len(_opening(record_number)) :])
        part.lines.append(view[done : run.starts[-1]])

    def _key(self, run: _Run, record: int, number: int) -> tuple[int, bytes] | None:
        """Return what the outcome of one open item depends on, None where it may be more."""
        if number not in self._column or run.whole[record] or not self._source.length:
            return None
        at = record * self._source.length
        data = run.block.data
        contents = (
            data[at + one.offset : at + one.offset + one.length].tobytes()
            for one in self._program.operations[number].fields
        )
        return number, b"".join(contents)

    def _convert_whole(self, run: _Run, record: int, part: Part) -> None:
        raw = self._raw(run, record)
        reading = self._source.record(raw)
        found = FileRecord(run.number(record), raw, reading.record, reading.findings)
        own = self._rows.convert([found])
        own.counts.read = 0
        part.lines += own.lines
        part.findings += own.findings
        part.counts.add(own.counts)

    def _raw(self, run: _Run, record: int) -> bytes:
        if self._source.length:
            start = record * self._source.length
            return run.block.data[start : start + self._source.length].tobytes()
        start, end, _ = run.rows[record]
        return run.block.data[start:end].tobytes()

    def _mend(self, run: _Run, record: int, problems: list[tuple[int, int]]) -> _Mended | None:
        """Return the items that the kernel left open; None if the record is for the row plan.

        Whatever the row plan makes of them without anything to say is learned for the next time.
        """
        contents = self._contents(run, record)
        if contents is None:
            return None
        mended = _Mended()
        bad = [-1 - number for number, _ in problems if number < 0]
        open_items = {number: place for number, place in problems if number >= 0}
        if bad and any(
            number not in open_items for one in bad for number in self._dependent.get(one, [])
        ):
            return None
        for one in bad:
            contents.finding(self._source.all_fields[one])
        for number, place in open_items.items():
            self._mend_one(number, place, contents, run, record, mended)
        seen = [*contents.findings.items()]
        mended.fields = [found for _, fields in sorted(seen) for found in fields]
        if any(found.quality.severity is Severity.REJECT for found in mended.fields):
            return None
        return mended

    def _mend_one(
        self,
        number: int,
        place: int,
        contents: _Contents,
        run: _Run,
        record: int,
        mended: _Mended,
    ) -> None:
        op = self._program.operations[number]
        row = contents.row(op)
        raws = contents.raws(op)
        clean = not any(contents.finding(one) for one in op.fields)
        if op.role is Role.CHECK:
            if clean and op.main is not None:
                self._program.learn_readable(number, raws, row[op.main.path])
        elif op.holds is not None:
            if clean:
                self._program.learn_condition(number, raws, holds=op.holds(row))
        else:
            texts = tuple(row[one.path] for one in op.fields)
            answer = op.convert(row)
            if clean:
                self._program.learn(number, raws, texts, answer)
            if op.role is Role.ITEM and not run.whole[record]:
                written = cell(answer)
                mended.cells.append((place, written.content))
                mended.answers[op.name] = answer
                run.out[run.states[record] + self._column[number]] = ord(written.state)

    def _contents(self, run: _Run, record: int) -> _Contents | None:
        raw = self._raw(run, record)
        if isinstance(self._source, FixedInput):
            return _FixedContents(self._source, raw)
        reading = self._source.record(raw)
        if reading.record is None:
            return None
        cells = _cells(raw, self._source)
        return None if cells is None else _CsvContents(reading.record, cells)


def _opening(record: int) -> bytes:
    """Return how every line of findings about a record begins."""
    return b'{"record":%d' % record


@dataclass(frozen=True, slots=True)
class _Run:
    """One pass of the kernel over a block."""

    block: Block
    rows: NDArray[np.int64]
    out: Bytes
    starts: NDArray[np.int64]
    states: NDArray[np.int64]
    whole: Bytes

    def number(self, record: int) -> int:
        """Return the number of a record in its file."""
        return int(self.rows[record, 2]) if len(self.rows) else self.block.first + record


class _Contents:
    """The contents of one record, read when they are asked for."""

    def __init__(self) -> None:
        self.findings: dict[int, list[FieldFinding]] = {}
        self._read: dict[int, Any] = {}

    def row(self, op: Operation) -> Row:
        """Return the record as the conversion of an operation needs it."""
        return {one.path: self.content(one) for one in op.fields}

    def raws(self, op: Operation) -> tuple[bytes, ...]:
        """Return the bytes of an operation's fields."""
        return tuple(self.raw(one) for one in op.fields)

    def finding(self, found: InputField) -> bool:
        """Tell whether something was seen in a field."""
        self.content(found)
        return found.number in self.findings

    def content(self, found: InputField) -> Any:
        """Return the content of a field."""
        if found.number not in self._read:
            self._read[found.number] = self._content(found)
        return self._read[found.number]

    def raw(self, found: InputField) -> bytes:
        """Return the bytes of a field."""
        raise NotImplementedError

    def _content(self, found: InputField) -> Any:
        raise NotImplementedError


class _FixedContents(_Contents):
    def __init__(self, source: FixedInput, record: bytes) -> None:
        super().__init__()
        self._source = source
        self._record = record

    def raw(self, found: InputField) -> bytes:
        """Return the bytes of a field."""
        return self._record[found.offset : found.offset + found.length]

    def _content(self, found: InputField) -> Any:
        content, quality = self._source.content(found, self.raw(found))
        if quality:
            self.findings[found.number] = [
                FieldFinding(found.path, found.offset, one) for one in quality
            ]
        return content


class _CsvContents(_Contents):
    def __init__(self, record: Row, cells: list[bytes]) -> None:
        super().__init__()
        self._record = record
        self._cells = cells

    def raw(self, found: InputField) -> bytes:
        """Return the bytes of a cell without its quotes."""
        return self._cells[found.number]

    def _content(self, found: InputField) -> Any:
        return self._record[found.path]


def _cells(raw: bytes, source: CsvInput) -> list[bytes] | None:
    """Return the cells of a row as the kernel finds them; None where it does not."""
    starts, ends = (np.zeros(len(source.all_fields), np.int64) for _ in range(2))
    delimiter, quote = source.marks
    data = np.frombuffer(raw, np.uint8)
    if not split_row(data, 0, len(raw), delimiter, quote, source.text.lengths, starts, ends):
        return None
    return [raw[start:end] for start, end in zip(starts, ends, strict=True)]
