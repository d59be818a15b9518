"""Steps compiled: what is done to the content of a field before it is read as the item's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from adapters.mapping.own_steps import OwnStep, OwnSteps, Refused, StepResult
from adapters.mapping.step_rules import (
    DigitsOnly,
    Form,
    Join,
    PadLeft,
    Replace,
    Step,
    StripLeft,
)
from standard_models.values.text import to_full_width, to_half_width, to_katakana, trim_padding

Run = Callable[[str], StepResult]
NamedStep = tuple[str, Run]

_FORMS: Final[dict[Form, Callable[[str], str]]] = {
    Form.FULL_WIDTH: to_full_width,
    Form.HALF_WIDTH: to_half_width,
    Form.KATAKANA: to_katakana,
    Form.UPPER_CASE: str.upper,
}


class StepFailed(Exception):
    """A vendor's step raised, or returned what it may not; ``step`` is its name."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


class StepRefused(Exception):
    """A step does not take the content; ``step`` and ``rule`` say which and why."""

    def __init__(self, step: str, rule: str) -> None:
        super().__init__(f"{step}: {rule}")
        self.step = step
        self.rule = rule


def compile_steps(rules: Iterable[Step], own: OwnSteps) -> Callable[[str], str | None]:
    """Return a function that runs the steps one after the other; None ends them: it is blank.

    Raises:
        KeyError: a step of the vendor is not in ``own``.

    Raises (the returned function):
        StepRefused: a step does not take the content.
        StepFailed: a step of the vendor does not keep its promise.
    """
    steps = [_compiled(rule, own) for rule in rules]

    def run(raw: str) -> str | None:
        text = raw
        for name, one in steps:
            result = one(text)
            if isinstance(result, Refused):
                raise StepRefused(name, result.rule)
            trimmed = trim_padding(result) if result is not None else None
            if trimmed is None:
                return None
            text = trimmed
        return text

    return run


def _compiled(rule: Step, own: OwnSteps) -> NamedStep:
    if rule.pad_left is not None:
        return "pad_left", _pad_left(rule.pad_left)
    if rule.strip_left is not None:
        return "strip_left", _strip_left(rule.strip_left)
    if rule.replace is not None:
        return "replace", _replace(rule.replace)
    if rule.digits_only is not None:
        return "digits_only", _digits_only(rule.digits_only)
    if rule.form is not None:
        return "form", _FORMS[rule.form]
    name = rule.own or ""
    return name, _guarded(own[name])


def _pad_left(rule: PadLeft) -> Run:
    too_long = Refused("width")
    return lambda raw: too_long if len(raw) > rule.width else raw.rjust(rule.width, rule.character)


def _strip_left(rule: StripLeft) -> Run:
    return lambda raw: raw[:-1].lstrip(rule.character) + raw[-1:]


def _replace(rule: Replace) -> Run:
    table = {pair.text: pair.to for pair in rule.pairs}
    if rule.whole:
        return lambda raw: table.get(raw, raw)
    longest_first = sorted(table, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda raw: pattern.sub(lambda found: table[found.group()], raw)


def _digits_only(rule: DigitsOnly) -> Run:
    pattern = re.compile("|".join(map(re.escape, sorted(rule.separators, key=len, reverse=True))))
    other = Refused("digits")

    def run(raw: str) -> StepResult:
        digits = pattern.sub("", raw)
        return digits if digits.isascii() and digits.isdecimal() else other

    return run


def _guarded(step: OwnStep) -> Run:
    """Return the vendor's step held to its promise: a content, nothing, or a rule it has shown."""
    rules = step.rules

    def run(raw: str) -> StepResult:
        try:
            result = step(raw)
        except (Exception, SystemExit):  # noqa: BLE001 - vendor code may raise anything
            raise StepFailed(step.name) from None
        if isinstance(result, Refused) and result.rule in rules:
            return result
        if result is None or type(result) is str:
            return result
        raise StepFailed(step.name)

    return run


def compile_join(join: Join | None) -> Callable[[Sequence[Any]], str | None]:
    """Return a function that joins contents, each a text without padding, empty where blank.

    It returns None where all are blank.

    Raises (the returned function):
        StepRefused: one is blank, and the join does not allow that.
    """
    rule = join or Join()

    def run(parts: Sequence[str]) -> str | None:
        filled = [part for part in parts if part]
        if len(filled) < len(parts) and filled and not rule.partial:
            raise StepRefused("join", "part-missing")
        return rule.separator.join(filled) or None

    return run
