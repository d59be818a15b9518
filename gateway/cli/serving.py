"""``hitotsu serve``."""

from __future__ import annotations

import gc
import importlib
import signal
import socket
import sys
from typing import Annotated

import typer

from gateway.api.drain import DrainingServer
from gateway.api.server import server_config
from gateway.cli.session import (
    NOT_SET_UP,
    Session,
    fail,
    opened,
    read_dictionary,
    read_settings,
    run,
)
from gateway.settings import Settings
from gateway.telemetry import EXTRA, is_installed

COLLECT_AFTER = 20_000
"""Objects made and not freed until the collector of cycles looks at the young ones."""


def serve(
    host: Annotated[str, typer.Option(help="待ち受けるアドレス / Address to listen on.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(help="待ち受けるポート / Port to listen on.", min=0, max=65_535)
    ] = 8000,
) -> None:
    """ゲートウェイを動かす / Run the gateway."""
    settings = read_settings()
    read_dictionary(settings)
    if settings.otlp_endpoint is not None and not is_installed():
        fail(
            f"トレースを送るには pip install '{EXTRA}' が要ります。",
            f"sending traces needs pip install '{EXTRA}'",
            NOT_SET_UP,
        )
    run(_look(settings))
    listener = _listen(host, port)
    # The composition root stands above this room, so it is found by its name.
    app = importlib.import_module("gateway.app").create_app(settings)
    # What is loaded now stays: the collector need not look through all of it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    # uvicorn passes the signal on when it has ended: asked to end, the command has done its work.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = server_config(app, public_url=settings.public_url, log_config=None)
    server = DrainingServer(config, app.state.drain, notice_s=settings.drain_notice_s)
    server.run(sockets=[listener])


async def _look(settings: Settings) -> None:
    """See that database and keys can be used, before anybody is told that we are here."""
    async with opened(settings) as session:
        _read_keys(session)


def _read_keys(session: Session) -> None:
    session.keys.keys()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError:
        fail(
            f"ポート {port} で待ち受けられません。別のポートを --port で指定してください。",
            f"cannot listen on port {port}: choose another one with --port",
            NOT_SET_UP,
        )
    listener.set_inheritable(True)
    return listener
