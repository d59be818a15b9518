"""The legacy systems that a town has switched on: open adapters, their limits and their state."""

from gateway.connections.alarms import Alarm, joined
from gateway.connections.connection import Connection, Health, SourceState
from gateway.connections.proofs import Proof, Proofs
from gateway.connections.service import Connections, RefusedAdapter, Sharing

__all__ = [
    "Alarm",
    "Connection",
    "Connections",
    "Health",
    "Proof",
    "Proofs",
    "RefusedAdapter",
    "Sharing",
    "SourceState",
    "joined",
]
