"""The reference adapters against the three running systems of the demo town.

Every standard item of every person equals the truth file, which the town writes from its people
and never from the legacy data; or it is absent for the reason that the truth gives.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import (
    Adapter,
    Deadline,
    Fetch,
    FetchRequest,
    GroupRecords,
    Host,
    MeasureKind,
    ProtectionFlags,
)
from adapters.errors import PlannedUnavailable, Unavailable
from adapters.registry import InstalledAdapter, discover
from examples.town.legacy.process import LegacyProcess
from examples.town.legacy.simulator import Fault, SimulatorControl
from standard_models.answers import Answer, StandardRecord, Value
from tests.doubles import RecordingLog
from tests.town.conftest import SmallTown, resident_system, tax_system, town, welfare_system

__all__ = ["resident_system", "tax_system", "town", "welfare_system"]

pytestmark = pytest.mark.town


def installed(adapter_id: str) -> InstalledAdapter:
    """Return a reference adapter."""
    (found,) = (a for a in discover() if a.id == adapter_id)
    assert isinstance(found, InstalledAdapter)
    return found


@pytest.fixture
async def resident(host: Host, resident_system: LegacyProcess) -> AsyncIterator[Adapter]:
    """The adapter of the resident system."""
    address = f"postgresql+asyncpg://machi_ro:machi-ro@127.0.0.1:{resident_system.port}/juki"
    adapter = installed("reference-resident").open(host, {"database_url": address})
    yield adapter
    await adapter.aclose()


@pytest.fixture
async def tax(host: Host, tax_system: LegacyProcess) -> AsyncIterator[Adapter]:
    """The adapter of the tax system."""
    settings = {
        "base_url": f"http://127.0.0.1:{tax_system.port}",
        "api_key": "machi-zeimu-demo",
    }
    adapter = installed("reference-tax").open(host, settings)
    yield adapter
    await adapter.aclose()


@pytest.fixture
async def welfare(host: Host, welfare_system: LegacyProcess) -> AsyncIterator[Adapter]:
    """The adapter of the welfare system."""
    settings = {
        "address": f"http://127.0.0.1:{welfare_system.port}/fukushi/soap",
        "riyosha_id": "MACHI01",
    }
    adapter = installed("reference-welfare").open(host, settings)
    yield adapter
    await adapter.aclose()


def plain(answer: Answer) -> dict[str, Any]:
    """Return an answer as the truth files write it."""
    if isinstance(answer, Value):
        return {"value": answer.value}
    found: dict[str, Any] = {"absent": answer.reason.value}
    return found if answer.uncertain is None else {**found, "uncertain": answer.uncertain.to_json()}


def in_order(records: Iterable[dict[str, Any]], keys: Iterable[str]) -> list[dict[str, Any]]:
    """Return records by primary key: the order of several is not part of the truth."""
    names = sorted(keys)
    return sorted(records, key=lambda r: json.dumps([r[name] for name in names]))


async def differences(
    adapter: Adapter, adapter_id: str, host: Host, folder: Path
) -> tuple[int, list[str]]:
    """Return how many items were compared and where they differ, without values."""
    manifest = installed(adapter_id).manifest
    truth: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for group in manifest.groups:
        for line in (folder / "truth" / f"{group}.jsonl").read_text("utf-8").splitlines():
            entry = json.loads(line)
            truth[entry["subject"][manifest.numbering.id]][group] = entry["records"]
    wanted = {ref: frozenset(host.dictionary.groups[ref].by_field) for ref in manifest.groups}
    assert isinstance(adapter, Fetch)
    compared, found = 0, []
    for number, expected in truth.items():
        result = await adapter.fetch(FetchRequest(number, wanted, Deadline.after(20), "trace"))
        for ref, outcome in result.groups.items():
            assert isinstance(outcome, GroupRecords), outcome
            keys = host.dictionary.groups[ref].key_fields
            actual = in_order([_plain_record(r) for r in outcome.records], keys)
            right = in_order(expected.get(ref, []), keys)
            found += _differing(ref, actual, right)
            compared += sum(map(len, right))
            if outcome.lost or any(r.subject_number != number for r in outcome.records):
                found.append(f"{ref}: a record lost or of another person")
    return compared, found


def _plain_record(record: StandardRecord) -> dict[str, Any]:
    return {name: plain(answer) for name, answer in record.answers.items()}


def _differing(ref: str, actual: list[Any], right: list[Any]) -> list[str]:
    if len(actual) != len(right):
        return [f"{ref}: {len(actual)} records for {len(right)}"]
    return [
        f"{ref}.{name}"
        for mine, true in zip(actual, right, strict=True)
        for name in sorted(mine.keys() | true.keys())
        if mine.get(name) != true.get(name)
    ]


async def test_every_item_of_every_resident_is_what_it_should_be(
    resident: Adapter, host: Host, town: SmallTown
) -> None:
    """History, padding, era dates, unknown dates, half-width kana, 外字, codes: no difference."""
    compared, found = await differences(resident, "reference-resident", host, town.folder)
    assert found == []
    assert compared > 30_000


async def test_every_item_of_every_taxpayer_is_what_it_should_be(
    tax: Adapter, host: Host, town: SmallTown
) -> None:
    """Fiscal years, thousand yen, nested incomes, people taxed here only: no difference."""
    compared, found = await differences(tax, "reference-tax", host, town.folder)
    assert found == []
    assert compared > 8_000


async def test_every_item_of_every_welfare_recipient_is_what_it_should_be(
    welfare: Adapter, host: Host, town: SmallTown
) -> None:
    """Allowance, certificates, care insurance: no difference."""
    compared, found = await differences(welfare, "reference-welfare", host, town.folder)
    assert found == []
    assert compared > 2_000


async def test_everybody_under_protection_is_in_the_list_and_nobody_else(
    resident: Adapter, town: SmallTown
) -> None:
    """Applicants, accompanying people and provisional measures; lapsed periods still protect."""
    assert isinstance(resident, ProtectionFlags)
    report = await resident.protection_flags(Deadline.after(20))
    expected = json.loads((town.folder / "truth" / "protected.json").read_text("utf-8"))
    kinds = {"provisional": MeasureKind.PROVISIONAL, "full": MeasureKind.FULL}
    assert {(f.number, f.kind, str(f.since), str(f.until)) for f in report.flags} == {
        (p["subject"]["resident"], kinds[p["kind"]], str(p["since"]), str(p["until"]))
        for p in expected["protected"]
    }
    assert report.as_of is not None


async def test_a_measure_tells_whom_it_names_where_that_person_has_a_number(
    resident: Adapter, town: SmallTown
) -> None:
    """DV-12: EX, for VICTIM and CHILD alike; of a measure without an other party nobody knows."""
    assert isinstance(resident, ProtectionFlags)
    report = await resident.protection_flags(Deadline.after(20))
    named = {f.number: f.other_parties for f in report.flags}
    number = {who: person["resident"] for who, person in town.people.items()}
    assert named[number["victim"]] == named[number["child"]] == (number["ex"],)
    assert named[number["provisional"]] is None


async def test_the_head_of_the_household_comes_first_and_every_row_names_the_one_who_asked(
    resident: Adapter, town: SmallTown
) -> None:
    """Rows of several people carry the asked person's number as the database has it."""
    number = town.people["child"]["resident"]
    fields = frozenset({"setaiin_atenabango", "setaiin_tsuzukigara1"})
    request = FetchRequest(number, {"001.setaiinjoho": fields}, Deadline.after(20), "trace")
    assert isinstance(resident, Fetch)
    outcome = (await resident.fetch(request)).groups["001.setaiinjoho"]
    assert isinstance(outcome, GroupRecords)
    assert len(outcome.records) >= 2
    assert {r.subject_number for r in outcome.records} == {number}
    first = outcome.records[0].answers["setaiin_tsuzukigara1"]
    assert isinstance(first, Value)
    assert (first.value, first.label) == ("01", "世帯主")


async def test_asking_for_two_items_gives_two_items(resident: Adapter, town: SmallTown) -> None:
    """Nothing that was not asked for leaves the adapter."""
    fields = frozenset({"seinengappi", "shimei"})
    number = town.people["victim"]["resident"]
    request = FetchRequest(number, {"001.juminkihonjoho": fields}, Deadline.after(20), "trace")
    assert isinstance(resident, Fetch)
    outcome = (await resident.fetch(request)).groups["001.juminkihonjoho"]
    assert isinstance(outcome, GroupRecords)
    assert set(outcome.records[0].answers) == fields


async def test_a_number_that_nobody_has_gets_no_records(
    resident: Adapter, tax: Adapter, welfare: Adapter
) -> None:
    """Every system says so in its own way; the result is the same."""
    nobody = [
        (resident, "000000000000", "001.juminkihonjoho", "shimei"),
        (tax, "99999999", "010.kazeikihonjoho", "nenzeigaku"),
        (welfare, "Z9999999", "022.techojoho", "techobango"),
    ]
    for adapter, number, group, field in nobody:
        assert isinstance(adapter, Fetch)
        asked = FetchRequest(number, {group: frozenset({field})}, Deadline.after(20), "trace")
        outcome = (await adapter.fetch(asked)).groups[group]
        assert isinstance(outcome, GroupRecords)
        assert (outcome.records, outcome.lost) == ((), 0)


async def test_each_system_says_up_to_when_its_data_is_complete(
    resident: Adapter, tax: Adapter, welfare: Adapter, town: SmallTown
) -> None:
    """Digits, an era date with a time, digits again: the same kind of time, in Tokyo."""
    numbers = town.people["two_children"]
    asked = [
        (resident, numbers["resident"], "001.juminkihonjoho", "shimei"),
        (tax, numbers["tax"][0], "010.kazeikihonjoho", "nenzeigaku"),
        (welfare, numbers["welfare"], "027.jukyushikakujoho", "ninteibango"),
    ]
    for adapter, number, group, field in asked:
        assert isinstance(adapter, Fetch)
        request = FetchRequest(number, {group: frozenset({field})}, Deadline.after(20), "trace")
        outcome = (await adapter.fetch(request)).groups[group]
        assert isinstance(outcome, GroupRecords)
        assert outcome.as_of is not None
        assert outcome.as_of.isoformat().startswith("2026-10-01T")
        assert outcome.as_of.isoformat().endswith("+09:00")


async def test_at_night_the_welfare_service_is_closed_until_six(
    welfare: Adapter, welfare_system: LegacyProcess
) -> None:
    """Closed is not broken: the answer and the check both say when it opens."""
    control = SimulatorControl(welfare_system.port)
    control.set_clock("2026-10-01T22:30:00+09:00")
    try:
        groups = {"022.techojoho": frozenset({"techobango"})}
        assert isinstance(welfare, Fetch)
        result = await welfare.fetch(FetchRequest("F0000001", groups, Deadline.after(20), "trace"))
        checked = await welfare.check(Deadline.after(20))
    finally:
        control.set_clock("2026-10-01T10:00:00+09:00")
    outcome = result.groups["022.techojoho"]
    assert isinstance(outcome, PlannedUnavailable)
    assert outcome.until is not None
    assert outcome.until.isoformat() == "2026-10-02T06:00:00+09:00"
    assert (checked.ok, checked.opens_at) == (False, outcome.until)
    assert (await welfare.check(Deadline.after(20))).ok is True


async def test_somebody_elses_record_of_the_tax_system_is_recognisable(
    tax: Adapter, tax_system: LegacyProcess, town: SmallTown
) -> None:
    """The record carries the number that came back, so that the guard discards it."""
    number = town.people["victim"]["tax"][0]
    control = SimulatorControl(tax_system.port)
    control.set_fault(Fault.OTHER_PERSON)
    try:
        groups = {"010.kazeikihonjoho": frozenset({"nenzeigaku"})}
        assert isinstance(tax, Fetch)
        result = await tax.fetch(FetchRequest(number, groups, Deadline.after(20), "trace"))
    finally:
        control.set_fault(Fault.NONE)
    outcome = result.groups["010.kazeikihonjoho"]
    assert isinstance(outcome, GroupRecords)
    assert outcome.records
    assert all(r.subject_number != number for r in outcome.records)


async def test_a_stopped_database_is_unavailable_and_comes_back_by_itself(
    host: Host, resident_system: LegacyProcess, town: SmallTown
) -> None:
    """No restart of ours is needed after one of theirs."""
    address = f"postgresql+asyncpg://machi_ro:machi-ro@127.0.0.1:{resident_system.port}/juki"
    adapter = installed("reference-resident").open(host, {"database_url": address})
    assert isinstance(adapter, Fetch)
    groups = {"001.juminkihonjoho": frozenset({"shimei"})}
    number = town.people["child"]["resident"]

    async def ask() -> Any:
        request = FetchRequest(number, groups, Deadline.after(20), "trace")
        return (await adapter.fetch(request)).groups["001.juminkihonjoho"]

    try:
        assert isinstance(await ask(), GroupRecords)
        resident_system.stop()
        try:
            assert isinstance(await ask(), Unavailable)
            assert isinstance(await ask(), Unavailable)
        finally:
            resident_system.start()
        back = await ask()
        if isinstance(back, Unavailable):
            back = await ask()
        assert isinstance(back, GroupRecords)
    finally:
        await adapter.aclose()


async def test_nothing_of_a_person_reaches_the_log(
    resident: Adapter, tax: Adapter, welfare: Adapter, host: Host, event_log: RecordingLog,
    town: SmallTown, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Not names, not numbers, not at the finest level of any library underneath."""
    caplog.set_level(0)
    numbers = town.people["two_children"]
    told: list[str] = []
    asked = [
        (resident, numbers["resident"], "001.juminkihonjoho"),
        (tax, numbers["tax"][0], "010.sofusakijoho"),
        (welfare, numbers["welfare"], "027.jidojoho"),
    ]
    for adapter, number, group in asked:
        assert isinstance(adapter, Fetch)
        wanted = {group: frozenset(host.dictionary.groups[group].by_field)}
        result = await adapter.fetch(FetchRequest(number, wanted, Deadline.after(20), "trace"))
        outcome = result.groups[group]
        assert isinstance(outcome, GroupRecords)
        told.append(number)
        for record in outcome.records:
            told += [
                str(a.value)
                for name, a in record.answers.items()
                if isinstance(a, Value)
                and name.endswith(("shimei", "banchigohyoki", "uji_nihonjin"))
            ]
    assert len(told) > 4
    logged = event_log.text + "\n".join(r.getMessage() for r in caplog.records)
    assert [value for value in told if value in logged] == []


def test_the_comparison_sees_a_difference() -> None:
    """An absent item for a value, and a missing record, are differences; equal records are none."""
    right = [{"shimei": {"value": "架空　花子"}}]
    absent = [{"shimei": {"absent": "not-recorded"}}]
    assert _differing("001.juminkihonjoho", absent, right) == ["001.juminkihonjoho.shimei"]
    assert _differing("001.juminkihonjoho", [], right) == ["001.juminkihonjoho: 0 records for 1"]
    assert _differing("001.juminkihonjoho", right, right) == []


async def test_the_first_question_after_a_restart_is_answered(
    resident: Adapter,
    tax: Adapter,
    welfare: Adapter,
    resident_system: LegacyProcess,
    tax_system: LegacyProcess,
    welfare_system: LegacyProcess,
    town: SmallTown,
) -> None:
    """Connections that were kept open are dead after a restart; nobody loses an answer by that."""
    for adapter, system, group, field in (
        (resident, resident_system, "001.juminkihonjoho", "shimei"),
        (tax, tax_system, "010.kazeikihonjoho", "kazeinendo"),
        (welfare, welfare_system, "027.jukyushikakujoho", "shikyujotai"),
    ):
        line = (town.folder / "truth" / f"{group}.jsonl").read_text("utf-8").splitlines()[0]
        numbering = {"001": "resident", "010": "tax", "027": "welfare"}[group[:3]]
        number = json.loads(line)["subject"][numbering]
        assert isinstance(adapter, Fetch)
        for restarted in (False, True):
            if restarted:
                system.kill()
                system.start()
            wanted = {group: frozenset({field})}
            result = await adapter.fetch(FetchRequest(number, wanted, Deadline.after(10), "t"))
            outcome = result.groups[group]
            assert isinstance(outcome, GroupRecords), (group, restarted, outcome)
            assert len(outcome.records) == 1
