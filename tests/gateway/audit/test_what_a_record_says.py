import datetime as dt
import hashlib
import json

import pytest

from gateway.audit import AuditKind, leaf_hash, to_record
from tests.gateway.audit.entries import entry

FULL = entry(
    subject_key="ab" * 32,
    items_asked=("001P0006", "001P0001"),
    items_delivered=("001P0006",),
    part_statuses={"010.shotokujoho": "timeout", "001.juminkihonjoho": "ok"},
    terminal="192.0.2.7",
)


def test_the_text_is_canonical_and_complete():
    """Sorted members, sorted items, no blanks, UTC; nothing else is in a record."""
    record = to_record(FULL)
    assert record.text == (
        '{"at":"2026-10-01T01:00:00.000000+00:00"'
        f',"audit_id":"{record.audit_id}"'
        ',"client_id":"online-service"'
        ',"function":""'
        ',"items_asked":["001P0001","001P0006"]'
        ',"items_delivered":["001P0006"]'
        ',"kind":"operation"'
        ',"mode":"refuse"'
        ',"municipality":"999997"'
        ',"my_number":false'
        ',"outcome":"complete"'
        ',"part_statuses":{"001.juminkihonjoho":"ok","010.shotokujoho":"timeout"}'
        ',"problem":null'
        ',"purpose":"jidoteate-ninteiseikyu"'
        f',"subject_key":"{"ab" * 32}"'
        ',"terminal":"192.0.2.7"'
        ',"trace_id":"0af7651916cd43dd8448eb211c80319c"'
        ',"v":1}'
    )


def test_the_leaf_hash_is_that_of_rfc_6962():
    """SHA-256 over a zero byte and the text; known value for the empty text."""
    assert leaf_hash("").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    record = to_record(FULL)
    assert record.leaf_hash == hashlib.sha256(b"\0" + record.text.encode()).digest()


def test_a_change_of_settings_says_what_was_before_and_after():
    """Only records of changes have these members."""
    changed = to_record(
        entry(kind=AuditKind.SETTINGS, before={"mode": "legacy"}, after={"mode": "standard"})
    )
    said = json.loads(changed.text)
    assert said["before"] == {"mode": "legacy"}
    assert said["after"] == {"mode": "standard"}
    assert "before" not in json.loads(to_record(FULL).text)


def test_two_records_never_have_the_same_id():
    """The same entry twice is two events."""
    assert to_record(FULL).audit_id != to_record(FULL).audit_id


def test_a_time_without_a_zone_is_refused():
    """Nobody could say later when it was."""
    with pytest.raises(ValueError, match="time zone"):
        to_record(entry(at=dt.datetime(2026, 10, 1, 10, 0)))  # noqa: DTZ001 - the point of it


def test_a_fraction_is_refused():
    """Its text form differs between languages, so a verifier could not repeat the hash."""
    with pytest.raises(ValueError, match="fractions"):
        to_record(entry(after={"limits": [{"seconds": 0.5}]}))
