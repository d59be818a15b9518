"""Every current record of a group, by a mapping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import Any, Final

from adapters.contract import ControlTotals, Deadline, ExtractChunk, LostRecord
from adapters.errors import BadAnswer, Unsupported
from adapters.files.records import FileRecord
from adapters.mapped.core import MappedAdapter
from adapters.mapped.pieces import elements_of, key_behind
from adapters.mapping.conversions import plain_text
from adapters.mapping.model import ExtractRule, Keyset
from adapters.mapping.row_plan import RowPlan
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of
from adapters.sources.base import Slots
from adapters.sources.files import RecordSource
from standard_models.answers import Quality, Severity, StandardRecord

AT_ONCE: Final = 500
"""Records of a file that are held at one time."""

NO_SUBJECT: Final = Quality("NO_SUBJECT", Severity.REJECT, {})


class ExtractingAdapter(MappedAdapter):
    """Capability ``extract``."""

    async def control_totals(self, group: str, deadline: Deadline) -> ControlTotals:
        """Return the count, sums and data time that the source states for ``group``.

        Raises:
            AdapterError: the call failed, or what is stated is no number.
        """
        rule = self._rule(group).totals
        if rule is None:
            return ControlTotals()
        read = self.document.reads[rule.read]
        answer = await self.ask(read, {}, deadline)
        first = answer[0] if isinstance(answer, list) and answer else answer
        try:
            records = _number(first, rule.records) if rule.records else None
            sums = {name: _number(first, path) for name, path in rule.sums.items()}
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        return ControlTotals(records, sums, as_of(read.as_of, answer) if read.as_of else None)

    async def extract(self, group: str, after: str | None = None) -> AsyncIterator[ExtractChunk]:
        """Yield pieces of the whole list, each with the checkpoint behind it.

        Raises:
            AdapterError: the extract cannot go on; what was yielded stays good.
        """
        rule = self._rule(group)
        plan = self.plans.plan(group)
        whole = (
            self._records(rule, plan, after)
            if rule.pages is None
            else self._pieces(rule, rule.pages, plan, after)
        )
        async for chunk in whole:
            yield chunk

    async def _pieces(
        self, rule: ExtractRule, pages: Keyset, plan: RowPlan, after: str | None
    ) -> AsyncIterator[ExtractChunk]:
        read = self.document.reads[rule.read]
        key: str | None = after or ""
        piece = 0
        while key is not None:
            piece += 1
            deadline = Deadline.after(self.manifest.limits.timeout_s)
            slots: Slots = {"after": key, "limit": pages.size}
            answer = await self.ask(read, slots, deadline)
            try:
                elements = elements_of(answer if answer is not None else (), rule.people)
                further = key_behind(elements, pages, key)
                if elements:
                    last = plain_text(read_path(elements[-1], pages.field))
                    yield _chunk(rule, plan, elements, piece, last)
            except ShapeError as error:
                raise BadAnswer(str(error)) from None
            key = further

    async def _records(
        self, rule: ExtractRule, plan: RowPlan, after: str | None
    ) -> AsyncIterator[ExtractChunk]:
        """Yield the records of a file, off the loop; the checkpoint is the last record's number.

        A file is read from its beginning even after a checkpoint: what its trailer says holds for
        all of it.
        """
        if not isinstance(self._source, RecordSource):
            raise Unsupported("the source hands over no files")
        found = self._source.records(rule.read, self.document.reads[rule.read])
        if after is not None and not after.isdecimal():
            raise Unsupported("a checkpoint of a file is the number of a record")
        done = int(after or 0)
        while piece := await asyncio.to_thread(lambda: list(islice(found, AT_ONCE))):
            if wrong := [f.quality.code for r in piece if r.control for f in r.findings]:
                raise BadAnswer(f"the file as a whole: {', '.join(dict.fromkeys(wrong))}")
            if new := [r for r in piece if r.number > done and not r.control]:
                yield _of_records(plan, new)

    def _rule(self, group: str) -> ExtractRule:
        try:
            return self.document.extract[group]
        except KeyError:
            raise Unsupported(f"the mapping does not extract {group}") from None


def _chunk(
    rule: ExtractRule, plan: RowPlan, elements: Sequence[Any], piece: int, checkpoint: str
) -> ExtractChunk:
    """Return what a piece became. An element without any record was left out by the mapping."""
    records: list[StandardRecord] = []
    lost: list[LostRecord] = []
    skipped = 0
    for place, element in enumerate(elements, 1):
        converted = plan.convert(element if rule.people is not None else [element])
        records += converted.records
        lost += [LostRecord(f"piece {piece}, element {place}", (NO_SUBJECT,))] * converted.lost
        skipped += not converted.records and not converted.lost
    return ExtractChunk(tuple(records), tuple(lost), skipped, len(elements), checkpoint)


def _of_records(plan: RowPlan, found: Sequence[FileRecord]) -> ExtractChunk:
    """Return what records of a file became; a damaged one is lost whole, with its findings."""
    records: list[StandardRecord] = []
    lost: list[LostRecord] = []
    skipped = 0
    for record in found:
        place = record.place
        if record.record is None:
            lost.append(LostRecord(place, tuple(f.quality for f in record.findings)))
            continue
        try:
            converted = plan.convert(record.record)
        except ShapeError:
            lost.append(LostRecord(place, (NO_SUBJECT,)))
            continue
        records += converted.records
        lost += [LostRecord(place, (NO_SUBJECT,))] * converted.lost
        skipped += not converted.records and not converted.lost
    return ExtractChunk(tuple(records), tuple(lost), skipped, len(found), str(found[-1].number))


def _number(answer: Any, path: str) -> int:
    text = plain_text(read_path(answer, path)) if answer else ""
    if not text.removeprefix("-").isdecimal():
        raise BadAnswer(f"the control total {path} is no number")
    return int(text)
