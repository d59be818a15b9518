"""What one audit record holds, its canonical text and its hash. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

import orjson

AuditId: TypeAlias = str
"""Identifies a record: 32 hexadecimal digits, random, safe to show to a consumer."""

NO_MUNICIPALITY: Final = "000000"
"""Stands where a municipality would, in records of events that belong to none."""

FORMAT_VERSION: Final = 1


class AuditKind(StrEnum):
    """Kinds of records. Source: security guideline for municipalities, kinds of logs."""

    OPERATION = "operation"
    AUTHENTICATION = "authentication"
    EVENT = "event"
    NETWORK = "network"
    PRINT = "print"
    SETTINGS = "settings"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How often the same was refused, from the first time to the last."""

    count: int
    first: dt.datetime
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who, for whom, why, which items, with what outcome; never a value of a person.

    ``subject_key`` is the keyed pseudonym of ``AuditLog.pseudonym``. Items are official ids in
    any order. ``mode`` says what happens to items outside the grant. ``problem`` is the slug of a
    refusal. ``terminal`` is the address the call came from. ``before`` and ``after`` belong to
    records of kind settings. ``items_revealed`` are those of the items delivered that a measure
    of protection withholds from others. ``alarm`` says what a source did and how often: adapter,
    capability, kind, count. ``representation`` says in whose place somebody acted: the id and kind
    of the representation, and the pseudonym of who acted (``subject_key`` is of the represented).
    ``scope`` says of whom and of which day was asked, where that is not the person alone and now:
    relation, basis, reference date, and the part of the person in it. ``occurrences`` is set where
    one record stands for several refusals; ``at`` is the last of them. ``sources`` says where the
    records of each group came from: adapter, its version, mapping, edition and method.
    ``statement`` is the signed statement that was released: its id, and as ``answer`` the id of the
    record of the answer that it states.
    """

    municipality: str
    at: dt.datetime
    kind: AuditKind
    outcome: str
    trace_id: str
    client_id: str | None = None
    subject_key: str | None = None
    purpose: str | None = None
    items_asked: tuple[str, ...] = ()
    items_delivered: tuple[str, ...] = ()
    mode: str = "refuse"
    part_statuses: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    my_number: bool = False
    terminal: str = ""
    function: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    alarm: Mapping[str, str | int] | None = None
    items_revealed: tuple[str, ...] = ()
    representation: Mapping[str, str] | None = None
    scope: Mapping[str, str | int] | None = None
    occurrences: Occurrences | None = None
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    statement: Mapping[str, str] | None = None


def settings_entry(  # noqa: PLR0913 - each is a member of the record
    municipality: str,
    at: dt.datetime,
    actor: str,
    function: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    client_id: str | None = None,
    purpose: str | None = None,
    subject_key: str | None = None,
    my_number: bool = False,
) -> AuditEntry:
    """Return the entry of a change that ``actor`` made: what was there before, and after it."""
    return AuditEntry(
        municipality=municipality,
        at=at,
        kind=AuditKind.SETTINGS,
        outcome="changed",
        trace_id="",
        terminal=actor,
        client_id=client_id,
        purpose=purpose,
        subject_key=subject_key,
        function=function,
        my_number=my_number,
        before=before,
        after=after,
    )


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry ready to be written: its id, its canonical text and its leaf hash."""

    audit_id: AuditId
    entry: AuditEntry
    text: str
    leaf_hash: bytes


def to_record(entry: AuditEntry) -> AuditRecord:
    """Return ``entry`` with a new id, as canonical JSON text (RFC 8785) and with its leaf hash.

    Raises:
        ValueError: the time has no zone, or a setting holds a number that is not whole.

    """
    if entry.at.tzinfo is None:
        msg = "the time of an audit entry needs a time zone"
        raise ValueError(msg)
    audit_id = secrets.token_hex(16)
    text = canonical_json({"audit_id": audit_id, **_members(entry)})
    return AuditRecord(audit_id, entry, text, leaf_hash(text))


def leaf_hash(text: str) -> bytes:
    """Return SHA-256 of a zero byte and the UTF-8 text. Source: RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def canonical_json(members: Mapping[str, Any]) -> str:
    """Return JSON that is the same for the same content: sorted keys, no blanks, real characters.

    Equal to RFC 8785 for what occurs here: member names in ASCII, no fractions.
    """
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS).decode()


def _members(entry: AuditEntry) -> dict[str, Any]:
    members: dict[str, Any] = {
        "v": FORMAT_VERSION,
        "municipality": entry.municipality,
        "at": _utc(entry.at),
        "kind": entry.kind.value,
        "outcome": entry.outcome,
        "trace_id": entry.trace_id,
        "client_id": entry.client_id,
        "subject_key": entry.subject_key,
        "purpose": entry.purpose,
        "items_asked": sorted(entry.items_asked),
        "items_delivered": sorted(entry.items_delivered),
        "mode": entry.mode,
        "part_statuses": dict(entry.part_statuses),
        "problem": entry.problem,
        "my_number": entry.my_number,
        "terminal": entry.terminal,
        "function": entry.function,
    }
    if entry.before is not None or entry.after is not None:
        members["before"] = _plain(entry.before)
        members["after"] = _plain(entry.after)
    if entry.items_revealed:
        members["items_revealed"] = sorted(entry.items_revealed)
    if entry.scope is not None:
        members["scope"] = dict(entry.scope)
    if entry.alarm is not None:
        members["alarm"] = dict(entry.alarm)
    if entry.representation is not None:
        members["representation"] = dict(entry.representation)
    if entry.sources:
        members["sources"] = {group: dict(source) for group, source in entry.sources.items()}
    if entry.statement is not None:
        members["statement"] = dict(entry.statement)
    if entry.occurrences is not None:
        members["occurrences"] = {
            "count": entry.occurrences.count,
            "first": _utc(entry.occurrences.first),
            "last": _utc(entry.occurrences.last),
        }
    return members


def _utc(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _plain(setting: Mapping[str, Any] | None) -> dict[str, Any] | None:
    _refuse_fractions(setting)
    return None if setting is None else dict(setting)


def _refuse_fractions(value: object) -> None:
    if isinstance(value, float):
        msg = "an audit entry holds no fractions"
        raise ValueError(msg)  # noqa: TRY004 - the type is fine in JSON, its text form is not
    if isinstance(value, Mapping):
        for member in value.values():
            _refuse_fractions(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _refuse_fractions(member)
