"""My Numbers of the town: imported by an officer, matched over real HTTP, seen nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from examples.town.demo.gateway import MUNICIPALITY
from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.access.registration import MATCH_BY_NUMBER
from gateway.clock import TOKYO, SystemClock
from gateway.store.engine import open_store
from standard_models.builtin import load_builtin
from standard_models.reference.check_digits import my_number_check
from tests.acceptance.town_under_test import EXAMINER, Examiner, Town, examiner
from tests.gateway.access.consumers import approve

pytestmark = pytest.mark.town

SOUGHT = 10
BENEFIT = "jidoteate-bango"
OWN = "/v1/subjects/match-number"


def my_number(place: int) -> str:
    """Return the fictitious number of the resident at a place of the list.

    It begins like no number of the town: in a file of the database, that of the tax system and the
    random id behind it would now and then read like a My Number.
    """
    eleven = str(60_000_000_000 + place * 7_919)
    return eleven + my_number_check(eleven)


def hitotsu(folder: Path, *arguments: str) -> str:
    """Run a command on the gateway's files, as an officer does; return what it prints."""
    environment = {
        **os.environ,
        "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


async def allow(folder: Path) -> None:
    """Register an affair of the Number Act and grant the examiner the right for it."""
    store, clock = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}"), SystemClock()
    try:
        registry = AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")
        await registry.add_purpose(
            MUNICIPALITY,
            BENEFIT,
            name_ja="児童手当（個人番号）",
            name_en="Child allowance by number",
            legal_basis="児童手当法第7条",
            organ="こども家庭課",
            bases=Bases(number_use="jidoteate"),
        )
        today = clock.now().astimezone(TOKYO).date()
        terms = GrantTerms(items=[MATCH_BY_NUMBER], valid_from=today)
        row = await registry.propose_grant(MUNICIPALITY, EXAMINER, BENEFIT, terms)
        await approve(registry, row.grant_id)
    finally:
        await store.aclose()


def for_benefit(asker: Examiner) -> Examiner:
    """Return the examiner with tokens for the affair."""
    client = asker.client
    registration = replace(client._registration, purpose=BENEFIT)
    return replace(asker, client=type(client)(registration, client._key, client._http))


async def test_residents_are_found_by_number_and_protected_ones_by_nobody(town: Town) -> None:
    """MN-1, MN-2, MN-3, DV-8: by an officer's file, a real token and a real call."""
    folder = town.folder / "gateway"
    everybody = sorted(town.truth("001.juminkihonjoho"))
    protected = [n for n in everybody if n in town.protected()][:5]
    ordinary = [n for n in everybody if n not in town.protected()][:SOUGHT]
    numbers = {n: my_number(place) for place, n in enumerate(everybody)}
    file = town.folder / "kojinbango.csv"
    lines = [f"{n},{digits}" for n, digits in numbers.items()]
    file.write_bytes("\r\n".join(("宛名番号,個人番号", *lines)).encode("cp932"))
    printed = hitotsu(folder, "my-number", "import", str(file), "-m", MUNICIPALITY)
    file.unlink()
    async with examiner(folder, town.gateway_url, [*ordinary, *protected]) as known:
        await allow(folder)
        asker = for_benefit(known)
        found = [
            await asker.call("POST", OWN, {"kojinbango": numbers[n]})
            for n in (*ordinary, *protected)
        ]
        assert [f["subject"] for f in found] == [
            *(known.handles[n] for n in ordinary),
            *(None for _ in protected),
        ]
        async with httpx.AsyncClient(base_url=town.gateway_url, trust_env=False) as http:
            outside = await http.post(f"{OWN}?kojinbango={numbers[ordinary[0]]}")
            assert outside.status_code == 400
            figures = (await http.get("/metrics")).text
    assert len(ordinary) == SOUGHT
    assert protected
    files = [p for place in (folder, town.folder / "logs") for p in place.rglob("*")]
    kept = "".join(p.read_bytes().decode("latin-1") for p in files if p.is_file())
    runs = " ".join(set(re.findall(r"[0-9]{11,}", kept + printed + figures + outside.text)))
    assert not [1 for digits in numbers.values() if digits in runs], "somewhere on the disk"
