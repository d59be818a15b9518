"""What a citizen states is kept once, within the consent, and answers later questions."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import func, select, update

from gateway.access import Access, AccessRegistry, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.problems import Problem
from gateway.questions.parts import PartStatus
from gateway.questions.render import render_answer
from gateway.store.tables import IdempotencyRow, OutboxRow, SubmissionPartRow, SubmissionRow
from gateway.submissions.schemas import Submission
from gateway.submissions.sealing import SealBroken
from standard_models.answers import Absence, AbsenceReason, Method, Value
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, TAX, TOWN, UNGRANTED
from tests.gateway.questions.scripted import failing, knowing_nobody
from tests.gateway.submissions.conftest import MAIL, Counter, Killed

PAYMENT = "027.shiharaijoho"


async def grant(counter: Counter, *items: str) -> None:
    """Let the consumer ask for and send more items."""
    world = counter.world
    dictionary = world.questions._rooms.dictionary
    registry = AccessRegistry(AccessStore(world.store), dictionary, clock=world.clock, actor="test")
    row = await registry.propose_grant(
        TOWN,
        CLIENT,
        PURPOSE,
        GrantTerms(items=list(items), valid_from=world.clock.now().date(), valid_to=None),
    )
    await approve(registry, row.grant_id)


@pytest.fixture
async def paid(counter: Counter) -> str:
    """An item of a group that no system supplies, granted."""
    dictionary = counter.world.questions._rooms.dictionary
    item = dictionary.groups[PAYMENT].item("shiharainengappi")
    await grant(counter, item.ref)
    return item.ref


async def test_a_statement_answers_a_question_that_no_system_answers(
    counter: Counter, http: httpx.AsyncClient, paid: str
) -> None:
    """Once only: its provenance and its quality say that it is a statement."""
    response = await counter.submit(http, counter.body("2026-10-05", paid, strength="signed"))
    assert response.status_code == 201, response.text
    assert response.json()["groups"] == [PAYMENT]
    assert response.json()["handed_to"] == []
    answer = await counter.world.ask(NAME, paid)
    stated = answer.parts[1]
    assert answer.outcome == "complete"
    assert stated.status is PartStatus.OK
    (held,) = stated.records[0].values()
    assert isinstance(held, Value)
    assert (held.value, held.quality[0].params) == ("2026-10-05", {"strength": "signed"})
    assert stated.provenance is not None
    assert stated.provenance.adapter == "stated"
    assert stated.provenance.method is Method.STATED
    assert stated.provenance.as_of == counter.world.clock.now()
    assert render_answer(answer)["parts"][1]["provenance"]["as_of"].endswith("+09:00")
    texts = render_answer(answer)["explanations"]["STATED_BY_CITIZEN"]
    assert "申告" in texts["ja"]["happened"]


async def test_a_statement_never_outranks_a_register(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """Not when the register has a value, has none, or cannot be asked; unless the plan says so."""
    await counter.submit(http, counter.body("申告の町"))
    group = MAIL.rpartition(".")[0]

    async def said(**conditions: Any) -> Any:
        (part,) = (await counter.world.ask(MAIL, **conditions)).parts
        holder = part.records[0] if part.records else part.absences
        return next(iter(holder.values()))

    assert (await said()) == Value("記録の町")
    counter.tax.script = knowing_nobody()
    assert (await said()) == Absence(AbsenceReason.NOT_RECORDED)
    from adapters.errors import Unavailable

    counter.tax.script = failing(Unavailable("down"))
    assert (await said()) == Absence(AbsenceReason.UNAVAILABLE)
    asked = len(counter.tax.requests)
    preferred = await said(prefer_stated=[group])
    assert preferred.value == "申告の町"
    assert len(counter.tax.requests) == asked
    with pytest.raises(Problem) as refusal:
        await said(prefer_stated=["010.kazeikihonjoho"])
    assert refusal.value.errors[0].pointer == "/prefer_stated/0"


async def test_the_newest_statement_of_each_field_counts(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """And fields of which nothing was stated say so."""
    street = "010.sofusakijoho.sofusaki_katagaki"
    zip_code = "010.sofusakijoho.sofusaki_yubinbango"
    await grant(counter, MAIL, street, zip_code)
    first = counter.body("みどり一丁目")
    first["items"].append({"item": street, "value": "一〇一号"})
    await counter.submit(http, first)
    counter.world.clock.advance(days=1)
    await counter.world.protection.pull()
    await counter.submit(http, counter.body("あおば二丁目"))
    answer = await counter.world.ask(MAIL, street, zip_code, prefer_stated=["010.sofusakijoho"])
    held = answer.parts[0].records[0]
    assert [getattr(a, "value", None) for a in held.values()] == ["あおば二丁目", "一〇一号", None]
    assert held["sofusaki_yubinbango"] == Absence(AbsenceReason.NOT_SUPPLIED)
    provenance = answer.parts[0].provenance
    assert provenance is not None
    assert provenance.as_of is not None
    assert (counter.world.clock.now() - provenance.as_of).days == 1


async def test_a_statement_passes_the_door_like_everything_else(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """A protected person's stated address leaves no more than a recorded one."""
    handle = counter.world.handles["protected"]
    assert (await counter.submit(http, counter.body(subject=handle))).status_code == 201
    answer = await counter.world.ask(MAIL, who="protected", prefer_stated=["010.sofusakijoho"])
    assert answer.parts[0].records[0]["sofusaki_choaza"] == Absence(AbsenceReason.ASK_OFFICE)


async def test_what_one_person_stated_answers_for_nobody_else(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """API1: not for somebody of whom the systems know nothing, in the same group and purpose."""
    await counter.submit(http, counter.body("新町"))
    own = await counter.world.ask(MAIL, prefer_stated=["010.sofusakijoho"])
    assert "新町" in repr(own)
    other = await counter.world.ask(MAIL, who="newcomer", prefer_stated=["010.sofusakijoho"])
    assert not other.parts[0].records
    assert "新町" not in repr(other)


async def test_a_statement_is_used_for_the_purposes_of_its_consent_alone(
    counter: Counter, http: httpx.AsyncClient, paid: str
) -> None:
    """PL-7: for its own purpose and those that were agreed to."""
    world = counter.world
    rooms = world.questions._rooms
    group = rooms.dictionary.groups[PAYMENT]
    wanted = [(group, [paid.rpartition(".")[2]])]
    subject = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert subject is not None

    async def found(purpose: str) -> bool:
        return bool(await counter.stated.find(TOWN, subject.subject_id, purpose, wanted))

    await counter.submit(http, counter.body("2026-10-05", paid))
    assert (await found(PURPOSE), await found("other")) == (True, False)
    await counter.submit(http, counter.body("2026-10-05", paid, consent={"purposes": ["other"]}))
    assert (await found(PURPOSE), await found("other")) == (True, True)


async def test_a_withdrawn_consent_erases_the_values(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """PL-7: the next question is without them, the outbox too; again has the same effect."""
    kept = (await counter.submit(http)).json()
    body = {
        "subject": counter.world.handles["ordinary"],
        "submission_id": kept["submission_id"],
    }
    replies = [await http.post("/v1/submissions/withdraw", json=body) for _ in range(2)]
    assert [r.status_code for r in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    assert replies[0].json()["handed_over"] == []
    assert await counter.delivery.deliver() == 0
    answer = await counter.world.ask(MAIL, prefer_stated=["010.sofusakijoho"])
    assert answer.parts[0].records[0]["sofusaki_choaza"] == Value("記録の町")
    async with counter.world.store.session() as session:
        assert await session.scalar(select(SubmissionPartRow.sealed)) is None


async def test_a_withdrawal_names_the_systems_that_have_it_already(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """What was handed over is taken back at that office."""
    kept = (await counter.submit(http)).json()
    await counter.delivery.deliver()
    body = {
        "subject": counter.world.handles["ordinary"],
        "submission_id": kept["submission_id"],
    }
    reply = await http.post("/v1/submissions/withdraw", json=body)
    assert reply.json()["handed_over"] == ["scripted-tax"]


async def test_only_ones_own_submission_can_be_withdrawn(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """Another person's, and one that never was, look the same."""
    kept = (await counter.submit(http)).json()
    answers = []
    for who, submission in (("newcomer", kept["submission_id"]), ("ordinary", "0" * 32)):
        body = {"subject": counter.world.handles[who], "submission_id": submission}
        response = await http.post("/v1/submissions/withdraw", json=body)
        document = response.json()
        answers.append((response.status_code, document["type"], document["detail"]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_a_statement_ends_on_its_day(counter: Counter, http: httpx.AsyncClient) -> None:
    """The day before, on its last day, and after; then its values are erased."""
    response = await counter.submit(http, counter.body(keep_until="2026-10-03"))
    assert response.json()["expires_at"] == "2026-10-04T00:00:00+09:00"

    async def stated() -> bool:
        answer = await counter.world.ask(MAIL, prefer_stated=["010.sofusakijoho"])
        found = answer.parts[0].provenance
        return found is not None and found.adapter == "stated"

    counter.tax.refusal = Killed()
    counter.world.clock.time = counter.world.clock.time.replace(day=3, hour=23, minute=59)
    assert await stated()
    counter.world.clock.advance(minutes=1)
    assert not await stated()
    await counter.delivery.purge()
    assert await counter.delivery.deliver() == 0
    async with counter.world.store.session() as session:
        assert await session.scalar(select(SubmissionPartRow.sealed)) is None
        assert await session.scalar(select(OutboxRow.reason)) == "expired"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"keep_until": "2026-09-30"}, "/keep_until"),
        ({"keep_until": "2028-10-01"}, "/keep_until"),
        ({"consent": {"given_at": "2026-10-02T10:00:00+09:00"}}, "/consent/given_at"),
        ({"consent": {"given_at": "2026-10-01T10:00:00"}}, "/consent/given_at"),
        ({"items": [{"item": MAIL, "value": "half"}]}, "/items/0/value"),
        ({"items": [{"item": MAIL, "value": 5}]}, "/items/0/value"),
        ({"items": [{"item": TAX, "value": "12"}]}, "/items/0/value"),
        (
            {"items": [{"item": MAIL, "value": "あ"}, {"item": MAIL, "value": "い"}]},
            "/items/1/item",
        ),
        ({"items": []}, "/items"),
        ({"items": [{"item": "no.such.item", "value": "1"}]}, "/items/0/item"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_its_place(
    counter: Counter, http: httpx.AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    """Before anything is written, and without the value."""
    response = await counter.submit(http, counter.body(**change))
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["pointer"] == pointer
    assert "half" not in response.text
    async with counter.world.store.session() as session:
        assert await session.scalar(select(func.count()).select_from(SubmissionRow)) == 0


@pytest.mark.parametrize(
    ("item", "value", "detail"),
    [
        (MAIL, "half", "全角 120 文字以内の文字列にしてください（WRONG_WIDTH）。"),
        (MAIL, "あ" * 121, "全角 120 文字以内の文字列にしてください（TOO_LONG）。"),
        (TAX, "12", "12 桁以内の 0 以上の整数（引用符なし）にしてください（WRONG_TYPE）。"),
    ],
)
async def test_a_value_of_another_form_is_told_what_form_it_must_have(
    counter: Counter, http: httpx.AsyncClient, item: str, value: Any, detail: str
) -> None:
    """The code of the finding alone says nothing to whoever fills in a form."""
    response = await counter.submit(http, counter.body(value, item))
    assert [e["detail"] for e in response.json()["errors"]] == [detail]


async def test_rights_hold_for_statements_too(counter: Counter, http: httpx.AsyncClient) -> None:
    """PL-3: an item outside the grant, another purpose, somebody unknown."""
    ungranted = counter.body(items=[{"item": UNGRANTED, "value": "1"}])
    assert (await counter.submit(http, ungranted)).status_code == 403
    assert (await counter.submit(http, counter.body(purpose="other"))).status_code == 403
    assert (await counter.submit(http, counter.body(subject="h1-none"))).status_code == 404
    audit = await counter.world.audit()
    assert [entry["problem"] for entry in audit] == [
        "item-not-granted",
        "purpose-not-granted",
        "unknown-subject",
    ]


async def test_values_at_rest_are_sealed_in_their_place(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """No value in the database; one that was moved or altered is not used."""
    await counter.submit(http, counter.body("みどり一丁目"))
    other = counter.world.handles["newcomer"]
    await counter.submit(http, counter.body("あおば二丁目", subject=other))
    async with counter.world.store.session() as session:
        parts = (await session.scalars(select(SubmissionPartRow))).all()
    assert all("みどり".encode() not in (part.sealed or b"") for part in parts)
    moved = SubmissionPartRow(
        municipality=TOWN,
        submission_id=parts[0].submission_id,
        group_ref=parts[0].group_ref,
        secret_version=1,
        sealed=parts[1].sealed,
    )
    with pytest.raises(SealBroken):
        counter.stated.values_of(moved)


async def test_nobody_tries_out_addresses_on_a_stolen_database(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """The digest of a call outlives its values; without our key it tells of no guess."""
    body = counter.body("みどり一丁目")
    await counter.submit(http, body)
    said = Submission.model_validate(body).model_dump(mode="json")
    text = orjson.dumps([TOWN, PURPOSE, said], option=orjson.OPT_SORT_KEYS)
    async with counter.world.store.session() as session:
        stored = await session.scalar(select(IdempotencyRow.fingerprint))
    assert stored is not None
    assert stored != hashlib.sha256(text).digest()


@pytest.mark.parametrize(
    ("last_day", "status"), [("2026-10-01", 422), ("2026-10-02", 201), ("2027-10-02", 201)]
)
async def test_days_of_a_statement_are_those_of_tokyo(
    counter: Counter, http: httpx.AsyncClient, last_day: str, status: int
) -> None:
    """At eight in the morning of 2 October it still is the first elsewhere."""
    counter.world.clock.time = dt.datetime.fromisoformat("2026-10-02T08:00:00+09:00")
    await counter.world.protection.pull()
    response = await counter.submit(http, counter.body(keep_until=last_day))
    assert response.status_code == status, response.text


async def test_nothing_stated_stands_in_the_record_or_the_log(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """AU-7: item ids alone; the hand-over too."""
    await counter.submit(http, counter.body("秘密の町"))
    await counter.delivery.deliver()
    events = await counter.world.audit()
    assert events[0]["function"] == "submission"
    assert events[0]["outcome"] == "kept"
    assert "秘密" not in repr(events) + counter.world.log.text


async def test_a_repeated_call_has_one_effect_and_the_same_reply(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """R9: fifty at once and again; those that come too early are told to wait."""
    body = counter.body()
    first = await asyncio.gather(*(counter.submit(http, body, "same-key-1") for _ in range(50)))
    assert {r.status_code for r in first} <= {201, 409}
    assert all(r.headers["retry-after"] == "1" for r in first if r.status_code == 409)
    again = [await counter.submit(http, body, "same-key-1") for _ in range(5)]
    replies = {r.text for r in (*first, *again) if r.status_code == 201}
    assert len(replies) == 1
    async with counter.world.store.session() as session:
        assert await session.scalar(select(func.count()).select_from(SubmissionRow)) == 1
        assert await session.scalar(select(func.count()).select_from(OutboxRow)) == 1


async def test_two_processes_with_the_same_call_have_one_effect(counter: Counter) -> None:
    """R9: what one process holds in memory is not what counts."""
    from gateway.submissions import SubmissionService

    twin = SubmissionService(counter.service._rooms, keep_days=365)
    stated = Submission.model_validate(counter.body())
    access, caller = Access(CLIENT, TOWN, PURPOSE, "t", "k"), Caller()
    replies = await asyncio.gather(
        *(s.submit(access, stated, "same-key-1", caller) for s in (counter.service, twin))
    )
    assert replies[0] == replies[1]
    async with counter.world.store.session() as session:
        assert await session.scalar(select(func.count()).select_from(SubmissionRow)) == 1


async def test_a_key_belongs_to_one_body_and_one_consumer(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """WR-1: another body is refused; the same one in another order is not another body."""
    body = counter.body()
    assert (await counter.submit(http, body, "same-key-1")).status_code == 201
    other = await counter.submit(http, counter.body("あおば二丁目"), "same-key-1")
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (
        422,
        "idempotency-key-reused",
    )
    turned = dict(reversed(body.items()))
    assert (await counter.submit(http, turned, '"same-key-1"')).status_code == 201


@pytest.mark.parametrize("key", [None, "", "short", "x" * 201, "日本語のキーです。"])
async def test_a_submission_needs_a_key(
    counter: Counter, http: httpx.AsyncClient, key: str | None
) -> None:
    """WR-1: without one nobody could tell a repetition."""
    headers = {b"Idempotency-Key": key.encode()} if key is not None else {}
    response = await http.post("/v1/submissions", json=counter.body(), headers=headers)
    assert response.status_code == 400
    assert response.json()["type"].endswith("idempotency-key-missing")


async def test_a_reply_that_never_arrived_is_given_again(
    counter: Counter, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R9: killed after the commit and before the reply; with a new process the reply is there."""
    from gateway.submissions import SubmissionService, SubmissionStore

    class DyingStore(SubmissionStore):
        async def add(self, *rows: Any) -> None:
            await super().add(*rows)
            raise Killed

    from dataclasses import replace

    dying = SubmissionService(
        replace(counter.service._rooms, store=DyingStore(counter.world.store)), keep_days=365
    )
    stated = Submission.model_validate(counter.body())
    access, caller = Access(CLIENT, TOWN, PURPOSE, "t", "k"), Caller()
    with pytest.raises(Killed):
        await dying.submit(access, stated, "same-key-1", caller)
    reply = await counter.service.submit(access, stated, "same-key-1", caller)
    async with counter.world.store.session() as session:
        (kept,) = await session.scalars(select(SubmissionRow))
    assert reply["submission_id"] == kept.submission_id


async def test_replies_are_kept_for_a_week_and_no_longer_than_needed(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """WR-1: seven days."""
    body = counter.body()
    kept = await counter.submit(http, body, "same-key-1")
    counter.world.clock.advance(days=7)
    await counter.delivery.purge()
    assert (await counter.submit(http, body, "same-key-1")).text == kept.text
    counter.world.clock.advance(days=1, seconds=1)
    await counter.delivery.purge()
    assert (await counter.submit(http, body, "same-key-1")).text != kept.text


async def test_a_value_that_was_altered_in_the_database_never_leaves(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """It is no answer, and nothing of it is handed over."""
    await counter.submit(http)
    async with counter.world.store.transaction() as session:
        await session.execute(update(SubmissionPartRow).values(sealed=b"\x00" * 60))
    with pytest.raises(SealBroken):
        await counter.world.ask(MAIL, prefer_stated=["010.sofusakijoho"])
    await counter.delivery.deliver()
    (parked,) = await counter.submissions.parked(TOWN)
    assert parked.reason == "seal-broken"
    assert counter.tax.tried == []


async def test_a_my_number_in_a_text_is_refused_and_not_kept(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """MN-2: by its place and without an echo; it is neither masked nor handed to any system."""
    digits = "３４５６７８９０１２３４"
    for typed in (digits, f"番号は{digits[:4]}　{digits[4:8]}　{digits[8:]}です"):
        refused = await counter.submit(http, counter.body(typed))
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["pointer"] == "/items/0/value"
        assert "個人番号" in error["detail"]
        assert digits[:4] not in refused.text
    assert counter.tax.tried == []
    async with counter.world.store.session() as session:
        assert await session.scalar(select(func.count()).select_from(SubmissionRow)) == 0
    kept = f"{await counter.world.audit()}{counter.world.log.lines}"
    assert "3456" not in kept
    assert "３４５６" not in kept


async def test_other_digits_in_a_text_are_kept(counter: Counter, http: httpx.AsyncClient) -> None:
    """An address has digits too; twelve that are no My Number are something else."""
    for typed in (
        "みどり１２３４－５６７８",
        "３４５６７８９０１２３５",
        "０９０－１２３４－５６７８",
    ):
        assert (await counter.submit(http, counter.body(typed))).status_code == 201
