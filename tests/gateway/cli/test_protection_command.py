"""`hitotsu protection`: numbers come by standard input and are never shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOWN = ("-m", "999997")


def test_a_measure_is_set_listed_extended_and_ended_by_two(ready, monkeypatch: pytest.MonkeyPatch):
    """The number stands in no output; the first end changes nothing."""
    number = "000000000019"
    done = ready(
        *("protection", "set", *TOWN, "--of", "resident", "--kind", "provisional"),
        *("--since", "2026-06-10"),
        typed=f"{number}\n",
    )
    assert done.exit_code == 0, done.output
    found = re.search(r"[0-9a-f]{16}", done.stdout)
    assert found is not None
    measure = found[0]
    listed = ready("protection", "list", *TOWN)
    assert "2026-06-10 – 2027-06-09" in listed.stdout
    assert number not in done.output + listed.output
    later = ("protection", "extend", measure, *TOWN, "--until", "2028-06-09")
    assert ready(*later).exit_code == 0
    again = ready(*later)
    assert (again.exit_code, "より後の日" in again.stderr) == (1, True)
    end = ("protection", "end", measure, *TOWN)
    assert "別の職員が同じコマンドを実行するまで" in ready(*end).stdout
    own = ready(*end)
    assert (own.exit_code, "自分が申し出た終了" in own.stderr) == (1, True)
    assert measure in ready("protection", "list", *TOWN).stdout
    monkeypatch.setattr("gateway.cli.session.account", lambda: "second")
    assert "終えました" in ready(*end).stdout
    assert measure not in ready("protection", "list", *TOWN).stdout


def test_a_measure_that_protects_nobody_who_is_known_is_told_of(ready):
    """DV-4: a slip of the number, or of its numbering, must not look like protection."""
    done = ready(
        *("protection", "set", *TOWN, "--of", "resident", "--kind", "full"),
        typed="\ufeff０００００００００００８\n",
    )
    assert done.exit_code == 0
    assert "1 行目の番号では、だれも登録されていません" in done.stderr
    assert "00000000008" not in done.output


def test_without_a_number_nothing_is_set(ready):
    """An empty standard input is wrong usage."""
    done = ready("protection", "set", *TOWN, "--of", "resident", "--kind", "full", typed="")
    assert done.exit_code == 2
    assert "番号がありません" in done.stderr


def test_a_hold_is_set_and_ended_by_one_officer(ready):
    """DV-8b: its cause stands in the list of officers alone; the number stands nowhere."""
    number = "000000000019"
    words = ("--of", "resident", "--cause", "returned-mail")
    held = ready("protection", "hold", *TOWN, *words, typed=f"{number}\n")
    found = re.search(r"[0-9a-f]{16}", held.stdout)
    assert found is not None
    listed = ready("protection", "list", *TOWN)
    assert "returned-mail" in listed.stdout
    assert number not in held.output + listed.output
    assert "終えました" in ready("protection", "end", found[0], *TOWN).stdout
    assert found[0] not in ready("protection", "list", *TOWN).stdout


def test_counts_are_of_a_day_and_nothing_is_equal_without_an_authority(ready):
    """DV-17; RE-2: a gate that compares with nobody stays shut."""
    counted = ready("protection", "counts", *TOWN, "--day", "2026-10-01")
    assert (counted.exit_code, "2026-10-01" in counted.stdout) == (0, True)
    compared = ready("protection", "compare", *TOWN)
    assert (compared.exit_code, "住所類は出ません" in compared.stderr) == (1, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "宛名番号,氏名\n1,a\n".encode(),
            "がありません（文字コード --encoding は cp932）",
        ),
        (b"\x81\xff,a\n", "cp932 の CSV として読めません"),
        ("宛名番号,宛名番号\n1,1\n".encode("cp932"), "いくつもあります"),
        (None, "list.csv を読めません"),
    ],
)
def test_a_list_that_cannot_be_read_is_told_with_what_to_do(
    ready, installation: Path, content: bytes | None, said: str
):
    """A spreadsheet writes another encoding than the systems of the town."""
    if content is not None:
        (installation / "list.csv").write_bytes(content)
    done = ready(
        *("protection", "release", installation / "list.csv", installation / "out.csv", *TOWN),
        *("--of", "resident", "--column", "宛名番号", "--withheld", installation / "held.csv"),
    )
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr
    assert not (installation / "out.csv").exists()
