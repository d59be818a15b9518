"""RC-4: a signed statement says what the citizen saw, and proves it to anybody, without us."""

from __future__ import annotations

import datetime as dt
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from sqlalchemy import func, select

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import Unavailable
from gateway.audit.fhir import to_provenance
from gateway.evidence import Finding, Verified, verify
from gateway.keys import FileKeyStore
from gateway.retention import Retention, RetentionStore, retention_rules
from gateway.store.tables import EvidenceRow
from standard_models.answers import Quality, Severity, StandardRecord, Value
from tests.gateway.audit.schemas import RECORD, faults, of_fhir
from tests.gateway.evidence.conftest import Desk
from tests.gateway.questions.conftest import BLOCK, BUILDING, NAME, TOWN, UNGRANTED
from tests.gateway.questions.scripted import TIME, failing, holding, knowing_nobody, record


def said(verified: Verified) -> dict[str, Any]:
    """Return every disclosed item by its field."""
    return {
        name: item.get("value", item.get("absent"))
        for part in verified.claims["parts"]
        for record in part["records"]
        for name, item in record.items()
    }


async def checked(desk: Desk, evidence: str, *, with_status: bool = True) -> Verified:
    """Verify with what anybody can fetch beforehand."""
    status = await desk.status() if with_status else None
    return verify(evidence, await desk.keys(), desk.world.clock.now(), status)


async def test_a_statement_is_verified_with_the_published_keys_alone(desk: Desk) -> None:
    """RC-4: value, name of the item, system and time are in it."""
    made = await desk.release()
    found = await checked(desk, made["evidence"])
    assert (found.findings, found.hidden, found.genuine) == ((), 0, True)
    assert said(found) == {"shimei": "見本　花子", "nenzeigaku": 150000}
    part = found.claims["parts"][1]
    assert part["as_of"] == "2026-10-01T09:15:00+09:00"
    assert part["system"] == "taxシステム"
    assert found.claims["iss"] == "https://gateway.test"
    assert found.claims["jti"] == made["evidence_id"]


async def test_items_stand_in_the_order_in_which_they_were_asked_for(desk: Desk) -> None:
    """RC-4: whoever compares paper and verified statement finds them line by line."""
    for _ in range(5):
        made = await desk.release(BUILDING, NAME, BLOCK)
        (record,) = (await checked(desk, made["evidence"])).claims["parts"][0]["records"]
        assert list(record) == ["jusho_katagaki", "shimei", "jusho_choaza"]


async def test_nothing_recorded_is_said_in_so_many_words(desk: Desk) -> None:
    """RC-4, RC-5: not filed is explicit, in the data and on paper."""
    desk.world.systems["tax"].script = knowing_nobody()
    made = await desk.release()
    assert said(await checked(desk, made["evidence"]))["nenzeigaku"] == "not-recorded"
    assert "記録がありません（未申告・未登録）" in made["html"]


async def test_a_value_with_a_doubt_is_certified_with_its_doubt(desk: Desk) -> None:
    """What the mapping warned of stands in the statement, in words."""

    async def script(request: FetchRequest) -> FetchResult:
        doubt = Quality("CONTROL_CHAR", Severity.WARNING)
        answers = {"shimei": Value("見本　花子", None, (doubt,))}
        fields = request.groups["001.juminkihonjoho"] - answers.keys()
        plain = record("001.juminkihonjoho", request.number, fields, {}).answers
        found = StandardRecord("001.juminkihonjoho", request.number, {**plain, **answers})
        return FetchResult({"001.juminkihonjoho": GroupRecords((found,), TIME, TIME)})

    desk.world.systems["resident"].script = script
    made = await desk.release(NAME)
    found = await checked(desk, made["evidence"])
    item = found.claims["parts"][0]["records"][0]["shimei"]
    assert item["notes"] == ["表示のために書き方を整えました。元の記録は変わっていません。"]
    assert "（※表示のために" in made["html"]


async def test_a_part_that_could_not_be_asked_makes_no_statement(desk: Desk) -> None:
    """RC-5: down is not "nothing recorded"."""
    desk.world.systems["tax"].script = failing(Unavailable("down"))
    assert (await desk.preview()).status_code == 503


async def test_what_is_not_granted_is_in_no_statement(desk: Desk) -> None:
    """RC-4: 本籍, 続柄 and numbers like everything else: only if granted, and only if asked."""
    response = await desk.preview(NAME, UNGRANTED)
    assert response.status_code == 403
    assert response.json()["type"].endswith("item-not-granted")
    made = await desk.release(NAME)
    assert set(said(await checked(desk, made["evidence"]))) == {"shimei"}


async def test_a_protected_persons_address_is_in_no_statement(desk: Desk) -> None:
    """The door is the same."""
    made = await desk.release(BLOCK, subject=desk.world.handles["protected"])
    assert said(await checked(desk, made["evidence"]))["jusho_choaza"] == "ask-office"
    assert "みどり" not in made["html"]


async def test_an_item_can_be_left_out_and_nothing_else(desk: Desk) -> None:
    """RFC 9901: one who holds the statement shows less; nobody shows more or other."""
    made = await desk.release()
    signed, *disclosures, end = made["evidence"].split("~")
    for kept in (disclosures[:1], disclosures[1:], []):
        found = await checked(desk, "~".join([signed, *kept, end]))
        assert (found.genuine, found.hidden) == (True, len(disclosures) - len(kept))
        assert len(said(found)) == len(kept)
    assert "見本" not in _text(signed.split(".")[1])

    async def finding(*given: str) -> tuple[Finding, ...]:
        return (await checked(desk, "~".join([signed, *given, end]))).findings

    salt, name, item = json.loads(_text(disclosures[1]))
    other = _encoded([salt, name, {**item, "value": 0}])
    assert await finding(disclosures[0], other) == (Finding.ALTERED,)
    assert await finding(*disclosures, _encoded(["salt", "more", 1])) == (Finding.ALTERED,)
    assert await finding(*disclosures, disclosures[0]) == (Finding.ALTERED,)


async def test_every_altered_byte_is_noticed(desk: Desk) -> None:
    """RC-4: header, content, signature and disclosures."""
    made = await desk.release(NAME)
    keys, now = await desk.keys(), desk.world.clock.now()
    evidence = made["evidence"]
    raw = _raw_parts(evidence)
    for place in range(len(evidence)):
        altered = evidence[:place] + chr(ord(evidence[place]) ^ 1) + evidence[place + 1 :]
        if _raw_parts(altered) != raw:
            assert not verify(altered, keys, now).genuine, place


async def test_swapped_disclosures_stay_where_they_were_signed(desk: Desk) -> None:
    """The order in which they are shown says nothing."""
    made = await desk.release()
    signed, *disclosures, end = made["evidence"].split("~")
    found = await checked(desk, "~".join([signed, *reversed(disclosures), end]))
    assert said(found) == {"shimei": "見本　花子", "nenzeigaku": 150000}


async def test_a_retired_key_stays_good_and_a_revoked_one_does_not(
    desk: Desk, keys: FileKeyStore
) -> None:
    """AT-7: verified a year later with the archived keys; a revoked key takes everything back."""
    made = await desk.release(valid_days=365)
    kid = keys.keys().evidence_key.kid
    desk.world.clock.advance(days=300)
    keys.rotate_evidence(desk.world.clock.now())
    assert (await checked(desk, made["evidence"], with_status=False)).genuine
    keys.revoke_evidence(kid, desk.world.clock.now())
    found = await checked(desk, made["evidence"])
    assert found.findings == (Finding.KEY_REVOKED,)
    assert found.claims == {}
    strangers = FileKeyStore(keys.path.parent / "elsewhere")
    strangers.create()
    unknown = verify(made["evidence"], strangers.keys().evidence_jwks(), desk.world.clock.now())
    assert unknown.findings == (Finding.KEY_UNKNOWN,)


async def test_a_retired_key_signs_nothing_any_more(desk: Desk, keys: FileKeyStore) -> None:
    """Whoever finds an old key cannot use it."""
    retired = keys.keys().evidence_key
    keys.rotate_evidence(desk.world.clock.now())
    desk.world.clock.advance(days=1)
    from gateway.evidence.sd_jwt import sign

    now = int(desk.world.clock.now().timestamp())
    forged = sign({"iat": now, "exp": now + 60, "parts": []}, [], retired.jwk, retired.kid)
    found = verify(forged, await desk.keys(), desk.world.clock.now())
    assert found.findings == (Finding.SIGNATURE_BROKEN,)


async def test_an_expired_statement_says_so(desk: Desk) -> None:
    """RC-4: it still shows what it said, and of when."""
    made = await desk.release(valid_days=1)
    now = desk.world.clock.now()
    keys = await desk.keys()
    before = verify(made["evidence"], keys, now + dt.timedelta(days=1, seconds=-1))
    after = verify(made["evidence"], keys, now + dt.timedelta(days=1))
    assert Finding.EXPIRED not in before.findings
    assert Finding.EXPIRED in after.findings
    assert said(after) == said(before)


async def test_a_statement_is_taken_back(desk: Desk) -> None:
    """IETF Token Status List: this one and no other; a list that is missing or old is no proof."""
    first, second = await desk.release(), await desk.release()
    before = await desk.status()
    body = {"subject": desk.world.handles["ordinary"], "evidence_id": first["evidence_id"]}
    replies = [await desk.http.post("/v1/evidence/revoke", json=body) for _ in range(2)]
    assert [r.status_code for r in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    assert (await checked(desk, first["evidence"])).findings == (Finding.WITHDRAWN,)
    assert (await checked(desk, second["evidence"])).findings == ()
    keys, now = await desk.keys(), desk.world.clock.now()
    found = verify(second["evidence"], keys, now)
    assert (found.findings, found.genuine) == ((Finding.STATUS_UNKNOWN,), True)
    for status, at in ((before, now + dt.timedelta(days=8)), (before[:-9], now), ("", now)):
        found = verify(second["evidence"], keys, at, status)
        assert (found.findings, found.genuine) == ((Finding.STATUS_UNUSABLE,), True)


async def test_only_ones_own_statement_can_be_taken_back(desk: Desk) -> None:
    """Of another person, or one that never was: the same answer."""
    made = await desk.release()
    for who, evidence_id in (("newcomer", made["evidence_id"]), ("ordinary", "0" * 32)):
        body = {"subject": desk.world.handles[who], "evidence_id": evidence_id}
        response = await desk.http.post("/v1/evidence/revoke", json=body)
        assert response.status_code == 404
        assert response.json()["type"].endswith("unknown-evidence")


async def test_what_the_citizen_saw_is_what_is_released(desk: Desk) -> None:
    """RC-4: a record that changed meanwhile, other items, another person, a day too late."""
    preview = (await desk.preview()).json()
    assert preview["parts"][1]["records"][0]["nenzeigaku"]["value"] == 150000

    async def outcome(preview_text: str, *items: str, **changes: Any) -> str:
        body = desk.body(*items, **changes) | {"preview": preview_text}
        response = await desk.http.post("/v1/evidence", json=body)
        document = response.json()
        return str(document.get("type", "released")).rpartition("/")[2]

    text = preview["preview"]
    assert await outcome(text, NAME) == "preview-outdated"
    assert await outcome(text, valid_days=365) == "preview-outdated"
    assert await outcome(text, subject=desk.world.handles["newcomer"]) == "preview-outdated"
    assert await outcome(text[:-8] + "AAAAAAAA") == "preview-invalid"
    assert await outcome("nothing") == "preview-invalid"
    desk.world.systems["tax"].script = holding(nenzeigaku=1, kazeinendo="2026")
    assert await outcome(text) == "preview-outdated"
    desk.world.systems["tax"].script = holding(nenzeigaku=150000, kazeinendo="2026")
    assert await outcome(text) == "released"
    desk.world.clock.advance(minutes=10)
    assert await outcome(text) == "preview-outdated"


async def test_the_view_for_people_holds_the_statement_and_nothing_from_elsewhere(
    desk: Desk,
) -> None:
    """RC-4: A4, codes, no script, no address to load from; markup in a value stays text."""
    desk.world.systems["resident"].script = holding(shimei="<script>alert(1)</script>")
    made = await desk.release()
    html = made["html"]
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert 'src="data:image/svg+xml' in html
    assert 'src="http' not in html
    assert made["evidence"] in html
    assert "size: A4" in html


async def test_the_codes_together_hold_the_statement(desk: Desk) -> None:
    """Each says which piece it is, and is small enough for paper."""
    from gateway.evidence.view import QR_CHARS, codes

    made = await desk.release()
    evidence = made["evidence"]
    found = codes(evidence)
    assert len(found) == -(-len(evidence) // QR_CHARS)
    assert all(int(code.version) <= 32 for code in found)


async def test_releases_are_recorded_and_their_content_is_not_kept(desk: Desk) -> None:
    """AU-1: preview, release, refusal and revocation; no value in record, log or database."""
    await desk.release()
    entries = [e for e in await desk.world.audit() if e["function"] == "evidence"]
    assert [e["outcome"] for e in entries] == ["released"]
    assert "見本" not in repr(await desk.world.audit()) + desk.world.log.text
    async with desk.world.store.session() as session:
        assert await session.scalar(select(func.count()).select_from(EvidenceRow)) == 1


async def test_the_record_of_a_release_leads_to_the_answer_that_it_states(desk: Desk) -> None:
    """AU-8: from the statement to the record of its items, and to its systems and mappings."""
    made = await desk.release()
    entries = {e["audit_id"]: e for e in await desk.world.audit()}
    (released,) = [e for e in entries.values() if e["function"] == "evidence"]
    assert released["statement"]["id"] == made["evidence_id"]
    answer = entries[released["statement"]["answer"]]
    assert answer["items_delivered"]
    assert released["sources"] == answer["sources"] != {}
    assert released["subject_key"] == answer["subject_key"]
    for entry in (released, answer):
        assert faults(RECORD, entry) == []
        assert faults(of_fhir("Provenance"), to_provenance(entry, "https://gateway.test")) == []


@pytest.mark.parametrize("text", ["", "~", "a.b.c~", "x" * 500_000, "e30.e30.e30~", "日本語~"])
async def test_what_is_no_statement_is_told_as_such(desk: Desk, text: str) -> None:
    """Never an exception."""
    assert not verify(text, await desk.keys(), desk.world.clock.now()).genuine


async def test_keys_and_lists_are_open_to_all(desk: Desk) -> None:
    """No private part; a list of another year is not there."""
    keys = (await desk.keys())["keys"]
    assert all("d" not in key for key in keys)
    response = await desk.http.get("/evidence/status/2026")
    assert response.headers["content-type"].startswith("application/statuslist+jwt")
    assert (await desk.http.get("/evidence/status/2027")).status_code == 404


async def test_a_list_ends_before_rows_of_its_year_may_be_erased(desk: Desk) -> None:
    """PL-9: a purge takes rows with what they say of withdrawal; half a list would deny it."""
    made = await desk.release(valid_days=1)
    body = {"subject": desk.world.handles["ordinary"], "evidence_id": made["evidence_id"]}
    await desk.http.post("/v1/evidence/revoke", json=body)
    clock = desk.world.clock
    rules = retention_rules()
    retention = Retention(RetentionStore(desk.world.store), clock=clock, actor="cli", rules=rules)
    for year in range(2027, 2040):
        clock.advance(days=(clock.now().replace(year=year) - clock.now()).days)
        await retention.purge(TOWN, past_floor=True)
        answer = await desk.http.get("/evidence/status/2026")
        if answer.status_code == 404:
            assert year == 2033
            break
        found = verify(made["evidence"], await desk.keys(), clock.now(), answer.text)
        assert Finding.WITHDRAWN in found.findings, year


def _encoded(content: Any) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _text(part: str) -> str:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _raw_parts(evidence: str) -> list[bytes | None]:
    found: list[bytes | None] = []
    for part in evidence.replace(".", "~").split("~"):
        try:
            found.append(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except ValueError:
            found.append(None)
    return found
