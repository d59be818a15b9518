"""One question against what asks without protecting: ``python -m benchmarks online``.

The whole path (token, proof, purpose, three systems, mapping, protection, durable audit) beside an
nginx proxy of one system, aggregators of three on nginx-lua and fastify that protect nothing, and
the usual design in FastAPI. Every token, proof and person of a round is new. One run, rounds
interleaved; what counts are ratios of medians. What is measured has a core of its own; the load,
the faked systems and the database have the other. Rounds: HITOTSU_BENCH_ROUNDS.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import pickle
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks.online import adapters, contenders
from benchmarks.online.contenders import MISSING, Contender, Cores, free_port, load
from benchmarks.online.gateway import PERSONS, Gateway, number_of
from tools.throwaway_postgres import throwaway_postgres

ROUNDS = int(os.environ.get("HITOTSU_BENCH_ROUNDS", "5"))
CONNECTIONS = 32
COMPLETE = '"outcome":"complete"'


@dataclass(frozen=True, slots=True)
class Bar:
    """A goal: one figure of a contender, as a ratio to another's."""

    label: str
    figure: str
    one: str
    other: str
    limit: float
    at_most: bool = True


BARS = (
    Bar("CPU, of an nginx proxy", "cpu", "hitotsu", "nginx", 16),
    Bar("CPU, of nginx-lua", "cpu", "hitotsu", "nginx-lua", 3),
    Bar("CPU, of fastify", "cpu", "hitotsu", "fastify", 1.2),
    Bar("speed, of the usual design", "rate", "hitotsu", "usual", 10, at_most=False),
    Bar("CPU with a durable audit, of none", "cpu", "hitotsu", "no audit", 1.1),
    Bar("speed at 256 connections, of 32", "rate", "hitotsu, 256", "hitotsu", 0.95, at_most=False),
    Bar("p50 at one connection, of nginx", "p50", "hitotsu, 1", "nginx, 1", 6),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What one contender does in a round: make requests, send them, be measured."""

    name: str
    contender: Contender
    make: Callable[[], list[bytes]]
    word: str = '"welfare"'
    connections: int = CONNECTIONS


@dataclass(slots=True)
class Figures:
    """What a contender did in all rounds: µs of CPU and of waiting, requests a second."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def median(self, name: str) -> float:
        """Return the median of one figure."""
        return statistics.median(getattr(self, name))


def main() -> None:
    """Print the medians, and the ratios with their bars."""
    folder = Path(tempfile.mkdtemp(prefix="online-"))
    try:
        with throwaway_postgres(durable=True) as postgres, ExitStack() as stack:
            for name in ("hitotsu", "no_audit", "usual"):
                postgres.execute(f"CREATE DATABASE {name}")
            trials = _trials(folder, postgres.url, stack)
            _report(_measure(trials, folder / "requests"))
    finally:
        shutil.rmtree(folder)


def _measure(trials: list[Trial], file: Path) -> dict[str, Figures]:
    cores = Cores()
    figures = {trial.name: Figures() for trial in trials}
    for number in range(ROUNDS + 1):
        for trial in trials:
            file.write_bytes(pickle.dumps(trial.make()))
            before = trial.contender.cpu_s()
            found = load(cores.others, file, trial.contender.port, trial.connections, trial.word)
            cpu = trial.contender.cpu_s() - before
            if number == 0:
                continue  # the first round warms up
            done = figures[trial.name]
            done.cpu.append(cpu / found["requests"] * 1e6)
            done.rate.append(found["requests"] / found["seconds"])
            done.p50.append(found["p50"])
            done.p99.append(found["p99"])
    return figures


def _report(figures: dict[str, Figures]) -> None:
    print("| contender | CPU µs a request (range) | requests/s | p50 ms | p99 ms |")
    print("|---|---|---|---|---|")
    for name, done in figures.items():
        spread = f"{min(done.cpu):,.0f} – {max(done.cpu):,.0f}"
        print(
            f"| {name} | {done.median('cpu'):,.0f} ({spread}) | {done.median('rate'):,.0f} "
            f"| {done.median('p50'):.2f} | {done.median('p99'):.2f} |"
        )
    print("\n| goal | bar | reached | |\n|---|---|---|---|")
    for bar in BARS:
        sign = "≤" if bar.at_most else "≥"
        if bar.one not in figures or bar.other not in figures:
            print(f"| {bar.label} | {sign} {bar.limit} | – | left out |")
            continue
        ratio = figures[bar.one].median(bar.figure) / figures[bar.other].median(bar.figure)
        met = ratio <= bar.limit if bar.at_most else ratio >= bar.limit
        print(f"| {bar.label} | {sign} {bar.limit} | {ratio:.2f} | {'met' if met else 'missed'} |")


def _trials(folder: Path, database: Callable[[str], str], stack: ExitStack) -> list[Trial]:
    cores = Cores()
    adapters.install(folder / "packages")
    systems = {name: free_port() for name in adapters.GROUPS}
    answers = {systems[name]: said for name, said in adapters.answers().items()}
    (folder / "systems.json").write_text(json.dumps(answers))
    path = os.pathsep.join([str(folder / "packages"), str(Path.cwd())])

    def run(command: list[str], port: int, core: int, **environment: str) -> Contender:
        found = contenders.running(
            command, core, port, {"PYTHONPATH": path, **environment}, folder / "log"
        )
        return stack.enter_context(found)

    backends = [sys.executable, "-m", "benchmarks.online.backends"]
    run([*backends, str(folder / "systems.json")], systems["resident"], cores.others)
    trials: list[Trial] = []
    for name, command in (
        ("nginx", lambda port: contenders.nginx(folder, port, systems, lua=False)),
        ("nginx-lua", lambda port: contenders.nginx(folder, port, systems, lua=True)),
        ("fastify", lambda port: contenders.fastify(port, systems)),
    ):
        port = free_port()
        arguments = command(port)
        if arguments is None:
            print(MISSING[name])
            continue
        contender = run(arguments, port, cores.measured)
        word = '"dantai_cd"' if name == "nginx" else '"welfare"'
        trials.append(Trial(name, contender, lambda: _plain(6_000), word))
        if name == "nginx":
            trials.append(Trial("nginx, 1", contender, lambda: _plain(2_000), word, 1))
    trials.append(_usual(run, systems, database("usual"), cores.measured))
    return [*trials, *_gateways(folder, run, systems, database, cores.measured)]


def _usual(
    run: Callable[..., Contender], systems: dict[str, int], database: str, core: int
) -> Trial:
    key = ECKey.generate_key("P-256")
    public = key.as_dict(private=False)
    port = free_port()
    contender = run(
        contenders.usual(port),
        port,
        core,
        DATABASE_URL=database,
        SYSTEMS=",".join(map(str, systems.values())),
        KEY_X=str(public["x"]),
        KEY_Y=str(public["y"]),
    )
    expires = int(dt.datetime.now(dt.UTC).timestamp()) + 3_600

    def make() -> list[bytes]:
        tokens = (
            jwt.encode({"alg": "ES256"}, {"sub": "c", "jti": str(n), "exp": expires}, key)
            for n in range(600)
        )
        return [
            _post(number_of(n), f"authorization: Bearer {token}\r\n")
            for n, token in enumerate(tokens)
        ]

    return Trial("usual", contender, make)


def _gateways(
    folder: Path,
    run: Callable[..., Contender],
    systems: dict[str, int],
    database: Callable[[str], str],
    core: int,
) -> list[Trial]:
    made: dict[str, tuple[Gateway, Contender]] = {}
    for name, audit in (("hitotsu", True), ("no_audit", False)):
        own = folder / name
        own.mkdir()
        port = free_port()
        gateway = Gateway(own, database(name), port)
        asyncio.run(gateway.prepare(systems))
        command = contenders.hitotsu(port, audit=audit)
        made[name] = gateway, run(command, port, core, **gateway.environment())

    def trial(
        name: str, of: str, *, count: int = 400, tokens: int | None = None,
        receipt: bool = False, connections: int = CONNECTIONS,
    ) -> Trial:  # fmt: skip
        gateway, contender = made[of]

        def make() -> list[bytes]:
            return gateway.requests(count, contender.port, receipt=receipt, tokens=tokens or count)

        return Trial(name, contender, make, COMPLETE, connections)

    return [
        trial("hitotsu", "hitotsu"),
        trial("no audit", "no_audit"),
        trial("hitotsu, receipt", "hitotsu", receipt=True),
        trial("hitotsu, 100 tokens", "hitotsu", tokens=100),
        trial("hitotsu, 256", "hitotsu", count=600, connections=256),
        trial("hitotsu, 1", "hitotsu", count=150, connections=1),
    ]


def _plain(count: int) -> list[bytes]:
    return [_post(number_of(n % PERSONS)) for n in range(count)]


def _post(number: str, headers: str = "") -> bytes:
    body = json.dumps({"number": number}).encode()
    head = (
        f"POST /ask HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
