"""Answers about one person from the snapshot in use. Rules NW-3, NW-4, FR-1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import Clock, Fetch, FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, MappingFailed, Unavailable
from adapters.manifest import Manifest
from gateway.keys import KeyStore
from gateway.snapshots.never_stale import never_stale
from gateway.snapshots.sealing import RecordSeal, SealBroken
from gateway.snapshots.store import SnapshotStore
from standard_models.answers import Absence, AbsenceReason, StandardRecord
from standard_models.dictionary import Dictionary


class SnapshotCopies:
    """Stands in for the ``fetch`` of adapters whose systems only give files."""

    def __init__(
        self, store: SnapshotStore, keys: KeyStore, dictionary: Dictionary, clock: Clock
    ) -> None:
        self._store = store
        self._keys = keys
        self._dictionary = dictionary
        self._clock = clock

    def of(self, municipality: str, manifest: Manifest) -> Fetch | None:
        """Return what answers for the adapter, None where its system is asked itself."""
        limit = manifest.freshness.old_after
        return None if limit is None else _Copy(self, municipality, manifest, limit)

    async def answer(self, copy: _Copy, request: FetchRequest) -> FetchResult:
        """Return what the snapshot in use says of one person.

        Raises:
            Unavailable: nothing was loaded, or it cannot be read.
        """
        try:
            rows = await self._store.of_person(
                copy.municipality, copy.manifest.id, request.number, list(request.groups)
            )
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable(f"the snapshot cannot be read ({type(error).__name__})") from None
        if not rows:
            raise Unavailable("no delivery has been loaded")
        try:
            found = self._unsealed(request.number, rows)
        except SealBroken as error:
            raise Unavailable(str(error)) from None
        snapshot = rows[0]
        old = self._clock.now() - (snapshot.as_of or snapshot.loaded_at) > copy.limit
        return FetchResult(
            {
                ref: self._group(copy, snapshot, ref, found.get(ref, []), fields, old=old)
                for ref, fields in request.groups.items()
            }
        )

    def _unsealed(self, number: str, rows: Any) -> Mapping[str, list[StandardRecord]]:
        secret = self._keys.keys().find_sealing_secret(rows[0].sealed_by)
        if secret is None:
            raise SealBroken("the secret of the snapshot is not there")
        seal = RecordSeal(secret, rows[0].snapshot_id)
        found: dict[str, list[StandardRecord]] = {}
        for row in rows:
            if row.group_ref is not None:
                record = seal.unseal(number, row.group_ref, row.sealed)
                found.setdefault(row.group_ref, []).append(record)
        return found

    def _group(
        self,
        copy: _Copy,
        snapshot: Any,
        ref: str,
        records: list[StandardRecord],
        fields: frozenset[str],
        *,
        old: bool,
    ) -> GroupRecords | AdapterError:
        counts = snapshot.counts.get(ref)
        if counts is None:
            return Unavailable("the group was not loaded")
        if not records and counts["lost"]:
            # Whose record was lost is not known: nobody can be said to have none.
            return MappingFailed("some records of the delivery were lost")
        if old and not records and ref in never_stale().groups:
            return Unavailable("an old copy does not say that there is nothing")
        if old:
            records = [self._without_old(copy, record) for record in records]
        # An item that the mapping did not make when the delivery was loaded is not there.
        absent = dict.fromkeys(fields, Absence(AbsenceReason.NOT_SUPPLIED))
        return GroupRecords(
            tuple(replace(r, answers={**absent, **r.answers}) for r in records),
            snapshot.as_of,
            snapshot.loaded_at,
            mapping_version=snapshot.mapping_version,
        )

    def _without_old(self, copy: _Copy, record: StandardRecord) -> StandardRecord:
        """Return the record without what may never be answered from an old copy (NW-4)."""
        group = self._dictionary.groups[record.group]
        never = group.address_class | {
            item.rpartition(".")[2]
            for item in copy.manifest.freshness.never_stale
            if item.rpartition(".")[0] == record.group
        }
        stale, ours = Absence(AbsenceReason.STALE), never_stale()
        answers = {
            n: a if n not in never and ours.holds(f"{record.group}.{n}", a) else stale
            for n, a in record.answers.items()
        }
        return replace(record, answers=answers)


class _Copy:
    """What one adapter's system delivered."""

    def __init__(
        self, copies: SnapshotCopies, municipality: str, manifest: Manifest, limit: dt.timedelta
    ) -> None:
        self.municipality = municipality
        self.manifest = manifest
        self.limit = limit
        self._copies = copies

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return what the snapshot in use says of one person."""
        return await self._copies.answer(self, request)
