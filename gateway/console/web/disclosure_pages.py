"""The report for a resident who asked to be shown their records: a form, and the file."""

from __future__ import annotations

import unicodedata

from fastapi import Response

from gateway.console.persons import Persons
from gateway.console.records import Disclosures
from gateway.console.staff import Right
from gateway.console.web.shell import Shell, Visit


class DisclosurePages:
    """One form; a number is typed there and stands in no address."""

    def __init__(self, disclosures: Disclosures, persons: Persons) -> None:
        self._disclosures = disclosures
        self._persons = persons

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        shell.add("GET", "/disclosure", self.form, right=Right.DISCLOSURE)
        shell.add("POST", "/disclosure", self.write, right=Right.DISCLOSURE)

    async def form(self, visit: Visit) -> Response:
        """Show the form."""
        return self._form(visit)

    async def write(self, visit: Visit) -> Response:
        """Hand out the signed report of the person."""
        number = unicodedata.normalize("NFKC", visit.text("number", 40)).strip()
        numbering = visit.text("numbering", 40)
        if not number or numbering not in self._persons.numberings(visit.who.municipality):
            return self._form(visit, (("number", "person.give-number"),))
        made = await self._disclosures.write(
            visit.who,
            (numbering, number),
            visit.caller,
            at_counter=visit.text("how") == "counter",
        )
        if made is None:
            return self._form(visit, (("number", "person.nobody"),))
        report_id, content = made
        return Response(
            content,
            media_type="text/html",
            headers={
                "Content-Disposition": f'attachment; filename="disclosure-{report_id}.html"',
                "Cache-Control": "no-store",
            },
        )

    def _form(self, visit: Visit, errors: tuple[tuple[str, str], ...] = ()) -> Response:
        return visit.page(
            "console/disclosure.html",
            status=422 if errors else 200,
            errors=errors,
            numberings=self._persons.numberings(visit.who.municipality),
            typed={name: visit.text(name, 40) for name in ("numbering", "number", "how")},
        )
