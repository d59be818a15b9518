"""The report of a run for machines: JSON, and JUnit for build servers."""

from __future__ import annotations

from typing import Any

from lxml import etree

from adapters.conformance.model import CaseResult, Outcome, Report
from adapters.conformance.texts import case_texts


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "adapter": report.adapter_id,
        "version": report.adapter_version,
        "kit": report.kit_version,
        "started_at": report.started_at.isoformat(timespec="seconds"),
        "passed": report.passed,
        "level": report.level(),
        "problems": list(report.problems),
        "cases": [_case(result) for result in report.results],
    }


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "case": result.case.id,
        "layer": result.case.layer.value,
        "level": result.case.level,
        "outcome": result.outcome.value,
        "problems": list(result.problems),
        "reason": result.reason,
        "seconds": round(result.seconds, 3),
    }


def as_junit(report: Report) -> bytes:
    """Return the report as JUnit XML; a waived case is skipped with its reason."""
    failed = [r for r in report.results if r.outcome is Outcome.FAILED]
    suite = etree.Element(
        "testsuite",
        name=f"hitotsu.{report.adapter_id}",
        tests=str(len(report.results) + len(report.problems)),
        failures=str(len(failed) + len(report.problems)),
        timestamp=report.started_at.isoformat(timespec="seconds"),
    )
    texts = case_texts()
    for problem in report.problems:
        case = etree.SubElement(suite, "testcase", classname="kit", name="description")
        etree.SubElement(case, "failure", message=problem)
    for result in report.results:
        case = etree.SubElement(
            suite,
            "testcase",
            classname=result.case.layer.value,
            name=result.case.id,
            time=f"{result.seconds:.3f}",
        )
        if result.outcome is Outcome.FAILED:
            failure = etree.SubElement(case, "failure", message=texts[result.case.id].title["en"])
            failure.text = "\n".join(result.problems)
        elif result.outcome is not Outcome.PASSED:
            etree.SubElement(case, "skipped", message=f"{result.outcome.value}: {result.reason}")
    return etree.tostring(suite, xml_declaration=True, encoding="utf-8", pretty_print=True)
