"""The worked examples of values as a document: what a source holds, what becomes of it, and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from standard_models.examples import Example, examples

_HEAD: Final = """# 値の例 / Worked examples of values

> `make docs` が作る文書です。手では直しません。 / Written by `make docs`; do not edit.

元のシステムにある書き方と、それが標準の値としてどうなるかの例です。すべてテストで確かめています。
目に見えない文字は `⟨U+3000⟩` の形で示します。

*What a source holds and what becomes of it. Every row is a test. Characters that cannot be seen are
written `⟨U+3000⟩`; a severity after a code is I information, W warning, E error.*
"""
_TITLES: Final = {
    "addresses": "住所 / Addresses",
    "ages": "年齢・学年 / Ages and school years",
    "bank_kana": "口座名義 / Bank kana",
    "dates": "日付 / Dates",
    "identifiers": "番号 / Identifiers",
    "money": "金額 / Amounts of money",
    "relationships": "続柄 / Relationships",
    "search_keys": "検索キー / Search keys",
    "text": "文字列 / Text",
}
_PIPES = re.compile(r"([|\\`*_<>\[\]])")


def value_examples() -> str:
    """Return the document; topics in alphabetical order, rows in the order of their files."""
    return _HEAD + "".join(_topic(topic, rows) for topic, rows in sorted(examples().items()))


def _topic(topic: str, rows: tuple[Example, ...]) -> str:
    head = "| 操作 / Operation | 入力 / Input | 結果 / Delivered | 品質 / Quality | 根拠 / Source |"
    lines = ["", f"## {_TITLES.get(topic, topic)}", "", head, "|---|---|---|---|---|"]
    return "\n".join((*lines, *_rows(rows), ""))


def _rows(rows: tuple[Example, ...]) -> Iterator[str]:
    for row in rows:
        quality = "<br>".join(f"`{code}`" for code in row.quality)
        cells = (f"`{row.operation}`", _shown(row.input), _shown(row.expected), quality)
        yield f"| {' | '.join((*cells, _PIPES.sub(_escaped, row.source)))} |"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[1]


def _shown(text: str) -> str:
    """Return a text with every character visible, empty for none."""
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character == " ":
        return " "
    if unicodedata.category(character)[0] in "CZ" or unicodedata.category(character) == "Mn":
        return f"⟨U+{ord(character):04X}⟩"
    return _PIPES.sub(_escaped, character)
