"""Steps: what is done to a content before it is read, the built-in ones and a vendor's own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Deadline, Host
from adapters.errors import ConfigurationError
from adapters.mapped import MappedAdapter, open_mapped
from adapters.mapping.changes import mapping_changes
from adapters.mapping.coverage import CoverageCounter
from adapters.mapping.document import Level, MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.own_steps import (
    NO_STEPS,
    OwnStep,
    OwnSteps,
    Refused,
    StepsError,
    read_steps,
    step,
    steps_of,
)
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.workbook import from_workbook, to_workbook
from adapters.mapping.writing import to_yaml
from adapters.step_modules import steps_of_folder
from standard_models.answers import Absence, Answer, Value
from standard_models.builtin import load_builtin
from tests.adapters.test_mapping_document import GOOD, changed
from tests.doubles import RecordingLog, StoppedClock

DICTIONARY = load_builtin()
ROW = {"no": "0000000019", "shu": "S", "bango": "1", "kyu": "1", "kofu": "20260401", "biko": None}
BANGO = "techobango: {field: bango}"


def answer(rule: str, own: OwnSteps = NO_STEPS, item: str = "techobango", **row: Any) -> Answer:
    """Return what the rule of 手帳番号 (X) makes of a row, with its change."""
    text = changed((BANGO, f"techobango: {rule}"))
    document = read_document(text)
    errors = [f for f in lint(document, DICTIONARY, own=own) if f.level is Level.ERROR]
    assert [str(f) for f in errors] == []
    plan = RowPlans(document.mapping, DICTIONARY.groups, own).plan("022.techojoho")
    (record,) = plan.convert([{**ROW, **row}]).records
    return record.answers[item]


def value(found: Answer) -> Any:
    assert isinstance(found, Value), found
    return found.value


def cause(found: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Return the findings of an item that was lost."""
    assert isinstance(found, Absence)
    assert found.reason.value == "lost-in-mapping"
    return [(q.code, {k: v for k, v in q.params.items() if k != "item_id"}) for q in found.quality]


@pytest.mark.parametrize(
    ("steps", "raw", "expected"),
    [
        ("[{pad_left: {width: 6}}]", "4711", "004711"),
        ("[{pad_left: {width: 6}}]", 4711, "004711"),
        ("[{pad_left: {width: 6}}]", "004711", "004711"),
        ("[{pad_left: {width: 4, character: '*'}}]", "A1", "**A1"),
        ("[{strip_left: {}}]", "000120", "120"),
        ("[{strip_left: {}}]", "0000", "0"),
        ("[{strip_left: {character: '*'}}]", "**A*", "A*"),
        ("[{replace: {pairs: [{from: a, to: b}, {from: b, to: a}]}}]", "aab", "bba"),
        ("[{replace: {pairs: [{from: A, to: x}, {from: AB, to: y}]}}]", "AAB", "xy"),
        ("[{replace: {pairs: [{from: '.', to: '-'}]}}]", "1.2", "1-2"),
        ("[{replace: {pairs: [{from: A, to: x}], whole: true}}]", "A", "x"),
        ("[{replace: {pairs: [{from: A, to: x}], whole: true}}]", "AA", "AA"),
        ("[{digits_only: {separators: ['-', '(', ')']}}]", "(0467)12-3456", "0467123456"),
        ("[{form: half-width}]", "ＡＢ１２", "AB12"),
        ("[{form: upper-case}]", "ab12", "AB12"),
        ("[{form: half-width}, {digits_only: {separators: ['-']}}]", "１２－３", "123"),
        ("[{strip_left: {}}, {pad_left: {width: 3}}]", "000007", "007"),
    ],
)
def test_a_step_makes_one_content_of_another(steps: str, raw: Any, expected: str) -> None:
    """In their order, before the content is checked against the item."""
    assert value(answer(f"{{field: bango, steps: {steps}}}", bango=raw)) == expected


def test_kana_become_katakana_in_full_width() -> None:
    """Hiragana and half-width kana; long marks and small kana stay."""
    rule = "{field: bango, steps: [{form: katakana}, {form: half-width}]}"
    assert value(answer(rule, bango="ばば　ｹﾞﾝｺﾞー")) == "ﾊﾞﾊﾞ ｹﾞﾝｺﾞｰ"


@pytest.mark.parametrize(
    ("steps", "raw", "refusal"),
    [
        ("[{pad_left: {width: 4}}]", "47110", {"step": "pad_left", "rule": "width"}),
        ("[{digits_only: {separators: ['-']}}]", "12-A", {"step": "digits_only", "rule": "digits"}),
        ("[{digits_only: {separators: ['-']}}]", "１２", {"step": "digits_only", "rule": "digits"}),
    ],
)
def test_a_step_that_does_not_take_a_content_loses_the_item_and_says_why(
    steps: str, raw: str, refusal: dict[str, str]
) -> None:
    """The step and its rule, never the content."""
    found = answer(f"{{field: bango, steps: {steps}}}", bango=raw)
    assert cause(found) == [("STEP_REFUSED", refusal)]


@pytest.mark.parametrize("raw", [None, "", "   ", "　", "NASHI"])
def test_a_blank_field_stays_blank(raw: str | None) -> None:
    """A step sees no blank and nothing that the mapping declares to be none."""
    rule = '{field: bango, "null": [NASHI], steps: [{pad_left: {width: 6}}]}'
    found = answer(rule, bango=raw)
    assert found == Absence(found.reason)  # type: ignore[union-attr]
    assert found.reason.value == "not-recorded"  # type: ignore[union-attr]


def test_separators_alone_are_refused_and_what_is_replaced_by_nothing_is_blank() -> None:
    """Figures were promised; a text that goes away leaves nothing."""
    dashes = answer("{field: bango, steps: [{digits_only: {separators: ['-']}}]}", bango="--")
    assert cause(dashes) == [("STEP_REFUSED", {"step": "digits_only", "rule": "digits"})]
    gone = answer(
        "{field: bango, steps: [{replace: {pairs: [{from: 不明, to: ''}]}}]}", bango="不明"
    )
    assert isinstance(gone, Absence)
    assert gone.reason.value == "not-recorded"


def test_a_list_where_a_text_is_needed_loses_the_item() -> None:
    """It has no one form as a text."""
    assert cause(answer("{field: bango, steps: [{strip_left: {}}]}", bango=["1"])) == [
        ("WRONG_TYPE", {"expected": "text"})
    ]
    assert cause(answer("{fields: [bango, kyu]}", bango=1.5)) == [
        ("WRONG_TYPE", {"expected": "text"})
    ]


def test_a_step_does_not_hide_a_character_that_was_lost_before() -> None:
    """Taking the mark of it away would make a content of damage."""
    rule = "{field: bango, steps: [{replace: {pairs: [{from: '\ufffd', to: ''}]}}]}"
    assert cause(answer(rule, bango="12\ufffd3")) == [("UNDECODABLE", {})]


def test_codes_are_translated_after_the_steps() -> None:
    """The table has the codes as they are after the steps."""
    text = changed(
        ("field: shu, codes: shu", "field: shu, steps: [{form: upper-case}], codes: shu")
    )
    plan = RowPlans(read_document(text).mapping, DICTIONARY.groups).plan("022.techojoho")
    (record,) = plan.convert([{**ROW, "shu": "s"}]).records
    assert value(record.answers["techoshubetsu"]) == "1"


@pytest.mark.parametrize(
    ("join", "parts", "expected"),
    [
        ("", ("12", "34"), "1234"),
        (", join: {separator: '-'}", ("12 ", "34"), "12-34"),
        (", join: {separator: '-'}", (12, "34"), "12-34"),
        (", join: {separator: '-', partial: true}", ("12", " "), "12"),
        (", join: {separator: '-', partial: true}", (None, "34"), "34"),
        (', join: {separator: "-", partial: true}, "null": ["00"]', ("12", "00"), "12"),
    ],
)
def test_fields_are_joined(join: str, parts: tuple[Any, Any], expected: str) -> None:
    """Without their padding, with the separator between those that have a content."""
    found = answer(f"{{fields: [bango, kyu]{join}}}", bango=parts[0], kyu=parts[1])
    assert value(found) == expected


def test_a_join_of_which_a_part_is_missing_is_lost_and_one_of_blanks_is_blank() -> None:
    """Half a number is no number; nobody said that it may be."""
    half = answer("{fields: [bango, kyu]}", bango="12", kyu=None)
    assert cause(half) == [("STEP_REFUSED", {"step": "join", "rule": "part-missing"})]
    none = answer("{fields: [bango, kyu]}", bango=" ", kyu=None)
    assert isinstance(none, Absence)
    assert none.reason.value == "not-recorded"


def test_steps_follow_a_join() -> None:
    """The joined content is one content."""
    rule = "{fields: [bango, kyu], steps: [{pad_left: {width: 8}}]}"
    assert value(answer(rule, bango="12", kyu="34")) == "00001234"


# --- a vendor's own steps


@step("strip-brackets", examples=[("(12)", "12"), ("()", None), ("12", Refused("no-brackets"))])
def strip_brackets(raw: str) -> str | Refused | None:
    if not (raw.startswith("(") and raw.endswith(")")):
        return Refused("no-brackets")
    return raw[1:-1] or None


def module_of(*functions: OwnStep) -> ModuleType:
    """Return a module that holds the steps, as if it had defined them."""
    module = ModuleType("steps")
    for number, function in enumerate(functions):
        if inspect.isfunction(function.function):
            function.function.__module__ = "steps"
        setattr(module, f"step_{number}", function)
    return module


OWN = {"strip-brackets": strip_brackets}
RULE = "{field: bango, steps: [{own: strip-brackets}]}"
WITH_STEPS = changed(
    ("version: 1.0.0", "version: 1.0.0\nsteps_module: steps"), (BANGO, f"techobango: {RULE}")
)


def own_answer(own: OwnSteps, raw: Any) -> Answer:
    document = read_document(WITH_STEPS)
    plan = RowPlans(document.mapping, DICTIONARY.groups, own).plan("022.techojoho")
    (record,) = plan.convert([{**ROW, "bango": raw}]).records
    return record.answers["techobango"]


def test_a_step_of_the_vendor_is_used_by_its_name() -> None:
    """It gives a content, nothing, or a refusal."""
    assert value(own_answer(OWN, "(12)")) == "12"
    empty = own_answer(OWN, "()")
    assert isinstance(empty, Absence)
    assert empty.reason.value == "not-recorded"
    refused = cause(own_answer(OWN, "12"))
    assert refused == [("STEP_REFUSED", {"step": "strip-brackets", "rule": "no-brackets"})]


def raising(_raw: str) -> str:
    raise ValueError(_raw)


def leaving(_raw: str) -> str:
    raise SystemExit(1)


@pytest.mark.parametrize(
    "function",
    [raising, leaving, lambda raw: 5, lambda raw: raw.encode(), Refused],
    ids=["raises", "leaves", "a number", "bytes", "a rule that no example shows"],
)
def test_a_step_that_breaks_its_promise_loses_the_item_only(function: Callable[[str], Any]) -> None:
    """With the name of the step; what it raised may hold the content and is not told."""
    own = {"strip-brackets": OwnStep("strip-brackets", function, strip_brackets.examples)}
    found = own_answer(own, "架空")
    assert cause(found) == [("STEP_FAILED", {"step": "strip-brackets"})]
    assert "架空" not in repr(found)


@given(st.text(max_size=20) | st.integers() | st.none())
def test_whatever_a_field_holds_a_step_never_raises(raw: Any) -> None:
    """A value, or an absence with its cause."""
    assert isinstance(own_answer(OWN, raw), Value | Absence)


def test_a_module_lists_its_steps_with_the_module_of_their_source() -> None:
    """So that whoever judges a step finds its text."""
    module = module_of(strip_brackets)
    assert [(s.name, s.module) for s in steps_of(module)] == [("strip-brackets", "steps")]
    assert read_steps(module) == OWN


def refused_by(*functions: OwnStep) -> list[str]:
    with pytest.raises(StepsError) as caught:
        read_steps(module_of(*functions))
    return list(caught.value.problems)


def plain(name: str, examples: list[Any]) -> OwnStep:
    @step(name, examples=examples)
    def upper(raw: str) -> str | Refused:
        return raw.upper() if raw else Refused("empty")

    return upper


GOOD_EXAMPLES = [("a", "A"), ("", Refused("empty"))]


def test_a_good_step_is_read() -> None:
    """The one that the bad ones below differ from."""
    assert set(read_steps(module_of(plain("upper", GOOD_EXAMPLES)))) == {"upper"}


@pytest.mark.parametrize(
    ("name", "examples", "rule"),
    [
        ("Upper", GOOD_EXAMPLES, "a name has small letters, digits and single hyphens"),
        ("upper", [("", Refused("empty"))], "at least 2 examples, one of them refused, are needed"),
        ("upper", [("a", "A"), ("b", "B")], "at least 2 examples, one of them refused, are needed"),
        ("upper", [*GOOD_EXAMPLES, ("b", "C")], "example 3 does not give what is written"),
        ("upper", [("a", "A"), ("", Refused("blank"))], "example 2 does not give what is written"),
    ],
)
def test_a_step_that_cannot_be_trusted_is_refused_with_the_reason(
    name: str, examples: list[Any], rule: str
) -> None:
    """Before it sees a record."""
    assert refused_by(plain(name, examples)) == [f"{name}: {rule}"]


def two_arguments(raw: str, other: str) -> str:
    return raw + other


def untyped(raw):  # type: ignore[no-untyped-def]
    return raw


def of_a_number(raw: int) -> str:
    return str(raw)


def to_a_number(raw: str) -> int:
    return len(raw)


async def asynchronous(raw: str) -> str:
    return raw


def generator(raw: str) -> Iterator[str]:
    yield raw


@pytest.mark.parametrize(
    "function", [two_arguments, untyped, of_a_number, to_a_number, asynchronous, generator, str]
)
def test_a_step_of_another_shape_is_refused(function: Any) -> None:
    """One text in, one text out, with annotations."""
    (problem,) = refused_by(OwnStep("odd", function, (("a", "a"), ("b", Refused("b")))))[-1:]
    assert "takes one str and returns str, None or Refused" in problem


def test_a_step_that_remembers_is_refused() -> None:
    """The same content must give the same result."""
    seen: list[str] = []

    @step("remember", examples=[("a", "a"), ("a", "a"), ("", Refused("empty"))])
    def remember(raw: str) -> str | Refused:
        seen.append(raw)
        return (raw if len(seen) < 2 else raw * 2) or Refused("empty")

    assert refused_by(remember)[0] == "remember: example 1 does not give what is written"


def test_every_problem_of_a_module_is_told_at_once() -> None:
    """A name twice, an example that raises, a module without steps."""
    broken = OwnStep("raise", raising, (("5", "x"), ("1", Refused("no-brackets"))))
    first, second = plain("upper", GOOD_EXAMPLES), plain("upper", GOOD_EXAMPLES)
    assert refused_by(first, second, broken) == [
        "upper: the name stands twice",
        "raise: example 1 raises ValueError",
        "raise: example 2 raises ValueError",
    ]
    assert refused_by() == ["steps defines no step"]


@pytest.mark.parametrize(
    "example", [("a",), "ab", (5, "A"), ("a", 5), ("a", ["A"]), ("a", Refused("No rule"))]
)
def test_an_example_of_another_shape_is_refused(example: Any) -> None:
    """Told, and not run."""
    (problem,) = refused_by(plain("upper", [example, *GOOD_EXAMPLES]))
    assert problem.startswith("upper: an example is a pair")


def test_a_step_borrowed_from_another_module_is_refused() -> None:
    """Its source would not be where people look for it."""
    module = module_of(strip_brackets)
    module.__name__ = "other"
    with pytest.raises(StepsError, match="is defined in another module"):
        read_steps(module)


# --- steps in a document


def told(text: str, own: OwnSteps | None = None) -> list[tuple[int, int, str, str]]:
    try:
        findings = lint(read_document(text), DICTIONARY, own=own)
    except MappingError as error:
        findings = list(error.findings)
    columns = {"unused-column"}
    return [(f.line, f.column, f.code, f.level) for f in findings if f.code not in columns]


def test_steps_that_nobody_defines_or_uses_are_told_with_their_place() -> None:
    """Line and column of the step, or of the module."""
    assert told(WITH_STEPS, OWN) == []
    assert told(WITH_STEPS, {}) == [(23, 42, "unknown-step", "error")]
    assert told(WITH_STEPS, {**OWN, "other": strip_brackets}) == [
        (4, 1, "unused-step", "information")
    ]
    assert told(WITH_STEPS.replace("steps_module: steps\n", "")) == [
        (22, 42, "no-steps-module", "error")
    ]
    assert told(GOOD.replace("system:", "steps_module: steps\nsystem:")) == [
        (2, 1, "unused-steps-module", "information")
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{field: bango, steps: [{}]}",
        "{field: bango, steps: [{form: half-width, own: a}]}",
        "{field: bango, steps: [{form: sideways}]}",
        "{field: bango, steps: [{own: Not A Name}]}",
        "{field: bango, steps: [{pad_left: {width: 1}}]}",
        "{field: bango, steps: [{replace: {pairs: [{from: a, to: b}, {from: a, to: c}]}}]}",
        "{field: bango, join: {separator: '-'}}",
        "{fields: [bango]}",
        "{fields: [bango, kyu], slice: [0, 1]}",
        "{constant: 'A', steps: [{form: half-width}]}",
    ],
)
def test_a_rule_that_says_too_little_or_too_much_is_refused(rule: str) -> None:
    """At the line of the item."""
    found = told(changed((BANGO, f"techobango: {rule}")))
    assert found
    assert {(line, level) for line, _, _, level in found} == {(22, "error")}


RICH = WITH_STEPS.replace(
    RULE,
    '{fields: [bango, kyu], join: {separator: " ", partial: true}, steps: [{strip_left: {}},'
    " {replace: {pairs: [{from: '01', to: 'no'}], whole: true}}, {own: strip-brackets}]}",
)


def test_steps_survive_the_workbook_and_yaml(tmp_path: Path) -> None:
    """Every key, as the municipality signs it."""
    mapping = read_document(RICH).mapping
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping, DICTIONARY.groups).save(path)
    assert from_workbook(path) == mapping
    assert read_document(to_yaml(mapping)).mapping == mapping


def test_a_changed_step_is_a_change_of_its_item() -> None:
    """In words, not as data."""
    (change,) = mapping_changes(
        read_document(WITH_STEPS).mapping,
        read_document(WITH_STEPS.replace("{own: strip", "{strip_left: {}}, {own: strip")).mapping,
    )
    assert change.path == "groups.022.techojoho.items.techobango"
    assert change.before == "field: bango, steps: own: strip-brackets"
    assert change.after == "field: bango, steps: strip_left: {}; own: strip-brackets"


def test_coverage_counts_joined_fields_as_used_and_filled() -> None:
    """And a refused content as lost, with its cause."""
    mapping = read_document(RICH).mapping
    counter = CoverageCounter(mapping, DICTIONARY.groups, "tehai", ["bango", "kyu", "biko"], OWN)
    for bango in ("(1", "1"):
        counter.count({**ROW, "bango": bango, "kyu": "2)"}, [])
    item = counter.report.groups["022.techojoho"].items["techobango"]
    assert (item.origin, dict(item.outcomes)) == ("fields", {"filled": 1, "lost-in-mapping": 1})
    assert dict(item.quality) == {"STEP_REFUSED": 1}
    assert counter.report.used["kyu"] == ("022.techojoho.techobango",)


def test_coverage_counts_codes_as_the_table_sees_them() -> None:
    """After slice, null and steps: what the raw field holds may be no code at all."""
    rule = 'field: shu, slice: [1, 3], "null": ["00"], steps: [{form: upper-case}], codes: shu'
    mapping = read_document(changed(("field: shu, codes: shu", rule))).mapping
    counter = CoverageCounter(mapping, DICTIONARY.groups, "tehai", ["shu"])
    for shu in ("1s 9", "1r 9", "1x 9", "1009"):
        counter.count({**ROW, "shu": shu}, [])
    codes = counter.report.groups["022.techojoho"].codes["shu"]
    assert dict(codes) == {("S", True): 1, ("R", True): 1, ("X", False): 1}


# --- the module beside a mapping

MODULE = '''\
"""The steps of the product."""

from __future__ import annotations

from adapters.mapping.own_steps import Refused, step


@step("strip-brackets", examples=[("(12)", "12"), ("12", Refused("no-brackets"))])
def strip_brackets(raw: str) -> str | Refused:
    """Return what stands in brackets."""
    return raw[1:-1] if raw[:1] == "(" and raw[-1:] == ")" else Refused("no-brackets")
'''


def test_the_module_is_read_from_the_folder_of_the_mapping(tmp_path: Path) -> None:
    """As the commands do it."""
    mapping = read_document(WITH_STEPS).mapping
    (tmp_path / "steps.py").write_text(MODULE, "utf-8")
    own = steps_of_folder(mapping, tmp_path)
    assert value(own_answer(own, "(77)")) == "77"
    assert steps_of_folder(read_document(GOOD).mapping, tmp_path) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["steps.py"]


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        (None, "steps.py: not beside the mapping"),
        ("raise ValueError\n", "steps.py: running it raised ValueError"),
        ("import sys\nsys.exit(3)\n", "steps.py: running it raised SystemExit"),
        ("x = (\n", "steps.py: running it raised SyntaxError"),
        ("x = 1\n", "steps defines no step"),
    ],
)
def test_a_module_that_cannot_be_used_is_told(
    tmp_path: Path, module: str | None, problem: str
) -> None:
    """By its name and the kind of error."""
    if module is not None:
        (tmp_path / "steps.py").write_text(module, "utf-8")
    with pytest.raises(StepsError) as caught:
        steps_of_folder(read_document(WITH_STEPS).mapping, tmp_path)
    assert caught.value.problems == (problem,)


MANIFEST = """\
id: example
version: 1.0.0
name_ja: 例
name_en: Example
vendor: example
contacts: [{name: a, email: a@v.example}, {name: b, email: b@v.example}]
licence: Apache-2.0
contract: {minimum: "1.0", maximum: "1.0"}
lifecycle: incubating
product: {name_ja: 例, name_en: Example}
numbering: {id: example, name_ja: 番号}
capabilities: [fetch]
supplies: [{group: 022.techojoho, edition: provisional-2026}]
limits: {max_concurrency: 1, timeout_s: 5}
personal_data: {processed: [手帳]}
"""


class Silent:
    """A source that is never asked."""

    async def read(self, read: Any, number: str | None, deadline: Deadline) -> Any:
        raise AssertionError

    async def ping(self, deadline: Deadline) -> str | None:
        raise AssertionError

    async def aclose(self) -> None:
        return None


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a vendor with a module of steps."""
    folder = tmp_path / "example_vendor"
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    (folder / "steps.py").write_text(MODULE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in ("example_vendor", "example_vendor.steps"):
        sys.modules.pop(name, None)


async def opened(text: str, package: str | None) -> MappedAdapter:
    async with httpx.AsyncClient(verify=False, trust_env=False) as http:
        host = Host("999997", StoppedClock(), http, RecordingLog(), DICTIONARY)
        return open_mapped(host, MANIFEST, text, lambda _a, _b: Silent(), package=package)


async def test_an_adapter_with_steps_opens_with_its_package(package: Path) -> None:
    """The module is found by its name in the package."""
    adapter = await opened(WITH_STEPS, package.name)
    assert adapter.mapping_version == "1.0.0"


async def test_an_adapter_whose_steps_are_no_good_does_not_open(package: Path) -> None:
    """Without its package, without the step, with an example that fails."""
    with pytest.raises(ConfigurationError, match="there is no package to find it in"):
        await opened(WITH_STEPS, None)
    with pytest.raises(ConfigurationError, match="import failed with ModuleNotFoundError"):
        await opened(WITH_STEPS.replace("steps_module: steps", "steps_module: more"), package.name)
    with pytest.raises(ConfigurationError, match="unknown-step"):
        await opened(WITH_STEPS.replace("own: strip-", "own: take-"), package.name)
    (package / "steps.py").write_text(MODULE.replace('"12")', '"12 or more")'), "utf-8")
    sys.modules.pop("example_vendor.steps", None)
    with pytest.raises(ConfigurationError, match="example 1 does not give what is written"):
        await opened(WITH_STEPS, package.name)
