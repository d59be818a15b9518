"""Two officers who agree are two persons. Pure."""

from __future__ import annotations


def in_one_place(proposed_by: str, actor: str) -> bool:
    """Tell whether both act by command, or both in the console.

    One person may be known by two names in two places, and would agree with themselves. Officers
    are written ``cli:account`` and ``staff:id``.
    """
    return proposed_by.rpartition(":")[0] == actor.rpartition(":")[0]
