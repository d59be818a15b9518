"""API9: who still calls what is going away, before it goes."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from gateway.api.lifecycle import read_lifecycle
from gateway.calls import Calls, CallStore
from gateway.store.engine import open_store
from tests.gateway.cli.conftest import Hitotsu

LINES = """
- operation: GET /v1/catalogue
  deprecated: 2026-10-01T00:00:00+09:00
  sunset: 2027-10-01T00:00:00+09:00
"""
COUNTED = (
    Calls(dt.date(2026, 10, 1), "desk", "POST /v1/questions", 7),
    Calls(dt.date(2026, 10, 1), "online", "GET /v1/catalogue", 3),
    Calls(dt.date(2026, 10, 2), "online", "GET /v1/catalogue", 2),
    Calls(dt.date(2026, 10, 2), "system", "POST /linkage/{business}/app_submit/v10/{name}", 1),
)
OCTOBER = ("--since", "2026-10-01", "--until", "2026-10-31")


@pytest.fixture
def called(ready: Hitotsu, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Hitotsu:
    """An installation whose consumers have called, and of which one operation is going away."""

    async def count() -> None:
        store = open_store(database_url)
        await CallStore(store).add(COUNTED, forget_before=dt.date(2026, 1, 1))
        await store.aclose()

    asyncio.run(count())
    monkeypatch.setattr("gateway.cli.clients.read_lifecycle", lambda: read_lifecycle(LINES))
    return ready


def rows(hitotsu: Hitotsu, *options: str) -> list[list[str]]:
    listed = hitotsu("client", "calls", *options)
    assert listed.exit_code == 0, listed.output
    return [line.split() for line in listed.stdout.splitlines() if "/v1" in line]


def test_calls_are_listed_by_version_consumer_and_operation(called: Hitotsu) -> None:
    """How many, and when last."""
    assert rows(called, *OCTOBER) == [
        ["online", "v1", "GET", "/v1/catalogue", "5", "2026-10-02", "2026-10-01", "から非推奨", "/",
         "deprecated、2027-10-01", "に終了", "/", "ends"],
        ["system", "v10", "POST", "/linkage/{business}/app_submit/v10/{name}", "1", "2026-10-02",
         "現行", "/", "current"],
        ["desk", "v1", "POST", "/v1/questions", "7", "2026-10-01", "現行", "/", "current"],
    ]  # fmt: skip


def test_who_still_calls_what_is_going_away(called: Hitotsu) -> None:
    """They have to be called before its sunset."""
    assert [row[:5] for row in rows(called, *OCTOBER, "--ending")] == [
        ["online", "v1", "GET", "/v1/catalogue", "5"]
    ]


def test_days_are_included_and_without_any_it_is_the_last_month(called: Hitotsu) -> None:
    """Both ends."""
    only = rows(called, "--since", "2026-10-02", "--until", "2026-10-02")
    assert [(row[0], row[4]) for row in only] == [("online", "2"), ("system", "1")]
    assert rows(called, "--until", "2026-09-30", "--since", "2026-09-01") == []
