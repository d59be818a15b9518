"""The nightly extract: fixed length, code page 932, counted."""

from __future__ import annotations

from typing import Any

import pytest

from examples.town.writers import cp932, extract


@pytest.fixture(scope="module")
def records(town: Any) -> list[bytes]:
    """The 800-byte records of the file."""
    raw = (town.folder / "resident" / "JUKI_20261001.DAT").read_bytes()
    assert len(raw) % 800 == 0
    return [raw[start : start + 800] for start in range(0, len(raw), 800)]


def _of(records: list[bytes], number: str) -> bytes:
    return next(record for record in records if record[1:16] == number.encode().ljust(15))


def test_header_and_trailer_frame_the_data_and_the_count_is_right(
    records: list[bytes], town: Any
) -> None:
    """Kind 1 with town and day, kind 9 with the count of data records, 除票 included."""
    assert records[0][:33] == b"19999972026100120261001220500JUKI"
    assert records[-1][:1] == b"9"
    assert int(records[-1][1:9]) == len(records) - 2 == len(town.truth("001.juminkihonjoho"))
    assert {record[:1] for record in records[1:-1]} == {b"2"}


def test_every_record_is_800_bytes_and_ends_with_cr_lf(records: list[bytes]) -> None:
    """No item is too long for its place."""
    assert {record[798:] for record in records} == {b"\r\n"}
    assert {len(record) for record in records} == {800}


def test_people_come_in_the_order_of_their_numbers(records: list[bytes]) -> None:
    """The data records are sorted by 宛名番号 and each appears once."""
    numbers = [record[1:16] for record in records[1:-1]]
    assert numbers == sorted(set(numbers))


def test_taka_and_saki_are_written_as_windows_writes_them() -> None:
    """髙 is FBFC and 﨑 is FAB1, not the NEC-selected codes that Python chooses."""
    assert cp932.encode("髙") == bytes.fromhex("FBFC")
    assert cp932.encode("﨑") == bytes.fromhex("FAB1")
    assert "髙﨑".encode("cp932") == bytes.fromhex("EEE0ED95")


def test_no_kanji_of_the_file_lies_in_the_nec_selected_area(records: list[bytes]) -> None:
    """Read pairwise, no lead byte is ED or EE in any name."""
    for record in records[1:-1]:
        name = record[37:97]
        assert not {name[place] for place in range(0, 60, 2)} & {0xED, 0xEE}


def test_town_characters_lie_in_the_user_defined_area(records: list[bytes], town: Any) -> None:
    """U+E000 is F040 and U+E003 is F043."""
    mapped = _of(records, town.people["gaiji_mapped"]["resident"])
    unmapped = _of(records, town.people["gaiji_unmapped"]["resident"])
    assert mapped[37:39] == bytes.fromhex("F040")
    assert unmapped[37:39] == bytes.fromhex("F043")


def test_what_the_code_page_lacks_becomes_a_town_character_or_loses_its_selector(
    records: list[bytes], town: Any
) -> None:
    """𠮷 is F040, because the town has it as 外字; 辻 with a selector is the plain 辻."""
    supplementary = _of(records, town.people["supplementary_character"]["resident"])
    selector = _of(records, town.people["variation_selector"]["resident"])
    assert supplementary[37:39] == bytes.fromhex("F040")
    assert selector[37:43] == bytes.fromhex("92D2814090B4")
    assert cp932.encode("\U00020000") == bytes.fromhex("81AC")


def test_padding_is_full_width_in_full_width_items_and_half_width_in_others(
    records: list[bytes], town: Any
) -> None:
    """Names end in 8140, kana in blanks; an absent end of stay is zeros."""
    record = _of(records, town.people["two_children"]["resident"])
    assert record[37:97] == "佐藤　誠".encode("cp932") + bytes.fromhex("8140") * 26
    assert record[97:147] == "ｻﾄｳ ﾏｺﾄ".encode("cp932").ljust(50)
    assert record[740:748] == b"00000000"


def test_protection_is_flagged_for_applicant_and_companion_only(
    records: list[bytes], town: Any
) -> None:
    """SIEN_KBN is 2 for VICTIM and CHILD, 1 for a provisional measure, 0 for EX and ended."""
    levels = {
        who: _of(records, town.people[who]["resident"])[755:756]
        for who in (
            "victim",
            "child",
            "provisional",
            "measure_past_its_term",
            "ex",
            "measure_ended",
        )
    }
    assert levels == {
        "victim": b"2", "child": b"2", "provisional": b"1", "measure_past_its_term": b"2",
        "ex": b"0", "measure_ended": b"0",
    }  # fmt: skip


def test_an_item_that_does_not_fit_is_refused_rather_than_cut() -> None:
    """Twenty-one bytes do not go into twenty."""
    with pytest.raises(ValueError, match="cannot hold 22 bytes"):
        extract.field("あ" * 11, 20, "full")
