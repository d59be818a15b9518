"""What a protection officer does: agree to a reveal of somebody else, and take it back."""

from __future__ import annotations

from fastapi import Response

from gateway.console.persons import Reveals
from gateway.console.persons.reveal import spoken
from gateway.console.persons.sheet import moment
from gateway.console.staff import LoginRefused, Right, StaffService
from gateway.console.web.shell import PageRefused, Shell, Visit
from gateway.store.tables import ProtectionOpeningRow


class ProtectionPages:
    """Proposals that wait, and what is open now. Nothing here is of a person."""

    def __init__(self, reveals: Reveals, staff: StaffService) -> None:
        self._reveals = reveals
        self._staff = staff

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        shell.add("GET", "/approvals", self.list, right=Right.PROTECTION)
        shell.add("POST", "/approvals/check", self.check, right=Right.PROTECTION)
        shell.add("POST", "/approvals", self.agree, right=Right.PROTECTION)
        shell.add("POST", "/approvals/close", self.close, right=Right.PROTECTION)

    async def list(self, visit: Visit) -> Response:
        """Show the lists."""
        waiting = [_shown(row) for row in await self._reveals.proposals(visit.who)]
        opened = [_shown(row) for row in await self._reveals.in_force(visit.who)]
        return visit.page(
            "console/approvals.html", waiting=waiting, opened=opened, own=visit.who.actor
        )

    async def check(self, visit: Visit) -> Response:
        """Show one proposal once more, before it is agreed to."""
        return await self._second_look(visit)

    async def agree(self, visit: Visit) -> Response:
        """Agree, after both factors once more."""
        password, code = visit.form.get("password", ""), visit.text("code", 6)
        try:
            await self._staff.confirm(visit.who, password, code, visit.caller)
        except LoginRefused:
            return await self._second_look(visit, (("password", "login.refused"),))
        await self._reveals.agree(visit.who, visit.text("opening", 32))
        return visit.redirect("/approvals")

    async def close(self, visit: Visit) -> Response:
        """Take back what is open or proposed: one officer is enough to protect."""
        await self._reveals.take_back(visit.who, visit.text("opening", 32))
        return visit.redirect("/approvals")

    async def _second_look(
        self, visit: Visit, errors: tuple[tuple[str, str], ...] = ()
    ) -> Response:
        opening = visit.text("opening", 32)
        rows = [r for r in await self._reveals.proposals(visit.who) if r.opening_id == opening]
        if not rows:
            raise PageRefused("approvals.gone", 404)
        return visit.page(
            "console/approval_check.html",
            status=403 if errors else 200,
            errors=errors,
            row=_shown(rows[0]),
        )


def _shown(row: ProtectionOpeningRow) -> dict[str, object]:
    """Return what a page shows of an opening: nothing of who it is for."""
    return {
        "opening": row.opening_id,
        "code": spoken(row.opening_id),
        "desk": row.client_id,
        "purpose": row.purpose_id,
        "reason": row.legal_basis,
        "by": row.proposed_by,
        "approved_by": row.approved_by or "",
        "at": moment(row.proposed_at),
        "until": moment(row.closes_at) if row.closes_at else "",
        "is_lift": row.number is not None,
        "items": len(row.items),
    }
