"""API9: who calls which version and operation, counted where it lasts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from gateway.api.bodies import json_response
from gateway.api.edge import note
from gateway.app import create_app
from gateway.calls import CallCounts, Calls, CallStore
from gateway.keys import FileKeyStore
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.settings import Settings
from gateway.store.engine import Store
from tests.doubles import StoppedClock
from tests.gateway.api.town import Town

ASK, OLD = "POST /v1/questions", "GET /v1/catalogue"
FIRST, SECOND = dt.date(2026, 10, 1), dt.date(2026, 10, 2)
EVER = dt.date(2000, 1, 1)


def counts(clock: StoppedClock) -> CallCounts:
    return CallCounts(clock, Metrics())


def call(counts: CallCounts, client_id: str, operation: str, times: int = 1) -> None:
    method, _, path = operation.partition(" ")
    for _ in range(times):
        counts.called(client_id, method, path, "v1")


async def test_calls_are_kept_by_day_consumer_and_operation(
    store: Store, clock: StoppedClock
) -> None:
    """Of all processes together; days end at midnight in Tokyo."""
    calls, one, other = CallStore(store), counts(clock), counts(clock)
    call(one, "online", ASK, 2)
    call(one, "desk", OLD)
    call(other, "online", ASK, 3)
    for counted in (one, other, one):
        await counted.store(calls)
    clock.advance(hours=14)
    call(one, "online", ASK)
    await one.store(calls)
    assert await calls.between(FIRST, FIRST) == [
        Calls(FIRST, "desk", OLD, 1),
        Calls(FIRST, "online", ASK, 5),
    ]
    assert await calls.between(FIRST, SECOND) == [
        Calls(FIRST, "desk", OLD, 1),
        Calls(SECOND, "online", ASK, 6),
    ]
    assert await calls.between(EVER, FIRST - dt.timedelta(days=1)) == []


async def test_what_cannot_be_stored_is_stored_the_next_time(
    store: Store, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was called meanwhile."""
    calls, counted = CallStore(store), counts(clock)

    async def fail(*_: object, **__: object) -> None:
        call(counted, "online", ASK)
        raise TimeoutError

    call(counted, "online", ASK)
    monkeypatch.setattr(CallStore, "add", fail)
    with pytest.raises(TimeoutError):
        await counted.store(calls)
    monkeypatch.undo()
    await counted.store(calls)
    assert await calls.between(FIRST, FIRST) == [Calls(FIRST, "online", ASK, 2)]


async def test_calls_are_forgotten_after_400_days(store: Store, clock: StoppedClock) -> None:
    """The same month of the year before is still there."""
    calls, counted = CallStore(store), counts(clock)
    call(counted, "online", OLD)
    await counted.store(calls)
    clock.advance(days=400)
    call(counted, "online", ASK)
    await counted.store(calls)
    kept = await calls.between(EVER, dt.date(2100, 1, 1))
    assert {found.operation for found in kept} == {OLD, ASK}
    clock.advance(days=1)
    call(counted, "online", ASK)
    await counted.store(calls)
    kept = await calls.between(EVER, dt.date(2100, 1, 1))
    assert {found.operation for found in kept} == {ASK}


async def test_only_known_consumers_are_counted_refused_or_not_by_the_template() -> None:
    """What is called before it is known who calls belongs to nobody; no label is what was sent."""
    told: list[tuple[str, str, str, str]] = []
    router = APIRouter(prefix="/v2", tags=["questions"])

    @router.get("/people/{handle}", summary="人 / Person")
    async def person(request: Request, handle: str) -> Response:
        note(request, client_id="online")
        if handle == "nobody":
            raise Problem("not-found")
        return json_response({})

    town = Town(routers=[router], on_call=lambda *said: told.append(said))
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        for path in ("/v2/people/secret", "/v2/people/nobody", "/v1/catalogue", "/nothing"):
            await http.get(path)
        await http.post("/v1/asked", json={"purpose": "kosodate"})
    assert told == [
        ("online", "GET", "/v2/people/{handle}", "v2"),
        ("online", "GET", "/v2/people/{handle}", "v2"),
        ("kosodate-portal", "POST", "/v1/asked", "v1"),
    ]


async def test_a_head_is_a_call_of_the_operation_for_get() -> None:
    """Its end ends both, and whoever only sends HEAD has to move as well."""
    told: list[tuple[str, str, str, str]] = []
    router = APIRouter(prefix="/v2", tags=["questions"])

    @router.get("/people", summary="人 / People")
    async def people(request: Request) -> Response:
        note(request, client_id="online")
        return json_response({})

    town = Town(routers=[router], on_call=lambda *said: told.append(said))
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        assert (await http.head("/v2/people")).status_code == 200
    assert told == [("online", "GET", "/v2/people", "v2")]


def test_the_figure_has_consumer_version_and_operation_as_labels(clock: StoppedClock) -> None:
    """Registered ids and templates alone, so there is an end to them."""
    metrics = Metrics()
    call(CallCounts(clock, metrics), "online", ASK, 2)
    labels = 'consumer="online",operation="POST /v1/questions",version="v1"'
    assert f"hitotsu_consumer_calls_total{{{labels}}} 2.0" in metrics.render().decode()


async def test_a_gateway_that_goes_down_stores_what_it_counted(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """The last calls of a process are not lost with an orderly end."""
    FileKeyStore(tmp_path / "own-keys").create()
    settings = Settings(
        database_url=database_url,
        keys_dir=tmp_path / "own-keys",
        adapters_file=tmp_path / "none.yaml",
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.short_way._on_call("online", "POST", "/v1/questions", "v1")
    found = await CallStore(store).between(EVER, dt.date(2100, 1, 1))
    assert [(c.client_id, c.operation, c.calls) for c in found] == [("online", ASK, 1)]
