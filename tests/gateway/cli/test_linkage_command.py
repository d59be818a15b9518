"""`hitotsu linkage`: systems of the national linkage face and the series of numbers."""

from __future__ import annotations

import re

TOWN = ("-m", "999997")
ADD = (
    *("linkage", "system", "add", *TOWN, "--name", "児童手当システム", "--business", "027"),
    *("--purpose", "jidoteate", "--numbering", "resident"),
)
SCOPE = "001:app_submit/v10/juminkihonjoho:Read"


def test_a_system_is_registered_listed_and_revoked(ready):
    """The secret is shown once, by the command that made it."""
    done = ready(*ADD, "--scope", SCOPE)
    assert done.exit_code == 0, done.output
    client = re.search(r"client_id: ([0-9A-Za-z]{32})\n", done.stdout)
    secret = re.search(r"client_secret: ([0-9A-Za-z]{48})\n", done.stdout)
    assert client is not None
    assert secret is not None
    listed = ready("linkage", "system", "list", *TOWN).stdout
    assert client[1] in listed
    assert SCOPE in listed
    assert "有効 / in use" in listed
    assert secret[1] not in listed
    revoke = ("linkage", "system", "revoke", client[1], *TOWN)
    assert ready(*revoke).exit_code == 0
    assert "停止 / revoked" in ready("linkage", "system", "list", *TOWN).stdout
    again = ready(*revoke)
    assert (again.exit_code, "見つかりません" in again.stderr) == (1, True)


def test_a_system_of_another_town_cannot_be_revoked(ready):
    """A municipality has its own systems only."""
    made = re.search(r"client_id: (\w+)", ready(*ADD, "--scope", SCOPE).stdout)
    assert made is not None
    assert ready("linkage", "system", "revoke", made[1], "-m", "131016").exit_code == 1


def test_a_scope_has_three_parts(ready):
    """No wildcard, no other operation."""
    for scope in ("*", "001:app_submit/v10/juminkihonjoho:Delete", "juminkihonjoho"):
        done = ready(*ADD, "--scope", scope)
        assert (done.exit_code, "スコープは" in done.stderr) == (1, True)


def test_a_system_that_could_call_nothing_is_not_registered(ready):
    """A misspelled purpose or call would be an unexplained 401 at each call."""
    for option, wrong in (
        ("--purpose", "jidoteat"),
        ("--scope", "001:app_submit/v10/juminkihonjo:Read"),
        ("--scope", "001:app_submit/v10/juminkihonjoho:Create"),
        ("--scope", "001:app_submit/v9/juminkihonjoho:Read"),
        ("--scope", "031:app_submit/v10/jutogaishaatenabangofuban:Read"),
    ):
        done = ready(*ADD, "--scope", SCOPE, option, wrong)
        assert done.exit_code == 1, wrong
        assert ("purpose add" if option == "--purpose" else wrong) in done.stderr
    number = "031:app_submit/v10/jutogaishaatenabangofuban:Create"
    assert ready(*ADD, "--scope", SCOPE, "--scope", number).exit_code == 0


def test_a_series_goes_forward_only(ready):
    """Serials that may have been used are not used again."""
    series = ("linkage", "series", *TOWN, "--numbering", "resident", "--width", "10")
    assert ready(*series, "--first", "900", "--last", "999").exit_code == 0
    assert ready(*series, "--first", "899", "--last", "999").exit_code == 1
    assert ready(*series, "--first", "900", "--last", "1000000000").exit_code == 1
