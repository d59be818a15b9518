"""Records of one person, by the reads and row plans of a mapping."""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.contract import Deadline, FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, BadAnswer, Unsupported, WrongSubject
from adapters.mapped.core import MappedAdapter
from adapters.mapping.conversions import plain_text
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of


class FetchingAdapter(MappedAdapter):
    """Capability ``fetch``."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return the records of every group asked for; a read that groups share is made once.

        Raises:
            Unsupported: the mapping does not cover a group.
        """
        unknown = [ref for ref in request.groups if ref not in self.document.groups]
        if unknown:
            raise Unsupported(f"the mapping does not cover {', '.join(unknown)}")
        names = list(dict.fromkeys(self.document.groups[ref].read for ref in request.groups))
        async with asyncio.TaskGroup() as side_by_side:
            asked = {
                name: side_by_side.create_task(self._read(name, request.number, request.deadline))
                for name in names
            }
        answers = {name: task.result() for name, task in asked.items()}
        number = request.number
        return FetchResult(
            {
                ref: self._convert(ref, wanted, answers[self.document.groups[ref].read], number)
                for ref, wanted in request.groups.items()
            }
        )

    async def _read(self, name: str, number: str, deadline: Deadline) -> Any:
        """Return the answer of a read, or the error that hit it."""
        try:
            return await self.ask(self.document.reads[name], {"number": number}, deadline)
        except AdapterError as error:
            return error

    def _convert(
        self, ref: str, wanted: frozenset[str], answer: Any, number: str
    ) -> GroupRecords | AdapterError:
        if isinstance(answer, AdapterError):
            return answer
        retrieved_at = self.host.clock.now()
        if answer is None:
            return GroupRecords((), None, retrieved_at)
        try:
            converted = self.plans.plan(ref, wanted).convert(answer)
            if not converted.records and self._is_of_another(ref, answer, number):
                return WrongSubject("an answer without records echoed another number")
        except ShapeError as error:
            return BadAnswer(str(error))
        rule = self.document.reads[self.document.groups[ref].read].as_of
        stated = as_of(rule, answer) if rule else None
        return GroupRecords(converted.records, stated, retrieved_at, converted.lost)

    def _is_of_another(self, ref: str, answer: Any, number: str) -> bool:
        """Tell whether the answer as a whole names somebody else.

        Records carry the echoed number to the guard. An answer without any carries nothing, and
        somebody else's would say that the person asked for has no records.
        """
        subject = self.document.groups[ref].subject
        return subject.startswith("/") and plain_text(read_path(answer, subject)) != number
