"""Searches of the audit record by a security officer, on pages and as files."""

from gateway.console.records.service import SEARCHES, Asked, Found, Search, Searches, WrongAsked

__all__ = ["SEARCHES", "Asked", "Found", "Search", "Searches", "WrongAsked"]
