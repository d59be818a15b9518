import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.keys import FileKeyStore, KeysError

NOW = dt.datetime(2026, 10, 1, 10, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def test_keys_are_readable_by_their_owner_alone(keys: FileKeyStore):
    """Mode 0600 for the file, 0700 for the folder."""
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert keys.path.parent.stat().st_mode & 0o777 == 0o700


def test_keys_open_to_others_are_not_used(keys: FileKeyStore):
    """A copy with wrong rights is noticed before it signs anything."""
    keys.path.chmod(0o640)
    with pytest.raises(KeysError, match="0600"):
        FileKeyStore(keys.path.parent).keys()


def test_existing_keys_are_never_overwritten(keys: FileKeyStore):
    """Making keys twice would make every handle useless."""
    before = keys.path.read_bytes()
    with pytest.raises(KeysError):
        keys.create()
    assert keys.path.read_bytes() == before


def test_no_keys_and_damaged_keys_say_what_to_do(tmp_path):
    """The remedy is in the message, the content of the file is not."""
    store = FileKeyStore(tmp_path)
    with pytest.raises(KeysError, match="hitotsu keys init"):
        store.keys()
    store.path.write_text('{"signing": "canary"}')
    store.path.chmod(0o600)
    with pytest.raises(KeysError, match="backup") as refusal:
        store.keys()
    assert "canary" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_keys_do_not_show_when_printed(keys: FileKeyStore):
    """Neither the private part nor the secrets appear in a text form."""
    content = json.loads(keys.path.read_text())
    shown = repr(keys.keys())
    assert content["audit"] not in shown
    assert content["signing"][0]["jwk"]["d"] not in shown
    assert repr(keys.keys().audit) not in shown
    assert repr(keys.keys().handle_secret.secret) not in shown


def test_the_published_set_holds_public_parts_only(keys: FileKeyStore):
    """The private member is missing; algorithm and use are stated."""
    (key,) = keys.keys().public_jwks(NOW)["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["alg"], key["use"], key["crv"]) == ("ES256", "sig", "P-256")


def test_after_a_rotation_old_and_new_signing_keys_overlap_until_the_date(keys: FileKeyStore):
    """A running gateway sees the rotation without a restart."""
    running = FileKeyStore(keys.path.parent)
    old = running.keys().signing_key
    keys.rotate_signing(LATER)
    new = running.keys().signing_key
    assert new.kid != old.kid
    assert running.keys().find_signing_key(old.kid, NOW) is not None
    assert running.keys().find_signing_key(old.kid, LATER) is None
    assert running.keys().find_signing_key(new.kid, LATER) is not None
    assert [k["kid"] for k in running.keys().public_jwks(NOW)["keys"]] == [old.kid, new.kid]
    assert [k["kid"] for k in running.keys().public_jwks(LATER)["keys"]] == [new.kid]


def test_a_second_rotation_does_not_prolong_the_life_of_the_first_key(keys: FileKeyStore):
    """Each key runs out on its own date."""
    first = keys.keys().signing_key.kid
    keys.rotate_signing(LATER)
    keys.rotate_signing(LATER + dt.timedelta(days=1))
    assert keys.keys().find_signing_key(first, LATER) is None


def test_a_rotation_without_overlap_ends_every_earlier_key(keys: FileKeyStore):
    """Whoever stole the file stole those, too, that run out by themselves only tomorrow."""
    first = keys.keys()
    keys.rotate_signing(LATER)
    keys.rotate_handles(LATER)
    second = keys.keys()
    keys.rotate_signing(NOW)
    keys.rotate_handles(NOW)
    left = keys.keys()
    for stolen in (first, second):
        assert left.find_signing_key(stolen.signing_key.kid, NOW) is None
        assert left.find_handle_secret(stolen.handle_secret.version, NOW) is None
    assert [k["kid"] for k in left.public_jwks(NOW)["keys"]] == [left.signing_key.kid]


def test_two_people_who_renew_keys_at_a_time_lose_none(keys: FileKeyStore):
    """What a key has signed or sealed by then could never be verified or opened again."""
    rotations = [
        FileKeyStore.rotate_heads,
        FileKeyStore.rotate_sealing,
        lambda store: store.rotate_evidence(NOW),
    ] * 6
    with ThreadPoolExecutor(len(rotations)) as people:
        list(people.map(lambda rotate: rotate(FileKeyStore(keys.path.parent)), rotations))
    found = keys.keys()
    assert (len(found.heads), len(found.sealing), len(found.evidence)) == (7, 7, 7)
    assert [s.version for s in found.sealing] == list(range(1, 8))


def test_the_pseudonym_key_survives_rotations(keys: FileKeyStore):
    """Records of one person stay findable under one name."""
    before = keys.keys().audit
    keys.rotate_signing(LATER)
    keys.rotate_handles(LATER)
    assert keys.keys().audit == before


def test_keys_of_an_earlier_version_get_what_they_lack(keys: FileKeyStore):
    """And keep all that they have."""
    before = json.loads(keys.path.read_text())
    older = {k: v for k, v in before.items() if k not in {"evidence", "sealing"}}
    keys.path.write_text(json.dumps(older))
    with pytest.raises(KeysError, match="hitotsu keys init"):
        _ = FileKeyStore(keys.path.parent).keys().evidence_key
    FileKeyStore(keys.path.parent).create()
    after = json.loads(keys.path.read_text())
    assert {k: after[k] for k in older} == older
    assert len(after["evidence"]) == len(after["sealing"]) == 1


def test_only_a_retired_evidence_key_is_revoked_and_all_are_published(keys: FileKeyStore):
    """Somebody must be able to sign; and everybody to see what is not to be trusted."""
    first = keys.keys().evidence_key.kid
    with pytest.raises(KeysError, match="rotate first"):
        keys.revoke_evidence(first, NOW)
    keys.rotate_evidence(NOW)
    keys.revoke_evidence(first, LATER)
    old, new = keys.keys().evidence_jwks()["keys"]
    assert old["revoked"] == {"revoked_at": int(LATER.timestamp())}
    assert old["exp"] == int(NOW.timestamp())
    assert "d" not in old
    assert new.keys() == {"crv", "x", "y", "kty", "kid", "use", "alg"}
