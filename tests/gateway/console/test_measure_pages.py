"""Measures and holds in the console: who sees which, sets them, and ends them by two officers."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from gateway.audit import AuditQuery, AuditStore
from gateway.console.measures import PAGE_ROWS
from gateway.console.staff import Right
from gateway.protection.measures import HoldCause, MeasureKind, Measures
from gateway.protection.store import MeasureStore
from standard_models.answers import Absence, AbsenceReason, Value
from tests.doubles import stands_in
from tests.gateway.console.office import ADDRESS, ONE_DATABASE, PASSWORD, Browser, Office
from tests.gateway.questions.conftest import BLOCK, TOWN

pytestmark = ONE_DATABASE
ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
NEW = {"numbering": "resident", "number": "R1", "kind": "full"}


def by_command(office: Office, account: str = "first") -> Measures:
    """Return the measures as an officer sets and ends them by command."""
    store = MeasureStore(office.store)
    return Measures(store, clock=office.world.clock, actor=f"cli:{account}")


async def officers(office: Office, *who: str) -> list[Browser]:
    """Return the browsers of protection officers at work."""
    for one in who:
        await office.hire(one, Right.PROTECTION)
    return [await office.at_work(one) for one in who]


async def block(office: Office) -> object:
    """Return what a consumer is told of where the ordinary person lives."""
    return (await office.world.ask(BLOCK)).parts[0].records[0]["jusho_choaza"]


async def records(office: Office) -> list[dict[str, Any]]:
    """Return the audit records of the town, oldest first."""
    found = await AuditStore(office.store).list(AuditQuery(municipality=TOWN))
    return [json.loads(row.entry) for row in reversed(found)]


def listed(browser: Browser) -> list[str]:
    """Return the text of each row of the list."""
    return [" ".join(row.text_content().split()) for row in browser.html.xpath("//tbody/tr")]


async def look(browser: Browser) -> None:
    """Open the first measure of the list."""
    await browser.get("/measures")
    (measure, *_) = browser.html.xpath("//tbody//input[@name='measure']/@value")
    await browser.send("/measures/look", measure=measure)


async def end(office: Office, browser: Browser, who: str, **changed: str) -> None:
    """Look at the first measure and send the form of its end, with both factors."""
    await look(browser)
    (measure, *_) = browser.html.xpath("//form//input[@name='measure']/@value")
    factors = {"password": PASSWORD, "code": office.code(who)} | changed
    await browser.send("/measures/end", measure=measure, **factors)


async def test_a_measure_is_set_by_one_officer_and_ended_by_two(office: Office) -> None:
    """As at the command line: at once, then by somebody else than who proposed it."""
    honda, mori = await officers(office, "honda", "mori")
    await honda.get("/measures/new")
    await honda.send("/measures/new/check", **NEW, since="2026-10-01")
    assert "令和9年9月30日（2027-09-30）" in honda.words, "a term of one year (DV-5)"
    assert await block(office) == Value("みどり一丁目")
    await honda.send("/measures/new", **NEW, since="2026-10-01")
    assert "登録しました" in honda.words
    assert await block(office) == ASK_OFFICE
    await end(office, honda, "honda")
    assert "終了を申し出ました" in honda.words
    await look(honda)
    assert not honda.html.xpath("//form[contains(@action, '/measures/end')]")
    await honda.send(
        "/measures/end",
        measure=honda.html.xpath("//input[@name='measure']/@value")[0],
        password=PASSWORD,
        code=office.code("honda"),
    )
    assert honda.page.status_code == 409
    assert await block(office) == ASK_OFFICE
    await end(office, mori, "mori")
    assert "終えました" in mori.words
    assert await block(office) == Value("みどり一丁目")


async def test_the_record_of_settings_is_that_of_the_command(office: Office) -> None:
    """AU-11: same functions, before and after; who, and of whom under a pseudonym."""
    honda, mori = await officers(office, "honda", "mori")
    await honda.get("/measures/new")
    await honda.send("/measures/new", **NEW)
    await look(honda)
    (measure, *_) = honda.html.xpath("//form//input[@name='measure']/@value")
    await honda.send("/measures/extend", measure=measure, until="2028-03-31")
    await end(office, honda, "honda")
    await end(office, mori, "mori")
    settings = [
        r for r in await records(office) if r["kind"] == "settings" and "staff:" in r["terminal"]
    ]
    assert [(r["function"], r["terminal"]) for r in settings] == [
        ("protection-set", "staff:honda"),
        ("protection-extend", "staff:honda"),
        ("protection-end-propose", "staff:honda"),
        ("protection-end", "staff:mori"),
    ]
    subject = await office.world.subjects.find_by_number(TOWN, "resident", "R1")
    assert subject is not None
    assert settings[0]["subject_key"] == office.audit.pseudonym(TOWN, subject.subject_id)
    assert settings[1]["before"]["until"] == "2027-09-30"
    assert settings[1]["after"]["until"] == "2028-03-31"


async def test_an_end_proposed_by_command_is_not_agreed_to_in_the_console(office: Office) -> None:
    """One person with an account in each would otherwise agree with themselves."""
    (honda,) = await officers(office, "honda")
    row = await by_command(office).set(TOWN, "resident", "R1", MeasureKind.FULL)
    await by_command(office).end(TOWN, row.measure_id)
    await look(honda)
    assert "コマンドで申し出られています" in honda.words
    await honda.send(
        "/measures/end", measure=row.measure_id, password=PASSWORD, code=office.code("honda")
    )
    assert honda.page.status_code == 409
    assert await block(office) == ASK_OFFICE
    assert await by_command(office, "second").end(TOWN, row.measure_id)


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"code": "000000"}])
async def test_an_end_asks_for_both_factors_again(office: Office, wrong: dict[str, str]) -> None:
    """It opens something: a page that was left open is not enough."""
    (honda,) = await officers(office, "honda")
    row = await by_command(office).set(TOWN, "resident", "R1", HoldCause.RETURNED_MAIL)
    await end(office, honda, "honda", **wrong)
    assert honda.page.status_code == 403
    assert "ログインできません" in honda.words
    assert await block(office) == ASK_OFFICE
    await end(office, honda, "honda")
    assert "終えました" in honda.words, "one officer ends a hold"
    assert row.measure_id not in honda.page.text


async def test_the_list_tells_nobodys_number_and_one_measure_does(office: Office) -> None:
    """Whose it is, is told one at a time with the banner, and each look is recorded (AU-11)."""
    (honda,) = await officers(office, "honda")
    await by_command(office).set(TOWN, "resident", "R1", MeasureKind.ACCOMPANYING)
    await honda.get("/measures")
    (row,) = listed(honda)
    assert "併せて支援を求める者" in row
    assert "有効" in row
    assert "cli:first" in row
    assert not stands_in("R1", honda.page.text)
    assert not honda.has_banner
    await look(honda)
    assert honda.has_banner
    assert "R1" in honda.words
    assert "みどり" not in honda.page.text
    first, second = [r for r in await records(office) if r["function"].startswith("console-m")][-2:]
    assert (first["function"], first["subject_key"]) == ("console-measures", None)
    assert (second["function"], second["outcome"]) == ("console-measure", "looked")
    assert second["terminal"] == f"staff:honda@{ADDRESS}"
    assert second["subject_key"] is not None


async def test_nothing_is_shown_that_could_not_be_recorded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-2."""
    (honda,) = await officers(office, "honda")
    row = await by_command(office).set(TOWN, "resident", "R1", MeasureKind.FULL)
    await honda.get("/measures")
    monkeypatch.setattr(office.audit, "_queue_limit", 0)
    await honda.send("/measures/look", measure=row.measure_id)
    assert honda.page.status_code == 503
    assert not stands_in("R1", honda.page.text)


async def test_the_list_is_narrowed_by_state_kind_and_person(office: Office) -> None:
    """What ends soon, what waits for somebody to agree, and everything of one person."""
    (honda,) = await officers(office, "honda")
    first, today = by_command(office), office.world.clock.now().date()
    days = dt.timedelta
    await first.set(TOWN, "resident", "R1", MeasureKind.FULL)
    await first.set(TOWN, "tax", "T1", MeasureKind.PROVISIONAL, until=today + days(10))
    await first.set(
        TOWN, "resident", "R3", HoldCause.RETURNED_MAIL, since=today - days(30),
        until=today - days(1),
    )  # fmt: skip
    proposed = await first.set(TOWN, "resident", "R3", MeasureKind.FULL)
    await first.end(TOWN, proposed.measure_id)
    await honda.get("/measures")
    assert len(listed(honda)) == 4
    for asked, kinds in {
        ("state", "in-force"): ["支援措置（決定）", "支援措置（決定）"],
        ("state", "ends-soon"): ["仮支援措置"],
        ("state", "ended-review"): ["保留（返戻）"],
        ("state", "provisional"): [],
        ("state", "end-proposed"): ["支援措置（決定）"],
        ("kind", "returned-mail"): ["保留（返戻）"],
        ("kind", "identity-doubt"): [],
    }.items():
        await honda.send("/measures", **dict([asked]))
        assert honda.html.xpath("//tbody/tr/td[1]/text()") == kinds, asked
        assert honda.html.xpath(f"//select[@id='{asked[0]}']/option[@selected]/@value") == [
            asked[1]
        ]
    await honda.send("/measures", numbering="tax", number="Ｔ１")
    assert len(listed(honda)) == 2, "by whichever number they were set"
    assert honda.has_banner
    (*_, record) = [r for r in await records(office) if r["function"] == "console-measures"]
    assert record["subject_key"] is not None
    await honda.send("/measures", numbering="resident", number="R99")
    assert "この番号の人は登録されていません" in honda.words


async def test_a_long_list_has_pages(office: Office) -> None:
    """Each measure stands on one of them; a page too far is the last one."""
    (honda,) = await officers(office, "honda")
    for n in range(PAGE_ROWS + 3):
        day = dt.date(2026, 10, 1) + dt.timedelta(days=n)
        await by_command(office).set(TOWN, "resident", f"N{n}", MeasureKind.FULL, since=day)
    await honda.get("/measures")
    assert "53 件｜ページ 1 / 2" in honda.words
    seen = honda.html.xpath("//tbody//input[@name='measure']/@value")
    assert len(seen) == PAGE_ROWS
    await honda.send("/measures", state="", kind="", page="2")
    seen += honda.html.xpath("//tbody//input[@name='measure']/@value")
    assert len(set(seen)) == PAGE_ROWS + 3
    await honda.send("/measures", page="99")
    assert "ページ 2 / 2" in honda.words
    assert len(listed(honda)) == 3
    await honda.send("/measures", page="x")
    assert "ページ 1 / 2" in honda.words


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"number": ""}, "number", "番号を入力してください"),
    ({"numbering": "other"}, "number", "番号を入力してください"),
    ({"kind": "everything"}, "kind", "種類を一覧から選んでください"),
    ({"since": "10/1"}, "since", "2026-10-01 の形"),
    ({"until": "2026-13-01"}, "until", "2026-10-01 の形"),
    ({"until": "9999-12-31"}, "until", "2026-10-01 の形"),
    ({"since": "2026-10-02", "until": "2026-10-01"}, "until", "開始日より後の日"),
    ({"parties": "R99", "party_numbering": "resident"}, "parties", "登録されていないもの"),
    ({"parties": "T1", "party_numbering": "tax"}, "parties", "本人の番号が相手方"),
    (
        {"kind": "returned-mail", "parties": "R3", "party_numbering": "resident"},
        "parties",
        "保留には相手方を指定できません",
    ),
    (
        {"parties": " ".join(f"N{n}" for n in range(21)), "party_numbering": "resident"},
        "parties",
        "20 人まで",
    ),
]


@pytest.mark.parametrize(("typed", "field", "said"), WRONG)
@pytest.mark.parametrize("step", ["/measures/new/check", "/measures/new"])
async def test_what_is_wrong_is_named_and_what_was_typed_stays(
    office: Office, typed: dict[str, str], field: str, said: str, step: str
) -> None:
    """AC-5; at both steps, and nothing is set."""
    (honda,) = await officers(office, "honda")
    await honda.get("/measures/new")
    await honda.send(step, **(NEW | typed))
    assert honda.page.status_code == 422
    assert honda.html.xpath("//section[@class='errors']//a/@href") == [f"#{field}"]
    assert said in honda.words
    for name, value in (NEW | typed).items():
        kept = honda.html.xpath(
            f"//input[@id='{name}']/@value | //select[@id='{name}']/option[@selected]/@value"
        )
        assert kept == [value] or value in {"other", "everything"}
    assert await by_command(office).all(TOWN) == []


async def test_other_parties_are_named_and_an_unknown_number_is_said(office: Office) -> None:
    """DV-12; a number that nobody has may be right: the person moves in tomorrow."""
    (honda,) = await officers(office, "honda")
    await honda.get("/measures/new")
    fields = NEW | {"number": "R77", "party_numbering": "resident", "parties": "R3、Ｒ２"}
    await honda.send("/measures/new/check", **fields)
    assert "この番号の人は登録されていません" in honda.words
    assert "R3" in honda.words
    await honda.send("/measures/new", **fields, back="1")
    assert honda.html.xpath("//input[@id='number']/@value") == ["R77"]
    assert await by_command(office).all(TOWN) == []
    await honda.send("/measures/new", **fields)
    ((row, _),) = await by_command(office).all(TOWN)
    ids = [
        (await office.world.subjects.find_by_number(TOWN, "resident", number)).subject_id  # type: ignore[union-attr]
        for number in ("R2", "R3")
    ]
    assert row.other_parties == sorted(ids)
    await look(honda)
    assert "相手方2 人" in honda.words
    assert not any(one in honda.page.text for one in ids)


async def test_a_term_is_only_prolonged(office: Office) -> None:
    """One officer is enough to protect; an earlier day would be an end by one."""
    (honda,) = await officers(office, "honda")
    await by_command(office).set(TOWN, "resident", "R1", MeasureKind.FULL)
    await look(honda)
    (measure, *_) = honda.html.xpath("//form//input[@name='measure']/@value")
    for until, said in (("2027-09-30", "いまの期限より後"), ("soon", "の形"), ("", "の形")):
        await honda.send("/measures/extend", measure=measure, until=until)
        assert honda.page.status_code == 422
        assert said in honda.words
    await honda.send("/measures/extend", measure=measure, until="２０２８-０３-３１")
    assert "令和10年3月31日（2028-03-31）" in honda.words


async def test_a_measure_of_another_town_is_not_there(office: Office) -> None:
    """Also for whoever knows its id."""
    (honda,) = await officers(office, "honda")
    row = await by_command(office).set("131016", "resident", "R1", MeasureKind.FULL)
    await honda.get("/measures")
    assert listed(honda) == []
    for path in ("/measures/look", "/measures/extend", "/measures/end"):
        await honda.send(
            path, measure=row.measure_id, until="2029-01-01", password=PASSWORD,
            code=office.code("honda"),
        )  # fmt: skip
        assert honda.page.status_code in {404, 409}
        await honda.get("/measures")
    assert (await by_command(office).all("131016"))[0][0].until == dt.date(2027, 9, 30)
