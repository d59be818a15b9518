"""Staff screens in Japanese, and the layout that every page of the gateway shares."""

from gateway.console.schemas import AdapterCondition, AdapterState, AdapterStates, SuppliedGroup

__all__ = ["AdapterCondition", "AdapterState", "AdapterStates", "SuppliedGroup"]
