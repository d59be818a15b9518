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
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import httpx

from adapters.errors import AdapterError, SourceTimeout
from standard_models.answers import StandardRecord
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


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute point on the monotonic clock by which a call must have ended."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline ``seconds`` from now."""
        return cls(time.monotonic() + seconds)

    def remaining_s(self) -> float:
        """Return the seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def require_s(self) -> float:
        """Return the seconds left.

        Raises:
            SourceTimeout: nothing is left.

        """
        if (left := self.remaining_s()) <= 0:
            raise SourceTimeout("the deadline of the question had passed before the call")
        return left

    def earlier(self, seconds: float) -> Deadline:
        """Return the nearer of this deadline and ``seconds`` from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))


@dataclass(frozen=True, slots=True)
class Host:
    """What the gateway lends an adapter for its lifetime.

    ``municipality`` is the 6-digit 団体コード that the adapter works for. ``http`` is shared, has
    the gateway's TLS rules and limits, and must not be closed by the adapter. ``dictionary``
    holds the installed editions.
    """

    municipality: str
    clock: Clock
    http: httpx.AsyncClient
    log: EventLog
    dictionary: Dictionary


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
    (``001.juminkihonjoho``) to the romaji fields wanted of it; never empty.
    """

    number: str
    groups: Mapping[str, frozenset[str]]
    deadline: Deadline
    trace_id: str


@dataclass(frozen=True, slots=True)
class GroupRecords:
    """The current records of one group; none means that the source knows none.

    ``as_of`` is the source's own claim of how current its data is (aware), None if it makes none.
    ``lost`` counts records of the person that could not become standard records at all.
    """

    records: tuple[StandardRecord, ...]
    as_of: dt.datetime | None
    retrieved_at: dt.datetime
    lost: int = 0


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
        groups. A read that several groups share is made once.

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

    Source: resident specification 1.0, items of 支援措置.
    """

    number: str
    kind: MeasureKind
    since: dt.date | None
    until: dt.date | None


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
