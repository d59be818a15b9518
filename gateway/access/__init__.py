"""Clients, tokens, purposes, grants: who may ask what."""

from gateway.access.dpop import Presented
from gateway.access.entries import Caller
from gateway.access.grants import GrantedItems, Relation
from gateway.access.registration import (
    OWN_ACCESSES,
    OWN_ACCESSES_AT_COUNTER,
    RegistrationError,
)
from gateway.access.registry import AccessRegistry
from gateway.access.service import AccessService
from gateway.access.store import AccessStore
from gateway.access.tokens import Access

__all__ = [
    "OWN_ACCESSES",
    "OWN_ACCESSES_AT_COUNTER",
    "Access",
    "AccessRegistry",
    "AccessService",
    "AccessStore",
    "Caller",
    "GrantedItems",
    "Presented",
    "RegistrationError",
    "Relation",
]
