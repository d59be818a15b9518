"""`hitotsu representation`: persons come by standard input and are never shown."""

from __future__ import annotations

import re

import pytest

TOWN = ("-m", "999997")
CHILD, PARENT = "000000000019", "000000000027"
ADD = ("representation", "add", *TOWN, "--document", "令和8年第12号")


def test_a_representation_is_added_approved_listed_and_ended(
    ready, monkeypatch: pytest.MonkeyPatch
):
    """Two officers; no number and no birth date stands in any output."""
    line = f"{CHILD},{PARENT},2018-02-17\n"
    done = ready(*ADD, "--kind", "parent", typed=line)
    assert done.exit_code == 0, done.output
    found = re.search(r"[0-9a-f]{16}", done.stdout)
    assert found is not None
    approve = ("representation", "approve", found[0], *TOWN)
    own = ready(*approve)
    assert (own.exit_code, "自分が登録した代理" in own.stderr) == (1, True)
    assert "承認待ち" in ready("representation", "list", *TOWN).stdout
    monkeypatch.setattr("gateway.cli.session.account", lambda: "second")
    agreed = ready(*approve)
    assert (agreed.exit_code, "承認しました" in agreed.stdout) == (0, True)
    listed = ready("representation", "list", *TOWN)
    assert "親権者" in listed.stdout
    assert "成年まで" in listed.stdout
    for secret in (CHILD, PARENT, "2018", "2036"):
        assert secret not in done.output + agreed.output + listed.output
    assert ready("representation", "end", found[0], *TOWN).exit_code == 0
    assert found[0] not in ready("representation", "list", *TOWN).stdout


def test_a_mandate_names_its_purpose_and_last_day(ready):
    """By numbers of two systems."""
    more = ("--kind", "mandate", "--purpose", "jidoteate", "--until", "2099-03-31")
    item = ("--item", "001.juminkihonjoho.shimei")
    of = ("--of", "tax", "--representative-of", "resident")
    done = ready(*ADD, *more, *item, *of, typed=f"10000001,{PARENT}\n")
    assert done.exit_code == 0, done.output
    shown = ready("representation", "list", *TOWN).stdout
    for text in ("jidoteate", "2099-03-31", "001.juminkihonjoho.shimei", "任意代理人"):
        assert text in shown


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("", 2, "一行だけ"),
        (f"{CHILD}\n", 2, "一行だけ"),
        (f"{CHILD},{PARENT}\n{PARENT},{CHILD}\n", 2, "一行だけ"),
        (f"{CHILD},\n", 2, "一行だけ"),
        (f"{CHILD},{PARENT},H300217\n", 2, "2018-02-17"),
        (f"{CHILD},999\n", 1, "登録されていないもの"),
        (f"{CHILD},{CHILD},2018-02-17\n", 1, "本人は本人の代理人"),
        (f"{CHILD},{PARENT}\n", 1, "生年月日が必要"),
        (f"{CHILD},{PARENT},1990-01-01\n", 1, "期間が終わって"),
    ],
)
def test_what_cannot_be_registered_says_why_without_repeating_it(
    ready, typed: str, code: int, said: str
):
    """Wrong usage or a refusal; nothing is written."""
    done = ready(*ADD, "--kind", "parent", typed=typed)
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
    assert CHILD not in done.output
    assert "承認待ち" not in ready("representation", "list", *TOWN).stdout


def test_a_measure_names_other_parties_who_are_known(ready):
    """With --other-party-of a line goes on behind the number; nobody unknown can be named."""
    set_ = ("protection", "set", *TOWN, "--of", "resident", "--kind", "full")
    named = (*set_, "--other-party-of", "resident")
    assert ready(*named, typed=f"{CHILD},{PARENT}\n").exit_code == 0
    for arguments, typed, code in (
        (set_, f"{CHILD},{PARENT}\n", 2),
        (named, f"{CHILD}\n", 2),
        (named, f"{CHILD},\n", 2),
        (named, f"{CHILD},999\n", 1),
        (named, f"{CHILD},{PARENT}\n{PARENT},{PARENT}\n", 1),
    ):
        refused = ready(*arguments, typed=typed)
        assert refused.exit_code == code, refused.output
        assert CHILD not in refused.output
    listed = ready("protection", "list", *TOWN).stdout
    assert len(re.findall(r"[0-9a-f]{16}", listed)) == 1
    assert PARENT not in listed


def test_a_grant_carries_its_relation(ready):
    """Of represented persons only with a login; the list of grants shows it."""
    grant = ("client", "grant", "online", *TOWN, "--purpose", "jidoteate")
    item = ("--item", "001.juminkihonjoho.shimei", "--relation", "represented")
    refused = ready(*grant, *item)
    assert (refused.exit_code, "--login-level" in refused.stderr) == (1, True)
    assert ready(*grant, *item, "--login-level", "2").exit_code == 0
    assert "（represented）" in ready("client", "show", "online").stdout
