"""Items whose text is a value of its own: 続柄, parts of names, numbers, bank kana."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.mapping import conversions
from adapters.mapping.contents import content_reader
from adapters.mapping.document import read_document
from adapters.mapping.lint import lint
from adapters.mapping.model import ItemRule
from adapters.mapping.text_items import SystemCharacters, text_content
from adapters.mapping.workbook import from_workbook, to_workbook
from standard_models.answers import Absence, Answer, Value
from standard_models.builtin import load_builtin
from standard_models.characters.gaiji import GaijiTable
from tests.adapters.test_mapping_document import changed

DICTIONARY = load_builtin()
CHARACTERS = SystemCharacters("old", GaijiTable.of_system("old", {"E000": "髙"}))
LINK = "001.setaiinjoho.setaiin_tsuzukigara"
WORDS = "003.kosekizaisekishajoho.jippubotonotsuzukigara"
GIVEN = "031.jutogaishaatenakihonjoho.na_nihonjin"
ADDRESSEE = "001.juminkihonjoho.atenabango"
HOUSEHOLD = "001.juminkihonjoho.setaibango"
MUNICIPALITY = "031.jutogaishaatenakihonjoho.jusho_shikuchosonkodo"
PENSION = "026.shikakujoho.kisonenkinbango"
OWNER = "014.kozajoho.kozameiginin_kana"


def convert(ref: str, raw: Any, **rule: Any) -> Answer:
    """Return what a rule makes of a field."""
    item = DICTIONARY.find_item(ref)
    assert item is not None
    own = ItemRule.model_validate({"field": "f", **rule})
    content = text_content(item, own, CHARACTERS)
    return conversions.field(item, own, content_reader(own, {}), content)({"f": raw})


def told(answer: Answer) -> tuple[Any, list[str]]:
    """Return the value (or the reason of its absence) and the codes of the findings."""
    codes = [quality.code for quality in answer.quality]
    if isinstance(answer, Value):
        return answer.value, codes
    assert isinstance(answer, Absence)
    return answer.reason.value, codes


@pytest.mark.parametrize(
    ("raw", "link", "expected"),
    [
        ("世帯主", 1, ("01", [])),
        ("子の妻", 1, ("20", [])),
        ("子の妻", 2, ("11", [])),
        ("子の妻", 3, ("not-applicable", [])),
        ("妻（未届）", 1, ("13", [])),
        ("未届の妻", 1, ("13", ["RELATIONSHIP_RESPELLED"])),
        ("長男", 1, ("20", ["RELATIONSHIP_RESPELLED"])),
        ("子の子の子の子の子", 1, ("90", ["RELATIONSHIP_TOO_FAR"])),
        ("孫", 1, ("lost-in-mapping", ["UNMAPPED"])),
        ("", 1, ("not-recorded", [])),
        (None, 2, ("not-recorded", [])),
    ],
)
def test_each_link_of_a_relationship_becomes_the_code_of_the_edition(
    raw: str | None, link: int, expected: tuple[str, list[str]]
) -> None:
    """By its label; what the register does not know is not made to fit."""
    assert told(convert(f"{LINK}{link}", raw, relationship={"link": link})) == expected


def test_a_coded_relationship_has_its_label() -> None:
    """As every coded value."""
    answer = convert(f"{LINK}2", "子の妻", relationship={"link": 2})
    assert isinstance(answer, Value)
    assert answer.label == "妻"


def test_an_item_in_words_takes_the_whole_wording() -> None:
    """In the spelling of the register."""
    assert told(convert(WORDS, "ﾁﾁの母", relationship={})) == ("lost-in-mapping", ["UNMAPPED"])
    assert told(convert(WORDS, "父 の 母", relationship={})) == (
        "父の母",
        ["RELATIONSHIP_RESPELLED"],
    )


def test_a_step_declares_what_a_local_word_means() -> None:
    """Somebody decided it; nothing was guessed."""
    steps = [{"replace": {"pairs": [{"from": "孫", "to": "子の子"}], "whole": True}}]
    assert told(convert(f"{LINK}2", "孫", relationship={"link": 2}, steps=steps)) == ("20", [])


@pytest.mark.parametrize(
    ("raw", "rule", "expected"),
    [
        ("架空　花子", {"part": 1}, ("架空", [])),
        ("架空　花子", {"part": 2}, ("花子", [])),
        ("架空 花子", {"part": 2}, ("花子", [])),
        ("架空　 花子", {"part": 1}, ("架空", ["BLANKS_JOINED"])),
        ("架空花子", {"part": 1}, ("not-recorded", ["NAME_NOT_SPLIT"])),
        ("SAMPLE ADA MARIE", {"part": 1}, ("not-recorded", ["NAME_NOT_SPLIT"])),
        ("SAMPLE ADA MARIE", {"part": 3, "of": 3}, ("ＭＡＲＩＥ", [])),
        ("\ue000島　花子", {"part": 1}, ("髙島", [])),
    ],
)
def test_a_part_of_a_name_stands_alone_where_the_name_has_that_many(
    raw: str, rule: dict[str, int], expected: tuple[str, list[str]]
) -> None:
    """Blanks divide, nothing else; which of three is which is not decided."""
    assert told(convert(GIVEN, raw, name=rule)) == expected


@pytest.mark.parametrize(
    ("ref", "raw", "rule", "expected"),
    [
        (ADDRESSEE, "47112", {"kind": "addressee", "width": 15},
         ("000000000047112", ["ZERO_PADDED"])),
        (ADDRESSEE, 47112, {"kind": "addressee", "width": 15},
         ("000000000047112", ["ZERO_PADDED"])),
        (ADDRESSEE, "０００００００４７１１２", {"kind": "addressee", "width": 12},
         ("000000047112", [])),
        (ADDRESSEE, "A-1", {"kind": "addressee"}, ("lost-in-mapping", ["IDENTIFIER_MALFORMED"])),
        (HOUSEHOLD, "0000012", {"kind": "household"}, ("0000012", [])),
        (HOUSEHOLD, "00000123", {"kind": "household", "width": 7},
         ("lost-in-mapping", ["IDENTIFIER_MALFORMED"])),
        (MUNICIPALITY, "232149", {"kind": "municipality"}, ("232149", [])),
        (MUNICIPALITY, "232148", {"kind": "municipality"},
         ("lost-in-mapping", ["CHECK_DIGIT_WRONG"])),
        (PENSION, "1234-567890", {"kind": "pension"}, ("1234567890", [])),
        (PENSION, "1234-56789", {"kind": "pension"},
         ("lost-in-mapping", ["IDENTIFIER_MALFORMED"])),
    ],
)  # fmt: skip
def test_a_number_is_read_by_its_own_rules(
    ref: str, raw: Any, rule: dict[str, Any], expected: tuple[str, list[str]]
) -> None:
    """Padded where its width is declared, never repaired."""
    assert told(convert(ref, raw, number=rule)) == expected


def test_a_number_that_is_not_a_text_stays_refused_elsewhere() -> None:
    """Only a number may come as one."""
    assert told(convert(GIVEN, 5, name={"part": 1})) == ("lost-in-mapping", ["WRONG_TYPE"])


def test_an_owner_is_written_as_banks_write_it() -> None:
    """Small kana become large; what banks cannot write is lost, not left out."""
    assert told(convert(OWNER, "チョウ　フミヨ", text="bank-kana")) == ("ﾁﾖｳ ﾌﾐﾖ", [])
    assert told(convert(OWNER, "架空　花子", text="bank-kana")) == (
        "lost-in-mapping",
        ["BANK_KANA_IMPOSSIBLE"] * 4,
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "a", "name": {"part": 3}},
        {"field": "a", "relationship": {"link": 5}},
        {"field": "a", "relationship": {"link": 1}, "codes": "t"},
        {"field": "a", "name": {"part": 1}, "text": "full-width"},
        {"field": "a", "number": {"kind": "pension", "width": 10}},
        {"field": "a", "number": {"kind": "pension"}, "fiscal_year": True},
        {"constant": "a", "number": {"kind": "pension"}},
        {"field": "a", "text": "bank-kana", "split": {"at": " ", "part": 1}},
    ],
)
def test_forms_that_contradict_each_other_are_refused(rule: dict[str, Any]) -> None:
    """One content has one form."""
    with pytest.raises(ValidationError):
        ItemRule.model_validate(rule)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("field: shu, codes: shu", "field: shu, relationship: {link: 1}"),
        ("{date: kofu}", "{field: kofu, number: {kind: pension}}"),
    ],
)
def test_a_value_for_an_item_of_another_kind_is_told(old: str, new: str) -> None:
    """Codes that are no relationships; a date."""
    findings = lint(read_document(changed((old, new))), DICTIONARY)
    assert "wrong-type" in {finding.code for finding in findings}


@pytest.mark.parametrize(
    "rule",
    [
        "{field: bango, number: {kind: household, width: 9}}",
        "{field: bango, relationship: {}}",
        "{field: bango, name: {part: 2, of: 3}}",
        "{field: bango, text: bank-kana}",
    ],
)
def test_the_forms_survive_the_workbook(rule: str, tmp_path: Path) -> None:
    """There and back without loss."""
    text = changed(("techobango: {field: bango}", f"techobango: {rule}"))
    mapping = read_document(text).mapping
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping, DICTIONARY.groups).save(path)
    assert from_workbook(path) == mapping
