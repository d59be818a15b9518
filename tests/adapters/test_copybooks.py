"""Copybooks as layouts, and the records that they describe."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from adapters.encodings.decimals import SignPlace, packed
from adapters.encodings.host import host_encoding
from adapters.files.copybook import CopybookError, read_copybook
from adapters.files.fixed import RecordProfile, RecordReader, read_blocks
from adapters.files.layout import FieldKind
from adapters.mapping.conversions import Unreadable

ATENA = """\
000100* 宛名マスター
000200 01  ATENA-REC.
000300     05  REC-KBN          PIC X.
000400         88  KOJIN        VALUE "1".
000500         88  HOJIN        VALUE "2".
000600     05  ATENA-NO         PIC 9(10).
000700     05  KOJIN-BU.
000800         10  SHIMEI       PIC N(10).
000900         10  SHIMEI-KANA  PIC X(20).
001000     05  HOJIN-BU REDEFINES KOJIN-BU.
001100         10  HOJIN-MEI    PIC N(20).
001200     05  SEI-YMD          PIC 9(7) COMP-3.
001300     05  FILLER           PIC X(3).
001400     05  KAZEI OCCURS 2 TIMES.
001500         10  NENDO        PIC 9(4).
001600         10  SHOTOKU      PIC S9(9) COMP-3.
001700         10  RITSU        PIC S9(2)V9(3)
001800             SIGN IS LEADING SEPARATE CHARACTER.
001900     05  KAISU            PIC S9(4) COMP.
"""
JEF = host_encoding("jef")


def told(text: str) -> list[tuple[int, str]]:
    with pytest.raises(CopybookError) as caught:
        read_copybook(text)
    return [(problem.line, problem.rule) for problem in caught.value.problems]


def test_every_field_has_its_place_and_length() -> None:
    """By the storage rules of hosts: packed halves, N doubles, COMP by its digits."""
    layout = read_copybook(ATENA)
    assert (layout.name, layout.length) == ("atena_rec", 90)
    assert [(path, place, f.length, f.kind.value) for path, place, f in layout.fields()] == [
        ("rec_kbn", 0, 1, "text"),
        ("atena_no", 1, 10, "zoned"),
        ("kojin_bu.shimei", 11, 20, "double"),
        ("kojin_bu.shimei_kana", 31, 20, "text"),
        ("hojin_bu.hojin_mei", 11, 40, "double"),
        ("sei_ymd", 51, 4, "packed"),
        ("kazei[1].nendo", 58, 4, "zoned"),
        ("kazei[1].shotoku", 62, 5, "packed"),
        ("kazei[1].ritsu", 67, 6, "zoned"),
        ("kazei[2].nendo", 73, 4, "zoned"),
        ("kazei[2].shotoku", 77, 5, "packed"),
        ("kazei[2].ritsu", 82, 6, "zoned"),
        ("kaisu", 88, 2, "binary"),
    ]


def test_condition_names_are_the_values_of_their_field() -> None:
    """Level 88 tells what a code means."""
    first = read_copybook(ATENA).members[0]
    assert first.name == "rec_kbn"
    assert getattr(first, "values") == (("1", "KOJIN"), ("2", "HOJIN"))  # noqa: B009


@pytest.mark.parametrize(
    ("clause", "kind", "length", "scale", "signed", "sign"),
    [
        ("PIC X(5)", "text", 5, 0, False, "trailing"),
        ("PIC AAA", "text", 3, 0, False, "trailing"),
        ("PIC N(5) USAGE NATIONAL", "double", 10, 0, False, "trailing"),
        ("PIC G(5) DISPLAY-1", "double", 10, 0, False, "trailing"),
        ("PIC 9(5)", "zoned", 5, 0, False, "trailing"),
        ("PIC S9(5)V99", "zoned", 7, 2, True, "trailing"),
        ("PIC S9(5) SIGN LEADING", "zoned", 5, 0, True, "leading"),
        ("PIC S9(5) TRAILING SEPARATE", "zoned", 6, 0, True, "trailing-separate"),
        ("PIC S9(7) COMP-3", "packed", 4, 0, True, "trailing"),
        ("PIC S9(8) PACKED-DECIMAL", "packed", 5, 0, True, "trailing"),
        ("PIC 9(4) COMP", "binary", 2, 0, False, "trailing"),
        ("PIC S9(9) BINARY", "binary", 4, 0, True, "trailing"),
        ("PIC S9(18) USAGE IS COMP-5", "binary", 8, 0, True, "trailing"),
        ("PICTURE IS 999 VALUE ZERO", "zoned", 3, 0, False, "trailing"),
        ("PIC X(3) VALUE 'A.B'", "text", 3, 0, False, "trailing"),
    ],
)
def test_the_clauses_of_a_field(
    clause: str, kind: str, length: int, scale: int, signed: bool, sign: str
) -> None:
    """PICTURE, USAGE and SIGN in their spellings."""
    layout = read_copybook(f"01 R.\n  05 A {clause}.\n")
    ((_, _, found),) = layout.fields()
    assert (found.kind, found.length, found.scale, found.signed, found.sign) == (
        FieldKind(kind),
        length,
        scale,
        signed,
        SignPlace(sign),
    )
    assert layout.length == length


def test_usage_and_sign_of_a_group_hold_for_its_fields() -> None:
    """Unless a field has its own."""
    layout = read_copybook("01 R COMP-3.\n 05 A PIC S9(3).\n 05 B PIC S9(3) DISPLAY.\n")
    assert [f.kind.value for _, _, f in layout.fields()] == ["packed", "zoned"]


def test_all_that_cannot_be_read_is_told_in_one_go_with_its_line() -> None:
    """Nothing that moves places is passed over."""
    text = (
        "01 R.\n"
        "  05 A PIC Z,ZZ9.\n"
        "  05 B PIC X(3) SYNCHRONIZED.\n"
        "  05 C OCCURS 1 TO 5 DEPENDING ON N PIC X.\n"
        "  05 D.\n"
        "  66 E RENAMES A.\n"
        "  05 F REDEFINES Q PIC X.\n"
        "  05 G PIC X(2) COMP-3.\n"
        "  05 H PIC X. 05 H PIC X.\n"
    )
    assert [line for line, _ in told(text)] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert told("01 R.\n 05 H PIC X.\n 05 H PIC X.\n") == [(3, "H stands twice")]
    assert told("")[0][0] == 1


def record(kind: str = "1") -> bytes:
    """Return a record of the copybook as a host writes it."""
    name = JEF.encode_field("架空　花子　　　　　", double=True)
    body = name + JEF.encode_field("ｶｸｳ ﾊﾅｺ").ljust(20, b"\x40")
    if kind == "2":
        body = JEF.encode_field("架空商店" + "　" * 16, double=True)
    year = JEF.encode_field("2026") + packed(Decimal(-345), 5) + bytes.fromhex("60F0F1F5F0F0")
    other = JEF.encode_field("2025") + packed(Decimal(1200), 5) + bytes.fromhex("4EF0F1F5F0F0")
    head = JEF.encode_field(kind) + JEF.encode_field("0000047112")
    tail = (3).to_bytes(2, "big")
    return head + body + bytes.fromhex("4120615F") + b"\x40" * 3 + year + other + tail


def test_a_record_becomes_fields_groups_and_lists() -> None:
    """Numbers with their sign and point, texts without padding."""
    found = RecordReader(read_copybook(ATENA), JEF).read(record())
    assert found.findings == ()
    assert found.record is not None
    assert found.record["atena_no"] == "0000047112"
    assert found.record["kojin_bu"] == {"shimei": "架空　花子", "shimei_kana": "ｶｸｳ ﾊﾅｺ"}
    assert found.record["sei_ymd"] == "4120615"
    assert [year["shotoku"] for year in found.record["kazei"]] == [-345, 1200]
    assert [str(year["ritsu"]) for year in found.record["kazei"]] == ["-1.500", "1.500"]
    assert found.record["kaisu"] == 3


def test_of_two_declarations_of_one_place_that_holds_which_the_profile_names() -> None:
    """A corporation has a name of its own; the person's fields are then not there."""
    profile = RecordProfile(alternatives={"hojin_bu": ("rec_kbn", frozenset({"2"}))})
    reader = RecordReader(read_copybook(ATENA), JEF, profile)
    corporation = reader.read(record("2")).record
    assert corporation is not None
    assert corporation["hojin_bu"] == {"hojin_mei": "架空商店"}
    assert "kojin_bu" not in corporation
    person = reader.read(record()).record
    assert person is not None
    assert "hojin_bu" not in person


def test_a_damaged_number_is_a_finding_and_the_record_goes_on() -> None:
    """With path and place; neither zero nor nothing stands for it."""
    raw = bytearray(record())
    raw[62] = 0xFF
    found = RecordReader(read_copybook(ATENA), JEF).read(bytes(raw))
    assert found.record is not None
    content = found.record["kazei"][0]["shotoku"]
    assert isinstance(content, Unreadable)
    assert [q.code for q in content.quality] == ["BAD_NIBBLE"]
    assert [(f.path, f.byte, f.quality.code) for f in found.findings] == [
        ("kazei.shotoku", 62, "BAD_NIBBLE")
    ]


def test_a_record_of_another_length_goes_to_quarantine_whole() -> None:
    """A shifted file would make every field plausible and wrong."""
    found = RecordReader(read_copybook(ATENA), JEF).read(record()[:-1])
    assert found.record is None
    assert [f.quality.code for f in found.findings] == ["RECORD_LENGTH"]


def test_the_end_of_a_file_is_not_hidden() -> None:
    """A last record that is cut comes as it is."""
    blocks = list(read_blocks(io.BytesIO(record() + record()[:50]), 90))
    assert [(number, len(raw)) for number, raw in blocks] == [(1, 90), (2, 50)]
