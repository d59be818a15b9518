"""Measures of protection and holds: the list, one of them, a new one, and their end."""

from __future__ import annotations

import datetime as dt
import unicodedata
from enum import StrEnum
from typing import TypeVar

from fastapi import Response

from gateway.console.measures import Draft, DraftRefused, MeasureDesk, Shown, ShownPage
from gateway.console.persons import Persons
from gateway.console.persons.reveal import spoken
from gateway.console.persons.sheet import both_calendars, moment
from gateway.console.staff import LoginRefused, Right, StaffService
from gateway.console.web.shell import PageRefused, Shell, Visit
from gateway.protection.measures import HoldCause, MeasureKind, MeasureRefusedError, is_hold
from gateway.protection.officers import in_one_place
from gateway.protection.schemas import FIRST_DAY, LAST_DAY
from gateway.protection.store import Wanted
from gateway.protection.terms import MeasureState

Errors = tuple[tuple[str, str], ...]
Kind = TypeVar("Kind", bound=StrEnum)
END_PROPOSED = "end-proposed"
"""A choice beside the states: one officer has proposed the end."""
KINDS = (*MeasureKind, *HoldCause)
_FIELDS = ("numbering", "number", "kind", "since", "until", "party_numbering", "parties")


class MeasurePages:
    """What ``hitotsu protection set | hold | extend | end | list`` do, for those in the console."""

    def __init__(self, desk: MeasureDesk, persons: Persons, staff: StaffService) -> None:
        self._desk = desk
        self._persons = persons
        self._staff = staff

    def mount(self, shell: Shell) -> None:
        """Add the pages. No number and no id of a measure stands in an address."""
        right = Right.PROTECTION
        shell.add("GET", "/measures", self.list, right=right)
        shell.add("POST", "/measures", self.list, right=right)
        shell.add("GET", "/measures/new", self.form, right=right)
        shell.add("POST", "/measures/new/check", self.check, right=right)
        shell.add("POST", "/measures/new", self.set, right=right)
        shell.add("POST", "/measures/look", self.look, right=right)
        shell.add("POST", "/measures/extend", self.extend, right=right)
        shell.add("POST", "/measures/end", self.end, right=right)

    async def list(self, visit: Visit) -> Response:
        """Show a page of the list, as the filled form asks for it; without one, all of it."""
        try:
            person = self._one_person(visit)
        except DraftRefused as refused:
            return self._list(visit, None, ((refused.field, refused.key),))
        state, kind, page = visit.text("state", 20), visit.text("kind", 20), visit.text("page", 6)
        wanted = Wanted(
            state=_one_of(MeasureState, state),
            kind=kind if kind in KINDS else None,
            end_proposed=state == END_PROPOSED,
        )
        number = int(page) if page.isascii() and page.isdecimal() else 1
        found = await self._desk.list(visit.who, visit.caller, wanted, person=person, number=number)
        return self._list(visit, found)

    async def form(self, visit: Visit) -> Response:
        """Show the empty form of a new one."""
        return self._form(visit)

    async def check(self, visit: Visit) -> Response:
        """Show what is about to be set, to be looked at a second time."""
        try:
            draft = self._draft(visit)
            checked = await self._desk.check(visit.who, draft)
        except DraftRefused as refused:
            return self._form(visit, ((refused.field, refused.key),))
        names = self._persons.numberings(visit.who.municipality)
        return visit.page(
            "console/measure_check.html",
            kind=draft.kind.value,
            numbering=names[draft.person[0]],
            number=draft.person[1],
            parties=[f"{names[numbering]} {number}" for numbering, number in draft.parties],
            is_hold=isinstance(draft.kind, HoldCause),
            known=checked.known,
            since=both_calendars(checked.since.isoformat()),
            until=both_calendars(checked.until.isoformat()),
            typed=_typed(visit),
        )

    async def set(self, visit: Visit) -> Response:
        """Set it, at once: one officer is enough to protect."""
        if visit.text("back", 1):
            return self._form(visit)
        try:
            row = await self._desk.set(visit.who, self._draft(visit))
        except DraftRefused as refused:
            return self._form(visit, ((refused.field, refused.key),))
        return visit.page("console/measure_set.html", code=spoken(row.measure_id))

    async def look(self, visit: Visit) -> Response:
        """Show one measure, with whose it is, and what can be done."""
        return await self._one(visit)

    async def extend(self, visit: Visit) -> Response:
        """Set a later last day: one officer is enough to protect."""
        try:
            await self._desk.extend(visit.who, _measure(visit), _needed_day(visit, "until"))
        except DraftRefused as refused:
            return await self._one(visit, ((refused.field, refused.key),))
        return await self._one(visit, done="measures.extended")

    async def end(self, visit: Visit) -> Response:
        """Propose the end, or agree to it; after both factors once more."""
        password, code = visit.form.get("password", ""), visit.text("code", 6)
        measure_id = _measure(visit)
        try:
            await self._staff.confirm(visit.who, password, code, visit.caller)
        except LoginRefused:
            return await self._one(visit, (("password", "login.refused"),), status=403)
        if await self._desk.end(visit.who, measure_id):
            return visit.page("console/measure_ended.html")
        return await self._one(visit, done="measures.end-proposed")

    async def _one(
        self, visit: Visit, errors: Errors = (), *, status: int = 422, done: str = ""
    ) -> Response:
        try:
            shown = await self._desk.look(visit.who, visit.caller, _measure(visit))
        except MeasureRefusedError:
            raise PageRefused("measures.gone", 404) from None
        row, own = shown.row, visit.who.actor
        by = row.end_proposed_by
        names = self._persons.numberings(visit.who.municipality)
        return visit.page(
            "console/measure.html",
            status=status if errors else 200,
            errors=errors,
            guarded=shown.guarded,
            done=done,
            row=_shown(shown),
            numbering=names.get(row.numbering, row.numbering),
            number=row.number,
            parties=len(row.other_parties or ()),
            is_hold=is_hold(row),
            proposed=by is not None,
            own=by == own,
            elsewhere=by is not None and not in_one_place(by, own),
            typed=_typed(visit) | {"until": visit.text("until", 10) if errors else ""},
        )

    def _list(self, visit: Visit, found: ShownPage | None, errors: Errors = ()) -> Response:
        return visit.page(
            "console/measures.html",
            status=422 if errors else 200,
            errors=errors,
            guarded=found is not None and found.guarded,
            found=found,
            rows=[_shown(one) for one in found.measures] if found is not None else (),
            states=(*MeasureState, END_PROPOSED),
            kinds=KINDS,
            numberings=self._persons.numberings(visit.who.municipality),
            typed={name: visit.text(name, 40) for name in ("state", "kind", "numbering", "number")},
        )

    def _one_person(self, visit: Visit) -> tuple[str, str] | None:
        number = _number(visit)
        return self._person(visit, "numbering", number, "number") if number else None

    def _form(self, visit: Visit, errors: Errors = ()) -> Response:
        return visit.page(
            "console/measure_new.html",
            status=422 if errors else 200,
            errors=errors,
            kinds=KINDS,
            numberings=self._persons.numberings(visit.who.municipality),
            typed=_typed(visit),
        )

    def _draft(self, visit: Visit) -> Draft:
        """Return the filled form.

        Raises:
            DraftRefused: a field is missing or wrong.
        """
        kind = _one_of(MeasureKind, visit.text("kind", 20)) or _one_of(
            HoldCause, visit.text("kind", 20)
        )
        if kind is None:
            raise DraftRefused("kind", "measures.choose-kind")
        typed = unicodedata.normalize("NFKC", visit.text("parties", 1000))
        for separator in ",、;":
            typed = typed.replace(separator, " ")
        return Draft(
            person=self._person(visit, "numbering", _number(visit), "number"),
            kind=kind,
            since=_day(visit, "since"),
            until=_day(visit, "until"),
            parties=tuple(
                self._person(visit, "party_numbering", number, "parties")
                for number in dict.fromkeys(typed.split())
            ),
        )

    def _person(
        self, visit: Visit, numbering_field: str, number: str, field: str
    ) -> tuple[str, str]:
        numbering = visit.text(numbering_field, 40)
        known = self._persons.numberings(visit.who.municipality)
        if not number or len(number) > 40 or numbering not in known:
            raise DraftRefused(field, "person.give-number")
        return numbering, number


def _shown(one: Shown) -> dict[str, object]:
    """Return what the list shows of a measure: nothing of who it is for."""
    row = one.row
    return {
        "measure": row.measure_id,
        "code": spoken(row.measure_id),
        "kind": row.kind,
        "state": one.state.value,
        "since": both_calendars(row.since.isoformat()),
        "until": both_calendars(row.until.isoformat()),
        "by": row.set_by,
        "at": moment(row.set_at),
        "end_proposed_by": row.end_proposed_by or "",
    }


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.text(name, 1000 if name == "parties" else 40) for name in _FIELDS}


def _number(visit: Visit) -> str:
    return unicodedata.normalize("NFKC", visit.text("number", 41)).strip()


def _measure(visit: Visit) -> str:
    return visit.text("measure", 32)


def _one_of(kinds: type[Kind], text: str) -> Kind | None:
    return kinds(text) if text in {kind.value for kind in kinds} else None


def _day(visit: Visit, name: str) -> dt.date | None:
    return _needed_day(visit, name) if visit.text(name, 10) else None


def _needed_day(visit: Visit, name: str) -> dt.date:
    text = visit.text(name, 10)
    try:
        day = dt.date.fromisoformat(unicodedata.normalize("NFKC", text))
    except ValueError:
        raise DraftRefused(name, "audit.day") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DraftRefused(name, "audit.day")
    return day
