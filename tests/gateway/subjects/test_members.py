"""Who is behind the numbers of a list."""

from __future__ import annotations

from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from tests.doubles import StoppedClock

TOWN = "999997"


async def test_numbers_of_a_list_are_found_at_once_and_nobody_is_guessed(
    store: Store, keys: FileKeyStore, clock: StoppedClock
) -> None:
    """Each with all of their numbers; another numbering, town or unknown number finds nobody."""
    subjects = SubjectService(SubjectStore(store), keys, clock=clock)
    rows = [
        LinkRow(2, (("resident", "R1"), ("tax", "T1")), "my-number-match"),
        LinkRow(3, (("resident", "R1"), ("tax", "T9")), "staff-confirmed"),
        LinkRow(4, (("resident", "R2"), ("welfare", "R3")), "my-number-match"),
    ]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    found = await subjects.find_by_numbers(TOWN, "resident", {"R1", "R2", "R3"})
    assert {number: dict(who.numbers) for number, who in found.items()} == {
        "R1": {"resident": ("R1",), "tax": ("T1", "T9")},
        "R2": {"resident": ("R2",), "welfare": ("R3",)},
    }
    alone = await subjects.find_by_number(TOWN, "resident", "R1")
    assert alone is not None
    assert found["R1"].subject_id == alone.subject_id
    assert await subjects.find_by_numbers("999989", "resident", {"R1"}) == {}
    assert await subjects.find_by_numbers(TOWN, "resident", set()) == {}
