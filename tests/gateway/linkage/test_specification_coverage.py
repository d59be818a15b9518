"""Nothing of the API specification of 031 is left unexercised over HTTP.

The tour below makes real calls. What they exercised is held against the edition's own data:
every call, every parameter with every code that applies to it, every object of every response.

Source: 住登外者宛名番号付番 API仕様 2.0, sheets パラメータ, レスポンス and エラーコード一覧.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.linkage.number_calls import REGISTER, SCOPES
from gateway.linkage.parameters import NEEDS
from standard_models.api_specifications import ResponseNode
from standard_models.dictionary import Condition, DataItem
from tests.gateway.linkage.conftest import Face, registration
from tests.gateway.linkage.test_numbering import (
    API,
    BESIDE,
    ITEMS,
    NUMBERS,
    _samples,
    _too_long,
    _wrong_class,
)

CREATE = SCOPES[REGISTER]
BY_NAME = {item.name: item.field_name for item in ITEMS}
FLAGGED = ("seinengappi_fushofuragu", "nayosemotofuragu")
"""Parameters that need another one when they are set to 1."""


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One database: what a specification asks for does not depend on which."""
    for file in sqlite_template.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return f"sqlite+aiosqlite:///{tmp_path / sqlite_template.name}"


def needed() -> set[tuple[str, ...]]:
    """Return what the specification has, as the tour notes it."""
    found: set[tuple[str, ...]] = {("call", call.name, call.operation) for call in API.calls}
    for item in ITEMS:
        found |= {
            ("accepted", item.field_name),
            ("E0002", item.field_name),
            ("E0003", item.field_name),
        }
        if item.condition is Condition.REQUIRED:
            found.add(("E0001", item.field_name))
    found.add(("E0001", "atenabango"))
    found |= {("E0004", name) for name in (*NEEDS, *FLAGGED)}
    found |= {(str(node.status), path) for node, path in objects()}
    return found | {("code", error.code) for error in API.errors}


def objects() -> Iterator[tuple[ResponseNode, str]]:
    """Yield every object of every response with its path in the body."""
    way: list[str] = []
    for node in API.responses:
        way[node.level - 1 :] = [node.name if node.level > 1 else ""]
        yield node, "/".join(way)


def of_type(node: ResponseNode, value: Any) -> bool:
    """Return whether a value is what the specification says of its object."""
    if "構造化" in node.data_type:
        return isinstance(value, list if node.data_type.startswith("配列") else dict)
    if node.data_type == "9":
        return isinstance(value, int) and len(str(value)) <= (node.length or 0)
    if not isinstance(value, str) or (node.fixed is not None and value != node.fixed):
        return False
    return node.length is None or len(value) <= node.length


@dataclass
class Tour:
    """Calls of the face, and what of the specification they exercised."""

    face: Face
    exercised: set[tuple[str, ...]] = field(default_factory=set)

    async def call(self, body: Mapping[str, Any], **how: Any) -> httpx.Response:
        """Register, and hold the answer against the tree of its status."""
        answer = await self.face.call(CREATE, body, **how)
        content = answer.json()
        known = [(node, path) for node, path in objects() if node.status == answer.status_code]
        assert set(self._paths(content, "")) == {path for _, path in known}
        for node, path in known:
            values = self._at(content, path.split("/")[1:])
            assert values, path
            assert all(of_type(node, value) for value in values), (path, values)
            self.exercised.add((str(answer.status_code), path))
        for error in content.get("errors", ()):
            self.exercised.add(("code", error["code"]))
        return answer

    async def accepted(self, item: DataItem, number: str) -> None:
        """Send every sample of the workbook, with what it needs beside it."""
        for sample in _samples(item):
            sent = number if item.field_name in NUMBERS else sample
            changes = {**BESIDE.get(item.field_name, {}), item.field_name: sent}
            answer = await self.call(registration(**changes))
            assert answer.status_code == 200, (item.field_name, answer.text)
        self.exercised.add(("accepted", item.field_name))

    async def refused(self, code: str, item: DataItem, **changes: Any) -> None:
        """Send what is wrong with one parameter; the code and its message name it."""
        answer = await self.call(registration(**changes))
        wording = next(error.message for error in API.errors if error.code == code)
        end = re.split("】|X桁", wording)[-1]
        messages = [e["message"] for e in answer.json()["errors"] if e["code"] == code]
        assert any(m.startswith(item.name) and m.endswith(end) for m in messages), item.name
        self.exercised.add((code, item.field_name))

    def _paths(self, value: Any, path: str) -> Iterator[str]:
        yield path
        inside = value if isinstance(value, list) else [value]
        for one in inside:
            for name, inner in one.items() if isinstance(one, dict) else ():
                yield from self._paths(inner, f"{path}/{name}")

    def _at(self, value: Any, way: list[str]) -> list[Any]:
        """Return every value at this path; the items of lists count as in their list."""
        if not way:
            return [value]
        inside = value if isinstance(value, list) else [value]
        return [found for one in inside for found in self._at(one[way[0]], way[1:])]


async def test_the_tour_leaves_nothing_of_the_specification_out(face: Face) -> None:
    """40 parameters, four codes, four statuses with all their objects, the one call."""
    tour = Tour(face)
    first = await tour.call(registration())
    tour.exercised.add(("call", REGISTER, "Create"))
    number = first.json()["result"][0]["atenabango"]
    by_field = {item.field_name: item for item in ITEMS}
    for item in ITEMS:
        name = item.field_name
        await tour.accepted(item, number)
        await tour.refused("E0002", item, **{name: _wrong_class(item)})
        await tour.refused("E0003", item, **{name: _too_long(item)})
        if item.condition is Condition.REQUIRED:
            await tour.refused("E0001", item, **{name: None})
    await tour.refused("E0001", by_field["atenabango"], shorikubun="1")
    for name in NEEDS:
        sample = _samples(by_field[name])[0]
        await tour.refused("E0004", by_field[name], **{NEEDS[name]: None, name: sample})
    for name in FLAGGED:
        await tour.refused("E0004", by_field[name], **{name: "1"})
    assert (await tour.call(registration(), token="x")).status_code == 401
    await face.open_series(900_000_998, 900_000_998)
    statuses = {(await tour.call(registration())).status_code for _ in range(3)}
    assert statuses == {200, 503}
    assert tour.exercised == needed()


def test_the_specification_is_whole() -> None:
    """So that a call, object or code that was lost on import does not make the tour shorter."""
    assert len(API.calls) == 1
    assert len(ITEMS) == 40
    assert [error.code for error in API.errors] == ["E0001", "E0002", "E0003", "E0004"]
    by_status = {status: len(API.response(status)) for status in (200, 400, 401, 503)}
    assert by_status == {200: 14, 400: 9, 401: 6, 503: 6}
    assert len(API.responses) == sum(by_status.values())
