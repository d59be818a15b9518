"""Fills the first form as a visitor would, and says how long it took."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx

_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')
_FIELD = re.compile(r'class="field field-(\w+)"')


class CheckFailed(Exception):
    """The first form is not as it should be."""


@dataclass(frozen=True, slots=True)
class FirstForm:
    """What the first form looked like. ``seconds`` is from choosing a resident to the page."""

    seconds: float
    fields: int
    filled: int


async def first_form(service_url: str, resident: str) -> FirstForm:
    """Open the first form and return how it is filled in.

    Raises:
        CheckFailed: no form, no field filled in, or a system did not answer.
    """
    async with httpx.AsyncClient(
        base_url=service_url, follow_redirects=True, timeout=60, trust_env=False
    ) as http:
        start = (await http.get("/")).text
        token = _TOKEN.search(start)
        if token is None:
            raise CheckFailed("the first page has no form")
        began = time.perf_counter()
        response = await http.post("/start", data={"token": token[1], "resident": resident})
        seconds = time.perf_counter() - began
    states = _FIELD.findall(response.text)
    filled = sum(state in {"filled", "none", "unknown"} for state in states)
    if response.status_code != httpx.codes.OK or not filled:
        raise CheckFailed(f"status {response.status_code}, {filled} fields filled in")
    if "outcome-complete" not in response.text:
        raise CheckFailed("a system did not answer")
    return FirstForm(seconds, len(states), filled)
