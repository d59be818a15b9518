"""Notices on their way to people: by post, or over the office for whoever is protected. Rule HN-4.

Who may be written to by post is looked up when the notices leave, with flags that were just read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.notices.schemas import CLASSES_JA, KINDS_JA
from gateway.protection import ProtectionService
from gateway.protection.releases import check_release
from gateway.store.tables import NoticeRow

HEADINGS: Final = ("通知番号", "交付日", "種別", "通数", "請求者の種別", "訂正する通知", "宛名番号")


@dataclass(frozen=True, slots=True)
class Sorted:
    """Notices that may go by post, and those that go over the office alone."""

    by_post: Sequence[NoticeRow]
    by_office: Sequence[NoticeRow]


async def sort_out(
    protection: ProtectionService,
    municipality: str,
    notices: Sequence[NoticeRow],
    numbers: Mapping[str, Mapping[str, Sequence[str]]],
) -> Sorted:
    """Return how each notice may go. ``numbers`` are those of each person by subject id.

    Raises:
        ReleaseRefusedError: it is not known who is protected, so nothing may go.
    """
    people = [numbers.get(notice.subject_id) for notice in notices]
    check = await check_release(protection, municipality, people)
    return Sorted(
        [n for place, n in enumerate(notices) if place not in check.withheld],
        [n for place, n in enumerate(notices) if place in check.withheld],
    )


def lines_of(
    notices: Iterable[NoticeRow],
    numbers: Mapping[str, Mapping[str, Sequence[str]]],
    numbering: str,
) -> list[tuple[str, ...]]:
    """Return what the file says: date, kind, copies, class of requester, and whom to tell."""
    return [
        (
            notice.notice_id,
            notice.delivered_on.isoformat(),
            KINDS_JA[notice.kind],
            str(notice.copies),
            CLASSES_JA[notice.requester],
            notice.corrects or "",
            next(iter(numbers.get(notice.subject_id, {}).get(numbering, ())), ""),
        )
        for notice in notices
    ]
