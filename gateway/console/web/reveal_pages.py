"""Showing what protection withholds: the reason, a second look, and one minute on the screen."""

from __future__ import annotations

from fastapi import Response

from gateway.api.language import Language
from gateway.console.persons import REASONS, Looking, Persons, Reveals, RevealState
from gateway.console.persons.reveal import SHOWN_S, RevealRefused, check_reason
from gateway.console.persons.sheet import sheet_of
from gateway.console.staff import LoginRefused, Right, StaffService
from gateway.console.web.shell import PREFIX, PageRefused, Shell, Visit
from standard_models.dictionary import Dictionary

Errors = tuple[tuple[str, str], ...]


class RevealPages:
    """Three steps: why; is that so, and is it you; shown, or put before a second officer."""

    def __init__(
        self, persons: Persons, reveals: Reveals, staff: StaffService, dictionary: Dictionary
    ) -> None:
        self._persons = persons
        self._reveals = reveals
        self._staff = staff
        self._dictionary = dictionary

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        shell.add("GET", "/reveals/{reference}", self.standing, right=Right.REVEAL)
        shell.add("POST", "/reveals/{reference}/check", self.check, right=Right.REVEAL)
        shell.add("POST", "/reveals/{reference}", self.act, right=Right.REVEAL)

    async def standing(self, visit: Visit) -> Response:
        """Show how it stands, and the form for the reason."""
        return await self._standing(visit, await self._looking(visit))

    async def check(self, visit: Visit) -> Response:
        """Show what is about to happen, to be looked at a second time."""
        looking = await self._looking(visit)
        reason, case = visit.text("reason", 40), visit.text("case", 40)
        try:
            check_reason(reason, case)
        except RevealRefused as refused:
            field = "reason" if refused.key == "reveal.choose-reason" else "case"
            return await self._standing(visit, looking, ((field, refused.key),))
        return await self._second_look(visit, looking)

    async def act(self, visit: Visit) -> Response:
        """Show it, or ask a second officer; only after both factors once more."""
        looking = await self._looking(visit)
        reason, case = visit.text("reason", 40), visit.text("case", 40)
        standing = await self._reveals.standing(looking)
        password, code = visit.form.get("password", ""), visit.text("code", 6)
        try:
            check_reason(reason, case)
            await self._staff.confirm(visit.who, password, code, visit.caller)
            if standing.state is RevealState.NEEDS_SECOND:
                await self._reveals.propose(looking, reason, case)
                return visit.redirect(f"/reveals/{looking.reference}")
            parts = await self._reveals.show(looking, reason, case)
        except LoginRefused:
            return await self._second_look(visit, looking, (("password", "login.refused"),))
        except RevealRefused as refused:
            return await self._standing(visit, looking, (("reason", refused.key),))
        businesses = await self._persons.businesses(looking)
        response = visit.page(
            "console/revealed.html",
            reference=looking.reference,
            duty=looking.duty,
            groups=sheet_of(parts, businesses, visit.language),
            seconds=SHOWN_S,
            guarded=True,
        )
        # Hides it again without a script, also where nobody sits at the screen any more.
        back = f"{visit.root}{PREFIX}/persons/{looking.reference}"
        response.headers["Refresh"] = f"{SHOWN_S}; url={back}"
        return response

    async def _looking(self, visit: Visit) -> Looking:
        """Return what is looked at, if the member may ask for more of it at this very desk."""
        looking = await self._persons.looking(visit.who, visit.path("reference"), visit.caller)
        if visit.who.find_duty(Right.REVEAL, *looking.duty.asker) is None:
            raise PageRefused("error.right", 403)
        return looking

    async def _standing(self, visit: Visit, looking: Looking, errors: Errors = ()) -> Response:
        standing = await self._reveals.standing(looking)
        return visit.page(
            "console/reveal.html",
            status=422 if errors else 200,
            errors=errors,
            standing=standing,
            states=RevealState,
            guarded=standing.state is not RevealState.CLEAR,
            **self._about(visit, looking),
        )

    async def _second_look(self, visit: Visit, looking: Looking, errors: Errors = ()) -> Response:
        standing = await self._reveals.standing(looking)
        found = (self._dictionary.find_item(ref) for ref in standing.items)
        return visit.page(
            "console/reveal_check.html",
            status=403 if errors else 200,
            errors=errors,
            standing=standing,
            states=RevealState,
            guarded=standing.state is not RevealState.CLEAR,
            items=[item.name for item in found if item],
            seconds=SHOWN_S,
            **self._about(visit, looking),
        )

    @staticmethod
    def _about(visit: Visit, looking: Looking) -> dict[str, object]:
        place = 1 if visit.language is Language.EN else 0
        return {
            "reference": looking.reference,
            "duty": looking.duty,
            "reasons": {key: texts[place] for key, texts in REASONS.items()},
            "typed": {"reason": visit.text("reason", 40), "case": visit.text("case", 40)},
        }
