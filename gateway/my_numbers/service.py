"""My Numbers: kept, found and erased by 宛名番号, and never shown.

No operation gives a number out. It is opened in one place only, to be sealed anew after a rotation
of the key. A number that stands with two persons links neither to the other: staff decide (MN-6).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.contract import Clock
from gateway.audit import NO_MUNICIPALITY, AuditLog, settings_entry
from gateway.keys import KeysError, KeyStore
from gateway.my_numbers.files import NumberFile
from gateway.my_numbers.sealing import NumberSeal, Place
from gateway.my_numbers.store import Known, MyNumberStore, NumbersUnavailable
from gateway.subjects import SubjectService
from standard_models.values.identifiers import MyNumber

PIECE: Final = 1_000
Progress = Callable[[int, int], None]


class MyNumbers:
    """Keeps numbers and finds whose they are."""

    def __init__(self, store: MyNumberStore, keys: KeyStore, *, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def places_of(self, municipality: str, my_number: MyNumber) -> Sequence[Place]:
        """Return under which 宛名番号 the number stands, whichever secret sealed it.

        Raises:
            NumbersUnavailable: the store cannot be asked, or there is no key yet.

        """
        seals = [NumberSeal(secret) for secret in self._keys.keys().my_numbers]
        if not seals:
            raise NumbersUnavailable
        digests = [seal.digest(municipality, my_number) for seal in seals]
        return await self._store.places(municipality, digests)

    @asynccontextmanager
    async def keeping(self, place: Place, my_number: MyNumber) -> AsyncIterator[None]:
        """Write the number; it stays if what is done within ends well, and is gone otherwise.

        Raises:
            NumbersUnavailable: it cannot be written, or there is no key yet.

        """
        try:
            row = self.row(place, my_number)
        except KeysError:
            raise NumbersUnavailable from None
        async with self._store.changing() as changes:
            await changes.put([row])
            yield

    def row(self, place: Place, my_number: MyNumber) -> dict[str, Any]:
        """Return the number sealed for its place, as a row."""
        seal = NumberSeal(self._keys.keys().my_number_secret)
        return sealed_row(seal, place, my_number, self._clock.now())


def sealed_row(
    seal: NumberSeal,
    place: Place,
    my_number: MyNumber,
    now: dt.datetime,
    load_id: str | None = None,
) -> dict[str, Any]:
    """Return a number sealed for its place, as a row; ``load_id`` is the load that stores it."""
    return {
        "municipality": place.municipality,
        "numbering": place.numbering,
        "number": place.number,
        "digest": seal.digest(place.municipality, my_number),
        "secret_version": seal.version,
        "sealed": seal.seal(place, my_number),
        "stored_at": now,
        "stored_by": load_id,
        "said_by": load_id,
    }


@dataclass(frozen=True, slots=True)
class NumberImport:
    """What an import did; ``read`` is the sum of the others.

    ``unknown`` lines are of people whom the gateway does not know: their numbers are not kept.
    """

    read: int
    new: int
    replaced: int
    unchanged: int
    repeated: int
    blank: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record of an extract of which nothing was taken; ``number`` is its 宛名番号, if any."""

    adapter: str
    group: str
    place: str
    number: str | None = field(repr=False)
    codes: tuple[str, ...]


class MyNumberOffice:
    """What officers do with the store. Everything is recorded with the mark of My Number."""

    def __init__(
        self,
        store: MyNumberStore,
        keys: KeyStore,
        subjects: SubjectService,
        audit: AuditLog,
        *,
        clock: Clock,
        actor: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._subjects = subjects
        self._audit = audit
        self._clock = clock
        self._actor = actor
        self._numbers = MyNumbers(store, keys, clock=clock)

    async def import_file(
        self,
        municipality: str,
        numbering: str,
        file: NumberFile,
        progress: Progress = lambda _done, _total: None,
    ) -> NumberImport:
        """Keep the numbers of a whole file, or none; importing it again changes nothing.

        Raises:
            Problem: ``audit-unavailable``; nothing is kept.

        """
        people = {number for _, number in await self._subjects.numbers_in(municipality, numbering)}
        async with self._store.changing() as changes:
            known = await changes.known(municipality, numbering)
            same = self._same_as(municipality, known)
            wanted = [row for row in file.rows if row.number in people]
            changed = [row for row in wanted if not same(row.number, row.my_number)]
            for start in range(0, len(changed), PIECE):
                piece = changed[start : start + PIECE]
                places = [Place(municipality, numbering, row.number) for row in piece]
                await changes.put(
                    [self._numbers.row(p, r.my_number) for p, r in zip(places, piece, strict=True)]
                )
                progress(start + len(piece), len(changed))
            replaced = sum(row.number in known for row in changed)
            report = NumberImport(
                read=file.read,
                new=len(changed) - replaced,
                replaced=replaced,
                unchanged=len(wanted) - len(changed),
                repeated=file.repeated,
                blank=file.blank,
                unknown=len(file.rows) - len(wanted),
            )
            await self._record(
                municipality,
                "my-number-import",
                {"numbering": numbering, "numbers": len(known)},
                {"numbering": numbering, "numbers": len(known) + report.new, **_counts(report)},
            )
        return report

    async def erase(self, municipality: str, numbering: str, numbers: Iterable[str] | None) -> int:
        """Erase the numbers of these people, or of everybody in the numbering; return how many.

        What stands of them in a quarantine goes as well.

        Raises:
            Problem: ``audit-unavailable``; nothing is erased.

        """
        async with self._store.changing() as changes:
            before = len(await changes.known(municipality, numbering))
            asked = None if numbers is None else list(numbers)
            erased = await changes.erase(municipality, numbering, asked)
            await changes.release(municipality, numbering, asked)
            await self._record(
                municipality,
                "my-number-erase",
                {"numbering": numbering, "numbers": before},
                {"numbering": numbering, "numbers": before - erased},
            )
        return erased

    async def counts(self, municipality: str) -> Sequence[tuple[str, int, int]]:
        """Return numbering, version of the key and how many numbers, for each of both."""
        return await self._store.counts(municipality)

    async def candidates(self, municipality: str) -> Sequence[Sequence[Place]]:
        """Return the 宛名番号 of different persons that have one number: for staff to decide.

        Raises:
            KeysError: some numbers are sealed with an earlier key, so that not all are compared.

        """
        if await self._store.outdated(self._keys.keys().my_number_secret.version, 1):
            raise KeysError(
                "以前の鍵の個人番号があります。hitotsu my-number reseal を実行してください。",
                "numbers are sealed with an earlier key: run `hitotsu my-number reseal`",
            )
        found = []
        for places in await self._store.shared(municipality):
            subjects = set()
            for place in places:
                subject = await self._subjects.find_by_number(
                    municipality, place.numbering, place.number
                )
                subjects.add(subject.subject_id if subject else place.bound)
            if len(subjects) > 1:
                found.append(places)
        await self._record(municipality, "my-number-candidates", None, {"candidates": len(found)})
        return found

    async def quarantined(self, municipality: str) -> Sequence[Quarantined]:
        """Return the records of the last load of each extract of which nothing was taken."""
        found = [
            Quarantined(load.adapter_id, load.group_ref, row.place, row.number, tuple(row.codes))
            for load in await self._store.loads(municipality)
            for row in await self._store.quarantined(load.load_id)
        ]
        await self._record(municipality, "my-number-quarantine", None, {"records": len(found)})
        return found

    async def reseal(self, progress: Progress = lambda _done, _total: None) -> int:
        """Seal with the newest key what an earlier one sealed; return how many. Goes on if ended.

        Raises:
            SealBroken: a number was altered; it stays as it is, and those before it are done.

        """
        seals = {s.version: NumberSeal(s) for s in self._keys.keys().my_numbers}
        newest = seals[max(seals)]
        await self._record(
            NO_MUNICIPALITY, "my-number-reseal", None, {"secret_version": newest.version}
        )
        done = 0
        while rows := await self._store.outdated(newest.version, PIECE):
            async with self._store.changing() as changes:
                for row in rows:
                    place = Place(row.municipality, row.numbering, row.number)
                    my_number = seals[row.secret_version].unseal(place, row.sealed)
                    digest = newest.digest(row.municipality, my_number)
                    sealed = newest.seal(place, my_number)
                    await changes.reseal(row, sealed, digest, newest.version)
            done += len(rows)
            progress(done, done)
        return done

    def _same_as(
        self, municipality: str, known: Mapping[str, Known]
    ) -> Callable[[str, MyNumber], bool]:
        """Return what tells whether a number is already kept for its person."""
        seals = {s.version: NumberSeal(s) for s in self._keys.keys().my_numbers}

        def same(number: str, my_number: MyNumber) -> bool:
            before = known.get(number)
            return before is not None and (
                seals[before.version].digest(municipality, my_number) == before.digest
            )

        return same

    async def _record(
        self,
        municipality: str,
        function: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> None:
        await self._audit.append(
            settings_entry(
                municipality,
                self._clock.now(),
                self._actor,
                function,
                my_number=True,
                before=before,
                after=after,
            )
        )


def _counts(report: NumberImport) -> dict[str, int]:
    return {
        "read": report.read,
        "new": report.new,
        "replaced": report.replaced,
        "unchanged": report.unchanged,
        "unknown": report.unknown,
    }
