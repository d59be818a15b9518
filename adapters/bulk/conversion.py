"""A file of a source into a file of the standard, in order, in bounded memory, on all cores.

Block by block where that is proven, else row by row.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from adapters.bulk.inputs import CsvInput, FixedInput, NotInBlocksError
from adapters.bulk.row_path import ConversionError, Part, RowPath
from adapters.bulk.standard_file import Counts, header
from adapters.files.csv_files import BOM, MAX_ROW_BYTES, CsvProfile, CsvShapeError, read_head
from adapters.files.records import open_records
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import NO_STEPS, OwnSteps
from adapters.mapping.row_plan import RowPlans
from standard_models.dictionary import Group

try:
    from adapters.bulk.block_plan import Block, BlockPlan
    from adapters.bulk.kernel import end_of_rows
    from adapters.bulk.operations import compile_operations
    from adapters.bulk.program import Program

    HAS_KERNEL: Final = True
except ImportError:
    HAS_KERNEL = False  # type: ignore[misc]

BLOCK_BYTES: Final = 1_000_000
"""Bytes of a block: small enough to stay in the caches, large enough not to count."""
FIRST_BLOCKS: Final = (1_000, 4_000, 16_000, 64_000, 256_000)
"""Bytes of the first blocks, from which most is learned."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a conversion did. ``by_rows`` says why it went row by row, empty where it did not."""

    counts: Counts
    by_rows: str = ""


@dataclass(frozen=True)
class Conversion:
    """How files of one read become records of one group.

    ``threads`` 0 means as many as there are cores. With ``by_rows`` the block plan is not used.
    """

    document: MappingDocument
    folder: os.PathLike[str]
    group: Group
    own: OwnSteps = field(default_factory=lambda: NO_STEPS)
    threads: int = 0
    by_rows: bool = False

    def run(
        self,
        source: BinaryIO,
        target: BinaryIO,
        findings: BinaryIO,
        progress: Progress | None = None,
    ) -> Outcome:
        """Convert the records of ``source``; ``progress`` is told the bytes that were read.

        Raises:
            ConversionError: the group is not made of a read of files, or a header or trailer says
                that the file is not whole; what was written by then is to be thrown away.
            FileShapeError: the declaration of the file cannot be used.
            CsvShapeError: the file as a whole is not of the declared shape.
            ShapeError: the mapping names a field that the records do not have.
        """
        job = _Job(self, source, target, findings, progress or (lambda _: None))
        return job.run()


class _Job:
    """One run."""

    def __init__(
        self,
        conversion: Conversion,
        source: BinaryIO,
        target: BinaryIO,
        findings: BinaryIO,
        progress: Progress,
    ) -> None:
        self._conversion = conversion
        self._source, self._target, self._findings = source, target, findings
        self._progress = progress
        group = conversion.group
        rule = conversion.document.groups.get(group.ref)
        if rule is None:
            raise ConversionError(f"the mapping does not make {group.ref}")
        read = conversion.document.reads[rule.read].file
        if read is None:
            raise ConversionError(f"{group.ref} is made of {rule.read}, which reads no file")
        self._rule, self._read = rule, read
        plans = RowPlans(conversion.document, {group.ref: group}, conversion.own)
        self._plan = plans.plan(group.ref)
        self._items = tuple(item.field_name for item in group.items)
        self._rows = RowPath(self._plan, rule.subject, self._items)
        self._counts = Counts()

    def run(self) -> Outcome:
        """Convert everything."""
        self._target.write(header(self._items))
        try:
            self._run_blocks()
        except NotInBlocksError as reason:
            self._run_rows()
            return Outcome(self._counts, str(reason))
        return Outcome(self._counts)

    def _folder(self) -> Path:
        return Path(self._conversion.folder)

    def _run_rows(self) -> None:
        file = _Counted(self._source, self._progress)
        records = open_records(self._read, self._folder(), file)  # type: ignore[arg-type]
        for part in self._rows.batches(records):
            self._write(part)

    def _run_blocks(self) -> None:
        if self._conversion.by_rows:
            raise NotInBlocksError("it was asked for")
        if not HAS_KERNEL:
            raise NotInBlocksError("the package numba is not installed (pip install hitotsu[bulk])")
        if self._read.fixed is not None:
            fixed = FixedInput(self._read.fixed, self._folder())
            plan = self._compile(fixed)
            blocks = _fixed_blocks(self._source, fixed.length)
        elif self._read.csv is not None:
            shape = self._read.csv
            profile = CsvProfile(
                shape.columns, shape.encoding, shape.delimiter, shape.quote, shape.header,
                shape.policy,
            )  # fmt: skip
            self._compile(CsvInput(shape, list(shape.columns.values())))
            names, line = read_head(self._source, profile)
            rows = CsvInput(shape, names)
            plan = self._compile(rows)
            blocks = _csv_blocks(self._source, rows.marks[1], line)
        else:
            raise NotInBlocksError("the read declares no shape")
        self._convert(plan, blocks)

    def _compile(self, source: FixedInput | CsvInput) -> BlockPlan:
        conversion, rule = self._conversion, self._rule
        operations = compile_operations(
            conversion.document, rule, conversion.group, source, self._plan.conversions,
            conversion.own,
        )  # fmt: skip
        invariants = tuple(rule.invariants.values())
        program = Program(source, operations, invariants, source.zones)
        return BlockPlan(program, source, self._rows)

    def _convert(self, plan: BlockPlan, blocks: Iterator[Block]) -> None:
        threads = self._conversion.threads or len(os.sched_getaffinity(0))
        pending: deque[Future[tuple[Part, object]]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            for number, block in enumerate(blocks):
                if number < len(FIRST_BLOCKS) or threads == 1:
                    part, buffer = plan.convert(block)
                    self._write(part)
                    plan.release(buffer)
                    self._progress(len(block.data))
                    continue
                pending.append(pool.submit(plan.convert, block))
                if len(pending) > threads:
                    self._finish(plan, pending.popleft())
                self._progress(len(block.data))
            while pending:
                self._finish(plan, pending.popleft())

    def _finish(self, plan: BlockPlan, done: Future[tuple[Part, object]]) -> None:
        part, buffer = done.result()
        self._write(part)
        plan.release(buffer)  # type: ignore[arg-type]

    def _write(self, part: Part) -> None:
        self._target.writelines(part.lines)
        self._findings.writelines(part.findings)
        self._counts.add(part.counts)


def _sizes() -> Iterator[int]:
    yield from FIRST_BLOCKS
    while True:
        yield BLOCK_BYTES


def _fixed_blocks(file: BinaryIO, length: int) -> Iterator[Block]:
    """Yield blocks of whole records; the last may end within one."""
    first = 1
    for size in _sizes():
        wanted = max(1, size // length) * length
        raw = _read(file, wanted)
        if raw:
            yield Block(np.frombuffer(raw, np.uint8), first)
        if len(raw) < wanted:
            return
        first += wanted // length


def _csv_blocks(file: BinaryIO, quote: int, first: int) -> Iterator[Block]:
    """Yield blocks of whole rows.

    Raises:
        CsvShapeError: a row is too long.
    """
    rest = b""
    at_start = first == 1
    for size in _sizes():
        raw = _read(file, size)
        data = rest + raw
        if at_start:
            data, at_start = data.removeprefix(BOM), False
        end = len(data) if len(raw) < size else _end_of_rows(data, quote)
        if end:
            yield Block(np.frombuffer(data, np.uint8, end), first)
        first += data.count(b"\n", 0, end)
        rest = data[end:]
        if len(rest) > MAX_ROW_BYTES:
            raise CsvShapeError(f"line {first}: the row is longer than {MAX_ROW_BYTES} bytes")
        if len(raw) < size:
            return


def _end_of_rows(data: bytes, quote: int) -> int:
    if quote < 0 or quote not in data:
        return data.rfind(b"\n") + 1
    return int(end_of_rows(np.frombuffer(data, np.uint8), quote))


def _read(file: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes, fewer only at the end of the file."""
    raw = file.read(size)
    while raw and len(raw) < size and (more := file.read(size - len(raw))):
        raw += more
    return raw


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file, self._progress = file, progress

    def read(self, size: int = -1) -> bytes:
        """Read as the file does."""
        raw = self._file.read(size)
        self._progress(len(raw))
        return raw

    def __iter__(self) -> Iterator[bytes]:
        for line in self._file:
            self._progress(len(line))
            yield line
