"""Every current record of a group, by a mapping."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from adapters.contract import ControlTotals, Deadline, ExtractChunk, LostRecord
from adapters.errors import BadAnswer, Unsupported
from adapters.mapped.core import MappedAdapter
from adapters.mapped.pieces import elements_of, key_behind
from adapters.mapping.conversions import plain_text
from adapters.mapping.model import ExtractRule
from adapters.mapping.row_plan import RowPlan
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of
from adapters.sources.base import Slots
from standard_models.answers import Quality, Severity, StandardRecord

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
        read = self.document.reads[rule.read]
        plan = self.plans.plan(group)
        key: str | None = after or ""
        piece = 0
        while key is not None:
            piece += 1
            deadline = Deadline.after(self.manifest.limits.timeout_s)
            slots: Slots = {"after": key, "limit": rule.pages.size}
            answer = await self.ask(read, slots, deadline)
            try:
                elements = elements_of(answer if answer is not None else (), rule.people)
                further = key_behind(elements, rule.pages, key)
                if elements:
                    last = plain_text(read_path(elements[-1], rule.pages.field))
                    yield _chunk(rule, plan, elements, piece, last)
            except ShapeError as error:
                raise BadAnswer(str(error)) from None
            key = further

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


def _number(answer: Any, path: str) -> int:
    text = plain_text(read_path(answer, path)) if answer else ""
    if not text.removeprefix("-").isdecimal():
        raise BadAnswer(f"the control total {path} is no number")
    return int(text)
