"""AU citizen view, 開示: the report has the content of the resident's own view, and is signed.

That both say the same is held in ``conftest`` at every whole list of every story of this folder.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from gateway.accesses import HoldKind, view
from gateway.audit import AuditKind, AuditLog, AuditQuery, AuditStore
from gateway.audit.alerts import AlertStore
from gateway.audit.searches import Bucket, SearchStore, Window
from gateway.audit.signed_files import ListRefused, Signed, SignedKind, check_list
from gateway.keys import FileKeyStore
from gateway.problems import Problem
from tests.doubles import StoppedClock
from tests.gateway.accesses.conftest import Residents
from tests.gateway.questions.conftest import NAME, PURPOSE, TAX, TOWN

TODAY = dt.date(2026, 10, 1)


async def records(residents: Residents) -> list[dict]:
    """Return the records of reports, oldest first."""
    query = AuditQuery(municipality=TOWN, kind=AuditKind.OPERATION)
    rows = await AuditStore(residents.world.store).list(query)
    entries = [json.loads(row.entry) for row in reversed(rows)]
    return [e for e in entries if e["function"].startswith("disclosure-report")]


async def test_the_report_is_read_in_japanese_and_names_nobody(residents: Residents) -> None:
    """Words instead of codes; no name, value, id or pseudonym of the person."""
    await residents.world.ask(NAME, TAX)
    html = (await residents.file()).decode()
    for said in (
        "照会の記録の開示",
        "2026年10月1日 10:00:00",
        "申請",
        "児童手当",
        ">照会</data>",
        ">回答した</data>",
        "氏名",
        "年税額",
    ):
        assert said in html
    (record,) = await records(residents)
    for secret in ("見本", "150000", record["subject_key"], residents.ids["ordinary"]):
        assert secret not in html


async def test_what_stands_in_a_report_runs_nothing(residents: Residents) -> None:
    """A name with a tag in it is text."""
    await residents.world.ask(NAME)
    report = await residents.reports.make(
        TOWN, await subject_of(residents), at_counter=False, actor="cli:tanaka"
    )
    assert report.accesses is not None
    changed = [a.model_copy(update={"client": "<script>x</script>"}) for a in report.accesses]
    html = residents.written(type(report)(report.report_id, TOWN, report.made_at, changed))
    assert b"<script>" not in html
    assert b"&lt;script&gt;" in html


async def subject_of(residents: Residents, who: str = "ordinary"):
    """Return a person of the town."""
    subject = await residents.world.subjects.find(TOWN, residents.ids[who])
    assert subject is not None
    return subject


async def test_a_report_that_is_longer_than_one_reading_is_whole(
    residents: Residents, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing twice, nothing missing, newest first."""
    monkeypatch.setattr(view, "_BATCH", 2)
    for _ in range(5):
        await residents.world.ask(NAME)
        clock.advance(seconds=1)
    page = await residents.view(limit=100)
    assert len(page.accesses) == 5
    paper = await residents.paper()
    assert [a.record_id for a in paper.accesses[1:]] == [a.record_id for a in page.accesses]


async def test_making_a_report_is_recorded_and_stands_in_no_list(residents: Residents) -> None:
    """AU-11: by whom, of whom, how; the number on the paper is that of the record."""
    await residents.world.ask(NAME)
    before = await residents.asked()
    made = [await residents.paper(), await residents.paper(at_counter=True)]
    assert made[0].accesses == made[1].accesses
    found = await records(residents)
    # The first is that with which the list on the screen was compared.
    assert [r["audit_id"] for r in found[1:]] == [paper.report_id for paper in made]
    assert [(r["function"], r["outcome"], r["terminal"]) for r in found[1:]] == [
        ("disclosure-report", "shown", "cli:tanaka"),
        ("disclosure-report-at-counter", "shown", "cli:tanaka"),
    ]
    assert {r["subject_key"] is not None for r in found} == {True}
    assert await residents.asked() == before


async def test_reports_count_as_looks_of_the_officer(residents: Residents) -> None:
    """AU-5, AU-6: who makes them out of curiosity is found like anybody who looks."""
    for who in ("ordinary", "newcomer"):
        await residents.file(who, at_counter=True)
    now = residents.world.clock.now()
    hour = dt.timedelta(hours=1)
    (found,) = await SearchStore(residents.world.store).masses(
        Window(TOWN, now - hour, now + hour), Bucket.HOUR, 1
    )
    assert (found.terminal, found.persons) == ("cli:tanaka", 2)
    looks = await AlertStore(residents.world.store).looks([TOWN], now - hour)
    assert {look.terminal for look in looks} == {"cli:tanaka"}


async def test_without_a_record_there_is_no_report(
    residents: Residents, audit_log: AuditLog
) -> None:
    """AU-2: nothing leaves."""
    await audit_log.aclose()
    with pytest.raises(Problem) as refusal:
        await residents.file()
    assert refusal.value.type.slug == "audit-unavailable"


async def test_the_report_of_a_protected_person_is_had_at_the_counter(
    residents: Residents, clock: StoppedClock
) -> None:
    """DV-13: what is sent home tells no agency, nor why; the same for all while nobody knows."""
    await residents.world.ask(NAME, who="protected")
    await residents.world.ask(NAME)
    hidden = await residents.file("protected")
    assert "児童手当" not in hidden.decode()
    assert "申請" not in hidden.decode()
    paper = await residents.paper("protected")
    assert (paper.withheld, paper.accesses) == ("ask-office", [])
    assert (await records(residents))[-1]["outcome"] == "withheld"
    shown = await residents.paper("protected", at_counter=True)
    assert [a.purpose.id for a in shown.accesses] == [PURPOSE]
    clock.advance(minutes=11)
    unknown = [await residents.file(who) for who in ("ordinary", "protected")]
    numbers = [r["audit_id"].encode() for r in (await records(residents))[-2:]]
    bodies = [f[: f.rindex(b"<!--")].replace(n, b"") for f, n in zip(unknown, numbers, strict=True)]
    assert bodies[0] == bodies[1]


async def test_held_uses_are_on_no_paper(residents: Residents) -> None:
    """Sealed uses stay out at the counter as well, and no gap tells of them."""
    await residents.world.ask(NAME)
    without = await residents.paper(at_counter=True)
    await residents.holds.hold(TOWN, "other", HoldKind.SEALED, held_from=TODAY, held_until=None)
    await residents.world.ask(NAME, purpose="other", token="other")
    for at_counter in (False, True):
        paper = await residents.paper(at_counter=at_counter)
        assert paper.accesses == without.accesses


async def test_a_report_is_as_it_was_signed_or_refused(
    residents: Residents, keys: FileKeyStore, tmp_path: Path
) -> None:
    """Every byte before the signature; another key; a report that calls itself a list."""
    await residents.world.ask(NAME)
    written = await residents.file()
    path = tmp_path / "report.html"

    def checked(content: bytes) -> Signed:
        path.write_bytes(content)
        return check_list(path, keys.keys().heads)

    assert checked(written) == Signed(SignedKind.DISCLOSURE, 1)
    signature = written.rindex(b"<!-- ")
    for place in range(0, signature, 97):
        changed = bytearray(written)
        changed[place] ^= 1
        with pytest.raises(ListRefused):
            checked(bytes(changed))
    text = written[signature:].removeprefix(b"<!-- ").removesuffix(b" -->\n")
    for other in (
        written[:signature],
        written[:signature] + text + b"\n",
        written + written[signature:],
        written[:signature] + b"<!-- x" + text + b" -->\n",
        b"",
    ):
        with pytest.raises(ListRefused):
            checked(other)
    keys.rotate_heads()
    assert checked(written).count == 1
    stranger = FileKeyStore(tmp_path / "stranger")
    stranger.create()
    with pytest.raises(ListRefused):
        check_list(path, stranger.keys().heads)
