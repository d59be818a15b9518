"""Every page of the console's protected side, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.measures import MeasureDesk
from gateway.console.persons import Persons, Reveals
from gateway.console.records import Disclosures, Searches
from gateway.console.staff import StaffService
from gateway.console.web.audit_pages import AuditPages
from gateway.console.web.disclosure_pages import DisclosurePages
from gateway.console.web.login_pages import LoginPages
from gateway.console.web.measure_pages import MeasurePages
from gateway.console.web.person_pages import PersonPages
from gateway.console.web.protection_pages import ProtectionPages
from gateway.console.web.reveal_pages import RevealPages
from gateway.console.web.shell import Shell
from standard_models.dictionary import Dictionary


@dataclass(frozen=True, slots=True)
class ConsoleRooms:
    """What the pages are made of."""

    shell: Shell
    staff: StaffService
    persons: Persons
    reveals: Reveals
    searches: Searches
    disclosures: Disclosures
    measures: MeasureDesk
    dictionary: Dictionary


def console_pages(rooms: ConsoleRooms) -> Shell:
    """Return the shell with every page in it; ``router`` mounts them."""
    shell = rooms.shell
    LoginPages(rooms.staff).mount(shell)
    PersonPages(rooms.persons, rooms.dictionary).mount(shell)
    RevealPages(rooms.persons, rooms.reveals, rooms.staff, rooms.dictionary).mount(shell)
    ProtectionPages(rooms.reveals, rooms.staff).mount(shell)
    MeasurePages(rooms.measures, rooms.persons, rooms.staff).mount(shell)
    AuditPages(rooms.searches, rooms.persons).mount(shell)
    DisclosurePages(rooms.disclosures, rooms.persons).mount(shell)
    return shell
