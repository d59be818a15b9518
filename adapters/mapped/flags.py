"""People under protective measures, by a mapping."""

from __future__ import annotations

from adapters.contract import Deadline, FlagReport
from adapters.errors import BadAnswer, Unsupported
from adapters.mapped.core import MappedAdapter
from adapters.mapping.flags import read_flags
from adapters.mapping.rows import ShapeError
from adapters.mapping.times import as_of


class FlaggingAdapter(MappedAdapter):
    """Capability ``protection-flags``: the source is an authority on 支援措置."""

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return every flag of the source, complete or not at all.

        Raises:
            AdapterError: the list could not be read or mapped completely.
        """
        rule = self.document.protection_flags
        if rule is None:
            raise Unsupported("the mapping has no protection_flags")
        read = self.document.reads[rule.read]
        answer = await self.ask(read, {}, deadline)
        retrieved_at = self.host.clock.now()
        try:
            flags = read_flags(rule, answer or ())
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        stated = as_of(read.as_of, answer) if read.as_of else None
        return FlagReport(flags, stated, retrieved_at)
