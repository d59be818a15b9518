"""From an answer of a source to its records, each as a flat mapping of the fields a plan needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
_LEVELS: Final = {"^": 1, "/": 2}
_LISTS: Final = (list, tuple)
Cursor = tuple[Any, Any, Any]
"""A record, the list element around it, and the whole answer."""


class ShapeError(Exception):
    """The answer has another shape than its mapping says; names the path, never contents."""


def compile_rows(records: str, fields: Iterable[str]) -> Callable[[Any], Iterator[dict[str, Any]]]:
    """Return a function from an answer to flat records with exactly ``fields``.

    Raises (the returned function):
        ShapeError: a field or a step is missing, or is no object where one is needed.
    """
    steps = records.split(".") if records else []
    paths = sorted(set(fields))
    own = [path for path in paths if path[0] not in _LEVELS and "." not in path]
    readers = [(path, _reader(path)) for path in paths if path not in own]
    all_readers = [(path, _reader(path)) for path in paths]

    def rows(answer: Any) -> Iterator[dict[str, Any]]:
        for cursor in _walk(answer, steps):
            record = cursor[0]
            try:
                row = {path: record[path] for path in own}
            except (KeyError, TypeError, IndexError):
                # Some field is not there; whoever reads one by one can say which.
                yield {path: read(cursor) for path, read in all_readers}
                continue
            for path, read in readers:
                row[path] = read(cursor)
            yield row

    return rows


def compile_surroundings(
    records: str, fields: Iterable[str]
) -> Callable[[Any], Iterator[dict[str, Any]]]:
    """Return a function from an answer to the list elements around its records (``^`` fields).

    An element counts even if no record is in it: the newest assessment of a person can be one
    without any income, and an older one must not take its place.
    """
    steps = records.split(".") if records else []
    readers = [(path, _reader(path)) for path in sorted(set(fields))]

    def elements(answer: Any) -> Iterator[dict[str, Any]]:
        _require_object(answer, steps)
        pending: list[tuple[Any, Any, int]] = [(answer, None, 0)]
        while pending:
            node, element, depth = pending.pop()
            if depth == len(steps):
                yield {path: read((None, element, answer)) for path, read in readers}
            elif isinstance(node, list | tuple):
                pending.extend((inner, inner, depth) for inner in reversed(node))
            elif node is not None:
                pending.append((_step(node, steps[depth]), element, depth + 1))

    return elements


def _walk(answer: Any, steps: Sequence[str]) -> Iterator[Cursor]:
    """Yield the records at the end of ``steps``. Lists are entered; null means none.

    The element around a record is the nearest list element that holds it from outside.
    """
    _require_object(answer, steps)
    pending: list[tuple[Any, Any, Any, int]] = [(answer, None, None, 0)]
    while pending:
        node, element, around, depth = pending.pop()
        if node is None:
            continue
        if isinstance(node, _LISTS):
            pending.extend((inner, inner, element, depth) for inner in reversed(node))
        elif depth == len(steps):
            yield node, around, answer
        else:
            pending.append((_step(node, steps[depth]), element, around, depth + 1))


def _require_object(answer: Any, steps: Sequence[str]) -> None:
    """Refuse ``[]`` where an object was promised: it would look like a person without records."""
    if steps and not isinstance(answer, Mapping):
        raise ShapeError(f"no object where {steps[0]} is expected")


def _step(node: Any, name: str) -> Any:
    if type(node) is not dict and not isinstance(node, Mapping):
        raise ShapeError(f"no object where {name} is expected")
    if name not in node:
        raise ShapeError(f"the field {name} is missing")
    return node[name]


def _reader(path: str) -> Callable[[Cursor], Any]:
    level = _LEVELS.get(path[0], 0)
    names = (path[1:] if level else path).split(".")
    if len(names) == 1:
        (name,) = names
        return lambda cursor: _step(cursor[level], name)

    def read(cursor: Cursor) -> Any:
        node = cursor[level]
        for name in names:
            if node is None:
                return None
            node = _step(node, name)
        return node

    return read


def path_from_root(records: str, field: str) -> str:
    """Return the path from the root of an answer of a field that a rule names.

    ``records`` is where its records stand; ``^`` and ``/`` lead out of the record.
    """
    around = {"/": "", "^": records.rpartition(".")[0]}.get(field[0], records)
    return ".".join(filter(None, (around, field.lstrip("/^"))))


def read_path(answer: Any, path: str) -> Any:
    """Return what stands at a dotted path from the root of ``answer``; null ends the path.

    Raises:
        ShapeError: a step is missing.
    """
    node = answer
    for name in path.lstrip("/").split("."):
        if node is None:
            return None
        node = _step(node, name)
    return node


def write_path(answer: Any, path: str, content: Any) -> Any:
    """Return ``answer`` with ``content`` at a dotted path; the answer itself stays as it is."""
    name, _, rest = path.lstrip("/").partition(".")
    inner = write_path(answer[name], rest, content) if rest else content
    return {**answer, name: inner}
