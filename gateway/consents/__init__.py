"""What citizens agreed to, and took back."""

from gateway.consents.service import ConsentRooms, Consents, ConsentService, NoConsents
from gateway.consents.store import ConsentStore

__all__ = ["ConsentRooms", "ConsentService", "ConsentStore", "Consents", "NoConsents"]
