"""What is found among the installed packages, and what is kept away from the gateway."""

from __future__ import annotations

import datetime as dt
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.contract import Host
from adapters.errors import ConfigurationError
from adapters.registry import InstalledAdapter, QuarantinedAdapter, discover
from tests.adapters.test_manifest import GOOD

CODE = """
    from pydantic import BaseModel, ConfigDict, SecretStr

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")
        address: str
        key: SecretStr

    class Adapter:
        mapping_version = "1.0.0"
        def __init__(self, host, settings):
            self.host, self.settings = host, settings
        async def check(self, deadline): ...
        async def aclose(self): ...
        async def fetch(self, request): ...

    def open_adapter(host, settings):
        return Adapter(host, settings)
"""


class Packages:
    """Writes importable packages that offer adapters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.points: list[EntryPoint] = []

    def add(self, name: str, manifest: dict[str, Any] | str | None, code: str = CODE) -> None:
        """Install a package; ``manifest`` None leaves the file out."""
        package = self._folder / name
        package.mkdir()
        (package / "__init__.py").write_text(textwrap.dedent(code), "utf-8")
        if manifest is not None:
            text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest)
            (package / "manifest.yaml").write_text(text, "utf-8")
        self.points.append(EntryPoint(name, name, "hitotsu.adapters"))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """A folder of packages that can be imported during the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Packages(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("vendor_"):
            del sys.modules[name]


def only(packages: Packages) -> InstalledAdapter | QuarantinedAdapter:
    """Return the one adapter found."""
    (found,) = discover(packages.points)
    return found


def installed(packages: Packages) -> InstalledAdapter:
    """Return the one adapter found, which must not be quarantined."""
    found = only(packages)
    assert isinstance(found, InstalledAdapter)
    return found


SETTINGS = {"address": "https://source.example", "key": "k"}


async def test_an_installed_adapter_opens_with_its_settings(packages: Packages, host: Host) -> None:
    """Manifest first, code second, settings third."""
    packages.add("vendor_good", GOOD)
    adapter: Any = installed(packages).open(host, SETTINGS)
    assert adapter.settings.address == "https://source.example"
    assert adapter.host is host


def test_reading_a_manifest_runs_no_code_of_the_vendor(packages: Packages) -> None:
    """Discovery leaves the package unimported, however its code behaves."""
    packages.add("vendor_explodes", GOOD, "raise SystemExit('ran at import')")
    assert isinstance(only(packages), InstalledAdapter)
    assert "vendor_explodes" not in sys.modules


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (None, "manifest-invalid"),
        ("id: [", "manifest-invalid"),
        ({**GOOD, "contacts": []}, "manifest-invalid"),
        ({**GOOD, "contract": {"minimum": "7.0", "maximum": "7.9"}}, "contract-version"),
        ({**GOOD, "lifecycle": "suspended"}, "suspended"),
    ],
)
def test_a_package_that_cannot_be_used_is_quarantined_with_a_reason(
    packages: Packages, manifest: Any, code: str
) -> None:
    """Nothing raises; the reason is there in Japanese and English."""
    packages.add("vendor_bad", manifest)
    found = only(packages)
    assert isinstance(found, QuarantinedAdapter)
    assert found.code == code
    assert found.reason_ja.endswith("。")
    assert found.reason_en.endswith(".")


def test_a_manifest_in_another_encoding_is_quarantined(packages: Packages) -> None:
    """A file saved as cp932 stops its own adapter and no other."""
    packages.add("vendor_cp932", "")
    path = packages._folder / "vendor_cp932" / "manifest.yaml"
    path.write_bytes("name_ja: 見本".encode("cp932"))
    found = only(packages)
    assert isinstance(found, QuarantinedAdapter)
    assert found.code == "manifest-invalid"


def test_a_package_that_is_not_there_is_quarantined() -> None:
    """An entry point whose package was removed stops nothing."""
    (found,) = discover([EntryPoint("gone", "vendor_gone.adapter", "hitotsu.adapters")])
    assert isinstance(found, QuarantinedAdapter)
    assert found.code == "manifest-invalid"


def test_two_packages_with_one_id_are_both_refused(packages: Packages) -> None:
    """Which of them would be meant is not ours to decide; a third one is not touched."""
    packages.add("vendor_one", GOOD)
    packages.add("vendor_two", GOOD)
    packages.add("vendor_other", {**GOOD, "id": "other"})
    found = discover(packages.points)
    assert [(a.id, type(a).__name__) for a in found] == [
        ("example-town", "QuarantinedAdapter"),
        ("example-town", "QuarantinedAdapter"),
        ("other", "InstalledAdapter"),
    ]


async def test_wrong_settings_are_all_named_and_none_is_repeated(
    packages: Packages, host: Host
) -> None:
    """Keys are named, values are not: they hold secrets."""
    packages.add("vendor_good", GOOD)
    with pytest.raises(ConfigurationError) as caught:
        installed(packages).open(host, {"key": 17017, "colour": "canary-secret"})
    detail = caught.value.detail
    assert "address" in detail
    assert "key" in detail
    assert "colour" in detail
    assert "17017" not in detail
    assert "canary-secret" not in detail


BROKEN_CODE = [
    ("raise RuntimeError('at import')", "import failed with RuntimeError"),
    ("raise SystemExit(1)", "import failed with SystemExit"),
    (CODE.replace("class Settings(BaseModel)", "class Settings(object)"), "no pydantic model"),
    (CODE.replace('extra="forbid"', 'extra="ignore"'), "refuse unknown keys"),
    (CODE.replace("def open_adapter(host, settings)", "def open_adapter(host)"), "open_adapter"),
    (CODE.replace("async def fetch(self, request): ...", ""), "fetch"),
    (CODE.replace("async def fetch(self, request)", "def fetch(self, request)"), "fetch"),
    (CODE.replace("async def fetch(self, request)", "async def fetch(self)"), "fetch"),
    (CODE.replace("async def check(self, deadline)", "def check(self, deadline)"), "check"),
    (CODE.replace('mapping_version = "1.0.0"', "other = 1"), "mapping_version"),
    (CODE.replace("return Adapter(host, settings)", "raise KeyError('x')"), "raised KeyError"),
]


@pytest.mark.parametrize(("code", "named"), BROKEN_CODE, ids=[named for _, named in BROKEN_CODE])
async def test_code_that_breaks_the_contract_does_not_open(
    packages: Packages, host: Host, code: str, named: str
) -> None:
    """Names, coroutines and parameters are checked, not names alone."""
    packages.add("vendor_broken", GOOD, code)
    with pytest.raises(ConfigurationError) as caught:
        installed(packages).open(host, SETTINGS)
    assert named in caught.value.detail


async def test_an_edition_that_is_not_installed_keeps_an_adapter_closed(
    packages: Packages, host: Host
) -> None:
    """Every group and item that no installed edition has is named."""
    supplies = [
        {"group": "001.juminkihonjoho", "edition": "official-2031"},
        {"group": "777.nothing", "edition": "provisional-2026"},
        {
            "group": "001.setaiinjoho",
            "edition": "provisional-2026",
            "except_items": [{"field": "nosuchitem", "support": "impossible", "reason": "none"}],
        },
    ]
    packages.add("vendor_future", {**GOOD, "supplies": supplies})
    with pytest.raises(ConfigurationError) as caught:
        installed(packages).open(host, SETTINGS)
    assert "001.juminkihonjoho of edition official-2031" in caught.value.detail
    assert "777.nothing" in caught.value.detail
    assert "001.setaiinjoho.nosuchitem" in caught.value.detail


def test_the_three_reference_adapters_are_installed() -> None:
    """They come with the package and are found by their entry points, enabled or not."""
    found = {a.id: a for a in discover() if isinstance(a, InstalledAdapter)}
    assert {"reference-resident", "reference-tax", "reference-welfare"} <= set(found)
    assert found["reference-welfare"].manifest.hours.closed[0].closes == dt.time(22)
