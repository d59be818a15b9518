"""Files that a system hands over, as deliveries that are complete or not used at all."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, runtime_checkable

from adapters.deadline import Deadline
from adapters.errors import AdapterError, BadAnswer, ConfigurationError, Unavailable, Unsupported
from adapters.files.csv_files import CsvShapeError
from adapters.files.deliveries import (
    Delivery,
    Entry,
    Problem,
    arrange,
    contradictions,
    gaps,
    missing,
    told,
)
from adapters.files.delivery_manifest import (
    MAX_MANIFEST_BYTES,
    Manifest,
    ManifestError,
    Stated,
    read_checksums,
    read_manifest,
)
from adapters.files.delivery_rules import DeliveryRules
from adapters.files.manifest_totals import ManifestTotals
from adapters.files.records import FileRecord, FileShapeError, open_records
from adapters.mapping.model import FileRead, Read
from adapters.sources.base import Slots
from adapters.sources.places import CopiedFolder, FolderPlace, Place, close_all, reader

LIST_SUFFIX: Final = ".sha256sums"
"""End of the name of a list of checksums that a deliverer signs."""
SIGNATURE_SUFFIX: Final = ".jws"
"""What the name of its signature has behind that of the list."""
MAX_SIGNATURE_BYTES: Final = 16 * 1024
NOT_AS_SIGNED: Final = "it is not as it was signed"

ListCheck = Callable[[bytes, bytes], dt.datetime]
"""Takes a list and its signature, returns when it was signed, and raises ``UntrustedList``."""


class UntrustedList(Exception):
    """A signed list that is not to be trusted; the message says why, without a value."""


FETCH_S: Final = 3_600.0
"""How long it may take to fetch and check what was delivered, in seconds."""


@runtime_checkable
class RecordSource(Protocol):
    """A source of whole files; it may stand in the place of a ``Source``."""

    def records(self, name: str, read: Read) -> Iterator[FileRecord]:
        """Yield the records of the files of the read ``name``, in their order. Blocks.

        Raises:
            AdapterError: a file is missing, or is not of the declared shape.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A delivery that was found whole: its files are open and their checksums agree."""

    delivery: Delivery
    manifest: Manifest
    files: Mapping[str, BinaryIO]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a read: open, and what its manifest states of it."""

    entry: Entry
    delivery: Delivery
    stated: Stated
    content: BinaryIO


class FileSource:
    """Reads delivered files; never writes, moves or deletes any.

    Args:
        place: where the system, or a transfer, puts its files.
        layouts: folder of the mapping, with its copybooks.
        rules: what makes a delivery whole.
        now: the host's clock; needed where files must have been left alone for a while.
        fetch_s: how long fetching and checking may take, in seconds.

    Attributes:
        refused: the files of the delivery that was handed over and cannot be used, if there was
            one; not of one that is still under way.
        signed_at: when the last of the lists was signed that were read.
    """

    def __init__(
        self,
        place: Place,
        layouts: Path,
        rules: DeliveryRules,
        *,
        now: Callable[[], dt.datetime] | None = None,
        fetch_s: float = FETCH_S,
    ) -> None:
        if rules.settle_s and now is None:
            raise ConfigurationError("settle_s needs the host's clock")
        self._place = place
        self._layouts = layouts
        self._rules = rules
        self._now = now
        self._fetch_s = fetch_s
        self._held: dict[tuple[Entry, ...], _Held] = {}
        self._checking = threading.Lock()
        self._check_list: ListCheck | None = None
        self._pinned: list[tuple[Entry, ...]] | None = None
        self.refused: tuple[Entry, ...] = ()
        self.signed_at: dt.datetime | None = None

    @property
    def place(self) -> Place:
        """Return where the files lie."""
        return self._place

    @property
    def rules(self) -> DeliveryRules:
        """Return what makes a delivery whole."""
        return self._rules

    def require_signature(self, check: ListCheck) -> None:
        """Read nothing from now on but what stands, with its checksum, in a list that is signed."""
        self._check_list = check
        self.require_copies()

    def require_copies(self) -> None:
        """Copy what lies in a folder before it is read: whoever can write there changes no copy."""
        if isinstance(self._place, FolderPlace):
            self._place = CopiedFolder(self._place.folder)

    def pin(self) -> list[Entry]:
        """Return the files of the whole deliveries that would be read, and read no others. Blocks.

        Raises:
            AdapterError: one of them is not whole, or missing.
        """
        with self._checking:
            held = self._whole(None)
            self._pinned = [_identity(one.delivery) for one in held]
            self._let_go_of_originals()
            return [entry for one in held for entry in one.delivery.everything]

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:  # noqa: ARG002
        """Refuse: a file is read as a whole.

        Raises:
            Unsupported: always.
        """
        raise Unsupported("a delivered file answers no question about one person")

    def records(self, name: str, read: Read, *, after: str | None = None) -> Iterator[FileRecord]:
        """Yield the records of the files of the read ``name``.

        Of a series of changes these are the records of all deliveries, or of those behind the
        delivery ``after``, in their order; the numbers of records go on from file to file. Nothing
        is yielded of a delivery unless all that are to be read are whole. What a manifest states
        of records and sums is compared at the end of each file.
        """
        if read.file is None or name not in self._rules.files:
            raise ConfigurationError(f"no file is named for the read {name}")
        before = 0
        found = self._files_of(name, after)
        try:
            for one in found:
                last = before
                for record in self._of_file(name, read.file, one):
                    number = record.number + before
                    last = max(last, number + max(record.count - 1, 0))
                    yield replace(record, number=number, file=one.entry.name, before=before)
                before = last
        finally:
            close_all([one.content for one in found])

    def deliveries(self, after: str | None = None) -> list[str]:
        """Return the names of the whole deliveries that would be read, in their order. Blocks.

        Raises:
            AdapterError: one of them is not whole, or missing.
        """
        with self._checking:
            names = [held.delivery.name for held in self._whole(after)]
            self._let_go_of_originals()
            return names

    async def ping(self, deadline: Deadline) -> str | None:
        """Look whether everything is there, by name; nothing is fetched.

        Raises:
            AdapterError: something is not.
        """
        await asyncio.to_thread(self._listed, deadline, None)
        return None

    async def aclose(self) -> None:
        """Close the files."""
        with self._checking:
            self._let_go(set(self._held))

    def _files_of(self, name: str, after: str | None) -> list[_File]:
        """Return readers of the files of a read, which stay good whatever is delivered next."""
        with self._checking:
            found = [
                _File(
                    part.entry,
                    held.delivery,
                    held.manifest.get(part.entry.name, Stated()),
                    reader(held.files[part.entry.name]),
                )
                for held in self._whole(after)
                for part in held.delivery.files.get(name, [])
            ]
            self._let_go_of_originals()
            return found

    def _of_file(self, name: str, read: FileRead, one: _File) -> Iterator[FileRecord]:
        entry = one.entry
        totals = ManifestTotals(self._rules.manifest, name, one.stated)
        state = _state(one.content)
        try:
            for record in open_records(read, self._layouts, one.content):
                totals.see(record)
                yield record
        except FileShapeError as error:
            raise ConfigurationError(str(error)) from None
        except CsvShapeError as error:
            raise self._refused(one.delivery, BadAnswer(f"the file of {name}: {error}")) from None
        except OSError as error:
            raise Unavailable(f"{entry.name}: {type(error).__name__}") from None
        if _state(one.content) != state:
            raise Unavailable(f"{entry.name}: changed while it was read")
        if wrong := totals.problems():
            raise self._refused(one.delivery, BadAnswer(f"{entry.name}: {'; '.join(wrong)}"))

    def _whole(self, after: str | None) -> list[_Held]:
        """Return the deliveries to be read, each checked in every respect.

        All problems by name, time, size and day are told at once, then all of contents.
        """
        deadline = Deadline.after(self._fetch_s)
        entries, deliveries = self._listed(deadline, after)
        signed = [self._signed(delivery, entries, deadline) for delivery in deliveries]
        manifests = [
            self._manifest(delivery, listed, deadline)
            for delivery, listed in zip(deliveries, signed, strict=True)
        ]
        for delivery, manifest in zip(deliveries, manifests, strict=True):
            if manifest is not None:
                self._require_whole(delivery, [*contradictions(delivery, manifest, entries)])
        identities = [_identity(delivery) for delivery in deliveries]
        if self._pinned is not None and identities != self._pinned:
            raise Unavailable("what was delivered was changed after it had been checked")
        whole = [
            self._kept(delivery, manifest or {})
            or self._take(delivery, manifest or {}, listed, deadline)
            for delivery, manifest, listed in zip(deliveries, manifests, signed, strict=True)
        ]
        kept = {_identity(held.delivery) for held in whole}
        self._let_go(self._held.keys() - kept)
        return whole

    def _kept(self, delivery: Delivery, manifest: Manifest) -> _Held | None:
        """Return the delivery as it was checked before, if nobody can have changed it since."""
        held = self._held.get(_identity(delivery)) if self._place.copies else None
        return held if held is not None and held.manifest == manifest else None

    def _listed(self, deadline: Deadline, after: str | None) -> tuple[list[Entry], list[Delivery]]:
        """Return what lies there, and the deliveries of it that are to be read."""
        entries = self._place.listed(deadline)
        found = arrange(self._rules, entries)
        if not found:
            names = ", ".join(sorted(file.name for file in self._rules.files.values()))
            raise Unavailable(f"nothing has been delivered: {names}")
        if self._rules.series == "whole":
            chosen = found[-1:]
        else:
            names_found = [delivery.name for delivery in found]
            start = names_found.index(after) if after in names_found else 0
            self._require_whole(found[-1], gaps(self._rules, found[start:], after))
            chosen = found[start + (after is not None) :]
        now = self._now() if self._now is not None else None
        for delivery in chosen:
            if self._check_list is not None:
                self._find_lists(delivery, entries, deadline)
            self._require_whole(delivery, [*missing(self._rules, delivery, now)])
        return entries, chosen

    def _find_lists(self, delivery: Delivery, entries: Sequence[Entry], deadline: Deadline) -> None:
        """Note the lists that name files of the delivery, and their signatures."""
        there = {entry.name: entry for entry in entries}
        own = _covered(delivery)
        for entry in entries:
            if not entry.name.endswith(LIST_SUFFIX):
                continue
            try:
                stated = read_checksums(self._content(entry, MAX_MANIFEST_BYTES, deadline))
            except (ManifestError, BadAnswer):
                continue  # of whose delivery nobody can say
            if own & stated.keys():
                signature = there.get(entry.name + SIGNATURE_SUFFIX)
                delivery.lists[entry] = signature

    def _signed(
        self, delivery: Delivery, entries: Sequence[Entry], deadline: Deadline
    ) -> Manifest | None:
        """Return the checksums of the signed lists; where two tell of a file, the later one counts.

        None where no signature is required.
        """
        if self._check_list is None:
            return None
        found = []
        for entry, signature in delivery.lists.items():
            if signature is None:
                raise self._refused(delivery, BadAnswer(f"{entry.name}: it has no signature"))
            try:
                content = self._content(entry, MAX_MANIFEST_BYTES, deadline)
                seal = self._content(signature, MAX_SIGNATURE_BYTES, deadline)
                found.append((self._check_list(content, seal), entry.name, content))
            except (BadAnswer, UntrustedList) as error:
                text = f"{entry.name}: {error}"
                raise self._refused(delivery, BadAnswer(text)) from None
        signed: dict[str, Stated] = {}
        times: dict[str, dt.datetime] = {}
        for time, _, content in sorted(found):
            listed = read_checksums(content)
            signed.update(listed)
            times.update(dict.fromkeys(listed, time))
        there = {entry.name for entry in entries}
        unsigned = sorted(_covered(delivery) - signed.keys())
        problems = [
            *(Problem(f"{name}: signed for, and not there") for name in signed.keys() - there),
            *(Problem(f"{name}: it stands in no signed list", waiting=False) for name in unsigned),
        ]
        own = {times[entry.name] for entry in delivery.entries if entry.name in times}
        if len(own) > 1:
            text = "its files are not signed for in one list"
            problems.append(Problem(text, waiting=False))
        self._require_whole(delivery, problems)
        for time in own:
            self.signed_at = max(time, self.signed_at or time)
        return signed

    def _content(self, entry: Entry, most: int, deadline: Deadline) -> bytes:
        if entry.size_bytes > most:
            raise BadAnswer(f"{entry.name}: too large for what it is")
        (file,) = self._place.hold([entry], deadline)
        with file, reader(file) as content:
            return content.read(most)

    def _manifest(
        self, delivery: Delivery, signed: Manifest | None, deadline: Deadline
    ) -> Manifest | None:
        rule, entry = self._rules.manifest, delivery.manifest
        if rule is None or entry is None:
            return None
        if entry.size_bytes > MAX_MANIFEST_BYTES:
            raise self._refused(delivery, BadAnswer(f"{entry.name}: too large for a manifest"))
        content = self._content(entry, MAX_MANIFEST_BYTES, deadline)
        if signed is not None and hashlib.sha256(content).hexdigest() != signed[entry.name].sha256:
            raise self._refused(delivery, BadAnswer(f"{entry.name}: {NOT_AS_SIGNED}"))
        try:
            return read_manifest(rule, content)
        except ManifestError as error:
            raise self._refused(delivery, BadAnswer(f"{entry.name}: {error}")) from None

    def _take(
        self, delivery: Delivery, manifest: Manifest, signed: Manifest | None, deadline: Deadline
    ) -> _Held:
        """Hold the files of a delivery and compare them with their checksums."""
        entries = delivery.entries
        files = self._place.hold(entries, deadline)
        try:
            wrong: list[Problem] = []
            for entry, file in zip(entries, files, strict=True):
                stated = {
                    "does not agree with its checksum": manifest.get(entry.name, Stated()).sha256,
                    NOT_AS_SIGNED: signed[entry.name].sha256 if signed is not None else None,
                }
                wrong += self._damage(entry, file, stated, deadline)
            self._require_whole(delivery, wrong)
            after = set(self._place.listed(deadline))
            changed = [
                Problem(f"{e.name}: still changing", under_way=True)
                for e in entries
                if e not in after
            ]
            self._require_whole(delivery, changed)
        except BaseException:
            close_all(files)
            raise
        named = dict(zip((entry.name for entry in entries), files, strict=True))
        identity = _identity(delivery)
        self._let_go({identity})
        held = self._held[identity] = _Held(delivery, manifest, named)
        return held

    def _damage(
        self, entry: Entry, file: BinaryIO, stated: Mapping[str, str | None], deadline: Deadline
    ) -> Iterator[Problem]:
        """Yield what is wrong with a file; ``stated`` are checksums, by what differs if they do."""
        if os.fstat(file.fileno()).st_size != entry.size_bytes:
            yield Problem(f"{entry.name}: still changing", under_way=True)
        if not any(stated.values()):
            return
        digest = hashlib.sha256()
        with reader(file) as content:
            while chunk := content.read(1 << 20):
                deadline.require_s()
                digest.update(chunk)
        for what, checksum in stated.items():
            if checksum not in (None, digest.hexdigest()):
                yield Problem(f"{entry.name}: {what}", waiting=False)

    def _require_whole(self, delivery: Delivery, problems: Sequence[Problem]) -> None:
        """Do nothing unless there are problems.

        Raises:
            Unavailable: time may mend all of them.
            BadAnswer: one of them it will not.
        """
        if not problems:
            return
        text = told(delivery, problems)
        waiting = all(problem.waiting for problem in problems)
        error: AdapterError = Unavailable(text) if waiting else BadAnswer(text)
        if any(problem.under_way for problem in problems):
            raise error
        raise self._refused(delivery, error)

    def _refused(self, delivery: Delivery, error: AdapterError) -> AdapterError:
        """Note which delivery it is that cannot be used, and return why."""
        self.refused = tuple(delivery.everything)
        return error

    def _let_go_of_originals(self) -> None:
        """Keep copies, which cost a journey, but nothing open that somebody may replace."""
        if not self._place.copies:
            self._let_go(set(self._held))

    def _let_go(self, identities: set[tuple[Entry, ...]]) -> None:
        """Close what is held of these deliveries; readers that are open stay good."""
        for identity in identities & self._held.keys():
            close_all([*self._held.pop(identity).files.values()])


def _state(file: BinaryIO) -> tuple[int, int]:
    """Return what changes when somebody writes to the file."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _covered(delivery: Delivery) -> set[str]:
    """Return the names of the files that are read, all of which must be signed for."""
    read = [*delivery.entries, *([delivery.manifest] if delivery.manifest else [])]
    return {entry.name for entry in read}


def _identity(delivery: Delivery) -> tuple[Entry, ...]:
    """Return what a delivery was when it was listed: another content is another delivery."""
    manifest = [delivery.manifest] if delivery.manifest is not None else []
    return (*delivery.entries, *manifest)
