"""Numbering of persons outside the resident register: issue, change, look up, history.

The numbers come from one series with the residents' check digit and never overlap with theirs.
名寄せ links two numbers and renumbers nobody. A My Number that is sent goes into its own store and
stands nowhere else (MN-1).

Source: 共通機能標準仕様書 2.1, 031 (機能ID 0310001, 0310004, 0310005, 0310007, 0310008, 0310022).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from adapters.contract import Clock
from gateway.audit import AuditEntry, AuditLog, to_record
from gateway.keys import KeyStore
from gateway.my_numbers import MyNumbers, Place
from gateway.numbers.store import Numbering, NumberStore
from gateway.store.tables import NumberedPersonRow, NumberSeriesRow
from gateway.subjects import SubjectService
from gateway.submissions.sealing import seal, unseal
from standard_models.reference.check_digits import RemainderOne, local_number_check
from standard_models.values.identifiers import MyNumber

MAX_FOUND: Final = 50
"""More candidates than a clerk compares; the search must be narrowed."""
MAX_VERSION: Final = 999
"""Source: API仕様 2.0, 履歴番号 9(3)."""
MY_NUMBER: Final = "kojinbango"
_NAMES: Final = ("shimei", "shimei_gaikokujinkanji", "shimei_gaikokujinromaji", "tsusho")


class Registration(StrEnum):
    """処理区分: what the caller wants of the number."""

    NEW = "0"
    EXISTING = "1"
    CANDIDATE = "2"


class NumberRefused(Exception):
    """The number named in ``field`` cannot be used for this."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NoSeriesLeft(Exception):
    """The municipality has no series of numbers, or has used it up."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of what is registered under a number."""

    number: str
    version: int
    business: str
    content: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NumberedPerson:
    """By which numbers somebody is known; ``subject_id`` None where no system is linked."""

    subject_id: str | None = field(repr=False)
    numbers: Mapping[str, tuple[str, ...]] = field(repr=False)


class NumberService:
    """Issues numbers and keeps what is registered under them, sealed."""

    def __init__(
        self,
        store: NumberStore,
        subjects: SubjectService,
        audit: AuditLog,
        keys: KeyStore,
        my_numbers: MyNumbers,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._subjects = subjects
        self._audit = audit
        self._keys = keys
        self._my_numbers = my_numbers
        self._clock = clock
        # The series is locked for one caller; who waits here does not hold a connection.
        self._turn = asyncio.Lock()

    async def register(
        self, entry: AuditEntry, business: str, content: Mapping[str, str]
    ) -> Version:
        """Register the person and return the version; its audit record is in the same commit.

        ``entry`` says who calls for which municipality. With ``Registration.NEW`` a number is
        issued; otherwise the one in ``atenabango`` is used.

        A My Number in ``content`` is written before and holds after the commit: should that fail,
        nobody has it, and never somebody to whom the number is issued later.

        Raises:
            NumberRefused: the number is not one that was given to anybody, or may not be used.
            NoSeriesLeft: no number can be issued.
            NumbersUnavailable: the My Number cannot be written.

        """
        async with AsyncExitStack() as kept:
            return await self._registered(entry, business, content, kept)

    async def _registered(
        self,
        entry: AuditEntry,
        business: str,
        content: Mapping[str, str],
        kept: AsyncExitStack,
    ) -> Version:
        municipality = entry.municipality
        my_number = MyNumber(content[MY_NUMBER]) if MY_NUMBER in content else None
        content = {field: text for field, text in content.items() if field != MY_NUMBER}
        async with self._turn, self._store.numbering(municipality) as numbering:
            if content["shorikubun"] == Registration.NEW:
                number, before = await self._issue(numbering, municipality), None
            else:
                number = content["atenabango"]
                before = await self._existing(numbering, municipality, business, content)
            await self._require_target(numbering, municipality, business, content, number)
            version = before.version + 1 if before else 1
            if version > MAX_VERSION:
                raise NumberRefused("atenabango")
            row = self._row(municipality, number, version, business, content)
            if my_number is not None:
                if numbering.series is None:
                    raise NoSeriesLeft
                place = Place(municipality, numbering.series.numbering, number)
                await kept.enter_async_context(self._my_numbers.keeping(place, my_number))
            pseudonym = await self._pseudonym(numbering, municipality, number)
            await numbering.add(row, to_record(replace(entry, subject_key=pseudonym)))
        return self._version(row)

    async def _pseudonym(self, numbering: Numbering, municipality: str, number: str) -> str:
        """Return the person's pseudonym, the one of all systems where the number is linked."""
        linked = numbering.series and await self._subjects.find_by_number(
            municipality, numbering.series.numbering, number
        )
        subject = linked.subject_id if linked else f"number:{number}"
        return self._audit.pseudonym(municipality, subject)

    async def find(self, municipality: str, business: str, number: str) -> Version | None:
        """Return the current version under ``number``, None if there is none to be seen."""
        row = await self._store.current(municipality, number)
        return self._version(row) if row is not None and _visible(row, business) else None

    async def history(self, municipality: str, business: str, number: str) -> Sequence[Version]:
        """Return every version under ``number``; nothing if the current one is not to be seen."""
        rows = await self._store.versions(municipality, number)
        if not rows or not _visible(rows[-1], business):
            return ()
        return [self._version(row) for row in rows]

    async def person(self, municipality: str, numbering: str, version: Version) -> NumberedPerson:
        """Return by which numbers the person of a version is known, in every system.

        名寄せ makes two numbers one person: what is known of either counts for both, in both
        directions. The number stands in the numbering of the series and in the caller's own.
        """
        same = await self._store.merged_with(municipality, version.number)
        series = await self._store.find_series(municipality)
        numberings = {numbering, *([series.numbering] if series is not None else [])}
        numbers: dict[str, set[str]] = {}
        own: str | None = None
        for of in sorted(numberings):
            numbers.setdefault(of, set()).update(same)
            for number in sorted(same):
                found = await self._subjects.find_by_number(municipality, of, number)
                if found is None:
                    continue
                if number == version.number:
                    own = found.subject_id
                for linked, all_of_them in found.numbers.items():
                    numbers.setdefault(linked, set()).update(all_of_them)
        return NumberedPerson(own, {of: tuple(sorted(n)) for of, n in numbers.items()})

    async def search(
        self, municipality: str, business: str, wanted: Mapping[str, str]
    ) -> Sequence[Version] | None:
        """Return whom all pieces of ``wanted`` fit; None if they are too many to compare.

        Letters are compared without regard to their width and to blanks.
        """
        name = next((wanted[field] for field in _NAMES if field in wanted), None)
        rows = await self._store.search(
            municipality,
            self._key(municipality, "name", name),
            self._key(municipality, "birth", wanted.get("seinengappi")),
            MAX_FOUND + 1,
        )
        if len(rows) > MAX_FOUND:
            return None
        found = [self._version(row) for row in rows if _visible(row, business)]
        return [v for v in found if all(_same(v.content.get(f), t) for f, t in wanted.items())]

    async def _issue(self, numbering: Numbering, municipality: str) -> str:
        """Return the next number that nobody has."""
        series = numbering.series
        while series is not None and series.next_serial <= series.last_serial:
            serial = str(series.next_serial).zfill(series.width - 1)
            series.next_serial += 1
            digit = local_number_check(serial, RemainderOne(series.remainder_one))
            if digit is None:
                continue
            number = serial + digit
            if await numbering.current(municipality, number) is not None:
                continue
            taken = await self._subjects.find_by_number(municipality, series.numbering, number)
            if taken is None:
                return number
        raise NoSeriesLeft

    async def _existing(
        self, numbering: Numbering, municipality: str, business: str, content: Mapping[str, str]
    ) -> NumberedPersonRow | None:
        """Return what is registered under the number; None for a former resident's own."""
        number = content["atenabango"]
        row = await numbering.current(municipality, number)
        if row is not None:
            if not _visible(row, business):
                raise NumberRefused("atenabango")
            return row
        if content["shorikubun"] == Registration.CANDIDATE or numbering.series is None:
            raise NumberRefused("atenabango")
        resident = await self._subjects.find_by_number(
            municipality, numbering.series.numbering, number
        )
        if resident is None:
            raise NumberRefused("atenabango")
        return None

    async def _require_target(
        self,
        numbering: Numbering,
        municipality: str,
        business: str,
        content: Mapping[str, str],
        number: str,
    ) -> None:
        """Do nothing unless the record goes after one that is not there."""
        target = content.get("nayosesakiatenabango")
        if target is None:
            return
        if target == number:
            raise NumberRefused("nayosesakiatenabango")
        row = await numbering.current(municipality, target)
        if row is not None and _visible(row, business):
            return
        series = numbering.series
        if series is None or row is not None:
            raise NumberRefused("nayosesakiatenabango")
        if await self._subjects.find_by_number(municipality, series.numbering, target) is None:
            raise NumberRefused("nayosesakiatenabango")

    def _row(
        self,
        municipality: str,
        number: str,
        version: int,
        business: str,
        content: Mapping[str, str],
    ) -> NumberedPersonRow:
        secret = self._keys.keys().sealing_secret
        name = next((content[field] for field in _NAMES if field in content), None)
        return NumberedPersonRow(
            municipality=municipality,
            number=number,
            version=version,
            current=True,
            merged_into=content.get("nayosesakiatenabango"),
            business=business,
            hidden=content["tagyomusanshofukafuragu"] == "1",
            name_key=self._key(municipality, "name", name),
            birth_key=self._key(municipality, "birth", content.get("seinengappi")),
            secret_version=secret.version,
            sealed=seal(secret, _place(municipality, number, version), content),
            registered_at=self._clock.now(),
        )

    def _version(self, row: NumberedPersonRow) -> Version:
        secret = self._keys.keys().find_sealing_secret(row.secret_version)
        if secret is None:
            msg = "the secret of a registered person is gone"
            raise LookupError(msg)
        content = unseal(secret, _place(row.municipality, row.number, row.version), row.sealed)
        texts = {field: str(text) for field, text in content.items()}
        return Version(row.number, row.version, row.business, texts)

    def _key(self, municipality: str, kind: str, text: str | None) -> bytes | None:
        """Return the digest by which a piece is found, under a key that is kept for good."""
        if text is None:
            return None
        message = f"numbers\x00{municipality}\x00{kind}\x00{_plain(text)}".encode()
        return hmac.new(self._keys.keys().audit, message, hashlib.sha256).digest()


async def open_series(store: NumberStore, row: NumberSeriesRow, entry: AuditEntry) -> None:
    """Let the municipality number from ``row`` on; serials that were used stay used.

    Raises:
        ValueError: the serials do not fit the width, or lie before the next one in use.

    """
    before = await store.find_series(row.municipality)
    if not 0 <= row.next_serial <= row.last_serial < 10 ** (row.width - 1):
        msg = "the serials do not fit the width"
        raise ValueError(msg)
    if before is not None and row.next_serial < before.next_serial:
        msg = "the serials lie before those in use"
        raise ValueError(msg)
    facts = {"first": row.next_serial, "last": row.last_serial, "width": row.width}
    await store.set_series(row, to_record(replace(entry, after=facts)))


def _visible(row: NumberedPersonRow, business: str) -> bool:
    """Return whether the business may see it (他業務参照不可フラグ)."""
    return not row.hidden or row.business == business


def _same(held: str | None, wanted: str) -> bool:
    return held is not None and _plain(held) == _plain(wanted)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _place(municipality: str, number: str, version: int) -> tuple[str, ...]:
    return ("numbers", municipality, number, str(version))
