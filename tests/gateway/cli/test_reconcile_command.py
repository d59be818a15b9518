"""``hitotsu reconcile``, as an operator types it, over deliveries of the pension host."""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.adapters.pension_file import blocks, matsubi, menjo, sample, sentou, shikaku
from tests.gateway.cli.conftest import Hitotsu

TOWN = ("-m", "999997")
RECONCILE = ("reconcile", "reference-pension", *TOWN)
ONE, TWO, THREE, FOUR = "000000471121", "000000471122", "000000471123", "000000471124"
PACKAGE = Path("adapters/reference/pension")


@pytest.fixture
def delivered(ready: Hitotsu, installation: Path) -> Path:
    """The pension host switched on, and the system that comes after it; both delivered the same."""
    folders = [installation / name for name in ("delivery", "delivery-new")]
    for folder in folders:
        folder.mkdir()
        (folder / "NENKIN.DAT").write_bytes(sample())
    unsigned = {"accept_unsigned": True, "quarantine": str(installation / "quarantine")}
    entries = [
        {
            "adapter": name,
            "municipality": "999997",
            "settings": {"delivery": str(folder)},
            "hand_over": unsigned,
        }
        for name, folder in zip(("reference-pension", "new-pension"), folders, strict=True)
    ]
    (installation / "adapters.yaml").write_text(yaml.safe_dump({"adapters": entries}))
    return folders[0]


@pytest.fixture
def successor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The adapter of the system that comes after it, as an installed package; its mapping."""
    folder = tmp_path / "packages"
    package = shutil.copytree(PACKAGE, folder / "new_pension")
    manifest = package / "manifest.yaml"
    text = manifest.read_text("utf-8").replace("id: reference-pension", "id: new-pension")
    manifest.write_text(text, "utf-8")
    installed = folder / "new_pension-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: new-pension\nVersion: 0.1.0\n"
    )
    (installed / "entry_points.txt").write_text("[hitotsu.adapters]\nnew-pension = new_pension\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "new_pension", raising=False)
    return package / "mapping.yaml"


def next_day() -> bytes:
    """Return a delivery in which one exemption is another, one person is gone and one is new."""
    return blocks(
        [
            sentou(),
            shikaku(ONE, "0123456781", "架空花子"),
            menjo(ONE, 1, "T", ("202604", "202703"), 16980),
            menjo(ONE, 2, "H", ("202704", "000000"), 8490),
            shikaku(TWO, "0123456782", "見本次郎", kind="3", since=3550401, until=5010501),
            shikaku(FOUR, "0123456784", "想定四郎"),
            menjo(FOUR, 1, "G", ("202604", "202703"), 16980),
            matsubi(6, 3, 42450),
        ]
    )


def loaded(ready: Hitotsu) -> None:
    done = ready("snapshot", "load", "reference-pension", *TOWN, "--as-of", "2026-10-01T06:00")
    assert done.exit_code == 0, done.output


def test_what_was_loaded_is_what_was_delivered(ready: Hitotsu, delivered: Path) -> None:
    """Nothing differs, the exit code says so, and the audit record."""
    loaded(ready)
    done = ready(*RECONCILE)
    assert done.exit_code == 0, done.output
    assert "違いはありません" in done.stdout
    assert "026.shikakujoho" in done.stdout
    assert "reconcile" in ready("audit", "list", *TOWN).stdout


def test_rows_that_differ_are_named_in_a_file_for_its_owner_alone(
    ready: Hitotsu, delivered: Path, installation: Path
) -> None:
    """On the screen, which a log keeps, stand counts and items; no number and no value anywhere."""
    loaded(ready)
    (delivered / "NENKIN.DAT").write_bytes(next_day())
    file = installation / "rows.csv"
    done = ready(*RECONCILE, "--rows", str(file))
    assert done.exit_code == 1
    assert "違いがあります" in done.stderr
    for number in (ONE, TWO, THREE, FOUR):
        assert number not in done.output
    assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    told = [(row["違い"], row["グループ"], row["番号"]) for row in rows if row["番号"]]
    assert sorted(told) == [
        ("内容が違う", "026.menjojoho", ONE),
        ("右だけ", "026.menjojoho", FOUR),
        ("右だけ", "026.shikakujoho", FOUR),
        ("左だけ", "026.menjojoho", THREE),
        ("左だけ", "026.shikakujoho", THREE),
    ]
    assert "架空花子" not in file.read_text("utf-8-sig")
    again = ready(*RECONCILE, "--rows", str(file))
    assert (again.exit_code, "もうあります" in again.stderr) == (1, True)


def test_the_old_and_the_new_system_are_compared(
    ready: Hitotsu, delivered: Path, successor: Path
) -> None:
    """Two adapters that answer for the same groups, without any snapshot."""
    same = ready(*RECONCILE, "--with", "new-pension")
    assert same.exit_code == 0, same.output
    mapping = successor.read_text("utf-8")
    wrong = mapping.replace("      kisonenkinbango: {field: kiso_no}\n", "")
    assert wrong != mapping
    successor.write_text(wrong, "utf-8")
    differs = ready(*RECONCILE, "--with", "new-pension", "--group", "026.shikakujoho")
    assert differs.exit_code == 1
    assert "026.menjojoho" not in differs.stdout
    assert "kisonenkinbango" in differs.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 1, "snapshot load"),
        (("--with", "reference-pension"), 2, "同じアダプター"),
        (("--with", "nobody"), 1, "有効になっていません"),
        (("--group", "001.juminkihonjoho"), 1, "突き合わせるグループがありません"),
    ],
    ids=["nothing loaded", "with itself", "not switched on", "no such group"],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    ready: Hitotsu, delivered: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """With what to do."""
    refused = ready(*RECONCILE, *arguments)
    assert (refused.exit_code, said in refused.stderr) == (code, True), refused.output


def test_a_delivery_that_is_damaged_is_not_compared(ready: Hitotsu, delivered: Path) -> None:
    """It is neither equal nor different; it says why."""
    loaded(ready)
    (delivered / "NENKIN.DAT").write_bytes(sample()[:-60])
    refused = ready(*RECONCILE)
    assert (refused.exit_code, "突き合わせられません" in refused.stderr) == (1, True)


def test_a_delivery_that_nobody_signed_is_not_compared(
    ready: Hitotsu, delivered: Path, installation: Path
) -> None:
    """NZ-5: what the load would not read, a comparison does not read, and it moves nothing."""
    loaded(ready)
    rules = (installation / "adapters.yaml").read_text()
    (installation / "adapters.yaml").write_text(rules.replace("unsigned: true", "unsigned: false"))
    refused = ready(*RECONCILE)
    assert (refused.exit_code, "公開鍵がありません" in refused.stderr) == (1, True)
    assert (delivered / "NENKIN.DAT").read_bytes() == sample()
