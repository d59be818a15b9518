"""Append to the audit record and return only when the row is durable.

One writer task commits for everybody who waits (group commit): full durability for the price of
a share in one commit. Whoever gets no durable row within the patience gets a problem instead, and
no answer goes out.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.contract import EventLog
from gateway.audit.entries import AuditEntry, AuditId, AuditRecord, to_record
from gateway.audit.refusals import CountedRefusals
from gateway.audit.store import AuditStore
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.telemetry import NO_TRACING, Tracing

PATIENCE_S: Final = 1.0
QUEUE_LIMIT: Final = 4_096
BATCH_LIMIT: Final = 256
COMMIT_LIMIT_S: Final = 10.0
_PAUSE_AFTER_FAILURE_S: Final = 0.05
_KEEP_CONNECTION_S: Final = 1.0


class _Waiter:
    __slots__ = ("done", "record")

    def __init__(self, record: AuditRecord, done: asyncio.Future[None]) -> None:
        self.record = record
        self.done = done


class AuditLog:
    """The audit record of this process. Open it with ``start`` or ``async with``.

    Args:
        patience_s: seconds that ``append`` waits at most for its row to become durable.
        queue_limit: entries that may wait; the next one is refused at once.
        on_batch: is told the size of every batch that was committed.

    """

    def __init__(
        self,
        store: AuditStore,
        keys: KeyStore,
        *,
        log: EventLog,
        patience_s: float = PATIENCE_S,
        queue_limit: int = QUEUE_LIMIT,
        on_batch: Callable[[int], None] | None = None,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._store = store
        self._keys = keys
        self._log = log
        self._patience_s = patience_s
        self._queue_limit = queue_limit
        self._on_batch = on_batch
        self._tracing = tracing
        self._queue: deque[_Waiter] = deque()
        self._work = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self._refusals = CountedRefusals()
        self._storing = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Return whether the writer runs."""
        return self._writer is not None and not self._writer.done()

    async def start(self) -> None:
        """Start the writer. Harmless when it runs."""
        if not self.alive:
            self._closing = False
            self._writer = asyncio.create_task(self._write(), name="audit-writer")

    async def aclose(self) -> None:
        """Write what waits and was counted, then stop the writer. Harmless when called twice."""
        if self.alive and not self._closing:
            await self.store_refusals()
        self._closing = True
        self._work.set()
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def append_refusal(self, entry: AuditEntry) -> None:
        """Record a refusal that costs nothing to bring about: by itself, or counted with others.

        What is counted is durable with the next ``store_refusals``, or when the log is closed.

        Raises:
            Problem: ``audit-unavailable``: it was to stand alone, and there is no durable row.

        """
        if self._refusals.stands_alone():
            await self.append(entry)
        else:
            self._refusals.count(entry)

    async def store_refusals(self) -> None:
        """Record what was counted since the last time; what cannot be recorded is kept.

        A caller that is cancelled does not stop it: what was taken is recorded or put back.
        """
        await asyncio.shield(self._store_refusals())

    async def _store_refusals(self) -> None:
        async with self._storing:
            counted = self._refusals.take()
            # Of a row that was waited for in vain nobody knows whether it is there.
            written = await asyncio.gather(
                *(self.append(entry, for_certain=True) for entry in counted),
                return_exceptions=True,
            )
            failed = [e for e, s in zip(counted, written, strict=True) if not isinstance(s, str)]
            for entry in failed:
                self._refusals.count(entry)
            if failed:
                self._log.error("refusals-not-recorded", count=self._refusals.total)

    async def append(self, entry: AuditEntry, *, for_certain: bool = False) -> AuditId:
        """Write ``entry`` and return its id once the row is durable.

        A caller that is cancelled while it waits may leave a row behind; the reverse, an answer
        without a row, cannot happen. ``for_certain`` waits until it is known, however long.

        Raises:
            Problem: ``audit-unavailable``: there is no durable row, so nothing may leave.

        """
        if not self.alive or len(self._queue) >= self._queue_limit:
            self._log.error("audit-refused", count=len(self._queue))
            raise _unavailable()
        record = to_record(entry)
        waiter = _Waiter(record, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._work.set()
        try:
            with self._tracing.span("audit append", {}):
                async with asyncio.timeout(None if for_certain else self._patience_s):
                    await waiter.done
        except TimeoutError:
            self._log.error("audit-late", count=len(self._queue))
            raise _unavailable() from None
        return record.audit_id

    def pseudonym(self, municipality: str, subject_id: str) -> str:
        """Return the name of a person in the audit record: 64 hexadecimal digits.

        The same person always has the same one. HMAC-SHA-256 under a key of its own, over
        municipality and internal subject id; nobody without the key can tell who it is.

        Raises:
            KeysError: the keys cannot be read.

        """
        message = f"{municipality}\x00{subject_id}".encode()
        return hmac.new(self._keys.keys().audit, message, hashlib.sha256).hexdigest()

    async def _write(self) -> None:
        while not (self._closing and not self._queue):
            await self._work.wait()
            try:
                async with self._store.connection() as connection:
                    await self._write_waiting(connection)
            except Exception as error:  # noqa: BLE001 - no connection; the writer lives on
                self._fail(self._take_batch(), error)
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)

    async def _write_waiting(self, connection: AsyncConnection) -> None:
        """Commit batch after batch until nobody has waited for a while."""
        while await self._somebody_waits():
            batch = self._take_batch()
            if not batch:
                continue
            try:
                async with asyncio.timeout(COMMIT_LIMIT_S):
                    await self._store.append(connection, [w.record for w in batch])
            except Exception as error:  # noqa: BLE001 - whatever it was, there is no row
                # Whoever comes next is tried over a new connection.
                self._fail(batch, error)
                await connection.invalidate()
                return
            if self._on_batch is not None:
                self._on_batch(len(batch))
            for waiter in batch:
                if not waiter.done.done():
                    waiter.done.set_result(None)

    async def _somebody_waits(self) -> bool:
        """Wait a moment for work, so that a busy writer keeps its connection."""
        if self._queue or self._closing:
            return bool(self._queue)
        try:
            async with asyncio.timeout(_KEEP_CONNECTION_S):
                await self._work.wait()
        except TimeoutError:
            return False
        return True

    def _take_batch(self) -> list[_Waiter]:
        """Return those who wait; a caller that gave up is left out, it gets no answer."""
        batch: list[_Waiter] = []
        while self._queue and len(batch) < BATCH_LIMIT:
            waiter = self._queue.popleft()
            if not waiter.done.done():
                batch.append(waiter)
        if not self._queue and not self._closing:
            self._work.clear()
        return batch

    def _fail(self, batch: list[_Waiter], error: Exception) -> None:
        # The class alone: the message of a database error repeats the row.
        self._log.error("audit-failed", error=type(error).__name__, count=len(batch))
        for waiter in batch:
            if not waiter.done.done():
                waiter.done.set_exception(_unavailable())


def _unavailable() -> Problem:
    return Problem("audit-unavailable", headers={"Retry-After": "5"})
