"""A compiled block plan: the operations of a group as matrices, and what is learned for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from adapters.bulk.inputs import Input, InputField, NotInBlocksError
from adapters.bulk.opcodes import (
    INVARIANT_LEAST,
    INVARIANT_MOST,
    INVARIANT_ORDER,
    INVARIANT_SUM,
    IS_BLANK,
    PAIRS,
    Code,
    Column,
    Fast,
    FieldColumn,
    Kind,
    Mode,
    Role,
)
from adapters.bulk.operations import FAILS, HOLDS, Compiled, Operation, Probe
from adapters.bulk.standard_file import VALUE, cell
from adapters.bulk.tables import Bytes, Character, Snapshot, Tables, character
from adapters.bulk.years import read_year
from adapters.mapping.invariants import items_of
from adapters.mapping.model import Invariant
from standard_models.answers import Absence, Answer
from standard_models.values.text import character_length

MOST_LEARNED: Final = {Code.LEARNED: 100_000}
MOST_LEARNED_BESIDE: Final = 4_096
"""Contents that are kept for an operation that has a faster way for most of them."""
MOST_LEARNED_IN_ALL: Final = 300_000
LONGEST_KEY: Final = 256
LONGEST_CELL: Final = 64
MOST_PER_BYTE: Final = 6
"""Bytes that one byte of a text can become."""
_ANCHORS: Final = ("亜", "A", "1", "ｱ")
_IS_NUMBER, _IS_DAY = 1, 2


class Program:
    """What one kernel runs, and how it learns. Safe to use from several threads."""

    def __init__(
        self, source: Input, compiled: Compiled, invariants: Sequence[Invariant], zones: Any
    ) -> None:
        """Write the matrices.

        Raises:
            NotInBlocksError: an invariant has bounds that are neither numbers nor days.
        """
        self.operations: Final = tuple(compiled.operations)
        self.source: Final = source
        self._dates = {op.slot: op for op in self.operations if op.code is Code.DATE}
        short = [
            n for n, op in enumerate(self.operations)
            if op.code is Code.LEARNED and op.role is Role.ITEM and op.condition < 0
            and len(op.fields) == 1 and 1 <= op.fields[0].length <= 2
        ]  # fmt: skip
        self._short = {n: row for row, n in enumerate(short)}
        self.tables: Final = Tables(max(1, len(compiled.texts)), len(compiled.years), self._short)
        self._anchors: dict[int, tuple[str, str] | None] = {}
        self._days: dict[tuple[int, int], Bytes] = {}
        self._learned = [0] * len(self.operations)
        self._null_at: list[tuple[int, int]] = []
        self._nulls = bytearray()
        self._keys: list[int] = []
        self._fields = np.array([self._field(f) for f in source.all_fields], np.int64)
        self._ops = np.array([self._op(n, op) for n, op in enumerate(self.operations)], np.int64)
        self._members: list[int] = []
        rules = [row for one in invariants for row in self._invariant(one)]
        text = source.text
        runs = np.zeros(max(1, len(compiled.texts)), np.uint8)
        for op in self.operations:
            if op.code is Code.TEXT and op.joins_runs:
                runs[op.table] = 1
        self.n_conditions: Final = len(compiled.conditions)
        self.n_dates: Final = len(compiled.dates)
        self._zones = zones
        self._text = text
        self._runs = runs
        self._blank = (text.ascii == ord(" ")).astype(np.uint8)
        self._rules = np.array(rules or np.zeros((0, 5)), np.int64).reshape(-1, 5)
        self._member_array = np.array(self._members or [0], np.int64)
        self._null_array = np.array(self._null_at or [(0, 0)], np.int64).reshape(-1, 2)
        self._null_bytes = np.frombuffer(bytes(self._nulls) or b"\0", np.uint8)
        self._key_array = np.array(self._keys or [0], np.int64)
        texts = [op.main.number for op in self.operations if op.code is Code.TEXT and op.main]
        self._uses = max(map(texts.count, texts), default=0)

    def arguments(self, s: Snapshot) -> tuple[Any, ...]:
        """Return what the kernel takes between the rows of a block and its outputs."""
        t = self._text
        texts = (
            int(t.mode), t.lengths, t.shift_1, t.shift_2, t.kana, t.kana_lead, s.characters,
            s.plain, self._runs,
        )  # fmt: skip
        contents = (s.slots, s.e_op, s.e_key, s.e_key_length, s.pool)
        return (
            self._fields, self._ops, self._key_array, self._null_array, self._null_bytes,
            self._zones, texts, t.ascii, self._blank, contents, s.e_cell, s.e_cell_length,
            s.e_state, s.short, s.year_row, s.days, s.western, self._rules, self._member_array,
        )  # fmt: skip

    def room(self, records: int, size: int) -> int:
        """Return the most bytes that records of ``size`` bytes together can become."""
        each = 96 + len(self.operations) * (LONGEST_CELL + 4)
        return records * each + self._uses * MOST_PER_BYTE * size + LONGEST_CELL

    def learn(
        self, number: int, contents: tuple[bytes, ...], texts: tuple[Any, ...], answer: Answer
    ) -> None:
        """Learn from what the row plan has made: ``contents`` became ``answer``.

        ``contents`` and ``texts`` are those of the operation's fields; nothing was seen in them.
        """
        op = self.operations[number]
        if op.code is Code.TEXT and op.main is not None:
            self._learn_text(op, contents[op.fields.index(op.main)])
        date = self._dates.get(op.slot) if op.code in {Code.DATE, Code.BESIDE_DATE} else None
        if date is not None and op.main in op.fields:
            text = texts[op.fields.index(op.main)]
            if self._learn_year(date, text):
                return
        clean = not answer.quality
        if clean and (op.code is not Code.TEXT or isinstance(answer, Absence)):
            self._learn_entry(number, contents, answer)

    def learn_condition(self, number: int, contents: tuple[bytes, ...], *, holds: bool) -> None:
        """Learn whether a condition holds for contents."""
        if self._may_learn(number, contents):
            self.tables.learn_entry(number, contents, b"", HOLDS if holds else FAILS)

    def learn_readable(self, number: int, contents: tuple[bytes, ...], text: Any) -> None:
        """Learn of a check that it has nothing to say about contents."""
        self._learn_text(self.operations[number], contents[0])
        if text is None and self._may_learn(number, contents):
            self.tables.learn_entry(number, contents, b"", ord(VALUE))

    def _learn_entry(self, number: int, contents: tuple[bytes, ...], answer: Answer) -> None:
        written = cell(answer)
        if len(written.content) <= LONGEST_CELL and self._may_learn(number, contents):
            self.tables.learn_entry(number, contents, written.content, ord(written.state))

    def _may_learn(self, number: int, contents: tuple[bytes, ...]) -> bool:
        most = MOST_LEARNED.get(self.operations[number].code, MOST_LEARNED_BESIDE)
        full = self._learned[number] >= most or sum(self._learned) >= MOST_LEARNED_IN_ALL
        if full or sum(map(len, contents)) > LONGEST_KEY:
            return False
        self._learned[number] += 1
        return True

    def _learn_text(self, op: Operation, raw: bytes) -> None:
        double = op.main is not None and op.main.kind is Kind.DOUBLE
        for row, written, state in self.source.codes(raw, double=double):
            if self.tables.is_new(op.table, row):
                found = self._character(op, row, written, double=state)
                if found is not None:
                    self.tables.learn_character(op.table, row, found)

    def _character(
        self, op: Operation, row: int, written: bytes, *, double: bool
    ) -> Character | None:
        text = self.source.decode(written, double=double and row >= PAIRS)
        anchor = self._anchor(op)
        if not text or anchor is None or op.probe is None:
            return None
        if row >= PAIRS and self._may_join(text):
            return None
        plain, becomes = anchor
        made = op.probe(plain + text + plain) or ""
        middle = made[len(becomes) : len(made) - len(becomes)]
        if made != becomes + middle + becomes:
            return None
        count = character_length(middle)
        stands_alone = bool(middle) and character_length(made) == count + 2
        fits = len(middle.encode()) <= MOST_PER_BYTE * len(written)
        if not stands_alone or not fits or any(mark in middle for mark in ',"\r\n'):
            return None
        return character(middle, count, IS_BLANK if text in {" ", "\u3000"} else 0)

    def _may_join(self, text: str) -> bool:
        """Tell whether a character of two bytes may join another where the kernel does not look."""
        known = self._text.mode is Mode.UTF_8 or self._text.kana_lead >= 0
        return not known and any("\uff66" <= one <= "\uff9f" for one in text)

    def _anchor(self, op: Operation) -> tuple[str, str] | None:
        """Return a character that stays one by itself, and what it becomes."""
        if op.table not in self._anchors:
            self._anchors[op.table] = op.probe and _anchor(op.probe)
        return self._anchors[op.table]

    def _learn_year(self, op: Operation, text: Any) -> bool:
        """Learn the year of a date from every day of it; tell whether the text is such a date."""
        width = op.most
        if not isinstance(text, str) or len(text) != width or not text.isascii():
            return False
        year = text[: width - 4]
        if not (text[1:] if width == 7 else text).isdecimal() or op.probe is None:
            return False
        key = ord(year[0]) * 100 + int(year[1:]) if width == 7 else int(year)
        if self.tables.is_new("year", op.table, key):
            western, days = read_year(op.probe, year)
            self.tables.learn_year(op.table, key, western, days)
            self._days[op.table, key] = days
        known = self._days.get((op.table, key))
        month, day = int(text[-4:-2]), int(text[-2:])
        return known is not None and month <= 12 and day <= 31 and known[month * 32 + day] == 1

    def _field(self, found: InputField) -> list[int]:
        row = [0] * len(FieldColumn)
        row[FieldColumn.OFFSET], row[FieldColumn.LENGTH] = found.offset, found.length
        row[FieldColumn.KIND], row[FieldColumn.DIGITS] = found.kind, found.digits
        row[FieldColumn.SIGNED], row[FieldColumn.SIGN_AT] = int(found.signed), found.sign_at
        row[FieldColumn.NULLS], row[FieldColumn.N_NULLS] = self._keep(found.nulls)
        ops = [op for op in self.operations if op.main is found]
        figures = len(ops) == 1 and ops[0].code is Code.FIGURES
        row[FieldColumn.READ] = int(not found.is_text and not figures)
        return row

    def _op(self, number: int, op: Operation) -> list[int]:
        row = [0] * len(Column)
        row[Column.CODE], row[Column.ROLE] = op.code, op.role
        row[Column.FIELD] = op.main.number if op.main is not None else 0
        row[Column.TABLE], row[Column.MOST] = op.table, op.most
        row[Column.CONDITION], row[Column.SLOT] = op.condition, op.slot
        row[Column.KEYS], row[Column.N_KEYS] = len(self._keys), len(op.fields)
        self._keys += [found.number for found in op.fields]
        row[Column.LEAST_NUMBER], row[Column.MOST_NUMBER] = op.least_number, op.most_number
        row[Column.UNIT] = op.unit
        row[Column.NULLS], row[Column.N_NULLS] = self._keep(op.nulls)
        row[Column.BLANK] = op.blank.number if op.blank is not None else -1
        row[Column.SHORT] = self._short.get(number, -1)
        row[Column.FAST] = self._fast(number, op)
        fixed = op.convert({}) if op.code is Code.CONSTANT else op.beside
        if fixed is not None and not fixed.quality:
            written = cell(fixed)
            entry = self.tables.learn_entry(number, (), written.content, ord(written.state))
            row[Column.TABLE] = entry if entry is not None else -1
        return row

    def _fast(self, number: int, op: Operation) -> Fast:
        if number in self._short:
            return Fast.SHORT
        always = op.role is Role.ITEM and op.condition < 0 and not op.nulls
        return Fast.FIGURES if always and op.code is Code.FIGURES else Fast.NO

    def _keep(self, nulls: Sequence[bytes]) -> tuple[int, int]:
        first = len(self._null_at)
        for null in nulls:
            self._null_at.append((len(self._nulls), len(null)))
            self._nulls += null
        return first, len(nulls)

    def _invariant(self, rule: Invariant) -> list[list[int]]:
        places = {op.name: n for n, op in enumerate(self.operations) if op.role is Role.ITEM}
        first, names = len(self._members), items_of(rule)
        self._members += [places[name] for name in names]
        if rule.sum is not None:
            return [[INVARIANT_SUM, first, len(names), 0, 0]]
        if rule.order is not None:
            return [[INVARIANT_ORDER, first, len(names), 0, 0]]
        if rule.bounds is None:
            return []
        bounds = ((INVARIANT_LEAST, rule.bounds.least), (INVARIANT_MOST, rule.bounds.most))
        return [[kind, first, 1, *_bound(bound)] for kind, bound in bounds if bound is not None]


def _anchor(probe: Probe) -> tuple[str, str] | None:
    for plain in _ANCHORS:
        made = probe(plain)
        if made is not None and len(made) == 1 and probe(plain * 2) == made * 2:
            return plain, made
    return None


def _bound(bound: str | int) -> tuple[int, int]:
    if isinstance(bound, int):
        return bound, _IS_NUMBER
    digits = bound.replace("-", "")
    if len(bound) == 10 and len(digits) == 8 and digits.isdecimal():
        return int(digits), _IS_DAY
    raise NotInBlocksError("an invariant has a bound that is neither a number nor a day")
