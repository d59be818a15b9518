"""Whose language, whose trace."""

from __future__ import annotations

import httpx
import pytest

from gateway.api.language import choose_language
from gateway.api.trace import begin_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "ja"),
        ("", "ja"),
        ("ja", "ja"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("EN", "en"),
        ("fr", "ja"),
        ("*", "ja"),
        ("en, ja", "en"),
        ("ja, en", "ja"),
        ("en;q=0.5, ja;q=0.4", "en"),
        ("ja;q=0.5, en;q=0.4", "ja"),
        ("en;q=0", "ja"),
        ("fr, en;q=0.1, *;q=0.5", "ja"),
        ("en;q=high", "ja"),
        ("en;q=7", "ja"),
        ("en;q=nan", "ja"),
        (",;=,", "ja"),
    ],
)
def test_english_is_spoken_to_those_who_prefer_it(header: str | None, language: str) -> None:
    """And Japanese to everybody else."""
    assert choose_language(header) == language


async def test_a_well_formed_trace_goes_on(client: httpx.AsyncClient) -> None:
    """The caller's trace id stands in the answer."""
    given = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    response = await client.get("/nothing", headers=given)
    assert response.headers["x-trace-id"] == TRACE
    assert response.json()["instance"] == "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


def test_our_calls_carry_the_trace_with_a_span_of_their_own() -> None:
    """And the caller's flags."""
    begun = begin_trace(f"00-{TRACE}-{PARENT}-01".encode())
    assert begun.parent_header == f"00-{TRACE}-{begun.span_id}-01"
    assert begun.span_id != PARENT
    assert len(begun.span_id) == 16


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"nonsense",
        f"00-{TRACE.upper()}-{PARENT}-01".encode(),
        f"00-{TRACE}-{PARENT}-01-more".encode(),
        f"ff-{TRACE}-{PARENT}-01".encode(),
        f"00-{'0' * 32}-{PARENT}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"00-{'0' * 20}987654321098-{PARENT}-01".encode(),
        b"\xff\x00",
    ],
)
def test_anything_else_begins_a_trace_of_our_own(header: bytes | None) -> None:
    """Also an id of digits alone, which is somebody's number rather than chance."""
    begun = begin_trace(header)
    assert begun.trace_id != TRACE
    assert len(begun.trace_id) == 32
    assert "987654321098" not in begun.trace_id
    assert begun.flags == "00"


def test_a_later_version_of_the_header_may_say_more() -> None:
    """Its first four fields are understood."""
    assert begin_trace(f"01-{TRACE}-{PARENT}-01-more".encode()).trace_id == TRACE


async def test_two_traces_are_none(client: httpx.AsyncClient) -> None:
    """A header that is there twice tells nothing."""
    given = [("traceparent", f"00-{TRACE}-{PARENT}-01")] * 2
    response = await client.get("/nothing", headers=given)
    assert response.headers["x-trace-id"] != TRACE
