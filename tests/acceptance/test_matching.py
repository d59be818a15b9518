"""People of the town are found by what they would write: over real HTTP, in the real register."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.access.registration import MATCH_SUBJECTS
from tests.acceptance.town_under_test import Town, examiner, grant_right

pytestmark = pytest.mark.town

SOUGHT = 30
GROUP = "001.juminkihonjoho"
HALF = str.maketrans("０１２３４５６７８９", "0123456789")


async def test_residents_are_found_and_protected_ones_by_nobody(town: Town) -> None:
    """MN-6, DV-8: by name, birth date and address, in other writing than the register's."""
    truth = {n: lines[-1]["records"][-1] for n, lines in town.truth(GROUP).items()}
    residents = [n for n in sorted(truth) if _can_be_stated(truth[n])]
    protected = [n for n in residents if n in town.protected()][:5]
    ordinary = [n for n in residents if n not in town.protected()][:SOUGHT]
    folder = town.folder / "gateway"
    async with examiner(folder, town.gateway_url, [*ordinary, *protected]) as asker:
        await grant_right(folder, MATCH_SUBJECTS)
        found = await asyncio.gather(
            *(
                asker.call("POST", "/v1/subjects/match", _stated(truth[n]))
                for n in (*ordinary, *protected)
            )
        )
    assert [f["subject"] for f in found] == [
        *(asker.handles[n] for n in ordinary),
        *(None for _ in protected),
    ]
    assert len(ordinary) == SOUGHT
    assert protected


def _value(answers: dict[str, Any], field: str) -> str:
    return str(answers.get(field, {}).get("value") or "")


def _can_be_stated(answers: dict[str, Any]) -> bool:
    return (
        _value(answers, "juminjotai") == "1"
        and bool(_value(answers, "seinengappi"))
        and _value(answers, "seinengappi_fushofuragu") in {"", "0"}
        and bool(_value(answers, "jusho_choaza"))
    )


def _stated(answers: dict[str, Any]) -> dict[str, str]:
    address = _value(answers, "jusho_choaza") + _value(answers, "jusho_banchigohyoki")
    stated = {
        "shimei": _value(answers, "shimei").replace("\u3000", " "),
        "shimei_kana": _value(answers, "shimei_furigana"),
        "seinengappi": _value(answers, "seinengappi"),
        "jusho": address.translate(HALF),
    }
    return {name: fact for name, fact in stated.items() if fact}
