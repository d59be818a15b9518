"""A gateway whose tax system takes submissions, and a group that no system supplies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from adapters.contract import SubmitReceipt, SubmitRequest
from gateway.connections import Connection, Connections
from gateway.keys import FileKeyStore
from gateway.questions.service import QuestionService
from gateway.routes import RouteService, RouteStore
from gateway.submissions import (
    OutboxDelivery,
    StatedValues,
    SubmissionService,
    SubmissionStore,
)
from gateway.submissions.delivery import DeliveryRooms
from gateway.submissions.routes import submission_router
from gateway.submissions.service import SubmissionRooms
from tests.gateway.questions.conftest import (
    CLIENT,
    PURPOSE,
    TOWN,
    World,
    world,
)
from tests.gateway.questions.scripted import TIME, ScriptedAdapter, holding, manifest_of
from tests.gateway.receipts.over_http import served

__all__ = ["world"]

MAIL = "010.sofusakijoho.sofusaki_choaza"


class Killed(BaseException):
    """The process dies here."""


class TakingAdapter(ScriptedAdapter):
    """A system that takes submissions: one effect for one key, or a ``refusal``."""

    def __init__(self) -> None:
        super().__init__(holding(sofusaki_choaza="記録の町"))
        self.effects: dict[str, SubmitRequest] = {}
        self.tried: list[SubmitRequest] = []
        self.refusal: Exception | None = None
        self.dies_after: bool = False

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        """Take it, refuse it, or take it and die before saying so."""
        self.tried.append(request)
        if self.refusal is not None:
            raise self.refusal
        self.effects.setdefault(request.idempotency_key, request)
        if self.dies_after:
            raise Killed
        place = list(self.effects).index(request.idempotency_key)
        return SubmitReceipt(f"T-{place}", TIME)


@dataclass
class Counter:
    """The rooms of submissions, and the town's tax system."""

    world: World
    service: SubmissionService
    delivery: OutboxDelivery
    submissions: SubmissionStore
    tax: TakingAdapter
    routes: RouteService
    stated: StatedValues
    sent: int = field(default=0)

    def rested(self) -> None:
        """Let real time pass for the breaker, which knows no other."""
        for connection in self.world.questions._rooms.connections.all():
            connection._breakers.clear()

    def body(self, value: Any = "みどり一丁目", item: str = MAIL, **changes: Any) -> dict[str, Any]:
        """Return a submission as it is sent."""
        consent = {"text": "v1", "given_at": "2026-10-01T09:59:00+09:00"}
        return {
            "subject": self.world.handles["ordinary"],
            "purpose": PURPOSE,
            "items": [{"item": item, "value": value}],
            "consent": consent | changes.pop("consent", {}),
            **changes,
        }

    async def submit(
        self, http: httpx.AsyncClient, body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """Send a submission; with a key of its own unless one is given."""
        self.sent += 1
        headers = {"Idempotency-Key": key or f"key-number-{self.sent}"}
        return await http.post("/v1/submissions", json=body or self.body(), headers=headers)


@pytest.fixture
async def counter(world: World, keys: FileKeyStore) -> Counter:
    """The gateway, with a tax system that takes submissions."""
    rooms = world.questions._rooms
    tax = TakingAdapter()
    manifest = manifest_of("tax", ["010.kazeikihonjoho", "010.sofusakijoho"])
    taking = manifest.model_validate(
        {**manifest.model_dump(mode="json"), "capabilities": ["fetch", "submit"]}
    )
    connection = Connection(
        TOWN, taking, tax, clock=world.clock, log=world.log, metrics=world.metrics
    )
    others = [c for c in world.connections.all() if c.adapter_id != "scripted-tax"]
    connections = Connections([*others, connection], [])
    routes = RouteService(RouteStore(world.store), world.clock)
    submissions = SubmissionStore(world.store)
    stated = StatedValues(submissions, keys, clock=world.clock)
    world.questions = QuestionService(
        replace(rooms, connections=connections, stated=stated), deadline_s=30.0
    )
    service = SubmissionService(
        SubmissionRooms(
            submissions,
            rooms.access,
            rooms.subjects,
            routes,
            connections,
            rooms.audit,
            keys,
            rooms.dictionary,
            world.clock,
        ),
        keep_days=365,
    )
    delivery = OutboxDelivery(
        DeliveryRooms(
            submissions,
            stated,
            rooms.subjects,
            connections,
            rooms.audit,
            world.clock,
            world.log,
            world.metrics,
        )
    )
    return Counter(world, service, delivery, submissions, tax, routes, stated)


@pytest.fixture
async def http(counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """The consumer over HTTP."""
    from gateway.access import Access
    from tests.gateway.receipts.over_http import KnownCaller

    access = KnownCaller(
        counter.world.questions._rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k")
    )
    async with served(counter.world, [submission_router(counter.service, access)]) as client:
        yield client
