"""Starts everything in its order, keeps it running, and stops everything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import uvicorn

from examples.town.demo.control import create_control
from examples.town.demo.gateway import GatewaySetup
from examples.town.demo.legacy import LegacySystems
from examples.town.demo.places import Places, choose_port
from examples.town.demo.processes import Process
from examples.town.demo.residents import TownResident, read_residents
from examples.town.demo.service import write_service_config
from examples.town.demo.telling import Telling

DEFAULT_GATEWAY_PORT = 8800
DEFAULT_SERVICE_PORT = 8801


@dataclass(frozen=True, slots=True)
class Running:
    """The demonstration while it runs."""

    gateway_url: str
    service_url: str
    legacy: LegacySystems
    gateway: Process
    service: Process
    residents: tuple[TownResident, ...]

    async def ended(self) -> str:
        """Return the name of the first process that ends without having been told to."""
        waiting = {
            asyncio.create_task(process.wait()): process for process in (self.gateway, self.service)
        }
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return waiting[done.pop()].name


@contextlib.asynccontextmanager
async def running_town(
    places: Places, telling: Telling, *, gateway_port: int, service_port: int
) -> AsyncIterator[Running]:
    """Start the town, the gateway and the online service; stop all of them at the end.

    The town has been made. Ports that are taken are replaced by free ones.

    Raises:
        ProcessFailed: a process did not come up.
    """
    async with contextlib.AsyncExitStack() as stack:
        legacy = LegacySystems(places)
        stack.push_async_callback(legacy.stop)
        with telling.step("3つの業務システムを起動", "start the three legacy systems"):
            await legacy.start()
        residents = read_residents(places.town)
        setup = GatewaySetup(places, legacy, choose_port(gateway_port))
        with telling.step("ゲートウェイを準備", "prepare the gateway"):
            handles = await setup.prepare(residents)
        gateway = setup.process()
        stack.push_async_callback(gateway.stop)
        with telling.step("ゲートウェイを起動", "start the gateway"):
            await gateway.start()
        token = secrets.token_urlsafe(32)
        control_url = await stack.enter_async_context(_control(legacy, token))
        port = choose_port(service_port)
        config = write_service_config(
            places, setup, residents, handles, control=(control_url, token)
        )
        service_url = f"http://127.0.0.1:{port}"
        service = Process(
            "online_service",
            ("-m", "examples.online_service", "--config", str(config), "--port", str(port)),
            log=places.logs / "online_service.log",
            ready_url=f"{service_url}/health",
        )
        stack.push_async_callback(service.stop)
        with telling.step("オンライン申請を起動", "start the online service"):
            await service.start()
        stack.callback(places.running.unlink, missing_ok=True)
        addresses = {"gateway": setup.url, "online_service": service_url}
        places.running.write_text(json.dumps(addresses), "utf-8")
        try:
            yield Running(setup.url, service_url, legacy, gateway, service, residents)
        finally:
            telling.stopping()


@contextlib.asynccontextmanager
async def _control(legacy: LegacySystems, token: str) -> AsyncIterator[str]:
    """Serve the control interface on a free port and yield its address."""
    server = _Announcing(
        uvicorn.Config(
            create_control(legacy, token),
            access_log=False,
            server_header=False,
            log_level="critical",
        )
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.up.wait()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class _Announcing(uvicorn.Server):
    """A server that says when it is up, and leaves signals to the demonstration."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
