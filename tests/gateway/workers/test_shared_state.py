"""What several processes of one port must know together, they know together."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.manifest import Limits
from gateway.access.dpop import FRESH_S, Proof, ProofGuard
from gateway.access.jose import TokenRefused
from gateway.connections import Sharing
from gateway.workers import Lone, Table
from gateway.workers.locks import Locks
from gateway.workers.proofs import PLACES, SharedProofs, lay_out
from gateway.workers.slots import SharedSlots
from tests.doubles import StoppedClock
from tests.gateway.workers.in_a_process import NOW, digest
from tests.gateway.workers.processes import other

PROOFS = 2_000


def test_of_two_processes_one_takes_a_proof(tmp_path: Path) -> None:
    """AT-3: each of many proofs is new exactly once, though both are sent all at the same time."""
    lay_out(tmp_path / "proofs")
    with other("use-proofs", tmp_path, PROOFS) as one, other("use-proofs", tmp_path, PROOFS) as two:
        assert [one.says(), two.says()] == ["ready", "ready"]
        one.tell()
        two.tell()
        took = [set(one.says().split()), set(two.says().split())]
    assert took[0] | took[1] == {str(n) for n in range(PROOFS)}
    assert not took[0] & took[1]


def test_a_proof_works_once_at_whichever_worker(tmp_path: Path, clock: StoppedClock) -> None:
    """AT-3: both hand out the same nonce, and both know what the other one took."""
    lay_out(tmp_path / "proofs")
    secret = bytes(32)
    first = ProofGuard(secret, SharedProofs(tmp_path / "proofs"))
    second = ProofGuard(secret, SharedProofs(tmp_path / "proofs"))
    now = clock.now()
    proof = Proof("key", "once", now.timestamp(), first.nonce(now))
    second.require_new(proof, now)
    for guard in (first, second):
        with pytest.raises(TokenRefused, match="used before"):
            guard.require_new(proof, now)


def test_room_of_old_proofs_is_used_again_and_new_ones_are_never_pushed_out(
    tmp_path: Path,
) -> None:
    """A bucket that is full refuses; nothing that could still be sent again is forgotten."""
    lay_out(tmp_path / "proofs")
    seen = SharedProofs(tmp_path / "proofs")
    same_bucket = [bytes(4) + bytes([n + 1]) * 16 for n in range(PLACES + 1)]
    until = NOW + 2 * FRESH_S
    assert [seen.add(d, until, NOW) for d in same_bucket] == [*[True] * PLACES, None]
    assert seen.add(same_bucket[0], until, until - 0.001) is False
    assert seen.add(same_bucket[-1], until + 120, until) is True
    assert seen.add(same_bucket[-1], until + 240, until) is False


def test_room_for_the_proofs_is_taken_when_the_port_is_opened(tmp_path: Path) -> None:
    """So that no call meets a full disk; and no table is laid over another one."""
    lay_out(tmp_path / "proofs")
    assert (tmp_path / "proofs").stat().st_blocks * 512 >= 12 * 2**20
    with pytest.raises(FileExistsError):
        lay_out(tmp_path / "proofs")


def test_a_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    """Whoever dies with it leaves nothing behind that others wait for."""
    locks = Locks(tmp_path / "locks")
    with other("hold", tmp_path, 7) as holder:
        assert holder.says() == "held"
        assert not locks.take(7)
        assert locks.take(8)
    assert locks.take(7)


def test_one_worker_leads_and_when_it_dies_another_one(tmp_path: Path) -> None:
    """What is done once is always done by somebody."""
    with Table.laid(2) as table:
        seat = table.seat(0)
        with other("hold", table.folder, 0) as leader:
            assert leader.says() == "held"
            assert not seat.leads()
        assert seat.leads()
        assert seat.leads()
        assert seat.processes == 2
    assert not table.folder.exists()
    assert Lone().leads()


async def test_workers_share_the_slots_of_a_source_that_bears_fewer_calls(tmp_path: Path) -> None:
    """One call at a time is one call at a time, also of two processes."""
    slots = SharedSlots(Locks(tmp_path / "locks"), 5, 1)
    with other("hold", tmp_path, 5) as caller:
        assert caller.says() == "held"
        assert slots.locked()
    assert not slots.locked()
    assert await slots.acquire()
    assert slots.locked()
    slots.release()
    assert not slots.locked()


def test_limits_of_a_source_are_divided_among_the_workers() -> None:
    """Together they never ask more of it than its manifest says."""
    limits = Limits(max_concurrency=9, timeout_s=1, calls_per_second=10)
    share = limits.share(4)
    assert (share.max_concurrency, share.calls_per_second) == (2, 2.5)
    assert limits.share(1) is limits
    assert Limits(max_concurrency=1, timeout_s=1).share(4).max_concurrency == 1
    asked: list[tuple[str, int]] = []

    def shared(name: str, count: int) -> SharedSlots:
        asked.append((name, count))
        return SharedSlots.__new__(SharedSlots)

    sharing = Sharing(4, shared)
    sharing.slots_of("999997/tax", limits)
    assert asked == []
    sharing.slots_of("999997/tax", limits.model_copy(update={"max_concurrency": 3}))
    assert asked == [("999997/tax", 3)]


def test_what_a_killed_supervisor_left_behind_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next one; what another one uses stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "hitotsu-workers-left"
    left.mkdir()
    (left / "proofs").touch()
    with Table.laid(2) as used, Table.laid(2) as other_one:
        assert not left.exists()
        assert used.folder.exists()
        assert other_one.folder.exists()
        one, two = used.seat(0).slots("a", 2), used.seat(1).slots("a", 2)
        assert one._free == two._free
        assert not one._free & used.seat(0).slots("b", 2)._free


def test_proofs_are_found_by_their_whole_digest(tmp_path: Path) -> None:
    """Two that share a bucket, or a part of it, are two."""
    lay_out(tmp_path / "proofs")
    seen = SharedProofs(tmp_path / "proofs")
    assert seen.add(bytes(20), NOW + 1, NOW) is True
    assert seen.add(bytes(19) + b"\x01", NOW + 1, NOW) is True
    assert seen.add(digest(1), NOW + 1, NOW) is True
    assert seen.add(digest(1), NOW + 1, NOW) is False
