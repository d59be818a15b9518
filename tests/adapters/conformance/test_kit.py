"""The kit itself: descriptions, waivers, reports, certificates, new adapters, pages."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

import adapters.reference
from adapters.conformance.cases import CASES
from adapters.conformance.certificates import certify, package_digest, read_certificates, to_text
from adapters.conformance.description import read_description
from adapters.conformance.drafts import draft_golden
from adapters.conformance.kit import Kit
from adapters.conformance.model import Case, CaseResult, Outcome, Report
from adapters.conformance.reports import as_json, as_junit
from adapters.conformance.runner import run_kit
from adapters.conformance.scaffold import SCAFFOLDS, ScaffoldError, scaffold
from adapters.conformance.testing import find_package
from adapters.conformance.texts import LANGUAGES, case_texts
from adapters.errors import ConfigurationError
from adapters.registry import InstalledAdapter
from standard_models.builtin import load_builtin

REFERENCE = Path(adapters.reference.__file__).parent
DICTIONARY = load_builtin()
TODAY = dt.date(2026, 10, 1)
CASE = {case.id: case for case in CASES}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A copy of a reference adapter (tax) that a test may change, named after the test."""
    system = getattr(request, "param", "tax")
    name = f"copy_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    shutil.copytree(REFERENCE / system, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def described(folder: Path, **changes: Any) -> None:
    """Change the description of a copied adapter."""
    path = folder / "conformance" / "kit.yaml"
    content = yaml.safe_load(path.read_text("utf-8")) | changes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def run(folder: Path, cases: list[Case], today: dt.date = TODAY) -> Report:
    """Run cases over a copied adapter."""
    installed = find_package(folder.name)
    return asyncio.run(run_kit(installed, DICTIONARY, today=today, cases=cases, calls=40))


STEPS = """\
from adapters.mapping.own_steps import Refused, step


@step("same", examples=[("a", "a"), ("?", Refused("question"))])
def same(raw: str) -> str | Refused:
    return Refused("question") if raw == "?" else raw
"""


def test_an_adapter_with_steps_of_its_own_is_run_with_them(copied: Path) -> None:
    """The examples of the mapping go through them; a step that is no good is told."""
    mapping = copied / "mapping.yaml"
    text = mapping.read_text("utf-8").replace("version: ", "steps_module: steps\nversion: ", 1)
    rule = "sofusaki_choaza: {field: choaza"
    assert f"{rule}}}" in text
    mapping.write_text(text.replace(f"{rule}}}", f"{rule}, steps: [{{own: same}}]}}"), "utf-8")
    cases = [CASE["agreement"], CASE["golden"], CASE["pure-steps"]]
    outcomes = []
    for module in (STEPS, STEPS.replace("else raw", "else raw + raw")):
        (copied / "steps.py").write_text(module, "utf-8")
        sys.modules.pop(f"{copied.name}.steps", None)
        importlib.invalidate_caches()
        report = run(copied, cases)
        outcomes.append([result.outcome for result in report.results])
        problems = [problem for result in report.results for problem in result.problems]
    assert outcomes[0] == [Outcome.PASSED, Outcome.PASSED, Outcome.PASSED]
    assert outcomes[1][0] is Outcome.FAILED
    assert "steps of mapping.yaml: same: example 1 does not give what is written" in problems


@pytest.mark.parametrize("copied", ["tax", "resident"], indirect=True)
def test_a_pace_that_the_manifest_states_is_kept_by_the_host(copied: Path) -> None:
    """Over HTTP and over reads of a mapping; without one, there is nothing to keep."""
    (result,) = run(copied, [CASE["pace"]]).results
    assert result.outcome is Outcome.NOT_APPLICABLE
    manifest = copied / "manifest.yaml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("timeout_s: 5}", "timeout_s: 5, calls_per_second: 2.5}"))
    (result,) = run(copied, [CASE["pace"]]).results
    assert (result.outcome, result.problems) == (Outcome.PASSED, ())


WAIVER = {
    "case": "documents",
    "reason": "説明書は次の版で配る",
    "ticket": "T-1",
    "expires": "2026-12-31",
}


def test_a_waiver_covers_a_case_until_its_day(copied: Path) -> None:
    """A waived case that fails is waived; on the day after, it fails."""
    (copied / "README.md").unlink()
    described(copied, waivers=[WAIVER])
    (result,) = run(copied, [CASE["documents"]]).results
    assert (result.outcome, result.reason) == (Outcome.WAIVED, WAIVER["reason"])
    report = run(copied, [CASE["documents"]], dt.date(2027, 1, 1))
    assert [r.outcome for r in report.results] == [Outcome.FAILED]
    assert report.problems == ("waivers: that of documents expired on 2026-12-31",)


def test_a_waiver_that_is_needed_no_longer_fails(copied: Path) -> None:
    """Strict: what works again may not stay excused."""
    described(copied, waivers=[WAIVER])
    (result,) = run(copied, [CASE["documents"]]).results
    assert result.outcome is Outcome.FAILED
    assert result.problems == ("the waiver T-1 is needed no longer: take it out",)


@pytest.mark.parametrize("case", [c.id for c in CASES if not c.may_be_waived])
def test_what_guards_residents_cannot_be_waived(copied: Path, case: str) -> None:
    """Nobody signs for somebody else's address."""
    described(copied, waivers=[{**WAIVER, "case": case}])
    report = run(copied, [CASE["documents"]])
    assert report.problems == (f"waivers: {case} guards residents and cannot be waived",)
    assert not report.passed


def test_a_waiver_of_nothing_is_told(copied: Path) -> None:
    """A misspelt case would look excused for ever."""
    described(copied, waivers=[{**WAIVER, "case": "dokumento"}])
    assert run(copied, []).problems == ("waivers: there is no case dokumento",)


def test_a_declared_capability_that_no_case_tries_fails(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing collected is not the same as nothing wrong."""
    kept = (CASE["manifest"], CASE["unknown"])
    monkeypatch.setattr("adapters.conformance.runner.CASES", kept)
    report = run(copied, list(kept))
    assert report.problems == ("no case tried the declared capability submit",)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"people": []}, "people"),
        ({"settings": None}, "settings"),
        ({"unknown": {"number": "20000011", "answers": {}}}, "a number stands twice"),
        ({"unknown": {"number": "2000001", "answers": {}}}, "part of another"),
        ({"people": [{"number": f"1000000{n}", "values": {"a": "x"}} for n in range(3)]},
         "no value differs"),
        ({"people": [{"number": f"1000000{n}", "values": {f"a{n}": "x"}} for n in range(3)]},
         "the same values by name"),
        ({"secret_key": "canary"}, "secret_key"),
    ],
)  # fmt: skip
def test_a_description_that_could_not_find_anything_is_refused(
    copied: Path, changes: dict[str, Any], named: str
) -> None:
    """People who cannot be told apart cannot be mixed up either."""
    described(copied, **changes)
    report = run(copied, [])
    assert named in report.problems[0]
    assert "canary" not in report.problems[0]
    assert report.level() is None


def test_an_adapter_without_a_description_gets_a_report(copied: Path) -> None:
    """What is missing is said, and nothing else is tried."""
    (copied / "conformance" / "kit.yaml").unlink()
    report = run(copied, list(CASES))
    assert report.problems == ("conformance/kit.yaml: FileNotFoundError",)
    assert (report.results, report.passed) == ((), False)


def result(case: str, outcome: Outcome) -> CaseResult:
    """Return a result as a run gives it."""
    problems = ("it is broken",) if outcome in {Outcome.FAILED, Outcome.WAIVED} else ()
    return CaseResult(CASE[case], outcome, problems, "a reason")


def report_of(*results: CaseResult) -> Report:
    """Return a report."""
    return Report("example", "1.0.0", "1.0", dt.datetime(2026, 10, 1, tzinfo=dt.UTC), results)


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        ({}, 2),
        ({"manifest": Outcome.FAILED}, None),
        ({"golden": Outcome.FAILED}, 0),
        ({"cut": Outcome.FAILED}, 1),
        ({"cut": Outcome.WAIVED}, 1),
        ({"golden": Outcome.WAIVED}, 1),
        ({"other-person": Outcome.FAILED}, 1),
        ({"logs": Outcome.FAILED}, 1),
        ({"closed": Outcome.NOT_APPLICABLE}, 2),
    ],
)
def test_the_level_is_the_highest_whose_cases_all_pass(
    outcomes: dict[str, Outcome], level: int | None
) -> None:
    """A waiver keeps an adapter at level 1."""
    results = [result(c.id, outcomes.get(c.id, Outcome.PASSED)) for c in CASES]
    assert report_of(*results).level() == level


def test_the_report_for_machines_says_what_the_report_says() -> None:
    """JSON has every case; JUnit counts failures, waivers are skipped with their reason."""
    report = report_of(
        result("manifest", Outcome.PASSED),
        result("golden", Outcome.FAILED),
        result("cut", Outcome.WAIVED),
        result("closed", Outcome.NOT_APPLICABLE),
    )
    plain = json.loads(json.dumps(as_json(report)))
    assert [case["outcome"] for case in plain["cases"]] == [
        "passed", "failed", "waived", "not-applicable",
    ]  # fmt: skip
    suite = etree.fromstring(as_junit(report))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    assert [case[0].tag for case in suite if len(case)] == ["failure", "skipped", "skipped"]
    assert suite[1][0].text == "it is broken"


def good_run(folder: Path) -> tuple[Report, InstalledAdapter]:
    """Return a run in which everything passed, of a package."""
    installed = find_package(folder.name)
    results = tuple(result(case.id, Outcome.PASSED) for case in CASES)
    started = dt.datetime(2026, 10, 1, 9, tzinfo=dt.UTC)
    return Report(installed.id, installed.manifest.version, "1.0", started, results), installed


def test_a_certificate_counts_for_the_files_that_were_tried_and_for_a_year(copied: Path) -> None:
    """Another file, another version, another day: it counts no longer, and says why."""
    report, installed = good_run(copied)
    certificate = certify(report, installed.manifest, copied, run_by="kit")
    digest = package_digest(copied)
    assert certificate.level == 2
    assert certificate.capabilities == {"fetch": 2, "submit": 2}
    assert certificate.holds_for(installed.manifest, digest, TODAY) is None
    late = dt.date(2027, 10, 2)
    assert "expired" in str(certificate.holds_for(installed.manifest, digest, late))
    (copied / "mapping.yaml").write_text("# changed\n", "utf-8")
    changed = package_digest(copied)
    assert "files" in str(certificate.holds_for(installed.manifest, changed, TODAY))
    newer = installed.manifest.model_copy(update={"version": "9.9.9"})
    assert "version" in str(certificate.holds_for(newer, digest, TODAY))
    other = installed.manifest.model_copy(update={"id": "other"})
    assert "another" in str(certificate.holds_for(other, digest, TODAY))


def test_what_python_writes_beside_the_files_does_not_count(copied: Path) -> None:
    """An adapter that was imported once is still the one that was tried."""
    before = package_digest(copied)
    (copied / "__pycache__").mkdir(exist_ok=True)
    (copied / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert package_digest(copied) == before


def test_a_run_that_failed_gets_no_certificate(copied: Path) -> None:
    """Not even of level 0."""
    _, installed = good_run(copied)
    results = [result(c.id, Outcome.PASSED) for c in CASES if c.id != "cut"]
    report = report_of(*results, result("cut", Outcome.FAILED))
    with pytest.raises(ConfigurationError):
        certify(report, installed.manifest, copied, run_by="kit")


def test_certificates_are_read_from_a_folder(copied: Path, tmp_path: Path) -> None:
    """One that is broken is told, and the others count."""
    report, installed = good_run(copied)
    certificate = certify(report, installed.manifest, copied, run_by="kit")
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "a.certificate.json").write_text(to_text(certificate), "utf-8")
    (folder / "b.certificate.json").write_text('{"adapter": 1}', "utf-8")
    found, problems = read_certificates(folder)
    assert found == {installed.id: certificate}
    assert [p.partition(":")[0] for p in problems] == ["b.certificate.json"]
    assert read_certificates(tmp_path / "none") == ({}, [])


@pytest.mark.parametrize("source", SCAFFOLDS)
def test_a_new_adapter_ends_green(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The distribution is complete, its own tests pass, and it reaches level 2."""
    written = scaffold(f"new-{source}", source, tmp_path)
    root = tmp_path / f"new-{source}"
    assert {path.relative_to(root).parts[0] for path in written} == {
        "pyproject.toml", "tests", f"new_{source}",
    }  # fmt: skip
    assert not any("__name__" in str(p) or "__name__id__" in p.read_text("utf-8") for p in written)
    monkeypatch.syspath_prepend(root)
    report = asyncio.run(run_kit(find_package(f"new_{source}"), DICTIONARY, today=TODAY, calls=40))
    assert [(r.case.id, r.problems) for r in report.results if r.problems] == []
    assert (report.problems, report.level()) == ((), 2)


def test_the_tests_of_a_new_adapter_are_tests_of_pytest(tmp_path: Path) -> None:
    """One line in a vendor's tests collects every case."""
    scaffold("new-line", "sql", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k",
         "manifest or golden or other-person or closed"],
        cwd=tmp_path / "new-line", capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tmp_path / "new-line"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "3 passed, 1 skipped" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("name", "source"), [("Techo", "sql"), ("techo", "telepathy"), ("a_b", "sql")]
)
def test_a_new_adapter_that_cannot_be_is_refused_before_anything_is_written(
    name: str, source: str, tmp_path: Path
) -> None:
    """A name that no manifest takes, a source that nobody speaks."""
    with pytest.raises(ScaffoldError):
        scaffold(name, source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_adapter_overwrites_nothing(tmp_path: Path) -> None:
    """Work of a morning is not lost by a command."""
    scaffold("techo", "sql", tmp_path)
    with pytest.raises(ScaffoldError):
        scaffold("techo", "sql", tmp_path)


def test_drafts_of_golden_pairs_hold_and_say_that_they_are_drafts(copied: Path) -> None:
    """They are what the mapping makes; a person has to compare them."""
    shutil.rmtree(copied / "conformance" / "golden")
    kit = Kit(find_package(copied.name), DICTIONARY, read_description(copied / "conformance"))
    drafts = asyncio.run(draft_golden(kit))
    assert len(drafts) == 5
    (copied / "conformance" / "golden").mkdir()
    for name, text in drafts.items():
        assert text.startswith("# 下書き")
        (copied / "conformance" / "golden" / name).write_text(text, "utf-8")
    (found,) = run(copied, [CASE["golden"]]).results
    assert found.problems == ()


def test_every_case_has_its_texts_in_both_languages() -> None:
    """What, why, how to mend; no text without its case."""
    texts = case_texts()
    assert set(texts) == {case.id for case in CASES}
    for text in texts.values():
        for part in (text.title, text.what, text.why, text.mend):
            assert tuple(part) == LANGUAGES
            assert all(part.values())
