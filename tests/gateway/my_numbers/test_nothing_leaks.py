"""MN-1, MN-3: a thousand numbers go through every operation that takes them; none is seen again."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text as sql

from gateway.access import Access
from gateway.api.application import ApiOptions, build_api
from gateway.keys import FileKeyStore
from gateway.my_numbers import MyNumberOffice, NumberMatching
from gateway.my_numbers.routes import my_number_router
from gateway.protection import ProtectionService
from gateway.store.backup import write_backup
from gateway.store.engine import Store
from gateway.telemetry import tracing_to
from tests.gateway.cli.conftest import Hitotsu, hitotsu, installation
from tests.gateway.my_numbers.conftest import BENEFIT, OWN, number
from tests.gateway.my_numbers.register import filled, installed
from tests.gateway.questions.conftest import CLIENT, TOWN, World
from tests.gateway.receipts.over_http import KnownCaller
from tests.size import size_of

__all__ = ["hitotsu", "installation"]

LOADED = 1_000
ASKED = size_of(ordinary=12, nightly=LOADED)
FIRST = 1_000
NUMBERS = [number(FIRST + n) for n in range(LOADED)]
PEOPLE = [f"P{n:04}" for n in range(LOADED)]


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def traced(
    world: World, matching: NumberMatching, exporter: InMemorySpanExporter
) -> AsyncIterator[httpx.AsyncClient]:
    """The operation over HTTP, with every room of its way traced."""
    rooms = world.questions._rooms
    tracing = tracing_to(exporter, "1", at_once=True)
    rooms.audit._tracing = tracing
    access = KnownCaller(rooms.access, Access(CLIENT, TOWN, BENEFIT, "t", "k"))
    app = build_api(
        ApiOptions("https://gateway.test", "1"),
        routers=[my_number_router(matching, access)],
        log=world.log,
        metrics=world.metrics,
        tracing=tracing,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        yield http


async def by_command(hitotsu: Hitotsu, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """Import people and numbers as an officer does, rightly and wrongly; return what is printed."""
    installed(folder, patch)
    register = [(p, n if i % 2 else n[:11] + str((int(n[11]) + 1) % 10))
                for i, (p, n) in enumerate(zip(PEOPLE, NUMBERS, strict=True))]  # fmt: skip
    settings = {"database_url": filled(folder / "register.db", register)}
    entry = {"adapter": "example-bango", "municipality": TOWN, "settings": settings}
    (folder / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))
    links, numbers, wrong = folder / "links.csv", folder / "numbers.csv", folder / "wrong.csv"
    head = "宛名番号,税個人番号,福祉個人番号,照合根拠\r\n"
    links.write_bytes((head + "\r\n".join(f"{p},,," for p in PEOPLE)).encode("cp932"))
    lines = [f"{p},{n}" for p, n in zip(PEOPLE, NUMBERS, strict=True)]
    head = "宛名番号,個人番号\r\n"
    numbers.write_bytes((head + "\r\n".join(lines)).encode("cp932"))
    wrong.write_bytes((head + "\r\n".join(f"{line}9" for line in lines)).encode("cp932"))
    said = []
    for code, *arguments in (
        (0, "subject", "import", links, "-m", TOWN),
        (1, "my-number", "import", wrong, "-m", TOWN),
        (1, "my-number", "import", links, "-m", TOWN),
        (0, "my-number", "import", numbers, "-m", TOWN),
        (0, "my-number", "load", "example-bango", "-m", TOWN),
        (0, "my-number", "quarantine", "-m", TOWN),
        (0, "my-number", "count", "-m", TOWN),
        (0, "my-number", "candidates", "-m", TOWN),
        (0, "keys", "rotate", "my-numbers"),
        (0, "my-number", "reseal"),
        (0, "audit", "search", "my-number", "-m", TOWN, "--since", "2020-01-01"),
    ):
        done = await asyncio.to_thread(hitotsu, *arguments)
        assert done.exit_code == code, (arguments[:2], done.output)
        said.append(done.output)
    return "\n".join(said)


async def over_http(http: httpx.AsyncClient, patch: pytest.MonkeyPatch) -> str:
    """Send numbers in every way that is right or wrong, and to a gateway that crashes."""
    said = []
    for digits in NUMBERS[:ASKED]:
        grouped = f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
        for way in (
            http.post(OWN, json={"kojinbango": digits}),
            http.post(OWN, json={"kojinbango": grouped + "x"}),
            http.post(OWN, json={digits: 1}),
            http.post(OWN, content=digits),
            http.post(f"{OWN}/{digits}"),
            http.get(OWN, params={"kojinbango": grouped}),
            http.post(OWN, headers={"cookie": f"n={grouped}"}),
        ):
            answer = await way
            said.append(f"{answer.status_code} {answer.headers} {answer.text}")

    async def crashing(*_: object) -> None:
        raise RuntimeError(" ".join(NUMBERS))

    patch.setattr(ProtectionService, "status", crashing)
    answer = await http.post(OWN, json={"kojinbango": NUMBERS[0]})
    assert answer.status_code == 500
    patch.undo()
    return "\n".join([*said, answer.text])


async def dump(store: Store, clock: object) -> bytes:
    """Return everything that a database holds, as its backup and its files have it."""
    file = io.BytesIO()
    await write_backup(store, file, now=clock.now())  # type: ignore[attr-defined]
    with zipfile.ZipFile(file) as archive:
        told = b"".join(archive.read(name) for name in archive.namelist())
    path = store.engine.url.database
    if store.dialect == "sqlite" and path:
        told += b"".join(p.read_bytes() for p in Path(path).parent.glob(f"{Path(path).name}*"))
    return told


def numbers_in(text: str) -> int:
    """Return how many of the numbers a text holds, whole or without the check digit."""
    runs = " ".join(set(re.findall(r"[0-9]{11,}", text)))
    return sum(digits[:11] in runs for digits in NUMBERS)


async def test_a_thousand_numbers_leave_no_trace(
    traced: httpx.AsyncClient,
    world: World,
    exporter: InMemorySpanExporter,
    hitotsu: Hitotsu,
    installation: Path,
    my_number_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither printed, logged, traced, counted, audited, answered nor readable in a database."""
    printed = await by_command(hitotsu, installation, monkeypatch)
    answered = await over_http(traced, monkeypatch)
    assert '"outcome":"match"' in answered
    assert numbers_in(f"a line with {NUMBERS[7]} in it") == 1, "the search finds what is there"
    spans = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "audit append" in spans
    artefacts = {
        "commands": printed,
        "answers": answered,
        "log": world.log.text + caplog.text,
        "spans": spans,
        "figures": world.metrics.render().decode(),
        "database": (await dump(world.store, world.clock)).decode("utf-8", "replace"),
        "numbers": (await dump(my_number_store, world.clock)).decode("utf-8", "replace"),
    }
    for where, text in artefacts.items():
        assert text, where
        assert not numbers_in(text), where


async def test_nobodys_number_is_a_numbers_of_another_table(
    kept: MyNumberOffice, world: World, my_number_store: Store, keys: FileKeyStore
) -> None:
    """MN-1: digests and seals stand in their own database; no other has a column of them."""
    other = await dump(world.store, world.clock)
    async with my_number_store.session() as session:
        rows = (await session.execute(sql("SELECT digest, sealed FROM my_number"))).all()
    assert len(rows) == 3
    assert not [1 for digest, sealed in rows if bytes(digest) in other or bytes(sealed) in other]
    assert keys.keys().my_number_secret.secret not in other
