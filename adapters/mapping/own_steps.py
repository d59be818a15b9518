"""Steps that a vendor writes: named, typed, pure functions from a content to a content.

    @step("strip-brackets", examples=[("(12)", "12"), ("12", Refused("no-brackets"))])
    def strip_brackets(raw: str) -> str | Refused:
        return raw[1:-1] if raw.startswith("(") and raw.endswith(")") else Refused("no-brackets")

A step is called with one content and nothing else: no record, no person, no clock, no file. It
returns the content to go on with, None where there is nothing, or ``Refused`` with one of the
rules that its examples show. Whatever else it does loses the item, never the record.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from adapters.mapping.step_rules import OWN_STEP_NAME

LEAST_EXAMPLES: Final = 2
_NAME = re.compile(OWN_STEP_NAME)


@dataclass(frozen=True, slots=True)
class Refused:
    """A content that a step does not take; ``rule`` names what it breaks, never the content."""

    rule: str


StepResult = str | Refused | None
StepFunction = Callable[[str], StepResult]
Example = tuple[str, StepResult]


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step of a vendor: its name, its function and what it makes of its examples.

    Call it as the function itself; ``module`` is where the function is defined.
    """

    name: str
    function: StepFunction
    examples: tuple[Example, ...]

    def __call__(self, raw: str) -> StepResult:
        """Return what the function makes of ``raw``."""
        return self.function(raw)

    @property
    def module(self) -> str:
        """Return the name of the module that defines the function."""
        return str(getattr(self.function, "__module__", ""))

    @property
    def rules(self) -> frozenset[str]:
        """Return the rules that the examples show to be refused by."""
        results = (result for _, result in self.examples)
        return frozenset(result.rule for result in results if isinstance(result, Refused))


OwnSteps = Mapping[str, OwnStep]
NO_STEPS: Final[OwnSteps] = {}


class StepsError(Exception):
    """A module of steps that cannot be used; ``problems`` has everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def step(name: str, *, examples: Sequence[Example]) -> Callable[[StepFunction], OwnStep]:
    """Return a decorator that makes a function the step ``name``.

    ``examples`` are pairs of a content and what becomes of it; at least two, one of them a content
    that is refused. They are run whenever the module is loaded.
    """
    return lambda function: OwnStep(name, function, tuple(examples))


def steps_of(module: ModuleType) -> tuple[OwnStep, ...]:
    """Return the steps that a module defines, in its order, checked or not.

    The source of a step's function is that of the module its ``module`` names.
    """
    found = {id(value): value for value in vars(module).values() if isinstance(value, OwnStep)}
    return tuple(found.values())


def read_steps(module: ModuleType) -> OwnSteps:
    """Return the steps of a module by name, each proven by its examples.

    Raises:
        StepsError: no step, a name twice, a wrong signature, too few examples, or an example that
            does not give, twice in a row, what is written.
    """
    steps = steps_of(module)
    problems = [] if steps else [f"{module.__name__} defines no step"]
    counts = Counter(found.name for found in steps)
    problems += [f"{name}: the name stands twice" for name, count in counts.items() if count > 1]
    for found in steps:
        problems += [f"{found.name}: {rule}" for rule in _problems(found, module)]
    if problems:
        raise StepsError(problems)
    return {found.name: found for found in steps}


def _problems(found: OwnStep, module: ModuleType) -> Iterator[str]:
    if not _is_name(found.name):
        yield "a name has small letters, digits and single hyphens"
    if found.module != module.__name__:
        yield "the function is defined in another module"
    if not _is_typed(found.function):
        yield "the function takes one str and returns str, None or Refused, with annotations"
        return
    if not all(map(_is_example, found.examples)):
        yield "an example is a pair: a str, and a str, None or Refused with the name of a rule"
        return
    if len(found.examples) < LEAST_EXAMPLES or not found.rules:
        yield f"at least {LEAST_EXAMPLES} examples, one of them refused, are needed"
    yield from _failures(found)


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def _is_example(example: Any) -> bool:
    if not isinstance(example, tuple) or len(example) != 2 or not isinstance(example[0], str):
        return False
    result = example[1]
    return (
        result is None
        or type(result) is str
        or (isinstance(result, Refused) and _is_name(result.rule))
    )


def _failures(found: OwnStep) -> Iterator[str]:
    """Yield the examples that do not give, twice in a row, what is written."""
    for number, (raw, expected) in enumerate(found.examples, start=1):
        for _ in range(2):
            try:
                result = found(raw)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - vendor code may raise anything
                yield f"example {number} raises {type(error).__name__}"
                break
            if type(result) is not type(expected) or result != expected:
                yield f"example {number} does not give what is written"
                break


def _is_typed(function: Any) -> bool:
    """Tell whether a function is plain, takes one ``str`` and says what it returns."""
    special = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if not inspect.isfunction(function) or any(test(function) for test in special):
        return False
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError):
        return False
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1 or parameters[0].kind not in {
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    }:
        return False
    return hints.get(parameters[0].name) is str and _returns_a_result(hints.get("return"))


def _returns_a_result(hint: Any) -> bool:
    parts = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    return "str" in {getattr(part, "__name__", "") for part in parts} and set(parts) <= {
        str,
        Refused,
        NoneType,
    }
