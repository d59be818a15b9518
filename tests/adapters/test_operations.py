"""Search, changes, bulk extract and submission, against the running systems of the demo town."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract import (
    Adapter,
    Changes,
    Deadline,
    Extract,
    ExtractChunk,
    FourFacts,
    Host,
    Search,
    SearchRequest,
    Submit,
    SubmitRequest,
)
from adapters.errors import AdapterError, BadAnswer, Conflict, Rejected, Unsupported
from adapters.mapping.model import Read
from adapters.sources import Source
from adapters.sources.base import Slots
from examples.town.legacy.process import LegacyProcess
from standard_models.answers import StandardRecord
from tests.adapters.test_reference_town import installed, resident, tax
from tests.doubles import RecordingLog
from tests.town.conftest import SmallTown, resident_system, tax_system, town

__all__ = ["resident", "resident_system", "tax", "tax_system", "town"]

pytestmark = pytest.mark.town
BASIC = "001.juminkihonjoho"
FIELDS = frozenset({"atenabango", "shimei", "shimei_furigana", "seinengappi", "seibetsu"})


def everybody(town: SmallTown) -> list[dict[str, Any]]:
    """Return the numbers and records of everybody, from the truth file."""
    lines = (town.folder / "truth" / f"{BASIC}.jsonl").read_text("utf-8").splitlines()
    return sorted(map(json.loads, lines), key=lambda entry: entry["subject"]["resident"])


def facts_of(entry: dict[str, Any]) -> FourFacts:
    """Return the four facts of an entry of the truth file, as far as they have values."""
    (record,) = entry["records"]
    plain = {name: record[name].get("value") for name in FIELDS}
    day = dt.date.fromisoformat(plain["seinengappi"]) if plain["seinengappi"] else None
    return FourFacts(plain["shimei"], plain["shimei_furigana"], day, plain["seibetsu"])


def wanted(facts: FourFacts, page: str | None = None) -> SearchRequest:
    """Return a search for candidates."""
    return SearchRequest(facts, BASIC, FIELDS, Deadline.after(20), "trace", page)


async def chunks(adapter: Extract, group: str, after: str | None = None) -> list[ExtractChunk]:
    """Return a whole extract."""
    return [chunk async for chunk in adapter.extract(group, after)]


def records(found: list[ExtractChunk]) -> list[StandardRecord]:
    """Return the records of an extract in their order."""
    return [record for chunk in found for record in chunk.records]


async def test_a_person_is_found_by_name_and_day_of_birth_as_the_standard_writes_them(
    resident: Adapter, town: SmallTown
) -> None:
    """Half-width kana, era digits and the code of the source are its own affair."""
    assert isinstance(resident, Search)
    complete = [
        (entry["subject"]["resident"], facts)
        for entry in everybody(town)
        if (facts := facts_of(entry)).seinengappi and facts.shimei and facts.shimei_kana
    ]
    for number, facts in complete[:40]:
        # Nobody can write a character that nobody has identified; the kana finds its owner.
        by_kana = [replace(facts, shimei=None)]
        by_name = [facts, replace(facts, shimei_kana=None)]
        for asked in by_kana if "〓" in str(facts.shimei) else by_kana + by_name:
            page = await resident.search(wanted(asked))
            assert number in {record.subject_number for record in page.candidates.records}
            assert page.next_page is None
    assert len(complete) > 40


async def test_a_fact_that_does_not_fit_finds_nobody(resident: Adapter, town: SmallTown) -> None:
    """The source compares what is stated; the host never has to sort out the rest."""
    assert isinstance(resident, Search)
    facts = next(f for e in everybody(town) if (f := facts_of(e)).seinengappi and f.shimei)
    assert facts.seinengappi is not None
    other_day = facts.seinengappi + dt.timedelta(days=1)
    page = await resident.search(wanted(FourFacts(facts.shimei, None, other_day, None)))
    assert page.candidates.records == ()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (FourFacts(shimei="架空　花子"), "too-few-facts"),
        (FourFacts(seinengappi=dt.date(1990, 4, 1)), "too-few-facts"),
        (FourFacts(shimei="架空　花子", seinengappi=dt.date(1850, 1, 1)), "cannot-be-written"),
        (
            FourFacts(shimei="架空　花子", seinengappi=dt.date(1990, 4, 1), seibetsu="7"),
            "cannot-be-written",
        ),
    ],
)
async def test_a_search_that_the_source_cannot_make_is_refused_and_not_guessed(
    resident: Adapter, facts: FourFacts, code: str
) -> None:
    """A name alone would list half the town."""
    assert isinstance(resident, Search)
    with pytest.raises(Rejected) as caught:
        await resident.search(wanted(facts))
    assert caught.value.vendor_code == code


async def test_the_extract_holds_everybody_once_and_agrees_with_the_totals_of_the_source(
    resident: Adapter, town: SmallTown
) -> None:
    """Counts reconcile: read = records + lost + left out = what the source says."""
    assert isinstance(resident, Extract)
    found = await chunks(resident, BASIC)
    totals = await resident.control_totals(BASIC, Deadline.after(20))
    numbers = [record.subject_number for record in records(found)]
    assert numbers == [entry["subject"]["resident"] for entry in everybody(town)]
    assert sum(chunk.read for chunk in found) == totals.records == len(numbers)
    assert totals.as_of is not None


async def test_an_extract_goes_on_from_each_of_its_checkpoints(resident: Adapter) -> None:
    """What comes behind a checkpoint is exactly what had been left."""
    assert isinstance(resident, Extract)
    whole = await chunks(resident, BASIC)
    assert len(whole) >= 2
    for place, chunk in enumerate(whole, 1):
        rest = await chunks(resident, BASIC, chunk.checkpoint)
        assert records(rest) == records(whole[place:])


async def test_changes_are_read_to_their_end_and_again_without_harm(resident: Adapter) -> None:
    """Each batch begins behind the cursor of the one before."""
    assert isinstance(resident, Changes)
    cursor, numbers, batches = None, set(), 0
    while True:
        batch = await resident.changes(cursor, Deadline.after(20))
        again = await resident.changes(cursor, Deadline.after(20))
        assert again == batch
        numbers |= {change.number for change in batch.changes}
        cursor, batches = batch.cursor, batches + 1
        if not batch.more:
            break
    assert batches > 1
    assert isinstance(resident, Extract)
    assert {record.subject_number for record in records(await chunks(resident, BASIC))} <= numbers
    last = await resident.changes(cursor, Deadline.after(20))
    assert (last.changes, last.cursor, last.more) == ((), cursor, False)
    assert all(c.changed_at is not None for c in batch.changes)


def submission(number: str, key: str, **changes: Any) -> SubmitRequest:
    """Return an address for letters."""
    items = {"sofusaki_shimei": "架空 太郎", "sofusaki_banchigohyoki": "１番６号", **changes}
    return SubmitRequest(number, "010.sofusakijoho", items, key, Deadline.after(20), "trace")


async def test_a_submission_has_one_effect_for_one_key(tax: Adapter, town: SmallTown) -> None:
    """The same again has the same receipt; another content with the key is a conflict."""
    assert isinstance(tax, Submit)
    number = town.people["two_children"]["tax"][0]
    first = await tax.submit(submission(number, "key-1"))
    again = await tax.submit(submission(number, "key-1"))
    other = await tax.submit(submission(number, "key-2"))
    assert first.receipt == again.receipt != other.receipt
    with pytest.raises(Conflict):
        await tax.submit(submission(number, "key-1", sofusaki_banchigohyoki="２番"))


async def test_what_cannot_be_handed_over_is_not_sent(tax: Adapter, town: SmallTown) -> None:
    """An item too much, a group too much, nobody: each is refused by its own name."""
    assert isinstance(tax, Submit)
    number = town.people["two_children"]["tax"][0]
    with pytest.raises(Unsupported, match="atenabango"):
        await tax.submit(submission(number, "key-3", atenabango="000000047112"))
    request = replace(submission(number, "key-4"), group="010.shotokujoho")
    with pytest.raises(Unsupported, match=r"010\.shotokujoho"):
        await tax.submit(request)
    with pytest.raises(Rejected):
        await tax.submit(submission("99999999", "key-5"))


class Pieces:
    """A source whose pieces are written down beforehand, by the key they begin behind."""

    def __init__(self, pieces: dict[str, Any]) -> None:
        self._pieces = pieces

    async def read(self, _read: Read, slots: Slots, _deadline: Deadline) -> Any:
        """Return the piece behind the key."""
        return self._pieces[str(slots.get("after") or "")]

    async def ping(self, _deadline: Deadline) -> str | None:
        """Say nothing."""
        return None

    async def aclose(self) -> None:
        """Do nothing."""


@pytest.fixture
async def whole_piece(host: Host, resident_system: LegacyProcess) -> list[dict[str, Any]]:
    """The first piece of the resident system, as its tables give it."""
    kept: list[dict[str, Any]] = []

    class Recording:
        def __init__(self, inner: Source) -> None:
            self.ping, self.aclose, self._inner = inner.ping, inner.aclose, inner

        async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
            kept.extend(await self._inner.read(read, slots, deadline))
            return kept

    address = f"postgresql+asyncpg://machi_ro:machi-ro@127.0.0.1:{resident_system.port}/juki"
    watched = replace(host, around_source=Recording)
    adapter = installed("reference-resident").open(watched, {"database_url": address})
    assert isinstance(adapter, Extract)
    async for _ in adapter.extract(BASIC):
        break
    await adapter.aclose()
    return kept[:500]


async def extract_of(host: Host, pieces: dict[str, Any]) -> list[ExtractChunk] | AdapterError:
    """Return what an extract over these pieces gives."""
    adapter = installed("reference-resident").open(
        replace(host, around_source=lambda _: Pieces(pieces)),
        {"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/none"},
    )
    assert isinstance(adapter, Extract)
    try:
        return await chunks(adapter, BASIC)
    except AdapterError as error:
        return error
    finally:
        await adapter.aclose()


async def test_pieces_that_would_leave_a_gap_end_the_extract(
    host: Host, whole_piece: list[dict[str, Any]], event_log: RecordingLog
) -> None:
    """Too long, begun anew, a key twice or none: nobody can tell what is missing."""
    rows = whole_piece
    last = rows[-1]["atena_no"].strip()
    nameless = [{**rows[0], "atena_no": "               "}]
    for pieces in (
        {"": [*rows, {**rows[0], "atena_no": "999999999999   "}]},
        {"": rows, last: rows},
        {"": [rows[0], rows[0]]},
        {"": nameless},
        {"": {"rows": []}},
    ):
        found = await extract_of(host, pieces)
        assert isinstance(found, BadAnswer), found
    whole = await extract_of(host, {"": rows, last: []})
    assert isinstance(whole, list)
    assert sum(chunk.read for chunk in whole) == 500
    assert event_log.lines == []


async def test_a_submission_says_what_the_tax_system_was_told(
    tax: Adapter, town: SmallTown
) -> None:
    """Names become full-width on the way; what was not stated is sent as nothing."""
    assert isinstance(tax, Submit)
    number = town.people["two_children"]["tax"][0]
    half = await tax.submit(submission(number, "key-9"))
    wide = await tax.submit(submission(number, "key-9", sofusaki_shimei="架空　太郎"))
    assert half.receipt == wide.receipt
