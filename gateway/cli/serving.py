"""``hitotsu serve``."""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import socket
import sys
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from typing import Annotated, Final, NoReturn

import typer
from fastapi import FastAPI

from gateway.api.drain import DRAIN_S, DrainingServer
from gateway.api.lifecycle import LifecycleError, read_lifecycle
from gateway.api.server import SHUTDOWN_S, server_config
from gateway.api.workers import WorkerServer
from gateway.cli.session import (
    INTERNAL,
    NOT_SET_UP,
    Session,
    err,
    fail,
    opened,
    read_dictionary,
    read_settings,
    run,
)
from gateway.logs import open_log
from gateway.relay.link import LinkError, LinkFiles
from gateway.settings import Settings
from gateway.telemetry import EXTRA, is_installed
from gateway.workers import Plan, Seat, Supervisor, Table
from gateway.workers.supervisor import ALIVE, READY, RETIRE

LAST_WORK_S: Final = 10.0
"""What a process may take to close after its drain: the last head of the audit record among it."""
MOST_WORKERS: Final = 64


def serve(
    host: Annotated[str, typer.Option(help="待ち受けるアドレス / Address to listen on.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(help="待ち受けるポート / Port to listen on.", min=0, max=65_535)
    ] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            help="プロセスの数。CPU のコア数まで / Processes; as many as there are cores at most.",
            min=1,
            max=MOST_WORKERS,
        ),
    ] = 1,
    *,
    listen: Annotated[
        bool,
        typer.Option(
            "--listen/--no-listen",
            help="待ち受けず、エッジから受け取るだけにする / Only ask the edges for requests.",
        ),
    ] = True,
) -> None:
    """ゲートウェイを動かす / Run the gateway."""
    settings = read_settings()
    read_dictionary(settings)
    _read_lifecycle()
    keep_memory_off_disk()
    if settings.otlp_endpoint is not None and not is_installed():
        fail(
            f"トレースを送るには pip install '{EXTRA}' が要ります。",
            f"sending traces needs pip install '{EXTRA}'",
            NOT_SET_UP,
        )
    require_link(settings, listens=listen)
    run(_look(settings))
    listeners = [listen_on(host, port)] if listen else []
    # The composition root stands above this room, so it is found by its name.
    importlib.import_module("gateway.app")
    if workers > 1:
        raise typer.Exit(_supervised(settings, listeners, workers))
    serve_alone(open_app(settings), settings, listeners)


def serve_alone(app: FastAPI, settings: Settings, listeners: list[socket.socket]) -> None:
    """Serve ``app`` in this process until it is asked to end."""
    # uvicorn passes the signal on when it has ended: asked to end, the command has done its work.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = server_config(app, public_url=settings.public_url, log_config=None)
    server = DrainingServer(config, app.state.drain, notice_s=settings.drain_notice_s)
    server.run(sockets=listeners)


def keep_memory_off_disk() -> None:
    """Let this process, and those that it starts, write no core dump: it would hold persons."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def open_app(settings: Settings, seat: Seat | None = None) -> FastAPI:
    """Return the gateway, put together and not started."""
    try:
        app: FastAPI = importlib.import_module("gateway.app").create_app(settings, seat=seat)
    except LifecycleError as error:
        fail(error.detail_ja, error.detail_en, NOT_SET_UP)
    # What is loaded now stays: the collector need not look through all of it again and again.
    gc.collect()
    gc.freeze()
    return app


def _supervised(settings: Settings, listeners: list[socket.socket], workers: int) -> int:
    """Serve with several processes; return the exit status."""
    # The workers begin with all that is loaded here, and share its memory.
    gc.collect()
    gc.freeze()
    ends_s = settings.drain_notice_s + DRAIN_S + SHUTDOWN_S + LAST_WORK_S
    with ExitStack() as stack:
        try:
            table = stack.enter_context(Table.laid(workers))
        except OSError:
            for listener in listeners:
                listener.close()
            fail(
                "ワーカーの共有の記憶を置く一時フォルダーに書けません。"
                "TMPDIR で場所を指定してください。",
                "nothing can be written into the temporary folder for what workers share: name "
                "another one with TMPDIR",
                NOT_SET_UP,
            )
        supervisor = os.getpid()

        def work(number: int, said: Connection) -> int:
            return _work(settings, listeners, table.seat(number), said, supervisor)

        return Supervisor(table, Plan(work, ends_s), open_log(settings.log_level)).run()


def _work(
    settings: Settings,
    listeners: list[socket.socket],
    seat: Seat,
    said: Connection,
    supervisor: int,
) -> int:
    """Serve as one of several workers; return the exit status."""
    words = iter([READY])

    def say() -> None:
        with suppress(OSError):
            said.send_bytes(next(words, ALIVE))

    try:
        app = open_app(settings, seat)
        config = server_config(app, public_url=settings.public_url, log_config=None)
        server = WorkerServer(
            config,
            app.state.drain,
            notice_s=settings.drain_notice_s,
            said=say,
            supervisor=supervisor,
        )
        signal.signal(RETIRE, lambda *_: server.retire())
        server.run(sockets=listeners)
    except Exception as error:  # noqa: BLE001 - the class alone: a text may hold values
        err().print(f"worker: {type(error).__name__}", markup=False)
        return INTERNAL
    return 0


def require_link(settings: Settings, *, listens: bool) -> None:
    """End the command where the edges cannot be asked, or nothing would ever be."""
    if not listens and not settings.edge_urls:
        fail(
            "--no-listen には HITOTSU_EDGE_URLS が要ります。",
            "--no-listen needs HITOTSU_EDGE_URLS",
            NOT_SET_UP,
        )
    if not settings.edge_urls:
        return
    try:
        LinkFiles.of(settings).client_context()
    except LinkError as error:
        fail_link(error)


def fail_link(error: LinkError) -> NoReturn:
    """End the command and name the setting that is wrong."""
    fail(error.detail_ja, error.detail_en, NOT_SET_UP)


def _read_lifecycle() -> None:
    """End the command if what is said of operations that are going away cannot be."""
    try:
        read_lifecycle()
    except LifecycleError as error:
        fail(error.detail_ja, error.detail_en, NOT_SET_UP)


async def _look(settings: Settings) -> None:
    """See that database and keys can be used, before anybody is told that we are here."""
    async with opened(settings) as session:
        _read_keys(session)


def _read_keys(session: Session) -> None:
    session.keys.keys()


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens, or end the command and say why there is none."""
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
