"""An office with a console, on both databases."""

from __future__ import annotations

import pytest

from gateway.audit import AuditLog
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from tests.gateway.console.office import Office
from tests.gateway.questions.conftest import World, world

__all__ = ["world"]


@pytest.fixture
async def office(world: World, store: Store, keys: FileKeyStore, audit_log: AuditLog) -> Office:
    """Two desks with grants; nobody works there yet."""
    made = Office(world, store, keys, audit_log)
    await made.furnish()
    return made
