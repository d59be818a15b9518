"""A town that goes on living, as a model, and two gateways on one database that answer of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import BadAnswer
from gateway.access import Access, AccessRegistry, AccessService, AccessStore, Caller
from gateway.access.limits import Bases
from gateway.audit import AuditLog, AuditQuery, AuditStore
from gateway.connections import Connection, Connections
from gateway.keys import FileKeyStore
from gateway.metrics import Metrics
from gateway.predicates import Predicates, with_predicates
from gateway.problems import Problem
from gateway.protection import FlagStore, ProtectionService
from gateway.protection.measures import Measures
from gateway.protection.openings import Openings
from gateway.protection.store import MeasureStore, OpeningStore
from gateway.questions.render import render_answer
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionRooms, QuestionService
from gateway.receipts import ReceiptService
from gateway.routes import RouteService, RouteStore
from gateway.store.engine import Store, open_store
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.access.consumers import ample_quotas
from tests.gateway.questions.conftest import (
    BLOCK,
    CLIENT,
    GROUPS,
    MAIL,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    TOWN,
    _public_keys,
)
from tests.gateway.questions.scripted import TIME, ScriptedAdapter, manifest_of, record

ITEMS = (NAME, BLOCK, TAX, MAIL, STATE)
ADDRESSES = frozenset({BLOCK, MAIL})
SYSTEM_OF = {NAME: "resident", BLOCK: "resident", TAX: "tax", MAIL: "tax", STATE: "welfare"}
FLAG_MAX_AGE = dt.timedelta(minutes=10)
PEOPLE = ("R1", "R2", "R3", "R4")
DICTIONARY = with_predicates(load_builtin())

_T = TypeVar("_T")


@dataclass
class Person:
    """What the town's systems say of somebody; ``lived`` are all addresses there ever were."""

    number: str
    name: str
    address: str
    mail: str
    tax: int = 100_000
    flagged: bool = False
    lived: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lived |= {self.address, self.mail}

    def values(self) -> dict[str, str | int]:
        """Return the values by their fields."""
        return {
            "shimei": self.name,
            "jusho_choaza": self.address,
            "nenzeigaku": self.tax,
            "sofusaki_choaza": self.mail,
            "shikyujotai": "1",
        }

    def value_of(self, item: str) -> str | int:
        """Return the value of an item."""
        return self.values()[item.rpartition(".")[2]]


class Systems:
    """The three systems, which know everybody, and can go down."""

    def __init__(self) -> None:
        self.people = {
            number: Person(number, f"見本　{number}", f"町{number}ア", f"郵{number}ア")
            for number in PEOPLE
        }
        self.down: set[str] = set()
        self.adapters = {name: ScriptedAdapter(self._script(name)) for name in GROUPS}

    def _script(self, name: str) -> Any:
        async def script(request: FetchRequest) -> FetchResult:
            if name in self.down:
                raise BadAnswer("down")
            values = self.people[f"R{request.number[1:]}"].values()
            return FetchResult(
                {
                    ref: GroupRecords((record(ref, request.number, fields, values),), TIME, TIME)
                    for ref, fields in request.groups.items()
                }
            )

        return script

    def tell_flags(self) -> None:
        """Let the resident system say now who is flagged, or fail."""
        flagged = tuple(p.number for p in self.people.values() if p.flagged)
        resident = self.adapters["resident"]
        resident.flagged = BadAnswer("down") if "resident" in self.down else flagged


@dataclass
class Gateway:
    """One process: its own connections, protection and questions, on the common database."""

    store: Store
    questions: QuestionService
    protection: ProtectionService
    connections: Connections


class Town:
    """The systems, two gateways, the officers, and the loop in which they all work."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = StoppedClock()
        self.log = RecordingLog()
        self.systems = Systems()
        self._stack = AsyncExitStack()
        database = folder / "town.db"
        shutil.copy(template, database)
        self._url = f"sqlite+aiosqlite:///{database}"
        self._keys = FileKeyStore(folder / "keys")
        self._keys.create()
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do the work to its end."""
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        """End everything."""
        self.run(self._stack.aclose())
        self.loop.close()

    async def _open(self) -> None:
        self.gateways = [await self._gateway(), await self._gateway()]
        store = self.gateways[0].store
        registry, second = (
            AccessRegistry(AccessStore(store), DICTIONARY, clock=self.clock, actor=actor)
            for actor in ("first", "second")
        )
        self.registries = (registry, second)
        await registry.add_purpose(
            TOWN,
            PURPOSE,
            name_ja="児童手当",
            name_en="Allowance",
            legal_basis="法",
            organ="市長",
            bases=Bases(tax="法28条"),
        )
        await registry.add_client(CLIENT, name="申請", contact="課", jwks=_public_keys())
        subjects = SubjectService(SubjectStore(store), self._keys, clock=self.clock)
        rows = [
            LinkRow(
                line,
                (("resident", n), ("tax", f"T{n[1:]}"), ("welfare", f"W{n[1:]}")),
                "my-number-match",
            )
            for line, n in enumerate(PEOPLE, start=2)
        ]
        await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
        self.handles = {}
        for number in PEOPLE:
            subject = await subjects.find_by_number(TOWN, "resident", number)
            assert subject is not None
            self.handles[number] = subjects.handle_for(TOWN, CLIENT, subject.subject_id)
        routes = RouteService(RouteStore(store), self.clock)
        for name, groups in GROUPS.items():
            for group in groups:
                await routes.set(TOWN, group, f"scripted-{name}", changed_by="test")

    async def _gateway(self) -> Gateway:
        store = open_store(self._url)
        self._stack.push_async_callback(store.aclose)
        clock, metrics = self.clock, Metrics()
        audit = await self._stack.enter_async_context(
            AuditLog(AuditStore(store), self._keys, log=self.log, patience_s=30)
        )
        connections = Connections(
            [
                Connection(
                    TOWN,
                    manifest_of(name, GROUPS[name], flags=name == "resident"),
                    adapter,
                    clock=clock,
                    log=self.log,
                    metrics=metrics,
                )
                for name, adapter in self.systems.adapters.items()
            ],
            [],
        )
        protection = ProtectionService(
            FlagStore(store), connections, clock=clock, log=self.log, flag_max_age=FLAG_MAX_AGE
        )
        subjects = SubjectService(SubjectStore(store), self._keys, clock=clock)
        access = AccessService(
            AccessStore(store),
            self._keys,
            audit,
            subjects,
            clock=clock,
            issuer="https://gateway.test",
            token_lifetime_s=300,
            quotas=ample_quotas(),
        )
        receipts = ReceiptService(
            subjects,
            audit,
            self._keys,
            DICTIONARY,
            clock=clock,
            issuer="https://gateway.test",
            lifetime_s=86_400,
        )
        rooms = QuestionRooms(
            access=access,
            subjects=subjects,
            routes=RouteService(RouteStore(store), clock),
            connections=connections,
            protection=protection,
            audit=audit,
            dictionary=DICTIONARY,
            clock=clock,
            metrics=metrics,
            receipts=receipts,
            predicates=Predicates.of(DICTIONARY),
        )
        return Gateway(store, QuestionService(rooms, deadline_s=5.0), protection, connections)

    def measures(self, officer: str) -> Measures:
        """Return what an officer does about measures."""
        store = MeasureStore(self.gateways[0].store)
        return Measures(store, clock=self.clock, actor=officer)

    def openings(self, officer: str) -> Openings:
        """Return what an officer does about lifts."""
        store = OpeningStore(self.gateways[1].store)
        return Openings(store, DICTIONARY, clock=self.clock, actor=officer)

    def rested(self) -> None:
        """Let real time pass for the breakers, which know no other."""
        for gateway in self.gateways:
            for connection in gateway.connections.all():
                connection._breakers.clear()

    def ask(self, gateway: int, number: str, items: list[str], **how: Any) -> dict[str, Any]:
        """Return the answer as it leaves, or ``{"refused": slug}``."""
        question = Question(
            subject=self.handles[number], purpose=PURPOSE, items=tuple(items), **how
        )
        access = Access(CLIENT, TOWN, PURPOSE, "t", "k")
        asking = self.gateways[gateway].questions.ask(access, question, Caller("f" * 32, ""))
        try:
            return render_answer(self.run(asking))
        except Problem as problem:
            return {"refused": problem.type.slug}

    def recorded(self) -> list[dict[str, Any]]:
        """Return the records of questions, newest first, with their ids."""
        query = AuditQuery(municipality=TOWN, limit=10_000)
        rows = self.run(AuditStore(self.gateways[0].store).list(query))
        entries = [{"id": row.audit_id, **json.loads(row.entry)} for row in rows]
        return [entry for entry in entries if entry["kind"] == "operation"]
