"""Households: by which list people belong together, and who is on such a list."""

from gateway.households.bases import (
    REGISTER,
    Bases,
    Basis,
    LivesWith,
    PersonState,
    household_bases,
)
from gateway.households.members import AgeRange, Listed, heads_of, listed_members

__all__ = [
    "REGISTER",
    "AgeRange",
    "Bases",
    "Basis",
    "Listed",
    "LivesWith",
    "PersonState",
    "heads_of",
    "household_bases",
    "listed_members",
]
