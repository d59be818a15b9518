"""Every worked example that the package ships holds. One runner module per topic beside this file.

A runner has ``OPERATIONS``: name → function from the input to (what is delivered, its findings).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence

import pytest

from standard_models.answers import Quality
from standard_models.examples import Example, examples

Operation = Callable[[str], tuple[str, Sequence[Quality]]]
ALL = [example for topic in examples().values() for example in topic]


def operations(topic: str) -> dict[str, Operation]:
    runner = importlib.import_module(f"tests.standard_models.golden.{topic}")
    found: dict[str, Operation] = runner.OPERATIONS
    return found


@pytest.mark.parametrize("example", ALL, ids=lambda e: f"{e.topic}-{e.row}")
def test_an_example_becomes_what_it_says(example: Example) -> None:
    """The delivered form and the findings with their severity are those of the row."""
    delivered, quality = operations(example.topic)[example.operation](example.input)
    assert delivered == example.expected
    assert tuple(f"{q.code} {q.severity.value}" for q in quality) == example.quality


def test_there_are_examples_for_every_topic_of_the_field() -> None:
    """At least four hundred, none given twice."""
    keys = {(e.topic, e.operation, e.input) for e in ALL}
    assert len(keys) == len(ALL) >= 400


@pytest.mark.parametrize("topic", examples())
def test_every_operation_of_a_topic_has_an_example(topic: str) -> None:
    """A runner has no operation without a row."""
    assert set(operations(topic)) == {example.operation for example in examples()[topic]}
