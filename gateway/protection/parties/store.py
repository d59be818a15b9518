"""SQL of whom measures name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import FromClause, select, tuple_

from gateway.protection.measures import HoldCause
from gateway.store.engine import Store
from gateway.store.tables import ProtectionFlagRow, ProtectionMeasureRow

NOBODY = ("-", "-")
"""Asked for where there is nobody to ask for, so that the time it takes tells nothing."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom one measure names: by numbers of its numbering or, of an officer's, by subject id.

    A measure that stayed behind when a flag went names by number, as the flag did.
    """

    numbering: str
    number: str = field(repr=False)
    by_officer: bool
    other_parties: tuple[str, ...] = field(repr=False)


class PartiesStore:
    """Reads ``protection_flag`` and ``protection_measure``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def named(self, municipality: str, numbers: Iterable[tuple[str, str]]) -> Sequence[Named]:
        """Return every measure that protects whoever has one of these numbers."""
        pairs = [*numbers] or [NOBODY]
        flag, measure = ProtectionFlagRow.__table__, ProtectionMeasureRow.__table__
        # A hold for returned mail and the like protects from nobody.
        ours = measure.c.ended_at.is_(None) & measure.c.kind.not_in([c.value for c in HoldCause])
        async with self._store.session() as session:
            flags = await session.execute(_of(flag, municipality, pairs))
            query = _of(measure, municipality, pairs).add_columns(measure.c.source).where(ours)
            measures = await session.execute(query)
            return [_named(row, by_officer=False) for row in flags] + [
                _named(row, by_officer=row.source is None) for row in measures
            ]


def _of(table: FromClause, municipality: str, pairs: Sequence[tuple[str, str]]) -> Any:
    columns = table.c
    return select(columns.numbering, columns.number, columns.other_parties).where(
        columns.municipality == municipality,
        tuple_(columns.numbering, columns.number).in_(pairs),
    )


def _named(row: Any, *, by_officer: bool) -> Named:
    return Named(row.numbering, row.number, by_officer, tuple(row.other_parties or ()))
