"""SQL of persons and their numbers in the systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import SourceNumberRow, SubjectRow
from gateway.store.together import Together, padded
from gateway.subjects.links import Known, Number, Plan

CHUNK: Final = 2_000
_NUMBER: Final = SourceNumberRow.__table__.c
_OF_SUBJECTS: Final = (
    select(_NUMBER.municipality, _NUMBER.subject_id, _NUMBER.numbering, _NUMBER.number)
    .where(
        tuple_(_NUMBER.municipality, _NUMBER.subject_id).in_(bindparam("subjects", expanding=True))
    )
    .order_by(_NUMBER.numbering, _NUMBER.number)
)


class SubjectStore:
    """Rows of ``subject`` and ``source_number``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)
        self._numbers = Together(self._load_numbers)

    async def numbers(self, municipality: str, subject_id: str) -> Sequence[Any]:
        """Return the person's numbers, by numbering and number."""
        return await self._numbers.look_up((municipality, subject_id)) or ()

    async def _load_numbers(
        self, subjects: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Sequence[Any]]:
        rows = await self._store.look_up(_OF_SUBJECTS, {"subjects": padded(subjects)})
        found: dict[tuple[str, str], list[Any]] = {}
        for row in rows:
            found.setdefault((row.municipality, row.subject_id), []).append(row)
        return found

    async def numbers_of(self, municipality: str, subject_ids: Sequence[str]) -> Sequence[Any]:
        """Return subject id, numbering and number of several persons."""
        query = (
            select(SourceNumberRow.subject_id, SourceNumberRow.numbering, SourceNumberRow.number)
            .where(
                SourceNumberRow.municipality == municipality,
                SourceNumberRow.subject_id.in_(list(subject_ids)),
            )
            .order_by(SourceNumberRow.numbering, SourceNumberRow.number)
        )
        async with self._store.session() as session:
            return (await session.execute(query)).all()

    async def find(self, municipality: str, numbering: str, number: str) -> str | None:
        """Return the subject id of the person with this number."""
        async with self._store.session() as session:
            row = await session.get(SourceNumberRow, (municipality, numbering, number))
            return row.subject_id if row else None

    async def numbers_of_each(
        self, municipality: str, numbering: str, numbers: Collection[str]
    ) -> Sequence[Any]:
        """Return, for each known number of ``numbers``, all numbers of its person (``known``)."""
        named = aliased(SourceNumberRow)
        every = SourceNumberRow
        query = (
            select(named.number.label("known"), every.subject_id, every.numbering, every.number)
            .join(
                every,
                and_(
                    every.municipality == named.municipality,
                    every.subject_id == named.subject_id,
                ),
            )
            .where(
                named.municipality == municipality,
                named.numbering == numbering,
                named.number.in_(numbers),
            )
            .order_by(every.numbering, every.number)
        )
        async with self._store.session() as session:
            return (await session.execute(query)).all()

    async def numbers_in(self, municipality: str, numbering: str) -> Sequence[tuple[str, str]]:
        """Return subject id and number of everybody who has one in the numbering."""
        query = select(SourceNumberRow.subject_id, SourceNumberRow.number).where(
            SourceNumberRow.municipality == municipality, SourceNumberRow.numbering == numbering
        )
        async with self._store.session() as session:
            return [(row.subject_id, row.number) for row in await session.execute(query)]

    async def apply(
        self,
        municipality: str,
        plan_with: Callable[[Mapping[Number, Known]], tuple[Plan, AuditRecord]],
        now: dt.datetime,
        progress: Callable[[int, int], None],
    ) -> Plan:
        """Read what is linked, plan with it and write the plan, all in one transaction.

        ``plan_with`` raises to refuse; then nothing is written. ``progress`` is told how many of
        all numbers are written.
        """
        async with self._store.transaction() as session:
            plan, audit = plan_with(await _known(session, municipality))
            subjects = [
                {"municipality": municipality, "subject_id": s, "created_at": now}
                for s in plan.subjects
            ]
            for chunk in _chunks(subjects):
                await session.execute(insert(SubjectRow), chunk)
            links = _link_rows(municipality, plan, now)
            done = 0
            for chunk in _chunks(links):
                await session.execute(insert(SourceNumberRow), chunk)
                done += len(chunk)
                progress(done, len(links))
            for number, strength in plan.strengthened.items():
                await session.execute(_strengthen(municipality, number, strength, now))
            await self._audit.append_in(session, audit)
        return plan


async def _known(session: AsyncSession, municipality: str) -> dict[Number, Known]:
    columns = (
        SourceNumberRow.numbering,
        SourceNumberRow.number,
        SourceNumberRow.subject_id,
        SourceNumberRow.strength,
    )
    rows = await session.execute(
        select(*columns).where(SourceNumberRow.municipality == municipality)
    )
    return {(r.numbering, r.number): Known(r.subject_id, r.strength) for r in rows}


def _link_rows(municipality: str, plan: Plan, now: dt.datetime) -> list[dict[str, Any]]:
    return [
        {
            "municipality": municipality,
            "numbering": numbering,
            "number": number,
            "subject_id": known.subject_id,
            "strength": known.strength,
            "linked_at": now,
        }
        for (numbering, number), known in plan.links.items()
    ]


def _strengthen(municipality: str, number: Number, strength: str, now: dt.datetime) -> Any:
    return (
        update(SourceNumberRow)
        .where(
            SourceNumberRow.municipality == municipality,
            SourceNumberRow.numbering == number[0],
            SourceNumberRow.number == number[1],
        )
        .values(strength=strength, linked_at=now)
    )


def _chunks(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
