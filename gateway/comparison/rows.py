"""A record in the form in which it is compared: its key, and what it says. Pure.

Two answers are the same if they have the same value, or the same reason for its absence (and the
same uncertain date). Labels follow from the value; what a mapping remarked while it made a value
belongs to the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value

Said: TypeAlias = Any
"""A value as it stands in JSON, or a list that begins with the reason of its absence."""

_NOTHING = Absence(AbsenceReason.NOT_SUPPLIED)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as canonical JSON; both parts are personal."""

    key: bytes = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """Which items of a group say who belongs to which household.

    Without ``household`` the person's own number names the list, without ``member`` the person is
    the member.
    """

    household: str | None
    member: str | None


@dataclass(frozen=True)
class Columns:
    """Which items of a group are compared: its primary key and the others, each in one order."""

    key: tuple[str, ...]
    others: tuple[str, ...]

    def row(self, record: StandardRecord) -> Row:
        """Return a record as it is compared. The person's number is a part of the key."""
        answers = record.answers
        key = [record.subject_number, *(_said(answers.get(name)) for name in self.key)]
        content = [
            answer.value
            if type(answer := answers.get(name, _NOTHING)) is Value
            else _absent(answer)
            for name in self.others
        ]  # fmt: skip
        return Row(orjson.dumps(key), orjson.dumps(content))

    def key_of(self, key: bytes) -> tuple[str, Mapping[str, Said]]:
        """Return the number of the person and the primary key by item."""
        number, *said = orjson.loads(key)
        return number, dict(zip(self.key, said, strict=True))

    def contents(self, content: bytes) -> Sequence[Said]:
        """Return what the row says of ``others``, in their order."""
        found: list[Said] = orjson.loads(content)
        return found

    def membership(self, row: Row, rule: Membership) -> tuple[str, str]:
        """Return the household and the member that the row names."""
        number, key = self.key_of(row.key)
        said = {**key, **dict(zip(self.others, self.contents(row.content), strict=True))}
        household, member = (
            number if name is None else _text(said.get(name))
            for name in (rule.household, rule.member)
        )
        return household, member


def is_absent(said: Said) -> bool:
    """Tell whether what a row says is the reason of an absence."""
    return isinstance(said, list) and bool(said) and isinstance(said[0], dict)


def _said(answer: Answer | None) -> Said:
    if isinstance(answer, Value):
        return answer.value
    return _absent(answer or _NOTHING)


def _absent(answer: Answer) -> Said:
    assert isinstance(answer, Absence)  # noqa: S101 - the other of the two
    said: dict[str, Any] = {"absent": answer.reason.value}
    if answer.uncertain is not None:
        said["uncertain"] = answer.uncertain.to_json()
    return [said]


def _text(said: Said) -> str:
    return "" if said is None or is_absent(said) else str(said)
