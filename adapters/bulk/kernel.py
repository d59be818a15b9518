"""The compiled kernel: one pass over a block of records, by tables alone.

It knows no rule of the field. Tables say what a byte, a character, a year or a short content
becomes; they were filled by the row plan. What no table has is reported, never guessed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from adapters.bulk.opcodes import (
    AT_COUNT,
    AT_MARKS,
    COUNTED_ONCE,
    INVARIANT_LEAST,
    INVARIANT_MOST,
    INVARIANT_ORDER,
    INVARIANT_SUM,
    IS_BLANK,
    JOINED,
    PAIRS,
    SHORT_LENGTH,
    SHORT_LETTER,
    Code,
    Column,
    Fast,
    FieldColumn,
    Kind,
    Mode,
    Role,
)

C_CONSTANT, C_TEXT, C_NUMBER = int(Code.CONSTANT), int(Code.TEXT), int(Code.NUMBER)
C_FIGURES = int(Code.FIGURES)
C_DIGITS, C_DATE, C_BESIDE = int(Code.DIGITS), int(Code.DATE), int(Code.BESIDE_DATE)
R_ITEM, R_CONDITION, R_WHERE = int(Role.ITEM), int(Role.CONDITION), int(Role.WHERE)
R_SUBJECT, R_CHECK = int(Role.SUBJECT), int(Role.CHECK)
O_CODE, O_ROLE, O_FIELD, O_TABLE = (
    int(Column.CODE), int(Column.ROLE), int(Column.FIELD), int(Column.TABLE),
)  # fmt: skip
O_MOST, O_CONDITION, O_KEYS, O_N_KEYS = (
    int(Column.MOST), int(Column.CONDITION), int(Column.KEYS), int(Column.N_KEYS),
)  # fmt: skip
O_SLOT, O_LEAST_NUMBER, O_MOST_NUMBER, O_UNIT = (
    int(Column.SLOT), int(Column.LEAST_NUMBER), int(Column.MOST_NUMBER), int(Column.UNIT),
)  # fmt: skip
O_NULLS, O_N_NULLS, O_BLANK, O_SHORT, O_FAST = (
    int(Column.NULLS), int(Column.N_NULLS), int(Column.BLANK), int(Column.SHORT),
    int(Column.FAST),
)  # fmt: skip
F_NO, F_FIGURES = int(Fast.NO), int(Fast.FIGURES)
F_OFFSET, F_LENGTH, F_KIND, F_DIGITS = (
    int(FieldColumn.OFFSET), int(FieldColumn.LENGTH), int(FieldColumn.KIND),
    int(FieldColumn.DIGITS),
)  # fmt: skip
F_READ = int(FieldColumn.READ)
F_SIGNED, F_SIGN_AT, F_NULLS, F_N_NULLS = (
    int(FieldColumn.SIGNED), int(FieldColumn.SIGN_AT), int(FieldColumn.NULLS),
    int(FieldColumn.N_NULLS),
)  # fmt: skip
K_TEXT, K_DOUBLE, K_ZONED, K_PACKED = (
    int(Kind.TEXT), int(Kind.DOUBLE), int(Kind.ZONED), int(Kind.PACKED),
)  # fmt: skip
M_UTF_8, M_SHIFTS = int(Mode.UTF_8), int(Mode.SHIFTS)

COMMA, NEWLINE, QUOTE, ZERO, MINUS = 44, 10, 34, 48, 45
STATE_VALUE, STATE_LOST, STATE_NOT_APPLICABLE = ord("v"), ord("l"), ord("a")
HOLDS, FAILS, UNDECIDED = 1, 0, 2
NO_VALUE, IS_NUMBER, IS_DAY, IS_OTHER = 0, 1, 2, 3
MAX_DIGITS: Final = 18
_SHORT_1, _SHORT_2 = 1, 257
_ONE: Final = np.uint64(1)
_TENS: Final = np.array([ZERO + n // 10 for n in range(100)], np.uint8)
_ONES: Final = np.array([ZERO + n % 10 for n in range(100)], np.uint8)

OPCODES: Final = "99e299d22e09fc47"
"""Digest of ``opcodes.py``, whose figures are compiled in: machine code that was kept from an
earlier run is thrown away when this file changes, and only then.
"""


def _compiled(function: Any) -> Any:
    """Return a compiled function, kept on disk where there is a place for it."""
    try:
        return njit(nogil=True, cache=True, boundscheck=False)(function)
    except RuntimeError:
        return njit(nogil=True, boundscheck=False)(function)


@_compiled
def _write_number(value: int, out: Any, p: int) -> int:
    """Write a whole number; return the place behind it."""
    if value < 0:
        out[p] = MINUS
        p += 1
        value = -value
    n = 1
    rest = value // 10
    while rest > 0:
        n += 1
        rest //= 10
    for i in range(p + n - 1, p - 1, -1):
        out[i] = ZERO + value % 10
        value //= 10
    return p + n


@_compiled
def _write_figures(data: Any, s: int, e: int, z: Any, out: Any, p: int) -> int:
    """Write a zoned number below which no sign stands; return the place behind it, −1 for none."""
    body, over, sign_of, _ = z
    i = np.uint64(s)
    last = np.uint64(e - 1)
    c = data[last]
    if over[c] > 9 or sign_of[c] < 0:
        return -1
    to = np.uint64(p)
    while i < last and body[data[i]] == 0:
        i += _ONE
    wrong = np.uint8(0)
    while i < last:
        d = body[data[i]]
        wrong |= d
        out[to] = ZERO + d
        to += _ONE
        i += _ONE
    if wrong > 15:
        return -1
    out[to] = ZERO + over[c]
    return int(to) + 1


@_compiled
def _find_entry(data: Any, st: Any, en: Any, keys: Any, k0: int, nk: int, op: int, m: Any) -> int:
    """Return the entry of the contents of the key fields, −1 where the row plan has met none."""
    slots, e_op, e_key, e_key_length, pool = m
    h = np.uint64(1469598103934665603) ^ np.uint64(op)
    length = 0
    for k in range(k0, k0 + nk):
        f = keys[k]
        for i in range(st[f], en[f]):
            h = (h ^ np.uint64(data[i])) * np.uint64(1099511628211)
        h = (h ^ np.uint64(256)) * np.uint64(1099511628211)
        length += en[f] - st[f] + 2
    h ^= h >> np.uint64(29)
    mask = np.uint64(slots.shape[0] - 1)
    place = np.int64(h & mask)
    while True:
        entry = slots[place] - 1
        if entry < 0:
            return -1
        if e_op[entry] == op and e_key_length[entry] == length:
            at = e_key[entry]
            same = True
            for k in range(k0, k0 + nk):
                f = keys[k]
                n = en[f] - st[f]
                if pool[at] != (n >> 8) & 255 or pool[at + 1] != n & 255:
                    same = False
                    break
                at += 2
                for i in range(n):
                    if pool[at + i] != data[st[f] + i]:
                        same = False
                        break
                if not same:
                    break
                at += n
            if same:
                return entry
        place = np.int64((place + 1) & mask)


@_compiled
def _short_word(data: Any, s: int, e: int, row: int, short: Any) -> Any:
    """Return what a content of one or two bytes becomes, 0 where the row plan has met none."""
    n = e - s
    if n == 2:
        return short[row, _SHORT_2 + (np.int64(data[s]) << 8) + data[s + 1]]
    if n == 1:
        return short[row, _SHORT_1 + data[s]]
    return np.uint32(0)


@_compiled
def _two_digits(data: Any, s: int, ascii_of: Any) -> int:
    """Return a number of two digits, −1 for anything else."""
    tens = np.int64(ascii_of[data[s]]) - ZERO
    ones = np.int64(ascii_of[data[s + 1]]) - ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return -1
    return int(tens * 10 + ones)


@_compiled
def _write_date(year: int, month: int, day: int, out: Any, p: int) -> int:
    """Write a day as the standard does; return the place behind it."""
    out[p] = _TENS[year // 100]
    out[p + 1] = _ONES[year // 100]
    out[p + 2] = _TENS[year % 100]
    out[p + 3] = _ONES[year % 100]
    out[p + 4] = MINUS
    out[p + 5] = _TENS[month]
    out[p + 6] = _ONES[month]
    out[p + 7] = MINUS
    out[p + 8] = _TENS[day]
    out[p + 9] = _ONES[day]
    return p + 10


@_compiled
def _read_number(
    data: Any, s: int, e: int, fields: Any, f: int, null_at: Any, nulls: Any, z: Any
) -> Any:
    """Return ``(outcome, value)``: 1 a number, 0 a declared null, −1 neither."""
    kind = fields[f, F_KIND]
    for k in range(fields[f, F_NULLS], fields[f, F_NULLS] + fields[f, F_N_NULLS]):
        a, n = null_at[k, 0], null_at[k, 1]
        if n == e - s:
            same = True
            for i in range(n):
                if nulls[a + i] != data[s + i]:
                    same = False
                    break
            if same:
                return 0, 0
    value = np.int64(0)
    if e - s > MAX_DIGITS:
        return -1, value
    if kind == K_ZONED:
        body, over, sign_of, sign_mark = z
        where = fields[f, F_SIGN_AT]
        sign = 1
        if where == 2:
            sign = sign_mark[data[e - 1]]
            e -= 1
        elif where == 3:
            sign = sign_mark[data[s]]
            s += 1
        if sign == 0 or e <= s:
            return -1, value
        at = e - 1 if where == 0 else (s if where == 1 else -1)
        for i in range(s, e):
            c = data[i]
            if i == at:
                d = over[c]
                sign = sign_of[c]
            else:
                d = body[c]
            if d > 9:
                return -1, value
            value = value * 10 + d
        if sign < 0:
            if fields[f, F_SIGNED] == 0:
                return -1, value
            value = -value
        return 1, value
    if kind == K_PACKED:
        if e - s > 9:
            return -1, value
        for i in range(s, e):
            d = data[i] >> 4
            if d > 9:
                return -1, value
            value = value * 10 + d
            d = data[i] & 15
            if i < e - 1:
                if d > 9:
                    return -1, value
                value = value * 10 + d
            elif d == 13:
                if fields[f, F_SIGNED] == 0:
                    return -1, value
                value = -value
            elif d not in (12, 15):
                return -1, value
        return 1, value
    if e - s > 8 or e <= s:
        return -1, value
    for i in range(e - s):
        c = data[e - 1 - i] if fields[f, F_SIGN_AT] == 1 else data[s + i]
        value = (value << 8) | np.int64(c)
    top = data[e - 1] if fields[f, F_SIGN_AT] == 1 else data[s]
    if fields[f, F_SIGNED] == 1:
        if top & 128 and e - s < 8:
            value -= np.int64(1) << (8 * (e - s))
    elif e - s == 8 and top & 128:
        return -1, value
    if value > 999999999999999999 or value < -999999999999999999:
        return -1, value
    return 1, value


@_compiled
def _write_text(
    data: Any, s: int, e: int, double: bool, table: int, most: int, t: Any, out: Any, p: int
) -> int:
    """Write a text through its table; return the place behind it.

    −1: a character is not known, or the text is blank or too long.
    """
    mode, lengths, shift_1, shift_2, kana, kana_lead, characters, plain, no_runs = t
    start = p
    end = p
    count = 0
    counted = 0
    run = 0
    runs_wrong = no_runs[table] != 0
    i = s
    state = 1 if double else 0
    if not double and mode != M_SHIFTS:
        while e > s and data[e - 1] == 32:
            e -= 1
    while i < e:
        c = np.int64(data[i])
        if mode == M_SHIFTS:
            kind = shift_1[c]
            if kind == 3:
                if i + 1 < e and shift_2[(c << 8) | data[i + 1]] != 0:
                    state = shift_2[(c << 8) | data[i + 1]] - 1
                    i += 2
                    continue
            elif kind != 0:
                state = kind - 1
                i += 1
                continue
        step = 1
        base = -1
        if mode == M_UTF_8 and c >= 128:
            if c < 0xC2 or c >= 0xF0:
                return -1
            if c < 0xE0:
                if i + 1 >= e or data[i + 1] & 0xC0 != 0x80:
                    return -1
                x = ((c & 31) << 6) | (np.int64(data[i + 1]) & 63)
                step = 2
            else:
                if i + 2 >= e or data[i + 1] & 0xC0 != 0x80 or data[i + 2] & 0xC0 != 0x80:
                    return -1
                x = (
                    ((c & 15) << 12)
                    | ((np.int64(data[i + 1]) & 63) << 6)
                    | (np.int64(data[i + 2]) & 63)
                )
                step = 3
                if x < 0x800 or 0xD800 <= x < 0xE000:
                    return -1
                if 0xFF66 <= x <= 0xFF9D:
                    base = x & 255
            row = PAIRS + x
        elif state == 1 or (mode != M_UTF_8 and lengths[c] == 2):
            if i + 1 >= e:
                return -1
            step = 2
            row = PAIRS + ((c << 8) | np.int64(data[i + 1]))
            if c == kana_lead and kana[data[i + 1]] == 3:
                base = np.int64(data[i + 1])
        elif mode != M_UTF_8 and lengths[c] != 1:
            return -1
        else:
            row = c
            if kana[c] == 3:
                base = c
        if base >= 0 and i + step < e:
            mark = 0
            if mode == M_UTF_8:
                if i + step + 2 < e and data[i + step] == 0xEF and data[i + step + 1] == 0xBE:
                    if data[i + step + 2] == 0x9E:
                        mark = 1
                    elif data[i + step + 2] == 0x9F:
                        mark = 2
                if mark:
                    step += 3
            elif kana_lead >= 0:
                if data[i + step] == kana_lead and i + step + 1 < e:
                    mark = kana[data[i + step + 1]] % 3
                if mark:
                    step += 2
            else:
                mark = kana[data[i + step]] % 3
                if mark:
                    step += 1
            if mark:
                row = JOINED + (mark - 1) * 256 + base
        word = plain[table, row]
        if word != 0:
            if run > 1 and runs_wrong:
                return -1
            run = 0
            out[p] = np.uint8(word)
            out[p + 1] = np.uint8(word >> np.uint32(8))
            out[p + 2] = np.uint8(word >> np.uint32(16))
            p += np.int64(word >> np.uint32(COUNTED_ONCE))
            counted += 1
            end = p
            count = counted
            i += step
            continue
        n = np.int64(characters[table, row, 0])
        if n == 0:
            return -1
        out[p] = characters[table, row, 1]
        out[p + 1] = characters[table, row, 2]
        out[p + 2] = characters[table, row, 3]
        for k in range(3, n):
            out[p + k] = characters[table, row, 1 + k]
        p += n
        counted += characters[table, row, AT_COUNT]
        if characters[table, row, AT_MARKS] & IS_BLANK:
            run += 1
        else:
            if run > 1 and runs_wrong:
                return -1
            run = 0
            end = p
            count = counted
        i += step
    if end == start or count > most or (state == 1) != double:
        return -1
    return end


@_compiled
def _ascii_span(data: Any, s: int, e: int, blank: Any) -> int:
    """Return the end of a text without its padding of single bytes."""
    while e > s and blank[data[e - 1]]:
        e -= 1
    return e


@_compiled
def _is_null(out: Any, p: int, q: int, first: int, n: int, null_at: Any, nulls: Any) -> bool:
    for k in range(first, first + n):
        a, length = null_at[k, 0], null_at[k, 1]
        if length == q - p:
            same = True
            for i in range(length):
                if nulls[a + i] != out[p + i]:
                    same = False
                    break
            if same:
                return True
    return False


@_compiled
def _holds_invariants(rules: Any, members: Any, has: Any, vals: Any) -> int:
    """Return HOLDS where every invariant is kept or decided by nothing, UNDECIDED otherwise."""
    for r in range(rules.shape[0]):
        kind, first, n = rules[r, 0], rules[r, 1], rules[r, 2]
        seen = NO_VALUE
        for k in range(first, first + n):
            state = has[members[k]]
            if state == IS_OTHER or (state != NO_VALUE and seen not in (NO_VALUE, state)):
                return UNDECIDED
            if state != NO_VALUE:
                seen = state
        if kind == INVARIANT_SUM:
            total = np.int64(0)
            whole = True
            for k in range(first, first + n):
                if has[members[k]] != IS_NUMBER:
                    whole = False
                    break
                if k > first:
                    total += vals[members[k]]
            if whole and total != vals[members[first]]:
                return UNDECIDED
        elif kind == INVARIANT_ORDER:
            before = -1
            for k in range(first, first + n):
                if has[members[k]] != NO_VALUE:
                    if before >= 0 and vals[before] > vals[members[k]]:
                        return UNDECIDED
                    before = members[k]
        elif seen != NO_VALUE:
            if seen != rules[r, 4]:
                return UNDECIDED
            value = vals[members[first]]
            if kind == INVARIANT_LEAST and value < rules[r, 3]:
                return UNDECIDED
            if kind == INVARIANT_MOST and value > rules[r, 3]:
                return UNDECIDED
    return HOLDS


@_compiled
def find_rows(data: Any, quote: int, first_line: int, rows: Any) -> Any:
    """Fill ``rows`` with start, end and line of the rows of a CSV block; return how many.

    A line end between quotes does not end a row; blank rows are passed over. Carriage returns and
    line feeds at the right end are no part of a row. The block ends with a whole row.
    """
    n = 0
    start = 0
    line = first_line
    row_line = first_line
    odd = False
    size = data.shape[0]
    for i in range(size + 1):
        last = i == size
        c = NEWLINE if last else data[i]
        if c == quote and not last:
            odd = not odd
        if (c == NEWLINE and not odd) or last:
            end = i
            while end > start and data[end - 1] in (10, 13):
                end -= 1
            blank = True
            for k in range(start, end):
                if data[k] not in (10, 13):
                    blank = False
                    break
            if not blank:
                rows[n, 0] = start
                rows[n, 1] = end
                rows[n, 2] = row_line
                n += 1
            start = i + 1
            row_line = line + 1
        if c == NEWLINE:
            line += 1
    return n


@_compiled
def end_of_rows(data: Any, quote: int) -> Any:
    """Return the end of the last whole row in ``data``, which begins with one."""
    end = 0
    odd = False
    for i in range(data.shape[0]):
        if data[i] == quote:
            odd = not odd
        elif data[i] == NEWLINE and not odd:
            end = i + 1
    return end


@_compiled
def split_row(
    data: Any, s: int, e: int, delimiter: int, quote: int, lengths: Any, st: Any, en: Any
) -> bool:
    """Find the cells of a row; False where it takes more than bytes to do so."""
    i = s
    columns = st.shape[0]
    for column in range(columns):
        if i < e and quote >= 0 and data[i] == quote:
            i += 1
            st[column] = i
            while i < e and data[i] != quote:
                i += 1
            if i >= e:
                return False
            en[column] = i
            i += 1
        else:
            st[column] = i
            while i < e and data[i] != delimiter:
                i += max(1, lengths[data[i]])
            if i > e:
                return False
            en[column] = i
        if column < columns - 1:
            if i >= e or data[i] != delimiter:
                return False
            i += 1
    return i == e


@_compiled
def convert_block(
    data: Any,
    shape: Any,
    rows: Any,
    fields: Any,
    ops: Any,
    keys: Any,
    null_at: Any,
    nulls: Any,
    z: Any,
    t: Any,
    ascii_of: Any,
    blank: Any,
    m: Any,
    e_cell: Any,
    e_cell_length: Any,
    e_state: Any,
    short: Any,
    year_row: Any,
    days: Any,
    western: Any,
    invariants: Any,
    members: Any,
    out: Any,
    starts: Any,
    states_at: Any,
    whole: Any,
    problems: Any,
) -> Any:
    """Convert the records of a block; return ``(bytes written, problems, left out)``.

    ``shape``: records, bytes of one (0: CSV), number of the first, conditions, dates, delimiter,
    quote. ``starts[r]`` is where the line of record r begins in ``out``, ``states_at[r]`` where its
    letters do. ``whole[r]`` is 1 where the record is for the row plan, and 2 where it is left out;
    nothing is written then. ``problems`` are rows of record, operation (or −1 − field) and place in
    ``out``; with more of them than there is room for, records are for the row plan.
    """
    n, length, base, n_conditions, n_dates, delimiter, quote = shape
    pool = m[4]
    n_fields = fields.shape[0]
    n_ops = ops.shape[0]
    st = np.empty(n_fields, np.int64)
    en = np.empty(n_fields, np.int64)
    number = np.empty(n_fields, np.int64)
    readable = np.empty(n_fields, np.int64)
    conditions = np.empty(n_conditions + 1, np.int64)
    dates = np.empty(n_dates + 1, np.int64)
    has = np.empty(n_ops, np.int64)
    vals = np.empty(n_ops, np.int64)
    letters = np.empty(n_ops, np.uint8)
    room = problems.shape[0] - n_ops - n_fields
    p = 0
    left_out = 0
    n_problems = 0
    for r in range(n):
        starts[r] = p
        whole[r] = 0
        first_problem = n_problems
        if n_problems > room:
            whole[r] = 1
            continue
        if length > 0:
            at = r * length
            for f in range(n_fields):
                st[f] = at + fields[f, F_OFFSET]
                en[f] = st[f] + fields[f, F_LENGTH]
            p = _write_number(base + r, out, p)
        else:
            if not split_row(data, rows[r, 0], rows[r, 1], delimiter, quote, t[1], st, en):
                whole[r] = 1
                continue
            p = _write_number(rows[r, 2], out, p)
        out[p] = COMMA
        p += 1
        for f in range(n_fields):
            if fields[f, F_READ]:
                found, value = _read_number(data, st[f], en[f], fields, f, null_at, nulls, z)
                readable[f] = found
                number[f] = value
                if found < 0:
                    problems[n_problems, 0] = r
                    problems[n_problems, 1] = -1 - f
                    problems[n_problems, 2] = -1
                    n_problems += 1
        for k in range(n_dates):
            dates[k] = 0
        n_items = 0
        skipped = False
        for o in range(n_ops):
            fast = ops[o, O_FAST]
            if fast != F_NO:
                f = ops[o, O_FIELD]
                q = -1
                letter = np.uint8(STATE_VALUE)
                if fast == F_FIGURES:
                    q = _write_figures(data, st[f], en[f], z, out, p)
                else:
                    word = _short_word(data, st[f], en[f], ops[o, O_SHORT], short)
                    if word != 0:
                        out[p] = np.uint8(word)
                        out[p + 1] = np.uint8(word >> np.uint32(8))
                        out[p + 2] = np.uint8(word >> np.uint32(16))
                        q = p + (np.int64(word >> np.uint32(SHORT_LENGTH)) & 3)
                        letter = np.uint8(96 | np.int64(word >> np.uint32(SHORT_LETTER)))
                if q >= 0:
                    has[o] = IS_OTHER if letter == STATE_VALUE else NO_VALUE
                    letters[n_items] = letter
                    n_items += 1
                    out[q] = COMMA
                    p = q + 1
                    continue
            role = ops[o, O_ROLE]
            code = ops[o, O_CODE]
            has[o] = NO_VALUE
            c = ops[o, O_CONDITION]
            if c >= 0 and conditions[c] != HOLDS:
                letters[n_items] = STATE_NOT_APPLICABLE
                if conditions[c] == UNDECIDED:
                    problems[n_problems, 0] = r
                    problems[n_problems, 1] = o
                    problems[n_problems, 2] = p
                    n_problems += 1
                    has[o] = IS_OTHER
                n_items += 1
                out[p] = COMMA
                p += 1
                continue
            f = ops[o, O_FIELD]
            q = -1
            state = STATE_VALUE
            entry = -1
            if code == C_CONSTANT:
                entry = ops[o, O_TABLE]
            elif code == C_TEXT:
                double = fields[f, F_KIND] == K_DOUBLE
                most = ops[o, O_MOST]
                q = _write_text(data, st[f], en[f], double, ops[o, O_TABLE], most, t, out, p)
            elif code == C_NUMBER:
                value = np.int64(0)
                good = False
                if fields[f, F_KIND] >= K_ZONED:
                    good = readable[f] == 1
                    value = number[f]
                else:
                    s = st[f]
                    e = _ascii_span(data, s, en[f], blank)
                    minus = ops[o, O_LEAST_NUMBER] < 0 and s < e and ascii_of[data[s]] == MINUS
                    if minus:
                        s += 1
                    if 0 < e - s <= MAX_DIGITS:
                        good = True
                        for i in range(s, e):
                            d = np.int64(ascii_of[data[i]]) - ZERO
                            if d < 0 or d > 9:
                                good = False
                                break
                            value = value * 10 + d
                    if minus:
                        value = -value
                if good and ops[o, O_LEAST_NUMBER] <= value <= ops[o, O_MOST_NUMBER]:
                    value *= ops[o, O_UNIT]
                    q = _write_number(value, out, p)
                    has[o] = IS_NUMBER
                    vals[o] = value
            elif code == C_FIGURES:
                q = _write_figures(data, st[f], en[f], z, out, p)
            elif code == C_DIGITS:
                if fields[f, F_KIND] >= K_ZONED:
                    if readable[f] == 1:
                        value = number[f]
                        q = p + fields[f, F_DIGITS]
                        for i in range(q - 1, p - 1, -1):
                            out[i] = ZERO + value % 10
                            value //= 10
                        if value != 0:
                            q = -1
                else:
                    s = st[f]
                    e = _ascii_span(data, s, en[f], blank)
                    q = p
                    for i in range(s, e):
                        d = ascii_of[data[i]]
                        if d < 48 or d > 57:
                            q = -1
                            break
                        out[q] = d
                        q += 1
                    if q == p:
                        q = -1
                if q >= 0 and (
                    (ops[o, O_MOST] > 0 and q - p != ops[o, O_MOST])
                    or q - p > ops[o, O_MOST_NUMBER]
                ):
                    q = -1
            elif code == C_DATE:
                width = ops[o, O_MOST]
                key = np.int64(0)
                month = np.int64(0)
                day = np.int64(0)
                good = True
                if fields[f, F_KIND] >= K_ZONED:
                    good = readable[f] == 1 and fields[f, F_DIGITS] == width and number[f] >= 0
                    value = number[f]
                    day = value % 100
                    month = value // 100 % 100
                    key = value // 10000
                    if width == 7:
                        if key > 999:
                            good = False
                        key = (ZERO + key // 100) * 100 + key % 100
                    elif key > 9999:
                        good = False
                else:
                    s = st[f]
                    e = _ascii_span(data, s, en[f], blank)
                    good = e - s == width
                    if good:
                        if width == 7:
                            era = np.int64(ascii_of[data[s]])
                            good = era != 0
                            key = _two_digits(data, s + 1, ascii_of)
                        else:
                            era = _two_digits(data, s, ascii_of)
                            key = _two_digits(data, s + 2, ascii_of)
                        month = _two_digits(data, e - 4, ascii_of)
                        day = _two_digits(data, e - 2, ascii_of)
                        if (era | key | month | day) < 0:
                            good = False
                        key += era * 100
                b = ops[o, O_BLANK]
                if good and b >= 0 and _ascii_span(data, st[b], en[b], blank) > st[b]:
                    good = False
                if good and month <= 12 and day <= 31:
                    row = year_row[ops[o, O_TABLE], key] - 1
                    if row >= 0 and days[row, month * 32 + day] == 1:
                        year = western[row]
                        q = _write_date(year, month, day, out, p)
                        dates[ops[o, O_SLOT]] = 1
                        has[o] = IS_DAY
                        vals[o] = (year * 100 + month) * 100 + day
                if role == R_CHECK:
                    if q >= 0:
                        q = p
                    else:
                        continue
            elif code == C_BESIDE and dates[ops[o, O_SLOT]] == 1:
                entry = ops[o, O_TABLE]
            if q >= 0:
                if ops[o, O_N_NULLS] > 0 and _is_null(
                    out, p, q, ops[o, O_NULLS], ops[o, O_N_NULLS], null_at, nulls
                ):
                    q = -1
                elif has[o] == NO_VALUE:
                    has[o] = IS_OTHER
            if q < 0 and entry < 0:
                entry = _find_entry(data, st, en, keys, ops[o, O_KEYS], ops[o, O_N_KEYS], o, m)
            if q < 0:
                has[o] = NO_VALUE
                if entry >= 0:
                    a = e_cell[entry]
                    k = e_cell_length[entry]
                    for i in range(k):
                        out[p + i] = pool[a + i]
                    q = p + k
                    state = e_state[entry]
                    has[o] = IS_OTHER if state == STATE_VALUE else NO_VALUE
            if role == R_ITEM:
                if q < 0:
                    problems[n_problems, 0] = r
                    problems[n_problems, 1] = o
                    problems[n_problems, 2] = p
                    n_problems += 1
                    letters[n_items] = STATE_LOST
                    has[o] = IS_OTHER
                else:
                    letters[n_items] = state
                    p = q
                n_items += 1
                out[p] = COMMA
                p += 1
            elif role == R_SUBJECT:
                if q < 0 or q == p:
                    whole[r] = 1
                    problems[n_problems, 0] = r
                    problems[n_problems, 1] = o
                    problems[n_problems, 2] = -1
                    n_problems += 1
                    break
                p = q
                out[p] = COMMA
                p += 1
            elif role == R_CHECK:
                if q < 0:
                    problems[n_problems, 0] = r
                    problems[n_problems, 1] = o
                    problems[n_problems, 2] = -1
                    n_problems += 1
            elif q < 0:
                problems[n_problems, 0] = r
                problems[n_problems, 1] = o
                problems[n_problems, 2] = -1
                n_problems += 1
                if role == R_WHERE:
                    whole[r] = 1
                    break
                conditions[ops[o, O_SLOT]] = UNDECIDED
            elif role == R_WHERE:
                skipped = state != HOLDS
            else:
                conditions[ops[o, O_SLOT]] = state
        if whole[r] == 0 and skipped:
            whole[r] = 2 if n_problems == first_problem else 1
        if whole[r] == 0 and _holds_invariants(invariants, members, has, vals) != HOLDS:
            whole[r] = 1
        if whole[r] != 0:
            p = starts[r]
            if whole[r] == 2:
                left_out += 1
            continue
        states_at[r] = p
        for i in range(n_items):
            out[p] = letters[i]
            p += 1
        out[p] = NEWLINE
        p += 1
    starts[n] = p
    return p, n_problems, left_out
