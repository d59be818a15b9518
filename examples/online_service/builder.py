"""Builds the child allowance form from an answer: which fields, which questions, which papers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from examples.online_service.answers import Answer
from examples.online_service.children import ChildRows
from examples.online_service.display import show_moment, show_month, show_year, show_yen
from examples.online_service.documents import documents
from examples.online_service.fields import FieldMaker, with_entry
from examples.online_service.form import (
    CERTIFICATE,
    ENTITLEMENT,
    HOUSEHOLD,
    LATER,
    RESIDENT,
    TAX,
    Entry,
    Field,
    Form,
    Help,
    Option,
    Section,
    system_of,
)
from examples.online_service.wording import Wording

_UNFILED, _ELSEWHERE, _ABROAD = "0", "3", "4"
_PAID, _ENDED, _CIVIL_SERVANT, _FOREIGN = "1", "3", "3", "2"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the form depends on beside the answer.

    ``key_of`` turns a name and birth date into a key that means nothing outside the session.
    """

    town_day: dt.date
    municipality: str
    key_of: Callable[[str], str]


def build_form(answer: Answer, wording: Wording, setting: Setting) -> Form:
    """Return the form for one resident in one language."""
    return _Builder(answer, wording, setting).form()


class _Builder:
    def __init__(self, answer: Answer, wording: Wording, setting: Setting) -> None:
        self.answer = answer
        self.w = wording
        self.setting = setting
        self.make = FieldMaker(answer, wording)
        self.foreign = answer.part(RESIDENT).item("juminshubetsu").value == _FOREIGN
        self.rows = ChildRows(self.make, setting.town_day, setting.key_of)

    def form(self) -> Form:
        sections: tuple[Section, ...] = (
            self._claimant(),
            self._spouse(),
            self.rows.section(),
            self._january(),
            self._income(),
            self._entitlement(),
            self._disability(),
            self._contact(),
            self._bank(),
        )
        sections = tuple(s for s in sections if s.all_fields() or s.all_entries())
        not_needed, needed = documents(
            self.answer, sections, self.w, lives_apart=self.rows.lives_apart()
        )
        return Form(
            outcome=self.answer.outcome,
            greeting=self._greeting(),
            sections=sections,
            not_needed=not_needed,
            needed=needed,
            notices=self._notices(),
            unreached=self._unreached(),
        )

    def _unreached(self) -> tuple[Markup, ...]:
        """Name each system that could not be asked, with the time of its return if it said so."""
        texts: dict[str, Markup] = {}
        for group, part in self.answer.parts.items():
            if part.status not in LATER:
                continue
            system = self.w(f"system_{system_of(group)}")
            if part.opens_at:
                time = show_moment(part.opens_at, self.w.language)
                texts[system] = self.w("unreached_until", system=system, time=time)
            else:
                texts.setdefault(system, self.w("unreached", system=system))
        return tuple(texts.values())

    def _greeting(self) -> str:
        resident = self.answer.part(RESIDENT)
        for name in ("tsusho", "shimei"):
            if resident.item(name).known:
                return resident.item(name).text
        return ""

    def _notices(self) -> tuple[Markup, ...]:
        entitlement = self.answer.part(ENTITLEMENT)
        notices = []
        state = entitlement.item("shikyujotai").value
        if state == _PAID:
            notices.append(self.w("paid_already"))
        elif state != _ENDED and entitlement.item("hiyoshakubun").value == _CIVIL_SERVANT:
            notices.append(self.w("civil_servant"))
        return tuple(notices)

    def _claimant(self) -> Section:
        make, r = self.make, RESIDENT
        birth = make.field("birth", f"{r}.seinengappi", show=make.date(western=self.foreign))
        fields = [
            with_entry(make.field("shimei", f"{r}.shimei"), self.w),
            with_entry(
                make.field("furigana", f"{r}.shimei_furigana", none="none_kana"),
                self.w,
                rule="kana",
            ),
            *(self._foreign_names() if self.foreign else ()),
            make.field("sex", f"{r}.seibetsu"),
            with_entry(birth, self.w, rule="date"),
            with_entry(make.joined("address", r, _ADDRESS), self.w),
        ]
        return Section("claimant", self.w("section_claimant"), _present(fields))

    def _foreign_names(self) -> Iterable[Field | None]:
        for key, name in (("kanji_name", "shimei_gaikokujinkanji"), ("tsusho", "tsusho")):
            if self.answer.part(RESIDENT).item(name).reason != "not-recorded":
                yield self.make.field(key, f"{RESIDENT}.{name}")

    def _spouse(self) -> Section:
        title, person = self.w("section_spouse"), self.rows.spouse()
        if person is not None:
            return Section("spouse", title, persons=(person,), notes=self.make.lost(HOUSEHOLD))
        if not self.answer.part(HOUSEHOLD).records:
            field = self.make.group_absence("household", HOUSEHOLD, "none_spouse")
            return Section("spouse", title, (field,), entries=self._spouse_entries("entry_spouse"))
        if self.rows.family.unclear_spouse:
            field = self.make.stated(
                "person_spouse", HOUSEHOLD, "missing", Markup(self.w("spouse_unclear"))
            )
            return Section("spouse", title, (field,), entries=self._spouse_entries("entry_spouse"))
        field = self.make.stated("person_spouse", HOUSEHOLD, "none", self.w("none_spouse"))
        entries = self._spouse_entries("entry_spouse_elsewhere")
        return Section("spouse", title, (field,), entries=entries, notes=self.make.lost(HOUSEHOLD))

    def _spouse_entries(self, question: str) -> tuple[Entry, ...]:
        yes_no = tuple(self._option(v, f"option_{v}") for v in ("no", "yes"))
        return (
            self._entry("spouse", question, kind="radio", required=True, options=yes_no),
            self._entry(
                "spouse-name",
                "entry_spouse_name",
                hint=self.w("hint_spouse_name"),
                when=("spouse", "yes"),
            ),
        )

    def _year(self) -> int:
        item = self.answer.part(TAX).item("kazeinendo")
        day = self.setting.town_day
        return int(item.value) if item.known else day.year - (day.month < 4)

    def _january(self) -> Section:
        year = show_year(self._year(), self.w.language, fiscal=False)
        label = (self.w("january_place", year=year), self.w.plain("january_place", year=year))
        field = self.make.field(
            "january_place",
            f"{TAX}.fukakijitsujusho_shikuchosonkodo",
            show=lambda item: self._place(str(item.value)),
            label=label,
        )
        field = with_entry(field, self.w)
        return Section("january", self.w("section_january"), _present([field]))

    def _place(self, code: str) -> str:
        if code == self.setting.municipality:
            return self.w.plain("here")
        return self.w.plain("elsewhere", code=code)

    def _income(self) -> Section:
        language, title = self.w.language, self.w("section_income")
        part = self.answer.part(TAX)
        year = show_year(self._year(), language)
        if not part.records:
            field = self.make.group_absence("income_total", TAX, "none_field")
            if field.state == "none":
                field = replace(field, text=self.w("none_tax", year=year))
            return Section("income", title, (field,))
        fields = [
            self.make.field(
                "tax_year", f"{TAX}.kazeinendo", show=lambda i: show_year(int(i.value), language)
            ),
            self._total(year),
        ]
        return Section("income", title, _present(fields))

    def _total(self, year: str) -> Field | None:
        """Return the income, telling apart: zero, not filed, taxed elsewhere, abroad."""
        field = self.make.field(
            "income_total",
            f"{TAX}.gokeishotokukingaku",
            show=lambda item: show_yen(int(item.value), self.w.language),
        )
        item = self.answer.part(TAX).item("gokeishotokukingaku")
        if field is not None and item.known and item.value == 0:
            return replace(field, notes=(*field.notes, self.w("zero_income")))
        key = _FILING.get(str(self.answer.part(TAX).item("shinkokukubun").value))
        if field is None or item.known or key is None:
            return field
        why = Help(self.w(key, year=year), self.w(f"{key}_do"), self.w("office_tax"))
        return replace(field, state="missing", text=Markup(), help=why)

    def _entitlement(self) -> Section:
        title, part = self.w("section_entitlement"), self.answer.part(ENTITLEMENT)
        if not part.records:
            field = self.make.group_absence("entitlement", ENTITLEMENT, "none_entitlement")
            return Section("entitlement", title, (field,))
        fields = [
            self.make.field("entitlement", f"{ENTITLEMENT}.shikyujotai"),
            self.make.field(
                "entitlement_since",
                f"{ENTITLEMENT}.shikyukaishinengetsu",
                show=lambda i: show_month(str(i.value), self.w.language),
            ),
            self.make.field("employment", f"{ENTITLEMENT}.hiyoshakubun"),
        ]
        return Section("entitlement", title, _present(fields))

    def _disability(self) -> Section:
        title, part = self.w("section_disability"), self.answer.part(CERTIFICATE)
        notes = self.make.lost(CERTIFICATE)
        if not part.records:
            field = self.make.group_absence("certificate", CERTIFICATE, "none_certificate")
            return Section("disability", title, (field,), notes=notes)
        fields: list[Field | None] = []
        for number, record in enumerate(part.records, 1):
            kind = self.make.field("certificate", f"{CERTIFICATE}.techoshubetsu", record=record)
            grade = record["tokyu"]
            if kind is not None:
                text = kind.text + "　" + grade.text if grade.known else kind.text
                refs = (*kind.refs, f"{CERTIFICATE}.tokyu")
                fields.append(replace(kind, key=f"certificate-{number}", text=text, refs=refs))
            until = self.make.field(
                "certificate_until",
                f"{CERTIFICATE}.yukokigen",
                record=record,
                none="none_until",
                show=self.make.date(western=False),
            )
            fields.append(replace(until, key=f"certificate_until-{number}") if until else None)
        return Section("disability", title, _present(fields), notes=notes)

    def _contact(self) -> Section:
        kinds = ("employee", "national", "none")
        options = tuple(self._option(kind, f"pension_{kind}") for kind in kinds)
        entries = (
            self._entry(
                "phone",
                "entry_phone",
                required=True,
                rule="phone",
                hint=self.w("hint_phone"),
                autocomplete="tel",
                inputmode="tel",
                maximum=20,
            ),
            self._entry("pension", "entry_pension", kind="radio", required=True, options=options),
        )
        return Section("contact", self.w("section_contact"), entries=entries)

    def _bank(self) -> Section:
        options = tuple(self._option(k, f"bank_{k}") for k in ("public", "write"))
        written = ("bank", "write")
        entries = (
            self._entry(
                "bank",
                "entry_bank_choice",
                kind="radio",
                required=True,
                options=options,
                hint=self.w("hint_bank"),
            ),
            self._entry("bank-name", "entry_bank_name", when=written, maximum=30),
            self._entry("bank-branch", "entry_bank_branch", when=written, maximum=30),
            self._entry(
                "bank-number",
                "entry_bank_number",
                when=written,
                rule="account",
                hint=self.w("hint_bank_number"),
                inputmode="numeric",
                maximum=20,
            ),
            self._entry("bank-holder", "entry_bank_holder", when=written, rule="kana", maximum=60),
        )
        return Section("bank", self.w("section_bank"), entries=entries)

    def _option(self, value: str, key: str) -> Option:
        return Option(value, self.w(key), self.w.plain(key))

    def _entry(self, name: str, key: str, **rest: Any) -> Entry:
        return Entry(name, self.w(key), self.w.plain(key), **rest)


_ADDRESS = (
    "jusho_yubinbango",
    "jusho_todofuken",
    "jusho_shikugunchosonmei",
    "jusho_choaza",
    "jusho_banchigohyoki",
    "jusho_katagaki",
)

_FILING = {_UNFILED: "unfiled", _ELSEWHERE: "elsewhere_taxed", _ABROAD: "abroad"}


def _present(fields: Iterable[Field | None]) -> tuple[Field, ...]:
    return tuple(f for f in fields if f is not None)
