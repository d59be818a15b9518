"""Who is on a list, by its rows. Pure.

Source of the order and of what is said of heads: ``standard_models.values.households``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.households.bases import Basis
from standard_models.answers import Absence, Answer, Quality, Severity, UncertainDate, Value
from standard_models.values.ages import reached
from standard_models.values.households import rank_of
from standard_models.values.relationships import Relationship
from standard_models.values.three_valued import Judgement
from standard_models.values.unknown_dates import order_key

Row = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Ages in completed years that are wanted, both inclusive; None where nothing bounds them."""

    at_least: int | None = None
    at_most: int | None = None

    def holds(self, birth: Answer | None, day: dt.date) -> Judgement:
        """Tell whether somebody is of such an age at the end of ``day``.

        What the register does not know decides nothing: nobody is left out by a guess.
        """
        born = _born(birth)
        try:
            young = _not(reached(born, self.at_least, day)) if self.at_least else Judgement.NO
            old = reached(born, self.at_most + 1, day) if self.at_most is not None else Judgement.NO
        except ValueError:
            return Judgement.UNDECIDABLE
        if Judgement.YES in {young, old}:
            return Judgement.NO
        return Judgement.UNDECIDABLE if Judgement.UNDECIDABLE in {young, old} else Judgement.YES


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as the list names them. ``number`` is None where the row has none."""

    number: str | None = field(repr=False)
    row: Row = field(repr=False)

    def relationship(self, basis: Basis) -> Relationship | None:
        """Return how the member is related to the head, None where the list does not say."""
        labels = []
        for name in basis.relationship:
            answer = self.row.get(name)
            if isinstance(answer, Value):
                labels.append(answer.label or str(answer.value))
            elif not isinstance(answer, Absence) or answer.reason.value != "not-applicable":
                return None
        try:
            return Relationship(tuple(labels))
        except ValueError:
            return None

    def order(self, basis: Basis) -> tuple[tuple[int, int], tuple[dt.date, dt.date], str]:
        """Return the place in which the register lists the member."""
        born = _born(self.row.get(basis.birth or ""))
        key = order_key(born) if born is not None else (dt.date.max, dt.date.max)
        return rank_of(self.relationship(basis)), key, self.number or ""


def listed_members(basis: Basis, rows: Sequence[Row]) -> list[Listed]:
    """Return whom the rows name, each once, in the order of the register."""
    found: dict[str, Listed] = {}
    nameless: list[Listed] = []
    for row in rows:
        said = row.get(basis.member)
        if isinstance(said, Value):
            number = str(said.value)
            found.setdefault(number, Listed(number, row))
        else:
            nameless.append(Listed(None, row))
    return sorted([*found.values(), *nameless], key=lambda member: member.order(basis))


def heads_of(basis: Basis, members: Iterable[Listed]) -> tuple[Quality, ...]:
    """Return what is not right with the head: none is set, or there are two. Nobody is guessed."""
    if not basis.relationship:
        return ()
    relationships = [member.relationship(basis) for member in members]
    heads = sum(found is not None and found.is_head for found in relationships)
    if heads > 1:
        return (Quality("HEAD_CONFLICT", Severity.ERROR, {"heads": heads}),)
    return () if heads or not relationships else (Quality("HEAD_UNSET", Severity.WARNING),)


def _born(answer: Answer | None) -> dt.date | UncertainDate | None:
    if isinstance(answer, Value):
        try:
            return dt.date.fromisoformat(str(answer.value))
        except ValueError:
            return None
    return answer.uncertain if answer is not None else None


def _not(judgement: Judgement) -> Judgement:
    return {Judgement.YES: Judgement.NO, Judgement.NO: Judgement.YES}.get(judgement, judgement)
