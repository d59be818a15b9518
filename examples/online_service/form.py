"""The form as people see it: every field with its value or its reason, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from examples.online_service.answers import Source

RESIDENT: Final = "001.juminkihonjoho"
HOUSEHOLD: Final = "001.setaiinjoho"
TAX: Final = "010.kazeikihonjoho"
ENTITLEMENT: Final = "027.jukyushikakujoho"
CHILDREN: Final = "027.jidojoho"
CERTIFICATE: Final = "022.techojoho"

_FIELDS: Final = {
    RESIDENT: (
        "juminshubetsu",
        "shimei",
        "shimei_furigana",
        "shimei_gaikokujinkanji",
        "tsusho",
        "tsusho_furigana",
        "seibetsu",
        "seinengappi",
        "tsuzukigara1",
        "tsuzukigara2",
        "tsuzukigara3",
        "tsuzukigara4",
        "jusho_yubinbango",
        "jusho_todofuken",
        "jusho_shikugunchosonmei",
        "jusho_choaza",
        "jusho_banchigohyoki",
        "jusho_katagaki",
    ),
    HOUSEHOLD: (
        "setaiin_shimei",
        "setaiin_shimei_furigana",
        "setaiin_seibetsu",
        "setaiin_seinengappi",
        "setaiin_tsuzukigara1",
        "setaiin_tsuzukigara2",
        "setaiin_tsuzukigara3",
        "setaiin_tsuzukigara4",
    ),
    TAX: (
        "kazeinendo",
        "fukakijitsujusho_shikuchosonkodo",
        "shinkokukubun",
        "gokeishotokukingaku",
    ),
    ENTITLEMENT: ("shikyujotai", "shikyukaishinengetsu", "hiyoshakubun"),
    CHILDREN: (
        "jido_shimei",
        "jido_seinengappi",
        "jido_dokyobekkyokubun",
        "jido_kangoseikeikubun",
    ),
    CERTIFICATE: ("techoshubetsu", "tokyu", "yukokigen"),
}

ITEMS: Final = tuple(f"{group}.{name}" for group, names in _FIELDS.items() for name in names)
"""Exactly what the form needs; the town's grant of this purpose names the same items."""

LATER: Final = frozenset({"unavailable", "unavailable-planned", "timeout", "stale"})


def system_of(group: str) -> str:
    """Return the key of the system, and of the office, that owns a group."""
    return {"001": "resident", "010": "tax"}.get(group[:3], "welfare")


@dataclass(frozen=True, slots=True)
class Help:
    """Why a field is not filled in: what happened, what one can do, whom to ask."""

    happened: Markup
    can_do: Markup | None = None
    ask: Markup | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an entry."""

    value: str
    label: Markup
    plain_label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something the person writes. ``kind`` is text, radio, checkbox or textarea.

    ``rule`` names the check of ``entries.py``; ``when`` is an entry and the value it must have
    for this one to be required.
    """

    name: str
    label: Markup
    plain_label: str
    kind: str = "text"
    required: bool = False
    hint: Markup | None = None
    options: tuple[Option, ...] = ()
    rule: str = ""
    when: tuple[str, str] | None = None
    maximum: int = 100
    autocomplete: str = "off"
    inputmode: str = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One prefilled field. ``state`` is filled, none, unknown, later, missing or office."""

    key: str
    label: Markup
    plain_label: str
    state: str
    text: Markup
    system: str
    refs: tuple[str, ...]
    source: Source | None = None
    notes: tuple[Markup, ...] = ()
    help: Help | None = None
    entry: Entry | None = None

    @property
    def settled(self) -> bool:
        """Tell whether the register has answered, be it that it has no record."""
        return self.state in {"filled", "none", "unknown"}


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the family with fields of their own."""

    key: str
    title: Markup
    fields: tuple[Field, ...]
    notes: tuple[Markup, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One block of the form."""

    key: str
    title: Markup
    fields: tuple[Field, ...] = ()
    persons: tuple[Person, ...] = ()
    entries: tuple[Entry, ...] = ()
    notes: tuple[Markup, ...] = ()
    entries_title: Markup | None = None
    entries_hint: Markup | None = None

    def all_fields(self) -> tuple[Field, ...]:
        """Return the fields of the section and of its persons."""
        return self.fields + tuple(f for p in self.persons for f in p.fields)

    def all_entries(self) -> tuple[Entry, ...]:
        """Return everything that can be written in the section, in the order of the page."""
        own = tuple(f.entry for f in self.all_fields() if f.entry is not None)
        return own + tuple(e for p in self.persons for e in p.entries) + self.entries


@dataclass(frozen=True, slots=True)
class Document:
    """A document that need not be attached, or still must be, and why."""

    name: Markup
    why: Markup


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form in one language."""

    outcome: str
    greeting: str
    sections: tuple[Section, ...]
    not_needed: tuple[Document, ...]
    needed: tuple[Document, ...]
    notices: tuple[Markup, ...] = ()
    unreached: tuple[Markup, ...] = ()

    def fields(self) -> tuple[Field, ...]:
        """Return all fields in the order of the page."""
        return tuple(f for s in self.sections for f in s.all_fields())

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries in the order of the page."""
        return tuple(e for s in self.sections for e in s.all_entries())
