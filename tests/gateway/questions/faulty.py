"""Three systems over real HTTP, in a thread of their own, each with one of the usual faults."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from aiohttp import web

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.mapping.model import Read, RestRead
from adapters.sources.rest import RestSource
from tests.gateway.questions.scripted import TIME, Script, record

SLOW_S = 0.1
PATIENCE_S = 10.0
READ = Read(rest=RestRead(path="/shokai", body={"bango": "{number}"}))


@dataclass
class Faults:
    """What each system does now, by its name, and how many calls are open at them."""

    address: str = ""
    of: dict[str, str] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    _open: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_until_idle(self) -> bool:
        """Return whether no call is open any more, within a patience that is never needed."""
        return self.wait_until_open(0)

    def wait_until_open(self, count: int) -> bool:
        """Return whether so many calls are open, within a patience that is never needed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == count, PATIENCE_S)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the system at this address does now."""
        system = request.match_info["system"]
        self._count(1)
        self.calls[system] = self.calls.get(system, 0) + 1
        try:
            return await self._answer(request, self.of.get(system, ""))
        finally:
            self._count(-1)

    async def _answer(self, request: web.Request, fault: str) -> web.StreamResponse:
        number = (await request.json())["bango"]
        if fault == "hung":
            await asyncio.Event().wait()
        if fault == "slow":
            await asyncio.sleep(SLOW_S)
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        if fault == "garbage":
            return web.Response(text="<html>ERROR</html>", content_type="text/html")
        said = f"{number}9" if fault == "wrong person" else number
        return web.json_response({"bango": said})

    def _count(self, step: int) -> None:
        with self._changed:
            self._open += step
            self._changed.notify_all()


@contextmanager
def serving(faults: Faults) -> Iterator[None]:
    """Serve the systems on loopback until the block ends."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        application = web.Application()
        application.router.add_post("/{system}/shokai", faults.answer)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        faults.address = f"http://127.0.0.1:{port}"
        ready.set()
        await done.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(PATIENCE_S)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE_S)
        loop.close()


def over_http(
    http: httpx.AsyncClient, faults: Faults, system: str, values: Mapping[str, str | int]
) -> Script:
    """Return a script that reads the person's number from the system and adds ``values``."""
    ping = RestRead(path="/shokai")
    source = RestSource(http, f"{faults.address}/{system}", headers={}, ping=ping)

    async def script(request: FetchRequest) -> FetchResult:
        answer = await source.read(READ, {"number": request.number}, request.deadline)
        return FetchResult(
            {
                ref: GroupRecords((record(ref, answer["bango"], fields, dict(values)),), TIME, TIME)
                for ref, fields in request.groups.items()
            }
        )

    return script
