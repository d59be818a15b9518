"""Named sets of items, put together once by a town and used in its grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.access.registrar import Registrar
from gateway.access.registration import (
    RegistrationError,
    checked_text,
    expand_items,
    require_id,
    require_municipality,
)
from gateway.store.tables import FieldSetRow


class FieldSets(Registrar):
    """What staff may register of named sets.

    A set never changes: a grant holds what its set held when two officers agreed to it. Another
    need is another set.
    """

    async def add(
        self, municipality: str, set_id: str, *, name: str, items: Iterable[str]
    ) -> FieldSetRow:
        """Register a set of items and groups; groups are written down item by item.

        Raises:
            RegistrationError: an id that exists or has the wrong shape; items that cannot be
                granted at all (``expand_items``).

        """
        require_municipality(municipality)
        require_id(set_id)
        row = FieldSetRow(
            municipality=municipality,
            set_id=set_id,
            name=checked_text(name),
            items=expand_items(items, self._dictionary),
            created_at=self._clock.now(),
            created_by=self._actor,
            retired_at=None,
        )
        facts = {"set": set_id, "name": row.name, "items": list(row.items)}
        audit = self._change("field-set-add", after=facts, municipality=municipality)
        await self._add(row, audit)
        return row

    async def retire(self, municipality: str, set_id: str) -> None:
        """Refuse the set in new grants; grants that were made with it stay as they are.

        Raises:
            RegistrationError: the municipality has no such set in use.

        """
        now = self._clock.now()
        audit = self._change(
            "field-set-retire",
            before={"set": set_id, "retired_at": None},
            after={"set": set_id, "retired_at": now.isoformat()},
            municipality=municipality,
        )
        if not await self._store.retire_field_set(municipality, set_id, now, audit):
            raise no_field_set(set_id)

    async def all(self, municipality: str) -> Sequence[FieldSetRow]:
        """Return every set of the municipality by id, retired ones too."""
        return await self._store.list_field_sets(municipality)


def no_field_set(set_id: str) -> RegistrationError:
    """Return the refusal of a set that there is not."""
    return RegistrationError(
        f"項目セット「{set_id}」は登録されていないか、使用を終えています。",
        f"There is no field set {set_id!r} in use.",
    )
