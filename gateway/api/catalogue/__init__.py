"""What can be asked, and who supplies it. Nothing personal, so no token is needed."""

from gateway.api.catalogue.routes import catalogue_router
from gateway.api.catalogue.service import Catalogue, Supplier, Suppliers

__all__ = ["Catalogue", "Supplier", "Suppliers", "catalogue_router"]
