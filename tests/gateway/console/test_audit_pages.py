"""What a security officer finds on the pages of the audit record (AU-5), and takes out."""

from __future__ import annotations

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from gateway.audit import AuditEntry, AuditKind, AuditQuery, AuditStore
from gateway.console.staff import Right
from gateway.spreadsheets import XLSX_TYPE, csv_of
from tests.gateway.console.office import ADDRESS, ONE_DATABASE, TAX_DESK, Browser, Office
from tests.gateway.questions.conftest import CLIENT, NAME, TOWN


@pytest.fixture
async def officer(office: Office) -> Browser:
    """Kato, a security officer; Sato has looked at two persons before."""
    await office.hire("sato", Right.VIEW_PERSON)
    await office.hire("kato", Right.AUDIT)
    return await office.at_work("kato")


async def search(browser: Browser, name: str, **fields: object):
    """Open the page of a search and send its form."""
    await browser.get(f"/audit/{name}")
    return await browser.send(f"/audit/{name}", **fields)


def table(browser: Browser) -> list[list[str]]:
    """Return the rows of the table of results."""
    return [
        ["".join(cell.itertext()) for cell in row.findall("td")]
        for row in browser.html.xpath("//tbody/tr")
    ]


async def looked_at(office: Office, *numbers: str, address: str = ADDRESS) -> None:
    """Let Sato look at persons."""
    browser = await office.at_work("sato", address)
    for number in numbers:
        await office.look(browser, number)


async def test_who_saw_a_person(office: Office, officer: Browser) -> None:
    """Consumers and staff, this search too; narrowed by terminal."""
    await office.world.ask(NAME)
    await looked_at(office, "R1", "R3")
    await search(officer, "person", numbering="resident", number="R1")
    assert [(row[1], row[2]) for row in table(officer)] == [
        ("", f"staff:kato@{ADDRESS}"),
        (TAX_DESK, f"staff:sato@{ADDRESS}"),
        (TAX_DESK, f"staff:sato@{ADDRESS}"),
        (CLIENT, "127.0.0.1"),
    ]
    assert [row[3].split()[0] for row in table(officer)][1:] == [
        "question",
        "console-find",
        "question",
    ]
    assert not officer.has_banner
    await search(
        officer, "person", numbering="resident", number="R1", terminal=f"staff:sato@{ADDRESS}"
    )
    assert len(table(officer)) == 2
    found = await AuditStore(office.store).list(AuditQuery(municipality=TOWN, kind=AuditKind.EVENT))
    newest = json.loads(found[0].entry)
    assert newest["function"] == "audit-search-person"
    assert newest["terminal"] == f"staff:kato@{ADDRESS}"
    assert len(newest["subject_key"]) == 64


@ONE_DATABASE
async def test_the_banner_stands_where_a_protected_person_was_searched_for(
    office: Office, officer: Browser
) -> None:
    """DV-14: every view that contains the person."""
    await search(officer, "person", numbering="resident", number="R2")
    assert officer.has_banner


async def test_whom_a_desk_saw(office: Office, officer: Browser) -> None:
    """By pseudonym, with how often."""
    await looked_at(office, "R1", "R1", "R3")
    await search(officer, "client", client=TAX_DESK)
    assert sorted(row[1] for row in table(officer)) == ["2", "4"]
    assert all(len(row[0]) == 64 for row in table(officer))


async def test_repeated_looks_are_counted_over_all_of_an_officers_machines(
    office: Office, officer: Browser
) -> None:
    """AU-5: whoever changes seats is counted as one."""
    await looked_at(office, "R1", "R1", address="192.0.2.41")
    await looked_at(office, "R1", "R3", address="192.0.2.42")
    await search(officer, "repeated", at_least=3, days=1)
    ((desk, account, _, times, *_rest),) = table(officer)
    assert (desk, account, times) == (TAX_DESK, "staff:sato", "3")
    await search(officer, "mass", more_than=1)
    ((desk, account, _, times, persons, *_rest),) = table(officer)
    assert (account, times, persons) == ("staff:sato", "4", "2")


async def test_what_was_done_at_night(office: Office, officer: Browser) -> None:
    """And not what was done by day; without a consumer that always works."""
    await looked_at(office, "R1")
    office.world.clock.advance(hours=12)
    await office.world.protection.pull()
    await office.world.ask(NAME)
    await looked_at(office, "R3")
    kato = await office.at_work("kato")
    await search(kato, "nights", without=CLIENT)
    assert [row[1] for row in table(kato) if "question" in row[3]] == [TAX_DESK]


async def test_failed_logins_of_staff(office: Office, officer: Browser) -> None:
    """By account and machine."""
    stranger = office.browser("192.0.2.66")
    for _ in range(3):
        await stranger.send("/login", staff_id="sato", password="guess", code="123456")
    await search(officer, "logins", failed=2)
    ((_, who, failed, good, *_rest),) = table(officer)
    assert (who, failed, good) == ("staff:sato@192.0.2.66", "3", "0")


@ONE_DATABASE
async def test_long_results_come_in_pages_and_what_was_typed_stays(
    office: Office, officer: Browser
) -> None:
    """Fifty rows a page."""
    for n in range(51):
        await office.audit.append(
            AuditEntry(
                municipality=TOWN,
                at=office.world.clock.now(),
                kind=AuditKind.AUTHENTICATION,
                outcome="refused",
                trace_id="",
                terminal=f"machine-{n:02}",
            )
        )
    await search(officer, "logins", failed=1)
    assert len(table(officer)) == 50
    hidden = officer.html.xpath("//form[.//button[text()='次のページ']]/input")
    fields = {i.get("name"): i.get("value") for i in hidden}
    assert fields["failed"] == "1"
    await officer.send("/audit/logins", **fields)
    assert [row[1] for row in table(officer)] == ["machine-50"]


WRONG = [
    ("person", {"numbering": "resident", "number": ""}, "番号の種類を選び"),
    ("person", {"numbering": "resident", "number": "R9"}, "登録されていません"),
    ("logins", {"since": "yesterday"}, "2026-10-01 の形"),
    ("logins", {"since": "2026-09-02", "until": "2026-09-01"}, "始まりが終わりより前"),
    ("logins", {"failed": "many"}, "範囲内の数字"),
    ("repeated", {"at_least": "1"}, "範囲内の数字"),
    ("client", {"client": ""}, "ID を入力"),
    ("nights", {"since": "1999-01-01", "until": "1999-01-02"}, "祝日の表がありません"),
]


@ONE_DATABASE
async def test_a_wrong_field_is_named_and_what_was_typed_is_kept(
    office: Office, officer: Browser
) -> None:
    """AC-5: a summary that leads to the field."""
    for name, fields, says in WRONG:
        answer = await search(officer, name, **fields)
        assert answer.status_code == 422, says
        (link,) = officer.html.xpath("//section[@class='errors']//a")
        assert says in link.text
        assert officer.html.get_element_by_id(link.get("href").removeprefix("#")) is not None
        for field, value in fields.items():
            if officer.html.get_element_by_id(field).tag == "input":
                assert officer.html.get_element_by_id(field).get("value") == value


@ONE_DATABASE
async def test_an_export_is_a_right_of_its_own_and_recorded(
    office: Office, officer: Browser
) -> None:
    """NZ-4: the one who may search may not take files out, and the reverse."""
    await looked_at(office, "R1")
    await search(officer, "client", client=TAX_DESK)
    assert "書き出す" not in officer.words
    assert (await officer.send("/audit/client/export", client=TAX_DESK)).status_code == 403
    await office.hire("mori", Right.EXPORT)
    mori = await office.at_work("mori")
    assert (await mori.send("/audit/client/export", client=TAX_DESK)).status_code == 403
    await office.give("mori", Right.AUDIT)
    await search(mori, "client", client=TAX_DESK)
    file = await mori.send("/audit/client/export", client=TAX_DESK)
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="audit-client.csv"'
    head, row = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert head == ["人（仮名）・時間", "回数", "最初", "最後"]
    assert row[1] == "2"
    await search(mori, "client", client=TAX_DESK)
    assert "Excel で書き出す" in mori.words
    book = await mori.send("/audit/client/export", client=TAX_DESK, file="xlsx")
    assert book.headers["content-type"] == XLSX_TYPE
    assert book.headers["content-disposition"] == 'attachment; filename="audit-client.xlsx"'
    assert book.headers["cache-control"] == "no-store"
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert [[cell.value for cell in line] for line in sheet.iter_rows()] == [head, row]
    found = await AuditStore(office.store).list(AuditQuery(municipality=TOWN, kind=AuditKind.EVENT))
    assert json.loads(found[0].entry)["function"] == "audit-export-client"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_formula_text_is_harmless_in_a_file(cell: str) -> None:
    """API10: a spreadsheet shows it and runs nothing."""
    ((shown,),) = list(csv.reader(io.StringIO(csv_of(["a"], [[cell]]).decode("utf-8-sig"))))[1:]
    assert shown == f"'{cell}"
    assert csv_of(["a"], [["a=1"]]).endswith(b'"a=1"\r\n')
