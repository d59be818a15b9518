"""API4: how much somebody may ask is counted over all workers, in bounded memory."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.workers import Table
from gateway.workers.arrivals import LATE_NS, PERIOD_NS, PLACES, Arrivals, lay_out
from tests.gateway.workers.processes import other

NOW = 10**15
SENT = 20_000
ALLOWED = 25_000


def digest(name: str) -> bytes:
    """Return the digest of somebody of that name."""
    return hashlib.sha256(name.encode()).digest()


def same_bucket(number: int) -> bytes:
    """Return one of many digests that belong to one bucket."""
    return bytes(4) + hashlib.sha256(str(number).encode()).digest()


def admitted(arrivals: Arrivals, who: bytes, per_minute: int, now: int, sent: int) -> int:
    """Return how many of those that are sent at once are let in."""
    return sum(arrivals.arrive(who, per_minute, now) == 0 for _ in range(sent))


@given(st.integers(1, 500), st.integers(0, 2**62))
def test_what_is_allowed_in_a_minute_may_come_at_once(per_minute: int, now: int) -> None:
    """And not one more."""
    assert admitted(Arrivals.alone(1), digest("a"), per_minute, now, per_minute + 3) == per_minute


@given(st.integers(1, 500), st.integers(1, 40))
def test_whoever_waits_as_told_is_let_in_and_not_before(per_minute: int, more: int) -> None:
    """The seconds that are told are true."""
    arrivals, now = Arrivals.alone(1), NOW
    admitted(arrivals, digest("a"), per_minute, now, per_minute)
    for _ in range(more):
        wait = arrivals.arrive(digest("a"), per_minute, now)
        assert 0 < wait <= PERIOD_NS // per_minute
        assert arrivals.arrive(digest("a"), per_minute, now + wait - 1) == 1
        now += wait
        assert arrivals.arrive(digest("a"), per_minute, now) == 0


def test_in_the_long_run_so_many_a_minute_are_let_in() -> None:
    """Ten minutes of asking without a pause: ten times as many, and those of the first moment."""
    arrivals = Arrivals.alone(1)
    count = sum(
        arrivals.arrive(digest("a"), 30, NOW + tick * 10**9 // 4) == 0 for tick in range(2_400)
    )
    assert count == 30 + 10 * 30 - 1


def test_after_a_minute_of_silence_nothing_is_left_of_what_was_asked() -> None:
    """The whole of it may come at once again."""
    arrivals = Arrivals.alone(1)
    admitted(arrivals, digest("a"), 20, NOW, 25)
    assert admitted(arrivals, digest("a"), 20, NOW + PERIOD_NS, 25) == 20


def test_what_one_asks_is_not_counted_of_another() -> None:
    """Also of two who share a bucket, or half a digest."""
    arrivals = Arrivals.alone(1)
    for number in range(PLACES):
        assert admitted(arrivals, same_bucket(number), 3, NOW, 5) == 3
    twins = [bytes(4) + b"a" * 15 + end + bytes(12) for end in (b"x", b"y")]
    arrivals = Arrivals.alone(1)
    assert [admitted(arrivals, twin, 3, NOW, 5) for twin in twins] == [3, 3]


def test_what_stands_across_two_places_is_nobody() -> None:
    """A digest like the end of one place and the beginning of the next finds neither of them."""
    arrivals = Arrivals.alone(1)
    first, second = bytes(4) + b"a" * 16, bytes(4) + b"b" * 16
    between = bytes(4) + struct.pack("=q", NOW + PERIOD_NS) + b"b" * 8
    assert [admitted(arrivals, who, 1, NOW, 2) for who in (first, second, between)] == [1, 1, 1]
    assert [admitted(arrivals, who, 1, NOW, 2) for who in (first, second, between)] == [0, 0, 0]


def test_of_two_processes_together_no_more_are_let_in_than_are_allowed(tmp_path: Path) -> None:
    """Though both are asked all at the same time."""
    lay_out(tmp_path / "arrivals", 4)
    how = f"{SENT},{ALLOWED}"
    with other("arrive", tmp_path, how) as one, other("arrive", tmp_path, how) as two:
        assert [one.says(), two.says()] == ["ready", "ready"]
        one.tell()
        two.tell()
        let_in = [int(one.says()), int(two.says())]
    assert sum(let_in) == ALLOWED


def test_whoever_has_read_the_clock_and_waited_for_its_turn_is_let_in_no_more_often() -> None:
    """Another process came first with a later time; what that one has counted still counts."""
    arrivals = Arrivals.alone(1)
    assert admitted(arrivals, digest("a"), 60, NOW + LATE_NS, 61) == 60
    assert admitted(arrivals, digest("a"), 60, NOW, 61) == 0


def test_the_workers_of_a_port_have_the_same_tables(tmp_path: Path) -> None:
    """What is counted at one seat is counted at the other; consumers and subjects apart."""
    with Table.laid(2) as table:
        one, two = table.seat(0), table.seat(1)
        assert admitted(one.consumers, digest("a"), 4, NOW, 3) == 3
        assert admitted(two.consumers, digest("a"), 4, NOW, 3) == 1
        assert admitted(two.subjects, digest("a"), 4, NOW, 3) == 3
        assert admitted(one.subjects, digest("a"), 4, NOW, 3) == 1


def test_a_worker_that_is_killed_while_it_counts_holds_nobody_up(tmp_path: Path) -> None:
    """Its lock is free, and a place that it has half written is one of nobody."""
    lay_out(tmp_path / "arrivals", 1)
    arrivals = Arrivals.shared(tmp_path / "arrivals")
    with other("hold-arrivals", tmp_path, 0) as killed:
        assert killed.says() == "held"
    assert arrivals.arrive(digest("a"), 1, NOW) == 0
    torn = (tmp_path / "arrivals").read_bytes().index(digest("a")[4:20]) + 16
    for time in (-1, 0, NOW + PERIOD_NS + LATE_NS + 1, 2**63 - 1, -(2**63)):
        with (tmp_path / "arrivals").open("r+b") as file:
            file.seek(torn)
            file.write(struct.pack("=q", time))
        assert arrivals.arrive(digest("a"), 1, NOW) == 0
        assert arrivals.arrive(digest("a"), 1, NOW) > 0


def test_a_full_bucket_forgets_whoever_has_asked_least_and_refuses_nobody() -> None:
    """Under attack with persons without end: who was asked about too often stays so."""
    arrivals = Arrivals.alone(1)
    often = same_bucket(0)
    assert admitted(arrivals, often, 60, NOW, 61) == 60
    for number in range(1, 20 * PLACES):
        assert arrivals.arrive(same_bucket(number), 60, NOW) == 0
    assert arrivals.arrive(often, 60, NOW) > 0


def test_room_is_taken_when_the_port_is_opened_and_never_grows(tmp_path: Path) -> None:
    """A hundred thousand who ask leave the table as large as it was."""
    lay_out(tmp_path / "arrivals", 64)
    size = (tmp_path / "arrivals").stat()
    assert size.st_blocks * 512 >= size.st_size == 64 * PLACES * 24
    arrivals = Arrivals.shared(tmp_path / "arrivals")
    for number in range(100_000):
        assert arrivals.arrive(hashlib.sha256(b"%d" % number).digest(), 60, NOW) == 0
    assert (tmp_path / "arrivals").stat().st_size == size.st_size
    with pytest.raises(FileExistsError):
        lay_out(tmp_path / "arrivals", 64)
