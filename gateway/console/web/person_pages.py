"""Finding a person, and the pages that show them."""

from __future__ import annotations

import unicodedata

from fastapi import Response

from gateway.console.persons import Persons, ViewOver
from gateway.console.persons.sheet import sheet_of
from gateway.console.staff import Duty, Right
from gateway.console.web.shell import Shell, Visit
from standard_models.dictionary import Dictionary


class PersonPages:
    """One form, and one page for each business of a person."""

    def __init__(self, persons: Persons, dictionary: Dictionary) -> None:
        self._persons = persons
        self._dictionary = dictionary

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        right = Right.VIEW_PERSON
        shell.add("GET", "/persons", self.form, right=right)
        shell.add("POST", "/persons", self.find, right=right)
        shell.add("GET", "/persons/{reference}", self.person, right=right)
        shell.add("GET", "/persons/{reference}/{business}", self.person, right=right)
        shell.add("POST", "/persons/{reference}/duty", self.also_for, right=right)

    async def form(self, visit: Visit) -> Response:
        """Show the form; a number is typed here and stands in no address."""
        return self._form(visit)

    async def find(self, visit: Visit) -> Response:
        """Look for the person and lead to their page."""
        duty = duty_of(visit, Right.VIEW_PERSON)
        number = unicodedata.normalize("NFKC", visit.text("number", 40)).strip()
        numbering = visit.text("numbering", 40)
        if duty is None:
            return self._form(visit, (("duty", "person.choose-duty"),))
        if not number or numbering not in self._persons.numberings(visit.who.municipality):
            return self._form(visit, (("number", "person.give-number"),))
        reference = await self._persons.find(visit.who, duty, (numbering, number), visit.caller)
        if reference is None:
            return self._form(visit, (("number", "person.nobody"),))
        return visit.redirect(f"/persons/{reference}")

    async def person(self, visit: Visit) -> Response:
        """Show what the duty may see of one business. Each showing is a look of its own."""
        looking = await self._persons.looking(visit.who, visit.path("reference"), visit.caller)
        businesses = await self._persons.businesses(looking)
        business = visit.request.path_params.get("business", next(iter(businesses)))
        if business not in businesses:
            raise ViewOver
        sheets = await self._persons.sheets(looking, business)
        return visit.page(
            "console/person.html",
            reference=looking.reference,
            duty=looking.duty,
            duties=[d for d in visit.who.duties[Right.VIEW_PERSON] if d != looking.duty],
            businesses=businesses,
            business=business,
            guarded=sheets.guarded,
            may_ask=sheets.guarded
            and visit.who.find_duty(Right.REVEAL, *looking.duty.asker) is not None,
            groups=sheet_of(sheets.parts, businesses, visit.language),
        )

    async def also_for(self, visit: Visit) -> Response:
        """Lead to the same person as another duty of the member sees them."""
        looking = await self._persons.looking(visit.who, visit.path("reference"), visit.caller)
        duty = duty_of(visit, Right.VIEW_PERSON)
        if duty is None:
            raise ViewOver
        return visit.redirect(f"/persons/{await self._persons.also_for(looking, duty)}")

    def _form(self, visit: Visit, errors: tuple[tuple[str, str], ...] = ()) -> Response:
        return visit.page(
            "console/persons.html",
            status=422 if errors else 200,
            errors=errors,
            duties=visit.who.duties[Right.VIEW_PERSON],
            numberings=self._persons.numberings(visit.who.municipality),
            typed={name: visit.text(name, 130) for name in ("duty", "numbering", "number")},
        )


def duty_of(visit: Visit, right: Right) -> Duty | None:
    """Return the duty that a form names, if the member holds the right for it."""
    client_id, _, purpose_id = visit.text("duty", 130).partition("/")
    return visit.who.find_duty(right, client_id, purpose_id)
