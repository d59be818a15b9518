"""The adapter made of a manifest, a mapping and a source: what it asks, and what it hands on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yaml

from adapters.contract import Deadline, FetchRequest, GroupRecords, Host, ProtectionFlags
from adapters.errors import (
    BadAnswer,
    ConfigurationError,
    Foreign,
    MappingFailed,
    PlannedUnavailable,
    Unavailable,
    Unsupported,
    WrongSubject,
)
from adapters.mapped import open_mapped
from adapters.mapped.core import MappedAdapter
from adapters.mapped.flags import FlaggingAdapter
from adapters.mapping.model import Read
from adapters.sources.base import Slots
from tests.adapters.test_manifest import GOOD

CERTIFICATES, INSURED, CERTIFIED = "022.techojoho", "023.shikakujoho", "023.ninteijoho"
MANIFEST = {
    **GOOD,
    "supplies": [
        {"group": g, "edition": "provisional-2026"} for g in (CERTIFICATES, INSURED, CERTIFIED)
    ],
}
MAPPING = """\
language: 1
system: example
version: 2.1.0
reads:
  techo:
    sql: {statement: "SELECT * FROM techo WHERE no = :number"}
    as_of: {field: ts, format: digits14}
  kaigo:
    sql: {statement: "SELECT * FROM kaigo WHERE no = :number"}
groups:
  022.techojoho:
    read: techo
    subject: no
    dates: &dates
      hi: {field: hi, format: western-digits}
    items:
      atenabango: {field: no}
      techoshubetsu: {constant: "1"}
      techobango: {field: bango}
      tokyu: {constant: "01"}
      kofunengappi: {date: hi}
  023.shikakujoho:
    read: kaigo
    subject: no
    dates: *dates
    items:
      atenabango: {field: no}
      hihokenshabango: {field: bango}
      hihokenshakubun: {constant: "1"}
      shikakushutokunengappi: {date: hi}
  023.ninteijoho:
    read: kaigo
    subject: no
    dates: *dates
    items:
      atenabango: {field: no}
      hihokenshabango: {field: bango}
      yokaigojotaikubun: {constant: "01"}
      ninteinengappi: {date: hi}
      ninteiyukokikan_kaishinengappi: {date: hi}
      ninteiyukokikan_shuryonengappi: {date: hi}
"""
FLAGS = """\
protection_flags:
  read: techo
  number: no
  kind: kbn
  provisional: ["1"]
  full: ["2"]
  since: {field: hi, format: western-digits}
  until: {field: made, format: western-digits, zeros: not-set}
"""


def row(number: str = "7", **more: Any) -> dict[str, Any]:
    """Return a row of the source."""
    return {"no": number, "bango": "123", "hi": "20200401", "ts": "20261001091500", **more}


class FakeSource:
    """Gives each table what a test put there; counts what it is asked."""

    def __init__(self, **tables: Any) -> None:
        self.tables = tables
        self.asked: list[tuple[str, Any]] = []
        self.meeting: asyncio.Barrier | None = None
        self.cancelled: list[str] = []

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the rows of the table that the statement names."""
        assert read.sql is not None
        assert deadline.remaining_s() > 0
        table = read.sql.statement.split()[3]
        self.asked.append((table, slots.get("number")))
        try:
            if self.meeting is not None:
                await self.meeting.wait()
        except asyncio.CancelledError:
            self.cancelled.append(table)
            raise
        answer = self.tables[table]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ping(self, deadline: Deadline) -> str | None:
        """Answer as the table ``ping`` says."""
        del deadline
        answer = self.tables["ping"]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async def aclose(self) -> None:
        """Nothing is held."""


def opened(host: Host, source: FakeSource, mapping: str = MAPPING) -> MappedAdapter:
    """Return the adapter over ``source``."""
    manifest = dict(MANIFEST)
    if "protection_flags" in mapping:
        manifest["capabilities"] = ["fetch", "protection-flags"]
        manifest["flag_authority"] = {"max_age_s": 600}
    text = yaml.safe_dump(manifest, allow_unicode=True)
    return open_mapped(host, text, mapping, lambda _manifest, _mapping: source)


async def fetch(adapter: MappedAdapter, *groups: str) -> dict[str, Any]:
    """Return the outcomes of all required items of the groups for person 7."""
    wanted = {g: frozenset({"atenabango"}) for g in groups}
    request = FetchRequest("7", wanted, Deadline.after(5), "trace")
    return dict((await adapter.fetch(request)).groups)


async def test_groups_that_share_a_read_ask_the_source_once(host: Host) -> None:
    """Three groups, two reads, the person's number in both."""
    source = FakeSource(techo=[row()], kaigo=[row()])
    outcomes = await fetch(opened(host, source), CERTIFICATES, INSURED, CERTIFIED)
    assert sorted(source.asked) == [("kaigo", "7"), ("techo", "7")]
    assert all(len(o.records) == 1 for o in outcomes.values())


async def test_only_what_is_needed_is_asked(host: Host) -> None:
    """A read without a wanted group is not made."""
    source = FakeSource(techo=[row()])
    await fetch(opened(host, source), CERTIFICATES)
    assert source.asked == [("techo", "7")]


async def test_reads_of_one_question_run_side_by_side(host: Host) -> None:
    """Each waits for the other: one after the other would never end."""
    source = FakeSource(techo=[row()], kaigo=[row()])
    source.meeting = asyncio.Barrier(2)
    async with asyncio.timeout(5):
        outcomes = await fetch(opened(host, source), CERTIFICATES, INSURED)
    assert set(outcomes) == {CERTIFICATES, INSURED}


async def test_a_failure_hits_the_groups_of_its_read_and_no_others(host: Host) -> None:
    """The rest is served."""
    source = FakeSource(techo=[row()], kaigo=Unavailable("down"))
    outcomes = await fetch(opened(host, source), CERTIFICATES, INSURED, CERTIFIED)
    assert isinstance(outcomes[CERTIFICATES], GroupRecords)
    assert isinstance(outcomes[INSURED], Unavailable)
    assert isinstance(outcomes[CERTIFIED], Unavailable)


async def test_a_crash_of_one_read_leaves_no_other_running(host: Host) -> None:
    """What is not of the contract's tree ends the whole call, and everything under way with it."""
    source = FakeSource(techo=[row()], kaigo=[row()])

    class Crashing(FakeSource):
        async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
            if read.sql is not None and "kaigo" in read.sql.statement:
                raise ZeroDivisionError
            return await source.read(read, slots, deadline)

    source.meeting = asyncio.Barrier(2)
    with pytest.raises(ExceptionGroup):
        await fetch(opened(host, Crashing()), CERTIFICATES, INSURED)
    assert source.cancelled == ["techo"]


async def test_a_record_without_its_person_is_counted_and_the_others_are_served(
    host: Host,
) -> None:
    """Lost is told; nothing disappears."""
    source = FakeSource(techo=[row(), row(number="  "), row()])
    outcome = (await fetch(opened(host, source), CERTIFICATES))[CERTIFICATES]
    assert (len(outcome.records), outcome.lost) == (2, 1)


async def test_rows_of_somebody_else_keep_their_own_number(host: Host) -> None:
    """Padding is trimmed; our number is never put in its place."""
    source = FakeSource(techo=[row(), row(number="8   ")])
    outcome = (await fetch(opened(host, source), CERTIFICATES))[CERTIFICATES]
    assert [r.subject_number for r in outcome.records] == ["7", "8"]


async def test_a_missing_column_is_a_broken_interface(host: Host) -> None:
    """Not an item without a value."""
    source = FakeSource(techo=[{"no": "7"}])
    outcomes = await fetch(opened(host, source), CERTIFICATES)
    assert isinstance(outcomes[CERTIFICATES], GroupRecords)
    wanted = {CERTIFICATES: frozenset({"techobango"})}
    request = FetchRequest("7", wanted, Deadline.after(5), "trace")
    result = await opened(host, source).fetch(request)
    assert isinstance(result.groups[CERTIFICATES], BadAnswer)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("20261001091500", "2026-10-01T09:15:00+09:00"),
        ("20261301091500", None),
        ("2026", None),
        (None, None),
        (17, None),
    ],
)
async def test_the_time_of_the_data_is_what_the_source_says_or_nothing(
    host: Host, stated: Any, expected: str | None
) -> None:
    """A claim that cannot be read is no claim; our own clock never stands in for it."""
    source = FakeSource(techo=[row(ts=stated)])
    outcome = (await fetch(opened(host, source), CERTIFICATES))[CERTIFICATES]
    assert (outcome.as_of.isoformat() if outcome.as_of else None) == expected
    assert outcome.retrieved_at == host.clock.now()


async def test_a_group_that_the_mapping_lacks_is_unsupported(host: Host) -> None:
    """The engine asked for what was never declared."""
    with pytest.raises(Unsupported):
        await fetch(opened(host, FakeSource()), "001.juminkihonjoho")


async def test_a_check_returns_and_never_raises_for_the_source(host: Host) -> None:
    """Up with a version, down, or closed until a time."""
    until = host.clock.now()
    up = await opened(host, FakeSource(ping="7.3.1")).check(Deadline.after(5))
    down = await opened(host, FakeSource(ping=Unavailable("x"))).check(Deadline.after(5))
    closed = PlannedUnavailable("x", until=until)
    shut = await opened(host, FakeSource(ping=closed)).check(Deadline.after(5))
    assert (up.ok, up.product_version) == (True, "7.3.1")
    assert (down.ok, down.opens_at) == (False, None)
    assert (shut.ok, shut.opens_at) == (False, until)


def test_only_a_source_of_flags_has_the_capability(host: Host) -> None:
    """The engine asks by the presence of the method."""
    assert not isinstance(opened(host, FakeSource()), ProtectionFlags)
    assert isinstance(opened(host, FakeSource(), MAPPING + FLAGS), ProtectionFlags)


async def test_flags_are_read_completely_or_not_at_all(host: Host) -> None:
    """An unknown kind protects fully; a row without a person makes the list useless."""
    rows = [
        row("1", kbn="1", made="00000000"),
        row("2", kbn="2", made="20270331"),
        row("3", kbn="?", made="00000000"),
    ]
    adapter = opened(host, FakeSource(techo=rows), MAPPING + FLAGS)
    assert isinstance(adapter, FlaggingAdapter)
    report = await adapter.protection_flags(Deadline.after(5))
    assert [(f.number, f.kind.value, str(f.since), str(f.until)) for f in report.flags] == [
        ("1", "provisional", "2020-04-01", "None"),
        ("2", "full", "2020-04-01", "2027-03-31"),
        ("3", "full", "2020-04-01", "None"),
    ]
    broken = FakeSource(techo=[*rows, row("  ", kbn="2", made="00000000")])
    adapter = opened(host, broken, MAPPING + FLAGS)
    assert isinstance(adapter, FlaggingAdapter)
    with pytest.raises(MappingFailed):
        await adapter.protection_flags(Deadline.after(5))


async def test_flags_tell_from_whom_they_protect_if_every_row_does(host: Host) -> None:
    """DV-12: rows of one measure are one flag; one other party without a number hides them all."""
    rows = [
        row("1", kbn="2", made="00000000", aite="8"),
        row("1", kbn="2", made="00000000", aite="9"),
        row("2", kbn="2", made="00000000", aite="9"),
        row("2", kbn="2", made="00000000", aite="  "),
        row("3", kbn="1", made="00000000", aite=""),
        row("4", kbn="1", made="00000000", aite="8"),
        row("4", kbn="2", made="00000000", aite=None),
    ]
    mapping = MAPPING + FLAGS + "  other_party: aite\n"
    adapter = opened(host, FakeSource(techo=rows), mapping)
    assert isinstance(adapter, FlaggingAdapter)
    report = await adapter.protection_flags(Deadline.after(5))
    assert [(f.number, f.kind.value, f.other_parties) for f in report.flags] == [
        ("1", "full", ("8", "9")),
        ("2", "full", None),
        ("3", "provisional", None),
        ("4", "provisional", ("8",)),
        ("4", "full", None),
    ]
    assert "other_parties" not in repr(report.flags)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("read: techo", "read: tehco", "unknown-read"),
        ("version: 2.1.0", "version: two", "version"),
        ("  023.ninteijoho:", "  023.shikakujohoo:", "unknown-group"),
    ],
)
def test_a_mapping_with_errors_does_not_open(host: Host, old: str, new: str, named: str) -> None:
    """The findings are in the error, with their lines."""
    with pytest.raises(ConfigurationError) as caught:
        opened(host, FakeSource(), MAPPING.replace(old, new))
    assert named in caught.value.detail
    assert "error:" in caught.value.detail


def test_manifest_and_mapping_must_name_the_same_groups(host: Host) -> None:
    """What is declared is supplied, and nothing else."""
    short = MAPPING[: MAPPING.index("  023.ninteijoho")]
    with pytest.raises(ConfigurationError, match="the same groups"):
        opened(host, FakeSource(), short)
    assert opened(host, FakeSource()).mapping_version == "2.1.0"


SHARED = MAPPING.replace("    subject: no\n", "    subject: no\n    municipality: dantai\n", 1)
"""The certificates are those of a centre that several towns share."""


@pytest.mark.parametrize("town", ["999997", "99999"])
async def test_a_record_of_the_own_town_passes(host: Host, town: str) -> None:
    """With or without the check digit of the 団体コード."""
    source = FakeSource(techo=[row(dantai=town)])
    found = (await fetch(opened(host, source, SHARED), CERTIFICATES))[CERTIFICATES]
    assert len(found.records) == 1


@pytest.mark.parametrize("town", ["131016", "13101", "", None, "9999970"])
async def test_a_record_of_another_town_is_somebody_else(host: Host, town: str | None) -> None:
    """Towns give the same numbers: the right number in another town is another person."""
    source = FakeSource(techo=[row(dantai="999997"), row(dantai=town)])
    found = (await fetch(opened(host, source, SHARED), CERTIFICATES))[CERTIFICATES]
    assert isinstance(found, WrongSubject)
    assert found.kind is Foreign.OTHER_MUNICIPALITY
