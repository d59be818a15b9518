"""DV-1, DV-9, DV-11: every operation, every kind of client, and nowhere a part of the address.

A gateway of its own answers from the town's real systems, over real HTTP, with the national
linkage face, the staff page and traces switched on.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from examples.online_service.gateway_client import GatewayClient, Registration
from examples.town.demo.gateway import MUNICIPALITY, client_key, handle_of
from examples.town.demo.places import choose_port
from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.registration import MATCH_SUBJECTS, OWN_ACCESSES, PUSH_FLAGS, REPORT_DELIVERIES
from gateway.app import create_app
from gateway.audit import AuditEntry, AuditKind
from gateway.cli.commands import app
from gateway.clock import TOKYO, SystemClock
from gateway.keys import FileKeyStore
from gateway.linkage import LinkageRegistry, LinkageStore, NewSystem
from gateway.linkage.number_calls import SCOPES
from gateway.numbers import NumberStore
from gateway.numbers.service import open_series
from gateway.settings import Settings
from gateway.store.engine import open_store
from gateway.store.tables import NumberSeriesRow
from gateway.subjects.service import SubjectService
from gateway.subjects.store import SubjectStore
from standard_models.builtin import load_builtin
from tests.acceptance.every_operation import (
    ASSETS,
    STORIES,
    Person,
    Scene,
    evidence,
    fail_every_way,
    flags,
    linkage,
    of_a_person,
    operations_of,
    questions,
)
from tests.acceptance.heard import Client, Everything, trace_collector
from tests.acceptance.town_under_test import EXAMINER, Examiner, Town, all_items, examiner, served
from tests.gateway.access.consumers import approve

pytestmark = [pytest.mark.town, pytest.mark.timeout(300)]

STRANGER = "acceptance-stranger"
RESIDENT, MAIL = "001.juminkihonjoho", "010.sofusakijoho"
SECRET = ("choaza", "banchigohyoki", "katagaki", "yubinbango", "choazakodo")
"""Items of an address whose values are a household's own, not the whole town's."""
PEOPLE = ("victim", "child", "ex")
HALF = str.maketrans("０１２３４５６７８９", "0123456789")


def test_no_operation_is_without_a_story(tmp_path: Path) -> None:
    """DV-1: a new one makes this fail until somebody says how protected people fare there."""
    FileKeyStore(tmp_path / "keys").create()
    (tmp_path / "adapters.yaml").write_text("adapters: []\n")
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'hitotsu.db'}",
        keys_dir=tmp_path / "keys",
        adapters_file=tmp_path / "adapters.yaml",
        linkage_networks=["127.0.0.1"],
        state_page=True,
    )
    operations = set(operations_of(create_app(settings).routes))
    told = {operation for operation in operations if not operation[1].startswith(ASSETS)}
    assert told == set(STORIES)


async def test_no_part_of_a_protected_address_leaves_by_any_operation(
    town: Town, tmp_path: Path
) -> None:
    """DV-1, DV-9: bodies, headers, problems, figures, log, traces, exports: 0 hits.

    The same search finds the addresses of somebody who is not protected, and the names of those
    who are: it looks where people are, and would have found more.
    """
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    heard = Everything()
    hidden = _secrets(town, "victim") | _secrets(town, "child")
    open_to_all = _secrets(town, "two_children")
    async with _scenes(town, folder, tmp_path, heard) as scenes:
        for story in dict.fromkeys(STORIES.values()):
            await story(scenes["victim"])
        for story in of_a_person(STORIES.values()):
            await story(scenes["child"])
            # Under protection himself, the other party would be shown less.
            if story is not flags:
                await story(scenes["ex"])
        for story in (questions, evidence, linkage):
            await story(scenes["two_children"])
        await fail_every_way(scenes["victim"])
    heard.others["log"] = (tmp_path / "gateway.log").read_text()
    heard.others |= await _exports(folder, tmp_path)
    baseline = (Path(__file__).parents[2] / "docs/openapi.json").read_text()
    # Where two live in one block, its name is no secret of either.
    searched = {s for s in hidden - open_to_all - _secrets(town, "ex") if s not in baseline}
    assert len(searched) >= 6
    assert heard.hits(searched) == []
    found = {call.partition(" (")[0] for call in heard.hits(open_to_all - hidden)}
    for call in ("POST /v1/questions", "POST /v1/evidence", "POST /v1/evidence/previews"):
        assert f"examiner: {call}" in found
    assert "nobody: POST /linkage/001/app_submit/v10/juminkihonjoho" in found
    assert any("千尋" in answer.text for answer in heard.answers)
    assert len(heard.answers) > 200
    assert {h.call.partition(" ")[2].partition("?")[0] for h in heard.answers} >= {
        path for _, path in STORIES if "{" not in path
    }


@pytest.mark.parametrize(
    "name", ["victim", "child", "measure_past_its_term", "protected_moved_out"]
)
async def test_whoever_the_register_protects_is_protected_in_every_system(
    town: Town, name: str
) -> None:
    """DV-2, DV-4, DV-5, DV-15: whatever the scope, the term or the state says at the source."""
    number = town.people()[name]["resident"]
    async with examiner(town.folder / "gateway", town.gateway_url, [number]) as asker:
        answer = await asker.ask(number)
    groups = load_builtin().groups
    told = [
        value
        for part in answer["parts"]
        for record in (*part["records"], part["absences"])
        for field, value in record.items()
        if field in groups[part["group"]].address_class
    ]
    assert {"absent": "ask-office"} in told
    assert all("absent" in value for value in told)


def _record(town: Town, name: str, group: str) -> dict[str, Any]:
    number = town.people()[name]["resident"]
    lines = town.truth(group).get(number)
    return dict(lines[-1]["records"][-1]) if lines else {}


def _secrets(town: Town, name: str) -> set[str]:
    """Return every part of where a person lives or gets letters, in both widths of figures."""
    found: set[str] = set()
    for group in (RESIDENT, MAIL):
        for field, answer in _record(town, name, group).items():
            value = answer.get("value")
            if isinstance(value, str) and field.endswith(SECRET) and len(value) > 3:
                found |= {value, value.translate(HALF)}
    return found


def _facts(town: Town, name: str) -> dict[str, str]:
    record = _record(town, name, RESIDENT)
    said = {field: str(answer.get("value") or "") for field, answer in record.items()}
    facts = {
        "shimei": said["shimei"],
        "seinengappi": said["seinengappi"],
        "jusho": (said["jusho_choaza"] + said["jusho_banchigohyoki"]).translate(HALF),
    }
    return {key: value for key, value in facts.items() if value}


@dataclass(frozen=True, slots=True)
class _Set:
    """What the gateway under test was given beside the demonstration's registrations."""

    system: NewSystem
    handles: dict[str, str]


@asynccontextmanager
async def _scenes(
    town: Town, folder: Path, tmp_path: Path, heard: Everything
) -> AsyncIterator[dict[str, Scene]]:
    """Serve the gateway; yield a scene for each person."""
    url = f"http://127.0.0.1:{choose_port(0)}"
    names = (*PEOPLE, "two_children")
    numbers = {name: town.people()[name]["resident"] for name in names}
    async with AsyncExitStack() as stack:
        asker = await stack.enter_async_context(examiner(folder, url, list(numbers.values())))
        prepared = await _prepare(folder, numbers)
        traces, received = stack.enter_context(trace_collector())
        await stack.enter_async_context(
            served(
                folder,
                url,
                tmp_path / "gateway.log",
                HITOTSU_LINKAGE_NETWORKS='["127.0.0.1"]',
                HITOTSU_STATE_PAGE="true",
                HITOTSU_OTLP_ENDPOINT=traces,
            )
        )
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30, trust_env=False))
        stranger_key = client_key(folder / "stranger.json")
        registration = Registration(url, STRANGER, MUNICIPALITY, STRANGER)
        other = Examiner(GatewayClient(registration, stranger_key, http), (), {}, url)
        yield {
            name: Scene(
                Client("examiner", asker, http, heard),
                Client("stranger", other, http, heard),
                prepared.system,
                Person(
                    name,
                    number,
                    asker.handles[number],
                    prepared.handles[name],
                    _facts(town, name),
                    _facts(town, name)["jusho"],
                    sequence,
                ),
                all_items(),
            )
            for sequence, (name, number) in enumerate(numbers.items(), start=1)
        }
        heard.others["traces"] = b"\n".join(received).decode(errors="replace")


async def _prepare(folder: Path, numbers: dict[str, str]) -> _Set:
    """Grant the examiner its rights, register a stranger without grants and a linkage system."""
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    clock, keys = SystemClock(), FileKeyStore(folder / "keys")
    registry = AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")
    today = clock.now().astimezone(TOKYO).date()
    try:
        rights = [OWN_ACCESSES, MATCH_SUBJECTS, PUSH_FLAGS, REPORT_DELIVERIES]
        await _grant(registry, EXAMINER, EXAMINER, GrantTerms(items=rights, valid_from=today))
        await registry.add_purpose(
            MUNICIPALITY, STRANGER, name_ja="別", name_en="Other", legal_basis="法", organ="課"
        )
        public = client_key(folder / "stranger.json").as_dict(private=False)
        await registry.add_client(STRANGER, name="別", contact="課", jwks={"keys": [public]})
        name_only = GrantTerms(items=[f"{RESIDENT}.shimei"], valid_from=today)
        await _grant(registry, STRANGER, STRANGER, name_only)
        linkage = LinkageRegistry(
            LinkageStore(store), keys, load_builtin(), clock=clock, actor="test"
        )
        system = await linkage.add(
            MUNICIPALITY,
            name="児童手当システム",
            business="027",
            scopes=[
                *SCOPES.values(),
                "001:app_submit/v10/juminkihonjoho:Read",
                "010:app_submit/v10/sofusakijoho:Read",
            ],
            purpose=EXAMINER,
            numbering="resident",
        )
        items = [i for i in all_items() if i.startswith((f"{RESIDENT}.", f"{MAIL}."))]
        terms = GrantTerms(items=items, valid_from=today)
        await _grant(registry, system.client_id, EXAMINER, terms)
        series = NumberSeriesRow(
            municipality=MUNICIPALITY,
            next_serial=900_000_000,
            last_serial=900_000_999,
            width=10,
            remainder_one="not-issued",
            numbering="resident",
        )
        entry = AuditEntry(MUNICIPALITY, clock.now(), AuditKind.SETTINGS, "changed", "")
        await open_series(NumberStore(store), series, entry)
        subjects = SubjectService(SubjectStore(store), keys, clock=clock)
        handles = {n: await handle_of(subjects, STRANGER, number) for n, number in numbers.items()}
        return _Set(system, handles)
    finally:
        await store.aclose()


async def _grant(registry: AccessRegistry, client_id: str, purpose: str, terms: GrantTerms) -> None:
    row = await registry.propose_grant(MUNICIPALITY, client_id, purpose, terms)
    await approve(registry, row.grant_id)


async def _exports(folder: Path, tmp_path: Path) -> dict[str, str]:
    """Return what staff commands and exports say of the same time."""
    said = {}
    for words in (
        ("audit", "export", str(tmp_path / "record.ndjson")),
        ("audit", "list", "-m", MUNICIPALITY, "--limit", "1000"),
        ("protection", "list", "-m", MUNICIPALITY),
        ("protection", "recalls", "-m", MUNICIPALITY),
        ("protection", "counts", "-m", MUNICIPALITY),
        ("notice", "list", "-m", MUNICIPALITY),
    ):
        done = await asyncio.to_thread(CliRunner().invoke, app, words, env=_settings_of(folder))
        assert done.exit_code == 0, done.output
        said[" ".join(words[:2])] = done.output
    return {**said, "export": (tmp_path / "record.ndjson").read_text()}


def _settings_of(folder: Path) -> dict[str, str]:
    return {
        "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
        "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
    }
