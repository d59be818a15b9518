"""What every case works with: the adapter under test, its people, and a source that obeys."""

from __future__ import annotations

import copy
import datetime as dt
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import orjson

from adapters.conformance.description import FOLDER, Description, Person, Said
from adapters.conformance.recorded import Listening, RecordedSource, SourceCall
from adapters.conformance.simulator import Asked, QuietLog, Reply, Simulator
from adapters.conformance.trees import JsonTree, Tree, filled, read_tree
from adapters.contract import Adapter, Deadline, Fetch, FetchRequest, GroupRecords, Host
from adapters.errors import AdapterError, ConfigurationError
from adapters.manifest import Capability
from adapters.mapping.document import Document, MappingError, read_document
from adapters.mapping.model import Read
from adapters.mapping.own_steps import NO_STEPS, OwnSteps, StepsError
from adapters.mapping.row_plan import RowPlans
from adapters.registry import InstalledAdapter
from adapters.sources import Source
from adapters.sources.base import Slots
from adapters.sources.files import RecordSource
from adapters.step_modules import steps_of_package
from standard_models.dictionary import Dictionary

MUNICIPALITY: Final = "999997"
NOW: Final = dt.datetime(2026, 10, 1, 10, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
PATIENCE_S: Final = 5.0
"""Deadline of a call that should go well."""

Outcomes = Mapping[str, GroupRecords | AdapterError]


class _Noon:
    """A clock that stands still."""

    def now(self) -> dt.datetime:
        """Return the kit's day."""
        return NOW


@dataclass(frozen=True, slots=True)
class Crashed(Exception):
    """The adapter raised something outside the tree of errors; ``error`` is its class."""

    error: str
    cause: BaseException


class Session:
    """One open adapter with its source."""

    def __init__(
        self,
        kit: Kit,
        adapter: Adapter,
        log: QuietLog,
        http: httpx.AsyncClient,
        source: Simulator | RecordedSource,
        delivery: Path,
    ) -> None:
        self.kit = kit
        self.delivery = delivery
        self.http = http
        self.adapter = adapter
        self.log = log
        self.source = source

    @property
    def simulator(self) -> Simulator:
        """Return the source as a service of HTTP.

        Raises:
            TypeError: it is none; the case should not apply.
        """
        if isinstance(self.source, Simulator):
            return self.source
        raise TypeError("not over HTTP")

    @property
    def recorded(self) -> RecordedSource:
        """Return the source as a recorded one.

        Raises:
            TypeError: it is none; the case should not apply.
        """
        if isinstance(self.source, RecordedSource):
            return self.source
        raise TypeError("over HTTP")

    async def fetch(
        self,
        number: str,
        groups: Iterable[str] | None = None,
        *,
        deadline_s: float = PATIENCE_S,
        on: dt.date | None = None,
    ) -> Outcomes:
        """Return the outcome of every group; an error of the whole call counts for each.

        Raises:
            Crashed: the adapter raised something that is no ``AdapterError``.
        """
        refs = self.kit.manifest.groups if groups is None else tuple(groups)
        fields = {ref: frozenset(self.kit.dictionary.groups[ref].by_field) for ref in refs}
        if not isinstance(self.adapter, Fetch):
            raise TypeError("no fetch")
        request = FetchRequest(number, fields, Deadline.after(deadline_s), "kit", on)
        try:
            return (await self.adapter.fetch(request)).groups
        except AdapterError as error:
            return dict.fromkeys(refs, error)
        except Exception as error:
            raise Crashed(type(error).__name__, error) from error


class Kit:
    """The adapter under test, read and not yet opened.

    Raises:
        ConfigurationError: manifest or mapping cannot be read.
    """

    def __init__(
        self, installed: InstalledAdapter, dictionary: Dictionary, description: Description
    ) -> None:
        self.installed = installed
        self.manifest = installed.manifest
        self.dictionary = dictionary
        self.description = description
        self.folder: Path = installed.folder()
        self._captured: dict[str, dict[str, Any]] = {}
        self.calls = 400
        """Calls of the cases that need many."""

    @cached_property
    def document(self) -> Document | None:
        """Return the mapping, None for an adapter without one."""
        text = self.installed.mapping_text()
        try:
            return None if text is None else read_document(text)
        except MappingError as error:
            raise ConfigurationError(f"mapping.yaml: {error}") from None

    @cached_property
    def own_steps(self) -> OwnSteps:
        """Return the vendor's own steps of the mapping.

        Raises:
            ConfigurationError: they cannot be used.
        """
        if self.document is None:
            return NO_STEPS
        try:
            return steps_of_package(self.document.mapping, self.installed.package)
        except StepsError as error:
            raise ConfigurationError(f"steps of mapping.yaml: {error}") from None

    @cached_property
    def plans(self) -> RowPlans | None:
        """Return the row plans of the mapping."""
        if self.document is None:
            return None
        mapping = self.document.mapping
        groups = {ref: self.dictionary.groups[ref] for ref in mapping.groups}
        return RowPlans(mapping, groups, self.own_steps)

    @cached_property
    def over_http(self) -> bool:
        """Tell whether the adapter asks over HTTP, so that the kit can be the service."""
        if self.document is None:
            return True
        return not self.over_files and all(
            read.rest is not None or read.soap is not None
            for read in self.document.mapping.reads.values()
        )

    @cached_property
    def over_files(self) -> bool:
        """Tell whether the adapter reads delivered files."""
        if self.document is None:
            return False
        return all(read.file is not None for read in self.document.mapping.reads.values())

    @property
    def people(self) -> tuple[Person, ...]:
        """Return the invented people."""
        return self.description.people

    def tree(self, file: str, person: Person | None) -> Tree:
        """Return a recorded answer about ``person``."""
        tree = read_tree(self.folder / FOLDER / file)
        if person is None:
            return tree
        return filled(tree, {**person.values, "number": person.number}, file)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open the adapter on a source that is well."""
        log = QuietLog()
        async with _client() as http, Simulator(self._answer).listening() as simulator:
            source = simulator if self.over_http else RecordedSource(self.recorded_call)
            async with self._opened(log, http, source, None) as session:
                yield session

    @asynccontextmanager
    async def recorded_session(self) -> AsyncIterator[Session]:
        """Open the adapter on a recorded source, whatever its transport."""
        for person in self.people:
            if self.over_http and person.number not in self._captured:
                self._captured[person.number] = await self.raw_answers(person)
        log, recorded = QuietLog(), RecordedSource(self.recorded_call)
        async with _client() as http, self._opened(log, http, recorded, None) as session:
            yield session

    async def raw_answers(self, person: Person) -> dict[str, Any]:
        """Return what the source answered about ``person``, by read, as the mapping sees it."""
        kept: dict[str, Any] = {}
        log = QuietLog()
        async with _client() as http, Simulator(self._answer).listening() as simulator:
            source = simulator if self.over_http else RecordedSource(self.recorded_call)
            async with self._opened(log, http, source, kept) as session:
                await session.fetch(person.number)
        return kept

    async def delivered(self) -> dict[str, list[Any]]:
        """Return the records of the delivered files, by read, as the mapping sees them."""
        held: list[Source] = []
        found: dict[str, list[Any]] = {}
        log = QuietLog()
        source = RecordedSource(self.recorded_call)
        async with _client() as http, self._opened(log, http, source, None, held):
            (inner,) = held
            if self.document is None or not isinstance(inner, RecordSource):
                raise ConfigurationError("the source hands over no files")
            for name, read in self.document.mapping.reads.items():
                records = inner.records(name, read)
                found[name] = [r.record for r in records if r.record is not None]
        return found

    @asynccontextmanager
    async def _opened(
        self,
        log: QuietLog,
        http: httpx.AsyncClient,
        source: Simulator | RecordedSource,
        kept: dict[str, Any] | None,
        held: list[Source] | None = None,
    ) -> AsyncIterator[Session]:
        def around(inner: Source) -> Source:
            if held is not None:
                held.append(inner)
            if self.over_files:
                return inner
            used: Source = source if isinstance(source, RecordedSource) else inner
            return used if kept is None else Listening(used, self.name_of, kept)

        address = source.address if isinstance(source, Simulator) else "http://127.0.0.1:1"
        host = Host(MUNICIPALITY, _Noon(), http, log, self.dictionary, around)
        with tempfile.TemporaryDirectory() as temporary:
            delivery = Path(temporary)
            if self.description.delivery:
                own = self.folder / FOLDER / self.description.delivery
                shutil.copytree(own, delivery, dirs_exist_ok=True)
            settings = JsonTree(self.description.settings).rewritten(
                lambda text: text.replace("{{address}}", address).replace(
                    "{{delivery}}", str(delivery)
                )
            )
            adapter = self.installed.open(host, settings.content)
            try:
                yield Session(self, adapter, log, http, source, delivery)
            finally:
                await adapter.aclose()

    @property
    def _unknown_answers(self) -> Mapping[str, Said]:
        return self.description.unknown.answers if self.description.unknown else {}

    def name_of(self, read: Read) -> str:
        """Return the name of a read of the mapping, empty for any other."""
        if self.document is None:
            return ""
        return next((n for n, r in self.document.mapping.reads.items() if r == read), "")

    def recorded_call(self, read: Read, slots: Slots) -> SourceCall:
        """Return what was recorded for a read about the person of its slots."""
        name = self.name_of(read)
        number = str(slots.get("number") or "")
        person = next((p for p in self.people if p.number == number), None)
        good: Any = None
        if person is not None and person.number in self._captured:
            good = copy.deepcopy(self._captured[person.number].get(name))
        elif person is not None and name in self.description.answers:
            good = _content(self.tree(self.description.answers[name], person))
        elif not self.over_http and name in self._unknown_answers:
            good = _content(self.tree(self._unknown_answers[name].file, None))
        return SourceCall(read, name, slots, person, good)

    def _answer(self, asked: Asked) -> tuple[Person | None, str | None, Reply, Tree | None]:
        body = asked.body.decode("utf-8", "replace")
        person = next((p for p in self.people if p.number in body), None)
        for extra in self.description.extras:
            if (extra.method, extra.path) == (asked.method, asked.target) and (
                extra.contains in body
            ):
                return person, None, *self._said(extra.answer, person)
        read = self._read_of(asked, body)
        if read is not None and person is not None and read in self.description.answers:
            return person, read, *self._said(Said(file=self.description.answers[read]), person)
        nobody = self.description.unknown
        if nobody is not None and read in nobody.answers and nobody.number in body:
            return None, read, *self._said(nobody.answers[read], None)
        return None, read, Reply(b"not recorded", 404, "text/plain"), None

    def _said(self, said: Said, person: Person | None) -> tuple[Reply, Tree]:
        tree = self.tree(said.file, person)
        return Reply(tree.body(), said.status, said.media_type or tree.media_type), tree

    def _read_of(self, asked: Asked, body: str) -> str | None:
        """Return the read of the mapping that a request is."""
        for name, read in self.document.mapping.reads.items() if self.document else ():
            if read.rest is not None and (read.rest.method, True) == (
                asked.method,
                asked.target.endswith(read.rest.path),
            ):
                if _says(body, read.rest.body):
                    return name
            elif read.soap is not None and re.search(
                rf"[:<]{re.escape(read.soap.operation)}[\s>/]", body
            ):
                return name
        return None

    def not_http(self) -> str | None:
        """Return why a case about HTTP does not apply, None if it does."""
        return None if self.over_http else "the transport is one of ours and tested there"

    def not_mapped(self) -> str | None:
        """Return why a case about the mapping does not apply, None if it does."""
        return None if self.document is not None else "the adapter has no mapping document"

    def lacks(self, capability: Capability) -> str | None:
        """Return why a case about a capability does not apply, None if it does."""
        if capability in self.manifest.capabilities:
            return None
        return f"the manifest does not declare {capability}"


def _client() -> httpx.AsyncClient:
    """Return a client for loopback, without the cost of certificates."""
    return httpx.AsyncClient(trust_env=False, verify=False)  # noqa: S501 - never leaves loopback


def _content(tree: Tree) -> Any:
    if isinstance(tree, JsonTree):
        return tree.content
    raise ConfigurationError("recorded answers of this transport are .yaml or .json")


def _says(body: str, template: Mapping[str, Any]) -> bool:
    """Tell whether a body of JSON has what a template has, where that has no slot."""
    try:
        content = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return False
    if not isinstance(content, dict):
        return False
    return all(
        key in content and (not isinstance(value, str) or "{" in value or content[key] == value)
        for key, value in template.items()
    )
