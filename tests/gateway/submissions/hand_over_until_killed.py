"""Takes submissions and hands them over without end; prints every reply that was given.

Run as a process of its own, so that it can be killed: arguments are the address of the database,
the folder of the keys, the file that is the system, and the handles of the persons. The system has
one effect for one key: a line ``key number value`` in its file.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from adapters.contract import SubmitReceipt, SubmitRequest
from gateway.access import Access, AccessService, AccessStore, Caller
from gateway.audit import AuditLog, AuditStore
from gateway.connections import Connection, Connections
from gateway.keys import FileKeyStore
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.routes import RouteService, RouteStore
from gateway.store.engine import open_store
from gateway.subjects import SubjectService, SubjectStore
from gateway.submissions import OutboxDelivery, StatedValues, SubmissionService, SubmissionStore
from gateway.submissions.delivery import DeliveryRooms
from gateway.submissions.schemas import Submission
from gateway.submissions.service import SubmissionRooms
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.access.consumers import ample_quotas
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN
from tests.gateway.questions.scripted import TIME, ScriptedAdapter, knowing_nobody, manifest_of

MAIL = "010.sofusakijoho.sofusaki_choaza"


class FileSystem(ScriptedAdapter):
    """A system whose memory is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(knowing_nobody())
        self.path = path

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        """Take a submission once for each key."""
        known = {line.split()[0] for line in self.path.read_text().splitlines()}
        if request.idempotency_key not in known:
            (value,) = request.items.values()
            with self.path.open("a") as file:
                file.write(f"{request.idempotency_key} {request.number} {value}\n")
                file.flush()
                os.fsync(file.fileno())
        return SubmitReceipt(request.idempotency_key, TIME)


async def main(url: str, keys_folder: str, system: str, *handles: str) -> None:
    """Work until the process is killed. In each round what was lent in the last comes back."""
    store, clock, log, metrics = open_store(url), StoppedClock(), RecordingLog(), Metrics()
    keys = FileKeyStore(Path(keys_folder))
    clock.advance(minutes=10 * int(os.environ["ROUND"]))
    manifest = manifest_of("tax", ["010.sofusakijoho"])
    taking = manifest.model_validate(
        {**manifest.model_dump(mode="json"), "capabilities": ["fetch", "submit"]}
    )
    connection = Connection(
        TOWN, taking, FileSystem(Path(system)), clock=clock, log=log, metrics=metrics
    )
    connections = Connections([connection], [])
    subjects = SubjectService(SubjectStore(store), keys, clock=clock)
    submissions = SubmissionStore(store)
    async with AuditLog(AuditStore(store), keys, log=log, patience_s=30) as audit:
        access = AccessService(
            AccessStore(store),
            keys,
            audit,
            subjects,
            clock=clock,
            issuer="https://gateway.test",
            token_lifetime_s=300,
            quotas=ample_quotas(),
        )
        service = SubmissionService(
            SubmissionRooms(
                submissions,
                access,
                subjects,
                RouteService(RouteStore(store), clock),
                connections,
                audit,
                keys,
                load_builtin(),
                clock,
            ),
            keep_days=365,
        )
        stated = StatedValues(submissions, keys, clock=clock)
        delivery = OutboxDelivery(
            DeliveryRooms(submissions, stated, subjects, connections, audit, clock, log, metrics)
        )
        caller = Access(CLIENT, TOWN, PURPOSE, "t", "k")

        async def state(handle: str, person: int) -> None:
            for number in itertools.count():
                # Full-width figures that only grow, over all processes.
                text = f"{os.getpid():07}{number:05}{person}".translate(_WIDE)
                stated = Submission.model_validate(_body(handle, text))
                key = f"key-{handle[-8:]}-{os.getpid()}-{number}"
                try:
                    reply = await service.submit(caller, stated, key, Caller())
                except Problem:
                    continue
                sys.stdout.write(f"{reply['submission_id']} {text}\n")
                sys.stdout.flush()
                await asyncio.sleep(0)

        async def hand_over() -> None:
            while True:
                await delivery.deliver()
                await asyncio.sleep(0)

        if os.environ.get("DRAIN"):
            await delivery.deliver()
            return
        await asyncio.gather(
            hand_over(), *(state(handle, place) for place, handle in enumerate(handles))
        )


_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _body(handle: str, text: str) -> dict[str, object]:
    return {
        "subject": handle,
        "purpose": PURPOSE,
        "items": [{"item": MAIL, "value": text}],
        "consent": {"text": "v1", "given_at": "2026-10-01T09:59:00+09:00"},
    }


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
