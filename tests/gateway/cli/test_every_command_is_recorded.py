"""AU-11: every command that touches what stands of persons, or the evidence, leaves a record.

Each command of the command line stands in one of two tables: how it is given and which function its
record names, or why it needs none. A command that is added without a place here fails.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey
from typer.main import get_command

from gateway.api.proxies import thumbprint_of
from gateway.audit import AuditStore
from gateway.cli.commands import app
from gateway.clock import SystemClock
from gateway.keys import FileKeyStore
from gateway.settings import Settings
from gateway.store.engine import open_store
from tests.adapters.pension_file import sample
from tests.gateway.access.certificates import certificate
from tests.gateway.access.consumers import public_jwks
from tests.gateway.cli.conftest import Hitotsu

TOWN = ("-m", "999997")
CHILD, PARENT = "000000000019", "000000000027"
ITEM = "001.juminkihonjoho.shimei"
BLOCK = "001.juminkihonjoho.jusho_choaza"
MY_NUMBER = "123456789018"
_ID = r"\b[0-9a-f]{16,32}\b"

NOT_OF_PERSONS = "tells and changes nothing of persons or of the evidence"
OWN_FILES = "works on files of whoever gives it, without the installation's database"
IN_FIGURES = "tells figures alone, of nobody"
UNRECORDED: Mapping[str, str] = {
    "adapter certify": OWN_FILES,
    "adapter check": OWN_FILES,
    "adapter draft-golden": OWN_FILES,
    "adapter forgotten": NOT_OF_PERSONS,
    "adapter list": NOT_OF_PERSONS,
    "adapter new": OWN_FILES,
    "adapter ping": NOT_OF_PERSONS,
    "adapter rehearse": "asks a system for tests, before anybody is served; it writes a file",
    "audit head keys": "prints fingerprints of public keys",
    "audit head list": "prints signed heads, which are public",
    "audit search check-list": OWN_FILES,
    "audit verifier": "prints a program",
    "client calls": IN_FIGURES,
    "client list": NOT_OF_PERSONS,
    "client show": NOT_OF_PERSONS,
    "db backup-key": "makes keys, on a machine without a database",
    "db check": NOT_OF_PERSONS,
    "db upgrade": "makes the tables, also that of the records",
    "delivery key": OWN_FILES,
    "delivery sign": OWN_FILES,
    "docs": NOT_OF_PERSONS,
    "edge": "serves; what it serves is recorded",
    "evidence page": OWN_FILES,
    "evidence verify": OWN_FILES,
    "evidence verify-message": OWN_FILES,
    "expiries": NOT_OF_PERSONS,
    "field-set list": NOT_OF_PERSONS,
    "keys init": "makes keys before there is a database",
    "linkage system list": NOT_OF_PERSONS,
    "login list": NOT_OF_PERSONS,
    "mapping convert": OWN_FILES,
    "mapping copybook": OWN_FILES,
    "mapping coverage": OWN_FILES,
    "mapping diff": OWN_FILES,
    "mapping from-xlsx": OWN_FILES,
    "mapping lint": OWN_FILES,
    "mapping preview": OWN_FILES,
    "mapping suggest": OWN_FILES,
    "mapping to-xlsx": OWN_FILES,
    "my-number count": IN_FIGURES,
    "protection counts": IN_FIGURES,
    "protection recalls": IN_FIGURES,
    "purpose holds": NOT_OF_PERSONS,
    "purpose list": NOT_OF_PERSONS,
    "retention list": IN_FIGURES,
    "route list": NOT_OF_PERSONS,
    "serve": "serves; what it serves is recorded",
    "snapshot list": IN_FIGURES,
    "staff list": NOT_OF_PERSONS,
    "standard diff": NOT_OF_PERSONS,
    "standard import": NOT_OF_PERSONS,
    "standard list": NOT_OF_PERSONS,
    "standard search": NOT_OF_PERSONS,
    "standard show": NOT_OF_PERSONS,
}
"""Commands without a record, and why."""


class Town:
    """An installation, the ids that its commands have printed, and the records that they left."""

    def __init__(self, hitotsu: Hitotsu, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._hitotsu = hitotsu
        self._patch = patch
        self.folder = folder
        self._stdout = ""
        self._known = {row["audit_id"] for row in self.records()}

    def records(self) -> list[dict[str, Any]]:
        """Return every audit record that there is."""

        async def read() -> list[dict[str, Any]]:
            store = open_store(Settings().database_url)
            try:
                return [json.loads(row.entry) async for row in AuditStore(store).iter_all()]
            finally:
                await store.aclose()

        return asyncio.run(read())

    def give(
        self,
        *arguments: str,
        typed: str | None = None,
        officer: str = "first",
        refused: bool = False,
    ) -> str:
        """Give a command as an officer; note what it recorded; return the first id it printed."""
        self._patch.setattr("gateway.cli.session.account", lambda: officer)
        done = self._hitotsu(*arguments, typed=typed)
        assert (done.exit_code != 0) is refused, (arguments, done.output)
        new = [row for row in self.records() if row["audit_id"] not in self._known]
        self._known |= {row["audit_id"] for row in new}
        name = command_of(arguments)
        functions = {row["function"] for row in new if row["terminal"] == f"cli:{officer}"}
        assert functions, f"{name} left no record"
        self._stdout = done.stdout
        return self.printed(_ID)

    def printed(self, pattern: str) -> str:
        """Return what the last command printed in the place of the pattern's last group."""
        found = re.search(pattern, self._stdout)
        return found[found.re.groups] if found else ""


def commands() -> dict[str, Any]:
    """Return every command by its name."""
    found: dict[str, Any] = {}

    def walk(command: Any, name: tuple[str, ...]) -> None:
        below = getattr(command, "commands", None)
        if below is None:
            found[" ".join(name)] = command
            return
        for word, one in below.items():
            walk(one, (*name, word))

    walk(get_command(app), ())
    return found


def command_of(arguments: tuple[str, ...]) -> str:
    """Return the name of the command that is given."""
    known = commands()
    return next(name for n in (3, 2, 1) if (name := " ".join(arguments[:n])) in known)


def clients(town: Town) -> None:
    """Purposes, consumers, their keys and grants."""
    keys, more, pem = (town.folder / name for name in ("public.json", "more.json", "client.pem"))
    more.write_text(json.dumps(public_jwks(another=ECKey.generate_key("P-256"))))
    made = certificate(SystemClock().now())
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    named = ("--name", "届出", "--name-en", "Notice", "--legal-basis", "法", "--organ", "課")
    town.give("purpose", "add", "todokede", *TOWN, *named)
    span = ("--kind", "sealed", "--held-from", "2026-01-01")
    held = town.give("purpose", "hold", "todokede", *TOWN, *span)
    town.give("purpose", "lift", held, *TOWN)
    town.give("client", "add", "second", "--name", "二", "--contact", "課", "--jwks", str(keys))
    town.give("client", "rotate-key", "second", "--add", str(more))
    town.give("client", "add-certificate", "second", "--certificate", str(pem))
    town.give(
        "client", "retire-certificate", "second", thumbprint_of(made.public_bytes(Encoding.DER))
    )
    town.give("client", "require-signatures", "second")
    grant = town.give("client", "grant", "second", *TOWN, "--purpose", "todokede", "--item", ITEM)
    town.give("client", "approve-grant", grant, *TOWN, officer="second")
    town.give("client", "revoke-grant", grant, *TOWN)
    town.give("field-set", "add", "names", *TOWN, "--name", "氏名", "--item", ITEM)
    town.give("field-set", "retire", "names", *TOWN)
    town.give("client", "revoke", "second")


def systems(town: Town) -> None:
    """Routes, deliveries, the national face, logins."""
    keys, delivery = str(town.folder / "public.json"), town.folder / "delivery"
    delivery.mkdir()
    (delivery / "NENKIN.DAT").write_bytes(sample())
    entry = {
        "adapter": "reference-pension",
        "municipality": "999997",
        "settings": {"delivery": str(delivery)},
        "hand_over": {"accept_unsigned": True, "quarantine": str(town.folder / "quarantine")},
    }
    (town.folder / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    town.give("route", "set", "026.shikakujoho", "reference-pension", *TOWN)
    for _ in range(2):
        town.give("snapshot", "load", "reference-pension", *TOWN, "--as-of", "2026-10-01T06:00")
    town.give("snapshot", "rollback", "reference-pension", *TOWN)
    town.give("reconcile", "reference-pension", *TOWN)
    town.give("protection", "compare", *TOWN, refused=True)
    series = ("--numbering", "resident", "--width", "10", "--first", "900", "--last", "999")
    town.give("linkage", "series", *TOWN, *series)
    named = ("--name", "手当", "--business", "027", "--purpose", "jidoteate")
    scope = ("--scope", "001:app_submit/v10/juminkihonjoho:Read", "--numbering", "resident")
    town.give("linkage", "system", "add", *TOWN, *named, *scope)
    client = town.printed(r"client_id: (\w{32})")
    town.give("linkage", "system", "revoke", client, *TOWN)
    issuer, level = "https://login.example.jp", ("--level", "high=3")
    town.give("login", "add", issuer, *TOWN, "--name", "認証", "--jwks", keys, *level)
    town.give("login", "link", issuer, *TOWN, "--ground", "職員確認", typed=f"{CHILD},some-login\n")
    town.give("login", "rotate-key", issuer, *TOWN, "--jwks", keys)
    town.give("login", "revoke", issuer, *TOWN)


def persons(town: Town) -> None:
    """People, their numbers, who acts for them, who is told, what they stated."""
    child = f"{CHILD}\n"
    links = str(town.folder / "links.csv")
    town.give("subject", "import", links, *TOWN)
    town.give("subject", "show", *TOWN, typed=child)
    town.give("subject", "handle", *TOWN, "--client", "online", typed=child)
    numbers = town.folder / "numbers.csv"
    numbers.write_bytes(f"宛名番号,個人番号\r\n{CHILD},{MY_NUMBER}\r\n".encode("cp932"))
    town.give("my-number", "import", str(numbers), *TOWN)
    town.give("my-number", "candidates", *TOWN)
    town.give("my-number", "quarantine", *TOWN)
    town.give("keys", "rotate", "my-numbers")
    town.give("my-number", "reseal")
    town.give("my-number", "erase", *TOWN, "--numbering", "resident", typed=child)
    shown = ("--kind", "parent", "--document", "令和8年第12号")
    row = town.give("representation", "add", *TOWN, *shown, typed=f"{CHILD},{PARENT},2018-02-17\n")
    town.give("representation", "approve", row, *TOWN, officer="second")
    town.give("representation", "list", *TOWN)
    town.give("representation", "end", row, *TOWN)
    row = town.give("notice", "register", *TOWN, "--of", "resident", typed=child)
    town.give("notice", "list", *TOWN)
    town.give("notice", "end", row, *TOWN)
    town.give("submission", "parked", *TOWN)


def protected(town: Town) -> None:
    """Measures, holds, exemptions, lifts, recalls."""
    child, of = f"{CHILD}\n", ("--of", "resident")
    row = town.give("protection", "set", *TOWN, *of, "--kind", "full", typed=child)
    town.give("protection", "list", *TOWN)
    town.give("protection", "extend", row, *TOWN, "--until", "2099-03-31")
    town.give("protection", "end", row, *TOWN)
    town.give("protection", "end", row, *TOWN, officer="second")
    town.give("protection", "hold", *TOWN, *of, "--cause", "returned-mail", typed=child)
    opened = ("--purpose", "jidoteate", "--item", BLOCK, "--basis", "法")
    until = ("--until", "2099-01-01T00:00")
    row = town.give("protection", "exempt", "online", *TOWN, *opened, *until)
    town.give("protection", "approve", row, *TOWN, officer="second")
    town.give("protection", "openings", *TOWN)
    town.give("protection", "close", row, *TOWN)
    town.give("protection", "lift", "online", *TOWN, *opened, *of, typed=child)
    recall = ("--reason", "correction", *of)
    town.give("protection", "recall", *TOWN, *recall, typed=child)
    town.give("protection", "recall", *TOWN, *recall, typed="9\n", refused=True)


def evidence(town: Town) -> None:
    """The record of looks, its proofs, the keys, and copies of everything."""
    file = town.folder
    town.give("audit", "list", *TOWN)
    town.give("audit", "show", town.records()[-1]["audit_id"], *TOWN)
    town.give("audit", "prove", town.records()[-1]["audit_id"])
    report, of = str(file / "report.html"), ("--of", "resident")
    town.give("audit", "disclose", report, *TOWN, *of, typed=f"{CHILD}\n")
    town.give("audit", "verify")
    town.give("audit", "export", str(file / "audit.ndjson"))
    town.give("audit", "head", "sign")
    town.give("audit", "head", "export", str(file / "heads.txt"))
    town.give("audit", "search", "person", *TOWN, "--of", "resident", typed=f"{CHILD}\n")
    town.give("audit", "search", "concerned", "online", str(file / "concerned.json"), *TOWN)
    town.give("audit", "search", "logins", *TOWN)
    town.give("audit", "search", "mass", *TOWN)
    town.give("audit", "search", "my-number", *TOWN)
    town.give("audit", "search", "nights", *TOWN)
    town.give("audit", "search", "repeated", *TOWN)
    watched = ("--kind", "notable", "--of", "resident")
    row = town.give("audit", "watch", "add", *TOWN, *watched, typed=f"{CHILD}\n")
    town.give("audit", "watch", "list", *TOWN)
    town.give("audit", "watch", "end", row, *TOWN)
    town.give("audit", "watch", "own", "staff:yamada", *TOWN, *of, typed=f"{CHILD}\n")
    town.give("audit", "watch", "end-own", "staff:yamada", *TOWN)
    kid = FileKeyStore(Settings().keys_dir).keys().evidence[-1].kid
    town.give("keys", "rotate", "evidence")
    town.give("keys", "revoke", kid)
    town.give("db", "backup", str(file / "backup.zip"), "--plain")


def retention(town: Town) -> None:
    """What is past its time, and what is held back from a purge."""
    why = ("--reason", "令和8年（行ウ）第3号")
    row = town.give("retention", "hold", *TOWN, *why, "--of", "resident", typed=f"{CHILD}\n")
    town.give("retention", "holds", *TOWN)
    town.give("retention", "release", row, *TOWN)
    town.give("retention", "release", row, *TOWN, officer="second")
    town.give("retention", "purge", *TOWN, "--dry-run")
    town.give("retention", "purge", *TOWN)


def staff(town: Town) -> None:
    """Desks, members of staff, rights."""
    town.give("staff", "desk", "mado", *TOWN, "--name", "窓口")
    town.give("staff", "add", "sato", *TOWN, "--name", "佐藤")
    row = town.give("staff", "grant", "sato", "audit", *TOWN)
    town.give("staff", "revoke", row, *TOWN)
    town.give("staff", "lock", "sato", *TOWN)
    town.give("staff", "unlock", "sato", *TOWN)
    town.give("staff", "reset", "sato", *TOWN)


RUNS: tuple[Callable[[Town], None], ...] = (
    clients,
    systems,
    persons,
    protected,
    evidence,
    retention,
    staff,
)
ELSEWHERE: Mapping[str, str] = {
    "my-number load": "tests/gateway/cli/test_my_number_command.py::"
    "test_the_extract_of_the_resident_system_is_loaded",
    "notice hand-over": "tests/acceptance/test_notices.py::"
    "test_a_notice_goes_by_post_or_for_whoever_is_protected_over_the_office",
    "protection release": "tests/acceptance/test_releases.py::"
    "test_a_list_leaves_without_whoever_is_protected_now",
    "staff approve": "tests/gateway/console/test_login.py::test_nobody_gives_a_right_alone",
    "submission retry": "tests/gateway/submissions/test_outbox.py::"
    "test_what_a_system_never_takes_is_parked_with_the_reason",
}
"""Commands that need a town, a member of staff or a failure around them: where their rows are."""


def test_every_command_has_its_place() -> None:
    """None is forgotten, none stands in two places, and what shows it elsewhere exists."""
    given = given_commands()
    places = [given, set(UNRECORDED), set(ELSEWHERE)]
    assert set().union(*places) == commands().keys()
    assert sum(map(len, places)) == len(commands())
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}" in Path(path).read_text("utf-8")


def given_commands() -> set[str]:
    """Return the commands that one of the runs gives."""
    text = Path(__file__).read_text("utf-8")
    return {
        name
        for name in commands()
        if re.search(
            r"town\.give\(\s*" + r",\s*".join(f'"{w}"' for w in name.split()) + "[,)]", text
        )
    }


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)
def test_a_command_leaves_a_record_of_whoever_gave_it(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[[Town], None]
) -> None:
    """AU-1, AU-11: also where it found or changed nothing; with no number and no name in it."""
    town = Town(ready, installation, monkeypatch)
    run(town)
    said = json.dumps(town.records(), ensure_ascii=False)
    for value in (CHILD, PARENT, MY_NUMBER, "some-login"):
        assert value not in said


def test_a_copy_of_everything_is_recorded_and_marked(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MN-4: one record for each file; that of My Numbers has the mark. BK-1: it was in plain."""
    town = Town(ready, installation, monkeypatch)
    town.give("db", "backup", str(installation / "backup.zip"), "--plain")
    copied = [r for r in town.records() if r["function"] == "db-backup"]
    assert [(r["my_number"], r["after"]["file"]) for r in copied] == [
        (False, "backup.zip"),
        (True, "backup.zip.my-numbers"),
    ]
    assert all(row["after"]["plain"] for row in copied)


def test_a_restore_is_recorded_in_what_was_restored(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-11: behind everything that the backup holds, and the tree still leads to its head."""
    file = str(installation / "backup.zip")
    assert ready("audit", "head", "sign").exit_code == 0
    assert ready("db", "backup", file, "--plain").exit_code == 0
    new = f"sqlite+aiosqlite:///{installation / 'new.db'}"
    monkeypatch.setenv("HITOTSU_DATABASE_URL", new)
    assert ready("db", "upgrade").exit_code == 0
    town = Town(ready, installation, monkeypatch)
    town.give("db", "restore", file)
    assert [r["my_number"] for r in town.records() if r["function"] == "db-restore"] == [
        False,
        True,
    ]
    assert ready("audit", "verify").exit_code == 0


def test_a_recall_that_nobody_has_to_be_told_of_is_recorded(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-11: of whom under a pseudonym, and why."""
    town = Town(ready, installation, monkeypatch)
    town.give(
        "protection", "recall", *TOWN, "--of", "resident", "--reason", "protection",
        typed=f"{CHILD}\n",
    )  # fmt: skip
    (row,) = [r for r in town.records() if r["function"] == "recall"]
    assert (row["outcome"], row["client_id"], row["terminal"]) == ("protection", None, "cli:first")
    assert len(row["subject_key"]) == 64
