"""What every mapped adapter has: the mandatory core, and records of one person."""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.contract import CheckResult, Deadline, Host
from adapters.errors import AdapterError, PlannedUnavailable, SourceTimeout
from adapters.manifest import Manifest
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.model import Read
from adapters.mapping.outgoing import Dialect
from adapters.mapping.own_steps import NO_STEPS, OwnSteps
from adapters.mapping.row_plan import RowPlans
from adapters.sources import Source
from adapters.sources.base import KeepsDeadline, Slots
from adapters.throttle import Throttle


class MappedAdapter:
    """The mandatory core, for a manifest, a mapping and a source."""

    def __init__(
        self,
        host: Host,
        manifest: Manifest,
        document: MappingDocument,
        source: Source,
        own: OwnSteps = NO_STEPS,
    ) -> None:
        self.host = host
        self.manifest = manifest
        self.document = document
        self._source = source
        self._slots = asyncio.Semaphore(manifest.limits.max_concurrency)
        self._throttle = Throttle(manifest.limits.calls_per_second)
        self._prompt = isinstance(source, KeepsDeadline) and not self._throttle.window_s
        groups = {ref: host.dictionary.groups[ref] for ref in document.groups}
        self.plans = RowPlans(document, groups, own, host.municipality)
        self.dialect = Dialect(document)

    @property
    def mapping_version(self) -> str:
        """Return the version of the mapping document."""
        return self.document.version

    async def check(self, deadline: Deadline) -> CheckResult:
        """Ask the source for a sign of life; never writes, never raises for what a source does."""
        try:
            version = await self._source.ping(deadline)
        except PlannedUnavailable as error:
            message = f"時間外です（{error.code}）。"
            return CheckResult(ok=False, message=message, opens_at=error.until)
        except AdapterError as error:
            return CheckResult(ok=False, message=f"確認できません（{error.code}）。")
        return CheckResult(ok=True, message="応答しています。", product_version=version)

    async def aclose(self) -> None:
        """Close the source."""
        await self._source.aclose()

    async def ask(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the answer of one read, within the connections and the pace of the manifest.

        One call may make several reads, so they are counted here and not by the host.

        Raises:
            RateLimited: the read could not begin before its deadline; nothing was asked.
            AdapterError: the source gave no answer that can be used.
        """
        left = deadline.require_s()
        if self._prompt and not self._slots.locked():
            # Nothing to wait for, and the source itself keeps the deadline.
            async with self._slots:
                return await self._source.read(read, slots, deadline)
        with self._throttle.queued(deadline) as turn:
            try:
                async with asyncio.timeout(left), self._slots:
                    await turn()
                    return await self._source.read(read, slots, deadline)
            except TimeoutError:
                raise SourceTimeout("no answer within the deadline") from None
