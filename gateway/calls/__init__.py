"""Which consumer calls which operation, by day: who has to move before one goes away. Rule API9."""

from gateway.calls.service import CallCounts
from gateway.calls.store import Calls, CallStore

__all__ = ["CallCounts", "CallStore", "Calls"]
