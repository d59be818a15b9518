"""Hand what was stated to the systems: in order for each person, once, however often it is tried.

A message is lent while it is sent; whoever dies over it loses nothing but time. The system knows a
repetition by the message's id. What it will never take is parked with the reason. Rule WR-2.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract import Clock, Deadline, EventLog, SubmitRequest
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    PlannedUnavailable,
    Unavailable,
)
from gateway.audit import AuditEntry, AuditKind, AuditLog, AuditRecord, to_record
from gateway.connections import Connection, Connections
from gateway.metrics import Metrics
from gateway.store.tables import OutboxRow, SubmissionPartRow
from gateway.subjects import SubjectService
from gateway.submissions.sealing import SealBroken
from gateway.submissions.stated import StatedValues
from gateway.submissions.store import SubmissionStore

AT_ONCE: Final = 16
DEADLINE_S: Final = 30.0
LENT_S: Final = 90.0
"""How long nobody else tries a message; longer than a call can take."""
PATIENCE: Final = 10
"""Bad answers after which a message is parked. A system that is down is waited for without end."""
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 3_600.0
REPLIES_KEPT: Final = dt.timedelta(days=8)

_WAITS = (Unavailable, AuthenticationFailed, ConfigurationError)


@dataclass(frozen=True, slots=True)
class DeliveryRooms:
    """The rooms that the delivery works with."""

    store: SubmissionStore
    values: StatedValues
    subjects: SubjectService
    connections: Connections
    audit: AuditLog
    clock: Clock
    log: EventLog
    metrics: Metrics


class OutboxDelivery:
    """Sends the messages of the outbox. Several processes may do so at a time."""

    def __init__(self, rooms: DeliveryRooms) -> None:
        self._rooms = rooms

    async def deliver(self) -> int:
        """Send what is due until nothing is; return how many messages were tried."""
        tried = 0
        while taken := await self._take():
            tried += len(taken)
            await asyncio.gather(*(self._send(message, part) for message, part in taken))
        await self._tell()
        return tried

    async def purge(self) -> None:
        """Erase what has expired."""
        now = self._rooms.clock.now()
        await self._rooms.store.purge(now, now - REPLIES_KEPT)

    async def _take(self) -> list[tuple[OutboxRow, SubmissionPartRow]]:
        now = self._rooms.clock.now()
        until = now + dt.timedelta(seconds=LENT_S)
        return list(await self._rooms.store.take(now, until, AT_ONCE))

    async def _tell(self) -> None:
        backlog = await self._rooms.store.backlog()
        now = self._rooms.clock.now()
        age_s = (now - backlog.oldest).total_seconds() if backlog.oldest else 0.0
        self._rooms.metrics.outbox(backlog.waiting, backlog.parked, age_s)

    async def _send(self, message: OutboxRow, part: SubmissionPartRow) -> None:
        now = self._rooms.clock.now()
        try:
            receipt = await self._submit(message, part)
        except _Unsendable as unsendable:
            await self._park(message, unsendable.reason)
        except _WAITS as error:
            await self._later(message, error, now)
        except BadAnswer as error:
            # After an outage one bad answer says little; two in a row do.
            if message.attempts + 1 >= PATIENCE and message.reason == error.code:
                await self._park(message, error.code)
            else:
                await self._later(message, error, now)
        except AdapterError as error:
            await self._park(message, error.code)
        else:
            done: dict[str, Any] = {
                "delivered_at": now,
                "due_at": None,
                "cancelled_at": None,
                "receipt": receipt[:200],
            }
            await self._rooms.store.settle(
                message.sequence, done, self._record(message, "handed-over")
            )

    async def _submit(self, message: OutboxRow, part: SubmissionPartRow) -> str:
        connection = self._connection(message)
        subject = await self._rooms.subjects.find(message.municipality, message.subject_id)
        numbers = subject.numbers.get(connection.manifest.numbering.id, ()) if subject else ()
        if len(numbers) != 1:
            raise _Unsendable("no-number" if not numbers else "several-numbers")
        try:
            values = self._rooms.values.values_of(part)
        except SealBroken:
            raise _Unsendable("seal-broken") from None
        if not values:
            raise _Unsendable("erased")
        request = SubmitRequest(
            number=numbers[0],
            group=message.group_ref,
            items=values,
            idempotency_key=message.message_id,
            deadline=Deadline.after(DEADLINE_S),
            trace_id=message.message_id,
        )
        return (await connection.submit(request)).receipt

    def _connection(self, message: OutboxRow) -> Connection:
        found = self._rooms.connections.find(message.municipality, message.adapter_id)
        if found is None:
            raise Unavailable("the adapter is not open")
        return found

    async def _later(self, message: OutboxRow, error: AdapterError, now: dt.datetime) -> None:
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(message.attempts, 20), _LONGEST_PAUSE_S)
        due = now + dt.timedelta(seconds=pause_s)
        if isinstance(error, PlannedUnavailable) and error.until is not None:
            due = max(now, error.until)
        await self._rooms.store.settle(message.sequence, {"due_at": due, "reason": error.code})

    async def _park(self, message: OutboxRow, reason: str) -> None:
        self._rooms.log.error("submission-parked", adapter=message.adapter_id, code=reason)
        values = {"parked_at": self._rooms.clock.now(), "due_at": None, "reason": reason}
        await self._rooms.store.settle(message.sequence, values, self._record(message, "parked"))

    def _record(self, message: OutboxRow, outcome: str) -> AuditRecord:
        return to_record(
            AuditEntry(
                municipality=message.municipality,
                at=self._rooms.clock.now(),
                kind=AuditKind.EVENT,
                outcome=outcome,
                trace_id=message.message_id,
                subject_key=self._rooms.audit.pseudonym(message.municipality, message.subject_id),
                terminal=message.adapter_id,
                function="submission-hand-over",
                part_statuses={message.group_ref: outcome},
            )
        )


class _Unsendable(Exception):
    """The message can never be sent as it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
