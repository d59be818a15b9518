"""Adapters that an operator lets in only with a certificate of what is installed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from adapters.conformance.cases import CASES
from adapters.conformance.certificates import Certificate, certify, to_text
from adapters.conformance.model import CaseResult, Outcome, Report
from adapters.registry import InstalledAdapter, discover
from gateway.connections import Connections, Proofs
from gateway.connections.config import AdaptersFile, EnabledAdapter
from gateway.connections.http import open_http_client
from gateway.metrics import Metrics
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock

TODAY = dt.date(2026, 10, 1)


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


def test_certificates_come_from_the_folder_of_the_settings(
    tax: InstalledAdapter, tmp_path: Path
) -> None:
    """One that cannot be read is told and proves nothing."""
    (tmp_path / "tax.certificate.json").write_text(to_text(certificate(tax)), "utf-8")
    (tmp_path / "bad.certificate.json").write_text("{", "utf-8")
    proofs = Proofs.read(tmp_path, 2)
    assert proofs.of(tax, TODAY).level == 2
    assert len(proofs.problems) == 1
