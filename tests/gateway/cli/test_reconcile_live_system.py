"""RE-3 from end to end: a vendor's mapping reads two amounts from each other's columns."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
import yaml

from tests.gateway.cli.conftest import Hitotsu
from tests.gateway.my_numbers.register import CODE

GROUP = "010.kazeikihonjoho"
RECONCILE = ("reconcile", "example-zei", "-m", "999997")
MANIFEST = """
id: example-zei
version: 1.0.0
name_ja: 税 アダプター
name_en: Adapter for taxes
vendor: 見本ソフト
contacts:
  - {name: 開発, email: dev@vendor.example}
  - {name: 保守, email: support@vendor.example}
licence: Apache-2.0
contract: {minimum: "1.0", maximum: "1.0"}
lifecycle: incubating
product: {name_ja: 税, name_en: Zei, versions: ["1"]}
numbering: {id: tax, name_ja: 税個人番号}
capabilities: [extract]
supplies:
  - {group: 010.kazeikihonjoho, edition: provisional-2026}
freshness: {kind: live}
limits: {max_concurrency: 2, timeout_s: 5}
personal_data: {processed: [税額]}
"""
MAPPING = """
language: 1
system: zei
version: 1.0.0

reads:
  hitori:
    sql: {statement: SELECT * FROM zei WHERE bango = :number}
  zenin:
    sql: {statement: SELECT * FROM zei WHERE bango > :after ORDER BY bango LIMIT :limit}
  gokei:
    sql:
      statement: SELECT count(*) AS kensu, sum(ippan) AS ippan, sum(kinto) AS kinto FROM zei

groups:
  010.kazeikihonjoho:
    read: hitori
    subject: bango
    items:
      atenabango: {field: bango}
      kazeinendo: {field: nendo, fiscal_year: true}
      sotonendo: {field: nendo, fiscal_year: true}
      rirekibango: {field: rireki}
      shinkokukubun: {constant: "1"}
      {first}: {field: ippan}
      {second}: {field: kinto}

extract:
  010.kazeikihonjoho:
    read: zenin
    pages: {field: bango, size: 25}
    totals: {read: gokei, records: kensu, sums: {{first}: ippan, {second}: kinto}}
"""
FIRST, SECOND = "shichosonminzei_shotokuwarigaku", "shichosonminzei_kintowarigaku"
TOTALS = f", sums: {{{FIRST}: ippan, {SECOND}: kinto}}"


@pytest.fixture
def mapping(
    ready: Hitotsu, installation: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A tax system with sixty taxpayers that is asked live, switched on; its mapping."""
    package = tmp_path / "example_zei"
    package.mkdir()
    (package / "__init__.py").write_text(CODE, "utf-8")
    (package / "manifest.yaml").write_text(MANIFEST, "utf-8")
    right = MAPPING.replace("{first}", FIRST).replace("{second}", SECOND)
    (package / "mapping.yaml").write_text(right, "utf-8")
    told = tmp_path / "example_zei-1.0.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: example-zei\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[hitotsu.adapters]\nexample-zei = example_zei\n")
    monkeypatch.delitem(sys.modules, "example_zei", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with sqlite3.connect(tmp_path / "zei.db") as connection:
        connection.execute(
            "CREATE TABLE zei (bango TEXT, nendo INTEGER, rireki INTEGER, ippan INT, kinto INT)"
        )
        rows = [(f"{n:08d}", 2026, 1, 90_000 + 997 * n, 3_500 + n % 3) for n in range(1, 61)]
        connection.executemany("INSERT INTO zei VALUES (?, ?, ?, ?, ?)", rows)
    entry = {
        "adapter": "example-zei",
        "municipality": "999997",
        "settings": {"database_url": f"sqlite+aiosqlite:///{tmp_path / 'zei.db'}"},
    }
    (installation / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    return package / "mapping.yaml"


def with_columns_swapped(mapping: Path) -> None:
    """Have each of the two amounts read from the column of the other."""
    text = mapping.read_text("utf-8")
    wrong = text.replace(f"{FIRST}: {{field: ippan}}", f"{FIRST}: {{field: kinto}}")
    wrong = wrong.replace(f"{SECOND}: {{field: kinto}}", f"{SECOND}: {{field: ippan}}")
    assert wrong != text
    mapping.write_text(wrong, "utf-8")


def test_the_sums_that_the_source_declares_tell_on_the_first_day(
    ready: Hitotsu, mapping: Path
) -> None:
    """There is no day before, and nobody has to look at a record."""
    with_columns_swapped(mapping)
    done = ready(*RECONCILE)
    assert done.exit_code == 1
    assert done.stdout.count("接続先が述べる合計と合わない") == 2
    assert all(name in done.stdout for name in (FIRST, SECOND))


def test_the_figures_of_the_day_before_tell_where_no_sum_is_declared(
    ready: Hitotsu, mapping: Path
) -> None:
    """The two items are named; figures stand in the file alone, and stay wrong the next day."""
    mapping.write_text(mapping.read_text("utf-8").replace(TOTALS, ""), "utf-8")
    right = ready(*RECONCILE)
    assert right.exit_code == 0, right.output
    with_columns_swapped(mapping)
    for day in ("1.csv", "2.csv"):
        file = mapping.parent / day
        done = ready(*RECONCILE, "--rows", str(file))
        assert done.exit_code == 1
        assert "二つの項目が入れ替わっている疑い" in done.stdout
        assert "合計が前と大きく違う" in file.read_text("utf-8-sig")
    assert ready(*RECONCILE, "--accept").exit_code == 0
    assert ready(*RECONCILE).exit_code == 0


def test_a_system_that_is_closed_is_not_asked(ready: Hitotsu, mapping: Path) -> None:
    """NW-2: not by a nightly comparison either."""
    manifest = mapping.parent / "manifest.yaml"
    closed = '{start: "2020-01-01T00:00+09:00", end: "2099-01-01T00:00+09:00", reason_ja: 移行}'
    manifest.write_text(f"{manifest.read_text('utf-8')}hours: {{closures: [{closed}]}}\n", "utf-8")
    refused = ready(*RECONCILE)
    assert (refused.exit_code, "まで閉じています" in refused.stderr) == (1, True)
