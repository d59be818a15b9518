import datetime as dt
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import typer

from gateway.api.lifecycle import read_lifecycle
from gateway.cli import commands as cli

TOWN = ("-m", "999997")


def test_a_new_installation_is_led_from_step_to_step(hitotsu, monkeypatch, tmp_path):
    """Each command that is too early names the one that is missing."""
    monkeypatch.setenv("HITOTSU_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    early = hitotsu("client", "list")
    assert (early.exit_code, "hitotsu db upgrade" in early.stderr) == (3, True)
    assert hitotsu("db", "check").exit_code == 1
    assert hitotsu("db", "upgrade").exit_code == 0
    assert hitotsu("db", "check").exit_code == 0
    no_keys = hitotsu("serve", "--port", "0")
    assert (no_keys.exit_code, "hitotsu keys init" in no_keys.stderr) == (3, True)
    assert hitotsu("keys", "init").exit_code == 0


def test_keys_are_made_once_and_never_shown(hitotsu, installation: Path):
    """Making them again changes nothing; neither output holds a secret."""
    first, again = hitotsu("keys", "init"), hitotsu("keys", "init")
    assert (first.exit_code, again.exit_code) == (0, 3)
    content = json.loads((installation / "keys" / "keys.json").read_text())
    for secret in (content["audit"], content["signing"][0]["jwk"]["d"]):
        assert secret not in first.output + again.output


def test_a_grant_of_households_says_by_which_lists(ready):
    """There is no *the* household: without a basis the command is refused, with one it is shown."""
    grant = ("client", "grant", "online", *TOWN, "--purpose", "jidoteate")
    household = ("--relation", "household", "--item", "001.juminkihonjoho.shimei")
    refused = ready(*grant, *household)
    assert (refused.exit_code, "--basis" in refused.stderr) == (1, True)
    assert ready(*grant, *household, "--basis", "register").exit_code == 0
    assert "世帯 / household：register" in ready("client", "show", "online").stdout


def test_a_consumer_is_registered_granted_and_shown(ready, monkeypatch):
    """A group is expanded to its items; a second person approves; the grant's id is shown whole."""
    granted = ready(
        *("client", "grant", "online", *TOWN, "--purpose", "jidoteate"),
        *("--item", "010.sofusakijoho", "--item", "001.juminkihonjoho.shimei"),
        *("--valid-from", "2026-04-01", "--valid-to", "2027-03-31"),
    )
    assert granted.exit_code == 0, granted.output
    grant_id = granted.stdout.split()[1]
    assert "承認待ち" in ready("client", "show", "online").stdout
    own = ready("client", "approve-grant", grant_id, *TOWN)
    assert (own.exit_code, "自分が登録した許可は承認できません" in own.stderr) == (1, True)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.cli.session.account", lambda: "second")
        assert ready("client", "approve-grant", grant_id, *TOWN).exit_code == 0
    shown = ready("client", "show", "online")
    assert "承認待ち" not in shown.stdout
    assert "001.juminkihonjoho.shimei" in shown.stdout
    assert "010.sofusakijoho.sofusaki_shimei" in shown.stdout
    assert "2026-04-01 – 2027-03-31" in shown.stdout
    assert grant_id in shown.stdout
    assert ready("client", "revoke-grant", grant_id, *TOWN).exit_code == 0
    assert "取消" in ready("client", "show", "online").stdout
    assert ready("client", "revoke", "online").exit_code == 0
    assert "停止" in ready("client", "list").stdout
    assert "児童手当の認定請求" in ready("purpose", "list", *TOWN).stdout


def test_a_refusal_says_why_on_standard_error_and_shows_no_trace(ready):
    """Exit code 1 for what is refused, 2 for wrong usage; standard output stays empty."""
    grant = ("client", "grant", "online", *TOWN, "--purpose", "jidoteate", "--item")
    refusals: list[tuple[tuple[str, ...], int, str]] = [
        (("client", "show", "nobody"), 1, "この連携先は登録されていません"),
        (("client", "revoke", "nobody"), 1, "この連携先は登録されていません"),
        (("client", "rotate-key", "online"), 2, "--retire"),
        (("client", "rotate-key", "online", "--retire", "no-such"), 1, "kid"),
        (("purpose", "list", "-m", "12345"), 2, "6 桁"),
        ((*grant, "001.*"), 1, "ワイルドカード"),
        ((*grant, "001.juminkihonjoho.shimei", "--valid-to", "soon"), 2, "2026-10-01"),
        (("client", "revoke-grant", "no-such", *TOWN), 1, "許可が見つかりません"),
        (("audit", "show", "no-such", *TOWN), 1, "記録はありません"),
    ]
    for arguments, code, said in refusals:
        result = ready(*arguments)
        assert result.exit_code == code, arguments
        assert said in result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.output


def test_keys_of_a_consumer_are_renewed_with_an_overlap(ready, installation: Path):
    """Add a key, later take the old ones away."""
    from tests.gateway.access.consumers import FOREIGN

    new = {**FOREIGN.as_dict(private=False), "kid": "new"}
    (installation / "new.json").write_text(json.dumps(new))
    both = ready("client", "rotate-key", "online", "--add", str(installation / "new.json"))
    assert "ec-1, rsa-1, ed-1, new" in both.stdout
    left = ready("client", "rotate-key", "online", "--retire", "ec-1", "--retire", "rsa-1")
    assert "ed-1, new" in left.stdout


def test_handles_are_printed_for_numbers_on_standard_input(ready):
    """One a line, a dash for a number that nobody has; the same each time."""
    typed = "000000000019\n999999999999\n000000000027\n"
    result = ready("subject", "handle", *TOWN, "--client", "online", typed=typed)
    assert result.exit_code == 1
    first, unknown, second = result.stdout.split()
    assert unknown == "-"
    assert first.startswith("h1-")
    assert first != second
    again = ready("subject", "handle", *TOWN, "--client", "online", typed="000000000019\n")
    assert again.stdout.split() == [first]
    by_tax = ready(
        *("subject", "handle", *TOWN, "--client", "online", "--numbering", "tax"),
        typed="10000001\n",
    )
    assert by_tax.stdout.split() == [first]


def test_no_handle_is_issued_for_a_consumer_that_is_not_registered(ready):
    """It would be a handle that nobody can use."""
    result = ready("subject", "handle", *TOWN, "--client", "nobody", typed="000000000019\n")
    assert (result.exit_code, result.stdout) == (1, "")


def test_without_numbers_nothing_happens(ready):
    """Usage error."""
    assert ready("subject", "show", *TOWN, typed="").exit_code == 2


def test_a_bad_table_of_links_is_refused_with_its_rows(ready, installation: Path):
    """Line and reason; nothing was imported, and no number is repeated."""
    bad = installation / "bad.csv"
    bad.write_bytes(
        "宛名番号,税個人番号,福祉個人番号,照合根拠\r\n"
        "000000000035,10000009,,\r\n"
        "000000000043,10000001,,職員確認\r\n".encode("cp932")
    )
    result = ready("subject", "import", str(bad), *TOWN)
    assert result.exit_code == 1
    assert "2 行目 照合根拠" in result.stderr
    assert "10000009" not in result.output
    assert ready("subject", "show", *TOWN, typed="000000000035\n").exit_code == 1


def test_looking_at_a_person_and_at_the_record_is_recorded(ready):
    """Found by the person's number in any system; another person's rows are not shown."""
    ready("subject", "show", *TOWN, typed="000000000019\n")
    ready("subject", "handle", *TOWN, "--client", "online", typed="000000000027\n")
    found = ready("audit", "list", *TOWN, "--of", "tax", typed="10000001\n")
    assert "subject-show" in found.stdout
    assert "subject-handle" not in found.stdout
    everything = ready("audit", "list", *TOWN)
    for function in ("audit-list", "subject-handle", "subject-show", "subject-import"):
        assert function in everything.stdout
    audit_id = everything.stdout.split()[-1]
    shown = ready("audit", "show", audit_id, *TOWN)
    assert json.loads(shown.stdout)["audit_id"] == audit_id
    assert ready("audit", "show", audit_id, "-m", "999989").exit_code == 1


def test_records_are_narrowed_by_time_and_consumer(ready):
    """Since is inclusive; a day begins at midnight in Tokyo."""
    ready("subject", "handle", *TOWN, "--client", "online", typed="000000000019\n")
    assert "subject-handle" in ready("audit", "list", *TOWN, "--client", "online").stdout
    assert "subject-import" not in ready("audit", "list", *TOWN, "--client", "online").stdout
    later = ready("audit", "list", *TOWN, "--since", "2999-01-01")
    assert "subject" not in later.stdout
    before = ready("audit", "list", *TOWN, "--until", "2000-01-01T00:00")
    assert "subject" not in before.stdout


@pytest.mark.parametrize("kind", ["signing", "handles"])
def test_a_key_of_the_gateway_is_renewed_and_recorded(ready, kind: str):
    """The last one stays valid for a while."""
    before = ready("subject", "handle", *TOWN, "--client", "online", typed="000000000019\n")
    assert ready("keys", "rotate", kind).exit_code == 0
    assert "keys-rotate" in ready("audit", "list", "-m", "000000").stdout
    after = ready("subject", "handle", *TOWN, "--client", "online", typed="000000000019\n")
    assert (before.stdout == after.stdout) is (kind == "signing")


@pytest.mark.parametrize(("options", "minutes"), [((), 10), (("--overlap-hours", "0"), 0)])
def test_the_last_signing_key_works_as_long_as_a_token_lives(
    ready, installation: Path, options: tuple[str, ...], minutes: int
):
    """Ten minutes at most; none at all for whoever has stolen it."""
    assert ready("keys", "rotate", "signing", *options).exit_code == 0
    old, new = json.loads((installation / "keys" / "keys.json").read_text())["signing"]
    left = dt.datetime.fromisoformat(old["until"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(0) <= left + dt.timedelta(minutes=5) <= dt.timedelta(minutes=minutes + 5)
    assert new["until"] is None


def test_a_port_that_is_taken_is_named(ready):
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = ready("serve", "--port", port)
    assert result.exit_code == 3
    assert port in result.stderr


def test_a_misspelled_setting_ends_the_command(ready, monkeypatch: pytest.MonkeyPatch):
    """By its name, and that of the setting that is meant."""
    monkeypatch.setenv("HITOTSU_TRUSTED_PROXY", '["192.0.2.7"]')
    result = ready("client", "list")
    assert (result.exit_code, "HITOTSU_TRUSTED_PROXIES" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("TRUSTED_PROXIES", "192.0.2.7", "HITOTSU_TRUSTED_PROXIES: JSON で書いてください"),
        ("CONSUMER_QUOTAS", "many", "HITOTSU_CONSUMER_QUOTAS: JSON で書いてください"),
        ("TRUSTED_PROXIES", '["0.0.0.0/0"]', "だれの証明書でも示せてしまいます"),
        ("TOKEN_LIFETIME_S", "900", "HITOTSU_TOKEN_LIFETIME_S: 600 以下にしてください"),
        ("FLAG_POLL_S", "700", "HITOTSU_FLAG_POLL_S: HITOTSU_FLAG_MAX_AGE_S より短く"),
        ("LOG_LEVEL", "loud", "HITOTSU_LOG_LEVEL: debug・info・warning・error のいずれか"),
        ("STATE_PAGE", "perhaps", "HITOTSU_STATE_PAGE: true か false にしてください"),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule_in_both_languages(
    ready, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
):
    """One that is a list in JSON is easily written without its brackets."""
    monkeypatch.setenv(f"HITOTSU_{setting}", value)
    result = ready("client", "list")
    assert (result.exit_code, said in result.stderr) == (3, True), result.stderr
    assert f"settings are wrong (HITOTSU_{setting}" in result.stderr


def test_workers_without_room_for_what_they_share_are_told_where_it_lies(
    ready, installation: Path, monkeypatch: pytest.MonkeyPatch
):
    """A service whose file system is read-only: the setting to look at is named."""
    monkeypatch.setattr(tempfile, "tempdir", str(installation / "read-only"))
    result = ready("serve", "--port", "0", "--workers", "2")
    assert (result.exit_code, "TMPDIR" in result.stderr) == (3, True)


def test_a_sunset_before_its_deprecation_ends_the_command(ready, monkeypatch: pytest.MonkeyPatch):
    """API9, RFC 9745: before anything is started; the line is named."""
    line = "- {version: v1, deprecated: 2027-01-02T00:00:00+09:00, sunset: 2027-01-01T00:00:00Z}"
    monkeypatch.setattr("gateway.cli.serving.read_lifecycle", lambda: read_lifecycle(line))
    result = ready("serve", "--port", "0", "--workers", "2")
    assert (result.exit_code, "sunset of v1 lies before deprecated" in result.stderr) == (3, True)


def test_installed_adapters_and_where_they_are_on_are_listed(ready, installation: Path):
    """An adapter that is on but not usable makes the command fail."""
    (installation / "adapters.yaml").write_text(
        'adapters:\n  - {adapter: reference-tax, municipality: "999997"}\n'
        '  - {adapter: no-such-adapter, municipality: "999997"}\n'
    )
    listed = ready("adapter", "list")
    assert listed.exit_code == 0
    (line,) = (line for line in listed.stdout.splitlines() if "reference-tax" in line)
    assert "999997" in line
    checked = ready("adapter", "ping")
    assert checked.exit_code == 1
    assert "adapter-not-installed" in checked.stdout


def test_a_wrong_adapters_file_names_the_place(ready, installation: Path):
    """Exit code 3: the installation is not in order."""
    (installation / "adapters.yaml").write_text("adapters:\n  - {adapter: x}\n")
    result = ready("adapter", "list")
    assert result.exit_code == 3
    assert "adapters.0.municipality" in result.stderr


def test_a_wrong_setting_is_named_without_its_value(hitotsu, monkeypatch):
    """A setting may hold a password."""
    monkeypatch.setenv("HITOTSU_TOKEN_LIFETIME_S", "77777")
    result = hitotsu("db", "check")
    assert result.exit_code == 3
    assert "HITOTSU_TOKEN_LIFETIME_S" in result.stderr
    assert "77777" not in result.output


def test_a_database_that_is_not_there_is_named_without_its_password(hitotsu, monkeypatch):
    """One line, no trace."""
    url = "postgresql://user:canary@127.0.0.1:1/hitotsu"
    monkeypatch.setenv("HITOTSU_DATABASE_URL", url)
    result = hitotsu("db", "check")
    assert result.exit_code == 3
    assert "canary" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_an_error_of_ours_ends_in_one_line(monkeypatch, capsys):
    """Exit code 70; the trace is shown on request only."""

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.delenv("HITOTSU_LOG_LEVEL", raising=False)
    with pytest.raises(SystemExit) as ended:
        cli.main(broken)
    assert ended.value.code == 70
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("HITOTSU_LOG_LEVEL", "debug")
    with pytest.raises(ZeroDivisionError):
        cli.main(broken)


def test_a_command_loads_only_what_it_works_with():
    """Whoever renews a key waits for no compiler, no pages of the console, no other noun."""
    code = (
        "import sys\nfrom gateway.cli.commands import app\n"
        "app(['keys', '--help'], standalone_mode=False)\nprint(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(run.stderr.split())
    assert {module for module in loaded if module.startswith("gateway.cli.")} == {
        "gateway.cli.commands",
        "gateway.cli.keys",
        "gateway.cli.session",
    }
    assert not loaded & {"numba", "gateway.app", "gateway.console", "adapters.conformance"}


def test_every_command_explains_itself_in_japanese_and_english():
    """Japanese first, then English behind a stroke."""
    tree = typer.main.get_command(cli.app)
    for noun in tree.commands.values():  # type: ignore[attr-defined]
        for command in getattr(noun, "commands", {"": noun}).values():
            japanese, stroke, english = (command.help or "").partition(" / ")
            assert stroke, command.name
            assert any(ord(c) > 0x3000 for c in japanese), command.name
            assert english.isascii(), command.name


def test_what_ends_soon_is_listed(ready):
    """A grant by its last day."""
    import datetime as dt

    last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)
    made = ready(
        *("client", "grant", "online", "-m", "999997", "--purpose", "jidoteate"),
        *("--item", "001.juminkihonjoho.shimei", "--valid-to", last.isoformat()),
    )
    assert made.exit_code == 0
    assert last.isoformat() not in ready("expiries").stdout, "it is not in force"
    assert ready("expiries", "--within", "0").exit_code == 0


def test_an_id_that_begins_with_a_dash_is_no_option(ready):
    """One thumbprint in 64 does; what is refused is that nobody has it, and not how it is put."""
    retired = ready("client", "retire-certificate", "online", "-MUTxHItcIreG0WWjlELKUhdpabf6nUI2s")
    revoked = ready("keys", "revoke", "-tGx1HItcIreG0WWjlELKUhdpabf6nUI2sNt2OKFVyE")
    assert (retired.exit_code, "no such certificate" in retired.stderr) == (1, True)
    assert (revoked.exit_code, "no retired evidence key" in revoked.stderr) == (3, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "nothing"), "このコマンドはありません。 / No such command"),
        (
            ("audit", "show", *TOWN),
            "'audit_id' がありません。必ず書いてください。 / Missing argument",
        ),
        (("audit", "list", *TOWN, "--nothing"), "このオプションはありません。 / No such option"),
        (("db", "check", "more"), "引数が多すぎます。"),
        (("audit", "list", *TOWN, "--limit", "0"), "'--limit' の値が正しくありません。 / Invalid"),
        (("audit", "list", *TOWN, "--since", "x"), "'--since' の値が正しくありません：日時は"),
        (("audit", "list", "-m", "1"), "の値が正しくありません：団体コードは 6 桁の数字です"),
    ],
)
def test_what_is_wrong_with_the_words_of_a_command_is_said_in_both_languages(
    hitotsu, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
):
    """Whoever types it need not know the English of the library."""
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    done = hitotsu(*words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_a_group_without_a_word_shows_its_help(hitotsu):
    """And no message."""
    done = hitotsu("audit")
    assert "監査記録" in done.stdout + done.stderr
    assert "正しくありません" not in done.stderr
