"""Who may use the console: members of staff, their two factors, their rights, their sessions."""

from gateway.console.staff.registry import NewMember, StaffRegistry
from gateway.console.staff.rights import Duty, Right
from gateway.console.staff.service import LoginRefused, Member, StaffService
from gateway.console.staff.store import StaffStore

__all__ = [
    "Duty",
    "LoginRefused",
    "Member",
    "NewMember",
    "Right",
    "StaffRegistry",
    "StaffService",
    "StaffStore",
]
