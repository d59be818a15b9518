"""Whoever sends a question slowly keeps nobody else from asking. Rules R21, API4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.access import Access
from gateway.api.admission import Admission
from gateway.api.application import ApiOptions, build_api
from gateway.metrics import Metrics
from gateway.questions.routes import question_router
from gateway.questions.service import QuestionService
from tests.doubles import RecordingLog
from tests.gateway.questions.conftest import World
from tests.gateway.receipts.over_http import KnownCaller

URL = "https://gateway.test"


@pytest.mark.parametrize("operation", ["/v1/questions", "/v1/explain"])
async def test_a_body_that_does_not_come_holds_no_place(world: World, operation: str) -> None:
    """With one place alone, the next one is looked at while the first is still sending."""
    service = QuestionService(world.questions._rooms, deadline_s=1.0, admission=Admission(1))
    caller = Access("app", "999997", "nursery", "token", "key")
    access = KnownCaller(world.questions._rooms.access, caller)
    app = build_api(
        ApiOptions(public_url=URL, version="1"),
        routers=[question_router(service, access)],
        log=RecordingLog(),
        metrics=Metrics(),
    )
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        begun.set()
        await go_on.wait()
        yield b"}"

    said = {"content-type": "application/json"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
        slow = asyncio.create_task(http.post(operation, content=slowly(), headers=said))
        await begun.wait()
        other = await http.post(operation, content=b"{}", headers=said)
        go_on.set()
        assert (other.status_code, (await slow).status_code) == (422, 422)
