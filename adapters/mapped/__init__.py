"""The adapter that a manifest, a mapping and a source make: no code of the vendor's own needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.contract import Host
from adapters.errors import ConfigurationError
from adapters.manifest import Capability, Manifest, read_manifest
from adapters.mapped.changes import ChangesAdapter
from adapters.mapped.core import MappedAdapter
from adapters.mapped.extract import ExtractingAdapter
from adapters.mapped.fetch import FetchingAdapter
from adapters.mapped.flags import FlaggingAdapter
from adapters.mapped.search import SearchingAdapter
from adapters.mapped.submit import SubmittingAdapter
from adapters.mapping.document import Level, MappingError, read_document
from adapters.mapping.lint import lint
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import StepsError
from adapters.sources.base import Source
from adapters.step_modules import steps_of_package

OpenSource = Callable[[Manifest, MappingDocument], Source]
"""Opens the transport of an adapter, with the limits of its manifest."""

_CAPABLE: Final[Mapping[Capability, type[MappedAdapter]]] = {
    Capability.FETCH: FetchingAdapter,
    Capability.SEARCH: SearchingAdapter,
    Capability.CHANGES: ChangesAdapter,
    Capability.EXTRACT: ExtractingAdapter,
    Capability.SUBMIT: SubmittingAdapter,
    Capability.PROTECTION_FLAGS: FlaggingAdapter,
}


def open_mapped(
    host: Host,
    manifest_text: str,
    mapping_text: str,
    source: OpenSource,
    *,
    package: str | None = None,
) -> MappedAdapter:
    """Return the adapter of a manifest, a mapping and a source.

    It has the methods of the declared capabilities and no others.

    Args:
        source: called with manifest and mapping document; returns the ``Source``.
        package: where the ``steps_module`` of the mapping is, if it names one.

    Raises:
        ConfigurationError: manifest, mapping, steps or their agreement is wrong; all findings at
            once.
    """
    manifest = read_manifest(manifest_text).share(host.processes)
    try:
        document = read_document(mapping_text)
        own = steps_of_package(document.mapping, package)
    except MappingError as error:
        raise ConfigurationError(f"mapping.yaml: {error}") from None
    except StepsError as error:
        raise ConfigurationError(f"steps of mapping.yaml: {error}") from None
    errors = [f for f in lint(document, host.dictionary, own=own) if f.level is Level.ERROR]
    if errors:
        raise ConfigurationError(f"mapping.yaml: {MappingError(errors)}")
    mapping = document.mapping
    if wrong := disagreements(manifest, mapping):
        raise ConfigurationError(f"manifest.yaml and mapping.yaml: {'; '.join(wrong)}")
    bases = tuple(_CAPABLE[c] for c in sorted(manifest.capabilities))
    kind: type[MappedAdapter] = type("Adapter", bases, {})
    return kind(host, manifest, mapping, host.around_source(source(manifest, mapping)), own)


def disagreements(manifest: Manifest, mapping: MappingDocument) -> list[str]:
    """Return where a manifest and a mapping say different things of one adapter."""
    wrong = []
    if set(mapping.groups) != set(manifest.groups):
        wrong.append("they do not name the same groups")
    sections = {
        Capability.SEARCH: mapping.search is not None,
        Capability.CHANGES: mapping.changes is not None,
        Capability.EXTRACT: bool(mapping.extract),
        Capability.SUBMIT: bool(mapping.submit),
        Capability.PROTECTION_FLAGS: mapping.protection_flags is not None,
    }
    histories = {s.group for s in manifest.supplies if s.history is not None}
    if set(mapping.history) != histories:
        wrong.append("they do not declare history for the same groups")
    for capability, mapped in sections.items():
        if mapped != (capability in manifest.capabilities):
            wrong.append(f"{capability} is in one of them only")
    return wrong
