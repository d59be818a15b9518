"""What a security officer asks of the audit record."""

from gateway.audit.searches.calendar import OfficeCalendar, UnknownYearError, read_calendar
from gateway.audit.searches.concerned import write_list
from gateway.audit.searches.report_clocks import ClockRefused, Due, due, read_report_clocks
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
    "ClockRefused",
    "Concerned",
    "Count",
    "Due",
    "Logins",
    "OfficeCalendar",
    "SearchStore",
    "Seen",
    "UnknownYearError",
    "Window",
    "due",
    "read_calendar",
    "read_report_clocks",
    "write_list",
]
