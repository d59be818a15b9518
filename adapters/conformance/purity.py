"""What a module of a vendor's own steps may hold, told from its syntax alone.

A step makes one content of one content. Whatever could make it depend on anything else is named
here with its line: environment, clock, files, network, chance, and state that outlives a call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

ALLOWED_MODULES: Final = frozenset({
    "__future__", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "itertools", "jaconv", "math", "re", "string", "types", "typing", "unicodedata",
    "adapters.mapping.own_steps", "standard_models",
})  # fmt: skip
"""Modules that only compute; ``standard_models`` with everything in it."""

FORBIDDEN_NAMES: Final = {
    "open": "a step reads no files",
    "input": "a step asks nobody",
    "print": "a step says nothing",
    "eval": "a step runs no text",
    "exec": "a step runs no text",
    "compile": "a step runs no text",
    "__import__": "a step imports nothing by name",
    "breakpoint": "a step does not stop",
    "globals": "a step keeps to its content",
    "vars": "a step keeps to its content",
    "setattr": "a step changes nothing outside",
    "delattr": "a step changes nothing outside",
    "getattr": "a step names what it uses",
    "hash": "the hash of a text is another one in each process",
    "id": "the id of an object is another one in each process",
}
FORBIDDEN_ATTRIBUTES: Final = {
    "now": "a step asks no clock",
    "today": "a step asks no clock",
    "utcnow": "a step asks no clock",
    "astimezone": "a step does not know the zone of its machine",
    "fromtimestamp": "a step does not know the zone of its machine",
    "getcontext": "the context of decimals is shared by everybody",
    "setcontext": "the context of decimals is shared by everybody",
    "localcontext": "the context of decimals is shared by everybody",
}
CONSTANT_CALLS: Final = frozenset({
    "MappingProxyType", "types.MappingProxyType", "frozenset", "tuple", "range", "str", "int",
    "str.maketrans", "re.compile", "Decimal", "decimal.Decimal", "Fraction",
    "fractions.Fraction", "date", "datetime.date", "TypeVar",
})  # fmt: skip
"""What a constant of the module may be made by."""

CHANGEABLE: Final = (
    "a constant that can be changed: make it a tuple, a frozenset or a MappingProxyType"
)
_DISPLAYS: Final = (
    ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip
_CHANGING: Final = frozenset({
    "append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear",
    "remove", "discard", "sort", "reverse",
})  # fmt: skip


def impurities(source: str) -> list[str]:
    """Return every rule that a module of steps breaks, as ``line: rule``, in its order.

    Raises:
        SyntaxError: the module is no Python.
    """
    tree = ast.parse(source)
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        found += [(getattr(node, "lineno", 0), rule) for rule in _of_node(node)]
    constants = set(_names_of(tree.body))
    for body in _bodies(tree):
        found += _kept(body)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found += _defaults(function)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            found += _changes(function, constants)
    return [f"{line}: {rule}" for line, rule in sorted(set(found))]


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (_not_allowed(n.name) for n in names if not _allowed(n.name))
        case ast.ImportFrom(module=module, level=level, names=names):
            name = "." * level + (module or "")
            if level or not (_allowed(name) or all(_allowed(f"{name}.{n.name}") for n in names)):
                yield _not_allowed(name)
            for alias in names:
                yield from _named(alias.name)
        case ast.Name(id=name) if name in FORBIDDEN_NAMES:
            yield f"{name}: {FORBIDDEN_NAMES[name]}"
        case ast.Attribute(attr=name):
            yield from _named(name)
        case ast.Global() | ast.Nonlocal():
            yield "global, nonlocal: a step keeps nothing between calls"
        case ast.AsyncFunctionDef() | ast.Await():
            yield "async: a step waits for nothing"


def _named(name: str) -> Iterator[str]:
    if rule := FORBIDDEN_ATTRIBUTES.get(name):
        yield f"{name}: {rule}"
    elif name.startswith("__") and name.endswith("__"):
        yield f"{name}: a step does not reach behind the language"


def _allowed(module: str) -> bool:
    return any(f"{module}.".startswith(f"{name}.") for name in ALLOWED_MODULES)


def _not_allowed(module: str) -> str:
    return f"import of {module}: not in the list of modules that only compute"


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Yield the statements that run when the module is loaded: its own and those of classes."""
    yield tree.body
    yield from (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _kept(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Yield what a module or a class keeps that could be changed."""
    for statement in body:
        value = getattr(statement, "value", None)
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) or value is None:
            continue
        if any(_is_changeable(part) for part in _parts(value)):
            yield statement.lineno, CHANGEABLE


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    """Yield what a constant is made of; what a constant call is given is copied or closed in."""
    yield value
    if isinstance(value, ast.Tuple | ast.Starred | ast.IfExp | ast.BinOp):
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from _parts(child)


def _is_changeable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) not in CONSTANT_CALLS
    return isinstance(value, _DISPLAYS)


def _defaults(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
) -> Iterator[tuple[int, str]]:
    for default in (*function.args.defaults, *function.args.kw_defaults):
        if default is not None and _is_changeable(default):
            yield default.lineno, "a default that can be changed is kept between calls"


def _names_of(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that a module binds: constants, functions, classes, imports."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((n.asname or n.name).partition(".")[0] for n in names)
            case _:
                yield from (
                    node.id
                    for node in ast.walk(statement)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                )


def _changes(
    function: ast.FunctionDef | ast.AsyncFunctionDef, outside: set[str]
) -> Iterator[tuple[int, str]]:
    """Yield where a function changes what belongs to the module."""
    own = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)} | {
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for node in ast.walk(function):
        target: ast.AST | None = None
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            target = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value if node.func.attr in _CHANGING else None
        name = _root(target)
        if name in outside - own:
            yield getattr(node, "lineno", 0), f"{name} is changed: it is kept between calls"


def _root(node: ast.AST | None) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
