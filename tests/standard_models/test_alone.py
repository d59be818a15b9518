"""The package stands alone: built as a wheel, it works where nothing else of ours is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "standard_models"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))

SCRIPT = """
import importlib.util
for name in ("adapters", "gateway", "sqlalchemy", "fastapi", "httpx", "typer", "setuptools"):
    assert importlib.util.find_spec(name) is None, name

import datetime as dt
from standard_models.builtin import load_builtin
from standard_models.catalogue.search import search
from standard_models.characters.repertoire import mj
from standard_models.edition_changes import compare
from standard_models.examples import examples
from standard_models.records import model_for
from standard_models.reference.municipalities import find_municipality
from standard_models.texts import explain
from standard_models.values.dates import parse_written

dictionary = load_builtin()
assert len(list(dictionary.find_edition("031").items)) == 29
api = dictionary.find_edition("031", "official-api-2.0")
assert compare(dictionary.find_edition("031"), api).changes
assert search(dictionary, "生年月日")
model = model_for(dictionary.groups["023.ninteijoho"])
record = model.model_validate({
    "atenabango": "000000047112", "hihokenshabango": "0000012345", "yokaigojotaikubun": "22",
    "ninteinengappi": dt.date(2026, 1, 15),
    "ninteiyukokikan_kaishinengappi": dt.date(2026, 2, 1),
    "ninteiyukokikan_shuryonengappi": dt.date(2027, 1, 31),
})
assert record.yokaigojotaikubun == "22"
assert parse_written("平成12年6月15日").day == dt.date(2000, 6, 15)
assert find_municipality("131016").name
assert mj().check("\u9ad9\u5cf6") == ()
assert mj().check("A")[0].code == "OUTSIDE_REPERTOIRE"
assert explain("MISSING")["ja-easy"]
assert examples() is not None
print("works alone")
"""


def required(name: str, seen: dict[str, Distribution]) -> None:
    """Collect the distribution ``name`` and what it requires here, without extras."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    seen[key] = distribution(name)
    for requirement in seen[key].requires or ():
        if "extra ==" not in requirement:
            found = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert found is not None
            required(found[0], seen)


def files_of(found: Distribution) -> Iterator[tuple[Path, Path]]:
    """Yield the files of an installed distribution, and where they belong below site-packages."""
    for entry in found.files or ():
        source = Path(str(entry.locate()))
        if ".." not in entry.parts and source.is_file():
            yield source, Path(*entry.parts)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    (pip,) = (ROOT / "tools" / "bootstrap").glob("pip-*.whl")
    command = [
        *(sys.executable, f"{pip}/pip", "wheel", str(source), "--wheel-dir", str(folder)),
        *("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "-q"),
    ]
    subprocess.run(command, check=True, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Every module and every file of data; no test, no adapter, no gateway."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    held = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "pyproject.toml"
    }
    assert names == held


def test_the_packages_that_the_wheel_names_are_those_that_there_are() -> None:
    """A new sub-package must be named, or it would be missing where the package stands alone."""
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == there


def test_both_distributions_ask_for_the_same_versions() -> None:
    """What the package needs is needed by the whole, with the same lower bound."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(PROJECT["project"]["dependencies"]) <= set(whole["dependencies"])
    assert PROJECT["project"]["version"] == whole["version"]


def test_the_package_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Only the wheel and what it requires are there: editions, records, dates, search work."""
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    seen: dict[str, Distribution] = {}
    for requirement in PROJECT["project"]["dependencies"]:
        required(re.split("[<>=]", requirement)[0], seen)
    for found in seen.values():
        for source, target in files_of(found):
            (site / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, site / target)
    script = f"import sys; sys.path.append({str(site)!r})\n{SCRIPT}"
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.stdout.strip(), done.returncode) == ("works alone", 0), done.stderr
