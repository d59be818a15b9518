"""``hitotsu edge``."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from gateway.api.application import ApiOptions
from gateway.api.drain import Drain
from gateway.api.server import server_config
from gateway.cli.serving import fail_link, keep_memory_off_disk, listen_on
from gateway.cli.session import read_settings
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.relay import Desk, EdgeServer, LinkError, edge_app
from gateway.relay.link import LinkFiles


def edge(
    host: Annotated[str, typer.Option(help="連携先から受けるアドレス / For consumers.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="そのポート / Its port.", min=0, max=65_535)] = 8000,
    core_host: Annotated[
        str, typer.Option(help="コアが取りに来るアドレス / For the core.")
    ] = "127.0.0.1",
    core_port: Annotated[
        int, typer.Option(help="そのポート / Its port.", min=0, max=65_535)
    ] = 8443,
) -> None:
    """エッジを動かす（個人の情報を置かない側） / Run the edge, which keeps nothing personal."""
    settings = read_settings()
    try:
        context = LinkFiles.of(settings).server_context()
    except LinkError as error:
        fail_link(error)
    keep_memory_off_disk()
    desk = Desk(deadline_s=settings.edge_deadline_s, limit=settings.edge_waiting)
    drain = Drain()
    options = ApiOptions(
        public_url=settings.public_url,
        version=version("hitotsu"),
        max_body_bytes=settings.max_body_bytes,
    )
    app = edge_app(options, desk, drain, log=open_log(settings.log_level), metrics=Metrics())
    consumers, core = listen_on(host, port), listen_on(core_host, core_port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = server_config(app, public_url=settings.public_url, log_config=None, lifespan="off")
    server = EdgeServer(
        config,
        drain,
        notice_s=settings.drain_notice_s,
        desk=desk,
        link_listener=core,
        context=context,
    )
    server.run(sockets=[consumers])
