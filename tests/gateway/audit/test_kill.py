import subprocess
import sys

from sqlalchemy import select

from gateway.audit import leaf_hash
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from gateway.store.tables import AuditRow


async def test_every_acknowledged_record_survives_a_kill(
    store: Store, database_url: str, keys: FileKeyStore
):
    """Three times killed with SIGKILL in mid-load: every id that was printed has its whole row."""
    command = [sys.executable, "-m", "tests.gateway.audit.acknowledge_until_killed"]
    acknowledged: set[str] = set()
    for kill_after in (1, 40, 400):
        with subprocess.Popen(  # noqa: ASYNC220 - the child is what is tested
            [*command, database_url, str(keys.path.parent)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(kill_after)]
            process.kill()
            lines += process.stdout.readlines()
        # The kill may cut the last line; a cut id was not received by anybody.
        acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
    assert len(acknowledged) >= 441
    async with store.session() as session:
        rows = {row.audit_id: row for row in await session.scalars(select(AuditRow))}
    assert acknowledged <= rows.keys()
    assert all(row.leaf_hash == leaf_hash(row.entry) for row in rows.values())
