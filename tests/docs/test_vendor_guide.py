"""The vendors' tutorial, done from its first line to its last, in both languages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import pytest
from openpyxl import load_workbook

import adapters.conformance
import adapters.reference
from gateway.settings import Settings
from tests.docs.pages import DOCS, headings, relative_links
from tests.docs.vendor_example import EXAMPLE, HEADS, ROWS, sample
from tests.docs.vendor_shell import VendorShell

VENDORS = DOCS / "vendors"
LANGUAGES = ("ja", "en")
GUIDE = {name: (VENDORS / f"first-adapter.{name}.md").read_text("utf-8") for name in LANGUAGES}
TEMPLATE = Path(adapters.conformance.__file__).parent / "templates" / "file" / "__package__name__"
PENSION = Path(adapters.reference.__file__).parent / "pension"
_BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its kind, what stands behind the kind, its text."""

    kind: str
    words: tuple[str, ...]
    text: str

    @property
    def exit_code(self) -> int:
        """The exit code that the last command of a block ends with."""
        return int(self.words[0].removeprefix("exit=")) if self.words else 0


def blocks_of(text: str) -> list[Block]:
    return [
        Block(kind, tuple(words), found["text"])
        for found in _BLOCK.finditer(text)
        for kind, *words in [found["info"].split()]
    ]


def shown(expected: str) -> re.Pattern[str]:
    """A line of … is any lines, … in a line any characters; blanks at the ends do not count."""
    parts = []
    for line in expected.strip("\n").splitlines():
        any_text = "[^\n]*".join(map(re.escape, line.rstrip().split("…")))
        parts.append("(?:[^\n]*\n)*?" if line == "…" else f"{any_text}\n")
    return re.compile("".join(parts))


def trimmed(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


@dataclass
class Done:
    """What became of the tutorial: block by block, and where the files are."""

    folder: Path
    wrong: list[str]
    ran: dict[str, int]
    drafts: dict[str, str]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """The tutorial done once, as a vendor does it."""
    folder = tmp_path_factory.mktemp("vendor")
    (folder / "shiryo").mkdir()
    for name in ("layout.xlsx", "TEATE.DAT"):
        copy(EXAMPLE / name, folder / "shiryo")
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(f"HITOTSU_{name.upper()}", raising=False)
        shell = VendorShell(folder, "teate_host", patch)
        result = Done(folder, [], dict.fromkeys(("sh", "text", "made", "written"), 0), {})
        printed = ""
        for block in blocks_of(GUIDE["ja"]):
            printed = _do(shell, block, printed, result)
        yield result


def _do(shell: VendorShell, block: Block, printed: str, result: Done) -> str:
    """Do what a block says and return what it prints."""
    if block.kind == "sh":
        code, printed = shell.run(block.text)
        result.ran["sh"] += 1
        if code != block.exit_code:
            result.wrong.append(f"exit code {code}: {block.text}{printed}")
    elif block.kind == "text":
        result.ran["text"] += 1
        if not shown(block.text).fullmatch(trimmed(printed)):
            result.wrong.append(f"printed:\n{printed}")
    elif block.words[0] == "made":
        result.ran["made"] += 1
        made = Path(block.words[1]).read_text("utf-8")
        result.drafts[Path(block.words[1]).name] = made
        if not shown(block.text).fullmatch(trimmed(made)):
            result.wrong.append(f"{block.words[1]}:\n{made}")
    else:
        result.ran["written"] += 1
        name = Path(block.words[0])
        if name.exists():
            result.drafts[name.name] = name.read_text("utf-8")
        shell.write(block.words[0], block.text)
    return printed


def test_every_command_and_every_file_of_the_tutorial_does_what_it_says(done: Done):
    """From the layout sheet to a gateway that asks for a certificate."""
    assert done.wrong == []
    assert done.ran == {"sh": 17, "text": 15, "made": 3, "written": 7}


def test_both_languages_have_the_same_blocks():
    """Commands, outputs and files, in the same order."""
    assert blocks_of(GUIDE["ja"]) == blocks_of(GUIDE["en"])


@pytest.mark.parametrize("page", ["first-adapter", "reference"])
def test_both_languages_have_the_same_sections_tables_and_links(page: str):
    """As many of each, in the same order; each leads to the other."""
    ja, en = ((VENDORS / f"{page}.{name}.md").read_text("utf-8") for name in LANGUAGES)
    assert [h.split()[0] for h in headings(ja)] == [h.split()[0] for h in headings(en)]
    assert len(re.findall(r"^\|", ja, re.M)) == len(re.findall(r"^\|", en, re.M))
    assert [link.replace(".ja.md", ".en.md") for link in relative_links(ja)][1:] == [
        link.replace(".ja.md", ".en.md") for link in relative_links(en)
    ][1:]


def test_a_wrong_output_would_be_found():
    """The ellipsis takes lines or a part of a line, and nothing else is taken."""
    assert shown("a\n…\nd").fullmatch("a\nb\nc\nd\n")
    assert shown("a … c").fullmatch("a b c\n")
    assert not shown("a\nd").fullmatch("a\nb\nd\n")
    assert not shown("a\n…\nd").fullmatch("a\nb\nc\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_layout_sheet_is_the_table_of_the_tutorial(language: str):
    """Cell by cell, and the file is what the host writes."""
    sheet = load_workbook(EXAMPLE / "layout.xlsx").worksheets[0]
    cells = [tuple(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert cells == [HEADS, *ROWS]
    for row in cells:
        assert f"| {' | '.join(map(str, row))} |" in GUIDE[language]
    assert (EXAMPLE / "TEATE.DAT").read_bytes() == sample()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_that_the_tables_explain_is_one_of_ours(language: str):
    """Word by word, apart from what … stands for."""
    packages = [DOCS.parent / name for name in ("adapters", "gateway")]
    source = "\n".join(p.read_text("utf-8") for one in packages for p in one.rglob("*.py"))
    page = _BLOCK.sub("", GUIDE[language])
    firsts = [row.split("|")[1] for row in re.findall(r"^\| [^|]*`[^|]*\|.*$", page, re.MULTILINE)]
    said = [text for first in firsts for text in re.findall(r"`([^`/.]+(?:…[^`/]*)?)`", first)]
    parts = [part.strip() for text in said for part in text.split("…")]
    assert len(said) > 25
    assert sorted({part for part in parts if part not in source}) == []


def by_hand(before: str, after: str) -> int:
    """The lines that are in ``after`` and were not in ``before``, blank ones not counted."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return sum(line.startswith("+ ") and line[2:].strip() != "" for line in lines)


def template(name: str) -> str:
    return (TEMPLATE / f"{name}.template").read_text("utf-8")


def golden_by_hand(text: str) -> int:
    """The lines behind the first pair, which the draft has."""
    return len(text[text.index("\n- name:", text.index("\n- name:") + 1) :].strip().splitlines())


def figures(language: str) -> list[tuple[int, int]]:
    """The rows of the last table: the example, the pension host."""
    rows = [r for r in GUIDE[language].rpartition("\n## ")[2].splitlines() if r.startswith("| ")]
    cells = [[re.findall(r"\d+", cell) for cell in row.split("|")[2:4]] for row in rows]
    return [(int(a[-1]), int(b[-1])) for a, b in cells if a and b]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lines_by_hand_are_those_that_are_counted(done: Done, language: str):
    """Of the example and of the pension host, against skeleton and draft."""
    package = done.folder / "teate-host" / "teate_host"
    read = {
        p.name: p.read_text("utf-8")
        for p in package.rglob("*.*")
        if p.suffix in {".py", ".yaml", ".md", ".cpy"}
    }
    names = ("manifest.yaml", "__init__.py", "conformance/kit.yaml")
    own = [by_hand(template(n), (package / n).read_text("utf-8")) for n in names]
    pension = [by_hand(template(n), (PENSION / n).read_text("utf-8")) for n in names]
    mapping = by_hand(done.drafts["mapping.yaml"], read["mapping.yaml"])
    whole = len((PENSION / "mapping.yaml").read_text("utf-8").splitlines())
    readmes = [
        len([line for line in text.splitlines() if line])
        for text in (read["README.md"], (PENSION / "README.md").read_text("utf-8"))
    ]
    goldens = [
        golden_by_hand(read["shogaiteatejoho.yaml"]),
        sum(golden_by_hand(p.read_text("utf-8")) for p in PENSION.glob("conformance/golden/*")),
    ]
    copybooks = [
        len(read["teate.cpy"].splitlines()),
        sum(len(p.read_text("utf-8").splitlines()) for p in PENSION.glob("*.cpy")),
    ]
    counted = [*zip(own, pension, strict=True), tuple(goldens), tuple(readmes)]
    total = (mapping + sum(a for a, _ in counted), whole + sum(b for _, b in counted))
    assert f"| {len(read['mapping.yaml'].splitlines())} " in GUIDE[language]
    types, stated, *rest = figures(language)
    assert types == (1, 4)
    assert (stated, rest) == ((mapping, whole), [*counted, total, tuple(copybooks)])
