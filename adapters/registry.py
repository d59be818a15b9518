"""Which adapters are installed, and which of them can be used.

Discovery never imports vendor code before the manifest has been read and found good, and never
raises: what cannot be used is quarantined with a code and a reason. Installed never means enabled;
the host opens only what it was told to.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.contract import (
    CONTRACT_VERSION,
    Adapter,
    Changes,
    Extract,
    Fetch,
    Host,
    ProtectionFlags,
    Search,
    Submit,
)
from adapters.errors import AdapterError, ConfigurationError
from adapters.manifest import Capability, Manifest, describe, read_manifest
from adapters.throttle import Throttle, in_turn
from standard_models.dictionary import Dictionary

ENTRY_POINT_GROUP = "hitotsu.adapters"

_PROTOCOLS: Mapping[Capability, tuple[type[Any], tuple[str, ...]]] = {
    Capability.FETCH: (Fetch, ("fetch",)),
    Capability.SEARCH: (Search, ("search",)),
    Capability.CHANGES: (Changes, ("changes",)),
    Capability.EXTRACT: (Extract, ("control_totals", "extract")),
    Capability.SUBMIT: (Submit, ("submit",)),
    Capability.PROTECTION_FLAGS: (ProtectionFlags, ("protection_flags",)),
}


@dataclass(frozen=True, slots=True)
class QuarantinedAdapter:
    """An installed adapter that cannot be used, and why. ``id`` is the best name known for it."""

    id: str
    package: str
    code: str
    reason_ja: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class InstalledAdapter:
    """An adapter whose manifest is good. Its code is imported when it is opened."""

    manifest: Manifest
    package: str

    @property
    def id(self) -> str:
        """Return the id of the manifest."""
        return self.manifest.id

    def mapping_text(self) -> str | None:
        """Return ``mapping.yaml`` beside the manifest, None if the package has none."""
        return _find_text(self.package, "mapping.yaml")

    def folder(self) -> Path:
        """Return the folder of the package, found without importing it.

        Raises:
            ConfigurationError: the package is not made of files.
        """
        found = _find(self.package, "manifest.yaml")
        if found is None:
            raise ConfigurationError("the package is not made of files")
        return found.parent

    def import_settings(self) -> type[BaseModel]:
        """Return the settings model; the code of the adapter is imported.

        Raises:
            ConfigurationError: the code does not keep the contract.
        """
        return self._import()[0]

    def open(self, host: Host, settings: Mapping[str, Any]) -> Adapter:
        """Return the adapter, opened with ``settings``.

        Its requests over HTTP keep to the pace of the manifest, whatever its own code does.

        Raises:
            ConfigurationError: the code does not keep the contract, the editions are not
                installed, or the settings are wrong; all findings at once, keys but no values.
        """
        self._require_editions(host.dictionary)
        settings_model, opener = self._import()
        try:
            checked = settings_model.model_validate(dict(settings))
        except ValidationError as error:
            raise ConfigurationError(f"settings: {describe(error)}") from None
        if pace := self.manifest.limits.calls_per_second:
            host = replace(host, http=in_turn(host.http, Throttle(pace / host.processes)))
        try:
            adapter: Adapter = opener(host, checked)
        except AdapterError:
            raise
        except Exception as error:  # noqa: BLE001 - vendor code may raise anything
            raise ConfigurationError(f"open_adapter raised {type(error).__name__}") from None
        self._require_contract(adapter)
        return adapter

    def _import(self) -> tuple[type[BaseModel], Any]:
        try:
            module = importlib.import_module(self.package)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - vendor code may raise anything
            raise ConfigurationError(f"import failed with {type(error).__name__}") from None
        settings_model = getattr(module, "Settings", None)
        opener = getattr(module, "open_adapter", None)
        if not (inspect.isclass(settings_model) and issubclass(settings_model, BaseModel)):
            raise ConfigurationError("the package defines no pydantic model named Settings")
        if settings_model.model_config.get("extra") != "forbid":
            raise ConfigurationError("Settings must refuse unknown keys (extra='forbid')")
        if not callable(opener) or len(inspect.signature(opener).parameters) != 2:
            raise ConfigurationError("open_adapter must take host and settings")
        return settings_model, opener

    def _require_editions(self, dictionary: Dictionary) -> None:
        missing = []
        for supply in self.manifest.supplies:
            group = dictionary.find_group(supply.group)
            if group is None or group.edition_id != supply.edition:
                missing.append(f"{supply.group} of edition {supply.edition}")
                continue
            missing += [
                f"{supply.group}.{item.field}"
                for item in supply.except_items
                if item.field not in group.by_field
            ]
        if missing:
            raise ConfigurationError(f"not in the installed editions: {', '.join(missing)}")

    def _require_contract(self, adapter: Adapter) -> None:
        if wrong := contract_breaches(adapter, self.manifest.capabilities):
            raise ConfigurationError(f"not as the contract has it: {', '.join(wrong)}")


def contract_breaches(adapter: Any, capabilities: Iterable[Capability]) -> list[str]:
    """Return the members that ``adapter`` lacks, or has in another form than the contract.

    A protocol of Python is satisfied by a name alone; here its form counts as well: coroutine,
    asynchronous iterator, parameters.
    """
    wrong = (
        [] if isinstance(getattr(adapter, "mapping_version", None), str) else ["mapping_version"]
    )
    wanted: list[tuple[type[Any], str]] = [(Adapter, "check"), (Adapter, "aclose")]
    for capability in sorted(capabilities):
        protocol, names = _PROTOCOLS[capability]
        wanted += [(protocol, name) for name in names]
    return wrong + [
        name
        for protocol, name in wanted
        if not _has_form(getattr(adapter, name, None), getattr(protocol, name))
    ]


def _has_form(method: Any, promised: Any) -> bool:
    if not callable(method):
        return False
    if inspect.iscoroutinefunction(promised) != inspect.iscoroutinefunction(method):
        return False
    if not inspect.iscoroutinefunction(promised) and not inspect.isasyncgenfunction(method):
        return False
    parameters = list(inspect.signature(promised).parameters.values())[1:]
    try:
        inspect.signature(method).bind(*parameters)
    except TypeError:
        return False
    return True


def discover(
    found: Iterable[EntryPoint] | None = None,
) -> tuple[InstalledAdapter | QuarantinedAdapter, ...]:
    """Return every installed adapter, good or quarantined, by id; never raises.

    Two packages with one id are both quarantined: which of them would be meant is not ours to
    decide.
    """
    points = entry_points(group=ENTRY_POINT_GROUP) if found is None else found
    adapters = [_inspect(point) for point in points]
    counts = Counter(adapter.id for adapter in adapters)
    return tuple(
        _duplicate(a) if counts[a.id] > 1 else a for a in sorted(adapters, key=lambda a: a.id)
    )


def _inspect(point: EntryPoint) -> InstalledAdapter | QuarantinedAdapter:
    return inspect_package(point.value, point.name)


def inspect_package(package: str, name: str = "") -> InstalledAdapter | QuarantinedAdapter:
    """Return the adapter of a package, good or quarantined; never raises.

    ``name`` stands for the adapter as long as its manifest cannot be read.
    """
    try:
        text = _manifest_text(package)
        manifest = read_manifest(text)
    except ConfigurationError as error:
        return QuarantinedAdapter(
            name or package,
            package,
            "manifest-invalid",
            f"manifest.yaml が正しくありません（{error.detail}）。",
            f"The manifest is not valid ({error.detail}).",
        )
    if not manifest.contract.holds(CONTRACT_VERSION):
        return QuarantinedAdapter(
            manifest.id,
            package,
            "contract-version",
            f"このゲートウェイの契約 {CONTRACT_VERSION} に対応していません。",
            f"The adapter does not support contract {CONTRACT_VERSION} of this gateway.",
        )
    if manifest.lifecycle == "suspended":
        return QuarantinedAdapter(
            manifest.id,
            package,
            "suspended",
            "このアダプターは提供元により停止されています。",
            "The vendor has suspended this adapter.",
        )
    return InstalledAdapter(manifest, package)


def _manifest_text(package: str) -> str:
    """Return the text of ``manifest.yaml`` beside the package, found without importing it.

    A sub-package is located from its top-level package, whose import would run code of the
    vendor; so only the top level is looked up and the rest is a path.
    """
    text = _find_text(package, "manifest.yaml")
    if text is None:
        raise ConfigurationError("the package has no manifest.yaml")
    return text


def _find_text(package: str, name: str) -> str | None:
    path = _find(package, name)
    try:
        return path.read_text("utf-8") if path else None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"unreadable: {type(error).__name__}") from None


def _find(package: str, name: str) -> Path | None:
    top, *rest = package.split(".")
    try:
        spec = importlib.util.find_spec(top)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location, *rest, name)
            if path.is_file():
                return path
    except (ImportError, OSError, ValueError) as error:
        raise ConfigurationError(f"unreadable: {type(error).__name__}") from None
    return None


def _duplicate(adapter: InstalledAdapter | QuarantinedAdapter) -> QuarantinedAdapter:
    return QuarantinedAdapter(
        adapter.id,
        adapter.package,
        "duplicate-id",
        "同じ ID のアダプターが二つ以上インストールされています。どれも使いません。",
        "More than one installed adapter has this id; none of them is used.",
    )
