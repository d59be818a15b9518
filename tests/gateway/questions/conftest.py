"""A gateway whose three systems are scripted; everything else is real, on both databases."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.access import Access, AccessRegistry, AccessService, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.access.quotas import Quotas
from gateway.audit import AuditKind, AuditLog, AuditQuery, AuditStore
from gateway.connections import Connection, Connections
from gateway.keys import FileKeyStore
from gateway.metrics import Metrics
from gateway.predicates import Predicates, with_predicates
from gateway.protection import FlagStore, ProtectionService
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionAnswer, QuestionRooms, QuestionService
from gateway.receipts import ReceiptService
from gateway.routes import RouteService, RouteStore
from gateway.store.engine import Store
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock
from tests.furnished import furnished
from tests.gateway.access.consumers import ample_quotas, approve
from tests.gateway.questions.scripted import ScriptedAdapter, holding, manifest_of

TOWN = "999997"
PURPOSE = "jidoteate-ninteiseikyu"
CLIENT = "online-service"
GROUPS = {
    "resident": ["001.juminkihonjoho", "001.setaiinjoho", "001.shimeihokijoho"],
    "tax": ["010.kazeikihonjoho", "010.sofusakijoho"],
    "welfare": ["027.jukyushikakujoho"],
}
NAME = "001.juminkihonjoho.shimei"
BLOCK = "001.juminkihonjoho.jusho_choaza"
BUILDING = "001.juminkihonjoho.jusho_katagaki"
TAX = "010.kazeikihonjoho.nenzeigaku"
MAIL = "010.sofusakijoho.sofusaki_choaza"
STATE = "027.jukyushikakujoho.shikyujotai"
UNGRANTED = "001.juminkihonjoho.seibetsu"


@dataclass
class World:
    """The gateway under test and its systems."""

    questions: QuestionService
    systems: dict[str, ScriptedAdapter]
    connections: Connections
    protection: ProtectionService
    subjects: SubjectService
    store: Store
    clock: StoppedClock
    log: RecordingLog
    metrics: Metrics
    handles: dict[str, str]
    quotas: Quotas

    async def ask(
        self,
        *items: str,
        who: str = "ordinary",
        purpose: str = PURPOSE,
        token: str = PURPOSE,
        **conditions: Any,
    ) -> QuestionAnswer:
        """Ask for items of a named person."""
        question = Question(
            subject=self.handles.get(who, who), purpose=purpose, items=items, **conditions
        )
        access = Access(CLIENT, TOWN, token, "t", "k")
        return await self.questions.ask(access, question, Caller("f" * 32, "127.0.0.1"))

    async def alarms(self) -> list[dict[str, Any]]:
        """Return what the audit record says of discarded answers, oldest first."""
        query = AuditQuery(municipality=TOWN, kind=AuditKind.EVENT)
        rows = await AuditStore(self.store).list(query)
        return [json.loads(row.entry)["alarm"] for row in reversed(rows)]

    async def audit(self) -> list[dict[str, Any]]:
        """Return the records of questions, oldest first."""
        rows = await AuditStore(self.store).list(AuditQuery(municipality=TOWN))
        entries = [json.loads(row.entry) for row in rows]
        return [e for e in reversed(entries) if e["kind"] == "operation"]


@pytest.fixture
async def world(
    store: Store,
    clock: StoppedClock,
    event_log: RecordingLog,
    keys: FileKeyStore,
    audit_log: AuditLog,
) -> World:
    """Three systems that know everybody; flags pulled; one consumer with one grant."""
    found = assembled(store, clock, event_log, keys, audit_log)
    found.handles = dict(await furnished(store, ("world", clock.now()), lambda: furnish(found)))
    return found


async def build_world(
    store: Store,
    clock: StoppedClock,
    event_log: RecordingLog,
    keys: FileKeyStore,
    audit_log: AuditLog,
) -> World:
    """Put it together outside of a fixture."""
    found = assembled(store, clock, event_log, keys, audit_log)
    found.handles = await furnish(found)
    return found


async def furnish(world: World) -> dict[str, str]:
    """Register what the world needs; return the handles of its people by name."""
    store, clock, dictionary = world.store, world.clock, world.questions._rooms.dictionary
    registry = AccessRegistry(AccessStore(store), dictionary, clock=clock, actor="test")
    await registry.add_purpose(
        TOWN,
        PURPOSE,
        name_ja="児童手当",
        name_en="Child allowance",
        legal_basis="法",
        organ="市長",
        bases=Bases(tax="法28条"),
    )
    await registry.add_purpose(
        TOWN,
        "other",
        name_ja="別の事務",
        name_en="Other",
        legal_basis="法",
        organ="市長",
        bases=Bases(tax="法28条"),
    )
    await registry.add_client(CLIENT, name="申請", contact="課", jwks=_public_keys())
    row = await registry.propose_grant(
        TOWN,
        CLIENT,
        PURPOSE,
        GrantTerms(
            items=[NAME, BLOCK, BUILDING, TAX, MAIL, STATE],
            valid_from=clock.now().date(),
            valid_to=None,
        ),
    )
    await approve(registry, row.grant_id)
    routes = RouteService(RouteStore(store), clock)
    for name, groups in GROUPS.items():
        for group in groups:
            await routes.set(TOWN, group, f"scripted-{name}", changed_by="test")
    handles = await _people(world.subjects)
    await world.protection.pull()
    return handles


def assembled(
    store: Store,
    clock: StoppedClock,
    event_log: RecordingLog,
    keys: FileKeyStore,
    audit_log: AuditLog,
) -> World:
    """Put the rooms together; nothing is registered in the database yet."""
    dictionary, metrics = with_predicates(load_builtin()), Metrics()
    systems = {
        "resident": ScriptedAdapter(
            holding(shimei="見本　花子", jusho_choaza="みどり一丁目"), flagged=("R2",)
        ),
        "tax": ScriptedAdapter(
            holding(nenzeigaku=150000, kazeinendo="2026", sofusaki_choaza="あおば二丁目")
        ),
        "welfare": ScriptedAdapter(holding(shikyujotai="1")),
    }
    connections = Connections(
        [
            Connection(
                TOWN,
                manifest_of(name, GROUPS[name], flags=name == "resident"),
                adapter,
                clock=clock,
                log=event_log,
                metrics=metrics,
            )
            for name, adapter in systems.items()
        ],
        [],
    )
    protection = ProtectionService(
        FlagStore(store),
        connections,
        clock=clock,
        log=event_log,
        flag_max_age=dt.timedelta(minutes=10),
    )
    subjects = SubjectService(SubjectStore(store), keys, clock=clock)
    routes = RouteService(RouteStore(store), clock)
    quotas = ample_quotas(event_log)
    access = AccessService(
        AccessStore(store),
        keys,
        audit_log,
        subjects,
        clock=clock,
        issuer="https://gateway.test",
        token_lifetime_s=300,
        quotas=quotas,
    )
    rooms = QuestionRooms(
        access=access,
        subjects=subjects,
        routes=routes,
        connections=connections,
        protection=protection,
        audit=audit_log,
        dictionary=dictionary,
        clock=clock,
        metrics=metrics,
        receipts=ReceiptService(
            subjects,
            audit_log,
            keys,
            dictionary,
            clock=clock,
            issuer="https://gateway.test",
            lifetime_s=86_400,
        ),
        predicates=Predicates.of(dictionary),
    )
    return World(
        # Long: that a busy machine is late is not what these tests are about.
        QuestionService(rooms, deadline_s=30.0),
        systems,
        connections,
        protection,
        subjects,
        store,
        clock,
        event_log,
        metrics,
        {},
        quotas,
    )


async def _people(subjects: SubjectService) -> dict[str, str]:
    """Link an ordinary person, a protected one, and one without numbers in tax and welfare."""
    people = {
        "ordinary": {"resident": "R1", "tax": "T1", "welfare": "W1"},
        "protected": {"resident": "R2", "tax": "T2", "welfare": "W2"},
        "newcomer": {"resident": "R3"},
    }
    rows = [
        LinkRow(line, tuple(numbers.items()), "my-number-match")
        for line, numbers in enumerate(people.values(), start=2)
    ]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    handles = {}
    for name, numbers in people.items():
        subject = await subjects.find_by_number(TOWN, "resident", numbers["resident"])
        assert subject is not None
        handles[name] = subjects.handle_for(TOWN, CLIENT, subject.subject_id)
    return handles


def _public_keys() -> dict[str, Any]:
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    return {"keys": [key.as_dict(private=False)]}
