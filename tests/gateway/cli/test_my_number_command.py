"""``hitotsu my-number`` as an officer types it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.errors import AdapterError
from gateway.cli.session import run
from gateway.connections.destinations import DestinationRefused
from standard_models.reference.check_digits import my_number_check
from tests.gateway.cli.conftest import Hitotsu
from tests.gateway.my_numbers.register import filled, installed

TOWN = ("-m", "999997")
ONE, OTHER = (eleven + my_number_check(eleven) for eleven in ("12345678901", "23456789012"))


def written(folder: Path, *lines: str) -> str:
    """Return the name of a new file of numbers."""
    path = folder / "numbers.csv"
    path.write_bytes("\r\n".join(("宛名番号,個人番号", *lines)).encode("cp932"))
    return str(path)


def test_numbers_are_imported_counted_told_and_erased(ready: Hitotsu, installation: Path) -> None:
    """Whole or not at all; no command prints a number, and each stands in the record (MN-4)."""
    wrong = written(installation, f"000000000019,{ONE}", "000000000027,123456789012")
    refused = ready("my-number", "import", wrong, *TOWN)
    assert (refused.exit_code, "3 行目 個人番号" in refused.stderr) == (1, True)
    assert "resident" not in ready("my-number", "count", *TOWN).stdout
    good = written(installation, f"000000000019,{ONE}", f"000000000027,{ONE}", f"99,{OTHER}")
    done = ready("my-number", "import", good, *TOWN)
    assert done.exit_code == 0, done.output
    assert done.stdout.split("\n")[3].split() == ["3", "2", "0", "0", "0", "0", "1"]
    told = ready("my-number", "candidates", *TOWN).stdout
    assert "000000000019" in told
    assert "000000000027" in told
    assert ready("keys", "rotate", "my-numbers").exit_code == 0
    early = ready("my-number", "candidates", *TOWN)
    assert (early.exit_code, "my-number reseal" in early.stderr) == (3, True)
    assert "2 件" in ready("my-number", "reseal").stdout
    assert ready("my-number", "count", *TOWN).stdout.split()[-3:] == ["resident", "2", "2"]
    one = ("my-number", "erase", *TOWN, "--numbering", "resident")
    assert "1 件" in ready(*one, typed="000000000019\n").stdout
    assert "1 件" in ready(*one, "--everybody").stdout
    seen = ready("audit", "search", "my-number", *TOWN)
    assert seen.exit_code == 0, seen.output
    for function in ("my-number-import", "my-number-candidates", "my-number-erase"):
        assert function in seen.stdout
    assert (
        "my-number-import"
        not in ready("audit", "search", "my-number", *TOWN, "--client", "online").stdout
    )
    assert ONE not in refused.output + done.output + told + seen.output


def test_the_extract_of_the_resident_system_is_loaded(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its mapping; what is set aside is told by person and reason, and no number is shown."""
    installed(installation, monkeypatch)
    load = ("my-number", "load", "example-bango", *TOWN)
    off = ready(*load)
    assert (off.exit_code, "有効になっていません" in off.stderr) == (1, True)
    wrong = OTHER[:11] + str((int(OTHER[11]) + 1) % 10)
    people = [("000000000019", ONE), ("000000000027", wrong), ("99", OTHER)]
    entry = {
        "adapter": "example-bango",
        "municipality": "999997",
        "settings": {"database_url": filled(installation / "register.db", people)},
    }
    (installation / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    done = ready(*load)
    assert done.exit_code == 0, done.output
    assert done.stdout.split("\n")[3].split() == ["001.bangojoho", "3", "1", "0", "2", "0", "0"]
    assert ready("my-number", "count", *TOWN).stdout.split()[-3:] == ["resident", "1", "1"]
    aside = ready("my-number", "quarantine", *TOWN).stdout
    assert "000000000027" in aside
    assert "検査用数字が合わない" in aside
    assert "nobody is linked" in aside
    again = ready(*load)
    assert again.stdout.split("\n")[3].split() == ["001.bangojoho", "3", "0", "1", "2", "0", "0"]
    filled(installation / "register.db", [])
    (installation / "register.db").unlink()
    gone = ready(*load)
    assert (gone.exit_code, "同じコマンドで続きから" in gone.stderr) == (1, True)
    seen = ready("audit", "search", "my-number", *TOWN)
    for function in ("my-number-load-begin", "my-number-load", "my-number-quarantine"):
        assert function in seen.stdout
    said = "".join(one.output for one in (done, again, gone, seen)) + aside
    assert not [digits for digits in (ONE, OTHER, wrong) if digits[:11] in said]


def test_a_source_that_may_not_be_called_is_told_as_such() -> None:
    """NZ-3: the refusal is an OSError too, and no fault of our own database."""

    async def refused() -> None:
        raise DestinationRefused("address outside HITOTSU_OUTGOING_NETWORKS")

    with pytest.raises(AdapterError):
        run(refused())


def test_numbers_are_in_a_backup_of_their_own(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files are written, and each goes back into its own database."""
    assert (
        ready("my-number", "import", written(installation, f"000000000019,{ONE}"), *TOWN).exit_code
        == 0
    )
    file = installation / "backup.zip"
    assert ready("db", "backup", str(file), "--plain").exit_code == 0
    assert (installation / "backup.zip.my-numbers").exists()
    monkeypatch.setenv("HITOTSU_DATABASE_URL", f"sqlite+aiosqlite:///{installation / 'new.db'}")
    assert ready("db", "upgrade").exit_code == 0
    assert ready("db", "restore", str(file)).exit_code == 0
    assert ready("my-number", "count", *TOWN).stdout.split()[-3:] == ["resident", "1", "1"]


def test_a_database_of_numbers_that_was_never_made_is_told(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that makes it is named; everything else works without it."""
    apart = f"sqlite+aiosqlite:///{installation / 'apart.db'}"
    monkeypatch.setenv("HITOTSU_MY_NUMBER_DATABASE_URL", apart)
    early = ready("my-number", "count", *TOWN)
    assert (early.exit_code, "hitotsu db upgrade" in early.stderr) == (3, True)
    assert ready("db", "check").exit_code == 1
    assert ready("client", "list").exit_code == 0


def test_a_purpose_names_the_affair_of_the_number_act(ready: Hitotsu) -> None:
    """MN-5: refused where the law does not list it."""
    add = ("purpose", "add", "bango", *TOWN, "--name", "番号", "--name-en", "By number",
           "--legal-basis", "法", "--organ", "課")  # fmt: skip
    refused = ready(*add, "--number-use", "koho")
    assert (refused.exit_code, "番号法第9条" in refused.stderr) == (1, True)
    grant = ("client", "grant", "online", *TOWN, "--item", "right:match-by-number",
             "--valid-from", "2026-10-01", "--purpose")  # fmt: skip
    assert ready(*grant, "jidoteate").exit_code == 1
    assert ready(*add, "--number-use", "jidoteate").exit_code == 0
    assert ready(*grant, "bango").exit_code == 0
