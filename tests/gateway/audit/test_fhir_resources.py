"""AU-8: where answers came from as Provenance, what citizens agreed to as Consent."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import to_record
from gateway.audit.fhir import to_consent, to_provenance
from gateway.clock import TOKYO
from gateway.store.tables import ConsentRow
from tests.gateway.audit.entries import entry
from tests.gateway.audit.schemas import RECORD, faults, of_fhir

PROVENANCE, CONSENT = of_fhir("Provenance"), of_fhir("Consent")
ISSUER = "https://hitotsu.city.example"
PERSON = "ab" * 32
RESIDENT = {
    "adapter": "reference-resident",
    "version": "0.1.0",
    "mapping": "7",
    "edition": "provisional-2026",
    "method": "live",
}
TAX = {**RESIDENT, "adapter": "reference-tax", "method": "snapshot"}
NOW = dt.datetime(2026, 12, 1, tzinfo=TOKYO)


def members(**changes: Any) -> dict[str, Any]:
    """Return what the record of an answered question says, with ``changes``."""
    answered: dict[str, Any] = {
        "subject_key": PERSON,
        "items_asked": ("001P0006", "010P0012", "001P0001"),
        "items_delivered": ("010P0012", "001P0006"),
        "sources": {"010.kazeikihonjoho": TAX, "001.juminkihonjoho": RESIDENT},
        "function": "question",
    }
    said: dict[str, Any] = json.loads(to_record(entry(**(answered | changes))).text)
    return said


def made_of(said: dict[str, Any]) -> dict[str, Any]:
    made = to_provenance(said, ISSUER)
    assert made is not None
    assert faults(PROVENANCE, made) == []
    # 1..1 by the resource, which the schema cannot say of primitive members.
    assert {"target", "recorded", "agent"} <= set(made)
    assert all(entity["role"] for entity in made.get("entity", ()))
    return made


def values_of(extensions: list[dict[str, Any]]) -> dict[str, str]:
    return {
        e["url"].removeprefix("urn:hitotsu:"): e["valueString"] for e in extensions
        if "valueString" in e
    }  # fmt: skip


def test_an_answered_question_as_provenance() -> None:
    """What was delivered, from which system and mapping, who asked; the person by pseudonym."""
    said = members()
    assert faults(RECORD, said) == []
    made = made_of(said)
    assert made["target"] == [
        {"identifier": {"system": "urn:hitotsu:answer", "value": said["audit_id"]}},
        {
            "type": "Patient",
            "identifier": {"system": "urn:hitotsu:subject:999997", "value": PERSON},
        },
    ]
    assert [e["valueCoding"]["code"] for e in made["extension"]] == ["001P0006", "010P0012"]
    assert made["agent"][0]["who"] == {
        "identifier": {"system": "urn:hitotsu:client", "value": "online-service"}
    }
    assert made["agent"][0]["type"]["coding"][0]["code"] == "IRCP"
    assert made["agent"][1]["who"]["identifier"]["value"] == ISSUER
    assert made["reason"][0]["coding"][0]["code"] == "jidoteate-ninteiseikyu"
    resident, tax = made["entity"]
    assert (resident["role"], tax["role"]) == ("source", "source")
    assert resident["what"]["identifier"] == {
        "system": "urn:hitotsu:adapter:999997", "value": "reference-resident"
    }  # fmt: skip
    assert resident["extension"][0]["valueCoding"]["code"] == "001.juminkihonjoho"
    assert values_of(resident["extension"]) == {
        "version": "0.1.0", "mapping": "7", "edition": "provisional-2026", "method": "live"
    }  # fmt: skip
    assert values_of(tax["extension"])["method"] == "snapshot"
    assert (made["recorded"], made["occurredDateTime"]) == (said["at"], said["at"])


def test_a_signed_statement_is_derived_from_an_answer() -> None:
    """It has no items of its own: those of the answer that it states."""
    said = members(
        function="evidence",
        outcome="released",
        items_asked=(),
        items_delivered=(),
        statement={"id": "1f" * 16, "answer": "2e" * 16},
    )
    assert faults(RECORD, said) == []
    made = made_of(said)
    assert made["target"][0] == {
        "identifier": {"system": "urn:hitotsu:statement", "value": "1f" * 16}
    }
    assert made["entity"][0] == {
        "role": "derivation",
        "what": {"identifier": {"system": "urn:hitotsu:answer", "value": "2e" * 16}},
    }
    assert [e["role"] for e in made["entity"]] == ["derivation", "source", "source"]
    assert "extension" not in made


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "refused", "problem": "item-not-granted", "items_delivered": ()},
        {"items_delivered": ()},
        {"function": "explain", "items_delivered": (), "sources": {}},
    ],
)
def test_where_nothing_was_delivered_there_is_no_provenance(changes: dict[str, Any]) -> None:
    """A refusal is an AuditEvent alone."""
    assert to_provenance(members(**changes), ISSUER) is None


def test_what_the_gateway_itself_holds_came_from_no_other_system() -> None:
    """Numbers for persons outside of the register; or staff at the console, without a client."""
    made = made_of(members(sources={}, client_id=None, purpose=None, terminal="staff:sato@x"))
    assert not {"entity", "reason"} & set(made)
    assert made["agent"][0]["who"]["identifier"]["system"] == "urn:hitotsu:operator"


words = st.from_regex(r"[a-z][a-z0-9-]{1,20}", fullmatch=True)


@given(
    items_delivered=st.lists(words, min_size=1, max_size=3, unique=True).map(tuple),
    sources=st.dictionaries(words, st.fixed_dictionaries(dict.fromkeys(RESIDENT, words))),
    purpose=st.none() | words,
    client_id=st.none() | words,
    subject_key=st.none() | st.just(PERSON),
    terminal=st.just("") | words,
    function=st.just("") | words,
)
def test_whatever_was_delivered_is_a_provenance(**values: Any) -> None:
    """Also by records that nobody has made yet."""
    made_of(members(**values))


def consent(**changes: Any) -> ConsentRow:
    given_at = dt.datetime(2026, 10, 1, 10, 0, tzinfo=TOKYO)
    row: dict[str, Any] = {
        "consent_id": "5f" * 16,
        "municipality": "999997",
        "subject_id": "internal-id-of-a-person",
        "client_id": "online-service",
        "purpose_id": "jidoteate-ninteiseikyu",
        "items": ["010.kazeikihonjoho.gokeishotokukingaku", "010.nashi.nashi"],
        "text": "所得 2026/04",
        "given_at": given_at,
        "expires_at": given_at + dt.timedelta(days=180),
        "withdrawn_at": None,
    }
    return ConsentRow(**(row | changes))


def as_consent(row: ConsentRow, now: dt.datetime = NOW) -> dict[str, Any]:
    ids = {"010.kazeikihonjoho.gokeishotokukingaku": "010P0045"}
    made = to_consent(row, PERSON, ids, now)
    assert faults(CONSENT, made) == []
    # 1..1 by the resource; ppc-1: a policy; ppc-2: privacy names its patient.
    assert {"status", "policy", "patient"} <= set(made)
    return made


def test_a_consent_of_a_citizen_as_consent() -> None:
    """Status, period, purpose, items, text; the person by pseudonym alone."""
    made = as_consent(consent())
    assert made["status"] == "active"
    assert made["scope"]["coding"][0]["code"] == "patient-privacy"
    assert made["patient"] == {
        "type": "Patient",
        "identifier": {"system": "urn:hitotsu:subject:999997", "value": PERSON},
    }
    assert made["dateTime"] == "2026-10-01T01:00:00+00:00"
    assert made["policy"] == [{"uri": "urn:hitotsu:consent-text:%E6%89%80%E5%BE%97%202026%2F04"}]
    agreed = made["provision"]
    assert agreed["type"] == "permit"
    assert agreed["period"] == {
        "start": "2026-10-01T01:00:00+00:00", "end": "2027-03-30T01:00:00+00:00"
    }  # fmt: skip
    assert agreed["purpose"] == [
        {"system": "urn:hitotsu:purpose", "code": "jidoteate-ninteiseikyu"}
    ]
    assert agreed["actor"][0]["reference"]["identifier"]["value"] == "online-service"
    assert [c["coding"][0] for c in agreed["code"]] == [
        {"system": "urn:hitotsu:item", "code": "010P0045"},
        {"system": "urn:hitotsu:item-reference", "code": "010.nashi.nashi"},
    ]
    assert "internal-id-of-a-person" not in json.dumps(made)
    assert "extension" not in made


def test_a_consent_that_was_taken_back_says_when() -> None:
    """And counts no more, though its period goes on."""
    made = as_consent(consent(withdrawn_at=dt.datetime(2026, 11, 1, 10, 0, 5, tzinfo=TOKYO)))
    assert made["status"] == "inactive"
    assert made["extension"] == [
        {"url": "urn:hitotsu:withdrawn-at", "valueDateTime": "2026-11-01T01:00:05+00:00"}
    ]


@pytest.mark.parametrize(("seconds", "status"), [(-1, "active"), (0, "inactive"), (1, "inactive")])
def test_a_consent_is_active_up_to_its_end(seconds: int, status: str) -> None:
    """At its end it does not count."""
    row = consent()
    assert as_consent(row, row.expires_at + dt.timedelta(seconds=seconds))["status"] == status


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64))
def test_whatever_a_text_is_called_its_consent_is_one(text: str) -> None:
    """Consumers name their texts as they like."""
    as_consent(consent(text=text))


@pytest.mark.parametrize(
    ("validator", "broken"),
    [
        (PROVENANCE, {"resourceType": "Provenance", "target": [], "values": ["千代田"]}),
        (PROVENANCE, {"resourceType": "Provenance", "agent": [{"who": {}}]}),
        (CONSENT, {"resourceType": "Consent", "scope": {}, "category": [], "status": "given"}),
        (CONSENT, {"resourceType": "Consent", "status": "active"}),
    ],
)
def test_what_is_none_breaks_the_published_schema(validator: Any, broken: dict[str, Any]) -> None:
    """So that the schema is one."""
    assert faults(validator, broken)
