"""What a member of staff may do in the console. Each right stands for itself (NZ-4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """A right. None of them holds another one."""

    VIEW_PERSON = "view-person"
    """Look at persons, at one desk and for one purpose."""
    REVEAL = "reveal"
    """Ask for what protection withholds, at one desk and for one purpose."""
    PROTECTION = "protection"
    """Agree, as the second officer, that it is shown to somebody else; set and end measures."""
    AUDIT = "audit"
    """Search the audit record."""
    EXPORT = "export"
    """Take what a search found out of the console as a file."""
    DISCLOSURE = "disclosure"
    """Write for a resident what they are shown of the audit record."""


OF_A_DUTY: Final = frozenset({Right.VIEW_PERSON, Right.REVEAL})
"""Rights that are given for one desk and one purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """A desk (a client with grants) and a purpose: what somebody looks at persons for."""

    client_id: str
    purpose_id: str
    client_name: str = ""
    purpose_name: str = ""

    @property
    def asker(self) -> tuple[str, str]:
        """Return client and purpose, as the protection rooms know whoever asks."""
        return self.client_id, self.purpose_id
