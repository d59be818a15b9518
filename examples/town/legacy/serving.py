"""Runs a product's web application on the loopback interface until it is told to stop."""

from __future__ import annotations

import argparse
import datetime as dt
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from examples.town.legacy.ready import announce, stop_signals
from examples.town.legacy.simulator import DEFAULT_CLOCK, SimulatorState, TownClock


class _Announcing(uvicorn.Server):
    """A server that prints the ready line once it accepts connections."""

    def __init__(self, config: uvicorn.Config, port: int) -> None:
        super().__init__(config)
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        announce(self._port)


def run(program: str, build: Callable[[Path, SimulatorState], Starlette]) -> None:
    """Read the command line, build the application and serve it; returns after SIGTERM."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--data", type=Path, required=True, help="the generator's folder")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--clock", default=DEFAULT_CLOCK, help="where the town clock starts")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    arguments = parser.parse_args()
    state = SimulatorState(TownClock(dt.datetime.fromisoformat(arguments.clock)))
    state.change({"delay_s": arguments.delay})
    application = build(arguments.data, state)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", arguments.port))
        config = uvicorn.Config(
            application, log_level="critical", access_log=False, server_header=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        server = _Announcing(config, int(listener.getsockname()[1]))
        # uvicorn repeats the signal after an orderly end; here it shall find somebody listening.
        with stop_signals():
            server.run(sockets=[listener])
