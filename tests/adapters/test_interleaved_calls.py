"""Thousands of calls that overlap: nobody gets anybody else's record.

The services answer in an order of their own, so that calls overlap in every way.
"""

from __future__ import annotations

import asyncio
import json
import random
import re

from adapters.contract import Deadline, Fetch, FetchRequest, GroupRecords, Host
from adapters.registry import InstalledAdapter, discover
from standard_models.answers import Value
from tests.adapters.sources import answering, server

CALLS = 1500
CLIENTS = 24
GROUPS = {
    "010.sofusakijoho": frozenset({"sofusaki_banchigohyoki", "atenabango"}),
    "010.kazeikihonjoho": frozenset({"nenzeigaku", "atenabango"}),
}


def about(number: str, person: bool) -> bytes:
    """Return an answer in which every part can be traced to the person."""
    wide = number.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    common = {
        "kekka": {"cd": "0000"},
        "dataKijunNichiji": "R08.10.01 09:15:00",
        "kojinNo": number,
        "atenaNo": f"0000{number}",
    }
    place = {"banchi": wide}
    levies = {"shotokuwari": None, "kintowari": None}
    tax = {"nenzei": int(number), "shi": levies, "ken": levies, "shinrin": None}
    mine = (
        {"sofusaki": place, "jutogai": None}
        if person
        else {"kazei": [{"rirekiNo": 1, "zeigaku": tax}], "nextPage": None}
    )
    return json.dumps({**common, **mine}).encode()


async def test_no_record_crosses_over_between_questions_that_overlap(host: Host) -> None:
    """Each part of each answer belongs to the number that was asked for."""
    order = random.Random(7)
    open_calls = 0
    most_at_once = 0

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        """Let others go first, as many as chance says, before answering."""
        nonlocal open_calls, most_at_once
        open_calls += 1
        most_at_once = max(most_at_once, open_calls)
        for _ in range(order.randrange(40)):
            await asyncio.sleep(0)
        asked = json.loads(request)
        await answering(about(asked["kojinNo"], "nendo" not in asked))(request, writer)
        open_calls -= 1

    (found,) = (a for a in discover() if a.id == "reference-tax")
    assert isinstance(found, InstalledAdapter)
    numbers = iter([f"{n:08d}" for n in range(1, CALLS + 1)])
    wrong: list[str] = []
    answered = 0

    async with server(reply) as address:
        adapter = found.open(host, {"base_url": address, "api_key": "k"})
        assert isinstance(adapter, Fetch)

        async def client() -> None:
            nonlocal answered
            for number in numbers:
                result = await adapter.fetch(
                    FetchRequest(number, GROUPS, Deadline.after(60), "trace")
                )
                for outcome in result.groups.values():
                    assert isinstance(outcome, GroupRecords)
                    (record,) = outcome.records
                    values = [a.value for a in record.answers.values() if isinstance(a, Value)]
                    assert len(values) == 2
                    held = {int(re.sub(r"\D", "", str(value))) for value in values}
                    if record.subject_number != number or held != {int(number)}:
                        wrong.append(number)
                    answered += 1

        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(client())
        await adapter.aclose()
    assert answered == 2 * CALLS
    assert most_at_once == found.manifest.limits.max_concurrency
    assert wrong == []
