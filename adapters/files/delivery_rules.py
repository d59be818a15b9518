"""What makes a delivery of files whole: its files by name, its manifest, its place in a series."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from adapters.mapping.page_choices import CsvEncoding
from adapters.mapping.sections import FieldPath, Section

KEY_SLOTS: Final = ("day", "time", "serial")
"""What tells one delivery from another, in the order in which deliveries follow each other."""

_SLOTS: Final = {
    "day": "[0-9]{8}",
    "time": "[0-9]{4}(?:[0-9]{2})?",
    "serial": "[0-9]{1,9}",
    "part": "[0-9]{1,6}",
}
_SLOT: Final = re.compile(r"\{([^{}]*)\}")


def _require_name(name: str) -> str:
    slots = _SLOT.findall(name)
    if unknown := set(slots) - _SLOTS.keys():
        msg = f"{{{min(unknown)}}} is not one of {', '.join(_SLOTS)}"
        raise ValueError(msg)
    if len(set(slots)) != len(slots) or re.search(r"[{}]", _SLOT.sub("", name)):
        msg = "each of the braces stands once and is closed"
        raise ValueError(msg)
    if name in {"", ".", ".."} or "/" in name or "\\" in name:
        msg = "the name of a delivered file has no folder"
        raise ValueError(msg)
    return name


NamePattern = Annotated[str, AfterValidator(_require_name)]
"""A file name; ``{day}`` (8 figures), ``{time}`` (4 or 6), ``{serial}`` and ``{part}`` vary."""

ManifestColumn = Literal["name", "bytes", "records", "sha256", "day"]


def slots_in(pattern: str) -> frozenset[str]:
    """Return what varies in names of this pattern."""
    return frozenset(_SLOT.findall(pattern))


def name_matcher(pattern: str) -> re.Pattern[str]:
    """Return an expression for names of the pattern, with a group for each slot."""
    parts = _SLOT.split(pattern)
    texts = (
        f"(?P<{part}>{_SLOTS[part]})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
    return re.compile("".join(texts), re.ASCII)


class DeliveryFile(Section):
    """The file of a read; with ``{part}`` in its name, all of them in their order."""

    name: NamePattern
    required: bool = True


class ManifestRule(Section):
    """The file that says what was delivered.

    ``sha256sum`` has the lines of that program. ``csv`` has a header; ``columns`` says which column
    states what of a file, ``sums``, by read, which states the sum of which field. ``records``
    leaves out header and trailer records unless ``counts_control``.
    """

    name: NamePattern
    format: Literal["sha256sum", "csv"] = "sha256sum"
    encoding: CsvEncoding = "utf-8"
    columns: dict[ManifestColumn, str] = Field(default_factory=dict)
    sums: dict[str, dict[str, FieldPath]] = Field(default_factory=dict)
    counts_control: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.format == "sha256sum" and (self.columns or self.sums):
            msg = "columns and sums go with format csv"
            raise ValueError(msg)
        if self.format == "csv" and not (
            "name" in self.columns and (len(self.columns) > 1 or self.sums)
        ):
            msg = "columns has the name, and what is stated of it"
            raise ValueError(msg)
        if len(set(self.columns.values())) != len(self.columns):
            msg = "one column states two things"
            raise ValueError(msg)
        return self


class DeliveryRules(Section):
    """What a system delivers at one time, and how its deliveries follow each other.

    ``files`` are by read. Names with the same ``{day}``, ``{time}`` and ``{serial}`` belong
    together. ``complete`` is the name of a file that is put last, to say that all are there.
    ``series``: of ``whole`` deliveries the last one counts; ``changes`` count all, in their order,
    by a serial number without gaps that goes on for ever or restarts ``daily``. ``settle_s`` is how
    long a file must have been left alone.
    """

    files: dict[str, DeliveryFile] = Field(min_length=1)
    manifest: ManifestRule | None = None
    complete: NamePattern | None = None
    series: Literal["whole", "changes"] = "whole"
    serial_restarts: Literal["never", "daily"] = "never"
    settle_s: int = Field(default=0, ge=0, le=86_400)
    max_bytes: int = Field(default=20 * 1024**3, ge=1)

    @property
    def key_slots(self) -> tuple[str, ...]:
        """Return what names vary by from delivery to delivery."""
        first = next(iter(self.files.values()))
        return tuple(slot for slot in KEY_SLOTS if slot in slots_in(first.name))

    @model_validator(mode="after")
    def _names_go_together(self) -> Self:
        own = set(self.key_slots)
        others = [file.name for file in self.files.values()]
        others += [self.complete] if self.complete else []
        if any(slots_in(name) - {"part"} != own for name in others):
            msg = "every name has the same of {day}, {time} and {serial}"
            raise ValueError(msg)
        if self.manifest and slots_in(self.manifest.name) not in (own, set()):
            msg = "the manifest has all or nothing of the {day}, {time}, {serial} of other names"
            raise ValueError(msg)
        if self.complete and "part" in slots_in(self.complete):
            msg = "complete is one file"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _series_can_be_followed(self) -> Self:
        if self.series == "changes" and "serial" not in self.key_slots:
            msg = "a series of changes has {serial} in every name"
            raise ValueError(msg)
        if self.serial_restarts == "daily" and not {"day", "serial"} <= set(self.key_slots):
            msg = "serial numbers that restart daily go with {day} and {serial}"
            raise ValueError(msg)
        if self.manifest and (unknown := self.manifest.sums.keys() - self.files.keys()):
            msg = f"sums names {min(unknown)}, which files does not have"
            raise ValueError(msg)
        return self
