"""Every item of every resident equals the truth, or is absent for the right reason."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from examples.town.demo.gateway import ROUTES
from tests.acceptance.town_under_test import Town, examiner

pytestmark = [pytest.mark.town, pytest.mark.timeout(600)]

GROUPS = tuple(group for groups in ROUTES.values() for group in groups)
ADDRESS_CLASS = ("jusho_", "sofusaki_", "fukakijitsujusho_")
OF_OTHERS = ("hifuyosha_jusho",)
"""Where somebody else lives leaves for nobody."""
AT_ONCE = 4


async def test_500_random_residents_equal_the_truth(town: Town) -> None:
    """All items of all groups, of 500 random residents and of everybody with a story."""
    truth = {group: town.truth(group) for group in GROUPS}
    protected = town.protected()
    everybody = sorted(truth["001.juminkihonjoho"])
    numbers = set(random.Random(20261001).sample(everybody, 500))
    numbers |= {p["resident"] for p in town.people().values()} & set(everybody)
    limit = asyncio.Semaphore(AT_ONCE)
    differences: list[str] = []
    compared = 0
    async with examiner(town.folder / "gateway", town.gateway_url, sorted(numbers)) as asker:

        async def compare(number: str) -> None:
            nonlocal compared
            async with limit:
                answer = await asker.ask(number)
            for part in answer["parts"]:
                lines = truth[part["group"]].get(number, [])
                differences.extend(_differences(part, lines, hidden=number in protected))
                compared += 1

        await asyncio.gather(*(compare(number) for number in numbers))
    assert sorted(differences) == []
    assert compared == len(numbers) * len(GROUPS)


def _differences(
    part: dict[str, Any], lines: list[dict[str, Any]], *, hidden: bool
) -> Iterator[str]:
    """Name the group and field of each difference; values stay out of the report."""
    group = part["group"]
    expected = [record for line in lines for record in line["records"]]
    if not expected:
        yield from _difference_of_nothing(part, hidden=hidden)
        return
    if _contradict(group, expected):
        if part["status"] != "conflict" or part["records"]:
            yield f"{group}: status {part['status']} where two assessments contradict"
        return
    if part["status"] != "ok":
        yield f"{group}: status {part['status']}"
        return
    asked = set(part["records"][0])
    wanted = [_hidden(r, hidden=hidden) for r in _that_hold_now(group, expected)]
    wanted = [{k: v for k, v in r.items() if k in asked} for r in wanted]
    got = [{k: _bare(v) for k, v in r.items()} for r in part["records"]]
    if len(wanted) != len(got):
        yield f"{group}: {len(got)} records instead of {len(wanted)}"
        return
    for one, other in zip(_in_order(wanted), _in_order(got), strict=True):
        if set(one) != set(other):
            yield f"{group}: other fields"
        for name in one.keys() & other.keys():
            if one[name] != other[name]:
                yield f"{group}.{name}: {_kind(other[name])} instead of {_kind(one[name])}"


def _difference_of_nothing(part: dict[str, Any], *, hidden: bool) -> Iterator[str]:
    if part["status"] != "not-found" or part["records"]:
        yield f"{part['group']}: status {part['status']} where nothing is recorded"
    for name, item in part["absences"].items():
        secret = name in OF_OTHERS or (hidden and name.startswith(ADDRESS_CLASS))
        if item["absent"] != ("ask-office" if secret else "not-recorded"):
            yield f"{part['group']}.{name}: {item['absent']} where nothing is recorded"


def _contradict(group: str, records: list[dict[str, Any]]) -> bool:
    """Tell whether a person with two tax numbers has two assessments that are both the newest."""
    if group != "010.kazeikihonjoho":
        return False
    histories = [r["rirekibango"]["value"] for r in records]
    return histories.count(max(histories)) > 1


def _that_hold_now(group: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a person with two tax numbers, the assessment of the highest history number holds."""
    if group != "010.kazeikihonjoho" or len(records) == 1:
        return records
    return [max(records, key=lambda r: r["rirekibango"]["value"])]


def _hidden(record: dict[str, Any], *, hidden: bool) -> dict[str, Any]:
    return {
        name: {"absent": "ask-office"}
        if name in OF_OTHERS or (hidden and name.startswith(ADDRESS_CLASS))
        else item
        for name, item in record.items()
    }


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("value", "absent", "uncertain") if name in item}


def _in_order(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=lambda r: json.dumps(r, sort_keys=True, ensure_ascii=False))


def _kind(item: dict[str, Any]) -> str:
    return str(item.get("absent", "a value"))
