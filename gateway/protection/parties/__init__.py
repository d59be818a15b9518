"""From whom measures protect: whoever they name cannot act for the person they protect."""

from gateway.protection.parties.service import OtherParties, Person
from gateway.protection.parties.store import PartiesStore

__all__ = ["OtherParties", "PartiesStore", "Person"]
