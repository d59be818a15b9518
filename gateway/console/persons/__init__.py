"""One person on a page: what is known of them, and what protection lets an officer see."""

from gateway.console.persons.reveal import REASONS, Reveals, RevealState
from gateway.console.persons.service import Looking, PersonRooms, Persons, Sheets, ViewOver
from gateway.console.persons.store import ViewStore

__all__ = [
    "REASONS",
    "Looking",
    "PersonRooms",
    "Persons",
    "RevealState",
    "Reveals",
    "Sheets",
    "ViewOver",
    "ViewStore",
]
