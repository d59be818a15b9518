"""What a vendor is told about a mapping document: everything that is wrong, with its place."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from adapters.mapping.document import Level, MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.row_plan import RowPlans
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.builtin import load_builtin

GOOD = """\
language: 1
system: example
version: 1.0.0
reads:
  tehai:
    sql: {statement: "SELECT * FROM tehai WHERE no = :number"}
code_tables:
  shu:
    rows:
      - {from: S, to: "1"}
      - {from: R, to: "2"}
groups:
  022.techojoho:
    read: tehai
    columns: [no, shu, bango, kyu, kofu, biko]
    subject: no
    dates:
      kofu: {field: kofu, format: western-digits}
    items:
      atenabango: {field: no}
      techoshubetsu: {field: shu, codes: shu}
      techobango: {field: bango}
      tokyu: {constant: "01"}
      kofunengappi: {date: kofu}
"""


def found(text: str, level: Level = Level.ERROR) -> list[tuple[int, str]]:
    """Return line and code of everything that is wrong with a document."""
    try:
        findings = lint(read_document(text), load_builtin())
    except MappingError as error:
        findings = list(error.findings)
    return [(f.line, f.code) for f in findings if f.level is level]


def changed(*replacements: tuple[str, str]) -> str:
    """Return the good document with replacements."""
    text = GOOD
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_a_good_document_has_no_error_and_tells_of_columns_that_nobody_reads() -> None:
    """An unused column may be meant; it is told, not refused."""
    assert found(GOOD) == []
    assert found(GOOD, Level.INFORMATION) == [(15, "unused-column"), (15, "unused-column")]


@pytest.mark.parametrize("system", ["resident", "tax", "welfare"])
def test_the_reference_mappings_have_no_error(system: str) -> None:
    """And they supply every required item of their groups."""
    text = files(f"adapters.reference.{system}").joinpath("mapping.yaml").read_text("utf-8")
    assert found(text) == []


ITEM = "      techobango: {field: bango}"
WRONG: list[tuple[str, tuple[str, str], list[tuple[int, str]]]] = [
    ("no such group", ("022.techojoho:", "022.techojohoo:"), [(13, "unknown-group")]),
    ("an item of another group", ("techobango: {", "ninteibango: {"),
     [(19, "unmapped-required-item"), (22, "unknown-item")]),
    ("years of two digits without a century",
     ("format: western-digits}", "format: short-western-digits}"), [(18, "no-century")]),
    ("a required item left out", (ITEM + "\n", ""), [(19, "unmapped-required-item")]),
    ("no such read", ("read: tehai", "read: tehei"), [(14, "unknown-read")]),
    ("no such code table", ("codes: shu", "codes: shuu"), [(21, "unknown-code-table")]),
    ("a coded item without a table", ("field: shu, codes: shu", "field: shu"),
     [(21, "no-code-table")]),
    ("a target that the edition does not have", ('from: R, to: "2"', 'from: R, to: "9"'),
     [(21, "wrong-code")]),
    ("no such date", ("date: kofu}", "date: kofuu}"), [(24, "unknown-date")]),
    ("a date item made of a text", ("{date: kofu}", "{field: kofu}"), [(24, "wrong-type")]),
    ("a text item made of a date", ("{field: bango}", "{date: kofu}"), [(22, "wrong-type")]),
    ("a constant that does not fit", ('constant: "01"', 'constant: "99"'),
     [(23, "wrong-constant")]),
    ("a default that does not fit", ("{field: bango}",
     "{field: bango, default: {value: 'ながい', reason: x}}"), [(22, "wrong-default")]),
    ("a misspelt column", ("{field: bango}", "{field: bngo}"), [(22, "unknown-column")]),
    ("an era date without its codes", ("format: western-digits", "format: era-digits"),
     [(18, "no-era-codes")]),
    ("a fiscal year for an item that is none", ("{field: bango}",
     "{field: bango, fiscal_year: true}"), [(22, "wrong-type")]),
    ("an unknown key", ("{field: bango}", "{feild: bango}"),
     [(22, "extra_forbidden")]),
    ("two origins of one item", ("{field: bango}", "{field: bango, constant: x}"),
     [(22, "value_error")]),
    ("a vendor code twice", ("from: R", "from: S"), [(8, "value_error")]),
    ("a key twice", (ITEM, ITEM + "\n" + ITEM), [(23, "repeated-key")]),
    ("another language", ("language: 1", "language: 2"), [(1, "literal_error")]),
    ("not YAML", ("groups:\n", "groups: [\n"), [(14, "not-yaml")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("replacement", "expected"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG]
)
def test_a_mistake_is_told_with_its_line(
    replacement: tuple[str, str], expected: list[tuple[int, str]]
) -> None:
    """The vendor's editor can jump there."""
    assert [f for f in found(changed(replacement)) if f[1] != "unused-column"] == expected


def test_all_mistakes_are_told_in_one_run() -> None:
    """Nobody wants to run it seven times."""
    text = changed(
        ("read: tehai", "read: tehei"),
        ("codes: shu", "codes: shuu"),
        ('constant: "01"', 'constant: "99"'),
        ("date: kofu}", "date: kofuu}"),
    )
    assert found(text) == [
        (14, "unknown-read"),
        (21, "unknown-code-table"),
        (23, "wrong-constant"),
        (24, "unknown-date"),
    ]
    shape = changed(("system: example", "sistem: example"), ("version: 1.0.0", "version: one"))
    assert [line for line, _ in found(shape)] == [1, 2, 3]


def convert(text: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the answers that a document makes of one row."""
    group = "022.techojoho"
    plans = RowPlans(read_document(text).mapping, {group: load_builtin().groups[group]})
    (record,) = plans.plan(group).convert([row]).records
    return dict(record.answers)


ROW = {"no": "1", "shu": "S", "bango": " ", "kyu": "2", "kofu": "20180601"}


def test_an_item_that_the_mapping_leaves_out_is_not_supplied() -> None:
    """It is there with its reason, as every item of the group."""
    assert convert(GOOD, ROW)["yukokigen"] == Absence(AbsenceReason.NOT_SUPPLIED)


def test_a_default_stands_only_where_it_was_declared_and_says_so() -> None:
    """Blank without a declaration stays blank; a recorded value is never replaced."""
    declared = changed(("{field: bango}", "{field: bango, default: {value: 'X', reason: 決定}}"))
    assert convert(GOOD, ROW)["techobango"] == Absence(AbsenceReason.NOT_RECORDED)
    defaulted = convert(declared, ROW)["techobango"]
    assert isinstance(defaulted, Value)
    assert defaulted.value == "X"
    assert [(q.code, q.severity.value) for q in defaulted.quality] == [("DEFAULTED", "I")]
    assert convert(declared, {**ROW, "bango": "77"})["techobango"] == Value("77")


def test_full_width_text_can_be_narrowed_where_the_mapping_says_so() -> None:
    """A number that a product keeps in full width."""
    narrow = changed(("{field: bango}", "{field: bango, text: half-width}"))
    assert convert(narrow, {**ROW, "bango": "１２３Ａ"})["techobango"] == Value("123A")


def test_a_plan_is_compiled_once_for_each_set_of_fields() -> None:
    """And the cache of them is bounded."""
    group = load_builtin().groups["022.techojoho"]
    plans = RowPlans(read_document(GOOD).mapping, {"022.techojoho": group})
    two = plans.plan("022.techojoho", frozenset({"tokyu", "techobango"}))
    assert plans.plan("022.techojoho", frozenset({"techobango", "tokyu"})) is two
    with pytest.raises(KeyError):
        plans.plan("001.juminkihonjoho")


def test_bare_words_that_look_like_something_else_are_text() -> None:
    """``no`` is a column, ``01`` a code, ``2026-10-01`` no day that YAML made of it."""
    text = changed(
        ('{from: S, to: "1"}', "{from: 01, to: 2}"),
        ('{from: R, to: "2"}', '{from: off, to: "1", note: 2026-10-01}'),
    )
    assert found(text) == [(10, "string_type")]
    read = read_document(text.replace("to: 2}", "to: '2'}")).mapping
    assert [row.code for row in read.code_tables["shu"].rows] == ["01", "off"]
    assert read.code_tables["shu"].rows[1].note == "2026-10-01"
    assert read.groups["022.techojoho"].subject == "no"
