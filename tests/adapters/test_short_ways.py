"""The short way of a field that is an item as it stands says what the long way says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mapping import conversions, text_items
from adapters.mapping.contents import content_reader
from adapters.mapping.conversions import Unreadable
from adapters.mapping.model import ItemRule
from adapters.mapping.text_items import SystemCharacters, text_content
from standard_models.answers import Answer, Quality, Severity
from standard_models.builtin import load_builtin
from standard_models.characters.gaiji import GaijiTable
from standard_models.dictionary import DataItem, DataType

DICTIONARY = load_builtin()
CHARACTERS = SystemCharacters("old", GaijiTable.of_system("old", {"E000": "髙"}))
ITEMS = [
    next(
        item
        for group in DICTIONARY.groups.values()
        for item in group.items
        if item.data_type is kind and item.codes is None and item.length in range(low, high)
    )
    for kind in (DataType.HALF_WIDTH, DataType.FULL_WIDTH)
    for low, high in ((1, 12), (30, 200))
]
CODED = DICTIONARY.groups["001.juminkihonjoho"].item("juminshubetsu")
TRANSLATED = {"01": "1", "9": None, "": "2"}

edges = st.sampled_from(
    ["", " ", "\u3000", "\ufffd", "\ue000", "\ue123", "ﾊﾞ", "A", "Ａ", "々", "〓", "\u200b", "\x00",
     "\U000e0100", "葛\U000e0100", "e\u0301", "\uf900", "¥", "‾", "\ufeff", "\t"]
)  # fmt: skip
texts = st.lists(
    edges | st.characters(codec="utf-8") | st.characters(codec="utf-8", categories=["Lo", "Nd"]),
    max_size=40,
).map("".join)
contents = (
    texts
    | st.none()
    | st.integers()
    | st.booleans()
    | st.just(Decimal("1.50"))
    | st.just(Unreadable((Quality("UNDECODABLE", Severity.ERROR, {}),)))
)


def read(item: DataItem, rule: ItemRule, raw: Any) -> Answer:
    """Return what a rule makes of a field."""
    codes = TRANSLATED if item is CODED else None
    content = conversions.content_of(item, rule, codes) or text_content(item, rule, CHARACTERS)
    return conversions.field(item, rule, content_reader(rule, {}), content)({"f": raw})


@pytest.mark.parametrize("item", [*ITEMS, CODED], ids=lambda item: item.ref)
@settings(max_examples=400)
@given(raw=contents)
def test_the_short_way_of_a_content_is_the_long_way(item: DataItem, raw: Any) -> None:
    """Texts and codes, padded or not, odd characters, other types, what could not be read."""
    rule = ItemRule(field="f", codes="table" if item is CODED else None)
    short = read(item, rule, raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_items, "_stands", lambda _item, _style: None)
        patch.setattr(ItemRule, "whole_field", None)
        assert read(item, rule, raw) == short
