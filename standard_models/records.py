"""A group of an edition as a pydantic model: what one record of it may hold.

Field names are the official romaji, titles the Japanese names. Instances are frozen and can be
pickled, although their classes are made at run time: a pickle carries the group itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from standard_models.dictionary import Condition, DataItem, DataType, Group
from standard_models.record_fields import Checked

_PYTHON_TYPES: Final[dict[DataType, type]] = {
    DataType.INTEGER: int,
    DataType.SIGNED_INTEGER: int,
    DataType.DATE: dt.date,
}
"""Every other data type is text; 9V stays text so that no digit is lost."""


class GroupRecord(BaseModel):
    """One record of a group. Unknown fields are refused; errors never repeat what was given."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the record that ``obj`` describes; each refused value is told of once.

        Raises:
            ValidationError: names fields, types and quality codes, never a value.
        """
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise _told_once(error) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the record in JSON text, as ``model_validate`` does.

        Raises:
            ValidationError: names fields, types and quality codes, never a value.
        """
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise _told_once(error) from None

    @classmethod
    def standard_group(cls) -> Group:
        """Return the group, and with it the edition, that the record is one of."""
        return _group_of(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a pickle makes the record again: its group and its fields."""
        return _revive, (_group_of(type(self)), self.__dict__, self.__pydantic_fields_set__)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Name the fields that are filled and hide what they hold: records are personal."""
        return [(name, "***") for name, value in self.__dict__.items() if value is not None]


def _told_once(error: ValidationError) -> ValidationError:
    """Return the errors with one for each place.

    A value is tried natively first and then by its check, which gives two errors. The second one
    holds: the quality codes, or the type that was expected.
    """
    found: dict[tuple[str | int, ...], InitErrorDetails] = {}
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        place = entry["loc"][:2] if _repeats(entry["loc"]) else entry["loc"][:1]
        told = PydanticCustomError(entry["type"], "{told}", {"told": entry["msg"]})
        found[place] = InitErrorDetails(type=told, loc=place, input=None)
    return ValidationError.from_exception_data(error.title, list(found.values()), hide_input=True)


def _repeats(place: tuple[str | int, ...]) -> bool:
    return len(place) > 1 and isinstance(place[1], int)


_GROUPS: Final[dict[type[GroupRecord], Group]] = {}


def _group_of(model: type[GroupRecord]) -> Group:
    return _GROUPS[model]


def _revive(group: Group, fields: dict[str, Any], given: set[str]) -> GroupRecord:
    return model_for(group).model_construct(set(given), **fields)


def model_for(group: Group) -> type[GroupRecord]:
    """Return the model of ``group``; the same class for equal groups.

    A required item (必須) must be given, every other may be left out or null; so may a date that
    can be unknown, because no day stands for it. An item that repeats is a tuple. Values are
    checked as by ``DataItem.check``; dates are ``datetime.date``, and in JSON ISO days. The JSON
    Schema carries item id, labels, code list and length of every field.
    """
    return _model(_Key(group))


class _Key:
    """A group as a key of the cache: groups of one edition and reference that are equal."""

    __slots__ = ("group",)

    def __init__(self, group: Group) -> None:
        self.group = group

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.group == other.group

    def __hash__(self) -> int:
        return hash((self.group.ref, self.group.edition_id))


@cache
def _model(key: _Key) -> type[GroupRecord]:
    group = key.group
    fields: dict[str, Any] = {item.field_name: _field(item) for item in group.items}
    model = create_model(
        group.key,
        __base__=GroupRecord,
        __module__=__name__,
        __doc__=f"{group.name} ({group.label_en})",
        **fields,
    )
    model.model_config["json_schema_extra"] = {
        "x-group": group.ref,
        "x-edition": group.edition_id,
        "x-provisional": group.provisional,
    }
    _GROUPS[model] = group
    return model


def _field(item: DataItem) -> tuple[Any, FieldInfo]:
    one: Any = Annotated[_PYTHON_TYPES.get(item.data_type, str), Checked(item)]
    kind: Any = one
    if item.repeat is not None:
        kind = Annotated[tuple[one, ...], Field(min_length=1, max_length=item.repeat)]
    required = item.condition is Condition.REQUIRED and not item.allows_unknown_date
    default: Any = ... if required else None
    described = Field(
        default=default,
        title=item.name,
        description=item.definition or None,
        json_schema_extra=_schema_extra(item),
    )
    return (kind if required else kind | None), described


def _schema_extra(item: DataItem) -> dict[str, Any]:
    """Return what the JSON Schema says beyond the type.

    ``x-max-characters`` counts characters as people see them. ``maxLength`` is given for half-width
    text only: JSON Schema counts code points, and a variation selector would count as one.
    """
    extra: dict[str, Any] = {
        "x-item-id": item.item_id,
        "x-ref": item.ref,
        "x-label-en": item.label_en,
        "x-data-type": item.data_type.value,
        "x-condition": item.condition.value,
        "x-provisional": item.provisional,
    }
    if item.data_type in {DataType.HALF_WIDTH, DataType.FULL_WIDTH}:
        extra["x-max-characters"] = item.length
    if item.data_type is DataType.HALF_WIDTH and item.repeat is None:
        extra["maxLength"] = item.length
    if item.allows_unknown_date:
        extra["x-allows-unknown-date"] = True
    if item.codes is not None:
        extra["x-code-list"] = {
            "id": item.codes.code_id,
            "name": item.codes.name,
            "values": [{"value": v, "label": label} for v, label in item.codes.labels.items()],
        }
    return extra
