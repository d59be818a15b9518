"""Whose language, whose trace."""

from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.language import choose_language
from gateway.api.trace import begin_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
nearly = st.builds(
    lambda version, trace, parent, flags, more: f"{version}-{trace}-{parent}-{flags}{more}",
    st.text("0123456789abcdefF", min_size=1, max_size=3),
    st.text("0123456789abcdefG", min_size=31, max_size=33),
    st.text("0123456789abcdef-", min_size=15, max_size=17),
    st.text("0123456789abcdef", max_size=3),
    st.text("-\r\n x", max_size=3),
).map(str.encode)


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
    sent = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    response = await client.get("/nothing", headers=sent)
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
    sent = [("traceparent", f"00-{TRACE}-{PARENT}-01")] * 2
    response = await client.get("/nothing", headers=sent)
    assert response.headers["x-trace-id"] != TRACE


@given(st.binary(max_size=300) | nearly | st.just(b"00-" + b"a" * 100_000))
def test_whatever_comes_as_a_trace_is_taken_over_whole_or_not_at_all(header: bytes) -> None:
    """AU-9: oversized, cut, with line feeds: what goes on is hexadecimal, of the right length."""
    begun = begin_trace(header)
    assert re.fullmatch(r"[0-9a-f]{32}", begun.trace_id)
    assert re.fullmatch(r"[0-9a-f]{16}", begun.span_id)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", begun.parent_header)
    taken_over = begun.parent_id is not None
    assert taken_over == (begun.trace_id.encode() in header)


async def test_baggage_and_state_of_a_trace_are_neither_answered_nor_kept(
    client: httpx.AsyncClient,
) -> None:
    """AU-9: what somebody else put into a trace goes no further."""
    sent = {
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "tracestate": "vendor=canary-91",
        "baggage": "name=canary-92",
    }
    response = await client.get("/nothing", headers=sent)
    assert not {"tracestate", "baggage"} & set(response.headers)
    assert "canary" not in response.text + str(response.headers)
