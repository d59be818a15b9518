"""Deliveries of files: complete or not used at all, in their order, and never touched."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
    BadAnswer,
    ConfigurationError,
    Unavailable,
    Unsupported,
)
from adapters.files.delivery_rules import DeliveryRules
from adapters.mapping.document import read_document
from adapters.mapping.model import Read
from adapters.sources.files import FileSource, UntrustedList
from adapters.sources.places import FolderPlace
from tests.adapters.host_types.writer import blocks, head, menjo, shikaku, tail
from tests.doubles import StoppedClock

CSV = Read.model_validate(
    {"file": {"csv": {"columns": {"番号": "no", "金額": "gaku"}, "encoding": "cp932"}}}
)
HOST = Path(__file__).parent / "host_types"
ONE = {"files": {"zei": {"name": "zei.csv"}}}


def rows(*amounts: int, first: int = 1) -> bytes:
    """Return a file with an amount for each person."""
    lines = ["番号,金額", *(f"{number:04},{a}" for number, a in enumerate(amounts, first))]
    return ("\r\n".join(lines) + "\r\n").encode("cp932")


def source(folder: Path, rules: dict[str, Any], **more: Any) -> FileSource:
    """Return a source of the deliveries in a folder."""
    return FileSource(FolderPlace(folder), folder, DeliveryRules.model_validate(rules), **more)


def numbers(source: FileSource, name: str = "zei", **more: Any) -> list[tuple[str, int, str]]:
    """Return file, number and content of the records that a source hands over."""
    return [
        (record.file, record.number, f"{record.record['no']}:{record.record['gaku']}")
        for record in source.records(name, CSV, **more)
        if record.record is not None
    ]


def put(folder: Path, **files: bytes) -> None:
    """Put files there; ``__`` in a name stands for a dot."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)


def sums(folder: Path, *names: str) -> bytes:
    """Return the checksums of files there, as ``sha256sum`` writes them."""
    lines = (f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    return "".join(lines).encode()


def refused(source: FileSource, kind: type[AdapterError], **more: Any) -> str:
    """Return why a source refuses to hand anything over."""
    with pytest.raises(AdapterError) as caught:
        next(source.records("zei", CSV, **more))
    assert type(caught.value) is kind
    return caught.value.detail


def test_a_file_of_one_name_is_a_delivery(tmp_path: Path) -> None:
    """Each time it is put there anew."""
    put(tmp_path, zei__csv=rows(10, 20), other__txt=b"passed over")
    taken = source(tmp_path, ONE)
    assert numbers(taken) == [("zei.csv", 2, "0001:10"), ("zei.csv", 3, "0002:20")]
    put(tmp_path, zei__csv=rows(30))
    assert numbers(taken) == [("zei.csv", 2, "0001:30")]


def test_the_newest_of_whole_deliveries_counts(tmp_path: Path) -> None:
    """By day, time and number; serial numbers are numbers."""
    rules = {"files": {"zei": {"name": "zei_{day}_{serial}.csv"}}}
    put(
        tmp_path,
        zei_20261001_10__csv=rows(10),
        zei_20261001_9__csv=rows(9),
        zei_20260930_99__csv=rows(99),
        zei_2026_1__csv=rows(0),
    )
    taken = source(tmp_path, rules)
    assert numbers(taken) == [("zei_20261001_10.csv", 2, "0001:10")]
    assert taken.deliveries() == ["20261001-10"]


def test_an_older_delivery_does_not_stand_in_for_one_that_is_not_whole(tmp_path: Path) -> None:
    """Somebody would read the state of yesterday as that of today."""
    rules = {"files": {n: {"name": f"{n}_{{day}}.csv"} for n in ("zei", "juki")}}
    day = rows(1)
    put(tmp_path, zei_20260930__csv=day, juki_20260930__csv=day, zei_20261001__csv=day)
    why = refused(source(tmp_path, rules), Unavailable)
    assert why == (
        "the delivery 20261001 is not whole: the file of juki (juki_20261001.csv) is not there"
    )


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    """Files, parts, the manifest and what comes last."""
    rules = {
        "files": {
            "zei": {"name": "zei_{day}_{part}.csv"},
            "juki": {"name": "juki_{day}.csv"},
            "biko": {"name": "biko_{day}.csv", "required": False},
        },
        "manifest": {"name": "sums_{day}"},
        "complete": "end_{day}",
    }
    put(tmp_path, zei_20261001_1__csv=rows(1), zei_20261001_4__csv=rows(1))
    why = refused(source(tmp_path, rules), Unavailable)
    assert why.removeprefix("the delivery 20261001 is not whole: ").split("; ") == [
        "the file of zei: part 2 is not there",
        "the file of zei: part 3 is not there",
        "the file of juki (juki_20261001.csv) is not there",
        "end_20261001, which comes last, is not there",
        "the manifest sums_20261001 is not there",
    ]


def test_parts_are_one_file_in_their_order(tmp_path: Path) -> None:
    """Ten comes behind two; the numbers of records go on."""
    rules = {"files": {"zei": {"name": "zei-{part}.csv"}}}
    for part in range(1, 11):
        (tmp_path / f"zei-{part}.csv").write_bytes(rows(part, first=part))
    found = numbers(source(tmp_path, rules))
    assert [content for _, _, content in found] == [f"{n:04}:{n}" for n in range(1, 11)]
    assert [number for _, number, _ in found] == [2 * n for n in range(1, 11)]
    records = list(source(tmp_path, rules).records("zei", CSV))
    assert records[9].place == "zei-10.csv, record 2"


def test_one_part_cannot_be_there_twice(tmp_path: Path) -> None:
    """``01`` and ``1`` are the same."""
    put(tmp_path, **{"zei-1__csv": rows(1), "zei-01__csv": rows(1)})
    rules = {"files": {"zei": {"name": "zei-{part}.csv"}}}
    assert "is there twice" in refused(source(tmp_path, rules), BadAnswer)


def test_a_file_that_need_not_be_there_has_no_records(tmp_path: Path) -> None:
    """Nothing to tell that day."""
    put(tmp_path, zei__csv=rows(1))
    rules = {"files": {**ONE["files"], "biko": {"name": "biko.csv", "required": False}}}
    assert numbers(source(tmp_path, rules), "biko") == []


SUMS = {**ONE, "manifest": {"name": "SHA256SUMS"}}


def test_a_file_agrees_with_its_checksum(tmp_path: Path) -> None:
    """Or nothing of the delivery is used."""
    put(tmp_path, zei__csv=rows(1, 2))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv"))
    taken = source(tmp_path, SUMS)
    assert len(numbers(taken)) == 2
    put(tmp_path, zei__csv=rows(1, 3))
    assert "does not agree with its checksum" in refused(taken, BadAnswer)


def test_a_damaged_file_of_another_read_is_a_damaged_delivery(tmp_path: Path) -> None:
    """And all damage is told at once."""
    names = {n: {"name": f"{n}.csv"} for n in ("zei", "juki", "nenkin")}
    put(tmp_path, zei__csv=rows(1), juki__csv=rows(2), nenkin__csv=rows(3))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv", "juki.csv", "nenkin.csv"))
    put(tmp_path, juki__csv=rows(3), nenkin__csv=rows(4))
    why = refused(source(tmp_path, {**SUMS, "files": names}), BadAnswer)
    assert "juki.csv: does not agree" in why
    assert "nenkin.csv: does not agree" in why
    assert "zei.csv" not in why


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:40],
        lambda text: b"",
        lambda text: text + text,
        lambda text: text.upper(),
        lambda text: b"\xff" + text,
    ],
)
def test_a_damaged_list_of_checksums_is_not_believed(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Cut, empty, doubled or of another form."""
    put(tmp_path, zei__csv=rows(1))
    put(tmp_path, SHA256SUMS=damage(sums(tmp_path, "zei.csv")))
    assert "SHA256SUMS: no checksum of a file" in refused(source(tmp_path, SUMS), BadAnswer)


def test_announced_and_delivered_must_be_the_same(tmp_path: Path) -> None:
    """NZ-5: a file of a former town was once missing, and nobody saw it."""
    put(tmp_path, zei__csv=rows(1), zei_kyu_a__csv=rows(2))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv", "zei_kyu_a.csv"))
    taken = source(tmp_path, SUMS)
    assert len(numbers(taken)) == 1
    (tmp_path / "zei_kyu_a.csv").unlink()
    assert "zei_kyu_a.csv: announced in the manifest and not there" in refused(taken, Unavailable)
    put(tmp_path, SHA256SUMS=b"0" * 64 + b"  another.csv\n")
    why = refused(taken, BadAnswer)
    assert "another.csv: announced" in why
    assert "zei.csv: not announced" in why


TABLE = {
    "files": {"zei": {"name": "zei_{day}.csv"}},
    "manifest": {
        "name": "mokuroku_{day}.csv",
        "format": "csv",
        "encoding": "cp932",
        "columns": {
            "name": "ファイル名",
            "bytes": "サイズ",
            "records": "件数",
            "sha256": "ハッシュ値",
            "day": "基準日",
        },
        "sums": {"zei": {"合計": "gaku"}},
    },
}


def table(folder: Path, **stated: str) -> None:
    """Put the table of what was delivered there; ``stated`` are other statements."""
    content = (folder / "zei_20261001.csv").read_bytes()
    cells = {
        "ファイル名": "zei_20261001.csv",
        "サイズ": f"{len(content)}",
        "件数": "3",
        "ハッシュ値": hashlib.sha256(content).hexdigest().upper(),
        "基準日": "2026-10-01",
        "合計": '"1,060"',
        "備考": "",
        **stated,
    }
    text = f"{','.join(cells)}\r\n{','.join(cells.values())}\r\n"
    (folder / "mokuroku_20261001.csv").write_bytes(text.encode("cp932"))


def test_a_table_states_sizes_counts_sums_and_the_day(tmp_path: Path) -> None:
    """All of it is compared; further columns may stand there."""
    put(tmp_path, zei_20261001__csv=rows(10, 50, 1000))
    table(tmp_path)
    assert len(numbers(source(tmp_path, TABLE))) == 3
    table(tmp_path, 件数="", 合計="", ハッシュ値="", 基準日="")
    assert len(numbers(source(tmp_path, TABLE))) == 3


@pytest.mark.parametrize(
    ("stated", "kind", "why"),
    [
        ({"サイズ": "999"}, Unavailable, "999 are announced"),
        ({"サイズ": "7"}, BadAnswer, "7 are announced"),
        ({"基準日": "20260930"}, BadAnswer, "announced as of 20260930"),
        ({"ハッシュ値": "0" * 64}, BadAnswer, "does not agree with its checksum"),
        ({"ハッシュ値": "xyz"}, BadAnswer, "line 2: ハッシュ値 is no SHA-256"),
        ({"サイズ": "一"}, BadAnswer, "line 2: サイズ is no number"),
        ({"基準日": "昨日"}, BadAnswer, "line 2: 基準日 is no day"),
        ({"ファイル名": ""}, BadAnswer, "line 2: ファイル名 is empty"),
        ({"ファイル名": "zei_20261002.csv"}, BadAnswer, "zei_20261001.csv: not announced"),
        ({"備考": '"'}, BadAnswer, "line 2: it cannot be read"),
    ],
)
def test_what_does_not_agree_with_the_table_is_refused_before_a_record_is_read(
    tmp_path: Path, stated: dict[str, str], kind: type[AdapterError], why: str
) -> None:
    """A file that is still shorter may be on its way; the rest is damage."""
    put(tmp_path, zei_20261001__csv=rows(10, 50, 1000))
    table(tmp_path, **stated)
    assert why in refused(source(tmp_path, TABLE), kind)


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"件数": "4"}, "3 records, the manifest states 4"),
        ({"合計": "1061"}, "the sum of gaku is not what the manifest states in 合計"),
    ],
)
def test_counts_and_sums_are_compared_at_the_end(
    tmp_path: Path, stated: dict[str, str], why: str
) -> None:
    """An extract that ends with an error is not complete."""
    put(tmp_path, zei_20261001__csv=rows(10, 50, 1000))
    table(tmp_path, **stated)
    with pytest.raises(BadAnswer, match=why):
        numbers(source(tmp_path, TABLE))


def test_a_sum_is_not_compared_where_a_part_of_it_is_not_known(tmp_path: Path) -> None:
    """The damaged record is told by itself, and counts."""
    put(tmp_path, zei_20261001__csv=rows(10, 50) + b"0003,\x85\x7f\r\n")
    table(tmp_path, 合計="1060")
    assert len(list(source(tmp_path, TABLE).records("zei", CSV))) == 3


def test_a_table_without_a_column_is_told(tmp_path: Path) -> None:
    """By its name."""
    put(tmp_path, zei_20261001__csv=rows(1))
    text = "ファイル名,件数,サイズ,基準日\r\nzei_20261001.csv,1,1,\r\n"
    (tmp_path / "mokuroku_20261001.csv").write_bytes(text.encode("cp932"))
    why = refused(source(tmp_path, TABLE), BadAnswer)
    assert "line 1: no column ハッシュ値, 合計" in why


def test_counts_may_hold_headers_and_trailers(tmp_path: Path) -> None:
    """Where the system counts them; a sum is of the others only."""
    read = read_document((HOST / "mapping.yaml").read_text("utf-8")).mapping.reads["nenkin"]
    content = blocks([head(), shikaku(1), menjo(1), tail(2, 1, 1000)])
    (tmp_path / "zei_20261001.csv").write_bytes(content)
    plain = {**TABLE["manifest"], "sums": {}, "columns": {"name": "ファイル名", "records": "件数"}}
    for counts_control, count in ((False, "2"), (True, "4")):
        table(tmp_path, 件数=count)
        rules = {**TABLE, "manifest": {**plain, "counts_control": counts_control}}
        taken = FileSource(FolderPlace(tmp_path), HOST, DeliveryRules.model_validate(rules))
        assert sum(r.count for r in taken.records("zei", read)) == 4


CHANGES = {"files": {"zei": {"name": "ido_{day}_{serial}.csv"}}, "series": "changes"}


def changes(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"ido_{name}.csv").write_bytes(rows(int(name[-1])))


def test_changes_are_read_in_their_order(tmp_path: Path) -> None:
    """All of them, or those behind one that was used already; numbers go on."""
    changes(tmp_path, "20261001_8", "20261001_9", "20261002_10")
    taken = source(tmp_path, CHANGES)
    assert [file for file, _, _ in numbers(taken)] == [
        "ido_20261001_8.csv",
        "ido_20261001_9.csv",
        "ido_20261002_10.csv",
    ]
    assert [number for _, number, _ in numbers(taken)] == [2, 4, 6]
    assert taken.deliveries("20261001-8") == ["20261001-9", "20261002-10"]
    assert [file for file, _, _ in numbers(taken, after="20261001-9")] == ["ido_20261002_10.csv"]
    assert numbers(taken, after="20261002-10") == []


def test_a_gap_in_a_series_stops_it(tmp_path: Path) -> None:
    """A change that is left out would never come again."""
    changes(tmp_path, "20261001_1", "20261001_2", "20261002_4", "20261003_6")
    why = refused(source(tmp_path, CHANGES), Unavailable)
    assert "before 20261002-4 the delivery with serial 3 is missing" in why
    assert "before 20261003-6 the delivery with serial 5 is missing" in why
    why = refused(source(tmp_path, CHANGES), BadAnswer, after="20260930-7")
    assert "the delivery 20260930-7, after which to go on, is not there" in why


def test_serial_numbers_may_restart_every_day(tmp_path: Path) -> None:
    """Where the system says so."""
    changes(tmp_path, "20261001_1", "20261001_2", "20261002_1")
    assert "serial 3 is missing" in refused(source(tmp_path, CHANGES), Unavailable)
    daily = source(tmp_path, {**CHANGES, "serial_restarts": "daily"})
    assert len(numbers(daily)) == 3
    changes(tmp_path, "20261003_2")
    assert "before 20261003-2 the delivery with serial 1" in refused(daily, Unavailable)


def test_one_of_a_series_that_is_not_whole_stops_all(tmp_path: Path) -> None:
    """Nothing is yielded of those before it."""
    changes(tmp_path, "20261001_1", "20261001_2")
    rules = {**CHANGES, "complete": "end_{day}_{serial}"}
    put(tmp_path, end_20261001_1=b"")
    assert "end_20261001_2, which comes last" in refused(source(tmp_path, rules), Unavailable)


def test_a_file_that_was_written_to_just_now_is_left_alone(
    tmp_path: Path, clock: StoppedClock
) -> None:
    """For as long as the rules say."""
    put(tmp_path, zei__csv=rows(1))
    seconds = clock.now().timestamp()
    os.utime(tmp_path / "zei.csv", (seconds - 59, seconds - 59))
    taken = source(tmp_path, {**ONE, "settle_s": 60}, now=clock.now)
    assert "zei.csv: changed less than 60 s ago" in refused(taken, Unavailable)
    clock.advance(seconds=1)
    assert len(numbers(taken)) == 1
    with pytest.raises(ConfigurationError, match="clock"):
        source(tmp_path, {**ONE, "settle_s": 60})


def test_a_file_that_changes_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    """The extract ends with an error."""
    put(tmp_path, zei__csv=rows(*range(3)))
    records = source(tmp_path, ONE).records("zei", CSV)
    next(records)
    with (tmp_path / "zei.csv").open("ab") as file:
        file.write(b"0009,1\r\n")
    with pytest.raises(Unavailable, match="changed while it was read"):
        list(records)


class Growing(FolderPlace):
    """A folder in which a transfer goes on: a file grows whenever somebody has looked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "zei.csv"
        self.looks = 0

    def listed(self, deadline: Deadline) -> list[Any]:
        """List, and let the file grow."""
        found = super().listed(deadline)
        self.looks += 1
        if self.looks == 1:
            with self._file.open("ab") as file:
                file.write(b"0009,1\r\n")
        return found


def test_a_file_that_grows_between_two_looks_is_waited_for(tmp_path: Path) -> None:
    """What was listed is what is opened."""
    put(tmp_path, zei__csv=rows(1))
    taken = FileSource(Growing(tmp_path), tmp_path, DeliveryRules.model_validate(ONE))
    assert "still changing" in refused(taken, Unavailable)
    assert len(numbers(taken)) == 2


def test_what_is_too_large_links_and_folders_are_not_read(tmp_path: Path) -> None:
    """A link may lead out of the place of deliveries."""
    put(tmp_path, zei__csv=rows(1, 2, 3))
    assert "larger than 9 bytes" in refused(source(tmp_path, {**ONE, "max_bytes": 9}), BadAnswer)
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "zei.csv").symlink_to(tmp_path / "zei.csv")
    assert "nothing has been delivered: zei.csv" in refused(source(inner, ONE), Unavailable)
    (inner / "zei.csv").unlink()
    (inner / "zei.csv").mkdir()
    assert "nothing has been delivered" in refused(source(inner, ONE), Unavailable)
    assert "FileNotFoundError" in refused(source(tmp_path / "nowhere", ONE), Unavailable)


async def test_the_ping_looks_whether_everything_is_there(tmp_path: Path) -> None:
    """By name, without reading any of it."""
    rules = {"files": {**ONE["files"], "juki": {"name": "juki.csv"}}}
    taken = source(tmp_path, rules)
    with pytest.raises(Unavailable, match="nothing has been delivered: juki"):
        await taken.ping(Deadline.after(5))
    put(tmp_path, zei__csv=rows(1))
    with pytest.raises(Unavailable, match="juki"):
        await taken.ping(Deadline.after(5))
    put(tmp_path, juki__csv=b"damaged")
    assert await taken.ping(Deadline.after(5)) is None
    await taken.aclose()


async def test_extracts_side_by_side_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Each has a place of its own in the file, also when a new delivery comes meanwhile."""
    put(tmp_path, zei__csv=rows(*range(2000)))
    taken = source(tmp_path, ONE)
    begun = taken.records("zei", CSV)
    first = next(begun)
    others = [asyncio.to_thread(numbers, taken) for _ in range(4)]
    results = await asyncio.gather(*others)
    assert all(len(found) == 2000 for found in results)
    (tmp_path / "new").write_bytes(rows(5))
    (tmp_path / "new").replace(tmp_path / "zei.csv")
    assert len(numbers(taken)) == 1
    assert [first.number, *(r.number for r in begun)] == list(range(2, 2002))
    await taken.aclose()


def test_what_is_delivered_is_never_touched(tmp_path: Path) -> None:
    """Read-only files in a read-only folder are enough."""
    put(tmp_path, zei__csv=rows(1))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv"))
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.iterdir()}
    numbers(source(tmp_path, SUMS))
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.iterdir()} == before


async def test_a_delivery_answers_no_question_about_one_person(tmp_path: Path) -> None:
    """It is read as a whole, and only for the reads that are named."""
    taken = source(tmp_path, ONE)
    with pytest.raises(Unsupported):
        await taken.read(CSV, {"number": "1"}, Deadline.after(1))
    with pytest.raises(ConfigurationError, match="juki"):
        next(taken.records("juki", CSV))


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"files": {"a": {"name": "x/../y"}}}, "no folder"),
        ({"files": {"a": {"name": ".."}}}, "no folder"),
        ({"files": {"a": {"name": "a_{year}.csv"}}}, "{year} is not one of"),
        ({"files": {"a": {"name": "a_{day}_{day}.csv"}}}, "stands once"),
        ({"files": {"a": {"name": "a_{day.csv"}}}, "closed"),
        ({"files": {"a": {"name": "a_{day}"}, "b": {"name": "b"}}}, "every name has the same"),
        ({**ONE, "complete": "end_{day}"}, "every name has the same"),
        ({"files": {"a": {"name": "a_{part}"}}, "complete": "end_{part}"}, "one file"),
        ({**ONE, "manifest": {"name": "m_{day}"}}, "the manifest has all or nothing"),
        ({**ONE, "series": "changes"}, "a series of changes has {serial}"),
        ({**CHANGES, "files": {"a": {"name": "{serial}"}}, "serial_restarts": "daily"}, "daily"),
        ({**ONE, "manifest": {"name": "m", "columns": {"name": "x"}}}, "go with format csv"),
        ({**ONE, "manifest": {"name": "m", "format": "csv"}}, "columns has the name"),
        (
            {**ONE, "manifest": {"name": "m", "format": "csv", "columns": {"name": "x"}}},
            "columns has the name",
        ),
        (
            {
                **ONE,
                "manifest": {
                    "name": "m",
                    "format": "csv",
                    "columns": {"name": "x"},
                    "sums": {"juki": {"s": "t"}},
                },
            },
            "sums names juki",
        ),
    ],
)
def test_rules_that_cannot_be_kept_are_told(rules: dict[str, Any], why: str) -> None:
    """Before the first delivery."""
    with pytest.raises(ValidationError) as caught:
        DeliveryRules.model_validate(rules)
    assert why in str(caught.value)


LINKAGE = Read.model_validate(
    {
        "file": {
            "csv": {
                "columns": {
                    "宛名番号": "atenabango",
                    "履歴番号": "rirekibango",
                    "氏名": "shimei",
                }
            }
        }
    }
)


def test_files_of_the_national_linkage_are_deliveries(tmp_path: Path) -> None:
    """CSV in UTF-8 with a header, quotes where needed, a control file that lists what was put."""
    rules = DeliveryRules.model_validate(
        {
            "files": {"juki": {"name": "999997_001_0010001_{day}{time}_{part}.csv"}},
            "manifest": {
                "name": "999997_001_0010001_{day}{time}_ctl.csv",
                "format": "csv",
                "columns": {"name": "ファイル名", "records": "レコード件数"},
            },
        }
    )
    head = "宛名番号,履歴番号,氏名\r\n"
    parts = [
        f'{head}"000000000000018",1,"架空　花子, 旧姓\r\n改行"\r\n',
        f"{head}000000000000026,2,\r\n",
    ]
    stem = "999997_001_0010001_20261001040000"
    for number, text in enumerate(parts, 1):
        (tmp_path / f"{stem}_{number:03}.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    control = "ファイル名,レコード件数\r\n" + "".join(f"{stem}_{n:03}.csv,1\r\n" for n in (1, 2))
    (tmp_path / f"{stem}_ctl.csv").write_text(control, "utf-8", newline="")
    taken = FileSource(FolderPlace(tmp_path), tmp_path, rules)
    assert taken.deliveries() == ["20261001-040000"]
    assert [record.record for record in taken.records("juki", LINKAGE)] == [
        {
            "atenabango": "000000000000018",
            "rirekibango": "1",
            "shimei": "架空　花子, 旧姓\r\n改行",
        },
        {"atenabango": "000000000000026", "rirekibango": "2", "shimei": None},
    ]


def test_the_time_that_a_folder_tells_is_aware(tmp_path: Path) -> None:
    """It is compared with the host's clock."""
    put(tmp_path, zei__csv=rows(1))
    (entry,) = FolderPlace(tmp_path).listed(Deadline.after(1))
    assert entry.modified.utcoffset() == dt.timedelta(0)


def listed(folder: Path, name: str, *names: str) -> None:
    """Put a list of checksums there, and what stands for its signature."""
    (folder / f"{name}.sha256sums").write_bytes(b"# for whom\n" + sums(folder, *names))
    (folder / f"{name}.sha256sums.jws").write_bytes(name.encode())


def trusted(content: bytes, signature: bytes) -> dt.datetime:
    """Trust every list but that of a forger; its name is the day on which it was signed."""
    if signature == b"forged":
        raise UntrustedList("it is forged")
    return dt.datetime.fromisoformat(signature.decode()).replace(tzinfo=dt.UTC)


def signed_source(folder: Path, rules: dict[str, Any], **more: Any) -> FileSource:
    taken = source(folder, rules, **more)
    taken.require_signature(trusted)
    return taken


def read_signed(folder: Path, rules: dict[str, Any]) -> list[tuple[str, int, str]]:
    taken = signed_source(folder, rules)
    try:
        return numbers(taken)
    finally:
        asyncio.run(taken.aclose())


def names_of(taken: FileSource) -> list[str]:
    return sorted(entry.name for entry in taken.refused)


def test_every_file_and_the_manifest_must_be_signed_for(tmp_path: Path) -> None:
    """NZ-5: a manifest of the system is checked before it is read, like any file."""
    put(tmp_path, zei__csv=rows(5))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv"))
    rules = {**ONE, "manifest": {"name": "SHA256SUMS"}}
    listed(tmp_path, "2026-10-01", "zei.csv", "SHA256SUMS")
    taken = signed_source(tmp_path, rules)
    assert numbers(taken) == [("zei.csv", 2, "0001:5")]
    assert taken.signed_at == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    asyncio.run(taken.aclose())
    put(tmp_path, zei__csv=rows(6))
    put(tmp_path, SHA256SUMS=sums(tmp_path, "zei.csv"))
    again = signed_source(tmp_path, rules)
    with pytest.raises(BadAnswer, match="SHA256SUMS: it is not as it was signed"):
        numbers(again)
    assert len(names_of(again)) == 4
    listed(tmp_path, "2026-10-01", "zei.csv")
    with pytest.raises(BadAnswer, match="SHA256SUMS: it stands in no signed list"):
        read_signed(tmp_path, rules)


def test_of_two_lists_that_tell_of_a_file_the_later_one_counts(tmp_path: Path) -> None:
    """NZ-5: one of an earlier day may have been left there; one that is forged may not."""
    put(tmp_path, zei__csv=rows(5))
    listed(tmp_path, "2026-10-02", "zei.csv")
    put(tmp_path, zei__csv=rows(6))
    listed(tmp_path, "2026-10-03", "zei.csv")
    assert read_signed(tmp_path, ONE) == [("zei.csv", 2, "0001:6")]
    listed(tmp_path, "forged", "zei.csv")
    with pytest.raises(BadAnswer, match="it is forged"):
        read_signed(tmp_path, ONE)


def test_files_of_two_deliveries_are_not_mixed(tmp_path: Path) -> None:
    """NZ-5: an earlier list is as good as ever, and a new one beside it makes nothing new of it."""
    rules = {"files": {name: {"name": f"{name}.csv"} for name in ("zei", "juki")}}
    put(tmp_path, juki__csv=rows(1))
    listed(tmp_path, "2026-10-01", "juki.csv")
    put(tmp_path, zei__csv=rows(5))
    listed(tmp_path, "2026-10-02", "zei.csv")
    with pytest.raises(BadAnswer, match="not signed for in one list"):
        read_signed(tmp_path, rules)
    listed(tmp_path, "2026-10-03", "zei.csv", "juki.csv")
    taken = signed_source(tmp_path, rules)
    assert numbers(taken) == [("zei.csv", 2, "0001:5")]
    assert taken.signed_at == dt.datetime(2026, 10, 3, tzinfo=dt.UTC)
    asyncio.run(taken.aclose())


def test_a_signature_of_any_length_is_told_as_refused(tmp_path: Path) -> None:
    """NZ-5: what is too long for one is none."""
    put(tmp_path, zei__csv=rows(5))
    listed(tmp_path, "2026-10-01", "zei.csv")
    (tmp_path / "2026-10-01.sha256sums.jws").write_bytes(b"." * 20_000)
    taken = signed_source(tmp_path, ONE)
    with pytest.raises(BadAnswer, match="too large"):
        numbers(taken)
    assert len(names_of(taken)) == 3


def test_what_is_under_way_is_not_told_as_refused_and_what_was_handed_over_is(
    tmp_path: Path,
) -> None:
    """NZ-5: nobody sets a delivery aside that is still being written."""
    put(tmp_path, zei__csv=rows(5))
    waiting = signed_source(tmp_path, {**ONE, "complete": "OWARI"})
    with pytest.raises(Unavailable, match="OWARI"):
        numbers(waiting)
    assert names_of(waiting) == []
    put(tmp_path, OWARI=b"")
    with pytest.raises(BadAnswer, match="no signed list"):
        numbers(waiting)
    assert names_of(waiting) == ["OWARI", "zei.csv"]


def test_what_is_written_to_a_file_after_it_was_checked_is_not_read(tmp_path: Path) -> None:
    """NZ-5: not even by whoever held it open before and puts its time back."""
    put(tmp_path, zei__csv=rows(*range(1, 20_000)))
    listed(tmp_path, "2026-10-01", "zei.csv")
    taken = signed_source(tmp_path, ONE)
    found = taken.records("zei", CSV)
    next(found)
    was = (tmp_path / "zei.csv").stat()
    content = (tmp_path / "zei.csv").read_bytes()
    (tmp_path / "zei.csv").write_bytes(content.replace(b",19999", b",00000"))
    os.utime(tmp_path / "zei.csv", ns=(was.st_atime_ns, was.st_mtime_ns))
    assert [record.record for record in found][-1] == {"no": "19999", "gaku": "19999"}
    asyncio.run(taken.aclose())


def test_only_what_was_pinned_is_read(tmp_path: Path) -> None:
    """NZ-5: what came or was changed since is another delivery."""
    rules = {"files": {"zei": {"name": "zei_{day}.csv"}}}
    put(tmp_path, zei_20261001__csv=rows(5))
    taken = source(tmp_path, rules)
    assert [entry.name for entry in taken.pin()] == ["zei_20261001.csv"]
    assert len(numbers(taken)) == 1
    put(tmp_path, zei_20261002__csv=rows(6))
    with pytest.raises(Unavailable, match="changed after it had been checked"):
        numbers(taken)
