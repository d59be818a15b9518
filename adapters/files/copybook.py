"""COBOL copybooks read as layouts.

Read are level numbers, PICTURE, USAGE (DISPLAY, COMP, COMP-3, NATIONAL and their other spellings),
OCCURS, REDEFINES, SIGN, FILLER and level 88. Whatever would change places and is not read is a
problem with its line: variable tables, SYNCHRONIZED, RENAMES. All problems come in one go.

Source: ISO COBOL, data description entry; storage as host compilers use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.encodings.decimals import SignPlace
from adapters.files.layout import Field, FieldGroup, FieldKind, Layout

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s.;]+(?:\.(?=\d)[^\s.;]+)*|\.""")
_REPEATED = re.compile(r"([A-Z9])\((\d+)\)")
_PICTURE = re.compile(r"S?(?:9*V?9*|V9+)|[AX9]+|[NG]+")
_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9_-]*[A-Z0-9])?", re.ASCII)
_IGNORED: Final = frozenset(
    {"IS", "ARE", "TIMES", "JUSTIFIED", "JUST", "RIGHT", "WHEN", "CHARACTER"}
)
_USAGES: Final = {
    "DISPLAY": "display", "COMP": "binary", "COMPUTATIONAL": "binary", "BINARY": "binary",
    "COMP-4": "binary", "COMP-5": "binary", "COMPUTATIONAL-4": "binary",
    "COMPUTATIONAL-5": "binary", "COMP-3": "packed", "COMPUTATIONAL-3": "packed",
    "PACKED-DECIMAL": "packed", "NATIONAL": "double", "DISPLAY-1": "double",
}  # fmt: skip
_BINARY_LENGTHS: Final = ((4, 2), (9, 4), (18, 8))


@dataclass(frozen=True, slots=True)
class CopybookProblem:
    """What cannot be read: line (from 1) and rule."""

    line: int
    rule: str


class CopybookError(Exception):
    """The copybook cannot be used as a layout; ``problems`` has everything that is wrong."""

    def __init__(self, problems: tuple[CopybookProblem, ...]) -> None:
        super().__init__("; ".join(f"line {p.line}: {p.rule}" for p in problems))
        self.problems = problems


@dataclass
class _Entry:
    level: int
    name: str
    line: int
    picture: str | None = None
    usage: str | None = None
    occurs: int = 1
    redefines: str | None = None
    sign: SignPlace | None = None
    values: list[tuple[str, str]] = field(default_factory=list)
    children: list[_Entry] = field(default_factory=list)
    is_read: bool = True


def read_copybook(text: str) -> Layout:
    """Return the layout of the record that a copybook declares.

    Names become lower-case with ``_`` for ``-``; ``FILLER`` takes place and has no name. Lines are
    those of fixed form (indicator in column 7, text to column 72) or of free form.

    Raises:
        CopybookError: with every problem and its line.
    """
    problems: list[CopybookProblem] = []
    entries = [e for e in (_entry(s, problems) for s in _sentences(text)) if e is not None]
    roots = _tree(entries, problems)
    if len(roots) != 1:
        rule = "there must be one record (level 01)" if roots else "there is no data description"
        problems.append(CopybookProblem(roots[1].line if roots else 1, rule))
    root = roots[0] if roots else _Entry(1, "", 1)
    members, length = _members(root, problems, root.usage, root.sign)
    if root.picture is not None:
        only = _field(root, 0, problems, root.usage, root.sign)
        members, length = ((only,), only.length) if only else ((), 0)
    if problems:
        raise CopybookError(tuple(sorted(set(problems), key=lambda p: (p.line, p.rule))))
    return Layout(_own_name(root.name), length, members)


def _sentences(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the sentences as words, each with the line of its first word."""
    words: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for word in _TOKEN.findall(_content(line)):
            if word == ".":
                if words:
                    yield first, words
                words = []
                continue
            if not words:
                first = number
            words.append(word if word[0] in "'\"" else word.upper())
    if words:
        yield first, words


def _content(line: str) -> str:
    """Return what of a line is text: comments and the number areas of fixed form are none."""
    fixed = re.match(r"[ \d]{6}([ */-])", line.ljust(7))
    if fixed:
        return "" if fixed[1] in "*/" else line[7:72]
    return "" if line.lstrip().startswith("*") else line.partition("*>")[0]


def _entry(sentence: tuple[int, list[str]], problems: list[CopybookProblem]) -> _Entry | None:
    line, words = sentence
    if not words[0].isdecimal():
        problems.append(CopybookProblem(line, "an entry begins with its level number"))
        return None
    entry = _Entry(int(words[0]), "FILLER", line)
    rest = words[1:]
    if rest and rest[0] not in {"PIC", "PICTURE", "REDEFINES", "OCCURS", "USAGE", "VALUE"}:
        entry.name = rest.pop(0)
        if entry.level != 88 and not _NAME.fullmatch(entry.name):
            problems.append(CopybookProblem(line, "a name has the letters A–Z, digits and -"))
    try:
        _clauses(entry, rest if entry.level != 66 else [])
    except _Unread as unread:
        problems.append(CopybookProblem(line, str(unread)))
        entry.is_read = False
    return entry


class _Unread(Exception):
    """A clause that is not read; the text is the rule."""


def _clauses(entry: _Entry, words: list[str]) -> None:
    while words:
        word = words.pop(0)
        if clause := _CLAUSES.get(word):
            clause(entry, word, words)
        elif word in _USAGES:
            entry.usage = _USAGES[word]
        elif word not in _IGNORED:
            raise _Unread(f"the clause {word[:20]} is not read")


def _after(words: list[str]) -> str:
    while words and words[0] in _IGNORED:
        words.pop(0)
    if not words:
        raise _Unread("the clause is not complete")
    return words.pop(0)


def _picture(entry: _Entry, _word: str, words: list[str]) -> None:
    entry.picture = _after(words)


def _usage(entry: _Entry, _word: str, words: list[str]) -> None:
    word = _after(words)
    if word not in _USAGES:
        raise _Unread(f"the usage {word[:20]} is not read")
    entry.usage = _USAGES[word]


def _redefines(entry: _Entry, _word: str, words: list[str]) -> None:
    entry.redefines = _after(words)


def _occurs(entry: _Entry, _word: str, words: list[str]) -> None:
    number = _after(words)
    if not number.isdecimal() or int(number) < 1:
        raise _Unread("OCCURS needs a number")
    if words[:1] == ["TO"] or "DEPENDING" in words:
        raise _Unread("a table of variable length (DEPENDING ON) is not read")
    entry.occurs = int(number)


def _sign(entry: _Entry, word: str, words: list[str]) -> None:
    place = _after(words) if word == "SIGN" else word
    if place not in {"LEADING", "TRAILING"}:
        raise _Unread("SIGN is LEADING or TRAILING")
    separate = words[:1] == ["SEPARATE"]
    if separate:
        words.pop(0)
    entry.sign = SignPlace(place.lower() + ("-separate" if separate else ""))


def _values(entry: _Entry, _word: str, words: list[str]) -> None:
    found: list[str] = []
    while words and (
        words[0] in _IGNORED or _is_literal(words[0]) or words[0] in {"THRU", "THROUGH"}
    ):
        word = words.pop(0)
        if word in {"THRU", "THROUGH"} and found and words:
            found[-1] = f"{found[-1]}-{_literal(words.pop(0))}"
        elif _is_literal(word):
            found.append(_literal(word))
    entry.values = [(value, entry.name) for value in found]


def _is_literal(word: str) -> bool:
    return word[0] in "'\"" or re.fullmatch(r"[+-]?\d+(?:\.\d+)?,?", word) is not None or word in {
        "SPACE", "SPACES", "ZERO", "ZEROS", "ZEROES", "HIGH-VALUE", "LOW-VALUE",
        "HIGH-VALUES", "LOW-VALUES",
    }  # fmt: skip


def _literal(word: str) -> str:
    return word[1:-1] if word[0] in "'\"" else word.rstrip(",")


def _blank_when_zero(_entry: _Entry, _word: str, words: list[str]) -> None:
    del words[: 2 if words[:1] == ["WHEN"] else 1]


def _skip_keys(_entry: _Entry, _word: str, words: list[str]) -> None:
    while words and words[0] not in {"PIC", "PICTURE", "USAGE", "OCCURS", "VALUE", "INDEXED"}:
        words.pop(0)


_CLAUSES: Final[Mapping[str, Callable[[_Entry, str, list[str]], None]]] = {
    "PIC": _picture, "PICTURE": _picture, "USAGE": _usage, "OCCURS": _occurs,
    "REDEFINES": _redefines, "SIGN": _sign, "LEADING": _sign, "TRAILING": _sign,
    "VALUE": _values, "VALUES": _values, "BLANK": _blank_when_zero, "INDEXED": _skip_keys,
    "ASCENDING": _skip_keys, "DESCENDING": _skip_keys,
}  # fmt: skip


def _tree(entries: list[_Entry], problems: list[CopybookProblem]) -> list[_Entry]:
    roots: list[_Entry] = []
    open_entries: list[_Entry] = []
    for entry in entries:
        if entry.level == 88:
            if open_entries:
                open_entries[-1].values += entry.values
            continue
        if entry.level == 66:
            problems.append(CopybookProblem(entry.line, "RENAMES (level 66) is not read"))
            continue
        if not (1 <= entry.level <= 49 or entry.level == 77):
            problems.append(CopybookProblem(entry.line, "a level is 01 to 49, 77 or 88"))
            continue
        while open_entries and open_entries[-1].level >= entry.level:
            open_entries.pop()
        if open_entries and open_entries[-1].picture is not None:
            problems.append(CopybookProblem(entry.line, "stands below a field with a PICTURE"))
        (open_entries[-1].children if open_entries else roots).append(entry)
        open_entries.append(entry)
    return roots


Members = tuple[Field | FieldGroup, ...]


def _members(
    parent: _Entry, problems: list[CopybookProblem], usage: str | None, sign: SignPlace | None
) -> tuple[Members, int]:
    """Return what stands below ``parent`` and how many bytes it takes."""
    members: list[Field | FieldGroup] = []
    places: dict[str, tuple[int, int]] = {}
    end = 0
    for entry in parent.children:
        start = end
        if entry.redefines is not None:
            if entry.redefines not in places:
                rule = f"{entry.redefines} is not declared before at this level"
                problems.append(CopybookProblem(entry.line, rule))
                continue
            start = places[entry.redefines][0]
        member = _member(entry, start, problems, usage, sign) if entry.is_read else None
        if member is None:
            continue
        places[entry.name] = (start, member.whole_length)
        end = max(end, start + member.whole_length)
        if entry.name != "FILLER":
            if member.name in {m.name for m in members}:
                problems.append(CopybookProblem(entry.line, f"{entry.name} stands twice"))
            members.append(member)
    return tuple(members), end


def _member(
    entry: _Entry,
    start: int,
    problems: list[CopybookProblem],
    usage: str | None,
    sign: SignPlace | None,
) -> Field | FieldGroup | None:
    own_usage, own_sign = entry.usage or usage, entry.sign or sign
    if entry.picture is not None:
        return _field(entry, start, problems, own_usage, own_sign)
    if not entry.children:
        problems.append(CopybookProblem(entry.line, f"{entry.name} has neither PICTURE nor fields"))
        return None
    members, length = _members(entry, problems, own_usage, own_sign)
    redefines = _own_name(entry.redefines) if entry.redefines else None
    return FieldGroup(
        _own_name(entry.name), start, length, members, entry.occurs, redefines, entry.line
    )


def _field(
    entry: _Entry,
    start: int,
    problems: list[CopybookProblem],
    usage: str | None,
    sign: SignPlace | None,
) -> Field | None:
    try:
        found = _of_picture(entry.picture or "", usage or "display", sign)
    except _Unread as unread:
        problems.append(CopybookProblem(entry.line, str(unread)))
        return None
    return replace(
        found,
        name=_own_name(entry.name),
        offset=start,
        values=tuple(entry.values),
        occurs=entry.occurs,
        redefines=_own_name(entry.redefines) if entry.redefines else None,
        line=entry.line,
    )


def _of_picture(picture: str, usage: str, sign: SignPlace | None) -> Field:
    """Return length and kind of a picture.

    Raises:
        _Unread: the picture is edited, or does not go with the usage.
    """
    plain = _REPEATED.sub(lambda m: m[1] * int(m[2]), picture.upper())
    if not plain or not _PICTURE.fullmatch(plain):
        raise _Unread(f"the picture {picture[:30]} is not read")
    if set(plain) <= set("NG"):
        return Field("", 0, 2 * len(plain), FieldKind.DOUBLE)
    if set(plain) & set("AX"):
        if usage != "display":
            raise _Unread(f"the picture {picture[:30]} does not go with its usage")
        return Field("", 0, len(plain), FieldKind.TEXT)
    digits, scale = plain.count("9"), len(plain.partition("V")[2])
    signed = plain.startswith("S")
    kind = {"display": FieldKind.ZONED, "packed": FieldKind.PACKED, "binary": FieldKind.BINARY}
    if usage not in kind:
        raise _Unread(f"the picture {picture[:30]} does not go with its usage")
    place = sign if signed and sign is not None else SignPlace.TRAILING
    length = {
        "display": digits + place.value.endswith("separate"),
        "packed": digits // 2 + 1,
        "binary": next((length for most, length in _BINARY_LENGTHS if digits <= most), 0),
    }[usage]
    if not length:
        raise _Unread("a binary number has at most 18 digits")
    return Field("", 0, length, kind[usage], digits, scale, signed, place)


def _own_name(name: str) -> str:
    return name.lower().replace("-", "_")
