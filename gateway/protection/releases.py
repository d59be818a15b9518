"""Lists that are about to leave in bulk: letters, labels, extracts. Rule DV-7.

A list was right when it was made. What counts is who is protected when it leaves: whoever came
under protection since then is taken out and told of, and everybody else's row goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import ExplainedError
from gateway.protection.service import ProtectionService, ProtectionStatus

Numbers = Mapping[str, Sequence[str]]


class ReleaseRefusedError(ExplainedError):
    """Nothing may leave; the texts say why and what to do."""


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """Places in the list, from 0: of those who may not be on it, and how many may.

    ``unknown`` are those among them of whom it cannot be said who they are.
    """

    withheld: frozenset[int]
    released: int
    unknown: frozenset[int] = frozenset()


async def check_release(
    protection: ProtectionService,
    municipality: str,
    people: Sequence[Numbers | None],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReleaseCheck:
    """Return which places of a list must be left out now.

    Args:
        protection: with flags that were just read.
        municipality: 6-digit 団体コード.
        people: the numbers of each person by numbering; None for a row without a number, or with
            one that nobody is known by. It is left out: a number that lost its leading zeros in a
            spreadsheet stands among no flags (DV-3).
        progress: is told how many of how many were looked at.

    Raises:
        ReleaseRefusedError: at its beginning or end it is not known who is protected.

    """
    await _require_known(protection, municipality)
    withheld: set[int] = set()
    for place, numbers in enumerate(people):
        if numbers is None or await _is_protected(protection, municipality, numbers):
            withheld.add(place)
        progress(place + 1, len(people))
    await _require_known(protection, municipality)
    unknown = frozenset(place for place, numbers in enumerate(people) if numbers is None)
    return ReleaseCheck(frozenset(withheld), len(people) - len(withheld), unknown)


async def _is_protected(protection: ProtectionService, municipality: str, numbers: Numbers) -> bool:
    return await protection.status(municipality, numbers) is not ProtectionStatus.CLEAR


async def _require_known(protection: ProtectionService, municipality: str) -> None:
    if await protection.status(municipality, {}) is ProtectionStatus.UNKNOWN:
        raise ReleaseRefusedError(
            "支援措置を確認できないので出せません。hitotsu adapter ping で接続を確かめてください。",
            "It is not known who is protected, so nothing may leave: see `hitotsu adapter ping`.",
        )
