"""`hitotsu notice`: numbers come by standard input and are never shown."""

from __future__ import annotations

import re
from pathlib import Path

TOWN = ("-m", "999997")
NUMBER = "000000000019"
REGISTER = ("notice", "register", *TOWN, "--of", "resident")


def test_people_are_registered_listed_and_taken_off(ready):
    """The number stands in no output; the second end finds nothing."""
    made = ready(*REGISTER, "--until", "2099-03-31", typed=f"{NUMBER}\n")
    found = re.search(r"[0-9a-f]{16}", made.stdout)
    assert found is not None
    listed = ready("notice", "list", *TOWN)
    assert (found[0] in listed.stdout, "2099-03-31" in listed.stdout) == (True, True)
    assert "渡していない通知：0 件" in listed.stdout
    assert NUMBER not in made.output + listed.output
    end = ("notice", "end", found[0], *TOWN)
    assert [ready(*end).exit_code for _ in range(2)] == [0, 1]
    assert found[0] not in ready("notice", "list", *TOWN).stdout


def test_a_number_of_nobody_registers_nobody(ready):
    """All or nothing; a last day that has passed is refused as well."""
    unknown = ready(*REGISTER, typed=f"{NUMBER}\n999999999999\n")
    past = ready(*REGISTER, "--until", "2020-01-01", typed=f"{NUMBER}\n")
    assert (unknown.exit_code, past.exit_code) == (1, 1)
    assert not re.search(r"[0-9a-f]{16}", ready("notice", "list", *TOWN).stdout)


def test_nothing_is_handed_over_while_it_is_not_known_who_is_protected(ready, tmp_path: Path):
    """HN-4: no source of flags is there, so there is no file."""
    (tmp_path / "adapters.yaml").write_text("adapters: []\n")
    target = tmp_path / "post.csv"
    done = ready("notice", "hand-over", str(target), *TOWN, "--of", "resident")
    assert (done.exit_code, target.exists()) == (1, False)
    assert "支援措置を確認できない" in done.stderr
