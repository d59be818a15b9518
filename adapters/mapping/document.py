"""Reads a mapping document and finds everything that is wrong with it, by line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import yaml
from pydantic import ValidationError

from adapters.mapping.model import Mapping
from standard_models.safe_yaml import SafeLoader

Path = tuple[str | int, ...]


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing about a document. ``line`` and ``column`` count from 1."""

    line: int
    column: int
    path: str
    code: str
    message: str
    level: Level = Level.ERROR

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.level}: {self.path}: {self.message} [{self.code}]"


class MappingError(Exception):
    """A document that cannot be used; ``findings`` are all its errors."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


class MappingLoader(SafeLoader):  # type: ignore[misc]  # compiled or not
    """YAML in which a bare word is text unless it clearly is something else.

    By the book ``no`` is false, ``01`` is 1, ``12:30`` is 750 and ``2026-10-01`` is a day; columns
    and codes of legacy systems look just like these.
    """


MappingLoader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"0|-?[1-9][0-9]*", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ("null", r"null|~|", "n~"),
    ("merge", r"<<", "<"),
):
    _expression = re.compile(rf"^(?:{_form})$")
    MappingLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _expression, [*_first, ""])


class Positions:
    """Where each part of a YAML text stands."""

    def __init__(self, text: str) -> None:
        self._marks: dict[Path, tuple[int, int]] = {}
        node = yaml.compose(text, Loader=MappingLoader)
        if node is not None:
            self._collect(node, ())

    def of(self, path: Path) -> tuple[int, int]:
        """Return line and column of ``path``, or of the nearest part around it."""
        while path and path not in self._marks:
            path = path[:-1]
        return self._marks.get(path, (1, 1))

    def _collect(self, node: yaml.Node, path: Path) -> None:
        self._marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*path, str(key.value))
                self._marks[inner] = (key.start_mark.line + 1, key.start_mark.column + 1)
                self._collect(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for place, value in enumerate(node.value):
                self._collect(value, (*path, place))

    def repeated_keys(self, text: str) -> Iterator[tuple[Path, int, int]]:
        """Yield every key that stands twice in one place: YAML would keep only the last."""
        pending: list[tuple[yaml.Node | None, Path]] = [
            (yaml.compose(text, Loader=MappingLoader), ())
        ]
        while pending:
            node, path = pending.pop()
            if isinstance(node, yaml.MappingNode):
                seen: set[str] = set()
                for key, value in node.value:
                    name = str(key.value)
                    if name in seen:
                        mark = key.start_mark
                        yield (*path, name), mark.line + 1, mark.column + 1
                    seen.add(name)
                    pending.append((value, (*path, name)))
            elif isinstance(node, yaml.SequenceNode):
                pending.extend((value, (*path, i)) for i, value in enumerate(node.value))


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping with the places of its parts."""

    mapping: Mapping
    positions: Positions

    def finding(self, path: Path, code: str, message: str, level: Level = Level.ERROR) -> Finding:
        """Return a finding about the part at ``path``."""
        line, column = self.positions.of(path)
        return Finding(line, column, _dotted(path), code, message, level)


@lru_cache(maxsize=32)
def read_document(text: str) -> Document:
    """Return the document in ``text``.

    Raises:
        MappingError: it is not YAML, has repeated or unknown keys, or wrong shapes; all at once.
    """
    try:
        positions = Positions(text)
        content: Any = yaml.load(text, Loader=MappingLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise MappingError([Finding(line, column, "", "not-yaml", "not YAML")]) from None
    findings = [
        Finding(line, column, _dotted(path), "repeated-key", "the key stands twice")
        for path, line, column in positions.repeated_keys(text)
    ]
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        findings += [_shape_finding(positions, dict(e)) for e in error.errors(include_url=False)]
        raise MappingError(sorted(findings)) from None
    if findings:
        raise MappingError(sorted(findings))
    return Document(mapping, positions)


def _shape_finding(positions: Positions, error: dict[str, Any]) -> Finding:
    path: Path = error["loc"]
    line, column = positions.of(path)
    return Finding(line, column, _dotted(path), error["type"], error["msg"])


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
