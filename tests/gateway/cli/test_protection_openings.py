"""`hitotsu protection lift | exempt | approve | close | openings`."""

from __future__ import annotations

import re

import pytest

TOWN = ("-m", "999997")


def test_an_opening_of_what_is_not_registered_is_refused(ready):
    """DV-6: the client must be known; the number stands in no output."""
    number = "000000000019"
    done = ready(
        *("protection", "lift", "nobody", *TOWN, "--purpose", "nothing", "--of", "resident"),
        *("--item", "001.juminkihonjoho.jusho_choaza", "--basis", "根拠"),
        typed=f"{number}\n",
    )
    assert (done.exit_code, "登録されていません" in done.stderr) == (1, True)
    assert number not in done.output


def test_a_lift_is_for_one_person(ready):
    """DV-6: two numbers are refused."""
    done = ready(
        *("protection", "lift", "nobody", *TOWN, "--purpose", "nothing", "--of", "resident"),
        *("--item", "001.juminkihonjoho.jusho_choaza", "--basis", "根拠"),
        typed="000000000019\n000000000027\n",
    )
    assert (done.exit_code, "一人ずつ" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", ["approve", "close"])
def test_what_was_never_proposed_cannot_be_changed(ready, command: str):
    """It says so."""
    done = ready("protection", command, "0123456789abcdef", *TOWN)
    assert (done.exit_code, "見つかりません" in done.stderr) == (1, True)
    assert not re.search("Traceback", done.output)


def test_openings_are_proposed_approved_by_another_listed_and_closed(
    ready, monkeypatch: pytest.MonkeyPatch
):
    """DV-6: both kinds; the first officer cannot approve; the number stands in no output."""
    number = "000000000019"
    opened = (
        *("online", *TOWN, "--purpose", "jidoteate", "--basis", "根拠"),
        *("--item", "001.juminkihonjoho.jusho_choaza"),
    )
    lifted = ready("protection", "lift", *opened, "--of", "resident", typed=f"{number}\n")
    exempted = ready("protection", "exempt", *opened, "--until", "2999-01-01")
    assert (lifted.exit_code, exempted.exit_code) == (0, 0), lifted.output + exempted.output
    ids = [re.findall(r"[0-9a-f]{16}", done.stdout)[0] for done in (lifted, exempted)]
    own = ready("protection", "approve", ids[0], *TOWN)
    assert (own.exit_code, "自分が申し出た" in own.stderr) == (1, True)
    monkeypatch.setattr("gateway.cli.session.account", lambda: "second")
    approved = [ready("protection", "approve", found, *TOWN) for found in ids]
    assert [done.exit_code for done in approved] == [0, 0]
    assert "2999-01-01" in approved[1].stdout
    listed = ready("protection", "openings", *TOWN)
    assert all(found in listed.stdout for found in ids)
    closed = [ready("protection", "close", found, *TOWN) for found in ids]
    assert [done.exit_code for done in closed] == [0, 0]
    assert "online" not in ready("protection", "openings", *TOWN).stdout
    assert number not in lifted.output + listed.output
