import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.clock import SystemClock
from gateway.settings import Settings
from tests.docs.pages import DOCS, blocks, hand_written_and_generated
from tests.gateway.access.certificates import certificate, pem
from tests.gateway.access.consumers import FOREIGN, public_jwks
from tests.gateway.audit.schemas import RECORD, faults

OPERATIONS = (DOCS / "operations.md").read_text("utf-8")

NOT_IN_ORDER = {
    "hitotsu adapter ping": "the systems of the example are not there",
    "hitotsu adapter rehearse reference-pension -m 999997 --security-review 審査記録-12 "
    "--support 保守契約-3 --run-by 情報政策課": "the adapter is not switched on in the example",
    "hitotsu client rotate-key online-shinsei --retire old-key-id": "the consumer has no such key",
    "hitotsu client retire-certificate online-shinsei "
    "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2": "the consumer has another certificate",
    "hitotsu client revoke-grant 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu protection extend 0123456789abcdef -m 999997 --until 2028-03-31": "an example",
    "hitotsu protection end 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu protection approve 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu protection close 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu protection set -m 999997 --of resident --kind accompanying --other-party-of resident "
    "< child-and-party.csv": "the table of links is read later",
    "hitotsu representation approve 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu representation end 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu client approve-grant 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu purpose lift 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu linkage system revoke A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 -m 999997": "an example",
    "hitotsu snapshot load reference-pension -m 999997": "the adapter is not switched on",
    "hitotsu snapshot rollback reference-pension -m 999997": "nothing was loaded",
    "hitotsu reconcile reference-pension -m 999997": "the adapter is not switched on",
    "hitotsu reconcile reference-resident -m 999997 --group 001.juminkihonjoho": "the systems of "
    "the example are not there",
    "hitotsu reconcile reference-pension -m 999997 --with new-pension --rows chigai.csv": "the "
    "adapters are not switched on",
    "hitotsu my-number load juki-adapter -m 999997": "an example of an adapter",
    "hitotsu db restore backup.age --key safe.key": "the database of the example is not a new one",
    "hitotsu protection release atena.csv hasso.csv -m 999997 --of resident --column 宛名番号 "
    "--withheld hazushita.csv": "the systems of the example are not there",
    "hitotsu protection compare -m 999997": "the systems of the example are not there",
    "hitotsu notice end 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu notice hand-over yuso.csv -m 999997 --of resident --office madoguchi.csv": "the "
    "systems of the example are not there",
    "hitotsu audit watch end 0123456789abcdef -m 999997": "an example of an id",
    "hitotsu audit show 01J00000000000000000000000 -m 999997": "an example of an id",
}
"""Lines that are understood and end with exit code 1 in a new installation, and why."""

CHANGES = frozenset(
    {"add", "set", "end", "extend", "grant", "approve", "approve-grant", "revoke", "retire"}
    | {"rotate", "rotate-key", "hold", "lift", "link", "exempt", "import", "series"}
    | {"own", "end-own"}
)
"""Words of commands that change what holds from then on."""
UNRECORDED = frozenset({"standard"})
"""Editions are files; their commands need no database."""


def lines_of(text: str) -> list[str]:
    """Every command line in the blocks of code."""
    return [
        line
        for block in blocks(text, "")
        for line in block.splitlines()
        if line.startswith("hitotsu ")
    ]


def split(line: str) -> tuple[list[str], str | None]:
    """The words behind ``hitotsu``, and the file that standard input comes from."""
    words = shlex.split(line)[1:]
    if "<" in words:
        return words[: words.index("<")], words[-1]
    if ">" in words:
        return words[: words.index(">")], None
    return words, None


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the documents speak of."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HITOTSU_{name.upper()}", raising=False)
    links = (
        "宛名番号,税個人番号,福祉個人番号,照合根拠\r\n"
        "000000000019,10000001,F0000001,個人番号一致\r\n000000000035,,,\r\n"
    )
    Path("bangotaisho.csv").write_bytes(links.encode("cp932"))
    Path("saiban.csv").write_bytes(
        "宛名番号,介護番号,照合根拠\r\n000000000035,,\r\n".encode("cp932")
    )
    Path("bangotaisho-utf8.csv").write_text(links, "utf-8-sig")
    for name in ("mapping.yaml", "SHIKAKU.DAT"):
        Path(name).touch()
    Path("tax-numbers.txt").write_text("10000001\n")
    Path("logins.csv").write_text("000000000019,citizen-1\n")
    Path("child-and-party.csv").write_text("000000000019,000000000035\n")
    Path("child-and-parent.csv").write_text("000000000019,000000000035,2018-02-17\n")
    Path("okuru").mkdir()
    Path("okuru/NENKIN.DAT").write_text("an extract")
    Path("number.txt").write_text("000000000019\n")
    Path("numbers.txt").write_text("000000000019\n")
    Path("kojinbango.csv").write_bytes(
        "宛名番号,個人番号\r\n000000000019,345678901234\r\n".encode("cp932")
    )
    Path("public.json").write_text(json.dumps(public_jwks()))
    Path("new.json").write_text(json.dumps({**FOREIGN.as_dict(private=False), "kid": "new"}))
    Path("client.pem").write_bytes(pem(certificate(SystemClock().now())))
    (adapters,) = blocks(OPERATIONS, "yaml adapters")
    Path("adapters.yaml").write_text(adapters, "utf-8")
    return tmp_path


def test_every_command_line_of_the_documents_is_understood(files):
    """Command, arguments and options exist; a wrong one would end with usage."""
    pages = [page for page in hand_written_and_generated() if page.name != "cli.md"]
    lines = [line for page in pages for line in lines_of(page.read_text("utf-8"))]
    assert len(lines) >= 30
    tree = typer.main.get_command(app)
    for line in lines:
        words, _ = split(line)
        command = tree
        name = "hitotsu"
        while words and words[0] in getattr(command, "commands", {}):
            name = words.pop(0)
            command = command.commands[name]  # type: ignore[attr-defined]
        assert not hasattr(command, "commands"), line
        with command.make_context(name, words):
            pass


def test_the_commands_of_the_operations_work_one_after_the_other(files):
    """A new installation, led through the document from its first line to its last.

    AU-1, AU-11: what is recorded meanwhile keeps to the schema, and every change stands in it with
    before and after.
    """
    lines = [line for line in lines_of(OPERATIONS) if not line.startswith("hitotsu serve")]
    seen = 0
    for line in lines:
        words, typed = split(line)
        stdin = Path(typed).read_text() if typed else None
        result = CliRunner().invoke(app, words, input=stdin)
        expected = 1 if line in NOT_IN_ORDER else 0
        assert result.exit_code == expected, (line, result.output)
        written, seen = records()[seen:], len(records())
        assert [fault for record in written for fault in faults(RECORD, record)] == [], line
        if expected == 0 and CHANGES & set(words[:3]) and words[0] not in UNRECORDED:
            kinds = {record["kind"] for record in written}
            assert "settings" in kinds, line


def records() -> list[dict[str, object]]:
    """The audit record of the installation that was led through the document."""
    if not Path("var/hitotsu.db").exists():
        return []
    with closing(sqlite3.connect("var/hitotsu.db")) as database:
        if not database.execute("SELECT name FROM sqlite_master WHERE name = 'audit'").fetchall():
            return []
        rows = database.execute("SELECT entry FROM audit ORDER BY sequence")
        return [json.loads(entry) for (entry,) in rows]
