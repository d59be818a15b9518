"""An adapter that a vendor wrote without a mapping is tried by what the contract promises."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from pathlib import Path

import pytest
import yaml

from adapters.conformance.cases import CASES
from adapters.conformance.model import Outcome, Report
from adapters.conformance.runner import run_kit
from adapters.conformance.testing import find_package
from standard_models.builtin import load_builtin
from tests.gateway.questions.scripted import manifest_of

GROUP = "010.sofusakijoho"
OPERATIONS = ("search", "changes", "extract", "submit", "protection-flags")
PEOPLE = ("20000011", "20000022", "20000033")
CODE = """\
from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from adapters.contract import (
    Adapter, Change, ChangeBatch, CheckResult, ControlTotals, Deadline, ExtractChunk, FlagReport,
    GroupRecords, Host, MeasureKind, ProtectionFlag, SearchPage, SearchRequest, SubmitReceipt,
    SubmitRequest,
)
from adapters.errors import Rejected, Unavailable, Unsupported
from standard_models.answers import Absence, AbsenceReason, StandardRecord

GROUP = "010.sofusakijoho"


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str


def open_adapter(host: Host, settings: Settings) -> Adapter:
    return Own(host, settings.base_url)


class Own:
    mapping_version = "1.0.0"

    def __init__(self, host: Host, address: str) -> None:
        self.host = host
        self.address = address

    async def _ask(self, path: str, **more: Any) -> Any:
        try:
            answer = await self.host.http.post(self.address + path, json=more, headers={})
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from None
        if answer.status_code != 200:
            raise Unavailable("status")
        return answer.json()["list"]

    def _record(self, number: str) -> StandardRecord:
        group = self.host.dictionary.groups[GROUP]
        empty = Absence(AbsenceReason.NOT_RECORDED)
        return StandardRecord(GROUP, number, dict.fromkeys(group.by_field, empty))

    def _require(self, group: str) -> None:
        if group != GROUP:
            raise Unsupported(group)

    async def check(self, deadline: Deadline) -> CheckResult:
        return CheckResult(True, "")

    async def aclose(self) -> None:
        return None

    async def search(self, request: SearchRequest) -> SearchPage:
        self._require(request.group)
        if request.facts.shimei is None:
            raise Rejected("too few", vendor_code="too-few-facts")
        found = await self._ask("/search")
        place = int(request.page or 0)
        records = tuple(self._record(n) for n in found[place : place + 2])
        further = str(place + 2) if place + 2 < len(found) else None
        now = self.host.clock.now()
        return SearchPage(GroupRecords(records, None, now), further)

    async def changes(self, cursor: str | None, deadline: Deadline) -> ChangeBatch:
        found = await self._ask("/changes")
        place = int(cursor or 0)
        changes = tuple(Change(n, (GROUP,), None) for n in found[place : place + 2])
        return ChangeBatch(changes, str(place + len(changes)), place + 2 < len(found))

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        self._require(group)
        return ControlTotals(len(await self._ask("/extract")))

    async def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        self._require(group)
        found = await self._ask("/extract")
        for place in range(int(after or 0), len(found)):
            yield ExtractChunk((self._record(found[place]),), (), 0, 1, str(place + 1))

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        if set(request.items) - {"sofusaki_choaza"}:
            raise Unsupported("an item")
        (receipt,) = await self._ask("/submit", key=request.idempotency_key)
        return SubmitReceipt(receipt, self.host.clock.now())

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        now = self.host.clock.now()
        found = await self._ask("/flags")
        flags = tuple(ProtectionFlag(n, MeasureKind.FULL, None, None) for n in found)
        return FlagReport(flags, None, now)
"""


def written(folder: Path, name: str, code: str = CODE, **description: object) -> None:
    """Write the package of the adapter with its recordings."""
    package = folder / name
    answers = package / "conformance" / "answers"
    answers.mkdir(parents=True)
    listed = yaml.safe_dump({"list": list(PEOPLE)})
    (answers / "list.yaml").write_text(listed, "utf-8")
    (answers / "receipt.yaml").write_text("list: [R1]\n", "utf-8")
    files = dict.fromkeys(("/search", "/changes", "/extract", "/flags"), "list")
    extras = [
        {"method": "POST", "path": path, "answer": {"file": f"answers/{file}.yaml"}}
        for path, file in {**files, "/submit": "receipt"}.items()
    ]
    content = {
        "settings": {"base_url": "{{address}}"},
        "people": [{"number": n, "values": {"name": f"架空{n}"}} for n in PEOPLE],
        "extras": extras,
        "submissions": {GROUP: {"sofusaki_choaza": "みどり一丁目"}},
        **description,
    }
    (package / "conformance" / "kit.yaml").write_text(yaml.safe_dump(content), "utf-8")
    manifest = manifest_of("own", [GROUP], flags=True).model_dump(mode="json")
    manifest |= {"id": name, "capabilities": list(OPERATIONS)}
    (package / "manifest.yaml").write_text(yaml.safe_dump(manifest), "utf-8")
    (package / "__init__.py").write_text(code, "utf-8")


def tried(name: str, operation: str) -> Report:
    """Run the case of one operation."""
    cases = [case for case in CASES if case.id == operation]
    try:
        return asyncio.run(
            run_kit(find_package(name), load_builtin(), today=dt.date(2026, 10, 1), cases=cases)
        )
    finally:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_adapter_of_its_own_code_passes_by_its_contract(
    operation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mapping, no answers made by the kit: recorded ones are replayed."""
    monkeypatch.syspath_prepend(tmp_path)
    name = f"own-{operation}".replace("-", "")
    written(tmp_path, name)
    report = tried(name, operation)
    assert report.problems == ()
    assert [(r.outcome, r.problems) for r in report.results] == [(Outcome.PASSED, ())]


BROKEN = [
    ("search", "self._record(n) for n in found", "self._record(found[0]) for n in found"),
    ("search", 'raise Rejected("too few", vendor_code="too-few-facts")', "pass"),
    ("search", "dict.fromkeys(group.by_field, empty)", "{}"),
    ("search", 'raise Unavailable("status")', "return self.host and {}['x'] or []"),
    ("changes", "str(place + len(changes))", "cursor or '0'"),
    ("changes", "Change(n, (GROUP,), None)", "Change('', (GROUP,), None)"),
    ("changes", 'raise Unavailable("status")', "return []"),
    ("extract", "(self._record(found[place]),), (), 0, 1", "(), (), 0, 1"),
    ("extract", "range(int(after or 0)", "range(0"),
    ("extract", "int(after or 0), len(found))", "int(after or 0), len(found) - 1)"),
    ("extract", "str(place + 1)", "'1'"),
    ("extract", 'raise Unavailable("status")', "return []"),
    ("submit", "SubmitReceipt(receipt,", "SubmitReceipt(str(id(object())) + str(request),"),
    ("submit", "SubmitReceipt(receipt,", "SubmitReceipt('',"),
    ("submit", 'raise Unsupported("an item")', "pass"),
    ("submit", "key=request.idempotency_key", "key='x'"),
    ("submit", 'raise Unavailable("status")', "return ['R9']"),
    ("protection-flags", "for n in found)", "for n in found[:0])"),
    ("protection-flags", 'raise Unavailable("status")', "return ['1']"),
]  # fmt: skip


@pytest.mark.parametrize(
    "number", range(len(BROKEN)), ids=[f"{b[0]}-{n}" for n, b in enumerate(BROKEN)]
)
def test_what_breaks_the_contract_is_found_without_a_mapping(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line of the adapter is another one, and the case of its operation fails."""
    operation, old, new = BROKEN[number]
    assert CODE.count(old) == 1
    monkeypatch.syspath_prepend(tmp_path)
    name = f"broken{number}"
    written(tmp_path, name, CODE.replace(old, new))
    (result,) = tried(name, operation).results
    assert result.outcome is Outcome.FAILED


def test_a_submission_that_nobody_wrote_down_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sample is a failure, not a pass."""
    monkeypatch.syspath_prepend(tmp_path)
    written(tmp_path, "unsaid", submissions={})
    (result,) = tried("unsaid", "submit").results
    assert result.problems == ("submissions: kit.yaml names none to be handed over",)
