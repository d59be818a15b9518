"""All open adapters of all municipalities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import httpx

from adapters.contract import Clock, Deadline, EventLog, Fetch, Host
from adapters.errors import AdapterError
from adapters.manifest import Capability, Limits, Manifest
from adapters.registry import InstalledAdapter, QuarantinedAdapter
from gateway.connections.config import AdaptersFile, EnabledAdapter
from gateway.connections.connection import Connection, Slots
from gateway.connections.destinations import Allowed, Destinations, fenced
from gateway.connections.http import WiredClient
from gateway.connections.networks import SourceNetwork
from gateway.connections.proofs import NO_PROOFS, Proofs
from gateway.metrics import Metrics
from gateway.telemetry import NO_TRACING, Tracing
from standard_models.dictionary import Dictionary

CHECK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class RefusedAdapter:
    """An adapter that is switched on but cannot be used, and why (for staff).

    ``may_hold_flags`` is false only where the manifest says that the source is no authority on
    支援措置; an adapter of which nothing is known may be one.
    """

    municipality: str
    adapter_id: str
    code: str
    reason: str
    may_hold_flags: bool = True


class Copies(Protocol):
    """Knows what systems that only give files have delivered."""

    def of(self, municipality: str, manifest: Manifest) -> Fetch | None:
        """Return what answers for the adapter, None where its system is asked itself."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How many processes ask the same sources, and slots that are shared by all of them.

    ``shared`` returns as many slots as it is asked for under a name, the same ones everywhere.
    """

    processes: int = 1
    shared: Callable[[str, int], Slots] | None = None

    def slots_of(self, name: str, limits: Limits) -> Slots:
        """Return what this process takes of what the source of that name bears at a time."""
        if self.shared is not None and limits.max_concurrency < self.processes:
            return self.shared(name, limits.max_concurrency)
        return asyncio.Semaphore(limits.share(self.processes).max_concurrency)


ALONE: Final = Sharing()


class Connections:
    """The adapters that IT staff switched on, open and ready to be asked."""

    def __init__(self, opened: Sequence[Connection], refused: Sequence[RefusedAdapter]) -> None:
        self._by_key = {(c.municipality, c.adapter_id): c for c in opened}
        self.refused = tuple(refused)

    @classmethod
    def open(  # noqa: PLR0913 - each is something that adapters are opened with
        cls,
        file: AdaptersFile,
        installed: Sequence[InstalledAdapter | QuarantinedAdapter],
        *,
        http: httpx.AsyncClient,
        clock: Clock,
        log: EventLog,
        metrics: Metrics,
        dictionary: Dictionary,
        proofs: Proofs = NO_PROOFS,
        copies: Copies | None = None,
        tracing: Tracing = NO_TRACING,
        sharing: Sharing = ALONE,
    ) -> Connections:
        """Open every enabled adapter. One that cannot be opened is refused; the rest works.

        ``proofs`` are the certificates at hand and the level that is required. ``copies`` answer
        for systems that only give files. ``sharing`` tells how many processes ask the sources.
        """
        by_id = {package.id: package for package in installed}
        opened: list[Connection] = []
        refused: list[RefusedAdapter] = []
        for entry in file.adapters:
            host = host_of(entry, http, clock, log, dictionary, processes=sharing.processes)
            result = _open_one(
                entry, by_id.get(entry.adapter), host, metrics, proofs, copies, tracing, sharing
            )
            if isinstance(result, Connection):
                opened.append(result)
            else:
                refused.append(result)
                log.error("adapter-refused", adapter=result.adapter_id, code=result.code)
        return cls(opened, refused)

    def find(self, municipality: str, adapter_id: str) -> Connection | None:
        """Return the open adapter, or None where it is not switched on or was refused."""
        return self._by_key.get((municipality, adapter_id))

    def all(self) -> tuple[Connection, ...]:
        """Return every open adapter."""
        return tuple(self._by_key.values())

    def flag_authorities(self, municipality: str) -> tuple[Connection, ...]:
        """Return the municipality's open adapters that are an authority on 支援措置."""
        return tuple(
            c for c in self.all() if c.municipality == municipality and c.is_flag_authority
        )

    def may_lack_flags(self, municipality: str) -> bool:
        """Tell whether an adapter that could be an authority on 支援措置 cannot be used.

        Its flags would be missing from the copy without anybody noticing.
        """
        return any(r.may_hold_flags for r in self.refused if r.municipality == municipality)

    async def check_all(self) -> None:
        """Look at every source, side by side."""
        deadline = Deadline.after(CHECK_TIMEOUT_S)
        await asyncio.gather(*(c.check(deadline) for c in self.all()))

    async def aclose(self) -> None:
        """Close every adapter."""
        await asyncio.gather(*(c.aclose() for c in self.all()))


def host_of(
    entry: EnabledAdapter,
    http: httpx.AsyncClient,
    clock: Clock,
    log: EventLog,
    dictionary: Dictionary,
    *,
    processes: int = 1,
) -> Host:
    """Return what an adapter is lent; it connects to what is configured for it alone."""
    allowed = Allowed.of(entry.settings, entry.destinations)
    destinations = http.destinations if isinstance(http, WiredClient) else Destinations()
    return Host(
        entry.municipality,
        clock,
        fenced(http, allowed),
        log,
        dictionary,
        processes=processes,
        network=SourceNetwork(allowed, destinations),
    )


def _open_one(
    entry: EnabledAdapter,
    package: InstalledAdapter | QuarantinedAdapter | None,
    host: Host,
    metrics: Metrics,
    proofs: Proofs,
    copies: Copies | None,
    tracing: Tracing,
    sharing: Sharing,
) -> Connection | RefusedAdapter:
    if package is None:
        return RefusedAdapter(
            entry.municipality,
            entry.adapter,
            "adapter-not-installed",
            "このアダプターはインストールされていません。",
        )
    if isinstance(package, QuarantinedAdapter):
        return RefusedAdapter(entry.municipality, entry.adapter, package.code, package.reason_ja)
    proof = proofs.of(package, host.clock.now().date(), entry.municipality)
    if proof.refusal_ja is not None:
        return RefusedAdapter(
            entry.municipality,
            entry.adapter,
            "adapter-not-certified",
            proof.refusal_ja,
            Capability.PROTECTION_FLAGS in package.manifest.capabilities,
        )
    try:
        Allowed.of(entry.settings, entry.destinations).require_plausible(Destinations())
        adapter = package.open(host, entry.settings)
    except AdapterError as error:
        return RefusedAdapter(
            entry.municipality,
            entry.adapter,
            error.code,
            error.detail,
            may_hold_flags=package.manifest.flag_authority is not None,
        )
    return Connection(
        entry.municipality,
        package.manifest,
        adapter,
        clock=host.clock,
        log=host.log,
        metrics=metrics,
        hours=entry.hours,
        copy=copies.of(entry.municipality, package.manifest) if copies is not None else None,
        tracing=tracing,
        slots=sharing.slots_of(f"{entry.municipality}/{entry.adapter}", package.manifest.limits),
    )
