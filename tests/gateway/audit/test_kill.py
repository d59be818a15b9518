import random
import subprocess
import sys
from contextlib import ExitStack

from sqlalchemy import select

from gateway.audit import leaf_hash
from gateway.audit.tree import TreeStore, read_head, verify
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.gateway.audit.grown import tree_over
from tests.size import size_of

KILLS = size_of(ordinary=10, nightly=200)
PAIRS = size_of(ordinary=1, nightly=50)


async def test_every_acknowledged_record_survives_a_kill(
    store: Store, database_url: str, keys: FileKeyStore
):
    """AU-2, R11: killed with SIGKILL in mid-load while the tree grows, again and again.

    Every id and every head that was printed is there afterwards, and the whole record verifies.
    """
    chance = random.Random(20261001)
    command = [sys.executable, "-m", "tests.gateway.audit.acknowledge_until_killed"]
    acknowledged: set[str] = set()
    heads: list[str] = []
    for _ in range(KILLS):
        with subprocess.Popen(  # noqa: ASYNC220 - the child is what is tested
            [*command, database_url, str(keys.path.parent)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.choice((1, 40, 400, 700)))]
            process.kill()
            lines += process.stdout.readlines()
        # The kill may cut the last line; a cut line was not received by anybody.
        whole = [line.strip() for line in lines if line.endswith("\n")]
        heads += [line for line in whole if "." in line]
        acknowledged |= {line for line in whole if "." not in line}
    assert len(acknowledged) >= KILLS
    assert heads
    async with store.session() as session:
        rows = {row.audit_id: row for row in await session.scalars(select(AuditRow))}
    assert acknowledged <= rows.keys()
    assert all(row.leaf_hash == leaf_hash(row.entry) for row in rows.values())
    last = await tree_over(store, keys).seal()
    assert last is not None
    assert last.size == len(rows)
    received = [read_head(line, keys.keys().heads) for line in heads]
    verdict = await verify(TreeStore(store), keys.keys().heads, received)
    assert verdict.finding is None
    assert (verdict.rows, verdict.anchors) == (len(rows), len(received))


async def test_two_processes_write_one_record(store: Store, database_url: str, keys: FileKeyStore):
    """AU-2, AU-3: both are acknowledged, one is killed in mid-load, the other one writes on."""
    command = [sys.executable, "-m", "tests.gateway.audit.acknowledge_until_killed"]
    acknowledged: list[set[str]] = [set(), set()]
    for _ in range(PAIRS):
        with ExitStack() as stack:
            both = [
                stack.enter_context(
                    subprocess.Popen(  # noqa: ASYNC220 - the children are what is tested
                        [*command, database_url, str(keys.path.parent)],
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                for _ in range(2)
            ]
            for process, lines, killed_after in zip(both, acknowledged, (100, 200), strict=True):
                assert process.stdout is not None
                said = [process.stdout.readline() for _ in range(killed_after)]
                process.kill()
                said += process.stdout.readlines()
                lines |= {x.strip() for x in said if x.endswith("\n") and "." not in x}
    assert min(map(len, acknowledged)) >= 50
    async with store.session() as session:
        rows = {row.audit_id for row in await session.scalars(select(AuditRow))}
    assert acknowledged[0] | acknowledged[1] <= rows
    assert not acknowledged[0] & acknowledged[1]
    await tree_over(store, keys).seal()
    verdict = await verify(TreeStore(store), keys.keys().heads, [])
    assert verdict.finding is None
    assert verdict.rows == len(rows)
