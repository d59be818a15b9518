"""Runs the online service: ``python -m examples.online_service --config FILE --port N``."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from examples.online_service.app import create_app
from examples.online_service.config import read_config


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(prog="online_service")
    parser.add_argument("--config", type=Path, required=True, help="設定ファイル（JSON）")
    parser.add_argument("--port", type=int, required=True, help="待ち受けるポート（127.0.0.1）")
    arguments = parser.parse_args()
    uvicorn.run(
        create_app(read_config(arguments.config)),
        host="127.0.0.1",
        port=arguments.port,
        access_log=False,
        server_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
