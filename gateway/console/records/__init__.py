"""What officers take from the audit record: searches, and reports for residents."""

from gateway.console.records.disclosures import Disclosures
from gateway.console.records.service import SEARCHES, Asked, Found, Search, Searches, WrongAsked

__all__ = ["SEARCHES", "Asked", "Disclosures", "Found", "Search", "Searches", "WrongAsked"]
