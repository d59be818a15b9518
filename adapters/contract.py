"""What an adapter is: the promise between Hitotsu and those who connect a legacy system.

A package offers an adapter by an entry point in the group ``hitotsu.adapters`` whose value is an
importable package that contains ``manifest.yaml`` (readable without importing the package) and
defines ``Settings`` (a frozen pydantic model, unknown keys refused) and ``open_adapter``.

The core is small: ``check`` and ``aclose``. Everything else is a capability, one Protocol each,
declared in the manifest; what is not declared is not there and is never called.

An adapter builds no HTTP client, reads no environment and asks no clock of its own: the host
gives it all of these. It keeps no state between calls that belongs to one call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import httpx

from adapters.deadline import Deadline as Deadline  # noqa: PLC0414 - part of the contract
from adapters.errors import AdapterError
from adapters.network import OPEN_NETWORK, Network
from adapters.sources.base import Source
from standard_models.answers import JsonScalar, Quality, StandardRecord
from standard_models.dictionary import Dictionary

CONTRACT_VERSION = "1.0"
"""Version of this contract; a manifest names the range it was written for."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> dt.datetime:
        """Return the current time, aware, in Asia/Tokyo."""
        ...


class EventLog(Protocol):
    """A log that accepts an event name and fields from an allow-list; never personal values."""

    def info(self, event: str, **fields: Any) -> None:
        """Log ``event`` at level info."""
        ...

    def warning(self, event: str, **fields: Any) -> None:
        """Log ``event`` at level warning."""
        ...

    def error(self, event: str, **fields: Any) -> None:
        """Log ``event`` at level error."""
        ...


def _as_it_is(source: Source) -> Source:
    return source


@dataclass(frozen=True, slots=True)
class Host:
    """What the gateway lends an adapter for its lifetime.

    ``municipality`` is the 6-digit 団体コード that the adapter works for. ``http`` is shared, has
    the gateway's TLS rules and limits, and must not be closed by the adapter. ``dictionary``
    holds the installed editions. ``around_source`` is put around the source of an adapter when it
    is opened: the host may watch every read there, or stand in for the system. ``processes`` are
    the processes of the host that share what the source can bear. ``network`` tells every source
    that does not speak HTTP what addresses it may connect to.
    """

    municipality: str
    clock: Clock
    http: httpx.AsyncClient
    log: EventLog
    dictionary: Dictionary
    around_source: Callable[[Source], Source] = _as_it_is
    processes: int = 1
    network: Network = OPEN_NETWORK


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``check`` found. ``message`` is for staff, in Japanese, free of personal values.

    ``opens_at`` is set where the source is closed and says until when.
    """

    ok: bool
    message: str
    product_version: str | None = None
    as_of: dt.datetime | None = None
    opens_at: dt.datetime | None = None


class Adapter(Protocol):
    """The mandatory core."""

    @property
    def mapping_version(self) -> str:
        """Return the version of the translation, which every answer names beside its values."""
        ...

    async def check(self, deadline: Deadline) -> CheckResult:
        """Look at settings, connection, credentials and product version. Never writes.

        Returns rather than raises for everything a source can do wrong.
        """
        ...

    async def aclose(self) -> None:
        """Release what the adapter holds. Harmless when called twice."""
        ...


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What the engine wants of one person from one system.

    ``number`` is the person's number in this system's own numbering. ``groups`` maps each group
    (``001.juminkihonjoho``) to the romaji fields wanted of it; never empty. With ``on`` the
    records that held on that day are wanted, an inclusive day in Asia/Tokyo; without it those of
    now. Only groups whose supply declares ``history`` are asked for a day.
    """

    number: str
    groups: Mapping[str, frozenset[str]]
    deadline: Deadline
    trace_id: str
    on: dt.date | None = None

    def by(self, deadline: Deadline) -> FetchRequest:
        """Return the same request with another deadline."""
        return FetchRequest(self.number, self.groups, deadline, self.trace_id, self.on)


@dataclass(frozen=True, slots=True)
class GroupRecords:
    """The current records of one group; none means that the source knows none.

    ``as_of`` is the source's own claim of how current its data is (aware), None if it makes none.
    ``lost`` counts records of the person that could not become standard records at all.
    ``mapping_version`` is of the mapping that made the records, where they were made earlier.
    """

    records: tuple[StandardRecord, ...]
    as_of: dt.datetime | None
    retrieved_at: dt.datetime
    lost: int = 0
    mapping_version: str | None = None

    def holding(self, records: tuple[StandardRecord, ...]) -> GroupRecords:
        """Return the same outcome with other records."""
        return GroupRecords(records, self.as_of, self.retrieved_at, self.lost, self.mapping_version)


@dataclass(frozen=True, slots=True)
class FetchResult:
    """One outcome for each group asked for: its records, or the error that hit only it."""

    groups: Mapping[str, GroupRecords | AdapterError]


@runtime_checkable
class Fetch(Protocol):
    """Capability ``fetch``: the current records of one person, by the system's own number."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return an outcome for every group of the request.

        Every record carries the number *as the source echoed it*. An unknown person yields empty
        groups. A read that several groups share is made once. A group that cannot be answered for
        the day asked for is ``NoHistory``: what holds now never stands in for it.

        Raises:
            AdapterError: the whole call failed; the class tells why.

        """
        ...


class MeasureKind(StrEnum):
    """Kinds of 支援措置."""

    PROVISIONAL = "provisional"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class ProtectionFlag:
    """One person covered by a protective measure (支援措置), as the source states it.

    ``number`` is in the source's own numbering. People protected together with the applicant have
    flags of their own. ``until`` is what the register says; nothing lapses by that date alone.
    ``other_parties`` are the numbers of everybody from whom the person is protected (加害者),
    None where the source does not tell, or has no number of one of them.

    Source: resident specification 1.0, items of 支援措置.
    """

    number: str
    kind: MeasureKind
    since: dt.date | None
    until: dt.date | None
    other_parties: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FlagReport:
    """Every flag that the source holds now; complete or not at all."""

    flags: tuple[ProtectionFlag, ...]
    as_of: dt.datetime | None
    retrieved_at: dt.datetime


@runtime_checkable
class ProtectionFlags(Protocol):
    """Capability ``protection-flags``: the source is an authority on 支援措置."""

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return every flag in force or not formally ended.

        Raises:
            AdapterError: the list is not complete; a partial list is never returned.

        """
        ...


@dataclass(frozen=True, slots=True)
class FourFacts:
    """基本4情報 as a citizen states them, in the forms of the standard; None where not stated.

    ``shimei`` and ``shimei_kana`` are full-width, ``seinengappi`` is a day, ``seibetsu`` a code of
    the standard (``1`` male, ``2`` female), ``jusho`` the written address.
    """

    shimei: str | None = None
    shimei_kana: str | None = None
    seinengappi: dt.date | None = None
    seibetsu: str | None = None
    jusho: str | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search by 基本4情報, for the ``fields`` of the candidates' ``group``.

    ``page`` is the opaque token of the page before, None for the first.
    """

    facts: FourFacts
    group: str
    fields: frozenset[str]
    deadline: Deadline
    trace_id: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Candidates in the order of the source; ``next_page`` is None on the last page."""

    candidates: GroupRecords
    next_page: str | None


@runtime_checkable
class Search(Protocol):
    """Capability ``search``: who could it be? The host decides who it is."""

    async def search(self, request: SearchRequest) -> SearchPage:
        """Return one page of candidates, everybody whom the source finds by the stated facts.

        The order is stable: the pages of one search together hold each candidate once.

        Raises:
            AdapterError: the whole call failed; the class tells why.
            Rejected: the source cannot search by these facts alone (``too-few-facts``).

        """
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """Something about the person with ``number`` is not as it was in one of ``groups``."""

    number: str
    groups: tuple[str, ...]
    changed_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Changes in the order of the source; ``cursor`` is where the next batch begins.

    ``more`` tells that the next batch is ready now.
    """

    changes: tuple[Change, ...]
    cursor: str
    more: bool


@runtime_checkable
class Changes(Protocol):
    """Capability ``changes``: whose records changed, each change at least once."""

    async def changes(self, cursor: str | None, deadline: Deadline) -> ChangeBatch:
        """Return the changes behind ``cursor``, from the beginning for None.

        Asking again with an old cursor repeats its changes and harms nothing.

        Raises:
            AdapterError: the whole call failed; the class tells why.

        """
        ...


@dataclass(frozen=True, slots=True)
class LostRecord:
    """A record that could not become a standard record: its place at the source, and why."""

    place: str
    quality: tuple[Quality, ...]


@dataclass(frozen=True, slots=True)
class ExtractChunk:
    """Some records of a bulk extract, and the checkpoint behind them.

    ``read`` counts the elements that the source gave for this chunk, which its control totals
    count too. ``skipped`` of them have no record on purpose: the mapping leaves them out.
    """

    records: tuple[StandardRecord, ...]
    lost: tuple[LostRecord, ...]
    skipped: int
    read: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What the source itself says of the whole extract; None where it says nothing.

    ``sums`` holds sums by the name of the source's field. One with the romaji name of an item is
    the sum of this item over all records, and is held against them (``hitotsu reconcile``).
    """

    records: int | None = None
    sums: Mapping[str, int] | None = None
    as_of: dt.datetime | None = None


@runtime_checkable
class Extract(Protocol):
    """Capability ``extract``: every current record of a group, in bounded memory."""

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        """Return what the source says of the extract as a whole.

        Raises:
            AdapterError: the whole call failed; the class tells why.

        """
        ...

    def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        """Yield the records of ``group`` in the order of the source, behind a checkpoint.

        Resumed from any of its checkpoints, an extract yields exactly what had been left.

        Raises:
            AdapterError: the extract cannot go on; what was yielded stays good.

        """
        ...


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Items that a citizen stated, to be handed to the system of record.

    ``idempotency_key`` is the same whenever the same submission is handed over again.
    """

    number: str
    group: str
    items: Mapping[str, JsonScalar]
    idempotency_key: str
    deadline: Deadline
    trace_id: str


@dataclass(frozen=True, slots=True)
class SubmitReceipt:
    """The system took the submission; ``receipt`` is its own name for that."""

    receipt: str
    accepted_at: dt.datetime


@runtime_checkable
class Submit(Protocol):
    """Capability ``submit``: hand over what a citizen stated, with one effect for one key."""

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        """Hand over a submission. The same key has the same receipt and one effect.

        Raises:
            AdapterError: nothing was accepted, or nobody can tell; the same call may be repeated.
            Rejected: the system refuses the content.
            Conflict: the key was used for another content.

        """
        ...
