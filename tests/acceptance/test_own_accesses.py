"""A resident of the town sees who asked: over real HTTP, from the gateway as it is served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.access import OWN_ACCESSES
from gateway.accesses.schemas import AccessDocument
from gateway.cli.commands import app
from tests.acceptance.town_under_test import EXAMINER, Town, examiner, grant_right
from tests.gateway.accesses.paper import Paper, read_paper

pytestmark = pytest.mark.town


async def test_an_ordinary_resident_sees_the_question_and_a_protected_one_the_office(town: Town):
    """DV-13, AU citizen view: the same call, and nothing that tells one cause from another."""
    ordinary = town.people()["two_children"]["resident"]
    protected = sorted(town.protected())[0]
    folder = town.folder / "gateway"
    async with examiner(folder, town.gateway_url, [ordinary, protected]) as asker:
        await grant_right(folder, OWN_ACCESSES)
        asked = await asker.ask(ordinary)
        await asker.ask(protected)
        seen = await asker.call("GET", f"/v1/subjects/{asker.handles[ordinary]}/accesses")
        hidden = await asker.call("GET", f"/v1/subjects/{asker.handles[protected]}/accesses")
    questions = [a for a in seen["accesses"] if a["function"] == "question"]
    assert questions[0]["record_id"] == asked["question_id"]
    assert "氏名" in [item["name"] for item in questions[0]["items"]]
    assert questions[0]["purpose"]["id"] == EXAMINER
    assert (hidden["accesses"], hidden["withheld"]) == ([], "ask-office")


async def test_the_report_of_disclosure_says_what_the_resident_sees(
    town: Town, tmp_path: Path
) -> None:
    """AU citizen view, 開示: the same uses on paper and on the screen, signed; DV-13 at home."""
    ordinary = town.people()["two_children"]["resident"]
    victim = town.people()["victim"]["resident"]
    folder = town.folder / "gateway"
    async with examiner(folder, town.gateway_url, [ordinary, victim]) as asker:
        await grant_right(folder, OWN_ACCESSES)
        for number in (ordinary, victim):
            await asker.ask(number)
        seen = await asker.call("GET", f"/v1/subjects/{asker.handles[ordinary]}/accesses?limit=100")
    paper = await _disclosed(folder, tmp_path / "own.html", ordinary)
    # The look at the screen is a use by now.
    assert paper.accesses[0].function == "own-accesses"
    assert paper.accesses[1:] == _documents(seen)
    sent = await _disclosed(folder, tmp_path / "sent.html", victim)
    assert (sent.withheld, sent.accesses) == ("ask-office", [])
    handed = await _disclosed(folder, tmp_path / "handed.html", victim, "--at-counter")
    assert EXAMINER in {access.purpose.id for access in handed.accesses}
    recorded = await _hitotsu(folder, "audit", "list", *TOWN)
    for made in (paper, sent, handed):
        assert made.report_id in recorded.output


TOWN = ("-m", "999997")


def _documents(seen: dict[str, Any]) -> list[AccessDocument]:
    assert seen["next"] is None
    return [AccessDocument.model_validate(access) for access in seen["accesses"]]


async def _disclosed(folder: Path, file: Path, number: str, *how: str) -> Paper:
    of = ("--of", "resident", *how)
    done = await _hitotsu(folder, "audit", "disclose", str(file), *TOWN, *of, typed=f"{number}\n")
    assert done.exit_code == 0, done.output
    checked = await _hitotsu(folder, "audit", "search", "check-list", str(file))
    assert checked.exit_code == 0, checked.output
    html = await asyncio.to_thread(file.read_text, "utf-8")
    assert number not in done.output + html
    return read_paper(html)


async def _hitotsu(folder: Path, *words: str, typed: str | None = None) -> Result:
    settings = {
        "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
        "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
    }
    run = CliRunner().invoke
    return await asyncio.to_thread(run, app, words, input=typed, env=settings)
