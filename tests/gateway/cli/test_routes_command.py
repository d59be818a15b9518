import json

import pytest

TOWN = ("-m", "999997")
GROUP = "001.juminkihonjoho"


@pytest.fixture
def told(ready):
    """An installation that answers for the resident register."""
    result = ready("route", "set", *TOWN, GROUP, "reference-resident")
    assert (result.exit_code, "変更前：なし" in result.stdout) == (0, True), result.output
    return ready


def records_of_routes(hitotsu):
    listed = hitotsu("audit", "list", *TOWN).stdout.splitlines()
    ids = [line.split()[-1] for line in listed if "route-set" in line]
    return [json.loads(hitotsu("audit", "show", i, *TOWN).stdout) for i in ids]


def test_a_route_is_set_and_listed_with_the_name_of_its_group(told):
    """The group, its Japanese name, the mode and the adapter stand on one line."""
    (line,) = (row for row in told("route", "list", *TOWN).stdout.splitlines() if GROUP in row)
    assert line.split() == [GROUP, "住民基本情報", "legacy", "reference-resident"]


def test_a_change_of_a_route_is_recorded_with_before_and_after(told):
    """Kind settings; before is empty where there was no route."""
    (record,) = records_of_routes(told)
    assert record["kind"] == "settings"
    assert record["municipality"] == "999997"
    assert record["terminal"].startswith("cli:")
    assert record["before"] is None
    assert record["after"] == {"group": GROUP, "mode": "legacy", "adapter": "reference-resident"}


def test_setting_the_same_route_again_changes_and_records_nothing(told):
    """Said in words, exit code 0."""
    again = told("route", "set", *TOWN, GROUP, "reference-resident")
    assert (again.exit_code, "変更はありません" in again.stdout) == (0, True)
    assert len(records_of_routes(told)) == 1


def test_the_routes_of_another_municipality_stay_as_they_are(told):
    """Each municipality has its own."""
    assert GROUP not in told("route", "list", "-m", "999989").stdout


@pytest.mark.parametrize(
    ("group", "adapter", "said"),
    [
        ("001.nashi", "reference-resident", "グループ「001.nashi」はありません"),
        (GROUP, "no-such-adapter", "インストールされていません"),
        (GROUP, "reference-tax", f"{GROUP} を提供しません"),
    ],
)
def test_a_route_that_nobody_could_answer_is_refused(ready, group, adapter, said):
    """Unknown group or adapter, one without the group or without questions; nothing is written."""
    result = ready("route", "set", *TOWN, group, adapter)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert GROUP not in ready("route", "list", *TOWN).stdout
    assert records_of_routes(ready) == []


def test_a_quarantined_adapter_cannot_be_routed_to(ready, monkeypatch, tmp_path):
    """The reason of the quarantine is told."""
    (tmp_path / "broken_adapter").mkdir()
    (tmp_path / "broken_adapter" / "manifest.yaml").write_text("id: broken\n")
    installed = tmp_path / "broken_adapter-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-adapter\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[hitotsu.adapters]\nbroken = broken_adapter\n")
    monkeypatch.syspath_prepend(tmp_path)
    result = ready("route", "set", *TOWN, GROUP, "broken")
    assert result.exit_code == 1
    assert "manifest.yaml が正しくありません" in result.stderr


def test_adapters_without_use_and_routes_to_nowhere_are_listed(told, installation):
    """API9: by town and group; a route that leads nowhere makes the command fail."""
    (installation / "adapters.yaml").write_text(
        'adapters:\n  - {adapter: reference-tax, municipality: "999997"}\n'
    )
    listed = told("adapter", "forgotten")
    rows = [line.split() for line in listed.stdout.splitlines()]
    assert ["reference-pension", "どの団体でも有効でない"] in [row[:2] for row in rows]
    assert ["999997", "reference-tax", "有効だが、使う経路がない"] in [row[:3] for row in rows]
    nowhere = ["999997", "reference-resident", GROUP, "経路の先が有効でない"]
    assert nowhere in [row[:4] for row in rows]
    assert (listed.exit_code, "答えられないもの：1 件" in listed.stderr) == (1, True)


def test_what_only_lies_about_makes_no_command_fail(told, installation):
    """It is listed all the same."""
    (installation / "adapters.yaml").write_text(
        'adapters:\n  - {adapter: reference-resident, municipality: "999997"}\n'
    )
    listed = told("adapter", "forgotten")
    assert (listed.exit_code, "reference-welfare" in listed.stdout) == (0, True)
    assert "reference-resident" not in listed.stdout
