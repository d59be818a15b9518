"""The searches of the audit record as pages, and their results as files."""

from __future__ import annotations

import unicodedata

from fastapi import Response

from gateway.console.persons import Persons
from gateway.console.records import SEARCHES, Asked, Found, Search, Searches, WrongAsked
from gateway.console.staff import Right
from gateway.console.web.shell import PageRefused, Shell, Visit
from gateway.console.web.words import words
from gateway.spreadsheets import CSV_TYPE, XLSX_TYPE, TooManyRowsError, csv_of, workbook_of

PAGE_ROWS = 50
_FIGURES = {
    "at_least": (2, 100_000, 10),
    "days": (1, 366, 1),
    "more_than": (1, 100_000, 100),
    "failed": (0, 100_000, 1),
}
"""Least, most and usual figure of each field of figures."""


class AuditPages:
    """One page for each search; what was typed is sent in bodies alone."""

    def __init__(self, searches: Searches, persons: Persons) -> None:
        self._searches = searches
        self._persons = persons

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        shell.add("GET", "/audit", self.menu, right=Right.AUDIT)
        shell.add("GET", "/audit/{search}", self.form, right=Right.AUDIT)
        shell.add("POST", "/audit/{search}", self.find, right=Right.AUDIT)
        shell.add("POST", "/audit/{search}/export", self.export, right=Right.EXPORT)

    async def menu(self, visit: Visit) -> Response:
        """Show which searches there are."""
        return visit.page("console/audit.html", searches=SEARCHES)

    async def form(self, visit: Visit) -> Response:
        """Show an empty form."""
        return self._page(visit, _search(visit))

    async def find(self, visit: Visit) -> Response:
        """Search and show one page of what was found."""
        search = _search(visit)
        try:
            found = await self._found(visit, search, "audit-search")
        except WrongAsked as wrong:
            return self._page(visit, search, ((wrong.field, wrong.key),))
        return self._page(visit, search, found=found)

    async def export(self, visit: Visit) -> Response:
        """Search anew and hand out everything that was found; the search is a right as well.

        Raises:
            PageRefused: the member may take files out, but not search; or it is too much for a
                workbook.
        """
        search = _search(visit)
        if Right.AUDIT not in visit.who.rights:
            raise PageRefused("error.right", 403)
        try:
            found = await self._found(visit, search, "audit-export")
        except WrongAsked as wrong:
            return self._page(visit, search, ((wrong.field, wrong.key),))
        said = words(visit.language)
        heads = [said[key] for key in found.columns]
        workbook = visit.text("file", 4) == "xlsx"
        try:
            content = (
                workbook_of(heads, found.rows, said[f"audit.{search.name}"])
                if workbook
                else csv_of(heads, found.rows)
            )
        except TooManyRowsError:
            raise PageRefused("audit.too-many-rows", 422) from None
        name = f"audit-{search.name}.{'xlsx' if workbook else 'csv'}"
        return Response(
            content,
            media_type=XLSX_TYPE if workbook else CSV_TYPE,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    async def _found(self, visit: Visit, search: Search, function: str) -> Found:
        return await self._searches.find(
            visit.who, self._asked(visit, search), visit.caller, function=function
        )

    def _asked(self, visit: Visit, search: Search) -> Asked:
        """Return the filled form.

        Raises:
            WrongAsked: a field is missing or wrong.
        """
        municipality = visit.who.municipality
        window = self._searches.window(
            municipality, visit.text("since", 10), visit.text("until", 10)
        )
        person = None
        if "number" in search.fields:
            number = unicodedata.normalize("NFKC", visit.text("number", 40)).strip()
            numbering = visit.text("numbering", 40)
            if not number or numbering not in self._persons.numberings(municipality):
                raise WrongAsked("number", "person.give-number")
            person = (numbering, number)
        texts = {name: visit.text(name, 100) for name in ("client", "terminal", "without")}
        if search.name == "client" and not texts["client"]:
            raise WrongAsked("client", "audit.give-client")
        numbers = {name: _figure(visit, name) for name in _FIGURES if name in search.fields}
        return Asked(search, window, texts, numbers, person)

    def _page(
        self,
        visit: Visit,
        search: Search,
        errors: tuple[tuple[str, str], ...] = (),
        found: Found | None = None,
    ) -> Response:
        rows = found.rows if found else ()
        pages = max(1, -(-len(rows) // PAGE_ROWS))
        asked_page = visit.text("page", 6)
        page = min(pages, max(1, int(asked_page) if asked_page.isdecimal() else 1))
        names = ("since", "until", *search.fields)
        usual = {name: str(figures[2]) for name, figures in _FIGURES.items()}
        return visit.page(
            "console/audit_search.html",
            status=422 if errors else 200,
            errors=errors,
            search=search,
            found=found,
            guarded=found is not None and found.guarded,
            rows=rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
            page=page,
            pages=pages,
            numberings=self._persons.numberings(visit.who.municipality),
            typed={name: visit.text(name, 100) or usual.get(name, "") for name in names},
        )


def _search(visit: Visit) -> Search:
    found = SEARCHES.get(visit.path("search"))
    if found is None:
        raise PageRefused("audit.no-search", 404)
    return found


def _figure(visit: Visit, name: str) -> int:
    least, most, usual = _FIGURES[name]
    text = visit.text(name, 7)
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise WrongAsked(name, "audit.figure")
    return int(text)
