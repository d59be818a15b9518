"""``hitotsu adapter rehearse``, as an operator types it, over a delivery of the test system."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.adapters.pension_file import sample
from tests.gateway.cli.conftest import Hitotsu

WORDS = (
    *("adapter", "rehearse", "reference-pension", "-m", "999997"),
    *("--security-review", "審査記録 12", "--support", "保守契約 3", "--run-by", "情報政策課"),
)


@pytest.fixture
def delivered(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pension adapter switched on, and what the host delivered."""
    monkeypatch.setenv("HITOTSU_CERTIFICATES_DIR", str(installation / "certificates"))
    folder = installation / "delivery"
    folder.mkdir()
    (folder / "NENKIN.DAT").write_bytes(sample())
    entry = {
        "adapter": "reference-pension",
        "municipality": "999997",
        "settings": {"delivery": str(folder)},
    }
    (installation / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    return folder


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestRehearsal:
    """No database is asked; one is enough."""

    def test_a_rehearsal_and_a_certificate_are_level_3_in_the_town(
        self, hitotsu: Hitotsu, delivered: Path, installation: Path
    ) -> None:
        """Counts of every group, nobody's name, and the town in the list."""
        assert hitotsu("adapter", "certify", "reference-pension", "--calls", "20").exit_code == 0
        done = hitotsu(*WORDS)
        assert done.exit_code == 0, done.stderr
        (path,) = (installation / "certificates").glob("*.rehearsal.json")
        kept = json.loads(path.read_text("utf-8"))
        assert (kept["run_by"], kept["differences"]) == ("情報政策課", [])
        assert {t["group"]: t["records"] for t in kept["tried"]} == {
            "026.shikakujoho": 3,
            "026.menjojoho": 3,
        }
        assert "架空" not in path.read_text("utf-8")
        listed = hitotsu("adapter", "list").stdout.replace("\n", "")
        assert "level 3" in " ".join(listed.split())

    def test_a_damaged_delivery_is_kept_as_a_difference(
        self, hitotsu: Hitotsu, delivered: Path, installation: Path
    ) -> None:
        """The command ends with an error, and the record is there to look at."""
        (delivered / "NENKIN.DAT").write_bytes(sample()[:-60])
        done = hitotsu(*WORDS)
        assert done.exit_code == 1
        (path,) = (installation / "certificates").glob("*.rehearsal.json")
        assert json.loads(path.read_text("utf-8"))["differences"]

    def test_what_is_not_switched_on_cannot_be_rehearsed(
        self, hitotsu: Hitotsu, delivered: Path
    ) -> None:
        """Another town, another adapter, a capability that is none."""
        assert hitotsu(*[w.replace("999997", "131016") for w in WORDS]).exit_code == 1
        assert hitotsu(*WORDS, "--by-hand", "fetch=x").exit_code == 2
