"""What is wrong between the declaration of a host's file and its copybooks: all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapters.encodings.named import encoding_names
from adapters.files.layout import Field, FieldGroup, FieldKind, Layout
from adapters.files.typed_records import is_same_place, mark_places
from adapters.mapping.document import Level
from adapters.mapping.model import CopybookShape
from adapters.mapping.record_types import Mark, RecordTypes

_NUMBERS = {FieldKind.ZONED, FieldKind.PACKED, FieldKind.BINARY}


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """One thing about a declaration; ``path`` leads to it from the declaration."""

    path: tuple[str, ...]
    code: str
    message: str
    level: Level = Level.ERROR


def shape_problems(shape: CopybookShape, layouts: Mapping[str, Layout]) -> Iterator[ShapeProblem]:
    """Yield every problem; ``layouts`` are those of the copybooks, by type of record.

    A redefinition of which nothing says when it holds is told, and is no error: the first
    declaration is read.
    """
    if shape.encoding not in encoding_names():
        known = ", ".join(encoding_names())
        message = f"the encoding {shape.encoding} is none of {known}"
        yield ShapeProblem(("encoding",), "unknown-encoding", message)
    longest = max(layout.length for layout in layouts.values())
    if shape.length is not None and shape.length < longest:
        message = f"a copybook declares {longest} bytes"
        yield ShapeProblem(("length",), "too-short", message)
    types = shape.record_types
    if types is None:
        for layout in layouts.values():
            yield from _layout(layout, (), shape.nulls, shape.alternatives)
        return
    for name, layout in layouts.items():
        found = types.types[name]
        place = ("record_types", "types", name)
        yield from _layout(layout, place, found.nulls, found.alternatives)
    yield from _marks(types, layouts)
    yield from _join(types, layouts)
    yield from _trailer(types, layouts)


def _layout(
    layout: Layout,
    place: tuple[str, ...],
    nulls: Iterable[str],
    alternatives: Mapping[str, Mark],
) -> Iterator[ShapeProblem]:
    fields = field_kinds(layout)
    for path in nulls:
        if path not in fields:
            yield _unknown((*place, "nulls", path), layout, path)
    redefining = {}
    for path, siblings, member in _members("", layout.members):
        if member.redefines is not None:
            redefining[member.name] = siblings
            if member.name not in alternatives:
                message = (
                    f"line {member.line} of the copybook: {path} redefines {member.redefines},"
                    " and alternatives does not say when it holds"
                )
                code = "redefines-without-condition"
                where = (*place, "copybook")
                yield ShapeProblem(where, code, message, Level.INFORMATION)
    for name, mark in alternatives.items():
        where = (*place, "alternatives", name)
        if name not in redefining:
            yield ShapeProblem(where, "unknown-field", f"{layout.name} redefines nothing by {name}")
        elif mark.field not in redefining[name]:
            message = f"{mark.field} is no field before {name} in its group"
            yield ShapeProblem(where, "unknown-field", message)


def _marks(types: RecordTypes, layouts: Mapping[str, Layout]) -> Iterator[ShapeProblem]:
    places = mark_places(types, layouts)
    first = next(iter(places.values()), None)
    for name, layout in layouts.items():
        where = ("record_types", "types", name, "when")
        if name not in places:
            yield _unknown(where, layout, types.types[name].when.field)
        elif first is not None and not is_same_place(first, places[name]):
            message = "the field lies at another place, or is of another kind, than in other types"
            yield ShapeProblem(where, "mark-moves", message)


def _join(types: RecordTypes, layouts: Mapping[str, Layout]) -> Iterator[ShapeProblem]:
    for name, path in types.join.key.items() if types.join else ():
        if path not in field_kinds(layouts[name], repeated=False):
            yield _unknown(("record_types", "join", "key", name), layouts[name], path)


def _trailer(types: RecordTypes, layouts: Mapping[str, Layout]) -> Iterator[ShapeProblem]:
    trailer = types.trailer
    if trailer is None:
        return
    where = ("record_types", "trailer")
    own = [*([trailer.records] if trailer.records else []), *trailer.counts, *trailer.sums]
    for path in own:
        yield from _number(where, layouts[trailer.type], path, repeated=False)
    for path in trailer.sums.values():
        name, _, field = path.partition(".")
        yield from _number((*where, "sums"), layouts[name], field, repeated=True)


def _number(
    where: tuple[str, ...], layout: Layout, path: str, *, repeated: bool
) -> Iterator[ShapeProblem]:
    kind = field_kinds(layout, repeated=repeated).get(path)
    if kind is None:
        yield _unknown(where, layout, path)
    elif kind not in _NUMBERS:
        yield ShapeProblem(where, "wrong-type", f"{path} of {layout.name} is no number")


def _unknown(where: tuple[str, ...], layout: Layout, path: str) -> ShapeProblem:
    return ShapeProblem(where, "unknown-field", f"{layout.name} has no field {path}")


def field_kinds(layout: Layout, *, repeated: bool = True) -> dict[str, FieldKind]:
    """Return the kind of every field by its path; without those that repeat, if so asked."""
    return dict(_kinds("", layout.members, repeated=repeated))


def _kinds(
    path: str, members: tuple[Field | FieldGroup, ...], *, repeated: bool
) -> Iterator[tuple[str, FieldKind]]:
    for member in members:
        if member.occurs > 1 and not repeated:
            continue
        if isinstance(member, FieldGroup):
            yield from _kinds(f"{path}{member.name}.", member.members, repeated=repeated)
        else:
            yield f"{path}{member.name}", member.kind


def _members(
    path: str, members: tuple[Field | FieldGroup, ...]
) -> Iterator[tuple[str, frozenset[str], Field | FieldGroup]]:
    """Yield every member with its path and the fields that stand before it in its group."""
    before: list[str] = []
    for member in members:
        yield f"{path}{member.name}", frozenset(before), member
        if isinstance(member, FieldGroup):
            yield from _members(f"{path}{member.name}.", member.members)
        else:
            before.append(member.name)
