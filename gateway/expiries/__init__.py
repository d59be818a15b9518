"""What ends soon, and who must be told in time."""

from gateway.expiries.service import Expiries, Expiry
from gateway.expiries.store import ExpiryStore

__all__ = ["Expiries", "Expiry", "ExpiryStore"]
