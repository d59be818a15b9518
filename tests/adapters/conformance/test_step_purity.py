"""A vendor's own steps may compute, and nothing else: each rule finds what it is made for."""

from __future__ import annotations

import pytest

from adapters.conformance.purity import impurities

PURE = '''\
"""Steps of the product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.mapping.own_steps import Refused, step
from standard_models.values.eras import era_of

KINDS: Final[Mapping[str, str]] = MappingProxyType({"A": "1", "B": "2"})
MARKS = frozenset({"*", "＊"})
DIGITS = re.compile("[0-9]+")
WIDE = str.maketrans({"-": "－"})
PARTS = ("a", ("b", "c"))
LONGEST = 2 * 15


@step("kind", examples=[("A", "1"), ("C", Refused("unknown"))])
def kind(raw: str) -> str | Refused:
    """Return the kind."""
    parts = []
    parts.append(unicodedata.normalize("NFKC", raw))
    counts: dict[str, int] = {}
    counts["n"] = 1
    found = KINDS.get("".join(parts).translate(WIDE))
    return Refused("unknown") if found is None else found
'''


def test_a_module_that_computes_is_left_alone() -> None:
    """Tables, patterns, local containers and the values of the standard are a step's tools."""
    assert impurities(PURE) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import os", "import of os"),
        ("import os.path", "import of os.path"),
        ("from os import environ", "import of os"),
        ("import time", "import of time"),
        ("import random", "import of random"),
        ("import secrets", "import of secrets"),
        ("import uuid", "import of uuid"),
        ("import socket", "import of socket"),
        ("import httpx", "import of httpx"),
        ("import pathlib", "import of pathlib"),
        ("import functools", "import of functools"),
        ("import importlib", "import of importlib"),
        ("import collections", "import of collections"),
        ("import contextlib as re", "import of contextlib"),
        ("from . import other", "import of ."),
        ("from gateway.clock import SystemClock", "import of gateway.clock"),
        ("from adapters.mapping import own_steps, rows", "import of adapters.mapping"),
        ("SEEN = []", "can be changed"),
        ("SEEN: dict[str, str] = {}", "can be changed"),
        ("SEEN = {raw for raw in 'ab'}", "can be changed"),
        ("SEEN = (1, [])", "can be changed"),
        ("SEEN = dict()", "can be changed"),
        ("NEXT = iter('abc')", "can be changed"),
        ("ALL = kind.examples + list('ab')", "can be changed"),
        ("class Kept:\n    seen = []", "can be changed"),
        ("def more(raw: str, seen: list[str] = []) -> str:\n    return raw", "default"),
        ("def count() -> None:\n    global LONGEST\n    LONGEST = 3", "global"),
        ("def mark() -> None:\n    kind.last = 'a'", "kind is changed"),
        ("def mark() -> None:\n    PARTS[1].append('a')", "PARTS is changed"),
        ("def mark() -> None:\n    WIDE['a'] = 'b'", "WIDE is changed"),
        ("def mark() -> None:\n    del WIDE['a']", "WIDE is changed"),
        ("def read() -> str:\n    return open('a').read()", "open"),
        ("def say(raw: str) -> None:\n    print(raw)", "print"),
        ("def run(raw: str) -> str:\n    return str(eval(raw))", "eval"),
        ("def run() -> object:\n    return __import__('os')", "__import__"),
        ("def chance(raw: str) -> int:\n    return hash(raw) + id(raw)", "hash"),
        ("def behind() -> object:\n    return kind.function.__globals__", "__globals__"),
        ("def other() -> object:\n    return getattr(re, 'compile')", "getattr"),
        ("import datetime\ndef day() -> str:\n    return str(datetime.date.today())", "today"),
        ("from datetime import datetime\ndef at() -> str:\n    return str(datetime.now())", "now"),
        ("from decimal import getcontext", "getcontext"),
        ("async def later(raw: str) -> str:\n    return raw", "async"),
    ],
)  # fmt: skip
def test_whatever_makes_a_step_depend_on_more_than_its_content_is_named(
    line: str, rule: str
) -> None:
    """With the line where it stands, so that it is found at once."""
    first = PURE.count("\n") + 1
    found = impurities(f"{PURE}{line}\n")
    assert any(rule in told for told in found)
    assert all(int(told.partition(":")[0]) >= first for told in found)
