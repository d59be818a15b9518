"""Takes new connections of a listening socket, many at a turn.

uvloop's own servers take one at each turn of the loop. In a loop that is busy, turns are long: new
connections then wait in the queue of the kernel until it overflows, and whoever is in there hears
nothing for minutes, not even that it is to come again.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

ALONE: Final = 128
"""Connections that are taken at a turn by the only process of a port."""
AMONG_SEVERAL: Final = 16
"""And by one of several: the others shall have their share."""
PAUSE_S: Final = 0.5
"""How long none is taken when the system has no room for another one."""
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Makes a protocol for every connection that comes in. Opened by ``begin``."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        at_a_turn: int = ALONE,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._at_a_turn = at_a_turn
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listener.settimeout(0)

    def begin(self) -> None:
        """Take connections from now on."""
        self._pause = None
        self._loop.add_reader(self._listener.fileno(), self._take)

    def close(self) -> None:
        """Take no more. The socket stays open."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        elif self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener.fileno())

    def _take(self) -> None:
        for _ in range(self._at_a_turn):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                # What waits would wake us without end.
                self._loop.remove_reader(self._listener.fileno())
                self._pause = self._loop.call_later(PAUSE_S, self.begin)
                return
            connection.settimeout(0)
            task = self._loop.create_task(self._open(connection))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            # Whoever called has gone.
            connection.close()
