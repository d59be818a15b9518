"""What citizens state once: kept with their consent, used again, handed to systems."""

from gateway.submissions.delivery import OutboxDelivery
from gateway.submissions.service import SubmissionService
from gateway.submissions.stated import STATED, StatedPart, StatedValues
from gateway.submissions.store import SubmissionStore

__all__ = [
    "STATED",
    "OutboxDelivery",
    "StatedPart",
    "StatedValues",
    "SubmissionService",
    "SubmissionStore",
]
