"""AU citizen view, 開示: the report on a page, for who answers requests for disclosure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.audit import AuditKind, AuditQuery, AuditStore
from gateway.audit.signed_files import Signed, SignedKind, check_list
from gateway.console.staff import Right
from gateway.store.tables import AuditRow
from tests.gateway.accesses.paper import Paper, read_paper
from tests.gateway.console.office import ADDRESS, Browser, Office
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, TOWN


@pytest.fixture
async def officer(office: Office) -> Browser:
    """Ueda, who answers requests for disclosure and may do nothing else."""
    await office.hire("ueda", Right.DISCLOSURE)
    return await office.at_work("ueda")


async def report(browser: Browser, number: str, how: str = "sent") -> Paper:
    """Make a report on the page and return what it says."""
    await browser.get("/disclosure")
    answer = await browser.send("/disclosure", numbering="resident", number=number, how=how)
    assert answer.status_code == 200, answer.text
    return read_paper(answer.text)


async def reports(office: Office) -> list[AuditRow]:
    """Return the records of reports."""
    query = AuditQuery(municipality=TOWN, kind=AuditKind.OPERATION)
    rows = await AuditStore(office.store).list(query)
    return [row for row in rows if (row.function or "").startswith("disclosure-report")]


async def test_an_officer_makes_the_report(office: Office, officer: Browser, tmp_path: Path):
    """The uses of consumers and desks, signed, as a file that stands in no cache."""
    await office.world.ask(NAME)
    paper = await report(officer, "Ｒ１")
    assert [(a.purpose.id, a.function) for a in paper.accesses] == [(PURPOSE, "question")]
    assert officer.page is not None
    headers = officer.page.headers
    assert headers["content-disposition"] == (
        f'attachment; filename="disclosure-{paper.report_id}.html"'
    )
    assert headers["cache-control"] == "no-store"
    file = tmp_path / "report.html"
    file.write_bytes(officer.page.content)
    assert check_list(file, office.keys.keys().heads) == Signed(SignedKind.DISCLOSURE, 1)


async def test_the_report_is_recorded_by_officer_and_place(office: Office, officer: Browser):
    """AU-11: its number is that of the record, which says of whom and by whom."""
    paper = await report(officer, "R1", "counter")
    (row,) = await reports(office)
    entry = json.loads(row.entry)
    assert (row.audit_id, entry["function"]) == (paper.report_id, "disclosure-report-at-counter")
    assert entry["terminal"] == f"staff:ueda@{ADDRESS}"
    assert len(entry["subject_key"]) == 64


async def test_what_is_sent_to_a_protected_person_tells_no_agency(office: Office, officer: Browser):
    """DV-13: the counter alone shows it; a way that nobody knows is no counter."""
    await office.world.ask(NAME, who="protected")
    for how in ("sent", "", "other"):
        hidden = await report(officer, "R2", how)
        assert (hidden.withheld, hidden.accesses) == ("ask-office", [])
    shown = await report(officer, "R2", "counter")
    assert [access.purpose.id for access in shown.accesses] == [PURPOSE]


async def test_a_number_that_is_missing_or_nobodys_makes_no_report(
    office: Office, officer: Browser
):
    """The form says which; no report is recorded."""
    await officer.get("/disclosure")
    for numbering, number in (("resident", ""), ("resident", "R99"), ("none", "R1")):
        answer = await officer.send("/disclosure", numbering=numbering, number=number)
        assert answer.status_code == 422
        assert "attachment" not in answer.headers.get("content-disposition", "")
    assert not await reports(office)


async def test_that_nobody_was_found_is_recorded(office: Office, officer: Browser):
    """AU-11: whoever tries numbers to learn which are somebody's is seen."""
    await officer.get("/disclosure")
    await officer.send("/disclosure", numbering="resident", number="R99")
    query = AuditQuery(municipality=TOWN, kind=AuditKind.OPERATION)
    (row, *_) = await AuditStore(office.store).list(query)
    entry = json.loads(row.entry)
    assert (entry["function"], entry["outcome"]) == ("disclosure-search", "refused")
    assert (entry["problem"], entry["terminal"]) == ("unknown-subject", f"staff:ueda@{ADDRESS}")
    assert "R99" not in row.entry


async def test_the_right_opens_no_search_and_a_search_opens_no_report(
    office: Office, officer: Browser
):
    """NZ-4: independent rights."""
    assert (await officer.get("/audit")).status_code == 403
    await office.hire("kato", Right.AUDIT, Right.EXPORT)
    kato = await office.at_work("kato")
    assert (await kato.get("/disclosure")).status_code == 403
    assert CLIENT not in kato.words
