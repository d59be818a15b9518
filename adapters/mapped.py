"""The adapter that a manifest, a mapping and a source make: no code of the vendor's own needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from adapters.contract import (
    CheckResult,
    Deadline,
    FetchRequest,
    FetchResult,
    FlagReport,
    GroupRecords,
    Host,
)
from adapters.errors import (
    AdapterError,
    BadAnswer,
    ConfigurationError,
    PlannedUnavailable,
    Unsupported,
    WrongSubject,
)
from adapters.manifest import Manifest, read_manifest
from adapters.mapping.conversions import plain_text
from adapters.mapping.document import Level, MappingError, read_document
from adapters.mapping.flags import read_flags
from adapters.mapping.lint import lint
from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of
from adapters.sources import Source

OpenSource = Callable[[Manifest, MappingDocument], Source]
"""Opens the transport of an adapter, with the limits of its manifest."""


class MappedAdapter:
    """Fetches records of one person by the reads and row plans of a mapping."""

    def __init__(
        self, host: Host, manifest: Manifest, document: MappingDocument, source: Source
    ) -> None:
        self._host = host
        self._manifest = manifest
        self._document = document
        self._source = source
        groups = {ref: host.dictionary.groups[ref] for ref in document.groups}
        self._plans = RowPlans(document, groups)

    @property
    def mapping_version(self) -> str:
        """Return the version of the mapping document."""
        return self._document.version

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

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return the records of every group asked for; a read that groups share is made once.

        Raises:
            Unsupported: the mapping does not cover a group.
        """
        unknown = [ref for ref in request.groups if ref not in self._document.groups]
        if unknown:
            raise Unsupported(f"the mapping does not cover {', '.join(unknown)}")
        names = list(dict.fromkeys(self._document.groups[ref].read for ref in request.groups))
        async with asyncio.TaskGroup() as side_by_side:
            asked = {
                name: side_by_side.create_task(self._read(name, request.number, request.deadline))
                for name in names
            }
        answers = {name: task.result() for name, task in asked.items()}
        number = request.number
        return FetchResult(
            {
                ref: self._convert(ref, wanted, answers[self._document.groups[ref].read], number)
                for ref, wanted in request.groups.items()
            }
        )

    async def _read(self, name: str, number: str, deadline: Deadline) -> Any:
        """Return the answer of a read, or the error that hit it."""
        try:
            return await self._source.read(self._document.reads[name], number, deadline)
        except AdapterError as error:
            return error

    def _convert(
        self, ref: str, wanted: frozenset[str], answer: Any, number: str
    ) -> GroupRecords | AdapterError:
        if isinstance(answer, AdapterError):
            return answer
        retrieved_at = self._host.clock.now()
        if answer is None:
            return GroupRecords((), None, retrieved_at)
        try:
            converted = self._plans.plan(ref, wanted).convert(answer)
            if not converted.records and self._is_of_another(ref, answer, number):
                return WrongSubject("an answer without records echoed another number")
        except ShapeError as error:
            return BadAnswer(str(error))
        rule = self._document.reads[self._document.groups[ref].read].as_of
        stated = as_of(rule, answer) if rule else None
        return GroupRecords(converted.records, stated, retrieved_at, converted.lost)

    def _is_of_another(self, ref: str, answer: Any, number: str) -> bool:
        """Tell whether the answer as a whole names somebody else.

        Records carry the echoed number to the guard. An answer without any carries nothing, and
        somebody else's would say that the person asked for has no records.
        """
        subject = self._document.groups[ref].subject
        return subject.startswith("/") and plain_text(read_path(answer, subject)) != number


class FlaggingAdapter(MappedAdapter):
    """A mapped adapter whose source is an authority on 支援措置."""

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return every flag of the source, complete or not at all.

        Raises:
            AdapterError: the list could not be read or mapped completely.
        """
        rule = self._document.protection_flags
        if rule is None:
            raise Unsupported("the mapping has no protection_flags")
        read = self._document.reads[rule.read]
        answer = await self._source.read(read, None, deadline)
        retrieved_at = self._host.clock.now()
        try:
            flags = read_flags(rule, answer or ())
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        stated = as_of(read.as_of, answer) if read.as_of else None
        return FlagReport(flags, stated, retrieved_at)


def open_mapped(
    host: Host, manifest_text: str, mapping_text: str, source: OpenSource
) -> MappedAdapter:
    """Return the adapter of a manifest, a mapping and a source.

    Args:
        source: called with manifest and mapping document; returns the ``Source``.

    Raises:
        ConfigurationError: manifest, mapping or their agreement is wrong; all findings at once.
    """
    manifest = read_manifest(manifest_text)
    try:
        document = read_document(mapping_text)
    except MappingError as error:
        raise ConfigurationError(f"mapping.yaml: {error}") from None
    errors = [f for f in lint(document, host.dictionary) if f.level is Level.ERROR]
    if errors:
        raise ConfigurationError(f"mapping.yaml: {MappingError(errors)}")
    mapping = document.mapping
    if set(mapping.groups) != set(manifest.groups):
        raise ConfigurationError("manifest and mapping do not name the same groups")
    kind = FlaggingAdapter if mapping.protection_flags else MappedAdapter
    return kind(host, manifest, mapping, source(manifest, mapping))
