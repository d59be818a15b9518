"""Adapters that an operator lets in only with a certificate of what is installed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from adapters.conformance.cases import CASES
from adapters.conformance.certificates import Certificate, certify, to_text
from adapters.conformance.model import CaseResult, Outcome, Report
from adapters.conformance.rehearsals import Rehearsal, Statement, record_of
from adapters.conformance.rehearsing import Findings
from adapters.registry import InstalledAdapter, discover
from gateway.connections import Connections, Proofs
from gateway.connections.config import AdaptersFile, EnabledAdapter
from gateway.connections.http import open_http_client
from gateway.metrics import Metrics
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock

TODAY = dt.date(2026, 10, 1)
TOWN = "999997"


@pytest.fixture
def tax() -> InstalledAdapter:
    """The tax adapter as it is installed."""
    (found,) = (a for a in discover() if a.id == "reference-tax")
    assert isinstance(found, InstalledAdapter)
    return found


def certificate(tax: InstalledAdapter, level: int = 2) -> Certificate:
    """Return a certificate of the installed files."""
    results = tuple(
        CaseResult(c, Outcome.PASSED if c.level <= level else Outcome.WAIVED) for c in CASES
    )
    started = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    report = Report(tax.id, tax.manifest.version, "1.0", started, results)
    return certify(report, tax.manifest, tax.folder(), run_by="kit")


async def refusals(proofs: Proofs, clock: StoppedClock, log: RecordingLog) -> list[tuple[str, str]]:
    """Return the codes and reasons with which the tax adapter is refused."""
    enabled = EnabledAdapter(
        adapter="reference-tax",
        municipality="999997",
        settings={"base_url": "http://127.0.0.1:1", "api_key": "k"},
    )
    async with open_http_client() as http:
        connections = Connections.open(
            AdaptersFile(adapters=(enabled,)),
            discover(),
            http=http,
            clock=clock,
            log=log,
            metrics=Metrics(),
            dictionary=load_builtin(),
            proofs=proofs,
        )
        await connections.aclose()
    return [(r.code, r.reason) for r in connections.refused]


async def test_without_a_requirement_no_certificate_is_needed(
    clock: StoppedClock, event_log: RecordingLog
) -> None:
    """The demo town works out of the box."""
    assert await refusals(Proofs(), clock, event_log) == []


async def test_a_required_level_keeps_out_what_is_not_certified(
    tax: InstalledAdapter, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """No certificate, too low a level: refused by name, and the gateway starts."""
    ((code, reason),) = await refusals(Proofs({}, 2), clock, event_log)
    assert code == "adapter-not-certified"
    assert "証明書の水準 2" in reason
    low = Proofs({tax.id: certificate(tax, 1)}, 2)
    ((_, reason),) = await refusals(low, clock, event_log)
    assert "今の水準は 1" in reason
    assert await refusals(Proofs({tax.id: certificate(tax)}, 2), clock, event_log) == []


def test_a_certificate_of_other_files_proves_nothing(tax: InstalledAdapter) -> None:
    """One changed byte is another adapter."""
    other = certificate(tax).model_copy(update={"package_sha256": "0" * 64})
    proof = Proofs({tax.id: other}, 1).of(tax, TODAY)
    assert proof.level is None
    assert proof.refusal_ja is not None
    assert Proofs({tax.id: certificate(tax)}, 1).of(tax, TODAY).refusal_ja is None


def rehearsal(tax: InstalledAdapter, *differences: str) -> Rehearsal:
    """Return the record of a rehearsal of the installed files in the demo town."""
    findings = Findings("2.4", 10, (), (), differences)
    hands = dict.fromkeys(tax.manifest.capabilities, "記録")
    stated = Statement(hands, "審査記録 12", "保守契約 3", "情報政策課")
    run_at = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    return record_of(findings, tax.manifest, tax.folder(), stated, municipality=TOWN, run_at=run_at)


async def test_level_3_is_a_certificate_and_a_rehearsal_in_the_same_town(
    tax: InstalledAdapter, clock: StoppedClock, event_log: RecordingLog
) -> None:
    """Either alone is not enough, nor is a rehearsal with open differences or of another town."""
    certified, rehearsed = {tax.id: certificate(tax)}, {(tax.id, TOWN): rehearsal(tax)}
    assert await refusals(Proofs(certified, 3, (), rehearsed), clock, event_log) == []
    for proofs in (
        Proofs(certified, 3),
        Proofs({}, 3, (), rehearsed),
        Proofs({tax.id: certificate(tax, 1)}, 3, (), rehearsed),
        Proofs(certified, 3, (), {(tax.id, TOWN): rehearsal(tax, "fetch: x")}),
        Proofs(certified, 3, (), {(tax.id, "131016"): rehearsal(tax)}),
    ):
        ((code, _),) = await refusals(proofs, clock, event_log)
        assert code == "adapter-not-certified"
    assert Proofs(certified, 3, (), rehearsed).of(tax, TODAY, TOWN).level == 3
    assert Proofs(certified, 3, (), rehearsed).of(tax, TODAY).level == 2


def test_certificates_come_from_the_folder_of_the_settings(
    tax: InstalledAdapter, tmp_path: Path
) -> None:
    """One that cannot be read is told and proves nothing."""
    (tmp_path / "tax.certificate.json").write_text(to_text(certificate(tax)), "utf-8")
    (tmp_path / "bad.certificate.json").write_text("{", "utf-8")
    proofs = Proofs.read(tmp_path, 2)
    assert proofs.of(tax, TODAY).level == 2
    assert len(proofs.problems) == 1
