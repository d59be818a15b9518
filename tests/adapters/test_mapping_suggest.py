"""A first mapping from names and values: measured against the mappings that people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import adapters.reference
from adapters.files.columns import columns_of
from adapters.mapping.document import Level, MappingError, read_document
from adapters.mapping.drafting import DraftRead, draft
from adapters.mapping.lint import lint
from adapters.mapping.suggest import (
    SourceColumn,
    Suggestion,
    readings,
    respelled,
    shape_of,
    suggest,
)
from standard_models.builtin import load_builtin

GROUPS = load_builtin().groups
REFERENCE = Path(adapters.reference.__file__).parent
HOST = Path(__file__).parent / "host"
FIRST, AMONG_THREE = 0.85, 0.92
"""Hit rates that the guide states: the right column comes first, or is among three."""


def flat(path: str, content: object) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, inner in content.items():
            yield from flat(f"{path}{name}.", inner)
    elif isinstance(content, list):
        for inner in content:
            yield from flat(path, inner)
    else:
        yield path[:-1], "" if content is None else str(content)


def compared() -> Iterator[tuple[str, tuple[Suggestion, ...]]]:
    """Yield the column that people chose for an item, and what was suggested."""
    for path in sorted(REFERENCE.glob("*/conformance/golden/*.yaml")):
        for case in yaml.safe_load_all(path.read_text("utf-8")):
            contents: dict[str, list[str]] = {}
            for column, content in flat("", case["base"]):
                contents.setdefault(column, []).append(content)
            columns = [SourceColumn(name, "", tuple(found)) for name, found in contents.items()]
            text = (path.parent.parent.parent / "mapping.yaml").read_text("utf-8")
            rule = read_document(text).mapping.groups[case["group"]]
            found = suggest(columns, GROUPS[case["group"]])
            for name, item in rule.items.items():
                source = item.field or (rule.dates[item.date].field if item.date else None)
                if source in contents:
                    yield source, found.get(name, ())


def test_the_column_that_people_chose_is_suggested_as_often_as_the_guide_says() -> None:
    """Over the three reference systems, from names and one record each."""
    ranked = [(chosen, [s.column.path for s in found]) for chosen, found in compared()]
    assert len(ranked) > 50
    first = sum(paths[:1] == [chosen] for chosen, paths in ranked) / len(ranked)
    among = sum(chosen in paths for chosen, paths in ranked) / len(ranked)
    assert first >= FIRST
    assert among >= AMONG_THREE


def test_every_suggestion_has_its_reason() -> None:
    """In words that can be checked."""
    for _, found in compared():
        assert all(suggestion.reasons for suggestion in found)


@pytest.mark.parametrize(
    ("samples", "shape"),
    [
        (["4120615", "5010501", "0000000"], "era-digits"),
        (["20000615", "99999999"], "western-digits"),
        (["202604", "202512"], "year-month"),
        (["ｶｸｳ ﾊﾅｺ", "カクウ　タロウ"], "kana"),
        (["000000047112", "12"], "digits"),
        (["A1", "N"], "code"),
        (["架空　花子"], "wide"),
        (["", "　", "0000"], ""),
        (["4120615", "架空"], ""),
        (["9990011"], "digits"),
    ],
)
def test_contents_have_a_shape_if_all_of_them_have_it(samples: list[str], shape: str) -> None:
    """Blanks, zeros and nines say nothing."""
    assert shape_of(samples) == shape


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ATENA-NO", "atenabango"),
        ("atenaNo", "atenabango"),
        ("simei_kana", "shimeifurigana"),
        ("syori_ymd", "shorinengappi"),
        ("jumin_sbt", "juminshubetsu"),
    ],
)
def test_field_names_are_read_in_the_romaji_of_the_standard(name: str, expected: str) -> None:
    """Abbreviations written out, other romaji respelled."""
    assert expected in readings(name)


def test_other_romaji_is_respelled() -> None:
    """Kunrei to Hepburn."""
    words = {
        "syori": "shori",
        "tyosa": "chosa",
        "zyusyo": "jusho",
        "huyo": "fuyo",
        "tuti": "tsuchi",
    }
    assert {word: respelled(word) for word in words} == words
    assert respelled("shuchu") == "shuchu"


def test_a_japanese_name_of_the_layout_settles_it() -> None:
    """Even where the field name says nothing."""
    columns = [SourceColumn("f01", "基礎年金番号"), SourceColumn("kiso_no", "基礎控除額")]
    found = suggest(columns, GROUPS["026.shikakujoho"])
    assert found["kisonenkinbango"][0].column.path == "f01"
    assert found["kisonenkinbango"][0].score == 1.0


def test_the_draft_is_a_mapping_once_it_is_filled_in() -> None:
    """Every candidate with its score and reason beside it."""
    columns = columns_of(HOST / "nenkin.cpy", None, "jef")
    found = {"026.shikakujoho": suggest(columns, GROUPS["026.shikakujoho"])}
    read = DraftRead.of_copybook("shikaku", "nenkin.cpy", "jef")
    text = draft("nenkin", read, columns, found)
    assert "atenabango: {field: atena_no}" in text
    assert "hihokenshashubetsu: {field: shubetsu, codes: hihokenshashubetsu}" in text
    assert "# 宛名番号 1.00: atena_no → atenabango" in text
    document = read_document(text)
    assert document.mapping.reads["shikaku"].file is not None
    assert document.mapping.extract["026.shikakujoho"].read == "shikaku"
    left = lint(document, load_builtin(), {"shikaku": [column.path for column in columns]})
    assert {f.code for f in left if f.level is Level.ERROR} == {"unknown-field", "wrong-code"}


def test_the_codes_of_a_draft_are_those_of_the_samples() -> None:
    """With the codes of the standard beside them, and which is which left to a person."""
    columns = [SourceColumn("shubetsu", "種別", ("1", "N", "1"))]
    found = {"026.shikakujoho": suggest(columns, GROUPS["026.shikakujoho"])}
    text = draft("nenkin", DraftRead.unknown("shikaku"), columns, found)
    assert text.count("to: FILL_IN") == 2
    assert '- {from: "N", to: FILL_IN}' in text
    assert "1 第1号" in text
    assert 'shubetsu: {name: "種別"}' in text


def test_a_draft_of_a_layout_sheet_leaves_the_read_to_be_written() -> None:
    """Whether it is a table, a service or a file does not stand in the sheet."""
    columns = [SourceColumn("F001", "宛名番号")]
    found = {"026.shikakujoho": suggest(columns, GROUPS["026.shikakujoho"])}
    with pytest.raises(MappingError) as caught:
        read_document(draft("nenkin", DraftRead.unknown("shikaku"), columns, found))
    assert {finding.path.partition(".")[0] for finding in caught.value.findings} == {"reads"}
