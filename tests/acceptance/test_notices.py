"""本人通知 in the demo town: registered, reported over HTTP, handed over right before it leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.access.registration import REPORT_DELIVERIES
from gateway.cli.commands import app
from gateway.clock import TOKYO, SystemClock
from tests.acceptance.town_under_test import Town, examiner, grant_right

pytestmark = pytest.mark.town

TOWN = ("-m", "999997")


async def test_a_notice_goes_by_post_or_for_whoever_is_protected_over_the_office(
    town: Town, tmp_path: Path
) -> None:
    """HN-1, HN-4: flags are read anew from the real register; the two files share nobody."""
    folder = town.folder / "gateway"
    ordinary = town.people()["two_children"]["resident"]
    victim = town.people()["victim"]["resident"]
    registered = await _hitotsu(
        folder, "notice", "register", *TOWN, "--of", "resident", typed=f"{ordinary}\n{victim}\n"
    )
    assert registered.exit_code == 0, registered.output
    async with examiner(folder, town.gateway_url, [ordinary]) as counter:
        await grant_right(folder, REPORT_DELIVERIES)
        for number in (ordinary, victim):
            report = {
                "delivery_id": f"kofu-{number}",
                "numbering": "resident",
                "number": number,
                "kind": "juminhyo",
                "delivered_on": SystemClock().now().astimezone(TOKYO).date().isoformat(),
                "copies": 1,
                "requester": "third-party",
            }
            assert await counter.call("POST", "/v1/notices/deliveries", report)
    post, office = tmp_path / "post.csv", tmp_path / "office.csv"
    hand_over = ("notice", "hand-over", str(post), *TOWN, "--of", "resident")
    done = await _hitotsu(folder, *hand_over, "--office", str(office))
    assert done.exit_code == 0, done.output
    assert "郵送 1 件" in done.output
    texts = [path.read_bytes().decode("cp932") for path in (post, office)]
    assert [ordinary in text for text in texts] == [True, False]
    assert [victim in text for text in texts] == [False, True]
    assert texts[0].splitlines()[1].split(",")[2:6] == [
        "住民票の写し",
        "1",
        "第三者（個人・法人）",
        "",
    ]
    assert victim not in registered.output + done.output
    again = await _hitotsu(folder, *hand_over[:2], str(tmp_path / "again.csv"), *hand_over[3:])
    assert "郵送 0 件" in again.output
    recorded = await _hitotsu(folder, "audit", "list", *TOWN, "--kind", "print")
    assert recorded.output.count("notice-hand-over") == 4, "one for each person, one for each run"


async def test_the_copy_of_the_flags_is_the_registers_list(town: Town) -> None:
    """RE-2: the gate of every cutover, on the town's real systems."""
    done = await _hitotsu(town.folder / "gateway", "protection", "compare", *TOWN)
    assert done.exit_code == 0, done.output
    assert "reference-resident" in done.output


async def _hitotsu(folder: Path, *words: str, typed: str | None = None) -> Result:
    settings = {
        "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
        "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
    }
    run = CliRunner().invoke
    return await asyncio.to_thread(run, app, words, input=typed, env=settings)
