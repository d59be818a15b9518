"""HTTP and pages of the console's protected side."""

from gateway.console.web.pages import ConsoleRooms, console_pages

__all__ = ["ConsoleRooms", "console_pages"]
