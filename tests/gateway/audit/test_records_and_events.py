"""AU-1 and AU-8: what every kind of record says, and that a FHIR program can read all of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import AuditEntry, AuditKind, to_record
from gateway.audit.fhir import to_audit_event
from tests.gateway.audit.entries import AT, entry
from tests.gateway.audit.schemas import AUDIT_EVENT, RECORD, faults, of_fhir

R4_EVENT = of_fhir("AuditEvent")
ISSUER = "https://hitotsu.city.example"
ALARM = {"adapter": "a", "capability": "fetch", "kind": "other-number", "count": 2}
OF_KIND: dict[AuditKind, dict[str, Any]] = {
    AuditKind.OPERATION: {
        "subject_key": "ab" * 32,
        "items_asked": ("001P0006", "001P0001"),
        "items_delivered": ("001P0006",),
        "items_revealed": ("001P0006",),
        "part_statuses": {"001.juminkihonjoho": "ok"},
        "sources": {
            "001.juminkihonjoho": {
                "adapter": "reference-resident", "version": "0.1.0", "mapping": "7",
                "edition": "provisional-2026", "method": "live",
            },
        },
        "terminal": "192.0.2.7",
        "function": "question",
        "my_number": True,
    },
    AuditKind.AUTHENTICATION: {
        "client_id": None, "purpose": None, "outcome": "refused", "function": "token",
        "problem": "client-authentication-failed", "municipality": "000000",
    },
    AuditKind.EVENT: {"outcome": "discarded", "function": "wrong-person", "alarm": ALARM},
    AuditKind.NETWORK: {"client_id": None, "outcome": "refused", "problem": "not-found"},
    AuditKind.PRINT: {"outcome": "released", "terminal": "cli:sato", "client_id": None},
    AuditKind.SETTINGS: {
        "client_id": None, "outcome": "changed", "terminal": "cli:sato", "function": "route-set",
        "before": {"adapter": "a"}, "after": {"adapter": "b", "nested": {"list": [1, "x"]}},
    },
    AuditKind.ERROR: {"outcome": "failed", "client_id": None, "purpose": None},
}  # fmt: skip

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
words = st.from_regex(r"[a-z][a-z0-9-]{1,20}", fullmatch=True)
items = st.lists(words, max_size=3, unique=True).map(tuple)


def members(made: AuditEntry) -> dict[str, Any]:
    """Return what the record of an entry says."""
    said: dict[str, Any] = json.loads(to_record(made).text)
    return said


@pytest.mark.parametrize("kind", AuditKind)
def test_every_kind_of_record_keeps_to_the_schema(kind: AuditKind) -> None:
    """AU-1: who, when, from where, whom, what for, which items, how it ended."""
    assert faults(RECORD, members(entry(kind=kind, **OF_KIND[kind]))) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": AuditKind.SETTINGS, "terminal": "cli:sato"},
        {"kind": AuditKind.OPERATION, "before": {"a": 1}},
        {"outcome": "refused"},
        {"outcome": "refused", "problem": "x", "items_delivered": ("001P0006",)},
        {"subject_key": "000000000019"},
        {"mode": "all"},
        {"kind": AuditKind.SETTINGS, "before": {}, "after": {}},
    ],
)
def test_a_record_that_says_too_little_or_too_much_breaks_it(broken: dict[str, Any]) -> None:
    """So that the schema is one."""
    assert faults(RECORD, members(entry(**broken)))


@pytest.mark.parametrize("kind", AuditKind)
def test_every_kind_of_record_is_an_audit_event(kind: AuditKind) -> None:
    """AU-8: by the published structure; nothing of the record is missing in it."""
    said = members(entry(kind=kind, **OF_KIND[kind]))
    event = to_audit_event(said, ISSUER)
    assert faults(AUDIT_EVENT, event) == []
    assert faults(R4_EVENT, event) == []
    details = {d["type"] for d in event["entity"][-1]["detail"]}
    assert details == {name for name, value in said.items() if value not in (None, "", [], {})}


def test_an_answered_question_as_an_audit_event() -> None:
    """Written out: who, whom, what for."""
    event = to_audit_event(
        members(entry(kind=AuditKind.OPERATION, **OF_KIND[AuditKind.OPERATION])), ISSUER
    )
    assert event["type"]["code"] == "110112"
    assert (event["action"], event["outcome"], event["outcomeDesc"]) == ("E", "0", "complete")
    assert event["recorded"] == "2026-10-01T01:00:00.000000+00:00"
    assert event["agent"] == [
        {
            "who": {"identifier": {"system": "urn:hitotsu:client", "value": "online-service"}},
            "requestor": True,
            "network": {"address": "192.0.2.7", "type": "2"},
        }
    ]
    assert event["purposeOfEvent"] == [
        {"coding": [{"system": "urn:hitotsu:purpose", "code": "jidoteate-ninteiseikyu"}]}
    ]
    person = event["entity"][0]["what"]["identifier"]
    assert person == {"system": "urn:hitotsu:subject:999997", "value": "ab" * 32}
    details = {d["type"]: d["valueString"] for d in event["entity"][1]["detail"]}
    assert details["items_asked"] == "001P0001 001P0006"
    assert details["my_number"] == "true"
    assert details["part_statuses"] == '{"001.juminkihonjoho":"ok"}'


def test_a_refusal_is_an_event_that_failed_and_says_why() -> None:
    """By the slug of the problem."""
    said = members(entry(outcome="refused", problem="item-not-granted"))
    event = to_audit_event(said, ISSUER)
    assert (event["outcome"], event["outcomeDesc"]) == ("8", "item-not-granted")


@given(
    kind=st.sampled_from(AuditKind),
    at=st.integers(0, 6_000_000_000).map(lambda s: dt.datetime.fromtimestamp(s, AT.tzinfo)),
    outcome=words,
    client_id=st.none() | words,
    purpose=st.none() | words,
    terminal=st.just("") | words,
    function=st.just("") | words,
    items_asked=items,
    part_statuses=st.dictionaries(words, words, max_size=2),
    after=st.none() | st.dictionaries(words, texts | st.integers(0, 9) | st.booleans(), max_size=2),
)
def test_whatever_a_record_says_is_an_audit_event(**values: Any) -> None:
    """Also texts that no record has had yet."""
    event = to_audit_event(members(entry(**values)), ISSUER)
    assert faults(AUDIT_EVENT, event) == []
    assert faults(R4_EVENT, event) == []
