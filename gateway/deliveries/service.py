"""What a delivery goes through before and after it is read.

Nothing is read of it before signature, checksums and scan are in order. One that is unsigned,
partial, damaged or infected is set aside whole; one of which nobody knows (it is under way, a key
or the scanner is missing) stays where it is. In either case what was loaded before stays in use.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any, Final, Protocol

from adapters.contract import Clock
from adapters.errors import AdapterError, BadAnswer, Unavailable
from adapters.files.deliveries import Entry
from adapters.manifest import Manifest
from adapters.sources.base import Source
from adapters.sources.files import FileSource, RecordSource
from adapters.sources.places import FolderPlace
from gateway.api.limits import text_holds_number
from gateway.connections.config import EnabledAdapter
from gateway.deliveries.folders import erase, set_aside
from gateway.deliveries.scanning import is_clean
from gateway.deliveries.signatures import DelivererKeys
from gateway.errors import ExplainedError

INFECTED: Final = "infected"
NOT_LOADED: Final = "not-loaded"
_REASONS: Final = {
    INFECTED: "ウイルス検査で見つかったものがあります",
    NOT_LOADED: "取り込めません",
    Unavailable.code: "足りないものがあります",
}
_AS_BEFORE: Final = ("何も取り込まず、前の取り込みのまま答えます。", "the last snapshot stays")
_AS_FAR: Final = ("それまでに取り込んだ分はそのままです。", "what was stored before stays")
_NOT_IN_ORDER: Final = "署名か中身が正しくありません"


class DeliveryRefusedError(ExplainedError):
    """Nothing was read and nothing was moved; the texts say what to do."""


class DeliveryQuarantinedError(ExplainedError):
    """Nothing was read, and the delivery was set aside; the texts say where and why."""


class _InfectedError(Exception):
    """The scanner found something in one of the files."""


class Recorder(Protocol):
    """Makes an audit record durable."""

    def __call__(self, function: str, outcome: str, after: Mapping[str, Any]) -> Awaitable[None]:
        """Record what is about to be done."""
        ...


class Use(Enum):
    """What a delivery is read for."""

    LOAD = auto()
    """It is loaded whole or not at all, and nobody needs it after that."""
    LOAD_PIECES = auto()
    """What was stored stays, and others read it as well: nothing is erased."""
    COMPARE = auto()
    """Nothing is stored: one that is wrong is told of and stays where it is."""


class Reception:
    """Takes the deliveries of one adapter that is opened with ``around``."""

    def __init__(
        self,
        entry: EnabledAdapter,
        manifest: Manifest,
        *,
        clock: Clock,
        record: Recorder,
        use: Use = Use.LOAD,
    ) -> None:
        self._use = use
        self._entry = entry
        self._rules = entry.hand_over
        self._gives_files = manifest.freshness.every_s is not None
        self._clock = clock
        self._record = record
        self._source: FileSource | None = None
        self._others = False
        self._pinned: list[Entry] = []

    def around(self, source: Source) -> Source:
        """Note the source of the adapter; it goes on as it is."""
        if isinstance(source, FileSource):
            self._source = source
        elif isinstance(source, RecordSource):
            self._others = True
        return source

    @property
    def signed_at(self) -> dt.datetime | None:
        """Return when the delivery was signed; None if no signature is required."""
        return self._source.signed_at if self._source is not None else None

    @asynccontextmanager
    async def received(self, wrong: tuple[type[ExplainedError], ...] = ()) -> AsyncIterator[None]:
        """Check what was delivered, and let it be read inside; then erase it if that is wanted.

        Errors of the kinds ``wrong`` inside tell that it is the delivery that is wrong.

        Raises:
            DeliveryRefusedError: it cannot be checked.
            DeliveryQuarantinedError: it was checked and set aside.
            ScanFailedError: the scanner did not answer.
            AdapterError: it is not there, still under way, or cannot be read.
        """
        try:
            await self._check()
            yield
        except AdapterError as error:
            await self._quarantine(error.code, error.detail, self._wrong(error))
            raise
        except _InfectedError as error:
            await self._quarantine(INFECTED, f"malware: {error}", self._pinned)
            raise DeliveryRefusedError(
                f"{_REASONS[INFECTED]}（{error}）。", f"The scanner found something in {error}."
            ) from None
        except wrong as error:
            await self._quarantine(
                NOT_LOADED, f"{error.detail_ja} {error.detail_en}", self._of_one_delivery()
            )
            raise
        await self._erase()

    async def _check(self) -> None:
        source = self._source
        if source is None:
            if (self._gives_files or self._others) and not self._rules.accept_unsigned:
                raise DeliveryRefusedError(
                    "このアダプターが読むファイルは、署名を確かめられません。承知の上なら、"
                    "adapters.yaml の hand_over に accept_unsigned: true を書いてください。",
                    "The files of this adapter cannot be checked; to load them all the same, say "
                    "accept_unsigned in hand_over.",
                )
            self._refuse_without_files()
            return
        self._refuse_what_cannot_be_done(source)
        self._require_signature(source)
        if self._rules.scan:
            source.require_copies()
        self._pinned = await asyncio.to_thread(source.pin)
        if self._rules.scan and isinstance(source.place, FolderPlace):
            folder = await asyncio.to_thread(source.place.folder.absolute)
            for entry in self._pinned:
                path = folder / entry.name
                if not await is_clean(self._rules.scan, path, self._rules.scan_timeout_s):
                    raise _InfectedError(entry.name)

    def _refuse_without_files(self) -> None:
        if self._rules.scan or self._rules.delete_when_loaded:
            raise DeliveryRefusedError(
                "hand_over の scan と delete_when_loaded は、フォルダーのファイルを読むアダプターに"
                "しか使えません。",
                "scan and delete_when_loaded are for adapters that read files of a folder.",
            )

    def _refuse_what_cannot_be_done(self, source: FileSource) -> None:
        if not isinstance(source.place, FolderPlace):
            self._refuse_without_files()
        if self._rules.delete_when_loaded and source.rules.series == "changes":
            raise DeliveryRefusedError(
                "差分の受け渡しは、次の取り込みにも要るので消せません（delete_when_loaded）。",
                "A series of changes is needed for the next load and cannot be erased.",
            )

    def _require_signature(self, source: FileSource) -> None:
        if self._rules.signed_by is not None:
            try:
                jwks = json.loads(self._rules.signed_by.read_text("utf-8"))
            except (OSError, ValueError):
                raise DeliveryRefusedError(
                    f"渡す側の公開鍵のファイル（{self._rules.signed_by}）を読めません。",
                    f"The public keys of the deliverer ({self._rules.signed_by}) cannot be read.",
                ) from None
            keys = DelivererKeys(jwks, self._entry.municipality, self._entry.adapter)
            source.require_signature(keys.check)
        elif isinstance(source.place, FolderPlace) and not self._rules.accept_unsigned:
            raise DeliveryRefusedError(
                "渡す側の公開鍵がありません。adapters.yaml の hand_over に signed_by（公開鍵の JWK "
                "Set のファイル）を書くか、承知の上なら accept_unsigned: true を書いてください。",
                "No public key of the deliverer: name a JWK Set as signed_by in hand_over of the "
                "adapters file, or say accept_unsigned.",
            )

    def _wrong(self, error: AdapterError) -> Sequence[Entry]:
        """Return the files of the delivery that an error is about, none if it is about none."""
        if self._source is None:
            return ()
        if self._source.refused:
            return self._source.refused
        return self._of_one_delivery() if isinstance(error, BadAnswer) else ()

    def _of_one_delivery(self) -> Sequence[Entry]:
        """Return what was read, if it is one delivery; of a series the next load needs the rest."""
        is_one = self._source is not None and self._source.rules.series == "whole"
        return self._pinned if is_one else ()

    async def _quarantine(self, code: str, why: str, files: Sequence[Entry]) -> None:
        """Set the files aside and tell it; do nothing where there is nothing to set aside.

        Raises:
            DeliveryQuarantinedError: it was done.
        """
        if self._use is Use.COMPARE or not files:
            return
        if self._source is None or not isinstance(self._source.place, FolderPlace):
            return
        await self._record("delivery-quarantine", "refused", {**self._counts(files), "why": code})
        why = code if text_holds_number(why) else why  # an adapter's own words (MN-3)
        now = self._clock.now()
        why_ja = f"{_REASONS.get(code, _NOT_IN_ORDER)}（{why}）"
        reason = (
            f"この受け渡しは隔離しました。\n日時：{now.isoformat(timespec='seconds')}\n"
            f"団体：{self._entry.municipality}\nアダプター：{self._entry.adapter}\n"
            f"理由：{why_ja}。\n渡した側に確かめ、届け直してもらって"
            "ください。\n\nThis delivery was set aside for the reason above. Ask "
            "whoever handed it over to deliver it anew.\n"
        )
        stays = _AS_BEFORE if self._use is Use.LOAD else _AS_FAR
        prefix = f"{self._entry.municipality}-{self._entry.adapter}-{now:%Y%m%dT%H%M%S}"
        place, stayed = await asyncio.to_thread(
            set_aside,
            self._source.place.folder,
            files,
            self._rules.quarantine,
            prefix,
            reason,
        )
        stays_ja = f"元の場所に残ったファイルが {stayed} 件あります。" if stayed else ""
        stays_en = f" {stayed} files are still where they were." if stayed else ""
        raise DeliveryQuarantinedError(
            f"{place} に隔離しました。{stays[0]}{why_ja}。{stays_ja}",
            f"It was set aside in {place}, {stays[1]}: {why}.{stays_en}",
        ) from None

    async def _erase(self) -> None:
        """Erase what was loaded, if that is wanted.

        Raises:
            DeliveryRefusedError: it was loaded, and something of it is still there.
        """
        source = self._source
        if (
            not (self._use is Use.LOAD and self._rules.delete_when_loaded)
            or source is None
            or not isinstance(source.place, FolderPlace)
        ):
            return
        await self._record("delivery-delete", "deleted", self._counts(self._pinned))
        stayed = await asyncio.to_thread(erase, source.place.folder, self._pinned)
        if stayed:
            raise DeliveryRefusedError(
                f"取り込みましたが、{stayed} 件のファイルを消せませんでした。手で消してください。",
                f"It was loaded; {stayed} files could not be erased: erase them by hand.",
            )

    def _counts(self, files: Sequence[Entry]) -> dict[str, Any]:
        size = sum(entry.size_bytes for entry in files)
        return {"adapter": self._entry.adapter, "files": len(files), "bytes": size}
