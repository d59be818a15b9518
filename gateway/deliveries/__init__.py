"""Files that are handed over in a folder or on a medium: signed, scanned, erased or set aside."""

from gateway.deliveries.service import (
    DeliveryQuarantinedError,
    DeliveryRefusedError,
    Reception,
    Use,
)
from gateway.deliveries.signatures import (
    DelivererKeys,
    DeliveryKeyError,
    new_delivery_key,
    sign_list,
    written_list,
)

__all__ = [
    "DelivererKeys",
    "DeliveryKeyError",
    "DeliveryQuarantinedError",
    "DeliveryRefusedError",
    "Reception",
    "Use",
    "new_delivery_key",
    "sign_list",
    "written_list",
]
