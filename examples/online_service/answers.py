"""The gateway's answer, read: what is known of each item, from where, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: a value, or the reason why there is none.

    ``uncertain`` is the register's own wording of a date that is not one exact day, with its
    earliest and latest day. ``codes`` are quality codes a person should know of.
    """

    value: Any = None
    label: str | None = None
    reason: str | None = None
    uncertain: JsonObject | None = None
    codes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: JsonObject) -> Item:
        """Return the item as the gateway wrote it."""
        codes = tuple(q["code"] for q in data.get("quality", ()) if q.get("severity") in {"W", "E"})
        return cls(
            data.get("value"), data.get("label"), data.get("absent"), data.get("uncertain"), codes
        )

    @property
    def known(self) -> bool:
        """Tell whether there is a value."""
        return self.reason is None

    @property
    def text(self) -> str:
        """Return the meaning of a code value, else the value as text."""
        return str(self.label if self.label is not None else self.value)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from and as of when."""

    system_name: str
    as_of: str | None
    retrieved_at: str


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """One group: its records, or why there are none."""

    group: str
    status: str
    source: Source | None
    records: tuple[Mapping[str, Item], ...]
    absences: Mapping[str, Item]
    opens_at: str | None = None
    lost_records: int = 0

    @property
    def known(self) -> bool:
        """Tell whether the source was asked and answered, be it with no record."""
        return self.status in {"ok", "not-found"}

    def item(self, name: str) -> Item:
        """Return the item of the first record, or its absence."""
        if self.records:
            return self.records[0][name]
        return self.absences[name]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``data`` is what arrived, kept so that it can be stored as it was."""

    outcome: str
    parts: Mapping[str, PartAnswer]
    explanations: Mapping[str, Mapping[str, Mapping[str, str]]]
    data: JsonObject = field(repr=False)

    def part(self, group: str) -> PartAnswer:
        """Return the part of a group that was asked for."""
        return self.parts[group]


def read_answer(data: JsonObject) -> Answer:
    """Return the answer of ``POST /v1/questions``.

    Raises:
        KeyError: the body is not such an answer.

    """
    return Answer(
        data["outcome"],
        {part["group"]: _read_part(part) for part in data["parts"]},
        data["explanations"],
        data,
    )


def _read_part(data: JsonObject) -> PartAnswer:
    origin = data.get("provenance")
    source = (
        Source(origin["system_name"], origin["as_of"], origin["retrieved_at"]) if origin else None
    )
    return PartAnswer(
        data["group"],
        data["status"],
        source,
        tuple({n: Item.from_json(i) for n, i in record.items()} for record in data["records"]),
        {n: Item.from_json(i) for n, i in data["absences"].items()},
        data.get("opens_at"),
        data.get("lost_records", 0),
    )


def unanswered(items: Iterable[str], explanations: JsonObject) -> dict[str, Any]:
    """Return the body that says of every item that it cannot be checked now.

    Used when the gateway itself cannot be asked, so that the page has one way of saying so.
    """
    groups: dict[str, dict[str, Any]] = {}
    for reference in items:
        group, _, name = reference.rpartition(".")
        groups.setdefault(group, {})[name] = {"absent": "unavailable"}
    parts: list[dict[str, Any]] = [
        {
            "group": group,
            "status": "unavailable",
            "provenance": None,
            "records": [],
            "absences": absences,
        }
        for group, absences in groups.items()
    ]
    return {
        "outcome": "none",
        "parts": parts,
        "explanations": {"unavailable": dict(explanations)},
    }
