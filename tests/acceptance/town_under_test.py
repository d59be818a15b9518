"""The demonstration as it runs for a test: addresses, truth, a consumer that may ask everything."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
from joserfc import jwt

from examples.online_service.gateway_client import GatewayClient, Registration
from examples.town.demo.gateway import MUNICIPALITY, ROUTES, client_key, handle_of, register
from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.registration import (
    REMOVED_RECORDS,
    is_my_number,
    is_person_number,
    tells_of_protection,
)
from gateway.clock import TOKYO, SystemClock
from gateway.keys import FileKeyStore
from gateway.store.engine import open_store
from gateway.subjects.service import SubjectService
from gateway.subjects.store import SubjectStore
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = ("-m", "examples.town.demo", "--gateway-port", "0", "--service-port", "0")
EXAMINER = "acceptance-test"
"""Client and purpose of the consumer that may ask for every item."""


@dataclass(frozen=True, slots=True)
class Town:
    """A running demonstration."""

    folder: Path
    gateway_url: str
    service_url: str

    def people(self) -> dict[str, dict[str, Any]]:
        """Return the people that the generator names for tests."""
        return dict(json.loads((self.folder / "town/people.json").read_text())["people"])

    def letter_of(self, name: str) -> str:
        """Return the key under which the online service offers a named person."""
        number = self.people()[name]["resident"]
        ready = json.loads((self.folder / "town/residents.json").read_text())["residents"]
        return "abcdefghij"[[r["resident"] for r in ready].index(number)]

    def truth(self, group: str) -> dict[str, list[dict[str, Any]]]:
        """Return the lines of a truth file by the number in the resident system."""
        lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        with (self.folder / f"town/truth/{group}.jsonl").open() as file:
            for line in file:
                entry = json.loads(line)
                if entry["subject"]["resident"] is not None:
                    lines[entry["subject"]["resident"]].append(entry)
        return lines

    def protected(self) -> frozenset[str]:
        """Return the resident numbers of everybody under a measure."""
        entries = json.loads((self.folder / "town/truth/protected.json").read_text())["protected"]
        return frozenset(e["subject"]["resident"] for e in entries)


@contextmanager
def demonstration(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Town]]:
    """Run the demonstration as a process; yield when it prints how to stop it.

    At the end it is stopped if it still runs.
    """
    process = subprocess.Popen(
        [sys.executable, *DEMO, "--var", str(folder), *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout
    assert output is not None
    reader = threading.Thread(target=_drain, args=(output,))
    try:
        _read_until_ready(output)
        reader.start()
        addresses = json.loads((folder / "running.json").read_text())
        yield process, Town(folder, addresses["gateway"], addresses["online_service"])
    finally:
        process.terminate()
        process.wait(30)
        if reader.ident is not None:
            reader.join()
        output.close()


def _read_until_ready(output: IO[str]) -> None:
    lines: list[str] = []
    for line in output:
        lines.append(line)
        if "Ctrl-C" in line:
            return
    raise AssertionError("the demonstration did not start:\n" + "".join(lines))


def _drain(output: IO[str]) -> None:
    for _ in output:
        pass


@dataclass(frozen=True, slots=True)
class Examiner:
    """A consumer that may ask for every item of every group of the town."""

    client: GatewayClient
    items: tuple[str, ...]
    handles: dict[str, str]
    url: str

    async def ask(self, number: str, items: Sequence[str] | None = None) -> dict[str, Any]:
        """Ask everything of the person with this number in the resident system, 除票 too.

        Or only ``items``.
        """
        wanted = self.items if items is None else items
        return await self.client.ask(self.handles[number], wanted, include=["removed"])

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return what the gateway answers to another operation; nothing but 200 is an answer."""
        answer = await self.response(method, path, body)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def response(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Return the response to an operation, whatever it is.

        The nonce of a first refusal goes into the second call.
        """
        return await self.send(method, path, body)

    async def send(
        self, method: str, path: str, body: object = None, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Return whatever the gateway answers, with ``more`` headers in the call.

        Raises:
            httpx.HTTPError: it did not answer.
        """
        token, nonce = await self.client._current_token(), None
        for _ in range(2):
            headers = {
                "Authorization": f"DPoP {token}",
                "DPoP": self._proof(method, path, token, nonce),
                **(more or {}),
            }
            address = self.url + path
            answer = await self.client._http.request(method, address, headers=headers, json=body)
            nonce = answer.headers.get("DPoP-Nonce")
            if answer.status_code != 401:
                break
        return answer

    def _proof(self, method: str, path: str, token: str, nonce: str | None) -> str:
        claims = {
            "jti": uuid.uuid4().hex,
            "htm": method,
            "htu": self.url + path,
            "iat": int(time.time()),
            "ath": urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode(),
        }
        public = self.client._key.as_dict(private=False)
        jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        said = claims | ({"nonce": nonce} if nonce else {})
        return jwt.encode(header, said, self.client._key)


def all_items() -> tuple[str, ...]:
    """Return every item that a consumer may be granted of what the town's systems supply."""
    dictionary = load_builtin()
    groups = [g for groups in ROUTES.values() for g in groups]
    return tuple(
        f"{ref}.{item.field_name}"
        for ref in groups
        for item in dictionary.groups[ref].items
        if not (is_my_number(item) or is_person_number(item) or tells_of_protection(item))
    )


@asynccontextmanager
async def examiner(
    folder: Path, gateway_url: str, numbers: Sequence[str]
) -> AsyncIterator[Examiner]:
    """Register the examiner in the gateway's store and yield it with the handles it needs.

    ``folder`` holds the gateway's ``hitotsu.db`` and ``keys``.
    """
    key = client_key(folder / "examiner.json")
    items = all_items()
    keys = FileKeyStore(folder / "keys")
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        jwks = {"keys": [key.as_dict(private=False)]}
        granted = (*items, REMOVED_RECORDS)
        await register(store, load_builtin(), EXAMINER, jwks, EXAMINER, granted)
        subjects = SubjectService(SubjectStore(store), keys, clock=SystemClock())
        handles = {n: await handle_of(subjects, EXAMINER, n) for n in numbers}
    finally:
        await store.aclose()
    # A connection of its own for each call: the gateway may be killed between two of them.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as http:
        registration = Registration(gateway_url, EXAMINER, MUNICIPALITY, EXAMINER)
        yield Examiner(GatewayClient(registration, key, http), items, handles, gateway_url)


async def grant_right(folder: Path, right: str) -> None:
    """Grant the examiner a right beside its items, as two officers would."""
    await grant_terms(folder, items=[right])


async def grant_terms(folder: Path, **terms: Any) -> None:
    """Grant the examiner what ``terms`` say from today on, as two officers would."""
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    clock = SystemClock()
    try:
        registry = AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")
        today = clock.now().astimezone(TOKYO).date()
        row = await registry.propose_grant(
            MUNICIPALITY, EXAMINER, EXAMINER, GrantTerms(valid_from=today, **terms)
        )
        await approve(registry, row.grant_id)
    finally:
        await store.aclose()


@asynccontextmanager
async def served(
    folder: Path, url: str, log: Path, *options: str, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a gateway of its own on the files in ``folder``; yield its process when it listens.

    ``options`` are those of ``hitotsu serve``, ``environment`` further variables.
    """
    port = url.rpartition(":")[2]
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway.cli", "serve", "--port", port, *options),
            stdout=out,
            stderr=out,
            env={
                **os.environ,
                "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
                "HITOTSU_PUBLIC_URL": url,
                "HITOTSU_KEYS_DIR": str(folder / "keys"),
                "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
                # Tests ask about few people, as fast as they can.
                "HITOTSU_SUBJECT_QUOTA": "1000000",
                **environment,
            },
        )
    try:
        async with asyncio.timeout(180), httpx.AsyncClient(trust_env=False) as http:
            while not await _listens(http, url):
                assert process.returncode is None, log
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listens(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health")).is_success
    except httpx.TransportError:
        # Refused, or taken by a socket behind which nothing is ready yet.
        await asyncio.sleep(0.05)
        return False


async def ended(process: asyncio.subprocess.Process, *, within_s: float) -> int:
    """Return the exit status of a process that was asked to end."""
    async with asyncio.timeout(within_s):
        return await process.wait()
