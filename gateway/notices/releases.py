"""Who is told of statements that the gateway itself releases. Rules HN-1 and HN-2.

A statement goes to whoever has logged in, or to a consumer. The person's own login is no third
party. A consumer acts for a public body, by whose affair it was registered, so that nobody is told;
what a counter hands on to somebody else is reported by the counter. What is left is whoever acts in
the person's place: an agent (代理人), also where the law names them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.clock import TOKYO
from gateway.notices.schemas import CertificateKind, RequesterClass
from gateway.notices.service import delivery_row, notice_row
from gateway.notices.store import NoticeWriting
from gateway.subjects import Subject

_KINDS: Final = {
    "001": CertificateKind.JUMINHYO_KISAIJIKO,
    "003": CertificateKind.KOSEKI,
    "004": CertificateKind.KOSEKI_FUHYO,
}
"""Of which register a statement is, by its items: what it is called does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """What a representative obtained: of which person, and of which registers."""

    municipality: str
    client_id: str
    statement_id: str
    subject_id: str = field(repr=False)
    kinds: tuple[CertificateKind, ...]
    at: dt.datetime


def obtained(
    municipality: str,
    client_id: str,
    statement_id: str,
    subject: Subject,
    items: Iterable[str],
    at: dt.datetime,
) -> Obtained | None:
    """Return what is to be told if the person has registered; None where there is no third party.

    Args:
        items: references of the items that the statement holds.
    """
    businesses = {reference.partition(".")[0] for reference in items}
    kinds = tuple(kind for business, kind in _KINDS.items() if business in businesses)
    if subject.acting is None or not kinds:
        return None
    return Obtained(
        municipality=municipality,
        client_id=client_id,
        statement_id=statement_id,
        subject_id=subject.subject_id,
        kinds=kinds,
        at=at,
    )


async def note_obtained(writing: NoticeWriting, what: Obtained) -> None:
    """Keep the delivery and the notice of each register, if the person is registered on the day."""
    day = what.at.astimezone(TOKYO).date()
    if not await writing.is_registered(what.municipality, what.subject_id, day):
        return
    for kind in what.kinds:
        place = (what.municipality, what.client_id, f"{what.statement_id}.{kind.value}")
        said: dict[str, Any] = {
            "kind": kind.value,
            "delivered_on": day,
            "copies": 1,
            "requester": RequesterClass.AGENT.value,
        }
        await writing.keep(delivery_row(place, what.subject_id, said, 1))
        await writing.add(notice_row(place, what.subject_id, said, None, what.at))
