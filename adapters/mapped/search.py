"""Candidates by 基本4情報, by a mapping."""

from __future__ import annotations

from adapters.contract import FourFacts, GroupRecords, SearchPage, SearchRequest
from adapters.errors import BadAnswer, Rejected, Unsupported
from adapters.mapped.core import MappedAdapter
from adapters.mapped.pieces import elements_of, key_behind
from adapters.mapping.model import SearchRule
from adapters.mapping.rows import ShapeError
from adapters.mapping.times import as_of
from adapters.sources.base import Slots
from standard_models.answers import StandardRecord

TOO_FEW_FACTS = "too-few-facts"
"""As a vendor code: the source cannot search by what was stated."""


class SearchingAdapter(MappedAdapter):
    """Capability ``search``."""

    async def search(self, request: SearchRequest) -> SearchPage:
        """Return one page of candidates.

        Raises:
            AdapterError: the call failed, or the source cannot search by these facts.
        """
        rule = self.document.search
        if rule is None or request.group != rule.group:
            raise Unsupported(f"candidates are not records of {request.group}")
        slots = self._slots_of(rule, request.facts, request.page)
        read = self.document.reads[rule.read]
        answer = await self.ask(read, slots, request.deadline)
        retrieved_at = self.host.clock.now()
        plan = self.plans.plan(request.group, request.fields)
        records: list[StandardRecord] = []
        lost = 0
        try:
            elements = elements_of(answer if answer is not None else (), rule.people)
            for element in elements:
                converted = plan.convert(element if rule.people is not None else [element])
                records += converted.records
                lost += converted.lost
            further = key_behind(elements, rule.pages, request.page) if rule.pages else None
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        stated = as_of(read.as_of, answer) if read.as_of else None
        return SearchPage(GroupRecords(tuple(records), stated, retrieved_at, lost), further)

    def _slots_of(self, rule: SearchRule, facts: FourFacts, page: str | None) -> Slots:
        stated = {name: fact for name in rule.facts if (fact := getattr(facts, name)) is not None}
        if not any(stated.keys() >= set(needed) for needed in rule.needs):
            raise Rejected("the stated facts are too few", vendor_code=TOO_FEW_FACTS)
        written = self.dialect.slots(rule.facts, stated)
        if rule.pages:
            written |= {"after": page or "", "limit": rule.pages.size}
        return written
