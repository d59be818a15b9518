"""A resident system that hands over the My Numbers of its register: tables, mapping, package."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

MANIFEST = """
id: example-bango
version: 1.0.0
name_ja: 番号台帳 アダプター
name_en: Adapter for the register of numbers
vendor: 見本ソフト
contacts:
  - {name: 開発, email: dev@vendor.example}
  - {name: 保守, email: support@vendor.example}
licence: Apache-2.0
contract: {minimum: "1.0", maximum: "1.0"}
lifecycle: incubating
product: {name_ja: 番号台帳, name_en: Bango-Daicho, versions: ["1"]}
numbering: {id: resident, name_ja: 宛名番号}
capabilities: [extract]
supplies:
  - {group: 001.bangojoho, edition: provisional-2026}
freshness: {kind: live}
limits: {max_concurrency: 2, timeout_s: 5}
personal_data:
  processed: [個人番号]
  my_number: holds
"""

MAPPING = """
language: 1
system: bango-daicho
version: 1.0.0

reads:
  hitori:
    sql:
      statement: SELECT * FROM bango WHERE atena_no = :number
  zenin:
    sql:
      statement: >-
        SELECT * FROM bango WHERE atena_no > :after ORDER BY atena_no, rireki LIMIT :limit
  kensu:
    sql:
      statement: SELECT count(*) AS kensu FROM bango

groups:
  001.bangojoho:
    read: hitori
    subject: atena_no
    items:
      atenabango: {field: atena_no}
      rirekibango: {field: rireki}
      kojinbango: {field: kojin_no}

extract:
  001.bangojoho:
    read: zenin
    pages: {field: atena_no, size: 2}
    totals: {read: kensu, records: kensu}
"""

CODE = """
from importlib.resources import files

from pydantic import BaseModel, SecretStr

from adapters.mapped import open_mapped
from adapters.sources.sql import SqlSource


class Settings(BaseModel, frozen=True, extra="forbid"):
    database_url: SecretStr


def open_adapter(host, settings):
    package = files(__package__)
    return open_mapped(
        host,
        package.joinpath("manifest.yaml").read_text("utf-8"),
        package.joinpath("mapping.yaml").read_text("utf-8"),
        lambda manifest, _: SqlSource(
            settings.database_url.get_secret_value(),
            pool_size=1,
            probe="SELECT 1",
            network=host.network,
        ),
    )
"""


def filled(path: Path, lines: Iterable[tuple[str, str | None]]) -> str:
    """Write the register of a town anew and return its address."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bango (atena_no TEXT, rireki INTEGER, kojin_no TEXT)")
        rows = [(who, serial, digits) for serial, (who, digits) in enumerate(lines, 1)]
        connection.executemany("INSERT INTO bango VALUES (?, ?, ?)", rows)
    return f"sqlite+aiosqlite:///{path}"


def installed(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Install the adapter's package as a vendor ships it."""
    package = folder / "example_bango"
    package.mkdir()
    (package / "__init__.py").write_text(CODE, "utf-8")
    (package / "manifest.yaml").write_text(MANIFEST, "utf-8")
    (package / "mapping.yaml").write_text(MAPPING, "utf-8")
    told = folder / "example_bango-1.0.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: example-bango\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[hitotsu.adapters]\nexample-bango = example_bango\n")
    patch.delitem(sys.modules, "example_bango", raising=False)
    patch.syspath_prepend(folder)
