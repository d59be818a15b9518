"""Rows of the form for spouse and children: household and child allowance records together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from examples.online_service.answers import Item
from examples.online_service.family import (
    Certainty,
    Member,
    Relatives,
    is_child,
    merely_counts,
    relation_of,
    relatives,
)
from examples.online_service.fields import FieldMaker
from examples.online_service.form import (
    CHILDREN,
    ENTITLEMENT,
    HOUSEHOLD,
    RESIDENT,
    Entry,
    Field,
    Option,
    Person,
    Section,
)
from standard_models.values.three_valued import Judgement

_UNREADABLE = "〓"
_APART = "2"
_CURRENT = frozenset({"1", "2", "4"})
"""支給中, 差止, 審査中; 消滅 is over."""

Record = Mapping[str, Item]


class ChildRows:
    """Spouse and children of one answer.

    ``key_of`` makes a row's key from name and birth date, so that what was typed stays with the
    same child when the records are read again.
    """

    def __init__(self, make: FieldMaker, town_day: dt.date, key_of: Callable[[str], str]) -> None:
        self.make = make
        self.w = make.w
        self.key_of = key_of
        self.town_day = town_day
        self.family = self._family()

    def _family(self) -> Relatives:
        resident = self.make.answer.part(RESIDENT)
        household = self.make.answer.part(HOUSEHOLD).records
        own = resident.records[0] if resident.records else {}
        members = [Member(r, relation_of(r, "setaiin_")) for r in household]
        others = list(members)
        for member in members:
            if _same_person(own, member.record):
                others.remove(member)
                break
        return relatives(relation_of(own, ""), others)

    def spouse(self) -> Person | None:
        """Return the spouse of the household record, if it is certain who that is."""
        if self.family.spouse is None:
            return None
        fields = self._member_fields(self.family.spouse.record, "spouse")
        return Person("spouse", self.w("person_spouse"), fields)

    def section(self) -> Section:
        """Return the section of the children, with room for those who are not listed."""
        persons = self._persons()
        fields: tuple[Field, ...] = ()
        household = self.make.answer.part(HOUSEHOLD)
        if not household.records:
            fields = (self.make.group_absence("household", HOUSEHOLD, "none_children"),)
        elif not persons:
            text = self.w("none_children")
            fields = (self.make.stated("household", HOUSEHOLD, "none", text),)
        notes = tuple(dict.fromkeys(self.make.lost(HOUSEHOLD) + self.make.lost(CHILDREN)))
        return Section(
            "children",
            self.w("section_children"),
            fields,
            persons,
            self._other_entries(),
            notes,
            self.w("entry_other_title"),
            self.w("hint_other"),
        )

    def _persons(self) -> tuple[Person, ...]:
        paid = list(self.make.answer.part(CHILDREN).records) if self._entitled() else []
        younger: list[Person] = []
        older: list[Person] = []
        for member, certainty in self.family.children:
            birth = member.record["setaiin_seinengappi"]
            age = is_child(birth, self.town_day)
            if age is not Judgement.NO:
                match = _take(paid, member.record)
                younger.append(self._child(member.record, match, certainty, age, len(younger) + 1))
            elif (
                certainty is Certainty.YES and merely_counts(birth, self.town_day) is Judgement.YES
            ):
                older.append(self._older(member.record, len(older) + 1))
        apart = [self._known_to_welfare(r, len(younger) + n) for n, r in enumerate(paid, 1)]
        return (*younger, *apart, *older)

    def lives_apart(self) -> bool:
        """Tell whether a current child allowance record says that a child lives elsewhere."""
        records = self.make.answer.part(CHILDREN).records if self._entitled() else ()
        return any(record["jido_dokyobekkyokubun"].value == _APART for record in records)

    def _entitled(self) -> bool:
        """Tell whether the child allowance record is of now: an ended one proves no custody."""
        return self.make.answer.part(ENTITLEMENT).item("shikyujotai").value in _CURRENT

    def _child(
        self,
        record: Record,
        paid: Record | None,
        certainty: Certainty,
        age: Judgement,
        number: int,
    ) -> Person:
        key = self._key(record["setaiin_shimei"], record["setaiin_seinengappi"])
        living = self.make.stated("living", HOUSEHOLD, "filled", self.w("same_household"))
        fields = (*self._member_fields(record, key), replace(living, key=f"{key}-living"))
        notes: list[Markup] = []
        if certainty is Certainty.UNCLEAR:
            notes.append(self.w("relation_unclear"))
        if age is Judgement.UNDECIDABLE:
            notes.append(self.w("age_unclear"))
        title = self.w.plain("person_child", n=number)
        custody = self._custody_field(paid, key)
        entries = (self._custody_entry(key, title, required=True),) if custody is None else ()
        all_fields = fields if custody is None else (*fields, custody)
        return Person(
            f"child-{key}", self.w("person_child", n=number), all_fields, tuple(notes), entries
        )

    def _older(self, record: Record, number: int) -> Person:
        title = self.w.plain("person_older", n=number)
        key = self._key(record["setaiin_shimei"], record["setaiin_seinengappi"])
        return Person(
            f"older-{key}",
            self.w("person_older", n=number),
            self._member_fields(record, key),
            (self.w("older_hint"),),
            (self._custody_entry(key, title, required=False),),
        )

    def _known_to_welfare(self, record: Record, number: int) -> Person:
        key = self._key(record["jido_shimei"], record["jido_seinengappi"])
        fields = [
            self.make.field("shimei", f"{CHILDREN}.jido_shimei", record=record),
            self.make.field(
                "birth",
                f"{CHILDREN}.jido_seinengappi",
                record=record,
                show=self.make.date(western=False),
            ),
            self.make.field("living", f"{CHILDREN}.jido_dokyobekkyokubun", record=record),
        ]
        present = tuple(replace(f, key=f"{key}-{f.key}") for f in fields if f is not None)
        title = self.w.plain("person_child", n=number)
        custody = self._custody_field(record, key)
        entries = (self._custody_entry(key, title, required=True),) if custody is None else ()
        household_known = bool(self.make.answer.part(HOUSEHOLD).records)
        notes = (self.w("not_in_household"),) if household_known else ()
        return Person(
            f"child-{key}",
            self.w("person_child", n=number),
            present if custody is None else (*present, custody),
            notes,
            entries,
        )

    def _member_fields(self, record: Record, key: str) -> tuple[Field, ...]:
        make, group = self.make, HOUSEHOLD
        fields = [
            make.field("shimei", f"{group}.setaiin_shimei", record=record),
            make.field(
                "furigana", f"{group}.setaiin_shimei_furigana", record=record, none="none_kana"
            ),
            make.field(
                "birth",
                f"{group}.setaiin_seinengappi",
                record=record,
                show=make.date(western=_has_latin_name(record)),
            ),
            self._relationship(record),
        ]
        return tuple(replace(f, key=f"{key}-{f.key}") for f in fields if f is not None)

    def _relationship(self, record: Record) -> Field | None:
        field = self.make.field("relationship", f"{HOUSEHOLD}.setaiin_tsuzukigara1", record=record)
        steps = [record[f"setaiin_tsuzukigara{n}"] for n in range(1, 5)]
        known = [s.text for s in steps if s.known]
        if field is None or not steps[0].known:
            return field
        refs = tuple(f"{HOUSEHOLD}.setaiin_tsuzukigara{n}" for n in range(1, 5))
        return replace(field, text=Markup("{}").format("の".join(known)), refs=refs)

    def _custody_field(self, paid: Record | None, key: str) -> Field | None:
        if paid is None or not paid["jido_kangoseikeikubun"].known:
            return None
        field = self.make.field("custody", f"{CHILDREN}.jido_kangoseikeikubun", record=paid)
        return replace(field, key=f"{key}-custody") if field is not None else None

    def _custody_entry(self, key: str, person: str, *, required: bool) -> Entry:
        values = ("together", "apart", "no")
        options = tuple(
            Option(v, self.w(f"custody_{v}"), self.w.plain(f"custody_{v}")) for v in values
        )
        return Entry(
            f"custody-{key}",
            self.w("entry_custody"),
            self.w.plain("entry_of", person=person, label=self.w.plain("entry_custody")),
            kind="radio",
            required=required,
            options=options,
        )

    def _other_entries(self) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for number in (1, 2):
            for part, rule, hint in (("name", "", None), ("birth", "date", self.w("hint_birth"))):
                text = f"entry_other_{part}"
                entries.append(
                    Entry(
                        f"other-{number}-{part}",
                        self.w(text) + f" {number}",
                        f"{self.w.plain(text)} {number}",
                        rule=rule,
                        hint=hint,
                    )
                )
        return tuple(entries)

    def _key(self, name: Item, birth: Item) -> str:
        return self.key_of(f"{name.value}|{birth.value or birth.uncertain}")


def _same_person(own: Record, member: Record) -> bool:
    pairs = (("shimei", "setaiin_shimei"), ("seinengappi", "setaiin_seinengappi"))
    steps = tuple((f"tsuzukigara{n}", f"setaiin_tsuzukigara{n}") for n in range(1, 5))
    return bool(own) and all(
        (own[a].value, own[a].uncertain) == (member[b].value, member[b].uncertain)
        for a, b in pairs + steps
    )


def _take(paid: list[Record], member: Record) -> Record | None:
    """Remove and return the child allowance record of this member, if there is exactly one."""
    matches = [r for r in paid if _same_child(r, member)]
    if len(matches) != 1:
        return None
    paid.remove(matches[0])
    return matches[0]


def _same_child(paid: Record, member: Record) -> bool:
    birth, own_birth = paid["jido_seinengappi"], member["setaiin_seinengappi"]
    if not birth.known or birth.value != own_birth.value:
        return False
    return _same_name(str(paid["jido_shimei"].value), str(member["setaiin_shimei"].value))


def _same_name(one: str, other: str) -> bool:
    """Compare names; a character that a system could not write agrees with any character."""
    if len(one) != len(other):
        return one == other
    pairs: Sequence[tuple[str, str]] = list(zip(one, other, strict=True))
    return all(a == b or _UNREADABLE in {a, b} for a, b in pairs)


def _has_latin_name(record: Record) -> bool:
    """Tell whether the name is in Latin letters, as only a foreign resident's is.

    The household group does not say who is a foreign resident; era dates are never written for
    one. Source: resident specification, dates of foreign residents.
    """
    name = str(record["setaiin_shimei"].value or "")
    return any("Ａ" <= c <= "Ｚ" or "ａ" <= c <= "ｚ" for c in name)
