"""PA-2: what people read: every reason and code, three languages, three parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import standard_models
from standard_models.answers import AbsenceReason
from standard_models.texts import LANGUAGES, PARTS, explain, explained_codes

ROOT = Path(standard_models.__file__).parent
MAKERS = {"Quality", "unreadable", "_finding", "_unreadable", "_refused", "_note"}


def codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


@pytest.mark.parametrize("reason", list(AbsenceReason))
def test_every_absence_reason_has_its_own_texts(reason: AbsenceReason) -> None:
    """No reason falls back to the general text."""
    assert reason.value in explained_codes()


def test_every_quality_code_that_this_package_makes_has_texts() -> None:
    """The codes are read from the source itself, so a new one without texts fails here."""
    made = {
        code
        for path in ROOT.rglob("*.py")
        for code in codes_in(ast.parse(path.read_text("utf-8")))
        if code.isupper()
    }
    assert {"ERA_OVERRUN", "CONTROL_CHAR", "TOO_LONG", "DATE_UNREADABLE", "MISSING"} <= made
    assert made - explained_codes() == set()


@pytest.mark.parametrize("code", sorted(explained_codes() | {"unexplained"}))
def test_a_text_says_what_happened_what_to_do_and_whom_to_ask(code: str) -> None:
    """Three parts in three languages, none empty, no placeholder left, nothing internal."""
    texts = explain(code)
    assert tuple(texts) == LANGUAGES
    for language, parts in texts.items():
        assert tuple(parts) == PARTS
        for text in parts.values():
            plain = re.sub(r"\{([^{}|]+)\|[ぁ-んー]+\}", r"\1", text)
            assert plain.strip()
            assert not set("{}|_") & set(plain)
            assert language == "en" or re.search("[ぁ-ん一-龥]", plain)


@pytest.mark.parametrize("code", sorted(explained_codes()))
def test_plain_japanese_gives_the_reading_of_every_kanji(code: str) -> None:
    """やさしい日本語 leaves no kanji without ruby, and its sentences are short."""
    for text in explain(code)["ja-easy"].values():
        without = re.sub(r"\{[^{}|]+\|[ぁ-んー]+\}", "", text)
        assert not re.search("[一-龥]", without)
        plain = re.sub(r"\{([^{}|]+)\|[^{}|]+\}", r"\1", text)
        assert all(len(sentence) <= 30 for sentence in plain.split("。"))


def test_the_sentence_that_withholds_is_one_for_all_causes() -> None:
    """ask-office names no cause in any language."""
    japanese = explain("ask-office")["ja"]
    assert japanese["happened"] + japanese["can_do"] == (
        "この項目は表示できません。窓口でお聞きください。"
    )
    for parts in explain("ask-office").values():
        joined = "".join(parts.values())
        for cause in ("支援", "保護", "protect", "返戻", "調査", "本人確認", "hold"):
            assert cause not in joined


def test_missing_zero_none_and_cannot_check_are_different_texts() -> None:
    """Nothing recorded, zero, none and "cannot be checked now" never read alike."""
    codes = ["not-recorded", "zero", "none", "unavailable", "unavailable-planned", "not-applicable"]
    for language in LANGUAGES:
        assert len({explain(code)[language]["happened"] for code in codes}) == len(codes)


def test_a_code_without_texts_gets_a_general_one() -> None:
    """An answer never fails for want of words, and a caller cannot spoil the texts."""
    assert explain("VENDOR_ODDITY") == explain("unexplained")
    explain("conflict")["ja"]["happened"] = "changed"
    assert explain("conflict")["ja"]["happened"] == "二つの記録の内容が合っていません。"
