"""What a security officer asks of the audit record."""

from gateway.audit.searches.calendar import OfficeCalendar, UnknownYearError, read_calendar
from gateway.audit.searches.concerned import ListRefused, check_list, write_list
from gateway.audit.searches.store import (
    Bucket,
    Concerned,
    Count,
    Logins,
    SearchStore,
    Seen,
    Window,
)

__all__ = [
    "Bucket",
    "Concerned",
    "Count",
    "ListRefused",
    "Logins",
    "OfficeCalendar",
    "SearchStore",
    "Seen",
    "UnknownYearError",
    "Window",
    "check_list",
    "read_calendar",
    "write_list",
]
