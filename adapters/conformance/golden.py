"""Pairs of a raw record and its standard items, in ``conformance/golden/*.yaml``.

A file names the ``group``, a plain raw record (``base``) and ``cases``: each ``change`` of the base
with what it is to ``expect``. Where records stand inside an answer, ``around`` is the answer
without them and ``path`` where they stand (``kazei.0.shotoku.meisai``: a number is a place in a
list). An expectation is a plain value, or a mapping of what an answer has: ``value``, ``label``,
``absent``, ``uncertain`` and the codes of its ``quality``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.conformance.description import FOLDER
from adapters.errors import ConfigurationError
from adapters.manifest import describe
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError
from standard_models.answers import Answer, Value
from standard_models.dictionary import Group
from standard_models.safe_yaml import safe_load


class GoldenCase(BaseModel):
    """One change of the base, and what becomes of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    change: dict[str, Any] = Field(default_factory=dict)
    expect: dict[str, Any] = Field(min_length=1)


class GoldenFile(BaseModel):
    """The cases of one group."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    group: str
    base: dict[str, Any]
    around: dict[str, Any] | None = None
    path: str | None = None
    cases: tuple[GoldenCase, ...] = Field(min_length=1)

    def answer(self, case: GoldenCase) -> Any:
        """Return the answer of the source with the record of a case."""
        row = {**self.base, **case.change}
        return placed(self.around or {}, self.path, row) if self.path else [row]


def placed(around: dict[str, Any], path: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return ``around`` with a list of this one record at ``path``."""
    whole = copy.deepcopy(around)
    node: Any = whole
    *steps, last = path.split(".")
    for step in steps:
        node = node[int(step) if step.isdecimal() else step]
    node[last] = [row]
    return whole


def golden_files(folder: Path) -> Iterator[tuple[str, GoldenFile]]:
    """Yield the golden files of an adapter by name.

    Raises:
        ConfigurationError: a file is wrong; with every problem, without contents.
    """
    for path in sorted((folder / FOLDER / "golden").glob("*.yaml")):
        try:
            yield path.name, GoldenFile.model_validate(safe_load(path.read_text("utf-8")))
        except yaml.YAMLError:
            raise ConfigurationError(f"{path.name} is not YAML") from None
        except ValidationError as error:
            raise ConfigurationError(f"{path.name}: {describe(error)}") from None


def differences(plans: RowPlans, group: Group, file: GoldenFile, case: GoldenCase) -> list[str]:
    """Return where the record of a case is not as expected; names items, never contents."""
    try:
        converted = plans.plan(file.group).convert(file.answer(case))
    except (ShapeError, KeyError) as error:
        return [f"the record has another shape than the mapping ({error})"]
    if len(converted.records) != 1:
        return [f"{len(converted.records)} records in the place of one"]
    (record,) = converted.records
    found = []
    if set(record.answers) != set(group.by_field):
        found.append("an item of the group has no answer")
    for name, expected in case.expect.items():
        if name not in record.answers:
            found.append(f"{name} is no item of the group")
            continue
        whole = expected if isinstance(expected, dict) else {"value": expected}
        if told(record.answers[name], expected) != {"quality": [], **whole}:
            found.append(f"{name} is not as expected")
        alone = plans.plan(file.group, frozenset({name})).convert(file.answer(case)).records
        if [r.answers for r in alone] != [{name: record.answers[name]}]:
            found.append(f"{name} is another one when it is asked for alone")
    return found


def told(answer: Answer, expected: Any) -> dict[str, Any]:
    """Return what ``answer`` has of the parts that the expectation names, and its quality."""
    codes = [q.code for q in answer.quality]
    if isinstance(answer, Value):
        found: dict[str, Any] = {"value": answer.value, "quality": codes}
        named = isinstance(expected, dict) and "label" in expected
        return {**found, "label": answer.label} if named else found
    found = {"absent": answer.reason.value, "quality": codes}
    return found if answer.uncertain is None else {**found, "uncertain": answer.uncertain.to_json()}
