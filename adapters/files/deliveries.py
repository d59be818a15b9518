"""Which files lie at a place, which of them belong together, and what is missing. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from adapters.files.delivery_manifest import Manifest
from adapters.files.delivery_rules import DeliveryRules, name_matcher, slots_in


@dataclass(frozen=True, slots=True)
class Entry:
    """A file at a place, when it was listed. ``version`` changes with its content."""

    name: str
    size_bytes: int
    modified: dt.datetime
    version: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a read; ``number`` is that of ``{part}``, 0 without one."""

    number: int
    entry: Entry


@dataclass
class Delivery:
    """Files that belong together. ``key`` are the figures of day, time and serial in their names.

    ``files`` has, by read, the parts in their order. ``lists`` are those of checksums that name
    files of it, with their signatures.
    """

    key: tuple[str, ...]
    slots: tuple[str, ...]
    files: dict[str, list[Part]] = field(default_factory=dict)
    manifest: Entry | None = None
    complete: Entry | None = None
    lists: dict[Entry, Entry | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the key as a text; empty where names do not vary."""
        return "-".join(self.key)

    @property
    def order(self) -> tuple[str | int, ...]:
        """Return what deliveries are ordered by: serial numbers as numbers."""
        return tuple(
            int(text) if slot == "serial" else text
            for slot, text in zip(self.slots, self.key, strict=True)
        )

    @property
    def day(self) -> str:
        """Return the figures of the day in the names, empty without any."""
        return dict(zip(self.slots, self.key, strict=True)).get("day", "")

    @property
    def serial(self) -> int:
        """Return the serial number."""
        return int(dict(zip(self.slots, self.key, strict=True))["serial"])

    @property
    def entries(self) -> list[Entry]:
        """Return the files of all reads, in their order."""
        return [part.entry for parts in self.files.values() for part in parts]

    @property
    def everything(self) -> list[Entry]:
        """Return the files of all reads, and what was put beside them."""
        beside = [self.manifest, self.complete, *self.lists, *self.lists.values()]
        return [*self.entries, *(entry for entry in beside if entry is not None)]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a delivery. ``waiting``: time may mend it; otherwise it is damaged.

    ``under_way``: by the rules nobody has handed it over yet, so that nothing is missing of it.
    """

    text: str
    waiting: bool = True
    under_way: bool = False


def arrange(rules: DeliveryRules, entries: Sequence[Entry]) -> list[Delivery]:
    """Return the deliveries at a place, the oldest first; files of other names are passed over."""
    found: dict[tuple[str, ...], Delivery] = {}
    slots = rules.key_slots

    def delivery_of(parts: Mapping[str, str]) -> Delivery:
        key = tuple(parts[slot] for slot in slots)
        return found.setdefault(key, Delivery(key, slots))

    for entry in sorted(entries, key=lambda entry: entry.name):
        for read, rule in rules.files.items():
            if match := name_matcher(rule.name).fullmatch(entry.name):
                part = Part(int(match.groupdict().get("part", 0)), entry)
                delivery_of(match.groupdict()).files.setdefault(read, []).append(part)
        if rules.complete and (match := name_matcher(rules.complete).fullmatch(entry.name)):
            delivery_of(match.groupdict()).complete = entry
    _give_manifests(rules, entries, found)
    for delivery in found.values():
        for parts in delivery.files.values():
            parts.sort(key=lambda part: part.number)
    return sorted(found.values(), key=lambda delivery: delivery.order)


def _give_manifests(
    rules: DeliveryRules, entries: Sequence[Entry], found: dict[tuple[str, ...], Delivery]
) -> None:
    if rules.manifest is None:
        return
    matcher = name_matcher(rules.manifest.name)
    varies = bool(slots_in(rules.manifest.name))
    for entry in entries:
        if (match := matcher.fullmatch(entry.name)) is None:
            continue
        key = tuple(match.groupdict()[slot] for slot in rules.key_slots) if varies else None
        if key is not None:
            found.setdefault(key, Delivery(key, rules.key_slots))
        for delivery in found.values():
            if key in (None, delivery.key):
                delivery.manifest = entry


def gaps(rules: DeliveryRules, deliveries: Sequence[Delivery], after: str | None) -> list[Problem]:
    """Return which deliveries are missing in a series of changes; ``after`` was used already."""
    found = []
    known = [delivery for delivery in deliveries if delivery.name == after]
    if after is not None and not known:
        text = f"the delivery {after}, after which to go on, is not there"
        found.append(Problem(text, waiting=False))
    for earlier, later in pairwise(deliveries):
        restarted = rules.serial_restarts == "daily" and earlier.day != later.day
        expected = 1 if restarted else earlier.serial + 1
        if later.serial != expected:
            found.append(
                Problem(
                    f"before {later.name} the delivery with serial {expected} is missing",
                    under_way=True,
                )
            )
    return found


def missing(rules: DeliveryRules, delivery: Delivery, now: dt.datetime | None) -> Iterator[Problem]:
    """Yield what a delivery lacks by the names and times of its files alone."""
    for read in rules.files:
        yield from _of_read(rules, delivery, read)
    if rules.complete and delivery.complete is None:
        yield Problem(
            f"{_named(rules.complete, delivery)}, which comes last, is not there", under_way=True
        )
    if rules.manifest and delivery.manifest is None:
        yield Problem(f"the manifest {_named(rules.manifest.name, delivery)} is not there")
    for entry in delivery.entries:
        if entry.size_bytes > rules.max_bytes:
            yield Problem(f"{entry.name}: larger than {rules.max_bytes} bytes", waiting=False)
        if now is not None and (now - entry.modified).total_seconds() < rules.settle_s:
            text = f"{entry.name}: changed less than {rules.settle_s} s ago"
            yield Problem(text, under_way=True)


def _of_read(rules: DeliveryRules, delivery: Delivery, read: str) -> Iterator[Problem]:
    rule, parts = rules.files[read], delivery.files.get(read, [])
    if rule.required and not parts:
        yield Problem(f"the file of {read} ({_named(rule.name, delivery)}) is not there")
    numbers = [part.number for part in parts]
    if len(set(numbers)) != len(numbers):
        yield Problem(f"the file of {read} is there twice", waiting=False)
    if "part" in slots_in(rule.name):
        absent = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
        yield from (Problem(f"the file of {read}: part {number} is not there") for number in absent)


def contradictions(
    delivery: Delivery, manifest: Manifest, listed: Sequence[Entry]
) -> Iterator[Problem]:
    """Yield where the manifest and the files do not agree by name, size and day."""
    there = {entry.name: entry for entry in listed}
    for name in sorted(manifest.keys() - there.keys()):
        yield Problem(f"{name}: announced in the manifest and not there")
    for entry in delivery.entries:
        stated = manifest.get(entry.name)
        if stated is None:
            yield Problem(f"{entry.name}: not announced in the manifest", waiting=False)
            continue
        if stated.size_bytes is not None and stated.size_bytes != entry.size_bytes:
            text = f"{entry.name}: {entry.size_bytes} bytes, {stated.size_bytes} are announced"
            yield Problem(text, waiting=entry.size_bytes < stated.size_bytes)
        if stated.day and delivery.day and stated.day != delivery.day:
            yield Problem(f"{entry.name}: announced as of {stated.day}", waiting=False)


def _named(pattern: str, delivery: Delivery) -> str:
    """Return the name that a file of the delivery would have."""
    for slot, text in zip(delivery.slots, delivery.key, strict=True):
        pattern = pattern.replace(f"{{{slot}}}", text)
    return pattern


PROBLEMS_TOLD: Final = 50
"""Problems of one delivery that a message names; the others are counted."""


def told(delivery: Delivery, problems: Sequence[Problem]) -> str:
    """Return all problems of a delivery as one text."""
    name = f"the delivery {delivery.name}" if delivery.name else "the delivery"
    texts = [problem.text for problem in problems[:PROBLEMS_TOLD]]
    if len(problems) > PROBLEMS_TOLD:
        texts.append(f"and {len(problems) - PROBLEMS_TOLD} more")
    return f"{name} is not whole: {'; '.join(texts)}"
