"""NZ-5: what is asked of a delivery before anything of it is read, whatever adapter reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Deadline
from adapters.errors import BadAnswer
from adapters.files.delivery_rules import DeliveryRules
from adapters.files.records import FileRecord
from adapters.manifest import read_manifest
from adapters.mapping.model import Read
from adapters.sources.base import Slots
from adapters.sources.files import FileSource
from adapters.sources.places import FolderPlace
from gateway.connections.config import EnabledAdapter
from gateway.deliveries import (
    DeliveryQuarantinedError,
    DeliveryRefusedError,
    Reception,
    Use,
)
from gateway.snapshots.loading import OlderDeliveryError
from standard_models.reference.check_digits import my_number_check
from tests.doubles import StoppedClock

PENSION = read_manifest(
    files("adapters.reference.pension").joinpath("manifest.yaml").read_text("utf-8")
)
CSV = Read.model_validate({"file": {"csv": {"columns": {"no": "no"}, "encoding": "utf-8"}}})
WHOLE = {"files": {"zei": {"name": "zei.csv"}}}
CHANGES = {"files": {"zei": {"name": "zei_{serial}.csv"}}, "series": "changes"}


class OwnSource:
    """A vendor's own source of files."""

    def records(self, name: str, read: Read) -> Iterator[FileRecord]:
        yield from ()

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        return None

    async def ping(self, deadline: Deadline) -> str | None:
        return None

    async def aclose(self) -> None:
        """Hold nothing."""


class Desk:
    """A reception, and what it had recorded."""

    def __init__(self, folder: Path, clock: StoppedClock, **options: Any) -> None:
        self.recorded: list[tuple[str, Mapping[str, Any]]] = []
        use = options.pop("use", Use.LOAD)
        rules = {"quarantine": folder / "quarantine", **options}
        entry = EnabledAdapter.model_validate(
            {"adapter": "reference-pension", "municipality": "999997", "hand_over": rules}
        )

        async def record(function: str, outcome: str, after: Mapping[str, Any]) -> None:
            self.recorded.append((function, after))

        self.reception = Reception(entry, PENSION, clock=clock, record=record, use=use)

    async def take(self, source: Any, failure: Exception | None = None) -> None:
        assert self.reception.around(source) is source
        try:
            async with self.reception.received():
                if failure is not None:
                    raise failure
        finally:
            await source.aclose()


def source(folder: Path, rules: dict[str, Any]) -> FileSource:
    return FileSource(FolderPlace(folder), folder, DeliveryRules.model_validate(rules))


async def test_a_source_that_nobody_can_check_is_refused_unless_the_operator_says_so(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """A vendor does not leave the signature out by reading files in a way of its own."""
    with pytest.raises(DeliveryRefusedError, match="cannot be checked"):
        await Desk(tmp_path, clock).take(OwnSource())
    await Desk(tmp_path, clock, accept_unsigned=True).take(OwnSource())
    with pytest.raises(DeliveryRefusedError, match="folder"):
        await Desk(tmp_path, clock, accept_unsigned=True, scan=["true"]).take(OwnSource())


async def test_a_series_of_changes_is_never_erased(tmp_path: Path, clock: StoppedClock) -> None:
    """The next load needs it."""
    (tmp_path / "zei_1.csv").write_text("x")
    desk = Desk(tmp_path, clock, accept_unsigned=True, delete_when_loaded=True)
    with pytest.raises(DeliveryRefusedError, match="series of changes"):
        await desk.take(source(tmp_path, CHANGES))
    assert (tmp_path / "zei_1.csv").exists()


async def test_a_series_of_changes_is_not_set_aside_for_what_no_one_of_them_has(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """The last one was taken away, so that the series is older than what is in use."""
    (tmp_path / "zei_1.csv").write_text("x")
    desk = Desk(tmp_path, clock, accept_unsigned=True)
    older = OlderDeliveryError("前のもの", "an earlier one")
    taken = source(tmp_path, CHANGES)
    desk.reception.around(taken)
    with pytest.raises(OlderDeliveryError):
        async with desk.reception.received(wrong=(OlderDeliveryError,)):
            raise older
    assert (tmp_path / "zei_1.csv").exists()
    assert desk.recorded == []


async def test_a_load_that_others_follow_erases_nothing(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """My Numbers come out of a delivery before the snapshot does; that one erases it."""
    (tmp_path / "zei.csv").write_text("12345")
    rules = {"accept_unsigned": True, "delete_when_loaded": True}
    first = Desk(tmp_path, clock, use=Use.LOAD_PIECES, **rules)
    await first.take(source(tmp_path, WHOLE))
    assert (first.recorded, (tmp_path / "zei.csv").exists()) == ([], True)
    last = Desk(tmp_path, clock, **rules)
    await last.take(source(tmp_path, WHOLE))
    said = {"adapter": "reference-pension", "files": 1, "bytes": 5}
    assert last.recorded == [("delivery-delete", said)]
    assert not (tmp_path / "zei.csv").exists()


async def test_what_is_only_compared_stays_where_it_is(tmp_path: Path, clock: StoppedClock) -> None:
    """RE-1: a nightly comparison takes no delivery from the load, and tells what is wrong."""
    (tmp_path / "zei.csv").write_text("12345")

    def desk(**options: Any) -> Desk:
        return Desk(tmp_path, clock, use=Use.COMPARE, **options)

    good = desk(accept_unsigned=True, delete_when_loaded=True)
    await good.take(source(tmp_path, WHOLE))
    for reception, failure in (
        (desk(), None),
        (desk(accept_unsigned=True), BadAnswer("3 records, the manifest states 4")),
        (desk(accept_unsigned=True, scan=["false"]), None),
    ):
        with pytest.raises((DeliveryRefusedError, BadAnswer)):
            await reception.take(source(tmp_path, WHOLE), failure)
        assert reception.recorded == []
    assert good.recorded == []
    assert (tmp_path / "zei.csv").read_text() == "12345"
    assert not (tmp_path / "quarantine").exists()


async def test_what_is_written_to_a_file_after_it_was_scanned_is_not_read(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """NZ-5: also where nobody signs, and whoever wrote it puts the time of the file back."""
    path = tmp_path / "zei.csv"
    path.write_text("no\n" + "clean\n" * 300_000)
    desk = Desk(tmp_path, clock, accept_unsigned=True, scan=["true"])
    taken = source(tmp_path, WHOLE)
    desk.reception.around(taken)
    async with desk.reception.received():
        found = taken.records("zei", CSV)
        next(found)
        was = path.stat()
        with path.open("r+b") as file:
            file.seek(-6, os.SEEK_END)
            file.write(b"EICAR\n")
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
        assert [record.record for record in found][-1] == {"no": "clean"}
    await taken.aclose()


async def test_a_number_in_the_words_of_an_adapter_goes_no_further(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """MN-3: neither to the screen, which a log keeps, nor into the reason beside the files."""
    (tmp_path / "zei.csv").write_text("12345")
    number = "12345678901" + my_number_check("12345678901")
    desk = Desk(tmp_path, clock, accept_unsigned=True)
    with pytest.raises(DeliveryQuarantinedError) as caught:
        await desk.take(source(tmp_path, WHOLE), BadAnswer(f"no person has {number}"))
    (reason,) = (tmp_path / "quarantine").glob("*/理由.txt")
    said = caught.value.detail_ja + caught.value.detail_en + reason.read_text("utf-8")
    assert number not in said
    assert said.count("source-bad-answer") == 3


async def test_what_is_found_while_it_is_read_sets_it_aside_and_a_fault_of_ours_does_not(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """Wrong counts are of the delivery; a database that is away is not."""
    (tmp_path / "zei.csv").write_text("12345")
    desk = Desk(tmp_path, clock, accept_unsigned=True, use=Use.LOAD_PIECES)
    with pytest.raises(ConnectionError):
        await desk.take(source(tmp_path, WHOLE), ConnectionError())
    assert desk.recorded == []
    with pytest.raises(DeliveryQuarantinedError, match="what was stored before stays"):
        await desk.take(source(tmp_path, WHOLE), BadAnswer("3 records, the manifest states 4"))
    said = {"adapter": "reference-pension", "files": 1, "bytes": 5, "why": "source-bad-answer"}
    assert desk.recorded == [("delivery-quarantine", said)]
    assert not (tmp_path / "zei.csv").exists()
