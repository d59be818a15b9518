"""A rehearsal tells in counts what an adapter did, and names every difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.conformance.rehearsals import Rehearsal, Statement, read_rehearsals, record_of
from adapters.conformance.rehearsing import LEAST_PEOPLE, Findings, Reconciled, rehearse
from adapters.contract import (
    Change,
    ChangeBatch,
    CheckResult,
    ControlTotals,
    Deadline,
    ExtractChunk,
    FetchRequest,
    FetchResult,
    FlagReport,
    GroupRecords,
    MeasureKind,
    ProtectionFlag,
)
from adapters.errors import AdapterError, SourceTimeout, Unsupported
from adapters.manifest import Capability, FlagAuthority, Manifest
from standard_models.answers import StandardRecord, Value
from standard_models.builtin import load_builtin
from tests.gateway.questions.scripted import TIME, manifest_of

GROUP, OTHER = "010.sofusakijoho", "010.kazeikihonjoho"
NUMBERS = [f"{n:08d}" for n in range(1, LEAST_PEOPLE + 1)]
MANIFEST = manifest_of("tax", [GROUP]).model_copy(
    update={
        "capabilities": frozenset(Capability),
        "flag_authority": FlagAuthority(max_age_s=600),
    }
)
HANDS = {Capability.SEARCH: "記録 4", Capability.SUBMIT: "記録 5"}
STATED = Statement(HANDS, "審査記録 12", "保守契約 3", "情報政策課")
TODAY = dt.date(2026, 10, 1)
RUN_AT = dt.datetime(2026, 10, 1, 15, 0, tzinfo=dt.UTC)


class TestSystem:
    """A vendor's adapter on a test system that can be put out of order."""

    __test__ = False
    mapping_version = "1.0.0"

    def __init__(self) -> None:
        self.well = True
        self.asked: dict[str, int] = {}
        self.changing = False
        self.fault: AdapterError | None = None
        self.swapped = False
        self.nobody = False
        self.stated: int | None = 3
        self.skipped = 1
        self.flagged = [NUMBERS[0]]

    async def check(self, deadline: Deadline) -> CheckResult:
        return CheckResult(self.well, "", "2.4")

    async def aclose(self) -> None:
        return None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.asked[request.number] = turn = self.asked.get(request.number, 0) + 1
        if self.fault is not None:
            return FetchResult(dict.fromkeys(request.groups, self.fault))
        number = NUMBERS[0] if self.swapped else request.number
        value = Value(str(turn if self.changing else 1))
        records = () if self.nobody else (StandardRecord(GROUP, number, {"a": value}),)
        return FetchResult({GROUP: GroupRecords(records, TIME, TIME, lost=0)})

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        flags = tuple(ProtectionFlag(n, MeasureKind.FULL, None, None) for n in self.flagged)
        return FlagReport(flags, TIME, TIME)

    async def changes(self, cursor: str | None, deadline: Deadline) -> ChangeBatch:
        return ChangeBatch((Change(NUMBERS[0], (GROUP,), TIME),), "1", more=False)

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        return ControlTotals(self.stated)

    async def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        record = StandardRecord(GROUP, NUMBERS[0], {})
        yield ExtractChunk((record,), (), 0, 1, "1")
        yield ExtractChunk((record,), (), self.skipped, 2, "2")


async def found(system: TestSystem, numbers: list[str] = NUMBERS) -> Findings:
    return await rehearse(system, MANIFEST, load_builtin(), numbers)


def record(findings: Findings, folder: Path, stated: Statement = STATED) -> Rehearsal:
    return record_of(findings, MANIFEST, folder, stated, municipality="999997", run_at=RUN_AT)


async def test_everything_is_asked_twice_and_counted(tmp_path: Path) -> None:
    """Who, when, what, how many; totals beside those of the source; nobody's number."""
    findings = await found(TestSystem())
    assert findings.differences == ()
    assert (findings.people, findings.product_version) == (LEAST_PEOPLE, "2.4")
    counted = {t.capability: (t.group, t.calls, t.records) for t in findings.tried}
    assert counted == {
        Capability.FETCH: (GROUP, 20, 10),
        Capability.PROTECTION_FLAGS: ("", 2, 1),
        Capability.CHANGES: ("", 2, 1),
        Capability.EXTRACT: (GROUP, 2, 2),
    }
    assert findings.totals == (
        Reconciled(group=GROUP, stated=3, read=3, records=2, lost=0, skipped=1),
    )
    text = record(findings, tmp_path).model_dump_json()
    assert not any(number in text for number in NUMBERS)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"well": False}, "check: the system is not well"),
        ({"changing": True}, "fetch: 10 answers were another one the second time"),
        ({"swapped": True}, "fetch: 9 answers hold a record of somebody else"),
        ({"fault": SourceTimeout("late")}, f"fetch {GROUP}: source-timeout 10 times"),
        ({"nobody": True}, f"fetch {GROUP}: nobody has a record"),
        ({"stated": 4}, f"extract {GROUP}: 3 read, 4 stated"),
        ({"skipped": 0}, f"extract {GROUP}: not everything that was read is accounted for"),
    ],
)
async def test_what_does_not_agree_is_a_difference(
    change: dict[str, object], difference: str, tmp_path: Path
) -> None:
    """A record with a difference is kept, and proves nothing."""
    system = TestSystem()
    for name, value in change.items():
        setattr(system, name, value)
    findings = await found(system)
    assert difference in findings.differences
    kept = record(findings, tmp_path)
    assert "differences" in str(holds(kept))


async def test_too_few_people_are_a_difference() -> None:
    """The same number twice is one person."""
    findings = await found(TestSystem(), NUMBERS[:4] * 3)
    assert findings.differences == (f"4 people, where {LEAST_PEOPLE} are needed",)


def holds(
    kept: Rehearsal,
    manifest: Manifest = MANIFEST,
    digest: str | None = None,
    town: str = "999997",
    today: dt.date = TODAY,
) -> str | None:
    return kept.holds_for(manifest, digest or kept.package_sha256, town, today)


async def test_a_record_counts_for_the_files_the_town_and_the_year_it_was_made_for(
    tmp_path: Path,
) -> None:
    """And for every declared capability, tried by the rehearsal or by hand."""
    kept = record(await found(TestSystem()), tmp_path)
    assert holds(kept) is None
    assert holds(kept, digest="0" * 64) is not None
    assert holds(kept, town="131016") is not None
    assert holds(kept, today=kept.expires) is None
    assert holds(kept, today=kept.expires + dt.timedelta(days=1)) is not None
    newer = MANIFEST.model_copy(update={"version": "9.9.9"})
    assert holds(kept, newer) is not None
    by_nobody = record(await found(TestSystem()), tmp_path, replace(STATED, by_hand={}))
    assert holds(by_nobody) == "not rehearsed: search, submit"


async def test_an_adapter_without_any_extract_that_declares_it_is_told() -> None:
    """No sample is no proof."""

    class Unable(TestSystem):
        async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
            raise Unsupported("no extract")

    assert "extract: no group could be extracted" in (await found(Unable())).differences


async def test_records_are_read_back_from_their_folder(tmp_path: Path) -> None:
    """One that cannot be read, and a second one, are problems and no more."""
    kept = record(await found(TestSystem()), tmp_path)
    for name in ("a", "b"):
        path = tmp_path / f"{name}.999997.rehearsal.json"
        path.write_text(kept.model_dump_json(), "utf-8")
    (tmp_path / "c.999997.rehearsal.json").write_text("{", "utf-8")
    read, problems = read_rehearsals(tmp_path)
    assert read == {("scripted-tax", "999997"): kept}
    assert len(problems) == 2
