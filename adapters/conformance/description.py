"""What a vendor gives the kit: ``conformance/kit.yaml`` beside the manifest.

People are invented. Texts of answers and settings may hold ``{{name}}``, which stands for a value
of the person, ``{{address}}`` for where the kit's simulator listens and ``{{delivery}}`` for the
folder of delivered files. People who are fetched need ``answers`` and ``unknown``; people who come
in files need ``delivery``, the folder beside ``kit.yaml`` that holds them. An adapter without a
mapping has its search, changes, lists and flags in ``extras``, and in ``submissions`` the items of
each group that it hands over.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.errors import ConfigurationError
from adapters.manifest import describe
from standard_models.answers import JsonScalar
from standard_models.safe_yaml import safe_load

FOLDER = "conformance"
FILE = "kit.yaml"
MIN_PEOPLE = 3
"""With fewer people answers cannot be mixed up in every way that happens."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Person(_Section):
    """Somebody invented: the number in the adapter's numbering and values for the answers."""

    number: str = Field(min_length=3)
    values: dict[str, str] = Field(default_factory=dict)


class Said(_Section):
    """What the source says: a file beside ``kit.yaml``, with the status of HTTP."""

    file: str
    status: int = 200
    media_type: str | None = None


class Extra(_Section):
    """A request that is not one of the mapping's reads, such as a sign of life."""

    method: Literal["GET", "POST"] = "GET"
    path: str
    contains: str = ""
    answer: Said


class Nobody(_Section):
    """A number that nobody has, and what the source answers about it."""

    number: str
    answers: dict[str, Said]


class Waiver(_Section):
    """A case that the adapter does not pass yet: why, and until when that is accepted."""

    case: str
    reason: str = Field(min_length=10)
    ticket: str = Field(min_length=1)
    expires: dt.date


class Description(_Section):
    """The whole file."""

    settings: dict[str, Any]
    people: tuple[Person, ...] = Field(min_length=MIN_PEOPLE)
    answers: dict[str, str] = Field(default_factory=dict)
    unknown: Nobody | None = None
    delivery: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_-]*$")
    closed: Said | None = None
    extras: tuple[Extra, ...] = ()
    submissions: dict[str, dict[str, JsonScalar]] = Field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _people_can_be_told_apart(self) -> Self:
        numbers = [person.number for person in self.people]
        numbers += [self.unknown.number] if self.unknown else []
        if any(a != b and a in b for a in numbers for b in numbers):
            msg = "one number is part of another"
            raise ValueError(msg)
        if len(set(numbers)) != len(numbers):
            msg = "a number stands twice"
            raise ValueError(msg)
        names = {frozenset(person.values) for person in self.people}
        if len(names) != 1 or names == {frozenset()}:
            msg = "everybody has the same values by name, one at least"
            raise ValueError(msg)
        if not self.told_apart_by():
            msg = "no value differs from person to person"
            raise ValueError(msg)
        return self

    def told_apart_by(self) -> tuple[str, ...]:
        """Return the names of the values that everybody has another one of."""
        return tuple(
            name
            for name in self.people[0].values
            if len({person.values[name] for person in self.people}) == len(self.people)
        )

    def canaries(self, person: Person) -> tuple[str, ...]:
        """Return what belongs to ``person`` alone and may be seen nowhere but in an answer."""
        return (person.number, *(person.values[name] for name in self.told_apart_by()))


def read_description(folder: Path) -> Description:
    """Return the description in ``folder``.

    Raises:
        ConfigurationError: the file is missing or wrong; with every problem, without contents.
    """
    path = folder / FILE
    try:
        content = safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{FOLDER}/{FILE}: {type(error).__name__}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "unknown line"
        raise ConfigurationError(f"{FOLDER}/{FILE} is not YAML ({where})") from None
    try:
        return Description.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"{FOLDER}/{FILE}: {describe(error)}") from None
