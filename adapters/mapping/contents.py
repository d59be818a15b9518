"""From the fields of a record to the content of an item: sliced, joined, prepared by steps.

A content is what the record has, None where that is nothing, and ``Unreadable`` where a step or a
join does not take it: the item is lost, with the step and the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapters.mapping.conversions import REPLACEMENT, Row, Unreadable, plain_text
from adapters.mapping.model import ItemRule
from adapters.mapping.own_steps import OwnSteps
from adapters.mapping.steps import StepFailed, StepRefused, compile_join, compile_steps
from standard_models.answers import Quality, Severity
from standard_models.values.text import trim_padding

ReadContent = Callable[[Row], Any]


def content_reader(rule: ItemRule, own: OwnSteps) -> ReadContent:
    """Return a function from a record to the content of the rule's ``field`` or ``fields``.

    Findings of the returned function: ``STEP_REFUSED`` (E) with step and rule, ``STEP_FAILED`` (E)
    with the vendor's step that raised, ``WRONG_TYPE`` (E) where a text is needed; ``UNDECODABLE``
    (E) where steps would work on a character that was lost before.

    Raises:
        KeyError: the rule names a step that is not in ``own``.
    """
    read = _joined(rule) if rule.fields is not None else _single(rule)
    return _stepped(read, rule, own) if rule.steps else read


def _single(rule: ItemRule) -> ReadContent:
    path = rule.field or ""
    nulls = frozenset(rule.null)
    if rule.slice is None and not nulls:

        def plain(row: Row) -> Any:
            raw = row[path]
            return trim_padding(raw) if isinstance(raw, str) else raw

        return plain
    part = slice(*rule.slice) if rule.slice is not None else slice(None)

    def read(row: Row) -> Any:
        raw = row[path]
        if not isinstance(raw, str):
            return raw
        text = trim_padding(raw[part])
        return None if text in nulls else text

    return read


def _joined(rule: ItemRule) -> ReadContent:
    paths = rule.contents
    nulls = frozenset(rule.null)
    join = compile_join(rule.join)

    def read(row: Row) -> Any:
        parts = []
        for path in paths:
            raw = row[path]
            if isinstance(raw, Unreadable):
                return raw
            if not _is_plain(raw):
                return _wrong_type()
            text = plain_text(raw)
            parts.append("" if text in nulls else text)
        try:
            return join(parts)
        except StepRefused as refused:
            return _refused(refused)

    return read


def _stepped(read: ReadContent, rule: ItemRule, own: OwnSteps) -> ReadContent:
    run = compile_steps(rule.steps, own)

    def stepped(row: Row) -> Any:
        raw = read(row)
        if raw is None or isinstance(raw, Unreadable):
            return raw
        if not _is_plain(raw):
            return _wrong_type()
        text = plain_text(raw)
        if REPLACEMENT in text:
            return Unreadable((Quality("UNDECODABLE", Severity.ERROR, {}),))
        try:
            return run(text) if text else None
        except StepRefused as refused:
            return _refused(refused)
        except StepFailed as failed:
            return Unreadable((Quality("STEP_FAILED", Severity.ERROR, {"step": failed.step}),))

    return stepped


def _is_plain(raw: Any) -> bool:
    """Tell whether a field has one way to be written: a text, a number without fractions."""
    return raw is None or isinstance(raw, str | int | Decimal)


def _refused(refused: StepRefused) -> Unreadable:
    params = {"step": refused.step, "rule": refused.rule}
    return Unreadable((Quality("STEP_REFUSED", Severity.ERROR, params),))


def _wrong_type() -> Unreadable:
    return Unreadable((Quality("WRONG_TYPE", Severity.ERROR, {"expected": "text"}),))
