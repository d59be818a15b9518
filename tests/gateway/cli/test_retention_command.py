"""`hitotsu retention`: figures and ids are shown, nothing of persons; two officers end a hold."""

from __future__ import annotations

import asyncio
import datetime as dt
import re

import pytest

from gateway.audit import AuditLog, AuditStore
from gateway.keys import FileKeyStore
from gateway.retention import retention_rules
from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.subjects import SubjectService, SubjectStore
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.retention.rows import TOWN as CODE
from tests.gateway.retention.rows import ended

TOWN = ("-m", CODE)
CHILD, PARENT = "000000000019", "000000000027"
PURGE = ("retention", "purge", *TOWN)
WHY = ("--reason", "令和8年（行ウ）第3号")
LONG_AGO, NOT_YET = dt.date(2010, 3, 31), dt.date(2099, 3, 31)


@pytest.fixture
def consents(ready) -> dict[str, str]:
    """Two consents that ended long ago and one that has not ended; of the child its pseudonym."""

    async def write() -> str:
        settings = Settings()
        store, keys = open_store(settings.database_url), FileKeyStore(settings.keys_dir)
        try:
            subjects = SubjectService(SubjectStore(store), keys, clock=StoppedClock())
            found = [await subjects.find_by_number(CODE, "resident", n) for n in (CHILD, PARENT)]
            child, parent = (one.subject_id for one in found if one is not None)
            rule = retention_rules().erased["consent"]
            await ended(store, rule, "of-child", LONG_AGO, who=child)
            await ended(store, rule, "of-parent", LONG_AGO, who=parent)
            await ended(store, rule, "open", NOT_YET, who=parent)
            return AuditLog(AuditStore(store), keys, log=RecordingLog()).pseudonym(CODE, child)
        finally:
            await store.aclose()

    return {"pseudonym": asyncio.run(write())}


def test_what_must_go_is_listed_then_erased(ready, consents):
    """PL-9: the dry run lists exactly the expired rows, and erases nothing."""
    line = "consent,{},2010-03-31,2020-04-01,must-go"
    for _ in range(2):
        listed = ready(*PURGE, "--dry-run")
        assert listed.exit_code == 0, listed.output
        assert listed.stdout.splitlines() == [
            "kind,record,ended,since,state",
            line.format("of-child"),
            line.format("of-parent"),
        ]
    shown = ready("retention", "list", *TOWN).stdout
    assert re.search(r"consent .*10 年 .* K .*番号法施行令第29条", shown)
    assert "exchange" in shown
    assert "150 年" in shown
    done = ready(*PURGE)
    assert "2 件の記録を消しました" in done.stdout
    assert ready(*PURGE, "--dry-run").stdout.splitlines()[1:] == []
    assert "0 件の記録を消しました" in ready(*PURGE, "--past-floor").stdout
    assert CHILD not in listed.output + shown + done.output
    assert ready("audit", "verify").exit_code == 0


def test_a_towns_own_file_decides_what_must_go(
    ready, consents, installation, monkeypatch: pytest.MonkeyPatch
):
    """And where it cannot be read, nothing goes."""
    file = installation / "retention.yaml"
    monkeypatch.setenv("HITOTSU_RETENTION_FILE", str(file))
    missing = ready(*PURGE)
    assert (missing.exit_code, "読めません" in missing.stderr) == (1, True)
    said = "floor_years: 100, ceiling_years: 100, source: 規程, checked_on: 2026-11-30"
    file.write_text(f'"{CODE}": {{consent: {{{said}}}}}', "utf-8")
    assert "0 件の記録を消しました" in ready(*PURGE, "--past-floor").stdout


@pytest.mark.parametrize("by", ["number", "pseudonym"])
def test_a_hold_over_a_person_keeps_their_records_until_two_release_it(
    ready, consents, monkeypatch: pytest.MonkeyPatch, by: str
):
    """Who it is over, is said by the number typed or by the pseudonym of the audit record."""
    named = ("--pseudonym", consents["pseudonym"]) if by == "pseudonym" else ()
    typed = None if named else f"{CHILD}\n"
    done = ready("retention", "hold", *TOWN, *WHY, "--of", "resident", *named, typed=typed)
    assert done.exit_code == 0, done.output
    (hold,) = re.findall(r"[0-9a-f]{16}", done.stdout)[:1]
    shown = ready("retention", "holds", *TOWN).stdout
    assert consents["pseudonym"] in shown
    assert CHILD not in done.output + shown
    assert "1 件の記録を消しました" in ready(*PURGE).stdout
    release = ("retention", "release", hold, *TOWN)
    assert "申し出ました" in ready(*release).stdout
    own = ready(*release)
    assert (own.exit_code, "自分が申し出た解除" in own.stderr) == (1, True)
    assert "0 件の記録を消しました" in ready(*PURGE).stdout
    monkeypatch.setattr("gateway.cli.session.account", lambda: "second")
    assert "解きました" in ready(*release).stdout
    assert "1 件の記録を消しました" in ready(*PURGE).stdout


def test_a_reason_is_shown_as_it_was_written(ready):
    """Brackets are no marks of the terminal: one hold must not hide the others."""
    reason = "開示請求 [a1] 令和8年[/3号]"
    assert ready("retention", "hold", *TOWN, "--reason", reason).exit_code == 0
    shown = ready("retention", "holds", *TOWN)
    assert shown.exit_code == 0, shown.output
    assert reason in shown.stdout


@pytest.mark.parametrize(
    ("given", "typed", "code", "said"),
    [
        (("--kind", "cake"), None, 1, "種類は次のどれか"),
        (("--record", "of-child"), None, 1, "種類も指定"),
        (("--kind", "consent", "--record", "cake"), None, 1, "この記録は見つかりません"),
        (("--kind", "consent", "--record", "of-child", "--of", "tax"), "10000001\n", 1, "種類も"),
        (("--of", "resident"), "999\n", 1, "登録されていません"),
        (("--of", "resident"), f"{CHILD}\n{PARENT}\n", 2, "一度に一人"),
        (("--of", "resident", "--pseudonym", "0" * 64), None, 1, "登録されていません"),
        (("--pseudonym", "0" * 64), None, 2, "--of"),
    ],
)
def test_a_hold_that_is_over_nothing_is_refused(
    ready, consents, given: tuple[str, ...], typed: str | None, code: int, said: str
):
    """Nobody believes something to be held that is not."""
    done = ready("retention", "hold", *TOWN, *WHY, *given, typed=typed)
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
    assert "令和8年" not in ready("retention", "holds", *TOWN).stdout


def test_a_hold_without_a_reason_and_a_release_of_nothing_are_refused(ready):
    """Whoever looks at it later must know what it is for."""
    assert ready("retention", "hold", *TOWN, "--reason", " ").exit_code == 1
    assert ready("retention", "release", "0" * 16, *TOWN).exit_code == 1
