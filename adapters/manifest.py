"""What an adapter says of itself, in ``manifest.yaml``, readable without importing its code."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.errors import ConfigurationError
from adapters.hours import Hours
from standard_models.safe_yaml import safe_load

GROUP_REF = r"^\d{3}\.[a-z][a-z0-9]*$"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Capability(StrEnum):
    """What an adapter can do beside the mandatory core."""

    FETCH = "fetch"
    SEARCH = "search"
    CHANGES = "changes"
    EXTRACT = "extract"
    SUBMIT = "submit"
    PROTECTION_FLAGS = "protection-flags"


_OF_GROUPS = frozenset(Capability) - {Capability.PROTECTION_FLAGS}


class Support(StrEnum):
    """How far an item is supplied."""

    FULL = "full"
    SINCE = "since"
    NOT_IMPLEMENTED = "not-implemented"
    IMPOSSIBLE = "impossible"


class _Exception(_Section):
    support: Support
    reason: str = Field(min_length=1)
    since: dt.date | None = None

    @model_validator(mode="after")
    def _since_has_its_day(self) -> Self:
        if (self.support is Support.SINCE) != (self.since is not None):
            msg = "support since and the day since belong together"
            raise ValueError(msg)
        return self


class ItemSupport(_Exception):
    """An item that is not fully supplied, and why. ``since``: supplied for what came later.

    ``operations`` are the capabilities for which it is so; without them, all.
    """

    field: str
    operations: tuple[Capability, ...] = ()


class CapabilitySupport(_Exception):
    """A capability that is not there, or not for everything, and why."""

    capability: Capability


class History(_Section):
    """The source can say what held on a day, from ``since`` on (the first day, included).

    ``days_ahead`` is how far ahead it knows what is planned, such as a move out (転出予定).
    """

    since: dt.date
    days_ahead: int = Field(default=0, ge=0, le=3660)

    def reaches(self, day: dt.date, today: dt.date) -> bool:
        """Tell whether the source can answer for ``day``."""
        return self.since <= day <= today + dt.timedelta(days=self.days_ahead)


class Supply(_Section):
    """One group that the adapter supplies; ``except_items`` are the items it does not.

    With ``history`` the group can be asked for as it was on a day.
    """

    group: str = Field(pattern=GROUP_REF)
    edition: str
    except_items: tuple[ItemSupport, ...] = ()
    history: History | None = None


class ContractRange(_Section):
    """Versions of the adapter contract that the adapter works with, both inclusive."""

    minimum: str = Field(pattern=r"^\d+\.\d+$")
    maximum: str = Field(pattern=r"^\d+\.\d+$")

    def holds(self, version: str) -> bool:
        """Tell whether ``version`` lies in the range."""
        return _version(self.minimum) <= _version(version) <= _version(self.maximum)


class Product(_Section):
    """The legacy product. ``name_ja`` is shown to residents as the source of a value."""

    name_ja: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    versions: tuple[str, ...] = ()


class Numbering(_Section):
    """Whose numbers the adapter takes and echoes (``resident``, ``tax``, …)."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)
    name_ja: str


class NumberLink(_Section):
    """An item that holds a person's number in another numbering (``resident``)."""

    numbering: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)
    item: str = Field(pattern=r"^\d{3}\.[a-z][a-z0-9]*\.[a-z][a-z0-9_]*$")


class Freshness(_Section):
    """How current the answers are. ``every_s``: deliveries come that often.

    ``never_stale`` are items that may not be answered from an older copy.
    """

    kind: Literal["live", "deliveries"] = "live"
    every_s: int | None = Field(default=None, gt=0)
    never_stale: tuple[str, ...] = ()

    @property
    def old_after(self) -> dt.timedelta | None:
        """Return the age at which a copy is old: two deliveries should have come since (D)."""
        return None if self.every_s is None else dt.timedelta(seconds=2 * self.every_s)

    @model_validator(mode="after")
    def _deliveries_have_a_pace(self) -> Self:
        if (self.kind == "deliveries") != (self.every_s is not None):
            msg = "deliveries and every_s belong together"
            raise ValueError(msg)
        return self


class Limits(_Section):
    """What the source can bear.

    ``max_concurrency`` counts what is asked of it at one time, over all calls together: its
    connections or sessions. ``page_size`` is the greatest number of records in one answer.
    ``hedge_after_s`` declares that reading twice harms nothing: a question that is not answered by
    then may be asked a second time, and the first answer counts.
    """

    max_concurrency: int = Field(ge=1, le=1000)
    timeout_s: float = Field(gt=0, le=120)
    calls_per_second: float | None = Field(default=None, gt=0)
    page_size: int | None = Field(default=None, ge=1)
    hedge_after_s: float | None = Field(default=None, gt=0, le=60)

    def share(self, processes: int) -> Limits:
        """Return what each of several processes may ask, so that together they keep the limits.

        One call at a time is the least; where that is too much together, the host lets fewer
        processes call at a time.
        """
        if processes == 1:
            return self
        pace = self.calls_per_second
        return self.model_copy(
            update={
                "max_concurrency": max(1, self.max_concurrency // processes),
                "calls_per_second": None if pace is None else pace / processes,
            }
        )


class KnownQuality(_Section):
    """What the vendor knows of the data: rules that hold, gaps, code pages, character table."""

    invariants: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    code_pages: tuple[str, ...] = ()
    gaiji_table: str | None = None


class FlagAuthority(_Section):
    """The source is an authority on 支援措置; a copy older than ``max_age_s`` is not trusted.

    ``poll_s`` is how often the source can bear being asked for all of it.
    """

    max_age_s: int = Field(gt=0)
    poll_s: int = Field(default=60, gt=0)

    @model_validator(mode="after")
    def _asked_before_it_is_too_old(self) -> Self:
        if self.poll_s > self.max_age_s:
            msg = "poll_s is longer than max_age_s"
            raise ValueError(msg)
        return self


class PersonalData(_Section):
    """What the adapter processes and what it logs (nothing, by default)."""

    processed: tuple[str, ...]
    logged: tuple[str, ...] = ()
    my_number: Literal["never", "holds"] = "never"


class Contact(_Section):
    """Whom to ask; an adapter has two at least."""

    name: str
    email: str


class Manifest(_Section):
    """The whole manifest.

    ``links`` are items that name the person asked for in another numbering. ``members`` are items
    that name somebody else (a member of the household, a dependant) in another numbering than the
    adapter's own.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=64)
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    name_ja: str
    name_en: str
    vendor: str
    contacts: tuple[Contact, ...] = Field(min_length=2)
    licence: str
    contract: ContractRange
    lifecycle: Literal["incubating", "production", "deprecated", "suspended"]
    product: Product
    numbering: Numbering
    capabilities: frozenset[Capability] = Field(min_length=1)
    supplies: tuple[Supply, ...] = ()
    flag_authority: FlagAuthority | None = None
    except_capabilities: tuple[CapabilitySupport, ...] = ()
    links: tuple[NumberLink, ...] = ()
    members: tuple[NumberLink, ...] = ()
    freshness: Freshness = Freshness()
    hours: Hours = Hours()
    limits: Limits
    personal_data: PersonalData
    quality: KnownQuality = KnownQuality()
    deprecated_until: dt.date | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the references of the groups that the adapter supplies."""
        return tuple(supply.group for supply in self.supplies)

    def history_of(self, group: str) -> History | None:
        """Return from when on ``group`` can be asked for a day, None if it cannot."""
        return next((s.history for s in self.supplies if s.group == group), None)

    def numbering_of(self, item: str) -> str:
        """Return in which numbering ``item`` names somebody else; the adapter's own by default."""
        named = (link.numbering for link in self.members if link.item == item)
        return next(named, self.numbering.id)

    def share(self, processes: int) -> Manifest:
        """Return the manifest with the limits of one of several processes; see ``Limits.share``."""
        return self.model_copy(update={"limits": self.limits.share(processes)})

    @model_validator(mode="after")
    def _capabilities_say_the_same_as_the_rest(self) -> Self:
        if bool(_OF_GROUPS & self.capabilities) != bool(self.supplies):
            msg = "supplies and a capability about groups (fetch, search, …) belong together"
            raise ValueError(msg)
        flags = Capability.PROTECTION_FLAGS in self.capabilities
        if flags != (self.flag_authority is not None):
            msg = "capability protection-flags and flag_authority belong together"
            raise ValueError(msg)
        histories = any(supply.history is not None for supply in self.supplies)
        if histories and Capability.FETCH not in self.capabilities:
            msg = "history belongs to the capability fetch"
            raise ValueError(msg)
        if len(set(self.groups)) != len(self.groups):
            msg = "a group stands twice in supplies"
            raise ValueError(msg)
        if (self.lifecycle == "deprecated") != (self.deprecated_until is not None):
            msg = "lifecycle deprecated and deprecated_until belong together"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _exceptions_do_not_contradict(self) -> Self:
        gone = {Support.NOT_IMPLEMENTED, Support.IMPOSSIBLE}
        for entry in self.except_capabilities:
            if (entry.support in gone) == (entry.capability in self.capabilities):
                msg = f"capabilities and except_capabilities contradict on {entry.capability}"
                raise ValueError(msg)
        items = [f"{s.group}.{e.field}" for s in self.supplies for e in s.except_items]
        if len(set(items)) != len(items):
            msg = "an item stands twice in except_items"
            raise ValueError(msg)
        return self


def read_manifest(text: str) -> Manifest:
    """Return the manifest in ``text``.

    Raises:
        ConfigurationError: listing everything that is wrong, by place.
    """
    try:
        content: Any = safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "unknown position"
        raise ConfigurationError(f"manifest.yaml is not YAML ({where})") from None
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"manifest.yaml: {describe(error)}") from None


def describe(error: ValidationError) -> str:
    """Return all findings of a validation by place, without the values that were found."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or '(top)'}: {e['msg']}"
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
