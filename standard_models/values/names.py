"""Names of a person: several items, each with its own state, never one string with brackets.

Source: resident specification 1.0, names; list 031 and its API (氏名, 通称, フリガナ確認状況).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from standard_models.answers import Quality, Severity
from standard_models.values.search_keys import name_key
from standard_models.values.text import BLANK_WIDE, to_full_width_name


class Confirmation(StrEnum):
    """Whether a reading was confirmed by the person (フリガナ確認状況)."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    NOT_STATED = "not-stated"


@dataclass(frozen=True, slots=True)
class Reading:
    """A フリガナ and whether it is confirmed."""

    text: str
    confirmation: Confirmation = Confirmation.NOT_STATED


@dataclass(frozen=True, slots=True)
class Alias:
    """通称 with its reading, and when and by which municipality (6 digits) it was recorded."""

    text: str
    reading: Reading | None = None
    recorded_on: dt.date | None = None
    recorded_by: str | None = None


@dataclass(frozen=True, slots=True)
class NameParts:
    """A recorded full name and its parts; no parts where nobody can tell them."""

    whole: str
    parts: tuple[str, ...] = ()

    @property
    def is_split(self) -> bool:
        """Tell whether there is more than one part."""
        return len(self.parts) > 1


@dataclass(frozen=True, slots=True)
class NameReading:
    """A name, None for a blank, and what was seen."""

    name: NameParts | None
    quality: tuple[Quality, ...] = ()


def parse_name(raw: str) -> NameReading:
    """Read a full name as recorded. Never raises, never splits what has no separator.

    Parts are what blanks separate; which of three is a middle name is not decided. A name without
    a separator is whole: ``NAME_NOT_SPLIT`` (W). A blank is ``MISSING`` (I).
    """
    found = to_full_width_name(raw)
    if found.text is None:
        return NameReading(None, (Quality("MISSING", Severity.INFORMATION),))
    parts = tuple(found.text.split(BLANK_WIDE))
    if len(parts) > 1 and all(parts):
        return NameReading(NameParts(found.text, parts), found.quality)
    unsplit = Quality("NAME_NOT_SPLIT", Severity.WARNING)
    return NameReading(NameParts(found.text), (*found.quality, unsplit))


class NamePurpose(StrEnum):
    """What a name is shown for."""

    EVIDENCE = "evidence"
    GREETING = "greeting"
    MAIL = "mail"


class Preference(StrEnum):
    """Which name the person chose to be addressed by."""

    REGISTERED = "registered"
    ALIAS = "alias"
    FORMER = "former"


@dataclass(frozen=True, slots=True)
class PersonName:
    """The names of one person. The registered one is that of the register: Latin or Japanese."""

    registered: str
    latin: str | None = None
    kanji: str | None = None
    alias: Alias | None = None
    former_family_name: str | None = None
    reading: Reading | None = None
    preference: Preference = Preference.REGISTERED

    def shown(self, purpose: NamePurpose) -> str:
        """Return the name to show: one name, never several in one.

        Evidence carries the registered name. A greeting and mail carry the alias where the person
        chose it. A former family name stands for itself and replaces no name.
        """
        if purpose is NamePurpose.EVIDENCE or self.alias is None:
            return self.registered
        return self.alias.text if self.preference is Preference.ALIAS else self.registered


class FormComparison(StrEnum):
    """How the written forms of two names relate. None of them says that two people are one."""

    SAME_FORM = "same-form"
    VARIANT_FORM = "variant-form"
    OTHER_FORM = "other-form"


def compare_forms(one: str, other: str) -> FormComparison:
    """Return how two written names relate: equal, variants of each other, or different.

    A difference in form is not a different person, and equal forms are not the same person.
    """
    if one == other:
        return FormComparison.SAME_FORM
    same = name_key(one) == name_key(other)
    return FormComparison.VARIANT_FORM if same else FormComparison.OTHER_FORM
