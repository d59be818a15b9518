"""Tells that the database is away from every other error.

The drivers say it in many ways: connections that are refused or end, a server that starts up, a
file that is locked for too long.
"""

from __future__ import annotations

from typing import Final

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

OUTAGES: Final[tuple[type[Exception], ...]] = (
    DBAPIError,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresError,
)
"""Classes of which an outage is one; ``is_outage`` says of an error whether it is."""
_GONE: Final = (
    OSError,
    asyncpg.InterfaceError,
    # A connection that broke between two steps of one statement.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def is_outage(error: BaseException) -> bool:
    """Return whether ``error`` says that the database could not be used at all."""
    if isinstance(error, DBAPIError):
        known = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
        return known or isinstance(getattr(error.orig, "__cause__", None), _GONE)
    return isinstance(error, _GONE)
