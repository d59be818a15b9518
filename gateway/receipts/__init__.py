"""Receipts: what was delivered, signed without a value in it, so that changes show later."""

from gateway.receipts.digests import IssuedPart
from gateway.receipts.service import ReceiptService

__all__ = ["IssuedPart", "ReceiptService"]
