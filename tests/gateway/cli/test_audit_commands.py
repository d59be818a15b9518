import asyncio
import datetime as dt
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.audit import AuditLog, AuditStore, to_record
from gateway.clock import TOKYO
from gateway.consents import ConsentStore
from gateway.keys import FileKeyStore
from gateway.logs import open_log
from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.store.tables import ConsentRow, SourceNumberRow
from tests.gateway.audit.entries import entry
from tests.gateway.audit.grown import as_owner
from tests.gateway.audit.schemas import faults, of_fhir

TOWN = ("-m", "999997")


def change(url: str, statement: str) -> None:
    """Do something as the owner of the database."""

    async def work() -> None:
        store = open_store(url)
        await as_owner(store, statement)
        await store.aclose()

    asyncio.run(work())


def test_a_sound_record_is_verified_against_the_heads_outside(ready, installation: Path):
    """AU-3: each head is appended once, also that over the record of it; verify counts them."""
    outside = installation / "heads.txt"
    assert ready("audit", "head", "export", outside).exit_code == 0
    again = ready("audit", "head", "export", outside)
    assert "ヘッド 1 件" in again.stdout
    assert len(set(outside.read_text().splitlines())) == 2
    ready("audit", "list", *TOWN)
    assert ready("audit", "head", "sign").stdout.count(".") == 2
    assert ready("audit", "head", "export", outside).exit_code == 0
    done = ready("audit", "verify", "--anchors", outside)
    assert done.exit_code == 0, done.stderr
    assert "外のヘッド 4 件" in done.stdout
    assert len(set(outside.read_text().splitlines())) == 4
    assert "—" not in ready("audit", "head", "list").stdout


def test_without_heads_from_outside_it_is_said_what_cannot_be_told(ready):
    """A store that was rolled back as a whole looks whole in itself."""
    done = ready("audit", "verify")
    assert done.exit_code == 0
    assert "rolled back" in done.stderr


def test_a_record_is_not_called_whole_while_the_heads_outside_are_out_of_reach(
    ready, installation: Path, monkeypatch: pytest.MonkeyPatch
):
    """A folder that is not mounted, or was emptied, must not look like one that agrees."""
    folder = installation / "outside"
    monkeypatch.setenv("HITOTSU_AUDIT_ANCHOR_DIR", str(folder))
    missing = ready("audit", "verify")
    assert (missing.exit_code, str(folder) in missing.stderr) == (3, True)
    folder.mkdir()
    assert ready("audit", "verify").exit_code == 0
    assert ready("audit", "head", "export", folder / "audit-heads-2026-10.txt").exit_code == 0
    assert ready("audit", "verify").exit_code == 0
    (folder / "audit-heads-2026-10.txt").write_text("")
    emptied = ready("audit", "verify")
    assert (emptied.exit_code, "are gone from" in emptied.stderr) == (1, True)


def test_the_first_bad_row_is_named_and_the_command_fails(ready, database_url: str):
    """AU-3: exit code 1, the row and what was done to it."""
    ready("audit", "head", "sign")
    change(database_url, "DELETE FROM audit WHERE sequence = 2")
    done = ready("audit", "verify")
    assert done.exit_code == 1
    assert "row 2 of the record was deleted" in done.stderr


def test_an_export_is_verified_by_the_program_that_comes_with_it(ready, installation: Path):
    """AU-4: the printed program alone, without any package."""
    file, program = installation / "export.ndjson", installation / "verify.py"
    assert ready("audit", "export", file).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    program.write_text(ready("audit", "verifier").stdout)
    (kid,) = ready("audit", "head", "keys").stdout.split()
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, file, "--key", kid],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["OK"], (done.returncode, done.stderr)
    assert ready("audit", "export", file).exit_code == 1
    assert ready("audit", "export", installation / "x", "--since", "2100-01-01").exit_code == 1


@pytest.fixture
def asked(ready, database_url: str) -> dict[str, Any]:
    """An installation with an answer in its record, and three consents of the same person."""

    async def write() -> dict[str, Any]:
        store, now = open_store(database_url), dt.datetime.now(dt.UTC)
        try:
            async with store.session() as session:
                number = select(SourceNumberRow).where(SourceNumberRow.number == "000000000019")
                person = (await session.scalars(number)).first().subject_id
            keys = FileKeyStore(Settings().keys_dir)
            log = AuditLog(AuditStore(store), keys, log=open_log("error"))
            key = log.pseudonym("999997", person)
            source = {
                "adapter": "reference-resident", "version": "0.1.0", "mapping": "7",
                "edition": "provisional-2026", "method": "live",
            }  # fmt: skip
            async with log:
                answered = await log.append(
                    entry(
                        at=now,
                        subject_key=key,
                        items_delivered=("001P0006",),
                        sources={"001.juminkihonjoho": source},
                    )
                )
            day = dt.timedelta(days=1)
            for number, (given, end, withdrawn) in enumerate(
                [(1, 90, None), (40, 90, 20), (400, 200, None)]
            ):
                row = ConsentRow(
                    consent_id=f"{number}" * 32,
                    municipality="999997",
                    subject_id=person,
                    client_id="online",
                    purpose_id="jidoteate",
                    items=["001.juminkihonjoho.shimei"],
                    text="2026-04",
                    given_at=now - given * day,
                    expires_at=now - given * day + end * day,
                    withdrawn_at=None if withdrawn is None else now - withdrawn * day,
                )
                await ConsentStore(store).add(row, to_record(entry(at=now)))
            return {"answered": answered, "key": key, "person": person, "now": now}
        finally:
            await store.aclose()

    return asyncio.run(write())


def exported(hitotsu, file: Path, *options: str) -> list[dict[str, Any]]:
    done = hitotsu("audit", "export", file, "--format", "fhir", *options)
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_records_consents_and_where_answers_came_from_are_exported_as_fhir(
    ready, asked, installation: Path
):
    """AU-8: a kind in each file, valid by the published schema; the person by pseudonym."""
    events = exported(ready, installation / "events")
    provenances = exported(ready, installation / "from", "--resource", "Provenance")
    consents = exported(ready, installation / "consents", "--resource", "Consent")
    for resources, kind in (
        (events, "AuditEvent"), (provenances, "Provenance"), (consents, "Consent"),
    ):  # fmt: skip
        assert {resource["resourceType"] for resource in resources} == {kind}
        assert [fault for r in resources for fault in faults(of_fhir(kind), r)] == []
    assert [p["id"] for p in provenances] == [asked["answered"]]
    assert provenances[0]["target"][1]["identifier"]["value"] == asked["key"]
    assert [c["status"] for c in consents] == ["inactive", "inactive", "active"]
    assert {c["patient"]["identifier"]["value"] for c in consents} == {asked["key"]}
    code = consents[-1]["provision"]["code"][0]["coding"][0]
    assert code == {"system": "urn:hitotsu:item", "code": "001P0006"}
    for name in ("events", "from", "consents"):
        text = (installation / name).read_text("utf-8")
        assert asked["person"] not in text
        assert "000000000019" not in text
    assert "audit-export written" in ready("audit", "list", "-m", "000000").stdout


def test_consents_of_a_time_are_those_that_counted_within_it(ready, asked, installation: Path):
    """One that was taken back counts up to then; one that is given later not yet."""

    def ids(name: str, *options: str) -> list[str]:
        found = exported(ready, installation / name, "--resource", "Consent", *options)
        return [consent["id"][0] for consent in found]

    def ago(days: int) -> str:
        return (asked["now"] - dt.timedelta(days=days)).astimezone(TOKYO).date().isoformat()

    assert ids("a", "--since", ago(10)) == ["0"]
    assert ids("b", "--since", ago(30)) == ["1", "0"]
    assert ids("c", "--until", ago(100)) == ["2"]
    assert ids("d", "--since", ago(150), "--until", ago(100)) == []


def test_a_resource_is_named_for_fhir_alone(ready, installation: Path):
    """A file with proofs holds records as they are."""
    done = ready("audit", "export", installation / "x", "--resource", "Consent")
    assert done.exit_code == 2
    assert not (installation / "x").exists()


def test_a_record_is_proved_to_be_in_the_tree(ready):
    """Its place, its hash, the path and the head, as JSON."""
    audit_id = ready("audit", "list", *TOWN).stdout.split()[-1]
    proof = json.loads(ready("audit", "prove", audit_id).stdout)
    assert proof["audit_id"] == audit_id
    assert proof["head"].count(".") == 2
    assert ready("audit", "prove", "0" * 32).exit_code == 1


def test_verifying_and_exporting_are_recorded(ready, installation: Path):
    """AU-11: looking at the whole record leaves a row."""
    ready("audit", "verify")
    ready("audit", "export", installation / "export.ndjson")
    listed = ready("audit", "list", "-m", "000000").stdout
    assert "audit-verify sound" in listed
    assert "audit-export written" in listed


def test_a_renewed_key_of_heads_is_said(ready):
    """Two fingerprints from then on."""
    assert ready("keys", "rotate", "heads").exit_code == 0
    assert len(ready("audit", "head", "keys").stdout.split()) == 2


def test_the_searches_of_a_security_officer(ready, installation: Path):
    """AU-5, PL-10: each prints what it found and is recorded itself."""
    assert ready("subject", "handle", "--client", "online", "--numbering", "tax", *TOWN,
                 typed="10000001\n").exit_code == 0  # fmt: skip
    seen = ready("audit", "search", "person", *TOWN, "--of", "tax", typed="10000001\n")
    assert "subject-handle" in seen.stdout
    file = installation / "list.ndjson"
    done = ready("audit", "search", "concerned", "online", file, *TOWN, "--numbering", "tax")
    assert done.exit_code == 0, done.stderr
    assert "10000001" in file.read_text()
    assert ready("audit", "search", "check-list", file).exit_code == 0
    file.write_text(file.read_text().replace("10000001", "10000002"))
    assert ready("audit", "search", "check-list", file).exit_code == 1
    for command in (
        ("logins", "--failed-at-least", "0"),
        ("mass", "--more-than", "1", "--per", "day"),
        ("repeated", "--at-least", "2"),
        ("nights", "--since", "2026-10-01", "--until", "2026-10-02"),
    ):
        assert ready("audit", "search", command[0], *TOWN, *command[1:]).exit_code == 0
    recorded = ready("audit", "list", *TOWN, "--kind", "event").stdout
    for search in ("person", "concerned", "logins", "mass", "repeated", "nights"):
        assert f"audit-search-{search} searched" in recorded


def test_until_when_a_leak_is_reported_is_said_and_stands_in_the_list(ready, installation: Path):
    """PL-10: counted from the day that the officer names; without it nothing is said."""
    file, concerned = installation / "leak.ndjson", ("audit", "search", "concerned", "online")
    done = ready(*concerned, file, *TOWN, "--known-on", "2025-10-01")
    assert done.exit_code == 0, done.stderr
    assert "速報：2025-10-03〜2025-10-05 を目安に" in done.stdout
    assert "確報：2025-10-30 まで" in done.stdout
    assert "不正の目的によるおそれがあるときは 2025-12-01 まで" in done.stdout
    assert "第68条第1項" in done.stdout
    reports = json.loads(file.read_text().splitlines()[0])["reports"]
    assert reports["known_on"] == "2025-10-01"
    assert reports["kakuho_until"] == "2025-10-30"
    assert reports["kakuho_until_improper_purpose"] == "2025-12-01"
    assert ready("audit", "search", "check-list", file).exit_code == 0
    file.write_text(file.read_text().replace("2025-10-30", "2025-10-31"))
    assert ready("audit", "search", "check-list", file).exit_code == 1
    plain = installation / "plain.ndjson"
    assert "速報" not in ready(*concerned, plain, *TOWN).stdout
    assert "reports" not in json.loads(plain.read_text().splitlines()[0])
    future = installation / "future.ndjson"
    refused = ready(*concerned, future, *TOWN, "--known-on", "2999-01-01")
    assert (refused.exit_code, future.exists()) == (1, False)


def test_the_report_for_whoever_asked_to_be_shown_their_records(ready, installation: Path):
    """AU citizen view, 開示: for one person, by number on standard input, recorded and signed."""
    file = installation / "report.html"
    disclose = ("audit", "disclose", file, *TOWN, "--of", "resident")
    for typed, code in (("000000000043\n", 1), ("000000000019\n000000000027\n", 2)):
        assert ready(*disclose, typed=typed).exit_code == code
        assert not file.exists()
    tried = ready("audit", "list", *TOWN).stdout
    assert "disclosure-search refused" in tried
    assert "000000000043" not in tried
    # No system tells of measures here, so nobody's are known (DV-3): at the counter alone.
    sent = ready(*disclose, typed="000000000019\n")
    assert sent.exit_code == 0, sent.output
    assert "窓口でお見せする" in sent.stdout
    assert "窓口にお越しください" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ready(*disclose, typed="000000000019\n").exit_code == 1, "nothing is written over"
    counter = installation / "counter.html"
    at_counter = ("audit", "disclose", counter, *disclose[3:], "--at-counter")
    shown = ready(*at_counter, typed="000000000019\n")
    assert shown.exit_code == 0, shown.output
    assert "0 件" in shown.stdout
    number = shown.stdout.split()[-1].rstrip(".")
    assert number in counter.read_text()
    assert "000000000019" not in counter.read_text() + shown.output
    assert ready("audit", "search", "check-list", counter).exit_code == 0
    counter.write_text(counter.read_text().replace("0 件", "1 件"))
    assert ready("audit", "search", "check-list", counter).exit_code == 1
    recorded = ready("audit", "list", *TOWN).stdout
    assert "disclosure-report withheld" in recorded
    assert "disclosure-report-at-counter shown" in recorded
    assert number in recorded


def test_a_year_without_holidays_and_a_wrong_hour_are_refused(ready):
    """Nothing is guessed."""
    far = ready(
        "audit", "search", "nights", *TOWN, "--since", "2031-01-01", "--until", "2031-02-01"
    )
    assert (far.exit_code, "2031" in far.stderr) == (1, True)
    assert ready("audit", "search", "nights", *TOWN, "--opens", "8").exit_code == 2


def test_holds_are_registered_listed_and_lifted(ready):
    """An investigation needs an end; what was lifted stays in the list and in the record."""
    hold = ("purpose", "hold", "jidoteate", *TOWN, "--held-from", "2026-10-01")
    endless = ready(*hold, "--kind", "investigation")
    assert (endless.exit_code, "last day" in endless.stderr) == (1, True)
    hold_id = ready(*hold, "--kind", "sealed").stdout.split()[1]
    assert hold_id in ready("purpose", "holds", *TOWN).stdout
    assert ready("purpose", "lift", hold_id, *TOWN).exit_code == 0
    assert ready("purpose", "lift", hold_id, *TOWN).exit_code == 1
    assert "lifted" in ready("purpose", "holds", *TOWN).stdout
    recorded = ready("audit", "list", *TOWN).stdout
    assert "disclosure-hold changed" in recorded
    assert "disclosure-lift changed" in recorded


def test_which_resident_an_operator_is_is_stated_listed_and_forgotten(ready):
    """AU-6: the number comes from standard input; nobody reads from the list who it is."""
    own = ("audit", "watch", "own", "staff:yamada", *TOWN, "--of", "resident")
    for typed, code, said in (
        ("000000000019\n000000000027\n", 2, "一つだけ"),
        ("000000000043\n", 1, "登録されていない"),
        ("000000000019\n", 0, "届け出ました"),
    ):
        done = ready(*own, typed=typed)
        assert (done.exit_code, said in done.output) == (code, True), done.output
    anybody = ready("audit", "watch", "own", "*", *TOWN, "--of", "resident", typed="000000000019\n")
    assert (anybody.exit_code, "staff:yamada" in anybody.stderr) == (1, True)
    listed = ready("audit", "watch", "list", *TOWN).stdout
    assert "staff:yamada" in listed
    assert "000000000019" not in listed
    end = ("audit", "watch", "end-own", "staff:yamada", *TOWN)
    assert (ready(*end).exit_code, ready(*end).exit_code) == (0, 1)


def test_a_search_that_cannot_find_anything_is_refused(ready, installation: Path):
    """A misspelled consumer must not become a signed list of nobody, nor a wrong order of days."""
    search = ("audit", "search")
    file = installation / "list.ndjson"
    unknown = ready(*search, "concerned", "onlin", file, *TOWN)
    assert (unknown.exit_code, file.exists()) == (1, False)
    assert "連携先" in unknown.stderr
    numbers = ready(*search, "concerned", "online", file, *TOWN, "--numbering", "taxes")
    assert (numbers.exit_code, file.exists()) == (1, False)
    assert "番号体系 taxes" in numbers.stderr
    nobody = ready(*search, "person", *TOWN, "--of", "taxes", typed="10000001\n")
    assert (nobody.exit_code, "番号体系 taxes" in nobody.stderr) == (1, True)
    assert "10000001" not in nobody.stderr
    backwards = ("--since", "2026-10-02", "--until", "2026-10-01")
    for command in (("mass",), ("logins",), ("concerned", "online", file)):
        refused = ready(*search, *command, *TOWN, *backwards)
        assert (refused.exit_code, "--until は --since より" in refused.stderr) == (2, True)


def test_a_list_is_written_over_nothing(ready, installation: Path):
    """A list that was made before may be evidence."""
    file = installation / "list.ndjson"
    file.write_text("kept")
    again = ready("audit", "search", "concerned", "online", file, *TOWN)
    assert (again.exit_code, file.read_text()) == (1, "kept")
    assert f"{file.name} はもうあります" in again.stderr


def test_a_list_of_records_takes_one_number_and_days_in_their_order(ready, installation: Path):
    """A second number would be left out without a word."""
    two = ready("audit", "list", *TOWN, "--of", "tax", typed="10000001\n10000002\n")
    assert (two.exit_code, "一つだけ" in two.stderr) == (2, True)
    backwards = ("--since", "2026-10-02", "--until", "2026-10-01")
    for command in (("list", *TOWN), ("export", installation / "export.ndjson")):
        refused = ready("audit", *command, *backwards)
        assert (refused.exit_code, "--until は --since より" in refused.stderr) == (2, True)
