"""R21: new connections are taken many at a turn, so that a busy loop does not let them wait."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.api.accepting import Acceptor

CALLERS = 200


class Full(socket.socket):
    """A listening socket on a machine that once has no room for another connection."""

    refused = 0

    def accept(self) -> tuple[socket.socket, object]:
        """Take a connection, but not the first one at once."""
        if not self.refused:
            self.refused += 1
            raise OSError(errno.EMFILE, "no room")
        return super().accept()


class Caller(asyncio.Protocol):
    """A connection that was taken."""

    def __init__(self, of: Listening) -> None:
        self._of = of

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell of it."""
        self._of.made.append(transport)
        self._of.some.set()


class Listening:
    """Takes note of connections until the end of the block."""

    def __init__(self, listener: socket.socket, *, at_a_turn: int = 128) -> None:
        self.made: list[asyncio.BaseTransport] = []
        self.some = asyncio.Event()
        self.acceptor = Acceptor(listener, lambda: Caller(self), at_a_turn=at_a_turn)

    async def __aenter__(self) -> Listening:
        self.acceptor.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.acceptor.close()
        for _turn in range(8):  # those who were taken are let in
            await asyncio.sleep(0)
        for transport in self.made:
            transport.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a socket that listens."""
    with Full() as opened:
        opened.refused = 1
        opened.bind(("127.0.0.1", 0))
        opened.listen(CALLERS)
        yield opened


@pytest.fixture
def calls(listener: socket.socket) -> Iterator[list[socket.socket]]:
    """Return callers who wait, all there before anybody is let in."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(listener.getsockname()))
            for _ in range(CALLERS)
        ]


@pytest.mark.parametrize(("at_a_turn", "turns"), [(128, 8), (16, 20)])
async def test_those_who_wait_are_let_in_within_a_few_turns(
    listener: socket.socket, calls: list[socket.socket], at_a_turn: int, turns: int
) -> None:
    """One at a turn would take as many turns as there are callers."""
    async with Listening(listener, at_a_turn=at_a_turn) as listening:
        for _ in range(turns):
            await asyncio.sleep(0)
        assert len(listening.made) == len(calls)


@pytest.mark.usefixtures("calls")
async def test_one_of_several_leaves_some_to_the_others(listener: socket.socket) -> None:
    """At one turn it takes no more than its share."""
    async with Listening(listener, at_a_turn=16) as listening:
        await listening.some.wait()
        assert 0 < len(listening.made) < CALLERS // 2


@pytest.mark.usefixtures("calls")
async def test_where_there_is_no_room_it_tries_again_later(listener: Full) -> None:
    """Nobody who waits is lost."""
    listener.refused = 0
    async with Listening(listener) as listening:
        await listening.some.wait()
        assert listener.refused == 1


@pytest.mark.usefixtures("calls")
async def test_closed_it_takes_nobody_any_more(listener: socket.socket) -> None:
    """They stay for whoever else listens, and the socket stays open."""
    async with Listening(listener) as listening:
        listening.acceptor.close()
        for _ in range(8):
            await asyncio.sleep(0)
        assert not listening.made
        listener.accept()[0].close()
