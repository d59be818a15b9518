"""What a citizen stated, handed to the system by a mapping."""

from __future__ import annotations

from adapters.contract import SubmitReceipt, SubmitRequest
from adapters.errors import BadAnswer, Conflict, Rejected, Unsupported
from adapters.mapped.core import MappedAdapter
from adapters.mapping.conversions import plain_text
from adapters.mapping.rows import ShapeError, read_path


class SubmittingAdapter(MappedAdapter):
    """Capability ``submit``."""

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        """Hand over the items of a submission; the system knows a repetition by its key.

        Raises:
            Unsupported: the mapping cannot hand over one of the items; nothing was sent.
            AdapterError: nothing was accepted, or nobody can tell.
        """
        rule = self.document.submit.get(request.group)
        if rule is None:
            raise Unsupported(f"the mapping does not hand over {request.group}")
        if unknown := sorted(set(request.items) - set(rule.items)):
            raise Unsupported(f"the mapping does not hand over {', '.join(unknown)}")
        items = self.dialect.slots(rule.items, request.items)
        slots = {**items, "number": request.number, "key": request.idempotency_key}
        try:
            answer = await self.ask(rule.call, slots, request.deadline)
            receipt = "" if answer is None else plain_text(read_path(answer, rule.receipt))
        except Rejected as refusal:
            if refusal.vendor_code in rule.conflict:
                raise Conflict("the key was used for another content") from None
            raise
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        if answer is None:
            raise Rejected("the source knows no such person", vendor_code="unknown-person")
        if not receipt:
            raise BadAnswer("the source took it without a receipt")
        return SubmitReceipt(receipt, self.host.clock.now())
