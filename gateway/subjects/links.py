"""The table of a town that says which numbers of its systems are one person (番号対照表). Pure.

Rules: a link needs a ground (My Number matched, or staff confirmed it), never name and birth date
alone. A number belongs to one person. A person has at most one number of the anchor numbering,
the first column; of the others there may be several. A file with a bad row changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.subjects.handles import new_subject_id

Number: TypeAlias = tuple[str, str]
"""A numbering and a number in it."""

COLUMNS: Final = {
    "宛名番号": "resident",
    "税個人番号": "tax",
    "福祉個人番号": "welfare",
}
OPTIONAL_COLUMNS: Final[Mapping[str, str]] = {"住登外宛名番号": "jutogai"}
"""Columns that may stand beside those: persons whom the town has known before they moved in."""
GROUND_COLUMN: Final = "照合根拠"
UNUSED_COLUMNS: Final = frozenset({"登録日"})
"""Columns that such tables have and that say nothing about who is who."""

GROUNDS: Final[Mapping[str, str]] = {
    "個人番号一致": "my-number-match",
    "職員確認": "staff-confirmed",
}
SINGLE: Final = "single-system"
"""Strength of a number that is linked to no other."""

_STRONGER_LAST: Final = (SINGLE, "staff-confirmed", "my-number-match")
_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
MAX_REPORTED: Final = 100


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One row of the table: at least one number; ``line`` counts from 1, the header included."""

    line: int
    numbers: tuple[Number, ...]
    strength: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong in a line; without any value of it."""

    line: int
    column: str
    reason_ja: str
    reason_en: str


class LinkFileError(Exception):
    """The file is refused as a whole. ``rows`` lists the first bad rows, ``count`` them all."""

    def __init__(self, rows: Sequence[BadRow]) -> None:
        super().__init__(f"{len(rows)} bad rows")
        self.count = len(rows)
        self.rows = tuple(sorted(rows, key=lambda row: row.line))[:MAX_REPORTED]


@dataclass(frozen=True, slots=True)
class Known:
    """What is already linked to a number."""

    subject_id: str
    strength: str


@dataclass(slots=True)
class Plan:
    """What an import will write: new persons, new links, links with a stronger ground."""

    subjects: list[str] = field(default_factory=list)
    links: dict[Number, Known] = field(default_factory=dict)
    strengthened: dict[Number, str] = field(default_factory=dict)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in counts."""

    rows: int
    new_subjects: int
    new_numbers: int
    strengthened: int
    unchanged: int


def read_link_file(
    content: bytes, *, encoding: str = "cp932", columns: Mapping[str, str] | None = None
) -> list[LinkRow]:
    """Return the rows of a CSV file with a header.

    ``columns`` maps the headings to numberings; the first is the anchor. Without it they are
    ``COLUMNS``, and those of ``OPTIONAL_COLUMNS`` that are there. Blanks behind a number are
    padding and are cut; nothing else is repaired.

    Raises:
        LinkFileError: with every bad row.

    """
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LinkFileError(
            [_bad(line, "", f"{encoding} として読めません。", f"Not readable as {encoding}.")]
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    bad: list[BadRow] = []
    rows: list[LinkRow] = []
    try:
        header = next(reader, [])
        if columns is None:
            columns = COLUMNS | {h: n for h, n in OPTIONAL_COLUMNS.items() if h in header}
        _require_header(header, columns)
        for cells in reader:
            _read_row(reader.line_num, header, cells, columns, rows, bad)
    except csv.Error:
        bad.append(_bad(reader.line_num, "", "CSV の形が壊れています。", "Not well-formed CSV."))
    if bad:
        raise LinkFileError(bad)
    return rows


def plan_import(rows: Sequence[LinkRow], known: Mapping[Number, Known], anchor: str) -> Plan:
    """Return what to write so that ``rows`` and what is ``known`` already hold together.

    Raises:
        LinkFileError: a number would belong to two persons; every row that takes part is listed.

    """
    by_subject = _numbers_by_subject(known)
    bad: list[BadRow] = []
    plan = Plan()
    for person in _persons(rows, known):
        anchors = {n for n in person.numbers if n[0] == anchor}
        for subject_id in person.subjects:
            anchors |= {n for n in by_subject[subject_id] if n[0] == anchor}
        if len(person.subjects) > 1 or len(anchors) > 1:
            bad.extend(_conflict(line) for line in person.lines)
        else:
            _plan_person(person, known, plan)
    if bad:
        raise LinkFileError(bad)
    return plan


def require_known(rows: Iterable[LinkRow], known: Mapping[Number, Known]) -> None:
    """Do nothing if each of ``rows`` has a number that is known.

    Raises:
        LinkFileError: with every row that has none.

    """
    bad = [
        _bad(row.line, "", "登録されていない番号です。", "Nobody is known by this number.")
        for row in rows
        if not any(number in known for number in row.numbers)
    ]
    if bad:
        raise LinkFileError(bad)


@dataclass(slots=True)
class _Person:
    """All rows of a file that share a number, or a person already known, also through others."""

    lines: list[int] = field(default_factory=list)
    numbers: dict[Number, str] = field(default_factory=dict)
    subjects: set[str] = field(default_factory=set)


def _persons(rows: Iterable[LinkRow], known: Mapping[Number, Known]) -> list[_Person]:
    of: dict[Number | str, _Person] = {}
    for row in rows:
        subjects = {known[n].subject_id for n in row.numbers if n in known}
        keys: tuple[Number | str, ...] = (*row.numbers, *subjects)
        touched = {id(of[key]): of[key] for key in keys if key in of}
        person = max(touched.values(), key=lambda p: len(p.numbers), default=_Person())
        for other in touched.values():
            if other is not person:
                _absorb(person, other, of)
        person.lines.append(row.line)
        person.subjects |= subjects
        for number in row.numbers:
            person.numbers[number] = _stronger(person.numbers.get(number, SINGLE), row.strength)
        of.update(dict.fromkeys(keys, person))
    return list({id(person): person for person in of.values()}.values())


def _absorb(person: _Person, other: _Person, of: dict[Number | str, _Person]) -> None:
    person.lines += other.lines
    person.numbers |= other.numbers
    person.subjects |= other.subjects
    of.update(dict.fromkeys((*other.numbers, *other.subjects), person))


def _plan_person(person: _Person, known: Mapping[Number, Known], plan: Plan) -> None:
    subject_id = next(iter(person.subjects), None)
    if subject_id is None:
        subject_id = new_subject_id()
        plan.subjects.append(subject_id)
    for number, strength in person.numbers.items():
        before = known.get(number)
        if before is None:
            plan.links[number] = Known(subject_id, strength)
        elif _stronger(before.strength, strength) != before.strength:
            plan.strengthened[number] = strength
        else:
            plan.unchanged += 1


def _numbers_by_subject(known: Mapping[Number, Known]) -> Mapping[str, list[Number]]:
    numbers: defaultdict[str, list[Number]] = defaultdict(list)
    for number, link in known.items():
        numbers[link.subject_id].append(number)
    return numbers


def _stronger(one: str, other: str) -> str:
    return max(one, other, key=_STRONGER_LAST.index)


def _require_header(header: Sequence[str], columns: Mapping[str, str]) -> None:
    expected = [*columns, GROUND_COLUMN]
    missing = [name for name in expected if name not in header]
    extra = [name for name in header if name not in {*expected, *UNUSED_COLUMNS}]
    if missing or extra or len(set(header)) != len(header):
        names = "、".join(expected)
        raise LinkFileError(
            [
                _bad(
                    1,
                    "",
                    f"見出しは {names} だけにしてください。",
                    f"The headings must be {names}, and no others.",
                )
            ]
        )


def _read_row(
    line: int,
    header: Sequence[str],
    cells: Sequence[str],
    columns: Mapping[str, str],
    rows: list[LinkRow],
    bad: list[BadRow],
) -> None:
    if len(cells) != len(header):
        bad.append(
            _bad(
                line,
                "",
                "列の数が見出しと違います。",
                "The number of cells differs from the header.",
            )
        )
        return
    row = dict(zip(header, (cell.rstrip(" ") for cell in cells), strict=True))
    wrong = [n for n in columns if row[n] and not _NUMBER.fullmatch(row[n])]
    bad.extend(
        _bad(
            line,
            name,
            "番号は半角の英数字とハイフン 40 文字以内です。",
            "A number has up to 40 half-width letters, digits and hyphens.",
        )
        for name in wrong
    )
    if wrong:
        return
    numbers = tuple((columns[n], row[n]) for n in columns if row[n])
    if not numbers:
        bad.append(_bad(line, "", "番号がひとつもありません。", "There is no number."))
        return
    ground = row[GROUND_COLUMN]
    strength = SINGLE if not ground and len(numbers) == 1 else GROUNDS.get(ground)
    if strength is not None:
        rows.append(LinkRow(line, numbers, strength))
        return
    allowed = "、".join(GROUNDS)
    bad.append(
        _bad(
            line,
            GROUND_COLUMN,
            f"照合根拠は {allowed} のいずれかです。氏名と生年月日だけでは照合できません。",
            f"The ground must be one of {allowed}; name and birth date alone are none.",
        )
    )


def _conflict(line: int) -> BadRow:
    return _bad(
        line, "", "ひとつの番号が二人に結び付きます。", "A number would belong to two persons."
    )


def _bad(line: int, column: str, reason_ja: str, reason_en: str) -> BadRow:
    return BadRow(line, column, reason_ja, reason_en)
