"""API1: in twelve relations, every operation that takes a handle, over HTTP and both databases."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event, update

from adapters.contract import MeasureKind, ProtectionFlag
from gateway.access import OWN_ACCESSES, Relation
from gateway.accesses import AccessesRooms, AccessesService, AccessesStore
from gateway.accesses.routes import accesses_router
from gateway.api.application import ApiOptions, build_api
from gateway.consents import ConsentRooms, ConsentService, ConsentStore
from gateway.consents.routes import consent_router
from gateway.evidence import EvidenceRooms, EvidenceService, EvidenceStore
from gateway.evidence.routes import evidence_router
from gateway.questions.rooms import QuestionAnswer
from gateway.questions.routes import question_router
from gateway.receipts import ReceiptService
from gateway.receipts.routes import receipt_router
from gateway.representations.routes import representation_router
from gateway.store.tables import EvidenceRow
from gateway.submissions import SubmissionService, SubmissionStore
from gateway.submissions.routes import submission_router
from gateway.submissions.service import SubmissionRooms
from tests.gateway.questions.conftest import MAIL, NAME, PURPOSE, TOWN, UNGRANTED
from tests.gateway.representations.conftest import PEOPLE, Family

TODAY = dt.date(2026, 10, 1)
TOMORROW = TODAY + dt.timedelta(days=1)
NOBODY = "h1-" + "A" * 43
ID = "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11"
OF_EACH_CALL = {"instance", "trace_id"}
_keys = itertools.count(1)

REPRESENTED = ("child", "ward")
OTHERS = (
    "ex",
    "stranger",
    "principal",
    "former ward",
    "elder",
    "niece",
    "guardian",
    "younger child",
    "grandchild",
)
"""Former spouse; nobody; mandate for another purpose; ended; proposed alone; from tomorrow;
the own guardian; a child whose measure names the asker (``protect_from_victim``); a child whose
measure names nobody."""
NOT_OPEN_TO_ANYBODY_ELSE = {"accesses"}
"""Who asked about a person is shown to that person alone."""


async def relate(family: Family) -> None:
    """Register how the others stand to VICTIM."""
    mandate = {"purposes": ["other"], "valid_to": TOMORROW}
    await family.register("child", "victim")
    await family.register("ward", "victim", "guardian-of-adult")
    await family.register("principal", "victim", "mandate", **mandate)
    ended = await family.register("former ward", "victim", "guardian-of-adult")
    await family.officer().end(TOWN, ended)
    await family.propose("elder", "victim", "guardian-of-adult")
    await family.register("niece", "victim", "guardian-of-minor", valid_from=TOMORROW)
    await family.register("victim", "guardian", "guardian-of-adult")
    for child in ("younger child", "grandchild"):
        await family.register(child, "victim")
    full = MeasureKind.FULL
    await family.flags(
        ProtectionFlag(PEOPLE["younger child"], full, None, None, None),
        ProtectionFlag(PEOPLE["grandchild"], full, None, None, None),
    )
    for relation in Relation.SELF, Relation.REPRESENTED:
        await family.grant(UNGRANTED, relation=relation, consent=True)
        await family.grant(NAME, MAIL, relation=relation)
    await family.grant(OWN_ACCESSES, relation=Relation.SELF)


async def protect_from_victim(family: Family) -> None:
    """Let the measure of the younger child name VICTIM."""
    full = MeasureKind.FULL
    await family.flags(
        ProtectionFlag(PEOPLE["younger child"], full, None, None, (PEOPLE["victim"],)),
        ProtectionFlag(PEOPLE["grandchild"], full, None, None, None),
    )


@asynccontextmanager
async def served(
    family: Family, who: str | None, purpose: str = PURPOSE
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve every operation that takes a handle to somebody who has logged in."""
    world, rooms = family.world, family.world.questions._rooms
    keys, subjects, audit = world.subjects._keys, world.subjects, rooms.audit
    access = family.known(who, purpose)
    receipts = ReceiptService(
        subjects,
        audit,
        keys,
        rooms.dictionary,
        clock=world.clock,
        issuer="https://gateway.test",
        lifetime_s=86_400,
    )
    accesses = AccessesService(
        AccessesStore(world.store),
        AccessesRooms(
            access, subjects, world.protection, audit, keys, rooms.dictionary, world.clock
        ),
    )
    consents = ConsentService(
        ConsentRooms(
            ConsentStore(world.store), access, subjects, audit, rooms.dictionary, world.clock
        )
    )
    submissions = SubmissionService(
        SubmissionRooms(
            SubmissionStore(world.store),
            access,
            subjects,
            rooms.routes,
            world.connections,
            audit,
            keys,
            rooms.dictionary,
            world.clock,
        ),
        keep_days=365,
    )
    evidence = EvidenceService(
        EvidenceRooms(
            EvidenceStore(world.store), world.questions, subjects, audit, keys, world.clock
        ),
        issuer="https://gateway.test",
    )
    app = build_api(
        ApiOptions("https://gateway.test", "0.1.0"),
        routers=[
            question_router(world.questions, access),
            receipt_router(receipts, access),
            accesses_router(accesses, access),
            consent_router(consents, access),
            submission_router(submissions, access),
            evidence_router(evidence, access),
            representation_router(family.list(), access),
        ],
        log=world.log,
        metrics=world.metrics,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        yield http


CONSENT = {"text": "v1", "given_at": "2026-10-01T09:59:00+09:00"}
ASKED = {"purpose": PURPOSE, "items": [NAME]}
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "question": ("/v1/questions", ASKED),
    "preview": ("/v1/evidence/previews", ASKED | {"statement": "record"}),
    "release": ("/v1/evidence", ASKED | {"statement": "record"}),
    "revoke": ("/v1/evidence/revoke", {"evidence_id": ID}),
    "consent": (
        "/v1/consents",
        {"purpose": PURPOSE, "items": [UNGRANTED], **CONSENT},
    ),
    "withdraw consent": ("/v1/consents/withdraw", {"consent_id": ID}),
    "submission": (
        "/v1/submissions",
        {"purpose": PURPOSE, "items": [{"item": MAIL, "value": "町"}], "consent": CONSENT},
    ),
    "withdraw submission": ("/v1/submissions/withdraw", {"submission_id": ID}),
    "receipt": ("/v1/receipts/verify", {"receipt": "x", "items": [{"item": NAME, "value": "y"}]}),
}


async def call(http: httpx.AsyncClient, operation: str, handle: str, preview: str) -> Any:
    """Return status and problem, without what differs between any two calls."""
    if operation == "accesses":
        answer = await http.get(f"/v1/subjects/{handle}/accesses")
    else:
        path, body = OPERATIONS[operation]
        more = {"preview": preview} if operation == "release" else {}
        headers = {"Idempotency-Key": f"key-number-{next(_keys)}"}
        answer = await http.post(path, json=body | more | {"subject": handle}, headers=headers)
    if answer.is_success:
        return answer.status_code, None
    said = {k: v for k, v in answer.json().items() if k not in OF_EACH_CALL}
    return answer.status_code, said


async def test_in_every_relation_every_operation_is_refused_unless_represented(
    family: Family,
) -> None:
    """API1, DV-8, DV-12: one refusal, the same for whoever is there and for nobody."""
    await relate(family)
    seen: dict[str, list[Any]] = {}
    async with served(family, "victim") as http:
        own = ASKED | {"statement": "record", "subject": family.handle("victim")}
        preview = (await http.post("/v1/evidence/previews", json=own)).json()["preview"]
        handles = {one: family.handle(one) for one in (*REPRESENTED, *OTHERS)}
        handles |= {"nobody": NOBODY, "foreign": family.handle("stranger", "another")}
        for operation in (*OPERATIONS, "accesses"):
            mine = await call(http, operation, family.handle("victim"), preview)
            assert "login-other-subject" not in str(mine), (operation, mine)
            for relation, handle in handles.items():
                status, problem = await call(http, operation, handle, preview)
                if relation in REPRESENTED and operation not in NOT_OPEN_TO_ANYBODY_ELSE:
                    assert "login-other-subject" not in str(problem), (operation, relation)
                    continue
                assert status == 403, (operation, relation, problem)
                assert problem["type"].endswith("/login-other-subject"), (operation, relation)
                seen.setdefault(operation, []).append(problem)
        # Whom a measure names acts by law for nobody, by whatever operation.
        await protect_from_victim(family)
        for operation in (*OPERATIONS, "accesses"):
            for relation in (*REPRESENTED, "younger child"):
                status, problem = await call(http, operation, handles[relation], preview)
                assert status == 403, (operation, relation)
                seen[operation].append(problem)
    for operation, problems in seen.items():
        assert all(problem == problems[0] for problem in problems), operation
        assert len(problems) >= 11


async def test_an_offenders_login_opens_nothing_over_http(family: Family) -> None:
    """DV-12: EX with parental proxy, by the list and by a handle that EX had before."""
    await family.register("child", "ex")
    async with served(family, "ex") as http:
        (told,) = (await http.get("/v1/representations")).json()["representations"]
        assert told == {
            "subject": family.handle("child"),
            "kind": "parent",
            "label": "親権者",
            "items": None,
        }
        asked = ASKED | {"subject": told["subject"]}
        assert (await http.post("/v1/questions", json=asked)).status_code == 200
        await family.protect("victim", "child")
        shown = await http.get("/v1/representations")
        refused = await http.post("/v1/questions", json=asked)
    async with served(family, "stranger") as http:
        of_stranger = await http.get("/v1/representations")
        stranger_refused = await http.post("/v1/questions", json=asked)
    assert shown.content == of_stranger.content
    assert shown.headers["cache-control"] == "no-store"
    told_to = [
        {k: v for k, v in r.json().items() if k not in OF_EACH_CALL}
        for r in (refused, stranger_refused)
    ]
    assert told_to[0] == told_to[1]


BIRTH = "001.juminkihonjoho.seinengappi"


async def test_a_mandate_ends_what_it_is_for_alone(family: Family) -> None:
    """AT-6: nothing of other items, and nothing that was made for another purpose."""
    for relation in (Relation.SELF, Relation.REPRESENTED):
        await family.grant(UNGRANTED, BIRTH, relation=relation, consent=True)
        await family.grant(MAIL, relation=relation, purpose="other")
        await family.grant(MAIL, relation=relation)
    await family.register(
        "principal",
        "agent",
        "mandate",
        purposes=[PURPOSE],
        items=[BIRTH, NAME],
        valid_to=TOMORROW,
    )
    principal = family.handle("principal")
    consents = {}
    async with served(family, "principal") as http:
        for item in (BIRTH, UNGRANTED):
            body = {"subject": principal, "purpose": PURPOSE, "items": [item], **CONSENT}
            consent_id = (await http.post("/v1/consents", json=body)).json()["consent_id"]
            consents[item] = {"subject": principal, "consent_id": consent_id}
    submissions = {}
    for purpose in ("other", PURPOSE):
        async with served(family, "principal", purpose) as http:
            stated = {
                "subject": principal,
                "purpose": purpose,
                "items": [{"item": MAIL, "value": "町"}],
                "consent": CONSENT,
            }
            headers = {"Idempotency-Key": f"key-number-{next(_keys)}"}
            kept = await http.post("/v1/submissions", json=stated, headers=headers)
            assert kept.status_code == 201, kept.text
            submission_id = kept.json()["submission_id"]
            submissions[purpose] = {"subject": principal, "submission_id": submission_id}
    statements = {}
    async with served(family, "principal") as http:
        for item in (NAME, MAIL):
            wanted = {"subject": principal, "purpose": PURPOSE, "items": [item]}
            wanted |= {"statement": "record"}
            preview = (await http.post("/v1/evidence/previews", json=wanted)).json()["preview"]
            released = await http.post("/v1/evidence", json=wanted | {"preview": preview})
            evidence_id = released.json()["evidence_id"]
            statements[item] = {"subject": principal, "evidence_id": evidence_id}
    async with served(family, "agent") as http:
        for path, asked, ended in (
            ("/v1/submissions/withdraw", submissions["other"], (404, "unknown-submission")),
            ("/v1/submissions/withdraw", submissions[PURPOSE], (403, "login-other-subject")),
            ("/v1/evidence/revoke", statements[MAIL], (403, "login-other-subject")),
            ("/v1/evidence/revoke", statements[NAME], (200, "")),
            ("/v1/consents/withdraw", consents[UNGRANTED], (403, "login-other-subject")),
            ("/v1/consents/withdraw", consents[BIRTH], (200, "")),
        ):
            answer = await http.post(path, json=asked)
            said = answer.json().get("type", "").rpartition("/")[2]
            assert (answer.status_code, said) == ended, (path, answer.text)
    for purpose, submission in submissions.items():
        async with served(family, "principal", purpose) as http:
            answer = await http.post("/v1/submissions/withdraw", json=submission)
            assert answer.status_code == 200


@pytest.mark.parametrize(("items", "status"), [([NAME], 403), ([], 200)])
async def test_what_is_of_unknown_items_is_ended_by_a_mandate_for_everything_alone(
    family: Family, items: list[str], status: int
) -> None:
    """AT-6: a statement that was released before the items of statements were noted."""
    await family.register(
        "principal", "agent", "mandate", purposes=[PURPOSE], items=items, valid_to=TOMORROW
    )
    wanted = {"subject": family.handle("principal"), **ASKED, "statement": "record"}
    async with served(family, "principal") as http:
        preview = (await http.post("/v1/evidence/previews", json=wanted)).json()["preview"]
        released = await http.post("/v1/evidence", json=wanted | {"preview": preview})
    async with family.world.store.transaction() as session:
        await session.execute(update(EvidenceRow).values(items=[]))
    asked = {"subject": wanted["subject"], "evidence_id": released.json()["evidence_id"]}
    async with served(family, "agent") as http:
        assert (await http.post("/v1/evidence/revoke", json=asked)).status_code == status


async def test_a_release_whose_mandate_ends_meanwhile_is_refused_and_recorded(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-1: between what the systems answered and the statement."""
    mandate = await family.register(
        "principal", "agent", "mandate", purposes=[PURPOSE], items=[NAME], valid_to=TOMORROW
    )
    as_seen = EvidenceService._as_seen

    async def ends(self: EvidenceService, *asked: Any) -> QuestionAnswer:
        answer = await as_seen(self, *asked)
        await family.officer().end(TOWN, mandate)
        return answer

    monkeypatch.setattr(EvidenceService, "_as_seen", ends)
    wanted = {"subject": family.handle("principal"), **ASKED, "statement": "record"}
    async with served(family, "agent") as http:
        preview = (await http.post("/v1/evidence/previews", json=wanted)).json()["preview"]
        refused = await http.post("/v1/evidence", json=wanted | {"preview": preview})
    last = (await family.world.audit())[-1]
    assert refused.status_code == 403
    assert [last[k] for k in ("function", "outcome", "problem")] == [
        *("evidence", "refused", "login-other-subject")
    ]


async def test_what_a_representative_did_is_marked_in_the_persons_own_list_alone(
    family: Family,
) -> None:
    """DV-13: neither the representative nor another parent sees the list of the child."""
    await relate(family)
    async with served(family, "victim") as http:
        question = ASKED | {"subject": family.handle("child")}
        assert (await http.post("/v1/questions", json=question)).status_code == 200
        of_victim = await http.get(f"/v1/subjects/{family.handle('victim')}/accesses")
        of_child = await http.get(f"/v1/subjects/{family.handle('child')}/accesses")
    assert of_child.status_code == 403
    assert of_victim.json()["accesses"] == []
    async with served(family, "child") as http:
        (shown,) = (await http.get(f"/v1/subjects/{family.handle('child')}/accesses")).json()[
            "accesses"
        ]
    assert (shown["function"], shown["by_representative"]) == ("question", True)
    assert family.ids["victim"] not in str(shown)


async def test_a_refusal_makes_the_same_lookups_whatever_its_reason(family: Family) -> None:
    """DV-8: offender, stranger and nobody cannot be told apart by how much is looked up."""
    await relate(family)
    await protect_from_victim(family)
    made: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("INSERT", "PRAGMA")):
            made.append(statement)

    engine = family.world.store.engine.sync_engine
    handles = [family.handle(one) for one in (*OTHERS, *REPRESENTED)] + [NOBODY]
    counted = []
    for handle in handles:
        made.clear()
        event.listen(engine, "before_cursor_execute", note)
        assert not await family.may("victim", handle)
        event.remove(engine, "before_cursor_execute", note)
        counted.append([s.partition("WHERE")[0] for s in made])
    assert all(one == counted[0] for one in counted)
    assert any("FROM representation" in s for s in counted[0])


async def test_an_ordinary_question_looks_up_nothing_of_representations(family: Family) -> None:
    """What only representatives need costs nothing where nobody acts for another."""
    made: list[str] = []
    engine = family.world.store.engine.sync_engine

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        made.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    await family.ask(None, "child", NAME)
    await family.ask("child", "child", NAME)
    event.remove(engine, "before_cursor_execute", note)
    assert not [s for s in made if "representation" in s.replace("INSERT", "") and "SELECT" in s]
    assert not [s for s in made if "other_parties" in s]


@pytest.mark.parametrize("who", ["stranger", "ex"])
async def test_the_list_makes_the_same_lookups_for_nothing_as_for_much(
    family: Family, who: str
) -> None:
    """DV-8, DV-12."""
    await family.register("child", "ex")
    await family.register("ward", "ex", "guardian-of-adult")
    await family.protect("child", "ward")
    made: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        made.append(statement)

    engine = family.world.store.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    assert await family.listed(who) == []
    event.remove(engine, "before_cursor_execute", note)
    assert (
        len([s for s in made if s.startswith("SELECT")])
        == (LOOKUPS_OF_A_LIST[family.world.store.dialect])
    )


LOOKUPS_OF_A_LIST = {"sqlite": 9, "postgresql": 6}
"""On PostgreSQL those of every question go over connections of their own, and are not seen."""
