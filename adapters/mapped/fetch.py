"""Records of one person, by the reads and row plans of a mapping."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, BadAnswer, Foreign, NoHistory, Unsupported, WrongSubject
from adapters.mapped.core import MappedAdapter
from adapters.mapped.pieces import elements_of
from adapters.mapping.conversions import plain_text
from adapters.mapping.row_plan import codes_of_town
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of
from adapters.sources.base import Slots


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
        answerable = [ref for ref in request.groups if self._read_of(ref, request) is not None]
        names = list(dict.fromkeys(self._read_of(ref, request) for ref in answerable))
        if len(names) == 1 and len(answerable) == len(request.groups) and names[0]:
            return FetchResult(await self._read(names[0], request))
        async with asyncio.TaskGroup() as side_by_side:
            asked = [side_by_side.create_task(self._read(name, request)) for name in names if name]
        found = {ref: outcome for task in asked for ref, outcome in task.result().items()}
        beyond = NoHistory("the mapping has no history of the group")
        return FetchResult({ref: found.get(ref, beyond) for ref in request.groups})

    def _read_of(self, ref: str, request: FetchRequest) -> str | None:
        """Return the read that feeds a group, None if there is none for the day asked for."""
        if request.on is None:
            return self.document.groups[ref].read
        history = self.document.history.get(ref)
        return history.read if history else None

    async def _read(
        self, name: str, request: FetchRequest
    ) -> Mapping[str, GroupRecords | AdapterError]:
        """Return what one read says of each group that is made from it.

        Converted before anything else runs: a source that uses a container again for the next
        answer does not change this one.
        """
        fed = {r: w for r, w in request.groups.items() if self._read_of(r, request) == name}
        answer: Any
        try:
            slots = self._slots_on(next(iter(fed)), request)
            answer = await self.ask(self.document.reads[name], slots, request.deadline)
        except AdapterError as error:
            answer = error
        return {ref: self._convert(ref, wanted, answer, request) for ref, wanted in fed.items()}

    def _slots_on(self, ref: str, request: FetchRequest) -> Slots:
        if request.on is None:
            return {"number": request.number}
        day = self.dialect.slots({"day": self.document.history[ref].day}, {"day": request.on})
        return {"number": request.number, **day}

    def _convert(
        self, ref: str, wanted: frozenset[str], answer: Any, request: FetchRequest
    ) -> GroupRecords | AdapterError:
        if isinstance(answer, AdapterError):
            return answer
        retrieved_at = self.host.clock.now()
        if answer is None:
            return GroupRecords((), None, retrieved_at)
        try:
            self._require_clear(ref, answer, request)
            converted = self.plans.plan(ref, wanted).convert(answer)
            if not converted.records:
                self._require_own(ref, answer, request.number)
        except (NoHistory, WrongSubject) as error:
            return error
        except ShapeError as error:
            return BadAnswer(str(error))
        rule = self.document.reads[self._read_of(ref, request) or ""].as_of
        stated = as_of(rule, answer) if rule else None
        return GroupRecords(converted.records, stated, retrieved_at, converted.lost)

    def _require_clear(self, ref: str, answer: Any, request: FetchRequest) -> None:
        """Do nothing unless the source does not know whether a record held on the day asked for.

        Raises:
            NoHistory: it does not.
            ShapeError: there is no list of records.
        """
        history = self.document.history.get(ref) if request.on is not None else None
        if history is None or history.unclear is None:
            return
        elements = elements_of(answer, self.document.groups[ref].records or None)
        if any(plain_text(read_path(element, history.unclear)) for element in elements):
            raise NoHistory("the source does not know what held on the day")

    def _require_own(self, ref: str, answer: Any, number: str) -> None:
        """Do nothing unless an answer without records names somebody else as a whole.

        Records carry the echoed number to the guard. An answer without any carries nothing, and
        somebody else's would say that the person asked for has no records.

        Raises:
            WrongSubject: it does.
        """
        rule = self.document.groups[ref]
        if rule.subject.startswith("/"):
            echoed = plain_text(read_path(answer, rule.subject))
            if echoed != number:
                kind = Foreign.OTHER_NUMBER if echoed else Foreign.NO_NUMBER
                raise WrongSubject("an answer without records echoed another number", kind=kind)
        town = rule.municipality
        if town is None or not town.startswith("/"):
            return
        if plain_text(read_path(answer, town)) not in codes_of_town(self.host.municipality):
            raise WrongSubject(
                "an answer without records is of another town", kind=Foreign.OTHER_MUNICIPALITY
            )
