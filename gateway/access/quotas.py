"""How much one consumer may ask, of everybody and of one person; beyond it has to wait.

Counted is what was sent, before anybody looks whom it is about: the answer is the same whether
there is such a person, whether a measure protects them, and whatever others may ask.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adapters.contract import EventLog
from gateway.problems import Problem
from gateway.workers.arrivals import CONSUMER_BUCKETS, SUBJECT_BUCKETS, Arrivals

TELL_NS: Final = 60 * 10**9
"""How often the log tells of one consumer at most."""


class Lane(StrEnum):
    """What is counted together: to ask much never keeps anybody from taking back or protecting."""

    ASK = "ask"
    PROTECT = "protect"
    LINKAGE = "linkage"
    """The face for systems, whose client ids are of another register."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls in a minute, which may also come at once.

    ``own`` are consumers that may ask more or less than the others, by client id.
    """

    consumer: int
    subject: int
    own: Mapping[str, int] = field(default_factory=dict)

    def of(self, client_id: str) -> int:
        """Return what a consumer may ask in all."""
        return self.own.get(client_id, self.consumer)


@dataclass(slots=True)
class Quotas:
    """Counts for every process that has the same tables and the same secret."""

    rates: Rates
    log: EventLog
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    consumers: Arrivals = field(default_factory=lambda: Arrivals.alone(CONSUMER_BUCKETS))
    subjects: Arrivals = field(default_factory=lambda: Arrivals.alone(SUBJECT_BUCKETS))
    now_ns: Callable[[], int] = time.monotonic_ns
    _told: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def over_consumer(self, lane: Lane, municipality: str, client_id: str) -> Problem | None:
        """Count a call of a consumer; return ``quota-exceeded`` where it comes too soon."""
        who = self._digest(lane, municipality, client_id)
        too_soon_ns = self.consumers.arrive(who, self.rates.of(client_id), self.now_ns())
        return self._refusal("consumer", municipality, client_id, too_soon_ns)

    def over_subject(
        self, lane: Lane, municipality: str, client_id: str, subject: str
    ) -> Problem | None:
        """Count a call of a consumer about one person; return ``quota-exceeded`` likewise.

        ``subject`` is the handle or number as it was sent, whoever it is of.
        """
        whom = self._digest(lane, municipality, client_id, subject)
        too_soon_ns = self.subjects.arrive(whom, self.rates.subject, self.now_ns())
        return self._refusal("subject", municipality, client_id, too_soon_ns)

    def _digest(self, *parts: str) -> bytes:
        said = "\0".join(("quota", *parts)).encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, said, "sha256")

    def _refusal(
        self, quota: str, municipality: str, client_id: str, too_soon_ns: int
    ) -> Problem | None:
        if not too_soon_ns:
            return None
        self._tell(municipality, client_id)
        detail_ja, detail_en = _DETAILS[quota]
        return Problem(
            "quota-exceeded",
            detail_ja,
            detail_en,
            headers={"Retry-After": str(-(-too_soon_ns // 10**9))},
            extensions={"quota": quota},
        )

    def _tell(self, municipality: str, client_id: str) -> None:
        """Tell the officer on duty at once, then of all that came since, once a minute at most."""
        who = municipality, client_id
        now = self.now_ns()
        told_at, count = self._told.get(who, (now - TELL_NS, 0))
        if now - told_at < TELL_NS:
            self._told[who] = told_at, count + 1
            return
        self.log.error(
            "quota-exceeded", municipality=municipality, client_id=client_id, count=count + 1
        )
        self._told[who] = now, 0


_DETAILS: Final = {
    "consumer": (
        "この連携先の呼び出しが、一分間に認められた数を超えました。",
        "This consumer has made more calls than it may in a minute.",
    ),
    "subject": (
        "この連携先から同じ対象者への呼び出しが、一分間に認められた数を超えました。",
        "This consumer has asked about the same subject more often than it may in a minute.",
    ),
}
