import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from adapters.contract import Deadline, FetchRequest, GroupRecords, Host
from adapters.errors import AdapterError
from adapters.manifest import Manifest, read_manifest
from adapters.mapping import model
from adapters.mapping.document import read_document
from adapters.mapping.lint import lint
from adapters.mapping.own_steps import read_steps
from adapters.mapping.record_types import Framing
from adapters.mapping.sections import Section
from adapters.mapping.step_rules import Form
from adapters.mapping.value_rules import NumberKind
from adapters.registry import InstalledAdapter, discover
from gateway.connections.config import AdaptersFile, read_adapters_file
from standard_models.answers import Value
from standard_models.builtin import load_builtin
from tests.docs.pages import DOCS, blocks
from tests.doubles import RecordingLog, StoppedClock

GUIDE = (DOCS / "adapters.md").read_text("utf-8")


def only(kind: str) -> str:
    (block,) = blocks(GUIDE, kind)
    return block


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The adapter of the guide, written as the guide says and installed."""
    folder = tmp_path / "example_techo"
    folder.mkdir()
    (folder / "__init__.py").write_text(only("python adapter"), "utf-8")
    (folder / "manifest.yaml").write_text(only("yaml manifest"), "utf-8")
    (folder / "mapping.yaml").write_text(only("yaml mapping"), "utf-8")
    installed = tmp_path / "example_techo-1.0.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: example-techo\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(
        "[hitotsu.adapters]\nexample-techo = example_techo\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The database of the product that the guide speaks of."""
    path = tmp_path / "techo.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE seigyo (han TEXT, kijun TEXT);"
        "INSERT INTO seigyo VALUES ('3.1', '20261001060000');"
        "CREATE TABLE techo (daicho_no TEXT, atena_no TEXT, shubetsu TEXT, techo_no TEXT,"
        " tokyu TEXT, kofu_ymd TEXT, kigen_ymd TEXT, jotai TEXT, rireki INTEGER);"
        "INSERT INTO techo VALUES"
        " ('T000001','000000000019','SIN','2018000123','2','4300401','20280331','1',2),"
        " ('T000001','000000000019','SIN','2018000123','1','4300401','20280331','1',1);"
    )
    connection.close()
    return f"sqlite+aiosqlite:///{path}"


def test_the_manifest_and_the_mapping_of_the_guide_are_good():
    """No finding of any level."""
    assert read_manifest(only("yaml manifest")).id == "example-techo"
    assert lint(read_document(only("yaml mapping")), load_builtin()) == []


async def test_the_adapter_of_the_guide_answers_a_question(package, database):
    """Found by its entry point, opened, checked and asked, with nothing but what the guide says."""
    found = {adapter.id: adapter for adapter in discover()}["example-techo"]
    assert isinstance(found, InstalledAdapter)
    async with httpx.AsyncClient(verify=False, trust_env=False) as http:
        host = Host("999997", StoppedClock(), http, RecordingLog(), load_builtin())
        adapter = found.open(host, {"database_url": database})
        checked = await adapter.check(Deadline.after(5))
        assert (checked.ok, checked.product_version) == (True, "3.1")
        wanted = {"022.techojoho": frozenset({"tokyu", "yukokigen"})}
        result = await adapter.fetch(  # type: ignore[attr-defined]
            FetchRequest("T000001", wanted, Deadline.after(5), "0" * 32)
        )
        await adapter.aclose()
    records = result.groups["022.techojoho"]
    assert isinstance(records, GroupRecords)
    (record,) = records.records
    assert record.subject_number == "T000001"
    assert record.answers == {
        "tokyu": Value("02", "２級", ()),
        "yukokigen": Value("2028-03-31", None, ()),
    }
    assert records.as_of is not None
    assert records.as_of.isoformat() == "2026-10-01T06:00:00+09:00"


def test_the_test_of_the_guide_passes(package):
    """Run as a vendor would run it, in the folder of the package."""
    (package / "test_guide.py").write_text(only("python test"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_guide.py"],
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_steps_of_the_guide_are_good():
    """Their examples hold."""
    module = ModuleType("steps")
    exec(only("python steps"), vars(module))
    assert set(read_steps(module)) == {"strip-brackets"}


def test_every_key_of_the_mapping_language_is_explained():
    """As code, in the prose; an added key must be explained before it can be used."""
    sections, pending = [], list(Section.__subclasses__())
    while pending:
        sections.append(pending.pop())
        pending += sections[-1].__subclasses__()
    keys = {
        field.alias or name for section in sections for name, field in section.model_fields.items()
    }
    assert {"applies_when", "from", "non_calendar_days", "pad_left"} <= keys
    assert sorted(key for key in keys if not explained(key)) == []


def test_every_choice_of_the_mapping_language_is_explained():
    """Forms of text, numbers, dates and times, and meanings of faults."""
    enums = (
        model.Text, model.AmountUnit, model.DateFormat, model.TimeFormat, model.FaultMeaning, Form,
        NumberKind, Framing,
    )  # fmt: skip
    choices = [choice.value for enum in enums for choice in enum]
    assert sorted(choice for choice in choices if f"`{choice}`" not in GUIDE) == []


def test_every_key_of_the_manifest_is_explained():
    """The keys of the top level, each in the table."""
    missing = [key for key in Manifest.model_fields if f"`{key}`" not in GUIDE]
    assert missing == []


def test_every_error_of_the_contract_is_in_the_table_with_its_code():
    """The name of the class and its stable code on one row."""
    rows = [line for line in GUIDE.splitlines() if line.startswith("| `")]
    pending: list[type[AdapterError]] = list(AdapterError.__subclasses__())
    while pending:
        error = pending.pop()
        pending += error.__subclasses__()
        if error.__module__ == "adapters.errors":
            start = f"| `{error.__name__}` | `{error.code}` |"
            assert any(row.startswith(start) for row in rows), start


def test_the_adapters_file_of_the_operations_is_good(tmp_path: Path):
    """Its shape, and every adapter's own settings."""
    (block,) = blocks((DOCS / "operations.md").read_text("utf-8"), "yaml adapters")
    (tmp_path / "adapters.yaml").write_text(block, "utf-8")
    file: AdaptersFile = read_adapters_file(tmp_path / "adapters.yaml")
    found = {adapter.id: adapter for adapter in discover()}
    assert [entry.adapter for entry in file.adapters] == [
        "reference-resident",
        "reference-tax",
        "reference-welfare",
    ]
    for entry in file.adapters:
        adapter = found[entry.adapter]
        assert isinstance(adapter, InstalledAdapter)
        settings, _ = adapter._import()
        settings.model_validate(entry.settings)


def explained(key: str) -> bool:
    """Alone, quoted, or behind the name of its section."""
    forms = (f"`{key}`", f'`"{key}"`', f".{key}`")
    return any(form in GUIDE for form in forms)
