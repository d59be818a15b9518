"""What must hold in a record: a swapped column is plausible in every cell, and yet told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.mapping.document import Document, MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.row_plan import RowPlans
from standard_models.answers import Value
from standard_models.builtin import load_builtin

DICTIONARY = load_builtin()
TEXT = """\
language: 1
system: example
version: 1.0.0
reads:
  a: {sql: {statement: SELECT 1}}
groups:
  014.choteijoho:
    read: a
    subject: no
    dates:
      chotei: {field: chotei, format: western-digits}
      nokigen: {field: nokigen, format: western-digits, blank: not-set}
    items:
      atenabango: {field: no}
      zeimokukodo: {constant: "01"}
      fukanendo: {field: nendo, fiscal_year: true}
      sotonendo: {field: nendo, fiscal_year: true}
      tsuchishobango: {field: tsuchi}
      kibetsu: {field: ki}
      choteigaku: {field: gaku, amount: {unit: yen}}
      shunogaku: {field: shuno, amount: {unit: yen}}
      minogaku: {field: mino, amount: {unit: yen}}
      choteinengappi: {date: chotei}
      nokigen: {date: nokigen}
    invariants:
      balance: {sum: {total: choteigaku, of: [shunogaku, minogaku]}}
      due: {order: {items: [choteinengappi, nokigen]}}
      period: {bounds: {item: kibetsu, least: 1, most: 12}, note: 期別は1〜12}
"""
ROW = {
    "no": "000000047112", "nendo": "2026", "tsuchi": "1", "ki": 1, "gaku": 30000, "shuno": 10000,
    "mino": 20000, "chotei": "20260601", "nokigen": "20260630",
}  # fmt: skip


def document(text: str = TEXT) -> Document:
    found = read_document(text)
    assert [str(f) for f in lint(found, DICTIONARY)] == []
    return found


def broken(row: dict[str, Any], wanted: frozenset[str] | None = None) -> dict[str, list[str]]:
    plan = RowPlans(document().mapping, DICTIONARY.groups).plan("014.choteijoho", wanted)
    (record,) = plan.convert([row]).records
    assert wanted is None or set(record.answers) == wanted
    return {
        name: [str(q.params["invariant"]) for q in answer.quality if q.code == "INVARIANT_BROKEN"]
        for name, answer in record.answers.items()
        if any(q.code == "INVARIANT_BROKEN" for q in answer.quality)
    }


def test_a_record_in_which_all_holds_is_not_marked() -> None:
    """Sum, order and bounds."""
    assert broken(ROW) == {}


@pytest.mark.parametrize(
    ("change", "marked"),
    [
        (
            {"shuno": 20000, "mino": 30000},
            {n: ["balance"] for n in ("choteigaku", "shunogaku", "minogaku")},
        ),
        ({"nokigen": "20260531"}, {n: ["due"] for n in ("choteinengappi", "nokigen")}),
        ({"ki": 13}, {"kibetsu": ["period"]}),
        ({"ki": 0}, {"kibetsu": ["period"]}),
    ],
)
def test_every_item_of_a_broken_relation_is_marked(
    change: dict[str, Any], marked: dict[str, list[str]]
) -> None:
    """A swapped column, a due date before its charge, an instalment that no year has."""
    assert broken({**ROW, **change}) == marked


def test_the_values_stay_as_the_source_gave_them() -> None:
    """Somebody should look; nothing is withheld and nothing repaired."""
    plan = RowPlans(document().mapping, DICTIONARY.groups).plan("014.choteijoho")
    (record,) = plan.convert([{**ROW, "mino": 1}]).records
    answer = record.answers["minogaku"]
    assert isinstance(answer, Value)
    assert answer.value == 1


@pytest.mark.parametrize("change", [{"mino": None}, {"gaku": None}, {"shuno": "3,45"}])
def test_an_item_without_a_value_decides_nothing(change: dict[str, Any]) -> None:
    """Blank is not zero, and what was lost is not either."""
    assert broken({**ROW, **change}) == {}


def test_a_date_that_has_not_come_breaks_no_order() -> None:
    """Only items with values are compared."""
    assert broken({**ROW, "nokigen": ""}) == {}


def test_what_is_asked_for_is_judged_by_what_is_not() -> None:
    """The others are read for it, and not delivered."""
    wanted = frozenset({"atenabango", "choteigaku"})
    assert broken({**ROW, "mino": 1}, wanted) == {"choteigaku": ["balance"]}
    assert broken({**ROW, "mino": 1}, frozenset({"atenabango", "kibetsu"})) == {}


def test_an_invariant_of_items_that_are_not_mapped_is_an_error() -> None:
    """With its line."""
    text = TEXT.replace("of: [shunogaku, minogaku]", "of: [shunogaku, mizusho]")
    found = lint(read_document(text), DICTIONARY)
    assert [(f.code, f.line) for f in found] == [("unknown-item", 26)]


@pytest.mark.parametrize(
    ("invariant", "codes"),
    [
        ("{sum: {total: choteigaku, of: [shunogaku, tsuchishobango]}}", ["wrong-type"]),
        ("{sum: {total: choteinengappi, of: [nokigen]}}", ["wrong-type", "wrong-type"]),
        ("{order: {items: [choteinengappi, kibetsu]}}", ["wrong-type"]),
        ("{order: {items: [choteinengappi, tsuchishobango]}}", ["wrong-type"]),
        ("{order: {items: [fukanendo, sotonendo]}}", []),
        ("{bounds: {item: zeimokukodo, least: 1}}", ["wrong-type"]),
        ("{bounds: {item: kibetsu}}", ["no-bound"]),
        ("{bounds: {item: kibetsu, least: '1'}}", ["wrong-bound"]),
        ("{bounds: {item: nokigen, least: '2026'}}", ["wrong-bound"]),
        ("{bounds: {item: nokigen, least: '2026-04-01'}}", []),
        ("{bounds: {item: fukanendo, least: '2000', most: '2100'}}", []),
    ],
)
def test_items_that_cannot_be_added_or_compared_are_an_error(
    invariant: str, codes: list[str]
) -> None:
    """A relation that never holds, or always, checks nothing."""
    old = "{bounds: {item: kibetsu, least: 1, most: 12}, note: 期別は1〜12}"
    findings = lint(read_document(TEXT.replace(old, invariant)), DICTIONARY)
    assert [(f.line, f.code) for f in findings] == [(28, code) for code in codes]
    assert all(f.column > 15 for f in findings)


def test_months_order_among_each_other() -> None:
    """They are texts of the edition; an item is a month by how it is read."""
    month = "tsuchishobango: {field: tsuchi, year_month: true}"
    rule = "{order: {items: [tsuchishobango, tsuchishobango]}}"
    text = TEXT.replace("tsuchishobango: {field: tsuchi}", month)
    old = "{bounds: {item: kibetsu, least: 1, most: 12}, note: 期別は1〜12}"
    assert lint(read_document(text.replace(old, rule)), DICTIONARY) == []


def test_an_invariant_is_of_one_kind() -> None:
    """Neither none nor two."""
    for rule in ("{note: x}", "{bounds: {item: kibetsu}, order: {items: [a, b]}}"):
        with pytest.raises(MappingError):
            read_document(TEXT.replace("{order: {items: [choteinengappi, nokigen]}}", rule))


def test_the_reference_mapping_of_taxes_tells_a_swapped_levy() -> None:
    """The tax of the year is the sum of its levies."""
    path = Path(__file__).parents[2] / "adapters" / "reference" / "tax" / "mapping.yaml"
    rule = read_document(path.read_text("utf-8")).mapping.groups["010.kazeikihonjoho"]
    assert rule.invariants["nenzei"].sum is not None
    assert rule.invariants["nenzei"].sum.total == "nenzeigaku"
