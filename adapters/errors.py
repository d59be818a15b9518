"""What can go wrong in an adapter. The class decides what the engine does.

AdapterError
├── ConfigurationError      quarantine the adapter, tell the operator
├── AuthenticationFailed    stop, alert once, do not retry
├── Unavailable             the source is down or overloaded: back off
│   ├── PlannedUnavailable  the source is closed until a known time
│   ├── RateLimited         the source asks us to slow down
│   └── SourceTimeout       no answer within the deadline
├── BadAnswer               the source answered, but not what its interface promises
├── WrongSubject            the source answered with another person: discard, alarm
├── Rejected                the source refuses for a business reason
├── Conflict                the same key was used for something else
├── MappingFailed           a record as a whole cannot become a standard record
├── Unsupported             not declared in the manifest
├── NoHistory               the source cannot say what held on the day asked for
└── AdapterCrashed          anything else, wrapped

``detail`` is for the operator's log only and must not contain a personal value: name columns,
steps, offsets and codes, never contents. A person or system the source does not know is not an
error: the fetch result says so.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import ClassVar


class AdapterError(Exception):
    """Base of all adapter errors.

    Attributes:
        code: stable name, ``kebab-case``; safe to show.
        retryable: whether the same call may succeed later without a change.
        detail: for the operator's log; free of personal values.

    """

    code: ClassVar[str] = "adapter-error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ConfigurationError(AdapterError):
    """The settings or the manifest cannot work as they are."""

    code = "adapter-configuration"


class AuthenticationFailed(AdapterError):
    """The source refuses our credentials."""

    code = "source-authentication-failed"


class Unavailable(AdapterError):
    """The source cannot answer now. ``retry_after_s`` is a hint of the source, in seconds."""

    code = "source-unavailable"
    retryable = True

    def __init__(self, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class PlannedUnavailable(Unavailable):
    """The source is closed and has said when it opens again (``until``, aware)."""

    code = "source-closed"

    def __init__(self, detail: str, *, until: dt.datetime | None) -> None:
        super().__init__(detail)
        self.until = until


class RateLimited(Unavailable):
    """The source asks for fewer calls."""

    code = "source-rate-limited"


class SourceTimeout(Unavailable):
    """The source did not answer within the deadline."""

    code = "source-timeout"


class BadAnswer(AdapterError):
    """The source broke its own interface: cut body, HTML for JSON, wrong page, missing key."""

    code = "source-bad-answer"
    retryable = True


class Foreign(StrEnum):
    """How it was seen that an answer is not, or not provably, of the person asked for.

    ``lost-record``: a record could not become a standard record, as a rule because it names
    nobody; it is lost alone, the other records of the answer stay.
    """

    OTHER_NUMBER = "other-number"
    OTHER_LINK = "other-link"
    OTHER_MUNICIPALITY = "other-municipality"
    OTHER_GROUP = "other-group"
    NO_NUMBER = "no-number"
    LOST_RECORD = "lost-record"


class WrongSubject(AdapterError):
    """The source answered with a record of somebody else; ``kind`` is how that was seen."""

    code = "source-wrong-subject"

    def __init__(self, detail: str, *, kind: Foreign = Foreign.OTHER_NUMBER) -> None:
        super().__init__(detail)
        self.kind = kind


class Rejected(AdapterError):
    """The source refuses for a reason of its business; ``vendor_code`` names it."""

    code = "source-rejected"

    def __init__(self, detail: str, *, vendor_code: str) -> None:
        super().__init__(detail)
        self.vendor_code = vendor_code


class Conflict(AdapterError):
    """The same idempotency key came with another content; nothing was changed."""

    code = "source-conflict"


class MappingFailed(AdapterError):
    """The record cannot become a standard record at all, for example for lack of its key."""

    code = "mapping-failed"


class Unsupported(AdapterError):
    """A group or capability was asked for that the manifest does not declare."""

    code = "unsupported"


class NoHistory(AdapterError):
    """The source cannot say what held on the day asked for; today's records are no answer."""

    code = "source-no-history"


class AdapterCrashed(AdapterError):
    """Vendor code raised something outside this tree."""

    code = "adapter-crashed"
