"""`hitotsu staff desk | add | grant | approve | revoke | lock | unlock | reset | list`."""

from __future__ import annotations

import re

import pytest

TOWN = ("-m", "999997")
CODE = re.compile(r"^[2-9A-Z]{5}(-[2-9A-Z]{5}){3}$", re.MULTILINE)


def test_staff_are_registered_and_get_rights_by_two_persons(ready, monkeypatch: pytest.MonkeyPatch):
    """NZ-4: a code once; a right waits for somebody else, and for the member to enrol."""
    assert ready("staff", "desk", "zeimu-mado", *TOWN, "--name", "税務課窓口").exit_code == 0
    added = ready("staff", "add", "sato", *TOWN, "--name", "佐藤")
    assert (added.exit_code, len(CODE.findall(added.stdout))) == (0, 1)
    duty = ("--desk", "zeimu-mado", "--purpose", "jidoteate")
    granted = ready("staff", "grant", "sato", "view-person", *TOWN, *duty)
    assert granted.exit_code == 0, granted.output
    (right,) = set(re.findall(r"[0-9a-f]{16}", granted.stdout))
    monkeypatch.setattr("gateway.cli.session.account", lambda: "second")
    early = ready("staff", "approve", right, *TOWN)
    assert (early.exit_code, "登録を終えていません" in early.stderr) == (1, True)
    listed = ready("staff", "list", *TOWN).stdout
    assert "登録待ち" in listed
    assert "view-person zeimu-mado jidoteate" in listed
    assert "承認待ち" in listed
    for command in (
        ("revoke", right),
        ("lock", "sato"),
        ("unlock", "sato"),
    ):
        assert ready("staff", *command, *TOWN).exit_code == 0, command
    reset = ready("staff", "reset", "sato", *TOWN)
    assert len(CODE.findall(reset.stdout)) == 1
    assert "承認待ちに戻りました" in reset.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "佐藤", "--name", "佐藤"), "職員 ID は"),
        (("grant", "nobody", "audit"), "登録されていません"),
        (("approve", "0" * 16), "見つかりません"),
        (("lock", "nobody"), "登録されていません"),
        (("desk", "online", "--name", "取られた名前"), "すでに登録されています"),
    ],
)
def test_what_cannot_be_done_is_said(ready, arguments, says: str):
    """In one line."""
    done = ready("staff", *arguments, *TOWN)
    assert (done.exit_code, says in done.stderr) == (1, True), done.output


def test_a_right_on_persons_names_a_desk_and_a_purpose_and_another_neither(ready):
    """NZ-4: no right for everything."""
    ready("staff", "add", "sato", *TOWN, "--name", "佐藤")
    for arguments in (("view-person",), ("audit", "--desk", "zeimu-mado"), ("reveal",)):
        done = ready("staff", "grant", "sato", *arguments, *TOWN)
        assert (done.exit_code, "窓口と利用目的を指定し" in done.stderr) == (1, True)
