"""Two officers who agree are two persons. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Texts: TypeAlias = tuple[str, str]
"""What is said, in Japanese and in English."""


def in_one_place(proposed_by: str, actor: str) -> bool:
    """Tell whether both act by command, or both in the console.

    One person may be known by two names in two places, and would agree with themselves. Officers
    are written ``cli:account`` and ``staff:id``.
    """
    return proposed_by.rpartition(":")[0] == actor.rpartition(":")[0]


def require_second(
    proposed_by: str,
    actor: str,
    refused: Callable[[str, str], Exception],
    *,
    alone: Texts,
    elsewhere: Texts,
) -> None:
    """Do nothing if ``actor`` is another person than who proposed.

    Raises:
        Exception: what ``refused`` makes of ``alone``, for a proposal of one's own, or of
            ``elsewhere``, for one from another place of work.
    """
    if proposed_by == actor:
        raise refused(*alone)
    if not in_one_place(proposed_by, actor):
        raise refused(*elsewhere)
