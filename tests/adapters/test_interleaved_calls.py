"""Thousands of calls that overlap, over HTTP, to a service that mixes people up now and then.

The service answers in an order of its own, so that calls overlap in every way. Whatever it sends,
a record carries the number of the person that all of it belongs to, so that the guard of the
gateway can tell; nothing of one answer is in another one.
"""

from __future__ import annotations

import asyncio
import json
import random
import re

import pytest

from adapters.contract import Deadline, Fetch, FetchRequest, GroupRecords, Host
from adapters.registry import InstalledAdapter, discover
from standard_models.answers import Value
from tests.adapters.sources import answering, server
from tests.size import size_of

CALLS = size_of(ordinary=500, nightly=20_000)
MIXED_UP = 0.3
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


@pytest.mark.timeout(1800)
async def test_no_record_crosses_over_between_questions_that_overlap(host: Host) -> None:
    """Each part of each answer belongs to the number that it carries, and each is seen."""
    order = random.Random(7)
    open_calls = 0
    most_at_once = 0
    mixed_up, last = 0, "00000001"

    async def reply(request: bytes, writer: asyncio.StreamWriter) -> None:
        """Let others go first, as many as chance says, before answering."""
        nonlocal open_calls, most_at_once, mixed_up, last
        open_calls += 1
        most_at_once = max(most_at_once, open_calls)
        for _ in range(order.randrange(40)):
            await asyncio.sleep(0)
        asked = json.loads(request)
        number = asked["kojinNo"]
        if order.random() < MIXED_UP:
            number = order.choice([last, f"{order.randrange(1, CALLS):08d}", number[::-1]])
        mixed_up += number != asked["kojinNo"]
        last = asked["kojinNo"]
        await answering(about(number, "nendo" not in asked))(request, writer)
        open_calls -= 1

    (found,) = (a for a in discover() if a.id == "reference-tax")
    assert isinstance(found, InstalledAdapter)
    numbers = iter([f"{n:08d}" for n in range(1, CALLS + 1)])
    crossed = foreign = answered = 0

    async with server(reply) as address:
        adapter = found.open(host, {"base_url": address, "api_key": "k"})
        assert isinstance(adapter, Fetch)

        async def client() -> None:
            nonlocal answered, crossed, foreign
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
                    crossed += held != {int(record.subject_number)}
                    foreign += record.subject_number != number
                    answered += 1

        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(client())
        await adapter.aclose()
    assert answered == 2 * CALLS
    assert most_at_once == found.manifest.limits.max_concurrency
    assert crossed == 0
    assert foreign == mixed_up > CALLS // 4
