"""``hitotsu adapter new | check | certify | draft-golden``, as a vendor types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner, Result

from gateway.cli.commands import app


def hitotsu(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, ["adapter", *words])


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A new adapter in the working folder; the name of its package."""
    monkeypatch.chdir(tmp_path)
    name = f"vendor{abs(hash(request.node.name))}"
    assert hitotsu("new", name).exit_code == 0
    monkeypatch.chdir(tmp_path / name)
    monkeypatch.syspath_prepend(tmp_path / name)
    return name


def test_a_new_adapter_is_checked_and_certified(vendor: str, tmp_path: Path) -> None:
    """From nothing to a certificate with three commands."""
    checked = hitotsu("check", vendor, "--calls", "20")
    assert checked.exit_code == 0
    assert "水準：2" in checked.stdout
    certified = hitotsu("certify", vendor, "--calls", "20", "--directory", str(tmp_path / "out"))
    assert certified.exit_code == 0
    written = json.loads((tmp_path / "out" / f"{vendor}.certificate.json").read_text("utf-8"))
    assert (written["adapter"], written["level"], written["waivers"]) == (vendor, 2, [])


def test_what_is_wrong_is_told_with_how_to_mend_it(vendor: str, tmp_path: Path) -> None:
    """Every problem of a case, its remedy in both languages, reports for machines."""
    Path(vendor, "README.md").unlink()
    junit, report = tmp_path / "junit.xml", tmp_path / "report.json"
    words = ["--case", "documents", "--case", "manifest"]
    checked = hitotsu("check", vendor, *words, "--junit", str(junit), "--json", str(report))
    assert checked.exit_code == 1
    assert "README.md is missing" in checked.stdout
    assert "直し方：README.md に" in checked.stdout
    assert etree.parse(junit).getroot().get("failures") == "1"
    assert json.loads(report.read_text("utf-8"))["passed"] is False


def test_some_cases_alone_prove_no_level(vendor: str) -> None:
    """However well they end."""
    checked = hitotsu("check", vendor, "--case", "manifest")
    assert checked.exit_code == 0
    assert "水準：なし（一部のケースだけ）" in checked.stdout


def test_an_adapter_that_fails_gets_no_certificate(vendor: str, tmp_path: Path) -> None:
    """Nothing is written."""
    Path(vendor, "README.md").unlink()
    refused = hitotsu("certify", vendor, "--calls", "20", "--directory", str(tmp_path / "out"))
    assert refused.exit_code == 1
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_found_is_named() -> None:
    """A package without a manifest, a case that is none, a folder that is there."""
    assert "manifest" in hitotsu("check", "no_such_package_at_all").stderr
    assert "nosuch" in hitotsu("check", "reference-tax", "--case", "nosuch").stderr


def test_drafts_do_not_touch_what_is_there(vendor: str) -> None:
    """Only groups without a golden file get one."""
    golden = Path(vendor, "conformance", "golden", "techojoho.yaml")
    before = golden.read_text("utf-8")
    assert "下書き 0 件" in hitotsu("draft-golden", vendor).stdout
    assert golden.read_text("utf-8") == before
    golden.unlink()
    assert "下書き 1 件" in hitotsu("draft-golden", vendor).stdout
    assert golden.read_text("utf-8").startswith("# 下書き")


def test_a_draft_comes_from_a_file_of_single_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first record that becomes one standard record, and the draft holds."""
    monkeypatch.chdir(tmp_path)
    assert hitotsu("new", "vendor-file", "--source", "file").exit_code == 0
    monkeypatch.chdir(tmp_path / "vendor-file")
    monkeypatch.syspath_prepend(tmp_path / "vendor-file")
    golden = Path("vendor_file", "conformance", "golden", "techojoho.yaml")
    golden.unlink()
    assert "下書き 1 件" in hitotsu("draft-golden", "vendor_file").stdout
    assert "techobango: '2018000121'" in golden.read_text("utf-8")
    assert hitotsu("check", "vendor_file", "--case", "golden").exit_code == 0


def test_a_delivery_that_cannot_be_read_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the check and by the drafts; it is no error of ours."""
    monkeypatch.chdir(tmp_path)
    assert hitotsu("new", "vendor-sums", "--source", "file").exit_code == 0
    monkeypatch.chdir(tmp_path / "vendor-sums")
    monkeypatch.syspath_prepend(tmp_path / "vendor-sums")
    Path("vendor_sums", "conformance", "delivery", "SHA256SUMS").write_text("")
    checked = hitotsu("check", "vendor_sums", "--case", "codes")
    assert checked.exit_code == 1
    assert "source-bad-answer" in checked.stdout
    assert "no checksum of a file" in checked.stdout
    drafted = hitotsu("draft-golden", "vendor_sums")
    assert drafted.exit_code == 1
    assert "no checksum of a file" in drafted.stderr
