"""Runs the demonstration: ``python -m examples.town.demo`` (``make demo``)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from examples.town.demo.check import CheckFailed, first_form
from examples.town.demo.places import REPOSITORY, AlreadyRunning, Places, make_town
from examples.town.demo.processes import ProcessFailed
from examples.town.demo.supervisor import (
    DEFAULT_GATEWAY_PORT,
    DEFAULT_SERVICE_PORT,
    Running,
    running_town,
)
from examples.town.demo.telling import Telling
from examples.town.generate import DEFAULT_HOUSEHOLDS, DEFAULT_SEED

_PARENT_POLL_S = 1.0


def main() -> int:
    """Read the command line and run; 0 when stopped or checked, 1 when something failed."""
    arguments = _arguments()
    telling = Telling(Console())
    places = Places(arguments.var.resolve())
    os.chdir(REPOSITORY)
    try:
        with places.claimed():
            return asyncio.run(_run(places, telling, arguments))
    except asyncio.CancelledError:
        return 0
    except AlreadyRunning:
        telling.problem(
            "すでに動いています。先に止めるか、--var で別のフォルダーを指定してください。",
            "The demonstration is already running. Stop it first, or give another folder (--var).",
        )
    except ProcessFailed as failure:
        telling.problem(
            f"{failure.name} が起動しませんでした。理由は次のファイルにあります。",
            f"{failure.name} did not start. The reason is in this file:",
            failure.log,
        )
    except CheckFailed as failure:
        telling.problem("最初の申請書を確認できませんでした。", f"First form: {failure}")
    return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="examples.town.demo",
        description="体験の町を動かします / runs the demonstration of the town",
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="町の乱数の種 / seed")
    parser.add_argument(
        "--households", type=int, default=DEFAULT_HOUSEHOLDS, help="世帯数 / households"
    )
    parser.add_argument(
        "--var", type=Path, default=REPOSITORY / "var" / "demo", help="作業フォルダー / folder"
    )
    parser.add_argument(
        "--gateway-port", type=int, default=DEFAULT_GATEWAY_PORT, help="0 = 空き / free"
    )
    parser.add_argument(
        "--service-port", type=int, default=DEFAULT_SERVICE_PORT, help="0 = 空き / free"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="最初の申請書を確かめて終わる / fill the first form, say how long it took, stop",
    )
    return parser.parse_args()


async def _run(places: Places, telling: Telling, arguments: argparse.Namespace) -> int:
    began = time.perf_counter()
    _cancel_on_signals()
    with telling.step("町をつくる", "make the town"):
        made = await asyncio.to_thread(
            make_town, places, seed=arguments.seed, households=arguments.households
        )
    if not made:
        telling.skipped("前につくった町を使います", "the town made before is used")
    ports = {"gateway_port": arguments.gateway_port, "service_port": arguments.service_port}
    async with running_town(places, telling, **ports) as town:
        if arguments.check:
            return await _check(town, telling, began)
        telling.addresses(town.gateway_url, town.service_url)
        failed = await _until_ended(town)
        if failed is not None:
            telling.problem(f"{failed} が止まりました。", f"{failed} ended.", places.logs)
    return 0 if failed is None else 1


async def _check(town: Running, telling: Telling, began: float) -> int:
    form = await first_form(town.service_url, town.residents[0].key)
    total = time.perf_counter() - began
    telling.line(
        f"first form: {form.filled} of {form.fields} fields filled in, "
        f"answered in {form.seconds:.2f} s, {total:.1f} s after the start"
    )
    return 0


async def _until_ended(town: Running) -> str | None:
    """Wait until a process ends, whose name is returned, or until our own parent is gone."""
    parent = os.getppid()
    ended = asyncio.create_task(town.ended())
    try:
        while os.getppid() == parent:
            done, _ = await asyncio.wait({ended}, timeout=_PARENT_POLL_S)
            if done:
                return ended.result()
        return None
    finally:
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


def _cancel_on_signals() -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal stop everything, at the start as well.

    A second signal changes nothing: stopping is already under way.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop)


if __name__ == "__main__":
    sys.exit(main())
